"""Hard input: a finite, sensible model, or a clear error before the work starts."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import LinAlgError
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_5d import FiveDRegressor, _regressor
from sklearn_5d._training import defaults, evidence, mlp, spring, threads
from sklearn_5d.datasets import make_function

SOLVERS = {
    "spring": {"max_steps": 60},
    "adam": {"max_iter": 20, "batch_size": 16},
    "sgd": {"max_iter": 20, "batch_size": 16},
    "lbfgs": {"max_iter": 30},
}
METHODS = ("predict", "predict_gradient", "predict_interval")

# The same examples in each run, so that a change is to blame for a failure.
properties = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def small(solver="spring", **parameters):
    """A quick estimator."""
    defaults = {"n_estimators": 2, "random_state": 0} | SOLVERS[solver]
    return FiveDRegressor((8,), solver=solver, **defaults | parameters)


@pytest.fixture(autouse=True)
def short_race(monkeypatch):
    """Most of these tables are skewed, and would spend their time on the choice."""
    monkeypatch.setattr(defaults, "MAX_RACE_STEPS", 50)


@pytest.fixture(params=SOLVERS)
def solver(request):
    return request.param


@pytest.fixture(scope="module")
def table():
    return make_function("friedman1", 60, noise=0.1, random_state=0)


X_NEW, Y_NEW = make_function("friedman1", 100, random_state=1)


def everything(model, X):
    """All that a model says about some rows."""
    prediction, std = model.predict(X, return_std=True)
    interval = model.predict_interval(X, 0.5)
    return prediction, std, interval, model.predict_gradient(X)


# --------------------------------------------------------------------------------------
# Units and order
# --------------------------------------------------------------------------------------

powers = st.integers(-100, 100)
factors = st.floats(-30, 30).map(lambda x: 10**x)
offsets = st.floats(-1000, 1000)


@properties
@given(x=st.tuples(*[powers] * 5), y=powers)
def test_powers_of_two_change_no_bit(table, x, y):
    a, b = np.exp2(x), np.exp2(y)
    expected = everything(small(max_steps=24).fit(*table), X_NEW)
    model = small(max_steps=24).fit(table[0] * a, table[1] * b)
    prediction, std, interval, gradient = everything(model, X_NEW * a)
    assert_array_equal(prediction, expected[0] * b)
    assert_array_equal(std, expected[1] * b)
    assert_array_equal(interval, expected[2] * b)
    assert_array_equal(gradient, expected[3] * b / a)


@pytest.mark.parametrize(
    ("parameters", "tolerance"),
    [
        # Offsets of up to 1000 factors leave 1e-13 of the range, a number may round to
        # another float32, and short training multiplies it by less than ten.
        ({"precision": "float64"}, 1e-9),
        ({}, 1e-5),
        # The exponent is found by a search that ends at about 1e-5.
        ({"x_transform": "yeo-johnson", "y_transform": "log"}, 1e-3),
        ({"solver": "lbfgs"}, 1e-7),
        ({"solver": "adam"}, 1e-7),
    ],
    ids=["float64", "float32", "transformed", "lbfgs", "adam"],
)
@properties
@given(
    a=st.tuples(*[factors] * 5),
    b=st.tuples(*[offsets] * 5),
    c=factors,
    d=offsets,
)
def test_units_and_origins_change_rounding_only(
    table, parameters, tolerance, a, b, c, d
):
    X, y = table
    a, b = np.array(a), np.array(b)
    expected = small(**parameters, n_estimators=1).fit(X, y).predict(X_NEW)
    model = small(**parameters, n_estimators=1).fit(a * (X + b), c * (y + d))
    prediction = model.predict(a * (X_NEW + b)) / c - d
    assert np.abs(prediction - expected).max() < tolerance * y.std()


@pytest.mark.parametrize("name", ["spring", "lbfgs"])
def test_order_of_rows_is_one_more_seed(name):
    """Models differ no more between orders than between seeds."""
    X, y = make_function("friedman1", 100, noise=0.5, random_state=0)
    orders = [np.random.RandomState(i).permutation(100) for i in range(8)]
    by_order = [small(name).fit(X[o], y[o]).predict(X_NEW) for o in orders]
    by_seed = [small(name, random_state=i).fit(X, y).predict(X_NEW) for i in range(8)]
    spread = [np.sqrt(np.var(p, axis=0).mean()) for p in (by_order, by_seed)]
    assert spread[0] < 1.5 * spread[1]
    bias = np.mean(by_order, axis=0) - np.mean(by_seed, axis=0)
    assert np.sqrt(np.mean(bias**2)) < spread[1]


def test_equal_weights_are_no_weights(table, solver):
    X, y = table
    expected = small(solver, alpha=0).fit(X, y).predict(X_NEW)
    weighted = small(solver, alpha=0).fit(X, y, np.full(60, 3.0)).predict(X_NEW)
    assert_allclose(weighted, expected, rtol=1e-5)


# --------------------------------------------------------------------------------------
# Tables that nobody cleaned
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

    A model does not extrapolate, so the error is that in the training range. Ten rows
    that mislead are no fault of a model: there it is to be finite.
    """
    rng = np.random.default_rng(0)
    X, y = cases[name](rng, n_samples)
    before = X.copy(), y.copy()
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        model = small(max_steps=200).fit(X, y)
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
        np.sqrt(np.mean(((y_new[known] - p) / unit) ** 2))
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
# Kinds of arrays
# --------------------------------------------------------------------------------------

