"""The same seed gives the same bits, and another one another model."""

import numpy as np
import pytest
from estimators import X_NEW, small
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_5d.datasets import make_function


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


@pytest.mark.parametrize("name", ["spring", "lbfgs"])
def test_order_of_rows_is_one_more_seed(name):
    """Models differ no more between orders than between seeds."""
    X, y = make_function("friedman1", 100, noise=0.5, random_state=0)
    orders = [np.random.RandomState(i).permutation(100) for i in range(8)]
    by_order = [small(name).fit(X[o], y[o]).predict(X_NEW) for o in orders]
    by_seed = [small(name, random_state=i).fit(X, y).predict(X_NEW) for i in range(8)]
    spread = [np.sqrt(np.var(p, axis=0).mean()) for p in (by_order, by_seed)]
    assert spread[0] < 1.5 * spread[1]
    bias = np.mean(by_order, axis=0) - np.mean(by_seed, axis=0)
    assert np.sqrt(np.mean(bias**2)) < spread[1]
