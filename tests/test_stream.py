"""What a stream remembers."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_5d import _stream
from sklearn_5d._stream import forget, remember


def rows(start, stop):
    y = np.arange(start, stop, dtype=np.float64)
    return np.repeat(y[:, None], 5, axis=1), y, None


def stream(monkeypatch, seed, chunk=50, max_rows=100, n_rows=2000):
    monkeypatch.setattr(_stream, "MAX_MEMORY_ROWS", max_rows)
    memory = None
    for start in range(0, n_rows, chunk):
        memory = forget(remember(memory, rows(start, start + chunk), seed, start))
    return memory


def test_rows_stay_whole_and_come_once(monkeypatch):
    memory = stream(monkeypatch, 0)
    assert len(memory.y) == len(np.unique(memory.y)) == 100
    for column in memory.X.T:
        assert_array_equal(column, memory.y)


@pytest.mark.parametrize("chunk", [1, 50, 500])
def test_every_row_has_the_same_chance(monkeypatch, chunk):
    means = [stream(monkeypatch, seed, chunk).y.mean() for seed in range(20)]
    # The sd of the mean of so many uniform numbers is 13.
    assert abs(np.mean(means) - 999.5) < 50


def test_a_row_keeps_its_fold(monkeypatch):
    monkeypatch.setattr(_stream, "MAX_MEMORY_ROWS", 100)
    first = remember(None, rows(0, 90), 0, 0)
    later = remember(forget(first), rows(90, 300), 0, 1)
    assert_array_equal(later.fold[:90], first.fold)
    assert len(np.unique(first.fold)) == _stream.N_FOLDS


def test_weights_of_all_calls_are_kept():
    memory = remember(None, rows(0, 3), 0, 0)
    X, y, _ = rows(3, 5)
    memory = remember(memory, (X, y, np.array([2.0, 3.0])), 0, 1)
    assert_array_equal(memory.sample_weight, [1, 1, 1, 2, 3])
    assert_array_equal(memory.data(slice(None))[2], [1, 1, 1, 2, 3])
    assert memory.data(slice(3))[2] is None
