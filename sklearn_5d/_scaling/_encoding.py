"""The piecewise-linear encoding of inputs along which the target has steps.

An input becomes several codes, one for each interval between its knots. A code rises
from 0 to 1 over its interval and is constant outside, but for the first and the last
one, which go on. A network of codes bends at the knots, and has a step where two of
them are close.

Scikit-learn and NumPy have all the parts: choose the input of each code, subtract the
knot, divide by the width, clip.

References
----------
Gorishniy, Rubachev and Babenko (2022). On embeddings for numerical features in tabular
deep learning. arXiv:2203.05556.
"""

from typing import NamedTuple

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ._steps import MAX_SCALED, Selection


class Knots(NamedTuple):
    """Where the knots of an encoding are.

    Parameters
    ----------
    n_bins : int
        Intervals of equal numbers of rows between the smallest and the largest value.
    max_steps : int
        Steps that a regression tree may find in all the inputs together. On both sides
        of each is a knot, at the values next to it.
    min_share : float
        The share of the rows between two steps, at least.
    """

    n_bins: int
    max_steps: int
    min_share: float


# On a table with one jump the first has 0.7 times the error of gradient boosting, and
# the second 1.3 times; on seven rough ones the second is better.
ENCODINGS = {
    "steps": Knots(n_bins=1, max_steps=7, min_share=0.01),
    "piecewise-linear": Knots(n_bins=32, max_steps=127, min_share=0.005),
}
# A bin has so many rows, and so many rows are between two steps, at least.
MIN_BIN_ROWS, MIN_STEP_ROWS = 8, 5
# A tree on all rows would take longer, and would not know better.
MAX_TREE_ROWS = 20_000
# Knots closer than this beside the standard deviation are one.
MIN_WIDTH = 1e-9


def fit_encoder(Z, y, kind, sample_weight=None):
    """Fit the encoding of standardised inputs.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features)
        Standardised inputs.
    y : ndarray of shape (n_samples,)
        The target.
    kind : {"steps", "piecewise-linear"}
        A key of `ENCODINGS`.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    Pipeline
        A `FunctionTransformer` that chooses columns, a `StandardScaler`, and a
        `FunctionTransformer` that clips.
    """
    chosen = ENCODINGS[kind]
    thresholds = _find_steps(Z, y, chosen, sample_weight)
    knots = [
        _knots(column, chosen.n_bins, each)
        for column, each in zip(Z.T, thresholds, strict=True)
    ]
    columns = np.repeat(np.arange(len(knots)), [len(each) - 1 for each in knots])
    scaler = StandardScaler()
    scaler.mean_ = np.concatenate([each[:-1] for each in knots])
    scaler.scale_ = np.concatenate([np.diff(each) for each in knots])
    scaler.var_, scaler.n_samples_seen_ = scaler.scale_**2, len(Z)
    scaler.n_features_in_ = len(columns)
    starts = Selection(columns).starts
    low, high = np.zeros(len(columns)), np.ones(len(columns))
    ends = np.append(starts[1:], len(columns)) - 1
    low[starts], high[ends] = -MAX_SCALED, MAX_SCALED
    take = FunctionTransformer(np.take, kw_args={"indices": columns, "axis": 1})
    clip = FunctionTransformer(np.clip, kw_args={"a_min": low, "a_max": high})
    for each in (take, scaler, clip):
        each.set_output(transform="default")
    return make_pipeline(take, scaler, clip)


def _find_steps(Z, y, chosen, sample_weight):
    """Find for each column the thresholds of a regression tree on all of them."""
    # Trees would lengthen the import of the package.
    from sklearn.tree import DecisionTreeRegressor

    some = slice(None, None, -(-len(Z) // MAX_TREE_ROWS))
    Z, y = Z[some], y[some]
    tree = DecisionTreeRegressor(
        max_leaf_nodes=chosen.max_steps + 1,
        min_samples_leaf=max(MIN_STEP_ROWS, int(chosen.min_share * len(Z))),
        random_state=0,
    )
    weight = None if sample_weight is None else sample_weight[some]
    tree = tree.fit(Z, y, sample_weight=weight).tree_
    return [tree.threshold[tree.feature == k] for k in range(Z.shape[1])]


def _knots(column, n_bins, thresholds):
    values = np.unique(column)
    if len(values) == 1:
        return np.array([values[0], values[0] + 1])
    if len(values) <= n_bins:
        return _apart(values)
    n_bins = max(1, min(n_bins, len(column) // MIN_BIN_ROWS))
    after = np.searchsorted(values, thresholds).clip(1, len(values) - 1)
    knots = np.quantile(column, np.linspace(0, 1, n_bins + 1))
    return _apart(np.unique([*knots, *values[after - 1], *values[after]]))


def _apart(knots):
    """Leave out knots that are too close to the one before; the ends stay."""
    inner = knots[1:-1]
    is_apart = np.diff(knots[:-1]) > MIN_WIDTH
    is_apart &= knots[-1] - inner > MIN_WIDTH
    return np.array([knots[0], *inner[is_apart], knots[-1]])


class Codes:
    """Inputs that are encoded when they are asked for: all at once may be too many.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs before the encoding.
    steps : list
        What encodes them.
    dtype : dtype, default=float64
        The type of the codes.
    """

    def __init__(self, X, steps, dtype=np.float64):
        self.X, self.steps, self.dtype = X, steps, np.dtype(dtype)

    def __len__(self):
        """Return the number of rows."""
        return len(self.X)

    @property
    def shape(self):
        """The number of rows and that of codes."""
        return len(self.X), len(self.steps[-1].low)

    def __getitem__(self, rows):
        """Return some of the rows, not yet encoded."""
        return Codes(self.X[rows], self.steps, self.dtype)

    def astype(self, dtype):
        """Return the rows, to be encoded in another type."""
        return Codes(self.X, self.steps, dtype)

    def __array__(self, dtype=None, copy=None):
        """Encode the rows."""
        Z = self.steps[-1].transform(self._ramps())
        return Z.astype(dtype or self.dtype, copy=False)

    def _ramps(self):
        """Compute the codes before they are clipped."""
        selection, scaling, _ = self.steps
        Z = selection.transform(self.X)
        Z -= scaling.mean
        Z /= scaling.scale
        return Z

    def tangents(self):
        """Compute the derivatives of the codes by the inputs.

        Returns
        -------
        ndarray of shape (n_features, n_codes, n_samples)
            The derivatives; each code has a single one that is not zero.
        """
        selection, scaling, clip = self.steps
        slopes = clip.pull_back(self._ramps(), 1 / scaling.scale)
        is_input = np.arange(self.X.shape[1])[:, None] == selection.columns
        return (is_input[..., None] * slopes.T).astype(self.dtype)
