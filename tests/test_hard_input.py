"""Tables that nobody cleaned: a finite, sensible model."""

from functools import partial

import numpy as np
import pytest
from estimators import N_ROWS, X_NEW, everything, properties, small
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_5d._training import defaults
from sklearn_5d.datasets import make_function


@pytest.fixture(autouse=True)
def short_race(monkeypatch):
    """Most of these tables are skewed, and would spend their time on the choice."""
    monkeypatch.setattr(defaults, "MAX_RACE_STEPS", 50)


# --------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------


cases = {}


def case(*arguments):
    """Register a table, or one for each argument, as a function of (generator, n)."""

    def register(function):
        cases.update(
            {f"{function.__name__} {a:g}": partial(function, a) for a in arguments}
        )
        if not arguments:
            cases[function.__name__] = function
        return function

    return register


def smooth(rng, n):
    X = rng.uniform(size=(n, 5))
    y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 + X[:, 2] - X[:, 3] * X[:, 4]
    return X, y + 0.05 * rng.normal(size=n)


@case(1e-140, 1e-30, 1e30, 1e140)
def one_column_in_units_of(unit, rng, n):
    X, y = smooth(rng, n)
    return X * [unit, 1, 1, 1, 1], y


@case(1e-140, 1e-30, 1e30, 1e140)
def target_in_units_of(unit, rng, n):
    X, y = smooth(rng, n)
    return X, y * unit


@case()
def every_column_in_other_units(rng, n):
    X, y = smooth(rng, n)
    return X * [1e-30, 1e30, 1e9, 1e-12, -1e5], 1e-30 * y


@case(1e9, -1e9)
def spread_of_one_beside(offset, rng, n):
    X, y = smooth(rng, n)
    return X + offset, y + offset


@case(2, 3, 6)
def grid_of(n_levels, rng, n):
    X = rng.integers(n_levels, size=(n, 5))
    return X, X.sum(axis=1) + X[:, 0] * X[:, 1] + 0.1 * rng.normal(size=n)


@case()
def repeated_rows_with_other_targets(rng, n):
    X = np.repeat(smooth(rng, n // 5)[0], 5, axis=0)
    return X, X.sum(axis=1) + 0.2 * rng.normal(size=n)


@case()
def one_row_repeated_with_other_targets(rng, n):
    return np.ones((n, 5)), rng.normal(size=n)


@case()
def outlier_in_a_column(rng, n):
    X, y = smooth(rng, n)
    X[0, 1] = 1e6
    return X, y


@case()
def outlier_in_all_columns(rng, n):
    X, y = smooth(rng, n)
    X[0] = 1e6
    return X, y


@case()
def outlier_in_the_target(rng, n):
    X, y = smooth(rng, n)
    y[0] = 1e6
    return X, y


@case()
def columns_with_heavy_tails(rng, n):
    Z = rng.standard_t(1.5, size=(n, 5))
    return Z, np.tanh(Z).sum(axis=1)


@case()
def columns_over_decades(rng, n):
    Z = rng.normal(size=(n, 5))
    return np.exp(4 * Z), np.sin(Z).sum(axis=1)


@case()
def target_with_heavy_tails(rng, n):
    X, y = smooth(rng, n)
    return X, y + rng.standard_t(1.5, size=n)


@case()
def target_over_decades(rng, n):
    X, y = smooth(rng, n)
    return X, 10 ** (1.5 * y)


@case()
def two_values_of_the_target(rng, n):
    X, y = smooth(rng, n)
    return X, y > np.median(y)


@case()
def integers(rng, n):
    X = rng.integers(-100, 100, size=(n, 5))
    return X, X.sum(axis=1)


@case()
def booleans(rng, n):
    X = rng.integers(2, size=(n, 5)).astype(bool)
    return X, X.sum(axis=1) + X[:, 0]


@case()
def half_precision(rng, n):
    return tuple(a.astype(np.float16) for a in smooth(rng, n))


@case()
def long_doubles(rng, n):
    return tuple(a.astype(np.longdouble) for a in smooth(rng, n))


@case()
def subnormal_numbers_among_others(rng, n):
    X, y = smooth(rng, n)
    X[::3, 0] *= 1e-310
    y[::7] = 1e-310
    return X, y


@case()
def column_that_is_constant_but_for_rounding(rng, n):
    X, y = smooth(rng, n)
    X[:, 4] = 0.1 + rng.integers(3, size=n) * 2.0**-56
    return X, y


@case()
def target_that_is_constant_but_for_rounding(rng, n):
    X, y = smooth(rng, n)
    return X, 3 + y * 1e-16


def in_range(X, X_new):
    return ((X.min(axis=0) <= X_new) & (X_new <= X.max(axis=0))).all(axis=1)


@pytest.mark.parametrize("n_samples", [10, 100])
@pytest.mark.parametrize("name", cases)
def test_case(name, n_samples):
    """Of a finite model, 1.05 times the error of the mean is the limit.

    The error is the mean absolute one, which a few rows of a heavy tail do not decide,
    and in the training range, as a model does not extrapolate. Ten rows that mislead
    are no fault of a model: there it is to be finite.
    """
    rng = np.random.default_rng(0)
    X, y = cases[name](rng, n_samples)
    before = X.copy(), y.copy()
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        model = small(max_steps=100).fit(X, y)
        X_new, y_new = cases[name](rng, 300)
        for result in everything(model, X_new):
            assert np.isfinite(result).all()
    assert_array_equal(X, before[0])
    assert_array_equal(y, before[1])
    if n_samples == 10:
        return
    known = in_range(X, X_new)
    assert known.sum() > 20
    unit = np.abs(y).max().astype(float)
    errors = [
        np.mean(np.abs((y_new[known] - p) / unit))
        for p in (model.predict(X_new[known]), np.mean(y.astype(float)))
    ]
    assert errors[0] <= 1.05 * errors[1] + 1e-15


@pytest.mark.parametrize("name", ["adam", "lbfgs"])
@pytest.mark.parametrize("case", cases)
def test_case_with_the_solvers_of_scikit_learn(name, case):
    """Whatever they learn of it, what they say is finite."""
    X, y = cases[case](np.random.default_rng(0), 30)
    model = small(name, max_iter=10).fit(X, y)
    for result in everything(model, X):
        assert np.isfinite(result).all()


numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1.0, -1.0, 1e9, 1e-310, 1e150, np.nan, np.inf]),
    st.integers(-3, 3).map(float),
)


