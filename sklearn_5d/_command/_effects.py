"""What the inputs do: importance, partial dependence and gradients."""

from typing import NamedTuple

import numpy as np
from sklearn.inspection import permutation_importance

# Held-out rows that are enough for two digits.
MAX_ROWS = 1_000
# Rows whose other inputs stand for the table's, and points along an input.
BACKGROUND_ROWS, GRID_POINTS = 100, 20
N_REPEATS = 5


class Effects(NamedTuple):
    """What one model says about the inputs.

    Parameters
    ----------
    importance : ndarray of shape (n_features, n_repeats)
        By how much the RMSE on held-out rows rises when an input is shuffled.
    grids : list of ndarray
        Points along each input.
    curves : list of ndarray of shape (n_rows, n_points)
        The prediction there, with the other inputs of some rows of the table.
    gradient : ndarray of shape (n_rows, n_features)
        The gradient at held-out rows.
    """

    importance: np.ndarray
    grids: list
    curves: list
    gradient: np.ndarray


def measure_effects(model, X, y, test, seed):
    """Ask a fitted model what the inputs do.

    Parameters
    ----------
    model : FiveDRegressor
        The model.
    X : ndarray of shape (n_samples, n_features)
        The inputs of the table.
    y : ndarray of shape (n_samples,)
        Its target.
    test : ndarray of int
        The rows that the model has not seen.
    seed : int
        Seed of samples and permutations; the background is the same in each fold.

    Returns
    -------
    Effects
        What it says.
    """
    rng = np.random.default_rng(seed)
    n_samples = len(y)
    background = rng.choice(n_samples, min(n_samples, BACKGROUND_ROWS), replace=False)
    some = rng.choice(test, min(len(test), MAX_ROWS), replace=False)
    importance = permutation_importance(
        model,
        X[some],
        y[some],
        scoring="neg_root_mean_squared_error",
        n_repeats=N_REPEATS,
        random_state=seed,
    )
    grids = [_grid(column) for column in X[background].T]
    return Effects(
        importance=importance.importances,
        grids=grids,
        curves=[_curves(model, X[background], i, grid) for i, grid in enumerate(grids)],
        gradient=model.predict_gradient(X[some]),
    )


def _grid(values):
    """Choose points along an input: its values, or some where it has many."""
    distinct = np.unique(values)
    if len(distinct) < GRID_POINTS:
        return distinct
    return np.linspace(distinct[0], distinct[-1], GRID_POINTS)


def _curves(model, X, i, grid):
    """Predict each row with each point of the grid in the place of its input.

    As `sklearn.inspection.partial_dependence`, which finds no grid in a narrow range.
    """
    rows = np.repeat(X, len(grid), axis=0)
    rows[:, i] = np.tile(grid, len(X))
    return model.predict(rows).reshape(len(X), len(grid))