FRAME_TYPES = ["Float64", "float64[pyarrow]", "object", "float32"]


@pytest.mark.parametrize("dtype", FRAME_TYPES)
def test_frames_of_other_types(table, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    X, y = table
    if dtype == "float32":
        X, y = (a.astype(np.float32).astype(float) for a in table)
    frame = pd.DataFrame(X, columns=list("abcde")).astype(dtype)
    model = small().fit(frame, pd.Series(y, dtype=dtype))
    # Inputs of single precision are predicted in single precision.
    rtol = 1e-4 if dtype == "float32" else 0
    assert_allclose(model.predict(frame), small().fit(X, y).predict(X), rtol=rtol)


@pytest.mark.parametrize("dtype", FRAME_TYPES)
def test_missing_values(table, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame, y = pd.DataFrame(table[0]).astype(dtype), pd.Series(table[1], dtype=dtype)
    holes = frame.copy()
    holes.iloc[3, 2] = None
    model = small(max_steps=8).fit(frame, y)
    for bad in (
        lambda: model.fit(holes, y),
        lambda: model.partial_fit(holes, y),
        lambda: model.predict(holes),
        lambda: model.fit(frame, y, X_val=holes, y_val=y),
    ):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            bad()
    holes = y.copy()
    holes.iloc[3] = None
    for bad in (
        lambda: model.fit(frame, holes),
        lambda: model.partial_fit(frame, holes),
        lambda: model.fit(frame, y, X_val=frame, y_val=holes),
    ):
        with pytest.raises(ValueError, match="contains NaN"):
            bad()


def test_layouts(table):
    """Read-only, strided, reversed, big-endian and unaligned arrays, and lists."""
    X, y = table
    expected = small().fit(X, y).predict(X)
    read_only = X.copy(), y.copy()
    for array in read_only:
        array.setflags(write=False)
    wide = np.zeros((120, 10))
    wide[::2, ::2] = X
    unaligned = np.frombuffer(b" " + X.tobytes(), np.uint8)[1:].view(float)
    for other_X, other_y in (
        read_only,
        (wide[::2, ::2], np.repeat(y, 2)[::2]),
        (X[::-1, ::-1].copy()[::-1, ::-1], y[::-1].copy()[::-1]),
        (X.astype(">f8"), y.astype(">f8")),
        (unaligned.reshape(X.shape), y),
        (X.tolist(), y.tolist()),
        (X.astype(object), y.astype(object)),
        (X.astype(str), y.astype(str)),
    ):
        assert_array_equal(small().fit(other_X, other_y).predict(other_X), expected)


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array]
)
def test_sparse_arrays(table, container):
    X, y = table
    model = small(max_steps=8).fit(X, y)
    for bad in (
        lambda: model.fit(container(X), y),
        lambda: model.predict(container(X)),
        lambda: model.partial_fit(container(X), y),
    ):
        with pytest.raises(TypeError, match=r"Use '\.toarray\(\)'"):
            bad()
    with pytest.raises(TypeError, match="y is sparse"):
        model.fit(X, container(y[:, None]))


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_numbers_that_no_double_holds(table):
    X, y = table
    huge = np.finfo(np.longdouble).max
    if huge == np.finfo(float).max:
        pytest.skip("a long double is a double here")
    large = X.astype(np.longdouble)
    large[0, 0] = huge
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="Input X contains infinity"):
            small().fit(large, y)
        with pytest.raises(ValueError, match="Input y contains infinity"):
            small().fit(X, large[:, 0])


