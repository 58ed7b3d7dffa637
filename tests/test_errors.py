"""Wrong input is an error that says so, before the work starts."""

import warnings

import numpy as np
import pytest
from estimators import METHODS, N_ROWS, small
from sklearn.exceptions import DataDimensionalityWarning, NotFittedError

from sklearn_5d import _regressor

GOOD = np.random.default_rng(0).uniform(size=(20, 5))


def spoilt(value, dtype=float):
    X = GOOD.astype(dtype)
    X[3, 2] = value
    return X


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (spoilt(np.nan), GOOD[:, 0], "Input X contains NaN"),
        (spoilt(np.inf), GOOD[:, 0], "Input X contains infinity"),
        (spoilt("high", object), GOOD[:, 0], "could not convert string to float"),
        (GOOD + 1j, GOOD[:, 0], "Complex data not supported"),
        (GOOD[:0], GOOD[:0, 0], "0 sample"),
        (GOOD[:1], GOOD[:1, 0], "1 sample.* while a minimum of 2 is required"),
        (GOOD[:, :0], GOOD[:, 0], "0 feature"),
        (GOOD[:, 0], GOOD[:, 0], "Expected 2D array, got 1D array"),
        (GOOD[None], GOOD[:, 0], "Found array with dim 3"),
        (GOOD, GOOD[:19, 0], r"inconsistent numbers of samples: \[20, 19\]"),
        (GOOD, GOOD[:, :2], "y has 2 columns, expected one target"),
        (GOOD, spoilt(np.nan)[:, 2], "Input y contains NaN"),
        (GOOD, spoilt(np.inf)[:, 2], "Input y contains infinity"),
        (GOOD, np.full(20, "low"), "could not convert string to float"),
        (GOOD, GOOD[:, 0] + 1j, "Complex data not supported"),
        (GOOD, None, "requires y to be passed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_rows(X, y, message, solver_kind):
    with pytest.raises(ValueError, match=message):
        small(solver_kind).fit(X, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(19), r"sample_weight.shape == \(19,\), expected \(20,\)"),
        (np.full(20, -1.0), "Negative values"),
        (spoilt(np.nan)[:, 2], "sample_weight contains NaN"),
        (np.zeros(20), "."),
        (np.eye(20)[0], "positive on 1 rows, expected at least 2"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        small().fit(GOOD, GOOD[:, 0], sample_weight=weight)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"X_val": GOOD}, "X_val and y_val go together, got y_val=None"),
        ({"y_val": GOOD[:, 0]}, "X_val and y_val go together, got X_val=None"),
        ({"X_val": GOOD, "y_val": GOOD[:3, 0]}, "inconsistent numbers of samples"),
        ({"X_val": GOOD[:, :4], "y_val": GOOD[:, 0]}, "X has 4 features, but .* 5"),
        ({"X_val": spoilt(np.nan), "y_val": GOOD[:, 0]}, "X contains NaN"),
    ],
)
def test_bad_validation_rows(validation, message):
    with pytest.raises(ValueError, match=message):
        small().fit(GOOD, GOOD[:, 0], **validation)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", (8, 0)),
        ("hidden_layer_sizes", -1),
        ("hidden_layer_sizes", (8.0,)),
        ("hidden_layer_sizes", (8, None)),
        ("hidden_layer_sizes", [[8, 4]]),
        ("hidden_layer_sizes", [[8], [4, 2]]),
        ("hidden_layer_sizes", (True,)),
        ("activation", "sin"),
        ("solver", "newton"),
        ("n_estimators", 0),
        ("x_transform", "log"),
        ("y_transform", "yeo-johnson"),
        ("damping", 0.1),
        ("damping", (1.0,)),
        ("damping", (1.0, 0.0)),
        ("damping", (-1.0, 1e-8)),
        ("damping", (1e-8, 1.0)),
        ("damping", (np.inf, 1e-8)),
        ("damping", (1e300, 1e-300)),
        ("damping", (10, 5e-324)),
        ("damping", ("10", "1")),
        ("damping", ((10, 1), 1)),
        ("momentum", 1.0),
        ("precision", "float16"),
        ("max_steps", 0),
        ("patience", 0),
        ("learning_rate_init", 0),
        ("batch_size", 0),
        ("alpha", -1e-3),
        ("max_iter", 0),
        ("early_stopping", "yes"),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
        ("tol", -1.0),
        ("warm_start", "yes"),
        ("random_state", "seed"),
        ("n_jobs", 0.5),
        ("verbose", "loud"),
    ],
)
def test_bad_parameter(name, value):
    with pytest.raises(ValueError, match=f"Got {name}=|'{name}' parameter"):
        small().set_params(**{name: value}).fit(GOOD, GOOD[:, 0])


@pytest.mark.parametrize("method", METHODS)
def test_unfitted(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(small(), method)(GOOD)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (GOOD[:, :4], "X has 4 features, but FiveDRegressor is expecting 5 features"),
        (np.c_[GOOD, GOOD], "X has 10 features"),
        (GOOD[:0], "0 sample"),
        (spoilt(np.nan), "contains NaN"),
        (spoilt(np.inf), "contains infinity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_rows_to_predict(table, method, X, message):
    model = small(max_steps=8).fit(*table)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X)


@pytest.mark.parametrize("y_transform", ["log", "arcsinh"])
def test_constant_target_has_no_logarithm(y_transform):
    with pytest.raises(ValueError, match=f"y_transform='{y_transform}'"):
        small(y_transform=y_transform).fit(GOOD, np.ones(20))


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
    monkeypatch.setattr(_regressor, "choose", None)
    X, y = table
    columns = np.array([1, 1, unit, 1, 1])
    for bad, name in (
        (lambda: small().fit(X * columns, y), "column 2 of X"),
        (lambda: small().fit(X, y * unit), "y"),
        (lambda: small().fit(X, y, np.full(N_ROWS, unit)), "sample_weight"),
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
