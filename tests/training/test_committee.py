"""Members train in parallel, each on its rows, and predict those they did not see."""

from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPRegressor

from sklearn_5d._evaluation import network_outputs
from sklearn_5d._network import Weights
from sklearn_5d._rows import Rows
from sklearn_5d._training import committee
from sklearn_5d._training.committee import Task, judge, member_weights
from sklearn_5d._training.mlp import ScikitLearnSolver
from sklearn_5d._training.schedule import Settings
from sklearn_5d._training.solver import NaturalGradient
from sklearn_5d._training.spring import Result

SOLVERS = {
    "spring": NaturalGradient(
        Settings((8,), "tanh", max_steps=20, damping=(1.0, 1e-2), patience=2)
    ),
    "adam": ScikitLearnSolver(
        {
            "hidden_layer_sizes": (8,),
            "activation": "tanh",
            "solver": "adam",
            "learning_rate_init": 0.02,
            "batch_size": 16,
            "max_iter": 5,
            "early_stopping": True,
            "validation_fraction": 0.1,
            "n_iter_no_change": 20,
        }
    ),
}


class Solver:
    """A solver whose member is whatever a function makes of the arguments."""

    shrinkage = 1.0

    def __init__(self, fit):
        self.fit = fit


@pytest.fixture
def rows():
    X = np.random.default_rng(0).normal(size=(60, 5))
    return Rows(X, np.tanh(X).sum(axis=1))


def constant_member(train, *args):
    """A network without hidden layers that knows the mean of its training rows."""
    member = MLPRegressor()
    member.coefs_ = [np.zeros((5, 1))]
    member.intercepts_ = [train.y.mean(keepdims=True)]
    return member


def fit_members(solver, rows, n_members, *, n_jobs=None):
    splits = rows.folds(n_members, 0.1, 0)
    task = Task(solver, rows, splits, None, range(n_members), n_jobs)
    return committee.fit_members(task, [None] * n_members, verbose=False), task


def test_out_of_fold_output_is_that_of_a_member_that_did_not_see_the_row(rows):
    members, task = fit_members(Solver(constant_member), rows, 4)
    outputs, holder, _ = judge(task, members)
    for k, (_, held_out) in enumerate(task.splits):
        y = rows.y[held_out]
        expected = (rows.y.sum() - y.sum()) / (len(rows) - len(y))
        assert_allclose(outputs[held_out], expected)
        assert_array_equal(holder[held_out], k)


def test_rows_of_a_single_member_that_trained_have_no_out_of_fold_output(rows):
    members, task = fit_members(Solver(constant_member), rows, 1)
    outputs, holder, weights = judge(task, members)
    held_out = np.sort(task.splits[0][1])
    assert_array_equal(np.flatnonzero(np.isfinite(outputs)), held_out)
    assert_array_equal(np.flatnonzero(holder == 0), held_out)
    assert weights == [1]


@pytest.mark.parametrize(
    ("errors", "weights"),
    [
        ([0.3, 0.4, 0.35], [1 / 3] * 3),
        ([1.0, 8**0.5], [0.8, 0.2]),
        ([1e-3, 1e-3, 1e-3 * 1000**0.5], [0.4995, 0.4995, 0.001]),
        ([0.0, 0.0], [0.5, 0.5]),
        ([0.0, 1.0], [1.0, 0.0]),
    ],
)
def test_errors_that_differ_in_earnest_weigh_the_members(errors, weights):
    assert_allclose(member_weights(np.array(errors)), weights, atol=1e-6)


