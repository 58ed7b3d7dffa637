"""Networks as vectors of weights, and their Jacobians by finite differences."""

import numpy as np

from sklearn_5d import _network
from sklearn_5d._network import Weights


def random_weights(layers, activation="tanh", seed=0):
    """Weights that were never trained."""
    rng = np.random.RandomState(seed)
    return _network.initial_weights(layers, activation, np.float64, rng)


def flatten(weights):
    """All the numbers of the weights in one vector, matrices first."""
    return np.concatenate([w.ravel() for w in (*weights.coefs, *weights.intercepts)])


def unflatten(vector, weights):
    """The inverse of `flatten`, in the shapes of `weights`."""
    arrays = [*weights.coefs, *weights.intercepts]
    ends = np.cumsum([w.size for w in arrays])[:-1]
    parts = [
        part.reshape(w.shape)
        for part, w in zip(np.split(vector, ends), arrays, strict=True)
    ]
    n_layers = len(weights.coefs)
    return Weights(parts[:n_layers], parts[n_layers:])


def explicit_jacobian(weights, X, activation, step=1e-6):
    """Central differences of the output by each weight: a column a weight."""
    vector = flatten(weights)

    def f(v):
        return _network.forward(unflatten(v, weights), X, activation)[1]

    return np.column_stack(
        [
            (f(vector + e) - f(vector - e)) / (2 * step)
            for e in step * np.eye(len(vector))
        ]
    )
