"""Rows that come by and by."""

import numpy as np
import pytest
from estimators import N_ROWS, SOLVERS, X_NEW, Y_NEW, small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_partial_fit(pass_solver, n_estimators):
    X, y = make_function("friedman1", 3000, random_state=0)
    X_new, y_new = make_function("friedman1", 300, random_state=1)
    model = small(pass_solver, n_estimators=n_estimators)
    scores = []
    for start in range(0, 3000, 100):
        rows = slice(start, start + 100)
        model.partial_fit(X[rows], y[rows])
        scores.append(model.score(X_new, y_new))
    linear = LinearRegression().fit(X, y).score(X_new, y_new)
    assert scores[0] < scores[-1]
    assert scores[-1] > linear + 0.02
    lower, upper = model.predict_interval(X_new).T
    assert np.mean((lower <= y_new) & (y_new <= upper)) > 0.8


@pytest.mark.parametrize(("noise_ratio", "limit"), [(0, 30), (0.1, 1.5)])
@pytest.mark.parametrize("name", ["friedman1", "otl_circuit"])
def test_stream_is_about_as_accurate_as_a_fit(name, noise_ratio, limit):
    X, y = make_function(name, 2000, random_state=0)
    X_new, y_new = make_function(name, 500, random_state=1)
    y += noise_ratio * y.std() * np.random.default_rng(0).normal(size=len(y))
    stream = FiveDRegressor(n_estimators=2, random_state=0)
    for start in range(0, 2000, 200):
        rows = slice(start, start + 200)
        stream.partial_fit(X[rows], y[rows])
    whole = clone(stream).set_params(gaussian_process=False).fit(X, y)
    errors = [np.std(model.predict(X_new) - y_new) for model in (stream, whole)]
    assert errors[0] < limit * errors[1]


def test_stream_remembers_what_came_first(table, fresh):
    """Rows of one half of the table come first, those of the other half after them."""
    X, y = table
    order = np.argsort(X[:, 3])
    model = small()
    for rows in np.array_split(order, 5):
        model.partial_fit(X[rows], y[rows])
    new = small()
    new.partial_fit(X[order[-30:]], y[order[-30:]])
    assert model.score(*fresh) > 0.5 > new.score(*fresh)


def test_fit_starts_without_what_a_stream_remembered(table):
    X, y = table
    model = small().partial_fit(X, y).fit(X, y).partial_fit(X[:20], y[:20])
    assert len(model._memory[1]) == 20


def test_partial_fit_keeps_the_scaling_of_the_first_call(table, pass_solver):
    X, y = table
    model = small(pass_solver).partial_fit(X[:75], y[:75])
    mean = model.x_scaler_.mean_.copy()
    assert_allclose(mean, X[:75].mean(axis=0))
    model.partial_fit(10 + X[75:], y[75:])
    assert_array_equal(model.x_scaler_.mean_, mean)
    assert not model.is_extrapolation(10 + X[75:]).any()


def test_partial_fit_is_the_same_for_the_same_seed(table, fresh, pass_solver):
    predictions = []
    for _ in range(2):
        model = small(pass_solver, n_estimators=1)
        model.partial_fit(*table).partial_fit(*table)
        predictions.append(model.predict(fresh[0]))
    assert_array_equal(*predictions)


@pytest.mark.parametrize("n_estimators", [1, 2])
@pytest.mark.parametrize("state", [None, np.random.RandomState(0)])
def test_partial_fit_takes_any_random_state(table, pass_solver, n_estimators, state):
    model = small(pass_solver, n_estimators=n_estimators, random_state=state)
    model.partial_fit(*table).partial_fit(*table)
    assert np.isfinite(model.predict(table[0])).all()


def test_partial_fit_after_fit(table, fresh, pass_solver):
    model = small(pass_solver).fit(*table)
    before = model.score(*fresh)
    assert model.partial_fit(*table).score(*fresh) > before - 0.1


@pytest.mark.parametrize("other", SOLVERS)
def test_partial_fit_with_another_solver(table, fresh, pass_solver, other):
    model = small(other, batch_size="auto", learning_rate_init="auto").fit(*table)
    before = model.score(*fresh)
    model.set_params(solver=pass_solver).partial_fit(*table)
    assert model.partial_fit(*table).score(*fresh) > before - 0.2
    assert hasattr(model, "n_steps_") == hasattr(model, "damping_")
    assert hasattr(model, "damping_") == (pass_solver == "spring")


def test_no_partial_fit_for_lbfgs():
    assert not hasattr(small("lbfgs"), "partial_fit")
    with pytest.raises(AttributeError) as error:
        small("lbfgs").partial_fit  # noqa: B018
    assert "solver='lbfgs'" in str(error.value.__cause__)


@pytest.mark.parametrize("change", [{"n_estimators": 3}, {"hidden_layer_sizes": (9,)}])
def test_partial_fit_of_another_committee(table, pass_solver, change):
    model = small(pass_solver).partial_fit(*table).set_params(**change)
    with pytest.raises(
        ValueError, match=r"^partial_fit needs the fitted committee of 2"
    ):
        model.partial_fit(*table)


def test_partial_fit_of_another_width(table, pass_solver):
    model = small(pass_solver).partial_fit(*table)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* 5 features"):
        model.partial_fit(table[0][:, :4], table[1])


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
    model = small().partial_fit(X, np.zeros(N_ROWS))
    for _ in range(30):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.5


def test_first_call_of_a_stream_takes_two_rows(table):
    X, y = table
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        small().partial_fit(X[:1], y[:1])
