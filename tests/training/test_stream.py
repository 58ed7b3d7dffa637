"""What a stream remembers."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import kstest

from sklearn_5d._rows import Rows
from sklearn_5d._training import defaults
from sklearn_5d._training.stream import forget, remember


def rows(start, stop, weight=None):
    y = np.arange(start, stop, dtype=np.float64)
    return Rows(np.repeat(y[:, None], 5, axis=1), y, weight)


def stream(seed, chunk=50, n_rows=2000):
    memory, rng = None, np.random.RandomState(seed)
    for start in range(0, n_rows, chunk):
        memory = forget(remember(memory, rows(start, start + chunk), rng))
    return memory


@pytest.fixture
def small_memory(monkeypatch):
    monkeypatch.setattr(defaults, "MAX_MEMORY_ROWS", 100)


@pytest.mark.usefixtures("small_memory")
def test_rows_stay_whole_and_come_once():
    memory = stream(0)
    assert len(memory.y) == len(np.unique(memory.y)) == 100
    for column in memory.X.T:
        assert_array_equal(column, memory.y)


@pytest.mark.usefixtures("small_memory")
@pytest.mark.parametrize("chunk", [1, 50, 500])
def test_every_row_has_the_same_chance(chunk):
    """Of 2,000 rows 100 are kept: their places are uniform, the first and the last."""
    places = np.concatenate([stream(seed, chunk).y for seed in range(20)])
    assert kstest(places / 2000, "uniform").pvalue > 0.01


@pytest.mark.usefixtures("small_memory")
def test_a_row_keeps_its_fold():
    rng = np.random.RandomState(0)
    first = remember(None, rows(0, 90), rng)
    later = remember(forget(first), rows(90, 300), rng)
    assert_array_equal(later.fold[:90], first.fold)
    assert len(np.unique(first.fold)) == defaults.N_STREAM_FOLDS


def test_a_fold_is_held_out_from_the_others():
    memory = remember(None, rows(0, 300), np.random.RandomState(0))
    train, held_out = memory.split(3)
    assert_array_equal(held_out.y, memory.y[memory.fold == 3])
    assert sorted([*train.y, *held_out.y]) == list(range(300))


def test_too_few_rows_for_a_fold_train_and_judge():
    memory = remember(None, rows(0, 2), np.random.RandomState(0))
    for fold in range(defaults.N_STREAM_FOLDS):
        train, held_out = memory.split(fold)
        assert len(train) > 0
        assert len(held_out) > 0


def test_weights_of_all_calls_are_kept():
    rng = np.random.RandomState(0)
    memory = remember(None, rows(0, 3), rng)
    memory = remember(memory, rows(3, 5, np.array([2.0, 3.0])), rng)
    assert_array_equal(memory.weight, [1, 1, 1, 2, 3])
    assert_array_equal(memory.rows(slice(None)).weight, [1, 1, 1, 2, 3])
    assert memory.rows(slice(3)).weight is None
