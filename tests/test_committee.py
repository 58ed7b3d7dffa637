"""Every row is held out once, and predicted by the member that did not see it."""

from functools import partial

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPRegressor

from sklearn_5d import _committee, _spring
from sklearn_5d._network import Weights
from sklearn_5d._prediction import member_outputs

SOLVERS = {
    "spring": partial(
        _committee.fit_spring,
        network={"hidden_layer_sizes": (8,), "activation": "tanh", "alpha": 1e-4},
        solver={
            "damping": (1.0, 1e-2),
            "batch_size": "auto",
            "max_steps": 20,
            "precision": "auto",
            "learning_rate": 0.6,
            "momentum": 0.9,
            "patience": 2,
            "tol": 1e-4,
        },
    ),
    "adam": partial(
        _committee.fit_mlp,
        network={"hidden_layer_sizes": (8,), "activation": "tanh", "alpha": 1e-4},
        solver={
            "solver": "adam",
            "learning_rate_init": 0.02,
            "batch_size": 16,
            "max_iter": 5,
            "early_stopping": True,
            "validation_fraction": 0.1,
            "n_iter_no_change": 20,
            "tol": 1e-4,
        },
    ),
}


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    return X, np.tanh(X).sum(axis=1), None


def constant_member(train, validation, seed, start, verbose):
    """A network without hidden layers that knows the mean of its training rows."""
    member = MLPRegressor()
    member.coefs_, member.intercepts_ = (
        [np.zeros((5, 1))],
        [train[1].mean(keepdims=True)],
    )
    return member


def fit_members(fit, data, n_members, *, n_jobs=None, validation="held out"):
    splits = _committee.split_rows(len(data[1]), n_members, 0.1, 0)
    members = _committee.fit_members(
        fit,
        data,
        validation,
        splits,
        range(n_members),
        [None] * n_members,
        n_jobs,
        False,
    )
    return members, splits


# --------------------------------------------------------------------------------------
# Folds
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_samples", "n_members"), [(60, 8), (61, 3), (8, 8), (2, 2)])
def test_every_row_is_held_out_once(n_samples, n_members):
    splits = _committee.split_rows(n_samples, n_members, 0.1, 0)
    assert len(splits) == n_members
    held_out = np.concatenate([rows for _, rows in splits])
    assert sorted(held_out) == list(range(n_samples))


@pytest.mark.parametrize("n_members", [1, 2, 8])
@pytest.mark.parametrize("n_samples", [2, 5, 60])
def test_a_member_trains_on_all_that_it_does_not_hold_out(n_samples, n_members):
    for train, held_out in _committee.split_rows(n_samples, n_members, 0.1, 0):
        assert len(train) > 0
        assert len(held_out) > 0
        assert sorted([*train, *held_out]) == list(range(n_samples))


@pytest.mark.parametrize(("fraction", "expected"), [(0.1, 6), (0.25, 15), (0.001, 1)])
def test_a_single_member_holds_out_a_fraction(fraction, expected):
    ((_, held_out),) = _committee.split_rows(60, 1, fraction, 0)
    assert len(held_out) == expected


def test_fewer_rows_than_members():
    """The folds come round again, and every row is held out all the same."""
    splits = _committee.split_rows(3, 8, 0.1, 0)
    assert len(splits) == 8
    assert [len(held_out) for _, held_out in splits] == [1] * 8
    counts = np.bincount(np.concatenate([rows for _, rows in splits]))
    assert_array_equal(np.sort(counts), [2, 3, 3])


def test_folds_are_shuffled_by_the_seed():
    first, again, other = (_committee.split_rows(60, 3, 0.1, s) for s in (0, 0, 1))
    assert_array_equal(first[0][1], again[0][1])
    assert list(first[0][1]) != list(range(20))
    assert list(first[0][1]) != list(other[0][1])


# --------------------------------------------------------------------------------------
# Members
# --------------------------------------------------------------------------------------


def test_out_of_fold_output_is_that_of_a_member_that_did_not_see_the_row(data):
    X, y, _ = data
    members, splits = fit_members(constant_member, data, 4)
    outputs = _committee.out_of_fold_outputs(members, splits, X, "tanh")
    for _, rows in splits:
        expected = (y.sum() - y[rows].sum()) / (len(y) - len(rows))
        assert_allclose(outputs[rows], expected)


