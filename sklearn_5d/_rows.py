"""The rows of a table: validated, immutable, and what belongs together among them."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
)

# With fewer distinct inputs than this a fold would lack what it has to predict, and
# repetitions are rows like any others.
MIN_SETTINGS = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table, in the units of the user or at the network's scale.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs.
    y : ndarray of shape (n_samples,)
        Target.
    weight : ndarray of shape (n_samples,), default=None
        Weights of the rows; None where they are equal.
    groups : ndarray of shape (n_samples,), default=None
        Which rows belong together, as whole numbers from 0; None where each stands
        for itself.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None

    def __len__(self):
        """Return the number of rows."""
        return len(self.y)

    def take(self, rows):
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray or slice
            Which ones.

        Returns
        -------
        Rows
            These.
        """
        columns = self.X, self.y, self.weight, self.groups
        return Rows(*(None if c is None else c[rows] for c in columns))

    def sample(self, n_rows, random_state):
        """Draw rows without replacement, or return them all where they are no more.

        Parameters
        ----------
        n_rows : int
            How many.
        random_state : numpy.random.RandomState
            Source of the choice.

        Returns
        -------
        Rows
            These.
        """
        chosen = sample(np.arange(len(self)), n_rows, random_state)
        return self if len(chosen) == len(self) else self.take(chosen)

    def distinct(self):
        """Make one row of equal ones, so that a copy is never held out.

        A row of weight 2 and two equal rows are then the same table, and equal weights
        are none.

        Returns
        -------
        rows : Rows
            The distinct rows, sorted where any were equal, with the sums of their
            weights.
        place : ndarray or slice
            Where each of the given rows went.
        """
        rows = self._without_equal_weights()
        # A sort of one column is cheap, and most tables end here.
        if rows.weight is None and _all_different(rows.y):
            return rows, slice(None)
        first, place = _distinct([*rows._setting_columns(), rows.y])
        if len(first) == 1 or (rows.weight is None and len(first) == len(rows)):
            return rows, slice(None)
        weight = np.bincount(place, weights=rows.weight)
        merged = replace(rows.take(first), weight=weight)
        return merged._without_equal_weights(), place

    def settings(self):
        """Make one row of those of equal inputs: their mean, with all their weight.

        For a squared loss the two are the same, and no fold learns the noise of a
        setting that another one holds out.

        Returns
        -------
        rows : Rows
            A row for each setting.
        place : ndarray or slice
            Which setting each of the rows has.
        """
        if any(_all_different(column) for column in self.X.T):
            return self, slice(None)
        first, place = _distinct(self._setting_columns())
        if not MIN_SETTINGS <= len(first) < len(self):
            return self, slice(None)
        weight = np.bincount(place, weights=self.weight)
        share = (
            1 / weight[place] if self.weight is None else self.weight / weight[place]
        )
        # Of equal numbers the mean is that number, to the last bit.
        origin = self.y[first]
        y = origin + np.bincount(place, weights=share * (self.y - origin[place]))
        rows = replace(self.take(first), y=y, weight=weight)
        return rows._without_equal_weights(), place

    def folds(self, n_estimators, validation_fraction, random_state):
        """Choose the rows that train each member, and the rows held out from it.

        Parameters
        ----------
        n_estimators : int
            Number of members. Several members hold out every row once between them.
        validation_fraction : float
            The share of the rows, or of the groups, that a single member holds out.
        random_state : int, RandomState instance or None
            Source of the shuffle.

        Returns
        -------
        list of (ndarray, ndarray)
            Training rows and held-out rows of each member, whole groups each.
        """
        grouped = self.groups is not None
        n_units = self.groups.max() + 1 if grouped else len(self)
        rows = np.empty((len(self), 0))
        if n_estimators == 1:
            splitter = GroupShuffleSplit if grouped else ShuffleSplit
            n_held_out = max(1, int(validation_fraction * n_units))
            splitter = splitter(1, test_size=n_held_out, random_state=random_state)
            return list(splitter.split(rows, groups=self.groups))
        n_splits = min(n_estimators, n_units)
        splitter = GroupKFold if grouped else KFold
        splitter = splitter(n_splits, shuffle=True, random_state=random_state)
        folds = list(splitter.split(rows, groups=self.groups))
        # Fewer rows than members: the folds come round again.
        return [folds[k % n_splits] for k in range(n_estimators)]

    def _setting_columns(self):
        return [*self.X.T, *([] if self.groups is None else [self.groups])]

    def _without_equal_weights(self):
        if self.weight is None or np.ptp(self.weight) > 0:
            return self
        return replace(self, weight=None)


def sample(indices, n_samples, random_state):
    """Draw some of the indices, or return them all where they are no more.

    Parameters
    ----------
    indices : ndarray of shape (n_indices,)
        Indices of rows.
    n_samples : int
        How many.
    random_state : numpy.random.RandomState
        Source of the choice.

    Returns
    -------
    ndarray of shape (n_samples,) or less
        Some of them.
    """
    if len(indices) <= n_samples:
        return indices
    return random_state.choice(indices, n_samples, replace=False)


def _all_different(column):
    return len(np.unique(column)) == len(column)


def _distinct(columns):
    """Find the first of each set of equal rows, and the place of each row among them.

    The distinct rows are in the order of the last column, then of the one before.
    """
    order = np.lexsort(columns)
    is_first = np.arange(len(order)) == 0
    for column in columns:
        column = column[order]
        is_first[1:] |= column[1:] != column[:-1]
    place = np.empty_like(order)
    place[order] = np.cumsum(is_first) - 1
    return order[is_first], place
