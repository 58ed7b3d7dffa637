"""Rows that belong together: equal rows, equal inputs, groups of the user."""

import numpy as np
import pandas as pd
import pytest
from estimators import member_predictions, small
from numpy.testing import assert_allclose, assert_array_equal
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
    model = FiveDRegressor(n_estimators=4, random_state=0).fit(X, y)
    means = y.reshape(100, 10).mean(axis=1)
    of_means = FiveDRegressor(n_estimators=4, random_state=0).fit(settings, means)
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


LABELS = [np.array, np.float32, lambda g: [f"specimen {k}" for k in g], pd.Series]


@pytest.mark.parametrize("labels", LABELS, ids=["int", "float", "text", "series"])
def test_groups_are_held_out_whole(table, labels):
    X, y = table
    groups = np.arange(150) // 10
    model = small(n_estimators=3).fit(X, y, groups=labels(groups))
    gap = np.abs(np.array(member_predictions(model, X)) - model.oof_prediction_)
    owner = gap.argmin(axis=0)
    assert all(len(set(owner[groups == g])) == 1 for g in range(15))


def test_single_network_holds_out_whole_groups(table, solver):
    X, y = table
    groups = np.arange(150) // 10
    model = small(solver, n_estimators=1).fit(X, y, groups=groups)
    held_out = np.isfinite(model.oof_prediction_)
    assert 0 < held_out.sum() < 50
    assert all(len(set(held_out[groups == g])) == 1 for g in range(15))
    assert_allclose(model.oof_prediction_[held_out], model.predict(X[held_out]))


def test_groups_are_routed(table):
    X, y = table
    groups = np.arange(150) // 10
    """To the folds of the search and, through a pipeline, to those of the committee."""
    folds = GroupKFold(3)
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), small().set_fit_request(groups=True))
        result = cross_validate(
            model, X, y, cv=folds, params={"groups": groups}, return_estimator=True
        )
    splits = folds.split(X, groups=groups)
    for fitted, (train, test) in zip(result["estimator"], splits, strict=True):
        scaler = StandardScaler().fit(X[train])
        alone = small().fit(scaler.transform(X[train]), y[train], groups=groups[train])
        expected = alone.predict_interval(scaler.transform(X[test]))
        Z = fitted[0].transform(X[test])
        assert_array_equal(fitted[1].predict_interval(Z), expected)


def test_rows_of_no_weight_are_in_no_group(table):
    X, y = table
    groups = np.arange(150) // 10
    weight = np.where(groups < 3, 0.0, 1.0 + groups % 2)
    model = small().fit(X, y, weight, groups=groups)
    kept = weight > 0
    expected = small().fit(X[kept], y[kept], weight[kept], groups=groups[kept])
    assert_array_equal(model.predict_interval(X), expected.predict_interval(X))


def test_one_group_of_positive_weight_is_an_error(table):
    groups = np.arange(150) < 75
    with pytest.raises(ValueError, match="Got 1 distinct groups"):
        small().fit(*table, groups * 1.0, groups=groups)


def specimens(n_groups, n_rows, rng):
    """Rows of specimens, each at a place of its own and with an offset of its own."""
    groups = np.repeat(np.arange(n_groups), n_rows)
    place, offset = rng.uniform(size=(2, n_groups))
    X = rng.uniform(size=(n_groups * n_rows, 5))
    X[:, 4] = place[groups]
    return X, X[:, 0] + 4 * offset[groups], groups


def test_intervals_hold_for_new_groups():
    """The mean over some tables; without the groups they are too narrow."""
    covered = {True: [], False: []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, y, groups = specimens(40, 10, rng)
        X_new, y_new, _ = specimens(500, 1, rng)
        for known, each in covered.items():
            model = small(gaussian_process=False)
            model.fit(X, y, groups=groups if known else None)
            lower, upper = model.predict_interval(X_new).T
            each.append(np.mean((lower <= y_new) & (y_new <= upper)))
    assert 0.85 < np.mean(covered[True]) < 0.95
    assert np.mean(covered[False]) < 0.82


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.zeros(150), "Got 1 distinct groups, expected at least two"),
        (np.zeros(149), "inconsistent numbers of samples"),
        (np.zeros((150, 2)), r"Got groups of shape \(150, 2\)"),
        (np.r_[np.nan, np.arange(149)], "groups contains NaN"),
        ([None, "a"] * 75, "Got groups that cannot be compared"),
        (pd.array([pd.NA, "a"] * 75), "Got groups that cannot be compared"),
        (3, "Got groups that cannot be compared"),
    ],
)
def test_bad_groups(groups, message, table):
    with pytest.raises((TypeError, ValueError), match=message):
        small().fit(*table, groups=groups)
