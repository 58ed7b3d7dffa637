"""On which tables are the estimators measured?

On functions with a known formula, where the error against the noise-free truth can be
had, and on the airfoil measurements, where it cannot. A formula of
`sklearn_5d.datasets` is an entry here by its name alone; a table is one more line in
`load_datasets`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import GroupKFold, ShuffleSplit

from sklearn_5d.datasets import FUNCTIONS, load_airfoil_self_noise, make_function

N_TEST = 10_000


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

    Parameters
    ----------
    name : str
        Its name in `sklearn_5d.datasets.FUNCTIONS`.
    """

    name: str
    n_samples = None

    def split(self, n_samples, noise, seed):
        """Sample rows to fit on and `N_TEST` rows to judge by.

        Parameters
        ----------
        n_samples : int
            Rows to fit on.
        noise : float
            Sd of the noise divided by the sd of the noise-free target.
        seed : int
            Seed of the rows and of their noise.

        Returns
        -------
        split : Split
        """
        train_rng, test_rng = map(np.random.RandomState, ([seed, 0], [seed, 1]))
        X_test, truth = make_function(self.name, N_TEST, random_state=test_rng)
        noise_sd = noise * truth.std()
        X_train, y_train = make_function(
            self.name, n_samples, noise=noise_sd, random_state=train_rng
        )
        y_test = truth + noise_sd * test_rng.standard_normal(N_TEST)
        return Split(X_train, y_train, X_test, y_test, truth)


@dataclass(frozen=True)
class Table:
    """Measured rows, of which four fifths are fitted and one fifth is held out.

    Parameters
    ----------
    name : str
        Name in the rows and in the report.
    X : ndarray of shape (n_samples, 5)
        Inputs.
    y : ndarray of shape (n_samples,)
        Target.
    groups : ndarray of shape (n_samples,), default=None
        Rows of one group are never split; None splits row by row.
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
        """Hold out a fifth of the rows.

        Parameters
        ----------
        n_samples, noise : object
            Ignored: a measured table has its own.
        seed : int
            Seed of the random split, or number of the fold of the grouped one.

        Returns
        -------
        split : Split
        """
        if self.groups is None:
            splitter = ShuffleSplit(1, test_size=0.2, random_state=seed)
            folds, fold = splitter.split(self.X), 0
        else:
            splitter = GroupKFold(5, shuffle=True, random_state=0)
            folds, fold = splitter.split(self.X, groups=self.groups), seed % 5
        train, test = list(folds)[fold]
        y_test = self.y[test]
        return Split(self.X[train], self.y[train], self.X[test], y_test, y_test)


def load_datasets():
    """Collect every dataset.

    Returns
    -------
    datasets : dict
        Formula or Table by name.
    """
    datasets = {name: Formula(name) for name in FUNCTIONS}
    X, y = load_airfoil_self_noise(return_X_y=True)
    # One operating point is one angle, chord, velocity and thickness; its rows differ
    # in frequency alone, so a random split interpolates inside a measured spectrum.
    operating_point = np.unique(X[:, 1:], axis=0, return_inverse=True)[1].ravel()
    tables = (
        Table("airfoil_random", X, y),
        Table("airfoil_grouped", X, y, groups=operating_point),
    )
    return datasets | {table.name: table for table in tables}
