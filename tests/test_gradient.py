"""The gradient against differences, and against the derivative of the formula."""

from itertools import product

import numpy as np
import pytest
from estimators import small

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function


@pytest.mark.parametrize("n_estimators", [1, 2])
@pytest.mark.parametrize(
    ("activation", "x_transform", "y_transform"),
    list(
        product(
            ["tanh", "logistic", "relu", "identity"],
            ["standard", "yeo-johnson"],
            ["standard", "log", "arcsinh"],
        )
    ),
)
def test_gradient(table, activation, x_transform, y_transform, n_estimators):
    """Central differences, in inputs of units from 1e-3 to 1e3."""
    units = np.array([1e-3, 1.0, 1e3, 10.0, 0.1])
    X, y = table[0] * units, table[1]
    model = small(
        activation=activation,
        x_transform=x_transform,
        y_transform=y_transform,
        n_estimators=n_estimators,
        max_steps=16,
    ).fit(X, y)
    X = X[:20]
    gradient = model.predict_gradient(X)
    expected = np.empty_like(gradient)
    for j, unit in enumerate(units):
        step = 1e-6 * unit * np.eye(5)[j]
        difference = model.predict(X + step) - model.predict(X - step)
        expected[:, j] = difference / (2e-6 * unit)
    # 1e-5 of the gradient, where it is not small beside those of the other rows.
    scale = 1e-3 * np.abs(expected).max(axis=0)
    error = np.abs(gradient - expected) / np.maximum(np.abs(expected), scale)
    assert error.max() < 1e-5


def test_gradient_is_that_of_the_function():
    """What is learned from values alone agrees with the derivative of the formula."""
    X, y = make_function("friedman1", 1000, random_state=0)
    model = FiveDRegressor(n_estimators=2, random_state=0).fit(X, y)
    X = make_function("friedman1", 200, random_state=1)[0]
    x1, x2, x3, *_ = X.T
    wave = 10 * np.pi * np.cos(np.pi * x1 * x2)
    one = np.ones(200)
    expected = np.column_stack(
        [wave * x2, wave * x1, 40 * (x3 - 0.5), 10 * one, 5 * one]
    )
    error = model.predict_gradient(X) - expected
    assert np.sqrt(np.mean(error**2)) < 0.03 * np.sqrt(np.mean(expected**2))