@pytest.mark.parametrize("unit", [1e-310, 1e-153, 1e151, 1e300])
def test_sizes_whose_squares_are_lost(table, unit, monkeypatch):
    """It says so at once, with the column, the size and the limits."""
    monkeypatch.setattr(_regressor, "choose_transforms", None)
    X, y = table
    columns = np.array([1, 1, unit, 1, 1])
    for bad, name in (
        (lambda: small().fit(X * columns, y), "column 2 of X"),
        (lambda: small().fit(X, y * unit), "y"),
        (lambda: small().fit(X, y, np.full(60, unit)), "sample_weight"),
    ):
        message = rf"Got .*e[+-]\d+ as the largest size in {name}, expected 0 or "
        with pytest.raises(ValueError, match=message + "between 1e-150 and 1e.150"):
            bad()
    with pytest.raises(ValueError, match="largest size in column 2 of X_val"):
        small().fit(X, y, X_val=X * columns, y_val=y)
    with pytest.raises(ValueError, match="largest size in y_val"):
        small().fit(X, y, X_val=X, y_val=y * unit)


def test_error_points_at_the_caller(table):
    X, y = table
    with pytest.warns(DataDimensionalityWarning) as warned:
        small(max_steps=8).fit(X[:, :3], y)
    assert warned[0].filename == __file__


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


# --------------------------------------------------------------------------------------
# Weights
# --------------------------------------------------------------------------------------


@settings(properties, max_examples=25)
@given(
    exponents=st.lists(st.integers(-140, 140), min_size=2, max_size=20),
    n_zeros=st.integers(0, 18),
)
def test_any_weights(table, exponents, n_zeros):
    """Over any decades the weights give a finite model, or are too few."""
    n = len(exponents)
    weight = np.r_[10.0 ** np.array(exponents), np.zeros(n_zeros)]
    X, y = (a[: n + n_zeros] for a in table)
    n_rows = np.sum(weight > 1e-15 * weight.max())
    assume(n_rows == np.sum(weight > 1e-16 * weight.max()))
    if n_rows < 2:
        with pytest.raises(ValueError, match=r"on 1 row.*expected at least 2"):
            small(max_steps=8).fit(X, y, weight)
        return
    model = small(max_steps=8).fit(X, y, weight)
    assert np.isfinite(model.predict(X_NEW)).all()


@pytest.mark.parametrize(
    "weight", [True, 2, np.ones(60, int), np.ones(60, ">f4"), pd.Series([1] * 60)]
)
def test_kinds_of_weights(table, weight):
    expected = small().fit(*table).predict(X_NEW)
    model = small().fit(*table, sample_weight=weight)
    assert_allclose(model.predict(X_NEW), expected, rtol=1e-5)


# --------------------------------------------------------------------------------------
# Factorisations that fail
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [{1}, {1, 2, 3}, {4}, set(range(1, 1000))])
def test_factorisation_of_the_evidence_may_fail(table, calls, monkeypatch):
    """Few noisy rows ask the evidence; without its answer the run before counts."""
    X, y = table
    y = y + np.random.default_rng(0).normal(size=60) * y.std()
    original, n_calls = evidence.cho_factor, []

    def failing(*args, **kwargs):
        n_calls.append(1)
        if len(n_calls) in calls:
            raise LinAlgError
        return original(*args, **kwargs)

    monkeypatch.setattr(evidence, "cho_factor", failing)
    model = small(n_estimators=1).fit(X, y)
    assert len(n_calls) >= 4
    prediction = model.predict(X_NEW)
    assert np.abs(prediction - y.mean()).max() < 5 * np.ptp(y)


@pytest.mark.parametrize("share", [0.3, 1])
def test_factorisation_of_a_step_may_fail(table, share, monkeypatch):
    """Now and then it costs an attempt; always, it is said what was tried."""
    original, rng = spring.natural_gradient_step, np.random.default_rng(0)

    def failing(*args):
        if rng.random() < share / 20 or share == 1:
            raise spring._Breakdown("the Cholesky factorisation failed")
        return original(*args)

    monkeypatch.setattr(spring, "natural_gradient_step", failing)
    model = small(n_estimators=1)
    if share < 1:
        assert model.fit(*table).score(X_NEW, Y_NEW) > 0
        return
    with pytest.raises(ArithmeticError, match="no finite weights in 6 attempts"):
        model.fit(*table)
    assert not hasattr(model, "n_features_in_")


