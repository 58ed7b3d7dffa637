"""Fits in several threads, and settings of the process that belong to the caller."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from estimators import STEPS, X_NEW, everything, interrupt_at, small
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_5d._training import threads
from sklearn_5d.datasets import make_function


def in_threads(tasks):
    """Run the tasks at the same time, as far as they go."""
    barrier = threading.Barrier(len(tasks))

    def run(task):
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as executor:
        return list(executor.map(run, tasks))


def test_two_threads_fit_as_in_turn(table, solver_kind):
    X, y = table
    tables = [(X, y), (X * 3 - 1, np.exp(y / 5)), (X**2, -y)]

    def fit_and_predict(table):
        model = small(solver_kind, y_transform="standard").fit(*table)
        return np.column_stack([model.predict(X), model.predict_interval(X)])

    in_turn = [fit_and_predict(each) for each in tables]
    pools = threadpool_info()
    together = in_threads([lambda t=t: fit_and_predict(t) for t in tables])
    assert_array_equal(together, in_turn)
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
    owner, name = STEPS[solver]
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
        (threads.single_threaded, lambda: set(blas_threads()) == {1}),
        (threads.mlp_warnings, lambda: warnings.filters != filters),
    ):
        context.__enter__()
        context.__enter__()
        context.__exit__(None, None, None)
        assert inside()
        context.__exit__(None, None, None)
        assert not inside()
    assert warnings.filters == filters


def test_the_callers_state_is_left_alone(table, solver_kind):
    filters, errors = list(warnings.filters), np.geterr()
    before = np.random.get_state()  # noqa: NPY002
    small(solver_kind).fit(*table).predict_interval(X_NEW)
    after = np.random.get_state()  # noqa: NPY002
    assert_array_equal(after[1], before[1])
    assert after[2:] == before[2:]
    assert warnings.filters == filters
    assert np.geterr() == errors


@pytest.mark.parametrize("solver", ["spring", "adam", "lbfgs"])
@pytest.mark.parametrize("transforms", ["auto", ("yeo-johnson", "log")], ids=str)
def test_numpy_may_raise_in_the_callers_program(solver, transforms):
    """Underflow is no event, in any method, near the rows or far away."""
    x_transform, y_transform = 2 * [transforms] if transforms == "auto" else transforms
    X, y = make_function("environmental", 120, random_state=0)
    far = np.r_[X, 1e6 * X]
    model = small(solver, x_transform=x_transform, y_transform=y_transform)
    with np.errstate(all="raise"):
        model.fit(X, y, np.linspace(0, 1, 120), groups=np.arange(120) // 2)
        model.predict(far, return_std=True)
        model.predict_interval(far, [0.5, 0.8])
        model.predict_quantiles(far)
        model.predict_gradient(far)
        model.is_extrapolation(far)
        model.score(X, y)
        model.set_params(warm_start=True).fit(X, y, X_val=X, y_val=y)
        if solver != "lbfgs":
            model.partial_fit(X, y)
