"""The estimator as a user of scikit-learn meets it."""

import inspect
import pickle
import re
import warnings
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import (
    DataConversionWarning,
    DataDimensionalityWarning,
    NotFittedError,
)
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor
from sklearn_5d._rows import Rows
from sklearn_5d.datasets import load_airfoil_self_noise, make_function

NAMES = ["x1", "x2", "x3", "x4", "x5"]
SOLVERS = {
    "spring": {"max_steps": 40},
    "adam": {"max_iter": 20, "learning_rate_init": 0.02, "batch_size": 16},
    "sgd": {"max_iter": 20, "learning_rate_init": 0.02, "batch_size": 16},
    "lbfgs": {"max_iter": 40},
}


def small(solver="spring", **parameters):
    """A quick estimator."""
    settings = {"n_estimators": 2, "random_state": 0} | SOLVERS[solver] | parameters
    return FiveDRegressor((8,), solver=solver, **settings)


@pytest.fixture(scope="module")
def table():
    return make_function("friedman1", 150, noise=0.1, random_state=0)


@pytest.fixture(scope="module")
def fresh():
    return make_function("friedman1", 100, random_state=1)


@pytest.fixture(params=SOLVERS)
def solver(request):
    return request.param


@pytest.fixture(params=["spring", "adam", "sgd"])
def pass_solver(request):
    """The solvers that pass over the rows, and so can go on with more of them."""
    return request.param


# --------------------------------------------------------------------------------------
# What it fits
# --------------------------------------------------------------------------------------


def reference(**parameters):
    return FiveDRegressor(
        solver="adam", activation="relu", n_estimators=1, random_state=0, **parameters
    )


def by_hand(**parameters):
    """The reference configuration without this package."""
    settings = {
        "hidden_layer_sizes": (64, 32, 16),
        "learning_rate_init": 0.005,
        "max_iter": 100,
        "batch_size": 256,
        "early_stopping": True,
        "n_iter_no_change": 20,
        "random_state": 0,
    }
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(**(settings | parameters))),
        transformer=StandardScaler(),
    )


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_reference_configuration_is_that_built_by_hand(fresh):
    X, y = make_function("friedman1", 1000, noise=0.1, random_state=0)
    ours, theirs = reference().fit(X, y), by_hand().fit(X, y)
    assert_allclose(ours.predict(fresh[0]), theirs.predict(fresh[0]), rtol=1e-10)
    assert_allclose(ours.loss_curve_, theirs.regressor_[-1].loss_curve_, rtol=1e-10)
    assert ours.n_iter_ == theirs.regressor_[-1].n_iter_


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_reference_configuration_where_targets_are_tied(fresh):
    """Rows with the same target and other inputs are no repetition of each other."""
    X, y = make_function("friedman1", 300, noise=0.1, random_state=0)
    y = y.round()
    ours = reference(max_iter=3).fit(X, y)
    theirs = by_hand(max_iter=3, batch_size=256).fit(X, y)
    assert_allclose(ours.predict(fresh[0]), theirs.predict(fresh[0]), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:(Stochastic Optimizer|lbfgs failed)")
@pytest.mark.parametrize("name", ["sgd", "lbfgs"])
def test_other_solvers_are_those_built_by_hand(table, fresh, name):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 15, "batch_size": 32}
    ours = FiveDRegressor(
        solver=name, activation="relu", n_estimators=1, random_state=0, **settings
    )
    settings["early_stopping"] = name == "sgd"
    theirs = by_hand(solver=name, **settings)
    assert_allclose(
        ours.fit(*table).predict(fresh[0]),
        theirs.fit(*table).predict(fresh[0]),
        rtol=1e-10,
    )


def test_reference_configuration_reaches_the_accuracy_of_the_report():
    X, y = make_function("friedman1", 12_000, noise=0.1, random_state=0)
    model = reference().fit(X[:10_000], y[:10_000])
    assert model.score(X[10_000:], y[10_000:]) >= 0.9988