# --------------------------------------------------------------------------------------
# A target of one value, a stream of single rows
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 1e-140, 1e140])
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_constant_target_is_predicted_to_the_bit(table, solver, value, n_estimators):
    model = small(solver, n_estimators=n_estimators)
    model.fit(table[0], np.full(60, value))
    assert_array_equal(model.predict(X_NEW), value)
    assert_array_equal(model.predict_gradient(X_NEW), 0)


def test_all_but_one_target_the_same(table, solver):
    y = np.zeros(60)
    y[7] = 1
    prediction = small(solver).fit(table[0], y).predict(X_NEW)
    assert np.abs(prediction).max() < 3


@pytest.mark.parametrize("name", ["spring", "adam", "sgd"])
def test_stream_of_single_rows(name):
    """From the second call on, and the intervals are those of many rows."""
    X, y = make_function("friedman1", 460, noise=0.5, random_state=0)
    model = small(name, n_estimators=1).partial_fit(X[:60], y[:60])
    for i in range(60, 460):
        model.partial_fit(X[[i]], y[[i]])
    assert model.score(X_NEW, Y_NEW) > 0.3
    lower, upper = model.predict_interval(X_NEW, 0.9).T
    assert np.mean((lower <= Y_NEW) & (upper >= Y_NEW)) > 0.75
    assert model.residual_scale_ < np.std(y)


def test_stream_that_begins_with_a_constant(table):
    X, y = table
    model = small().partial_fit(X, np.zeros(60))
    for _ in range(30):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.5


def test_warm_start_widens_the_range(table):
    X, y = table
    model = small(max_steps=8, warm_start=True).fit(X, y).fit(X + 0.5, y)
    assert not model.is_extrapolation(np.r_[X, X + 0.5]).any()


def test_first_call_of_a_stream_takes_two_rows(table):
    X, y = table
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        small().partial_fit(X[:1], y[:1])


# --------------------------------------------------------------------------------------
# Interrupts
# --------------------------------------------------------------------------------------


def interrupt_at(monkeypatch, owner, name, call):
    """Let a call of a function raise what Ctrl-C raises."""
    original, calls = getattr(owner, name), []

    def interrupted(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, interrupted)


TRAINING = {
    "spring": (spring, "natural_gradient_step"),
    "adam": (MLPRegressor, "_backprop"),
    "sgd": (MLPRegressor, "_backprop"),
    "lbfgs": (MLPRegressor, "_loss_grad_lbfgs"),
}


@pytest.mark.parametrize("call", [1, 20, 50])
def test_interrupted_first_fit_leaves_an_unfitted_estimator(
    table, solver, call, monkeypatch
):
    interrupt_at(monkeypatch, *TRAINING[solver], call)
    model = small(solver, max_steps=200, max_iter=50)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*table)
    assert vars(model) == before


@pytest.mark.parametrize(
    ("solver", "method"),
    [*((solver, "fit") for solver in SOLVERS)]
    + [(solver, "partial_fit") for solver in ("spring", "adam", "sgd")],
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_interrupted_later_fit_leaves_the_model(
    table, solver, method, warm_start, monkeypatch
):
    X, y = table
    model = small(solver, warm_start=warm_start).fit(X, y)
    before, expected = dict(vars(model)), everything(model, X_NEW)
    # In the second of the two networks.
    calls = 40 if method == "fit" else 3
    with monkeypatch.context() as patch:
        interrupt_at(patch, *TRAINING[solver], calls)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, method)(2 + X, 3 * y)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is before[name] for name in before)
    for old, new in zip(expected, everything(model, X_NEW), strict=True):
        assert_array_equal(new, old)
    getattr(model, method)(X, y)
    assert np.isfinite(model.predict(X_NEW)).all()


def test_failed_fit_leaves_the_model(table):
    X, y = table
    model = small(max_steps=8).fit(X, y)
    expected = model.predict(X_NEW)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        model.fit(X[:, :3], y[:5])
    assert model.n_features_in_ == 5
    assert_array_equal(model.predict(X_NEW), expected)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("whole_group", [False, True], ids=["parent", "group"])
def test_signal_leaves_no_process_behind(whole_group, tmp_path):
    """Ctrl-C in a terminal reaches the workers too; kill -INT only the parent."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        from sklearn_5d import FiveDRegressor
        from sklearn_5d.datasets import make_function

        if __name__ == "__main__":
            X, y = make_function("friedman1", 2000, noise=1.0, random_state=0)
            model = FiveDRegressor(n_estimators=2, n_jobs=2, random_state=0)
            model.set_params(max_steps=50).fit(X, y)
            before, prediction = dict(vars(model)), model.predict(X)
            model.set_params(max_steps=10**6, damping=(1e-3, 1e-3))
            before |= model.get_params()
            print("ready", flush=True)
            try:
                model.fit(X, y)
            except KeyboardInterrupt:
                same = all(vars(model)[k] is v for k, v in before.items())
                same &= vars(model).keys() == before.keys()
                same &= (model.predict(X) == prediction).all()
                print("same" if same else "changed", flush=True)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    group = os.getpgid(process.pid)
    try:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # it trains, in workers that the first fit has started
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert out == "same\n", err
        assert process.returncode == 0
        wait_for_end_of(group)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def wait_for_end_of(group):
    """Return when no process of the group is left; fail after a while."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a process was left behind")


