"""What a fit leaves behind: members, predictions out of fold, attributes."""

import numpy as np
import pytest
from estimators import member_predictions, small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function


def test_prediction_is_the_weighted_mean_of_plain_networks(fitted, fresh, solver):
    X, _ = fresh
    model = fitted(solver, n_estimators=3)
    assert [type(member) for member in model.estimators_] == [MLPRegressor] * 3
    Z = model.x_scaler_.transform(X)
    z = model.estimator_weights_ @ [member.predict(Z) for member in model.estimators_]
    expected = model.y_scaler_.inverse_transform(z[:, None])[:, 0]
    assert_allclose(model.predict(X), expected, rtol=1e-9)


def third_quartile(sizes):
    return np.sort(sizes)[int(np.ceil(0.75 * len(sizes))) - 1]


def test_networks_weigh_what_they_know_of_rows_that_they_have_not_seen(table):
    """Without noise their errors differ in earnest; of pure noise all know nothing."""
    X, y = make_function("feynman_i_44_4", 200, random_state=0)
    model = small(n_estimators=4, max_steps=200).fit(X, y)
    weights = model.estimator_weights_
    assert weights.sum() == pytest.approx(1)
    held_out = np.abs(np.array(member_predictions(model, X)) - model.oof_prediction_)
    holder = held_out.argmin(axis=0)
    z, z_held_out = (
        model.y_scaler_.transform(values[:, None])[:, 0]
        for values in (y, model.oof_prediction_)
    )
    sizes = np.abs(z - z_held_out)
    errors = [third_quartile(sizes[holder == k]) ** 2 for k in range(4)]
    expected = np.minimum(1, 2 * min(errors) / np.array(errors))
    assert expected.min() < 0.9
    assert_allclose(weights, expected / expected.sum(), rtol=1e-6)
    noise = np.random.default_rng(0).normal(size=200)
    assert_allclose(small(n_estimators=4).fit(X, noise).estimator_weights_, 0.25)


def test_groups_that_are_hard_to_know_weigh_no_network(table):
    """Each network has held out others: who has held out noise is no worse for it."""
    X, y = table
    groups = np.arange(len(y)) % 4
    y = np.where(groups == 0, np.random.default_rng(0).permutation(y), y)
    model = small(n_estimators=4).fit(X, y, groups=groups)
    assert_allclose(model.estimator_weights_, 0.25)


def test_rows_of_the_user_weigh_the_networks_in_place_of_those_held_out():
    X, y = make_function("friedman1", 300, random_state=0)
    model = small(n_estimators=3, max_steps=150)
    model.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    errors = [
        third_quartile(np.abs(y[200:] - p)) ** 2
        for p in member_predictions(model, X[200:])
    ]
    expected = np.minimum(1, 2 * min(errors) / np.array(errors))
    assert_allclose(model.estimator_weights_, expected / expected.sum(), rtol=1e-6)


@pytest.mark.parametrize("n_estimators", [2, 5])
def test_out_of_fold_prediction_is_that_of_another_fold(n_estimators, solver):
    """Of pure noise the members know what they saw, and nothing of the rest."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(200, 5)), rng.normal(size=200)
    model = small(solver, n_estimators=n_estimators, early_stopping=False).fit(X, y)
    gap = np.abs(np.array(member_predictions(model, X)) - model.oof_prediction_)
    assert gap.min(axis=0).max() < 1e-9  # it is the prediction of some member
    assert_array_equal(
        np.bincount(gap.argmin(axis=0)), np.full(n_estimators, 200 // n_estimators)
    )
    assert r2_score(y, model.oof_prediction_) < 0.05


def test_residual_scale_is_that_out_of_fold(fitted, table, solver_kind):
    _, y = table
    model = fitted(solver_kind, n_estimators=3)
    rms = np.sqrt(np.mean((y - model.oof_prediction_) ** 2))
    assert model.residual_scale_ == pytest.approx(rms)


def test_single_network_predicts_out_of_fold_what_it_held_out(table):
    model = small(n_estimators=1, validation_fraction=0.2).fit(*table)
    assert np.isfinite(model.oof_prediction_).sum() == 30
    assert isinstance(model.loss_curve_[0], float)


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_fitted_attributes(fitted, solver, n_estimators):
    model = fitted(solver, n_estimators=n_estimators)
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


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_attributes_of_the_fit_before_are_gone(table, method):
    model = small(gaussian_process=True).fit(*table)
    assert hasattr(model, "gaussian_process_share_")
    getattr(model.set_params(solver="adam", max_iter=5), method)(*table)
    assert hasattr(model, "oof_prediction_") == (method == "fit")
    gone = "gaussian_process_share_", "polynomial_share_", "damping_", "n_steps_"
    assert not any(hasattr(model, name) for name in gone)


def test_automatic_choices_are_visible():
    X = np.random.default_rng(0).uniform(size=(300, 5))
    model = FiveDRegressor(max_steps=60, n_estimators=2, random_state=0)
    model.fit(X, 10 ** (5 * X.mean(axis=1)))
    assert model.x_transform_ == "standard"
    assert model.y_transform_ in ("log", "arcsinh")
    assert all(1e-8 <= damping <= 1 for damping in model.damping_)
    assert all(n >= 8 for n in model.n_steps_)


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


def test_parameters_that_change_later_change_no_prediction(table):
    model = small().fit(*table)
    expected = model.predict(table[0])
    model.set_params(activation="relu", hidden_layer_sizes=(3,), alpha=3.0)
    assert_array_equal(model.predict(table[0]), expected)
    assert_allclose(model.to_sklearn().predict(table[0]), expected, rtol=1e-12)
