"""How much of a teacher is good, and at which inputs a network learns it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_5d._training.distillation import best_blend, distil, synthetic_inputs
from sklearn_5d._training.schedule import Settings

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 5))
Y = np.sin(X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=60)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("weighted", [False, True])
def test_best_blend_is_that_of_least_error(seed, weighted):
    """Against a search between 0 and 1, of teachers of any quality."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(0.1, 2, 2)[:, None] * rng.normal(size=(2, 60))
    noise[1] += rng.normal() * noise[0]
    teacher, network = Y + noise
    weight = rng.uniform(0, 2, 60) if weighted else None

    def error(share):
        return np.average(
            (Y - share * teacher - (1 - share) * network) ** 2, weights=weight
        )

    shares = np.linspace(0, 1, 10_001)
    best = shares[np.argmin([error(share) for share in shares])]
    expected = best if error(best) < 0.95 * error(0) else 0
    found, least = best_blend(teacher, network, Y, weight)
    assert found == pytest.approx(expected, abs=1e-4)
    assert least == pytest.approx(error(expected))


@pytest.mark.parametrize(
    ("teacher", "network", "share"),
    [
        (Y, Y + 1, 1),
        (Y + 1, Y, 0),
        (Y + 1, Y + 1, 0),
        (Y + 0.99 * X[:, 0], Y + X[:, 0], 0),
    ],
)
def test_share_of_the_better_one(teacher, network, share):
    assert best_blend(teacher, network, Y, None)[0] == share


def test_share_follows_the_weights():
    first = np.arange(60) < 30
    teacher, network = np.where(first, Y, 0), np.where(first, 0, Y)
    assert best_blend(teacher, network, Y, np.where(first, 1.0, 0.0)) == (1, 0)
    assert best_blend(teacher, network, Y, np.where(first, 0.0, 1.0)) == (0, 0)


def test_synthetic_inputs_have_the_distribution_of_each_column():
    columns = np.column_stack([np.exp(X[:, 0]), X[:, 0], np.full(60, 3.0)])
    drawn = synthetic_inputs(columns, 4000, np.random.RandomState(0))
    assert drawn.shape == (4000, 3)
    assert_allclose(
        np.median(drawn, axis=0), np.median(columns, axis=0), rtol=0.2, atol=0.1
    )
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.05
    assert_array_equal(drawn[:, 2], 3)


def test_synthetic_inputs_go_one_interval_beyond_the_columns():
    columns = np.column_stack([[1.0, 5, 2, 4], [0.0, 1, 0, 1]])
    drawn = synthetic_inputs(columns, 10_000, np.random.RandomState(0))
    shares, _ = np.histogram(drawn[:, 0], [0, 1, 2, 4, 5, 6])
    assert_allclose(shares, 2_000, rtol=0.1)
    assert (drawn[:, 1].min(), drawn[:, 1].max()) == (0, 1)  # levels are all there is


@pytest.mark.parametrize("n_rows", [1, 2])
def test_synthetic_inputs_of_hardly_any_rows(n_rows):
    drawn = synthetic_inputs(X[:n_rows], 10, np.random.RandomState(0))
    low, high = X[:n_rows].min(axis=0), X[:n_rows].max(axis=0)
    assert (drawn >= 2 * low - high).all()
    assert (drawn <= 2 * high - low).all()


class Sum:
    """A teacher that knows the sum of the inputs, given rows of some noise."""

    def __init__(self, noise_variance):
        self.noise_variance = noise_variance

    def predict(self, inputs):
        return inputs.sum(axis=1) / 2


@pytest.mark.parametrize("max_error", [1e-2, 1e-6])
def test_a_lesson_ends_where_it_is_learnt(max_error):
    settings = Settings((8,), "tanh", 900)
    whole, ended = (
        distil(
            None, Sum(0), 1.0, X, settings, np.random.RandomState(0), max_error=limit
        )
        for limit in (0.0, max_error)
    )
    assert 1 - ended.score < max_error
    assert (1 - np.array(ended.validation_scores[:-1]) >= max_error).all()
    assert ended.n_steps < whole.n_steps
    assert ended.score < whole.score


@pytest.mark.parametrize(
    ("noise_variance", "max_steps", "least", "most"),
    [(1e-6, 900, 61, 200), (1e-2, 900, 31, 60), (1e-6, 90, 1, 30), (1e-2, 90, 1, 30)],
)
def test_noisy_rows_are_worth_fewer_steps(noise_variance, max_steps, least, most):
    settings = Settings((8,), "tanh", max_steps)
    teacher = Sum(noise_variance)
    fresh = distil(None, teacher, 1.0, X, settings, np.random.RandomState(0))
    taught = distil(fresh.weights, teacher, 1.0, X, settings, np.random.RandomState(0))
    assert least <= taught.n_steps <= most
    assert taught.score >= fresh.score > 0.99
