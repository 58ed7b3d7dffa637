"""Networks as vectors of weights, and their Jacobians by finite differences."""

import numpy as np

from sklearn_5d import _network
from sklearn_5d._network import Weights


def random_weights(layers, activation="tanh", seed=0):
    """Weights that were never trained."""
    rng = np.random.RandomState(seed)
    return _network.initial_weights(layers, activation, np.float64, rng)


def explicit_jacobian(weights, X, activation, step=1e-6):
    """Central differences of the output by each weight: a column a weight."""

    def f(v):
        return _network.forward(Weights(v, weights.layer_sizes), X, activation)[1]

    return np.column_stack(
        [
            (f(weights.vector + e) - f(weights.vector - e)) / (2 * step)
            for e in step * np.eye(len(weights.vector))
        ]
    )
