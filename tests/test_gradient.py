"""The gradient against differences, and against the derivative of the formula."""

from itertools import product

import numpy as np
import pytest
from estimators import member_predictions, single, small
from numpy.testing import assert_array_equal

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
    # 1e-5 of the gradient, where it is not small beside those of the other rows, or
    # beside the target, whose rounding the differences divide.
    scale = 1e-3 * np.maximum(np.abs(expected).max(axis=0), y.std() / units)
    error = np.abs(gradient - expected) / np.maximum(np.abs(expected), scale)
    assert error.max() < 1e-5


def friedman1_gradient(X):
    """The derivative of the formula."""
    x1, x2, x3, *_ = X.T
    wave = 10 * np.pi * np.cos(np.pi * x1 * x2)
    one = np.ones(len(X))
    return np.column_stack([wave * x2, wave * x1, 40 * (x3 - 0.5), 10 * one, 5 * one])


def test_gradient_is_that_of_the_function():
    """What is learned from values alone agrees with the derivative of the formula."""
    X, y = make_function("friedman1", 1000, random_state=0)
    model = FiveDRegressor(n_estimators=2, random_state=0).fit(X, y)
    X = make_function("friedman1", 200, random_state=1)[0]
    expected = friedman1_gradient(X)
    error = model.predict_gradient(X) - expected
    assert np.sqrt(np.mean(error**2)) < 0.03 * np.sqrt(np.mean(expected**2))


def member_gradients(model, X, units):
    """Central differences of the members, by scikit-learn alone."""
    gradients = np.empty((len(model.estimators_), *X.shape))
    for j, unit in enumerate(units):
        step = 1e-5 * unit * np.eye(5)[j]
        above, below = (member_predictions(model, X + s * step) for s in (1, -1))
        gradients[:, :, j] = np.subtract(above, below) / (2e-5 * unit)
    return gradients


@pytest.mark.parametrize("activation", ["tanh", "logistic", "identity"])
def test_std_holds_the_spread_of_the_members(table, activation):
    """A stream has no training rows to ask, so that nothing is added to the spread."""
    units = np.array([1e-3, 1.0, 1e3, 10.0, 0.1])
    X, y = table[0] * units, table[1]
    model = small(n_estimators=3, activation=activation, precision="float64")
    model.partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    inside = X[~model.is_extrapolation(X)]
    gradient, std = model.predict_gradient(inside, return_std=True)
    assert_array_equal(gradient, model.predict_gradient(inside))
    expected = member_gradients(model, inside, units).std(axis=0, ddof=1)
    np.testing.assert_allclose(std * units, expected * units, 1e-4, 1e-5 * y.std())


def test_std_of_a_single_network_is_that_of_its_last_layer(table):
    """The variance of a linear regression on the last layer, of which a share is left.

    Its ratio to the formula is one factor for all rows and inputs.
    """
    X, y = table
    model = single(precision="float64", activation="tanh", x_transform="standard")
    model.fit(X, y)
    (member,) = model.estimators_

    def last(X):
        hidden = np.tanh(
            model.x_scaler_.transform(X) @ member.coefs_[0] + member.intercepts_[0]
        )
        return np.column_stack([hidden, np.ones(len(X))])

    covariance = np.linalg.inv(last(X).T @ last(X) + 1e-9 * np.eye(9))
    expected = np.empty_like(X)
    for j, step in enumerate(1e-5 * np.eye(5)):
        difference = (last(X + step) - last(X - step)) / 2e-5
        expected[:, j] = np.einsum("ij,jk,ik->i", difference, covariance, difference)
    ratio = model.predict_gradient(X, return_std=True)[1] / np.sqrt(expected)
    assert ratio.min() > 0
    np.testing.assert_allclose(ratio, ratio[0, 0], 1e-3)


@pytest.mark.parametrize("n_estimators", [1, 4])
def test_std_is_as_large_as_the_error(n_estimators):
    X, y = make_function("friedman1", 400, noise=1.0, random_state=0)
    model = FiveDRegressor(n_estimators=n_estimators, random_state=0).fit(X, y)
    X = make_function("friedman1", 500, random_state=1)[0]
    gradient, std = model.predict_gradient(X, return_std=True)
    score = np.median(np.abs(gradient - friedman1_gradient(X)) / std) / 0.6745
    assert 0.5 < score < 2


def test_std_grows_away_from_the_rows(fitted):
    model = fitted(n_estimators=1, damping=(1.0, 1e-8))
    std = [model.predict_gradient([[at] * 5], return_std=True)[1] for at in (0.5, 1.5)]
    assert (std[0] > 0).all()
    assert (std[1] > std[0]).all()


def test_single_network_of_a_stream_has_no_std(table):
    X, y = table
    model = single().partial_fit(X[:100], y[:100])
    with pytest.raises(ValueError, match="No rows were held out"):
        model.predict_gradient(X, return_std=True)
    model.partial_fit(X[100:], y[100:])
    with pytest.raises(ValueError, match="single network that has learnt by partial_f"):
        model.predict_gradient(X, return_std=True)