@pytest.mark.parametrize("own", [False, True], ids=["held out", "own rows"])
def test_rows_weights_seeds_and_starts_reach_their_member(rows, own):
    rows = Rows(rows.X, rows.y, np.arange(60.0), np.arange(60) // 2)
    own_rows = Rows(rows.X[:7], rows.y[:7]) if own else None
    splits = rows.folds(3, 0.1, 0)
    solver = Solver(lambda *args: args)
    task = Task(solver, rows, splits, own_rows, [11, 12, 13], None)
    calls = committee.fit_members(task, ["a", "b", "c"], verbose=False)
    for call, (chosen, held_out) in zip(calls, splits, strict=True):
        train, validation, *_ = call
        for name in ("X", "y", "weight", "groups"):
            assert_array_equal(getattr(train, name), getattr(rows, name)[chosen])
            if not own:
                part = getattr(validation, name)
                assert_array_equal(part, getattr(rows, name)[held_out])
        if own:
            assert validation is own_rows
    assert [call[2:4] for call in calls] == [(11, "a"), (12, "b"), (13, "c")]


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_same_bits_for_any_number_of_jobs(rows, solver, backend):
    one, _ = fit_members(SOLVERS[solver], rows, 3, n_jobs=1)
    with parallel_config(backend):
        two, _ = fit_members(SOLVERS[solver], rows, 3, n_jobs=2)
    for a, b in zip(one, two, strict=True):
        for ours, theirs in zip(
            a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True
        ):
            assert_array_equal(ours, theirs)
        assert a.loss_curve_ == b.loss_curve_
        assert a.validation_scores_ == b.validation_scores_


@pytest.mark.parametrize(("noise", "n_trained"), [(0.0, 2), (0.5, 5)])
def test_first_members_go_on_alone_where_there_is_no_noise(rows, noise, n_trained):
    """A linear target is learnt to the end of the damping, unless there is noise."""
    y = rows.X.sum(axis=1) + noise * np.random.default_rng(1).normal(size=len(rows))
    settings = Settings((8,), "tanh", max_steps=100, damping=(1.0, 1e-5), patience=2)
    solver = NaturalGradient(settings)
    before, _ = fit_members(solver, Rows(rows.X, y), 5)
    solver = NaturalGradient(settings, n_first=2, n_further_steps=30)
    after, task = fit_members(solver, Rows(rows.X, y), 5)
    assert (len(before), len(after)) == (5, n_trained)
    n_further = [b.n_steps_ - a.n_steps_ for a, b in zip(before, after, strict=False)]
    assert n_further == [0 if noise else 30] * n_trained
    if not noise:
        for k in range(n_trained):
            held_out = task.held_out(k)
            old, new = (m[k].score(held_out.X, held_out.y) for m in (before, after))
            assert new > old


def test_others_follow_where_the_first_one_finds_noise(rows):
    """With the plan that was made for noise."""
    y = rows.X.sum(axis=1) + 0.5 * np.random.default_rng(1).normal(size=len(rows))
    settings = Settings((8,), "tanh", max_steps=100, damping=(1.0, 1e-5), patience=2)
    others = NaturalGradient(replace(settings, max_steps=7))
    solver = NaturalGradient(settings, n_first=1, others=others)
    members, _ = fit_members(solver, Rows(rows.X, y), 5)
    first, *rest = (member.n_steps_ for member in members)
    assert first > 7
    assert len(rest) == 4
    assert max(rest) <= 7
    members, _ = fit_members(solver, Rows(rows.X, rows.X.sum(axis=1)), 5)
    assert len(members) == 1


@pytest.mark.parametrize("n_members", [4, 6])
def test_few_rows_weigh_no_members(rows, n_members):
    """Of ten held-out rows a typical error is chance, of fifteen it says something."""
    scales = iter(np.geomspace(1, 10, n_members))

    def member_of_its_own_scale(train, *args):
        member = constant_member(train)
        member.intercepts_ = [np.array([next(scales)])]
        return member

    members, task = fit_members(Solver(member_of_its_own_scale), rows, n_members)
    _, _, weights = judge(task, members)
    assert (np.ptp(weights) == 0) == (n_members == 6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_members_differ(rows, solver):
    members, _ = fit_members(SOLVERS[solver], rows, 3)
    firsts = {member.coefs_[0][0, 0] for member in members}
    assert len(firsts) == 3


@pytest.mark.parametrize("solver", SOLVERS)
def test_members_are_plain_networks(rows, solver):
    """What scikit-learn's own predict gives is what the committee computes."""
    members, _ = fit_members(SOLVERS[solver], rows, 3)
    outputs = network_outputs([Weights.of(m) for m in members], rows.X, "tanh")
    for member, ours in zip(members, outputs, strict=True):
        assert type(member) is MLPRegressor
        assert_allclose(ours, member.predict(rows.X), rtol=1e-10)
        assert len(member.validation_scores_) == member.n_iter_
        assert member.loss_ == member.loss_curve_[-1]
        assert np.isfinite(member.score(rows.X, rows.y))


def test_validation_score_is_that_of_the_held_out_rows(rows):
    members, task = fit_members(SOLVERS["adam"], rows, 3)
    for member, (_, held_out) in zip(members, task.splits, strict=True):
        assert member.best_validation_score_ == max(member.validation_scores_)
        score = member.score(rows.X[held_out], rows.y[held_out])
        assert score == pytest.approx(member.best_validation_score_)


def test_member_keeps_the_history_of_its_run():
    coefs, intercepts = [np.ones((5, 3)), np.ones((3, 1))], [np.zeros(3), np.zeros(1)]
    result = Result(
        Weights.from_mlp(coefs, intercepts),
        score=0.6,
        loss_curve=[0.5, 0.2, 0.1],
        validation_scores=[0.1, 0.6, 0.5],
        damping=0.01,
        n_steps=300,
    )
    member = SOLVERS["spring"]._member(result, seed=0)
    assert (member.n_iter_, member.n_steps_, member.damping_) == (3, 300, 0.01)
    assert member.best_validation_score_ == 0.6
    assert member.n_features_in_ == 5
    assert_allclose(member.predict(np.zeros((2, 5))), 0)
