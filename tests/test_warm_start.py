"""A warm start goes on; without it a fit begins anew."""

import numpy as np
import pytest
from estimators import SOLVERS, small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataDimensionalityWarning

from sklearn_5d import FiveDRegressor
from sklearn_5d._rows import Rows
from sklearn_5d._training import selection


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


@pytest.mark.parametrize("x_transform", ["standard", "steps"])
@pytest.mark.parametrize("n_inputs", [4, 6])
def test_warm_start_with_other_inputs(table, x_transform, n_inputs):
    X, y = table
    model = small(max_steps=8, x_transform=x_transform, warm_start=True).fit(X, y)
    message = rf"networks of layers \(5, 8, 1\), got .* layers \({n_inputs}, 8, 1\)"
    with (
        pytest.warns(DataDimensionalityWarning),
        pytest.raises(ValueError, match=message),
    ):
        model.fit(np.c_[X, X][:, :n_inputs], y)
    assert model.fit(X, y).n_features_in_ == 5


def test_warm_start_finds_the_same_folds(table, monkeypatch):
    chosen = []

    def recorded(*args):
        splits = folds(*args)
        if len(splits) == 2:  # those of the two networks
            chosen.append(splits)
        return splits

    folds = Rows.folds
    monkeypatch.setattr(Rows, "folds", recorded)
    model = small(warm_start=True).set_params(random_state=None)
    model.fit(*table).fit(*table)
    for (_, first), (_, second) in zip(*chosen, strict=True):
        assert_array_equal(first, second)


def test_warm_start_finds_the_folds_of_those_that_went_on_alone(monkeypatch):
    """Two of six members hold out a sixth each, and not an eighth as two of two."""
    monkeypatch.setattr(selection._Race, "noise", lambda *args: "little")
    X = np.random.default_rng(0).normal(size=(150, 5))
    y = X.sum(axis=1)
    model = FiveDRegressor((8,), warm_start=True, random_state=0).fit(X, y)
    held_out = np.isfinite(model.oof_prediction_)
    assert held_out.sum() == 50
    model.fit(X, y)
    assert_array_equal(np.isfinite(model.oof_prediction_), held_out)


def test_warm_start_knows_the_noise_that_was_found_late(monkeypatch):
    """A short race takes a little noise of many rows for none."""
    monkeypatch.setattr(selection._Race, "noise", lambda *args: "none")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4_100, 5))
    y = X.sum(axis=1) + 0.3 * rng.normal(size=len(X))
    model = FiveDRegressor((8,), warm_start=True, random_state=0).fit(X, y)
    held_out = np.isfinite(model.oof_prediction_)
    assert len(model.estimators_) == 4
    assert model._choice.noise == "little"
    model.fit(X, y)
    assert len(model.estimators_) == 4
    assert_array_equal(np.isfinite(model.oof_prediction_), held_out)


def test_warm_start_widens_the_range(table):
    X, y = table
    model = small(max_steps=8, warm_start=True).fit(X, y).fit(X + 0.5, y)
    assert not model.is_extrapolation(np.r_[X, X + 0.5]).any()


@pytest.mark.parametrize("n_estimators", [1, 2])
@pytest.mark.parametrize("other", SOLVERS)
def test_warm_start_with_another_solver(table, fresh, solver, other, n_estimators):
    """With and without early stopping, and what only the first one tells is gone."""
    how = {"n_estimators": n_estimators, "warm_start": True}
    for early_stopping in (True, False):
        model = small(other, **how, early_stopping=not early_stopping).fit(*table)
        model.set_params(
            **small(solver, **how, early_stopping=early_stopping).get_params()
        )
        assert model.fit(*table).score(*fresh) > 0.3
        assert hasattr(model, "n_steps_") == hasattr(model, "damping_")
        assert hasattr(model, "damping_") == (solver == "spring")
        assert hasattr(model, "loss_curve_") == (solver != "lbfgs")


def test_warm_start_need_not_beat_the_score_on_other_rows(table):
    X, y = table
    model = small("adam", n_estimators=1, n_iter_no_change=5, warm_start=True)
    assert model.fit(X, y).fit(X, -y).n_iter_ > 7


def test_warm_start_on_a_constant_target(table, solver):
    X, y = table
    model = small(solver, max_iter=5, warm_start=True).fit(X, y)
    for constant in (np.full(len(y), 300.0), 1e5 + 1e-9 * y):
        prediction = model.fit(X, constant).predict(X)
        assert_allclose(prediction, constant, rtol=1e-12)