def test_rows_of_a_single_member_that_trained_have_no_out_of_fold_output(data):
    members, splits = fit_members(constant_member, data, 1)
    outputs = _committee.out_of_fold_outputs(members, splits, data[0], "tanh")
    assert_array_equal(np.flatnonzero(np.isfinite(outputs)), np.sort(splits[0][1]))


@pytest.mark.parametrize("own", [False, True], ids=["held out", "own rows"])
def test_rows_weights_seeds_and_starts_reach_their_member(data, own):
    X, y, _ = data
    weight = np.arange(60.0)
    own_rows = (X[:7], y[:7], None)
    splits = _committee.split_rows(60, 3, 0.1, 0)

    def record(*args):
        return args

    calls = _committee.fit_members(
        record,
        (X, y, weight),
        own_rows if own else "held out",
        splits,
        [11, 12, 13],
        ["a", "b", "c"],
        None,
        False,
    )
    for call, (rows, held_out) in zip(calls, splits, strict=True):
        train, validation, *_ = call
        for part, whole in zip(train, (X, y, weight), strict=True):
            assert_array_equal(part, whole[rows])
        if own:
            assert validation is own_rows
        else:
            for part, whole in zip(validation, (X, y, weight), strict=True):
                assert_array_equal(part, whole[held_out])
    assert [call[2:4] for call in calls] == [(11, "a"), (12, "b"), (13, "c")]


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_same_bits_for_any_number_of_jobs(data, solver, backend):
    one, _ = fit_members(SOLVERS[solver], data, 3, n_jobs=1)
    with parallel_config(backend):
        two, _ = fit_members(SOLVERS[solver], data, 3, n_jobs=2)
    for a, b in zip(one, two, strict=True):
        for ours, theirs in zip(
            a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True
        ):
            assert_array_equal(ours, theirs)
        assert a.loss_curve_ == b.loss_curve_
        assert a.validation_scores_ == b.validation_scores_


@pytest.mark.parametrize("solver", SOLVERS)
def test_members_differ(data, solver):
    members, _ = fit_members(SOLVERS[solver], data, 3)
    firsts = {member.coefs_[0][0, 0] for member in members}
    assert len(firsts) == 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_members_are_plain_networks(data, solver):
    """What scikit-learn's own predict gives is what the committee computes."""
    X, y, _ = data
    members, _ = fit_members(SOLVERS[solver], data, 3)
    outputs = member_outputs(members, X, "tanh")
    for member, ours in zip(members, outputs, strict=True):
        assert type(member) is MLPRegressor
        assert_allclose(ours, member.predict(X), rtol=1e-10)
        assert len(member.validation_scores_) == member.n_iter_
        assert member.loss_ == member.loss_curve_[-1]
        assert np.isfinite(member.score(X, y))


def test_validation_score_is_that_of_the_held_out_rows(data):
    X, y, _ = data
    members, splits = fit_members(SOLVERS["adam"], data, 3)
    for member, (_, rows) in zip(members, splits, strict=True):
        assert member.best_validation_score_ == max(member.validation_scores_)
        assert member.score(X[rows], y[rows]) == pytest.approx(
            member.best_validation_score_
        )


def test_blas_is_limited_while_a_member_trains(data):
    from threadpoolctl import threadpool_info

    def record(*args):
        return [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]

    for threads in fit_members(record, data, 2)[0]:
        assert threads
        assert set(threads) == {1}


def test_fitted_member_keeps_the_history():
    weights = Weights([np.ones((5, 3)), np.ones((3, 1))], [np.zeros(3), np.zeros(1)])
    result = _spring.Result(
        weights,
        score=0.6,
        loss_curve=[0.5, 0.2, 0.1],
        validation_scores=[0.1, 0.6, 0.5],
        damping=0.01,
        n_steps=300,
    )
    member = _committee.fitted_member(MLPRegressor(activation="tanh"), result)
    assert (member.n_iter_, member.n_steps_, member.damping_) == (3, 300, 0.01)
    assert member.best_validation_score_ == 0.6
    assert member.n_features_in_ == 5
    assert_allclose(member.predict(np.zeros((2, 5))), 0)