def test_default_beats_the_reference_twentyfold_in_squared_error():
    X, y = make_function("friedman1", 3000, random_state=0)
    train, test = slice(1000), slice(1000, None)
    ours = FiveDRegressor(random_state=0).fit(X[train], y[train])
    adam = reference().fit(X[train], y[train])
    errors = [np.mean((m.predict(X[test]) - y[test]) ** 2) for m in (ours, adam)]
    assert errors[0] < errors[1] / 20


def test_it_learns(table, fresh, solver):
    model = small(solver, max_iter=200, max_steps=200).fit(*table)
    assert model.score(*fresh) > LinearRegression().fit(*table).score(*fresh) + 0.05
    if solver == "lbfgs":
        return  # MLPRegressor keeps no curve of it
    for curve in model.loss_curve_:
        assert curve[0] > 2 * curve[-1]


def test_it_learns_real_measurements():
    X, y = load_airfoil_self_noise(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    X, y = np.asarray(X)[order], np.asarray(y)[order]
    model = FiveDRegressor(n_estimators=3, max_steps=300, random_state=0)
    model.fit(X[:1200], y[:1200])
    assert np.sqrt(np.mean((model.predict(X[1200:]) - y[1200:]) ** 2)) < 2.0


def test_prediction_is_the_mean_of_plain_networks(table, fresh, solver):
    X, _ = fresh
    model = small(solver, n_estimators=3).fit(*table)
    assert [type(member) for member in model.estimators_] == [MLPRegressor] * 3
    Z = model.x_scaler_.transform(X)
    z = np.mean([member.predict(Z) for member in model.estimators_], axis=0)
    expected = model.y_scaler_.inverse_transform(z[:, None])[:, 0]
    assert_allclose(model.predict(X), expected, rtol=1e-9)


@pytest.mark.parametrize("n_estimators", [2, 5])
def test_out_of_fold_prediction_is_that_of_another_fold(n_estimators, solver):
    """Of pure noise the members know what they saw, and nothing of the rest."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(200, 5)), rng.normal(size=200)
    model = small(solver, n_estimators=n_estimators, early_stopping=False).fit(X, y)
    Z = model.x_scaler_.transform(X)
    of_members = np.array(
        [
            model.y_scaler_.inverse_transform(m.predict(Z)[:, None])[:, 0]
            for m in model.estimators_
        ]
    )
    gap = np.abs(of_members - model.oof_prediction_)
    assert gap.min(axis=0).max() < 1e-9  # it is the prediction of some member
    assert_array_equal(
        np.bincount(gap.argmin(axis=0)), np.full(n_estimators, 200 // n_estimators)
    )
    assert r2_score(y, model.oof_prediction_) < 0.05


def test_residual_scale_is_that_of_the_out_of_fold_predictions(table, solver):
    X, y = table
    model = small(solver, n_estimators=3).fit(X, y)
    rms = np.sqrt(np.mean((y - model.oof_prediction_) ** 2))
    assert model.residual_scale_ == pytest.approx(rms)


def test_single_network_predicts_out_of_fold_what_it_held_out(table):
    model = small(n_estimators=1, validation_fraction=0.2).fit(*table)
    assert np.isfinite(model.oof_prediction_).sum() == 30
    assert isinstance(model.loss_curve_[0], float)


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_fitted_attributes(table, solver, n_estimators):
    model = small(solver, n_estimators=n_estimators).fit(*table)
    assert model.n_features_in_ == 5
    assert len(model.estimators_) == n_estimators
    assert np.all(model.n_iter_ >= 1)
    names = ("loss_curve_", "validation_scores_", "best_validation_score_")
    if solver == "lbfgs":
        # As in MLPRegressor, which keeps no history of this solver.
        assert not any(hasattr(model, name) for name in names)
        return
    losses, scores = (
        getattr(model, name) if n_estimators > 1 else [getattr(model, name)]
        for name in names[:2]
    )
    n_iter = list(np.atleast_1d(model.n_iter_))
    assert [len(curve) for curve in losses] == n_iter
    assert [len(curve) for curve in scores] == n_iter
    assert model.best_validation_score_ == pytest.approx(np.mean([*map(max, scores)]))


def test_automatic_choices_are_visible():
    X = np.random.default_rng(0).uniform(size=(300, 5))
    model = FiveDRegressor(max_steps=60, n_estimators=2, random_state=0)
    model.fit(X, 10 ** (5 * X.mean(axis=1)))
    assert model.x_transform_ == "standard"
    assert model.y_transform_ in ("log", "arcsinh")
    assert all(1e-8 <= damping <= 1 for damping in model.damping_)
    assert all(n >= 8 for n in model.n_steps_)


# --------------------------------------------------------------------------------------
# The ways of scikit-learn
# --------------------------------------------------------------------------------------


def test_parameters_are_stored_as_they_are_given():
    parameters = inspect.signature(FiveDRegressor).parameters
    values = {name: object() for name in parameters}
    model = FiveDRegressor(**values)
    assert vars(model) == values


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_same_seed_same_bits(table, fresh, solver, n_jobs):
    X, _ = fresh
    model = small(solver).fit(*table)
    other = clone(model).set_params(n_jobs=n_jobs)
    with parallel_config("threading"):
        other.fit(*table)
    assert_array_equal(other.predict(X), model.predict(X))
    assert_array_equal(other.predict_interval(X), model.predict_interval(X))
    third = clone(model).set_params(random_state=1).fit(*table)
    assert (third.predict(X) != model.predict(X)).all()


def test_random_state_may_be_a_generator_or_none(table, fresh, solver):
    X, _ = fresh
    state = np.random.RandomState(0)
    first, second = (
        small(solver, random_state=state).fit(*table).predict(X) for _ in range(2)
    )
    assert (first != second).all()
    state = np.random.RandomState(0)
    assert_array_equal(small(solver, random_state=state).fit(*table).predict(X), first)
    free = [small(solver, random_state=None).fit(*table).predict(X) for _ in range(2)]
    assert (free[0] != free[1]).all()


def test_pickle(table, fresh, solver):
    X, _ = fresh
    model = small(solver).fit(*table)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert_array_equal(loaded.predict_interval(X), model.predict_interval(X))
    assert_array_equal(loaded.predict_gradient(X), model.predict_gradient(X))


def test_pipeline_and_grid_search(table, fresh):
    pipeline = make_pipeline(StandardScaler(), small())
    grid = {
        "fivedregressor__hidden_layer_sizes": [(1,), (12,)],
        "fivedregressor__activation": ["tanh"],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(*table)
    assert search.best_params_["fivedregressor__hidden_layer_sizes"] == (12,)
    assert search.score(*fresh) > 0.9


def test_cross_validate(table, solver):
    scores = cross_validate(
        small(solver, max_steps=100, max_iter=100),
        *table,
        cv=3,
        return_train_score=True,
    )
    assert (scores["test_score"] > 0.5).all()


def test_bagging(table, fresh):
    bagging = BaggingRegressor(small(), n_estimators=3, random_state=0).fit(*table)
    linear = LinearRegression().fit(*table)
    assert bagging.score(*fresh) > linear.score(*fresh) + 0.05


def test_inside_a_transformed_target(table, fresh):
    model = TransformedTargetRegressor(small(), func=np.log, inverse_func=np.exp)
    X, y = table
    assert model.fit(X, np.maximum(y, 0.1)).score(*fresh) > 0.8


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_feature_names(table, fresh, frame):
    X, y = table
    plain = small().fit(X, y)
    named = frame(dict(zip(NAMES, X.T, strict=True)))
    if not hasattr(StandardScaler().fit(named), "feature_names_in_"):
        pytest.skip("this scikit-learn does not read the names of this frame")
    fresh_frame = frame(dict(zip(NAMES, fresh[0].T, strict=True)))
    model = small().fit(named, y)
    assert list(model.feature_names_in_) == NAMES
    for method in ("predict", "predict_interval", "predict_gradient"):
        assert_array_equal(
            getattr(model, method)(fresh_frame), getattr(plain, method)(fresh[0])
        )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(fresh_frame[NAMES[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(fresh[0])


@pytest.mark.parametrize("series", [list, pd.Series, pl.Series, np.asarray])
def test_target_of_any_kind(table, fresh, series):
    X, y = table
    model = small().fit(X, series(y.tolist()))
    assert_array_equal(model.predict(fresh[0]), small().fit(X, y).predict(fresh[0]))


def test_column_as_a_target(table, fresh):
    """It fits, with the warning that scikit-learn's checks demand."""
    X, y = table
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = small().fit(X, y[:, None])
    assert_array_equal(model.predict(fresh[0]), small().fit(X, y).predict(fresh[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_types_are_the_same_numbers(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, size=(80, 5))
    y = X.sum(axis=1)
    expected = small().fit(X.astype(float), y.astype(float)).predict(X.astype(float))
    model = small().fit(X.astype(dtype), y.astype(dtype))
    assert_array_equal(model.predict(X.astype(dtype)), expected)


def test_layout_in_memory_changes_nothing(table, fresh):
    X, y = table
    expected = small().fit(X, y).predict(fresh[0])
    assert_array_equal(small().fit(np.asfortranarray(X), y).predict(fresh[0]), expected)


def test_arguments_are_left_alone(table, solver):
    X, y = (a.copy() for a in table)
    weight = np.linspace(0, 1, len(y))
    before = X.copy(), y.copy(), weight.copy()
    model = small(solver, x_transform="yeo-johnson", y_transform="log")
    model.fit(X, y, weight).predict_gradient(X)
    for old, new in zip(before, (X, y, weight), strict=True):
        assert_array_equal(new, old)


def test_clean_fit_says_nothing(table, solver, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(solver).fit(*table).predict(table[0])
    assert capsys.readouterr() == ("", "")


def test_verbose_prints_a_line_a_stage(table, capsys):
    model = small(verbose=True).fit(*table)
    lines = capsys.readouterr().out.splitlines()
    # The evidence and the teacher add to the curve of each member, and print nothing.
    assert len(lines) >= sum(map(len, model.loss_curve_)) - 2 * 2
    assert all(re.match(r"damping .* validation R2 ", line) for line in lines)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_verbose_prints_what_scikit_learn_prints(table, capsys, name):
    small(name, n_estimators=1, verbose=True).fit(*table)
    assert "Iteration 1, loss" in capsys.readouterr().out


# --------------------------------------------------------------------------------------
# Units
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("transforms", [("standard", "standard"), ("auto", "auto")])
def test_units_change_nothing(table, fresh, transforms):
    """Powers of two, so that not even the rounding differs."""
    X, y = table
    x_transform, y_transform = transforms
    model = small(x_transform=x_transform, y_transform=y_transform)
    expected = model.fit(X, y).predict(fresh[0])
    units = 2.0 ** np.array([-30, 10, 0, 4, 20])
    other = clone(model).fit(X * units, y * 2.0**-12)
    assert_allclose(other.predict(fresh[0] * units) * 2.0**12, expected, rtol=1e-9)
    gradient = other.predict_gradient(fresh[0] * units) * units * 2.0**12
    assert_allclose(gradient, model.predict_gradient(fresh[0]), rtol=1e-6, atol=1e-9)


def test_small_spread_far_from_zero(table, fresh):
    X, y = table
    model = small(max_steps=200).fit(X + 1e9, y + 1e9)
    error = model.predict(fresh[0] + 1e9) - 1e9 - fresh[1]
    assert np.sqrt(np.mean(error**2)) < 0.3 * np.std(fresh[1])


# --------------------------------------------------------------------------------------
# Weights, validation rows, going on
# --------------------------------------------------------------------------------------


def test_zero_weight_is_an_absent_row(table, fresh, solver):
    X, y = table
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 2.0)
    kept = weight > 0
    spoilt = np.where(kept, y, 1e6)
    with_zeros = small(solver).fit(X, spoilt, sample_weight=weight)
    without = small(solver).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_array_equal(with_zeros.predict(fresh[0]), without.predict(fresh[0]))
    assert_array_equal(
        with_zeros.predict_interval(fresh[0]), without.predict_interval(fresh[0])
    )


def test_weight_two_is_a_row_twice(table, fresh, solver):
    X, y = table
    weight = np.where(np.arange(len(y)) < 50, 2, 1)
    weighted = small(solver).fit(X, y, sample_weight=weight)
    repeated = small(solver).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_array_equal(weighted.predict(fresh[0]), repeated.predict(fresh[0]))


def test_weights_decide_between_contradicting_rows(solver):
    """Each input carries 0 with weight 1 and 1 with weight 3: the mean is 0.75."""
    X = np.random.default_rng(0).uniform(size=(100, 5))
    X, y = np.vstack([X, X]), np.repeat([0.0, 1.0], 100)
    # One network, so that (almost) every input trains with both of its targets.
    model = small(solver, n_estimators=1, max_iter=200, early_stopping=False)
    model.fit(X, y, sample_weight=1 + 2 * y)
    assert model.predict(X).mean() == pytest.approx(0.75, abs=0.05)


def test_validation_rows_of_the_user(table, solver):
    """All rows train, and the given rows decide and calibrate."""
    X, y = table
    model = small(solver, early_stopping=True)
    model.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    assert not np.isfinite(model.oof_prediction_).any()
    residual = y[100:] - model.predict(X[100:])
    assert model.residual_scale_ == pytest.approx(np.sqrt(np.mean(residual**2)))
    if solver == "lbfgs":
        return
    Z = model.x_scaler_.transform(X[100:])
    z = model.y_scaler_.transform(y[100:, None])[:, 0]
    for member, scores in zip(model.estimators_, model.validation_scores_, strict=True):
        assert member.score(Z, z) == pytest.approx(max(scores))


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_warm_start_goes_on(table, fresh, solver, n_estimators):
    model = small(solver, n_estimators=n_estimators, warm_start=True)
    cold = model.fit(*table)
    scaler = cold.x_scaler_
    loss, before = np.mean([m.loss_ for m in cold.estimators_]), cold.score(*fresh)
    n_iter = np.mean(cold.n_iter_)
    again = model.fit(*table)
    assert again.x_scaler_ is scaler
    assert np.mean([m.loss_ for m in again.estimators_]) < 1.05 * loss
    assert again.score(*fresh) > before - 0.02
    if solver != "lbfgs":
        first = [m.loss_curve_[-m.n_iter_] for m in again.estimators_]
        assert np.mean(first) < 0.5
    assert np.mean(again.n_iter_) <= 3 * n_iter


def test_without_warm_start_fit_begins_anew(table, fresh, solver):
    model = small(solver)
    once = model.fit(*table).predict(fresh[0])
    assert_array_equal(model.fit(*table).predict(fresh[0]), once)


@pytest.mark.parametrize("change", [{"n_estimators": 3}, {"hidden_layer_sizes": (9,)}])
def test_warm_start_of_another_committee(table, change):
    model = small(warm_start=True).fit(*table)
    with pytest.raises(ValueError, match=r"warm_start needs the fitted committee of 2"):
        model.set_params(**change).fit(*table)


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


@pytest.mark.parametrize("noise_ratio", [0, 0.1])
@pytest.mark.parametrize("name", ["friedman1", "otl_circuit"])
def test_stream_is_about_as_accurate_as_a_fit(name, noise_ratio):
    X, y = make_function(name, 2000, random_state=0)
    X_new, y_new = make_function(name, 500, random_state=1)
    y += noise_ratio * y.std() * np.random.default_rng(0).normal(size=len(y))
    stream = FiveDRegressor(n_estimators=2, random_state=0)
    for start in range(0, 2000, 200):
        rows = slice(start, start + 200)
        stream.partial_fit(X[rows], y[rows])
    whole = clone(stream).set_params(gaussian_process=False).fit(X, y)
    errors = [np.std(model.predict(X_new) - y_new) for model in (stream, whole)]
    assert errors[0] < 1.5 * errors[1]


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


def test_no_partial_fit_for_lbfgs():
    assert not hasattr(small("lbfgs"), "partial_fit")
    with pytest.raises(AttributeError) as error:
        small("lbfgs").partial_fit  # noqa: B018
    assert "solver='lbfgs'" in str(error.value.__cause__)


def test_partial_fit_of_another_width(table, pass_solver):
    model = small(pass_solver).partial_fit(*table)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* 5 features"):
        model.partial_fit(table[0][:, :4], table[1])


# --------------------------------------------------------------------------------------
# Gradients
# --------------------------------------------------------------------------------------


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


# --------------------------------------------------------------------------------------
# Bad input
# --------------------------------------------------------------------------------------

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
def test_bad_rows(X, y, message, solver):
    with pytest.raises(ValueError, match=message):
        small(solver).fit(X, y)


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
    with pytest.raises(ValueError, match=name):
        small().set_params(**{name: value}).fit(GOOD, GOOD[:, 0])


METHODS = ["predict", "predict_interval", "predict_gradient", "is_extrapolation"]


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


@pytest.mark.parametrize("n_columns", [1, 4, 6])
def test_other_widths_warn(n_columns):
    X = np.random.default_rng(0).uniform(size=(60, n_columns))
    message = f"X has {n_columns} columns; the defaults .* tuned for 5"
    with pytest.warns(DataDimensionalityWarning, match=message):
        model = small(max_steps=200).fit(X, X.sum(axis=1))
    assert model.score(X, X.sum(axis=1)) > 0.9
    assert model.predict_gradient(X).shape == (60, n_columns)


# --------------------------------------------------------------------------------------
# Poor input, sensible fit
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 7.0, -1e9])
def test_constant_target(solver, value):
    model = small(solver).fit(GOOD, np.full(20, value))
    prediction, std = model.predict(GOOD, return_std=True)
    assert_array_equal(prediction, value)
    assert_array_equal(std, 0)
    assert_array_equal(model.predict_interval(GOOD, 0.8), value)
    assert_array_equal(model.predict_gradient(GOOD), 0)


@pytest.mark.parametrize("y_transform", ["log", "arcsinh"])
def test_constant_target_has_no_logarithm(y_transform):
    with pytest.raises(ValueError, match=f"y_transform='{y_transform}'"):
        small(y_transform=y_transform).fit(GOOD, np.ones(20))


def test_constant_column(table, fresh, solver):
    """It carries nothing: the fit is as good, and the derivative by it is finite."""
    X, y = (a.copy() for a in table)
    X_new = fresh[0].copy()
    X[:, 4] = X_new[:, 4] = 0.5
    y = y - 5 * table[0][:, 4]
    y_new = fresh[1] - 5 * fresh[0][:, 4]
    model = small(solver, max_steps=200, max_iter=200).fit(X, y)
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


def test_repeated_rows_are_one(table):
    """A copy of a row that trains is never held out, and keeps its own place."""
    X, y = table
    twice = np.r_[np.arange(150), np.arange(150)]
    model = small(n_estimators=3).fit(X[twice], y[twice])
    assert model.oof_prediction_.shape == (300,)
    assert_array_equal(model.oof_prediction_[:150], model.oof_prediction_[150:])
    residual = y - model.oof_prediction_[:150]
    assert model.residual_scale_ == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_warm_start_finds_the_same_folds(table, monkeypatch):
    chosen = []

    def recorded(*args):
        chosen.append(folds(*args))
        return chosen[-1]

    folds = Rows.folds
    monkeypatch.setattr(Rows, "folds", recorded)
    model = small(warm_start=True).set_params(random_state=None)
    model.fit(*table).fit(*table)
    for (_, first), (_, second) in zip(*chosen, strict=True):
        assert_array_equal(first, second)
