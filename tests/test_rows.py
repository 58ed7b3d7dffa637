"""The rows of a table: which belong together, and who is held out from whom."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_5d._rows import MIN_SETTINGS, Rows


def plain_rows(n_samples):
    return Rows(np.zeros((n_samples, 5)), np.zeros(n_samples))


def folds(n_samples, n_members, fraction=0.1, seed=0):
    return plain_rows(n_samples).folds(n_members, fraction, seed)


# --------------------------------------------------------------------------------------
# Folds
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_samples", "n_members"), [(60, 8), (61, 3), (8, 8), (2, 2)])
def test_every_row_is_held_out_once(n_samples, n_members):
    splits = folds(n_samples, n_members)
    assert len(splits) == n_members
    held_out = np.concatenate([rows for _, rows in splits])
    assert sorted(held_out) == list(range(n_samples))


@pytest.mark.parametrize("n_members", [1, 2, 8])
@pytest.mark.parametrize("n_samples", [2, 5, 60])
def test_a_member_trains_on_all_that_it_does_not_hold_out(n_samples, n_members):
    for train, held_out in folds(n_samples, n_members):
        assert len(train) > 0
        assert len(held_out) > 0
        assert sorted([*train, *held_out]) == list(range(n_samples))


@pytest.mark.parametrize(("fraction", "expected"), [(0.1, 6), (0.25, 15), (0.001, 1)])
def test_a_single_member_holds_out_a_fraction(fraction, expected):
    ((_, held_out),) = folds(60, 1, fraction)
    assert len(held_out) == expected


def test_fewer_rows_than_members():
    """The folds come round again, and every row is held out all the same."""
    splits = folds(3, 8)
    assert len(splits) == 8
    assert [len(held_out) for _, held_out in splits] == [1] * 8
    counts = np.bincount(np.concatenate([rows for _, rows in splits]))
    assert_array_equal(np.sort(counts), [2, 3, 3])


def test_folds_are_shuffled_by_the_seed():
    first, again, other = (folds(60, 3, seed=s) for s in (0, 0, 1))
    assert_array_equal(first[0][1], again[0][1])
    assert list(first[0][1]) != list(range(20))
    assert list(first[0][1]) != list(other[0][1])


@pytest.mark.parametrize("n_members", [1, 2, 5, 8])
@pytest.mark.parametrize("n_groups", [2, 3, 20])
def test_groups_stay_whole(n_groups, n_members):
    rng = np.random.default_rng(0)
    groups = np.r_[np.arange(n_groups), rng.integers(n_groups, size=60)]
    rows = Rows(np.zeros((len(groups), 5)), np.zeros(len(groups)), groups=groups)
    splits = rows.folds(n_members, 0.1, 0)
    assert len(splits) == n_members
    for train, held_out in splits:
        assert len(train) > 0
        assert len(held_out) > 0
        assert not set(groups[train]) & set(groups[held_out])
        assert sorted([*train, *held_out]) == list(range(len(groups)))
    if n_members > 1:
        held_out = {int(row) for _, rows in splits for row in rows}
        assert held_out == set(range(len(groups)))


def test_a_sample_has_different_rows_and_all_their_columns():
    columns = np.arange(60)
    rows = Rows(np.tile(columns, (5, 1)).T, columns, columns, columns)
    sample = rows.sample(20, np.random.RandomState(0))
    assert len(set(sample.y)) == len(sample) == 20
    for column in (*sample.X.T, sample.weight, sample.groups):
        assert_array_equal(column, sample.y)
    assert rows.sample(60, np.random.RandomState(0)) is rows


# --------------------------------------------------------------------------------------
# Equal rows, and equal inputs
# --------------------------------------------------------------------------------------


@pytest.fixture
def grid():
    """Rows on a grid, whose targets are repeated as well: the rows as they come."""
    rng = np.random.default_rng(0)
    X = rng.integers(2, size=(300, 5)).astype(float)
    return Rows(X, X.sum(axis=1) + rng.integers(3, size=300), rng.uniform(1, 2, 300))


def test_distinct_rows_have_the_weight_of_all_that_are_equal(grid):
    rows, place = grid.distinct()
    table = np.column_stack([rows.X, rows.y])
    assert len(np.unique(table, axis=0)) == len(rows) < len(grid)
    assert_array_equal(table[place], np.column_stack([grid.X, grid.y]))
    for k in range(len(rows)):
        assert rows.weight[k] == pytest.approx(grid.weight[place == k].sum())


def test_setting_is_the_weighted_mean_of_equal_inputs(grid):
    rows, place = grid.settings()
    assert len(np.unique(rows.X, axis=0)) == len(rows) >= MIN_SETTINGS
    assert_array_equal(rows.X[place], grid.X)
    for k in range(len(rows)):
        weight = grid.weight[place == k]
        assert rows.weight[k] == pytest.approx(weight.sum())
        expected = np.average(grid.y[place == k], weights=weight)
        assert rows.y[k] == pytest.approx(expected)


@pytest.mark.parametrize("merge", [Rows.distinct, Rows.settings])
def test_rows_of_several_groups_are_never_one(grid, merge):
    groups = np.arange(300) % 3
    rows, place = merge(Rows(grid.X, grid.y, grid.weight, groups))
    assert_array_equal(rows.groups[place], groups)


@pytest.mark.parametrize("merge", [Rows.distinct, Rows.settings])
def test_a_table_of_different_rows_is_left_alone(merge):
    rng = np.random.default_rng(0)
    rows = Rows(rng.normal(size=(50, 5)), rng.normal(size=50))
    merged, place = merge(rows)
    assert merged is rows
    assert_array_equal(np.arange(50)[place], np.arange(50))


def test_few_settings_are_rows_like_any_others(grid):
    rows = grid.take(grid.X[:, 0] == 0)  # 16 settings
    assert rows.settings()[0] is rows


def test_equal_weights_are_none(grid):
    twice = Rows(np.r_[grid.X, grid.X], np.r_[grid.y, grid.y], np.ones(600))
    different = Rows(np.arange(300.0)[:, None], np.arange(300.0), np.ones(300))
    assert different.distinct()[0].weight is None
    assert twice.distinct()[0].weight is not None


def test_mean_of_equal_targets_is_that_target_to_the_bit():
    X = np.repeat(np.arange(30.0)[:, None], 7, axis=0)
    y = np.repeat(np.random.default_rng(0).normal(size=30), 7)
    rows, place = Rows(X, y, np.random.default_rng(1).uniform(size=210)).settings()
    assert_array_equal(rows.y[place], y)
    assert_allclose(rows.weight.sum(), 105, rtol=0.2)
