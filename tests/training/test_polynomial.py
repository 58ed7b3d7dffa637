"""The polynomial, and what the networks learn from it."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklearn_5d import FiveDRegressor
from sklearn_5d._rows import Rows
from sklearn_5d._training.polynomial import choose_degree, fit_polynomial
from sklearn_5d.datasets import make_function

RNG = np.random.RandomState(0)
X = RNG.normal(size=(80, 5))
WEIGHT = RNG.uniform(0.5, 2, 80)
X_NEW = RNG.normal(size=(20, 5))


def quadratic(X):
    return X[:, 0] * X[:, 1] - 3 * X[:, 2] ** 2 + X[:, 4]


Y = quadratic(X) + 0.1 * RNG.normal(size=80)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_it_is_least_squares_on_all_powers(weight):
    """And its leave-one-out error is that of 80 fits."""
    ours = fit_polynomial(2, 0, Rows(X, Y, weight))
    powers = PolynomialFeatures(2, include_bias=False)
    theirs = make_pipeline(powers, LinearRegression())
    fit_params = {"linearregression__sample_weight": weight}
    theirs.fit(X, Y, **fit_params)
    assert_allclose(ours.predict(X_NEW), theirs.predict(X_NEW), rtol=1e-6)
    left_out = cross_val_predict(theirs, X, Y, cv=LeaveOneOut(), params=fit_params)
    error = np.average((Y - left_out) ** 2, weights=weight)
    assert ours.noise_variance == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("noise", [0, 0.1])
def test_the_degree_is_that_of_the_function(noise):
    X = RNG.uniform(-1, 1, (200, 5))
    y = quadratic(X) + noise * RNG.normal(size=200)
    degree, _ = choose_degree(Rows(X, y), RNG)
    assert degree == 2


@pytest.mark.parametrize(("n_samples", "is_tried"), [(30, True), (29, False)])
def test_the_terms_are_at_most_seven_tenths_of_the_rows(n_samples, is_tried):
    """A quadratic of five inputs has 21."""
    degree, _ = choose_degree(Rows(X[:n_samples], quadratic(X[:n_samples])), RNG)
    assert (degree == 2) == is_tried


def test_noise_is_worth_its_mean():
    degree, _ = choose_degree(Rows(X, RNG.normal(size=80)), np.random.RandomState(0))
    assert degree == 0


@pytest.mark.parametrize("n_samples", [1, 2, 5, 12])
def test_few_rows(n_samples):
    rows = Rows(X[:n_samples], Y[:n_samples])
    polynomial = fit_polynomial(*choose_degree(rows, RNG), rows)
    assert np.isfinite(polynomial.predict(X_NEW)).all()
    assert np.isfinite(polynomial.noise_variance)


def test_constant_and_two_valued_inputs():
    two_valued = np.column_stack([X[:, :3], np.ones(80), X[:, 4] > 0])
    y = two_valued[:, 0] ** 2 + two_valued[:, 4]
    polynomial = fit_polynomial(2, 0, Rows(two_valued, y))
    assert_allclose(polynomial.predict(two_valued), y, atol=1e-6)


@pytest.mark.parametrize("degree", [2, 4, 5])
def test_levels_limit_the_powers(degree):
    """What goes through all the nodes of a grid is right between them as well."""
    grid = np.array(list(product([-1.0, 0.0, 1.0], repeat=5)))
    polynomial = fit_polynomial(degree, 0, Rows(grid, quadratic(grid)))
    assert polynomial.powers.max() == 2
    between = RNG.uniform(-1, 1, (100, 5))
    assert_allclose(polynomial.predict(between), quadratic(between), atol=1e-6)


def test_many_rows_are_a_sample():
    """Of all of them, and the same one for the same seed."""
    X = RNG.uniform(-1, 1, (12_000, 5))
    X = X[np.argsort(X[:, 0])]
    rows = Rows(X, quadratic(X))
    one, two = (fit_polynomial(3, 7, rows) for _ in range(2))
    assert_array_equal(one.coef, two.coef)
    assert_allclose(one.predict(X), rows.y, atol=1e-6)


def polynomial_table(n_samples, noise=0.0, seed=0):
    X, y = make_function("dixon_price", n_samples, random_state=seed)
    return X, y + noise * y.std() * np.random.default_rng(seed).normal(size=n_samples)


@pytest.mark.parametrize(
    ("n_samples", "noise", "parameters"),
    [(400, 0.0, {"n_estimators": 2}), (2500, 0.1, {"n_estimators": 1})],
    ids=["few and exact", "single, many and noisy"],
)
def test_networks_learn_a_polynomial(n_samples, noise, parameters):
    X, y = polynomial_table(n_samples, noise)
    X_new, y_new = polynomial_table(1000, seed=1)
    model = FiveDRegressor(random_state=0, max_steps=300, **parameters)
    taught = model.fit(X, y)
    error = np.std(taught.predict(X_new) - y_new)
    assert taught.polynomial_share_ > 0.5
    assert taught.gaussian_process_share_ == 0
    alone = model.set_params(gaussian_process=False).fit(X, y)
    assert alone.polynomial_share_ == 0
    assert error < 0.8 * np.std(alone.predict(X_new) - y_new)
