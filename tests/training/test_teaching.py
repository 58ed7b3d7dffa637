"""Whether the lesson of a teacher is worth having."""

from itertools import product

import numpy as np
from numpy.testing import assert_allclose
from sklearn.base import clone

from sklearn_5d import FiveDRegressor
from sklearn_5d._training.teaching import inputs_between
from sklearn_5d.datasets import make_function

GRID = np.array(list(product([0.0, 0.5, 1.0], repeat=5)))
INPUTS = np.random.default_rng(0).uniform(size=(60, 5))


def test_inputs_between_are_halfway_to_a_neighbour():
    between = inputs_between(GRID, np.random.RandomState(0))
    steps = np.abs(between - GRID)
    # Ten of the neighbours of an inner node are half a unit away.
    assert_allclose(steps.max(axis=1), 0.25)
    assert (steps > 0).sum(axis=1).max() <= 2
    # All the inputs have their turn.
    assert (steps.sum(axis=0) > 5).all()


def test_inputs_between_a_pair():
    between = inputs_between(GRID[:2], np.random.RandomState(0))
    assert_allclose(between, [[0, 0, 0, 0, 0.25]] * 2)


def test_collapsed_networks_learn_what_a_teacher_knows():
    """A sum of quartics whose noise, of a quarter, is all that networks learn alone."""
    X, y = make_function("styblinski_tang", 600, random_state=5)
    noise = 0.25 * np.std(y) * np.random.default_rng(5).normal(size=len(y))
    model = FiveDRegressor(x_transform="standard", random_state=0).fit(X, y + noise)
    assert model.polynomial_share_ > 0.9
    X_new, y_new = make_function("styblinski_tang", 1_000, random_state=6)
    assert np.std(model.predict(X_new) - y_new) < 0.3 * np.std(y_new)


def test_networks_of_a_grid_learn_what_is_between_its_nodes():
    """Both know the held-out nodes, the networks to a hundredth of the deviation."""

    def friedman(X):
        return (
            10 * np.sin(np.pi * X[:, 0] * X[:, 1])
            + 20 * (X[:, 2] - 0.5) ** 2
            + 10 * X[:, 3]
            + 5 * X[:, 4]
        )

    X, y = make_function("friedman1", 500, random_state=0)
    model = FiveDRegressor(n_estimators=2, random_state=0)
    taught = model.fit(GRID, friedman(GRID))
    assert taught.gaussian_process_share_ + taught.polynomial_share_ > 0.9
    error = np.std(taught.predict(X) - y)
    alone = model.set_params(gaussian_process=False).fit(GRID, friedman(GRID))
    assert alone.best_validation_score_ > 1 - 1e-4
    assert error < 0.6 * np.std(alone.predict(X) - y)


def test_a_lesson_is_as_long_as_its_teacher_is_good():
    """A polynomial knows the squares, and the kinks by half."""
    n_steps = []
    for function in (np.square, np.abs):
        y = function(INPUTS - 0.5).sum(axis=1)
        model = FiveDRegressor(n_estimators=2, random_state=0).fit(INPUTS, y)
        alone = clone(model).set_params(gaussian_process=False).fit(INPUTS, y)
        assert model.polynomial_share_ > 0.5
        n_steps.append(
            sum(taught.n_steps_ for taught in model.estimators_)
            - sum(member.n_steps_ for member in alone.estimators_)
        )
    assert n_steps[0] > 1.5 * n_steps[1]