# --------------------------------------------------------------------------------------
# Threads, and what belongs to the caller
# --------------------------------------------------------------------------------------


def in_threads(tasks):
    """Run the tasks at the same time, as far as they go."""
    barrier = threading.Barrier(len(tasks))

    def run(task):
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as executor:
        return list(executor.map(run, tasks))


def test_two_threads_fit_as_in_turn(table, solver):
    X, y = table
    tables = [(X, y), (X * 3 - 1, np.exp(y / 5)), (X**2, -y)]

    def fit_and_predict(table):
        model = small(solver, y_transform="standard").fit(*table)
        return np.column_stack([model.predict(X), model.predict_interval(X)])

    in_turn = [fit_and_predict(each) for each in tables]
    filters, pools = list(warnings.filters), threadpool_info()
    together = in_threads([lambda t=t: fit_and_predict(t) for t in tables])
    assert_array_equal(together, in_turn)
    assert warnings.filters == filters
    assert threadpool_info() == pools


def test_threads_predict_with_one_model(table):
    model = small(x_transform="yeo-johnson", y_transform="log").fit(*table)
    X = np.random.default_rng(0).uniform(size=(3000, 5))
    expected = everything(model, X)
    for results in in_threads([lambda: everything(model, X)] * 4):
        for result, each in zip(results, expected, strict=True):
            assert_array_equal(result, each)


def blas_threads():
    return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    with threadpool_limits(2, user_api="blas"):
        if set(blas_threads()) != {2}:
            pytest.skip("this BLAS has no threads to set")
        yield


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_threads_are_as_before(table, solver, monkeypatch):
    seen = []
    owner, name = TRAINING[solver]
    original = getattr(owner, name)

    def watched(*args, **kwargs):
        seen.append(blas_threads())
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, watched)
    model = small(solver, max_steps=8, max_iter=1).fit(*table)
    model.predict(X_NEW, return_std=True)
    if solver != "lbfgs":
        model.partial_fit(*table)
    assert {n for each in seen for n in each} == {1}
    assert set(blas_threads()) == {2}
    interrupt_at(monkeypatch, owner, name, 1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*table)
    assert set(blas_threads()) == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_overlapping_users_of_one_context():
    """The first to enter leaves first: a plain context would leave one thread set."""
    filters = list(warnings.filters)
    for context, inside in (
        (threads.single_threaded_blas, lambda: set(blas_threads()) == {1}),
        (threads.mlp_warnings, lambda: warnings.filters != filters),
    ):
        context.__enter__()
        context.__enter__()
        context.__exit__(None, None, None)
        assert inside()
        context.__exit__(None, None, None)
        assert not inside()
    assert warnings.filters == filters


def test_the_callers_state_is_left_alone(table, solver):
    filters, errors = list(warnings.filters), np.geterr()
    before = np.random.get_state()  # noqa: NPY002
    small(solver).fit(*table).predict_interval(X_NEW)
    after = np.random.get_state()  # noqa: NPY002
    assert_array_equal(after[1], before[1])
    assert after[2:] == before[2:]
    assert warnings.filters == filters
    assert np.geterr() == errors


def test_warnings_about_the_budget_stay_inside(table, solver):
    """Also from members in threads, and the ones of others are still heard."""
    from joblib import parallel_config

    with warnings.catch_warnings(record=True) as heard, parallel_config("threading"):
        warnings.simplefilter("always")
        small(solver, n_estimators=4, n_jobs=2, max_iter=2).fit(*table)
        warnings.warn("of another", stacklevel=1)
    assert [str(w.message) for w in heard] == ["of another"]


def test_other_warnings_of_training_are_heard(table, monkeypatch):
    def warn(*args, **kwargs):
        warnings.warn("something else", stacklevel=1)

    monkeypatch.setattr(mlp.MLPRegressor, "fit", warn)
    with pytest.raises(UserWarning, match="something else"):
        small("lbfgs").fit(*table)
