"""Rows that belong together: equal rows, equal inputs, groups of the user."""

import numpy as np
import pytest
from estimators import member_predictions, small
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS


def test_repeated_rows_are_one(table):
    """A copy of a row that trains is never held out, and keeps its own place."""
    X, y = table
    twice = np.r_[np.arange(150), np.arange(150)]
    model = small(n_estimators=3).fit(X[twice], y[twice])
    assert model.oof_prediction_.shape == (300,)
    assert_array_equal(model.oof_prediction_[:150], model.oof_prediction_[150:])
    residual = y - model.oof_prediction_[:150]
    assert model.residual_scale_ == pytest.approx(np.sqrt(np.mean(residual**2)))


@pytest.fixture(scope="module")
def replicated():
    """A hundred settings, ten measurements each, with noise of sd 1."""
    rng = np.random.default_rng(0)
    settings = rng.uniform(size=(100, 5))
    X = np.repeat(settings, 10, axis=0)
    y = FUNCTIONS["friedman1"](X) + rng.normal(size=1000)
    return settings, X, y


def test_replicated_settings_are_as_good_as_their_means(replicated):
    settings, X, y = replicated
    X_new = np.random.default_rng(1).uniform(size=(1000, 5))
    truth = FUNCTIONS["friedman1"](X_new)
    model = FiveDRegressor(random_state=0).fit(X, y)
    means = y.reshape(100, 10).mean(axis=1)
    of_means = FiveDRegressor(random_state=0).fit(settings, means)
    errors = [np.std(m.predict(X_new) - truth) for m in (model, of_means)]
    assert errors[0] < 1.1 * errors[1]
    lower, upper = model.predict_interval(X_new).T
    measured = truth + np.random.default_rng(2).normal(size=1000)
    assert 0.85 < np.mean((lower <= measured) & (measured <= upper)) < 0.95


def test_equal_inputs_are_predicted_out_of_fold_by_one_member(replicated):
    _, X, y = replicated
    model = small(n_estimators=4).fit(X, y)
    prediction = model.oof_prediction_.reshape(100, 10)
    assert_array_equal(prediction, prediction[:, :1].repeat(10, axis=1))


def test_groups_are_held_out_whole(table):
    X, y = table
    groups = np.arange(150) // 10
    model = small(n_estimators=3).fit(X, y, groups=groups.astype(str))
    gap = np.abs(np.array(member_predictions(model, X)) - model.oof_prediction_)
    owner = gap.argmin(axis=0)
    assert all(len(set(owner[groups == g])) == 1 for g in range(15))


def test_groups_are_routed(table):
    X, y = table
    groups = np.arange(150) // 10
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), small().set_fit_request(groups=True))
        result = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(3),
            params={"groups": groups},
            error_score="raise",
        )
    assert np.isfinite(result["test_score"]).all()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.zeros(150), "Got 1 distinct groups, expected at least two"),
        (np.zeros(149), "inconsistent numbers of samples"),
        (np.zeros((150, 2)), "1d array"),
    ],
)
def test_bad_groups(groups, message, table):
    with pytest.raises(ValueError, match=message):
        small().fit(*table, groups=groups)