@settings(properties, max_examples=60)
@given(st.data(), st.integers(2, 12))
def test_any_numbers(data, n_samples):
    """A table of whatever numbers is an error of value, or gives a finite model."""
    n_samples = 12 if data.draw(st.booleans()) else n_samples
    row = st.lists(numbers, min_size=6, max_size=6)
    some = np.array(data.draw(st.lists(row, min_size=2, max_size=4)))
    rows = data.draw(
        st.lists(st.integers(0, len(some) - 1), min_size=n_samples, max_size=n_samples)
    )
    table = some[rows]
    X, y = table[:, :5], table[:, 5]
    acceptable = np.isfinite(table).all()
    if acceptable:
        size = np.abs(table).max(axis=0)
        acceptable = ((size == 0) | ((size >= 1e-150) & (size <= 1e150))).all()
    if not acceptable:
        with pytest.raises(ValueError, match=r"NaN|infinity|largest size"):
            small(max_steps=8).fit(X, y)
        return
    model = small(max_steps=8).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.predict(X, return_std=True)[1]).all()


# --------------------------------------------------------------------------------------
# Little to learn
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-140, 1e140])
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_constant_target_is_predicted_to_the_bit(table, solver, value, n_estimators):
    X, y = table[0], np.full(N_ROWS, value)
    model = small(solver, n_estimators=n_estimators).fit(X, y)
    assert_array_equal(model.predict(X_NEW), value)
    assert_array_equal(model.predict_gradient(X_NEW), 0)
    if solver == "spring" or n_estimators > 1:
        assert_array_equal(model.predict(X_NEW, return_std=True)[1], 0)
        assert_array_equal(model.predict_interval(X_NEW, 0.8), np.full((100, 2), value))


def test_constant_column(table, fresh, solver_kind):
    """It carries nothing: the fit is as good, and the derivative by it is finite."""
    X, y = (a.copy() for a in table)
    X_new = fresh[0].copy()
    X[:, 4] = X_new[:, 4] = 0.5
    y = y - 5 * table[0][:, 4]
    y_new = fresh[1] - 5 * fresh[0][:, 4]
    model = small(solver_kind, max_steps=200, max_iter=200).fit(X, y)
    assert model.score(X_new, y_new) > 0.7
    assert np.isfinite(model.predict_gradient(X_new)).all()
    assert np.isfinite(model.predict_interval(X_new)).all()


@pytest.mark.parametrize("n_samples", [2, 3, 5, 8, 12])
@pytest.mark.parametrize("n_estimators", ["auto", 1])
def test_few_rows(n_samples, n_estimators):
    X, y = make_function("friedman1", n_samples, random_state=0)
    model = small(n_estimators=n_estimators).fit(X, y)
    prediction, std = model.predict(X, return_std=True)
    assert np.isfinite(prediction).all()
    assert (std > 0).all()
    assert np.abs(prediction - y.mean()).max() < 10 * np.ptp(y)


@pytest.mark.parametrize("n_estimators", [1, 2, 8])
def test_fewer_rows_than_a_validation_split_needs(solver, n_estimators):
    """MLPRegressor refuses to hold out a single row; here it trains on all of them."""
    X, y = make_function("friedman1", 5, random_state=0)
    prediction = small(solver, n_estimators=n_estimators).fit(X, y).predict(X)
    assert np.abs(prediction - y.mean()).max() < 3 * np.ptp(y)


def test_all_but_one_target_the_same(table, solver):
    y = np.zeros(N_ROWS)
    y[7] = 1
    prediction = small(solver).fit(table[0], y).predict(X_NEW)
    assert np.abs(prediction).max() < 3


# --------------------------------------------------------------------------------------
# Far out
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["tanh", "logistic", "relu", "identity"])
@pytest.mark.parametrize("y_transform", ["standard", "log", "arcsinh"])
def test_far_outside_of_the_training_range(table, activation, y_transform, dtype):
    """Nobody means such a row, and it is no reason to overflow."""
    model = small(activation=activation, y_transform=y_transform).fit(*table)
    other = small(x_transform="yeo-johnson", activation=activation).fit(*table)
    X = np.repeat(X_NEW[:1], 10, axis=0).astype(dtype)
    largest = np.finfo(dtype).max
    X[:, 0] = [1e3, 1e6, 1e12, -1e12, 1e30, -1e30, largest, -largest, 1e-38, 0]
    X[6:8, 1] = largest
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        for result in (*everything(model, X), *everything(other, X)):
            assert np.isfinite(result).all()
        assert model.is_extrapolation(X)[:8].all()
