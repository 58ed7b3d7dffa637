"""On which tables are the estimators measured?

On functions with a known formula, where the error against the noise-free truth can be
had, and on measured tables, where it cannot: the airfoil measurements, and every CSV of
a folder that ``--tables`` names.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import GroupKFold, KFold

from sklearn_5d.datasets import FUNCTIONS, load_airfoil_self_noise, make_function

N_TEST = 10_000
N_FOLDS = 3


class Split(NamedTuple):
    """Rows to fit on and fresh rows to judge by.

    `y_test` has the noise of `y_train`, as an interval has to cover it; `truth` is the
    same without noise, where that is known.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Formula:
    """A function of `sklearn_5d.datasets`, sampled anew for every seed.

    With `growing`, the sd of the noise grows tenfold from one end of the first input
    to the other, and its mean square is that of constant noise.
    """

    name: str
    function: str
    growing: bool = False
    n_samples = None

    def split(self, n_samples, noise, seed):
        """Sample rows to fit on and `N_TEST` to judge by; `noise` is a share of the sd.

        Rows are the same for every noise.
        """
        train_rng, test_rng = map(np.random.RandomState, ([seed, 0], [seed, 1]))
        X_test, truth = make_function(self.function, N_TEST, random_state=test_rng)
        X, y = make_function(self.function, n_samples, random_state=train_rng)
        low, high = X_test[:, 0].min(), X_test[:, 0].max()

        def noisy(X, y, rng):
            share = (X[:, 0] - low) / (high - low) if self.growing else 0.0
            mean_square = (10**2 - 1) / (2 * np.log(10)) if self.growing else 1.0
            sd = noise * truth.std() * 10**share / np.sqrt(mean_square)
            return y + sd * rng.standard_normal(len(y))

        y_train, y_test = noisy(X, y, train_rng), noisy(X_test, truth, test_rng)
        return Split(X, y_train, X_test, y_test, truth)


@dataclass(frozen=True)
class Table:
    """Measured rows in `N_FOLDS` folds, one of which is held out.

    Rows of one group are never split; without groups the split is row by row.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None

    @property
    def n_samples(self):
        """Rows of the table; those of a formula are as many as asked for."""
        return len(self.y)

    def split(self, n_samples, noise, seed):
        """Hold out fold number `seed`; rows and noise are the table's own."""
        kind = KFold if self.groups is None else GroupKFold
        folds = kind(N_FOLDS, shuffle=True, random_state=0)
        train, test = list(folds.split(self.X, groups=self.groups))[seed % N_FOLDS]
        y_test = self.y[test]
        return Split(self.X[train], self.y[train], self.X[test], y_test, y_test)


FORMULAS = {name: Formula(name, name) for name in FUNCTIONS}
FORMULAS["friedman1_growing_noise"] = Formula(
    "friedman1_growing_noise", "friedman1", growing=True
)


def load_tables(folder=None):
    """Load the airfoil measurements, and each CSV of a folder (header, target last)."""
    X, y = load_airfoil_self_noise(return_X_y=True)
    # One operating point is one angle, chord, velocity and thickness; its rows differ
    # in frequency alone, so a random split interpolates inside a measured spectrum.
    operating_point = np.unique(X[:, 1:], axis=0, return_inverse=True)[1].ravel()
    tables = [Table("airfoil", X, y), Table("airfoil_grouped", X, y, operating_point)]
    paths = sorted(Path(folder).glob("*.csv")) if folder else []
    if folder and not paths:
        raise ValueError(f"Got no CSV file in {folder}, expected at least one.")
    for path in paths:
        rows = np.loadtxt(path, delimiter=",", skiprows=1)
        tables.append(Table(path.stem, rows[:, :-1], rows[:, -1]))
    return {table.name: table for table in tables}
