"""Fitted models of every scaling, for the tests of what leaves the package."""

from functools import cache

import numpy as np
import pytest

from sklearn_5d import FiveDRegressor

X_TRANSFORMS = ["standard", "yeo-johnson", "steps", "piecewise-linear"]
Y_TRANSFORMS = ["standard", "log", "arcsinh"]
# The origin of the fourth column is far from its values.
ORIGIN = np.array([0, 0, 0, 1e9, 0])
UNITS = np.array([1, 1e-3, 1e6, 1, 1])


def make_table(n_samples=70):
    """Skewed inputs in several units, and a skewed target."""
    Z = np.random.default_rng(0).lognormal(size=(n_samples, 5))
    return Z * UNITS + ORIGIN, np.exp(Z[:, 0] / 4 + np.sin(Z[:, 3])) - 1


@cache
def fitted(**parameters):
    """A fitted model of that table."""
    defaults = {
        "hidden_layer_sizes": (8, 4),
        "max_steps": 50,
        "max_iter": 10,
        "batch_size": 32,
        "n_estimators": 1,
        "x_transform": "standard",
        "y_transform": "standard",
        "random_state": 0,
    }
    return FiveDRegressor(**defaults | parameters).fit(*make_table())


def training_range(n_samples=1000):
    """Rows inside the range of that table."""
    X, _ = make_table()
    rng = np.random.default_rng(1)
    return rng.uniform(X.min(axis=0), X.max(axis=0), (n_samples, 5))


every_scaling = pytest.mark.parametrize(
    "parameters",
    [
        {"x_transform": x, "y_transform": y, "n_estimators": n}
        for x in X_TRANSFORMS
        for y in Y_TRANSFORMS
        for n in (1, 3)
    ],
    ids=lambda p: "-".join(map(str, p.values())),
)
