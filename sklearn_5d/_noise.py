"""The scale of the residuals as a smooth function of the inputs.

Two kinds of doubt meet in it. What more data would remove grows away from the rows: the
leverage of a row in the last layer of the networks, which is the posterior variance of
a linear model on what they have learnt. What they would not remove is the noise, and it
may depend on the inputs and on the size of the target. With u the inputs and the
prediction, squashed to (-1, 1) so that nothing grows without bound, and h the leverage,

    log scale = intercept + linear . u + u . quadratic . u + slope * log(h),

fitted by the likelihood of absolute residuals with exponential tails (a gamma
regression with a logarithmic link), which outliers do not dominate. Held-out likelihood
decides how much of it there is: all, the leverage alone, or a constant.
"""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import GammaRegressor
from sklearn.metrics import mean_gamma_deviance
from sklearn.preprocessing import PolynomialFeatures

from ._rows import Rows
from ._training.threads import mlp_warnings

# With fewer residuals, or groups of them, there is nothing to learn but their size.
MIN_ROWS = 50
N_FOLDS = 5
# A column of less spread is a constant.
CONSTANT = 1e-6
# What held-out deviance has to fall by for each step away from a constant.
MIN_GAIN = 0.005
# A standardised input of this size becomes tanh(1).
SQUASHED = 1.5
# The penalty on standardised coefficients: a prior of the same width at any number of
# rows, and enough of it against residuals that are no noise at all. The leverage is
# what extrapolates, and is penalised less.
MIN_ALPHA, ALPHA_ROWS = 0.03, 30
LEVERAGE_FREEDOM = 3
# A residual of zero has no logarithm: this share of the mean is added to each.
OFFSET = 1e-3
# How far outside of the scales of the training rows a prediction may go.
MARGIN = 2.0


@dataclass(frozen=True, eq=False)
class NoiseScale:
    """The fitted scale; all terms of a constant one are zero.

    Parameters
    ----------
    kind : {"constant", "leverage", "heteroscedastic"}
        Which terms there are.
    intercept : float
        The constant term of the logarithm.
    linear : ndarray of shape (n_terms,)
        Coefficients of the squashed inputs and prediction.
    quadratic : ndarray of shape (n_terms, n_terms)
        Coefficients of their products, an upper triangle.
    slope : float
        Coefficient of the logarithm of the leverage.
    limits : tuple of two floats
        The smallest and the largest logarithm.
    """

    kind: str
    intercept: float
    linear: np.ndarray
    quadratic: np.ndarray
    slope: float
    limits: tuple

    @classmethod
    def constant(cls, n_features):
        """Return the scale 1 everywhere."""
        n_terms = n_features + 1
        zeros = np.zeros(n_terms), np.zeros((n_terms, n_terms))
        return cls("constant", 0.0, *zeros, 0.0, (0.0, 0.0))

    def predict(self, Z, mean, leverage):
        """Compute the scale of the residual.

        Parameters
        ----------
        Z : ndarray of shape (n_samples, n_features)
            Standardised inputs.
        mean : ndarray of shape (n_samples,)
            Prediction at the network's scale.
        leverage : ndarray of shape (n_samples,)
            Leverage of the rows, positive.

        Returns
        -------
        ndarray of shape (n_samples,)
            The scale.
        """
        u = _squashed(Z, mean)
        logarithm = self.intercept + self.slope * np.log(leverage)
        logarithm += u @ self.linear + np.sum((u @ self.quadratic) * u, axis=1)
        return np.exp(np.clip(logarithm, *self.limits))


def _squashed(Z, mean):
    return np.tanh(np.column_stack([Z, mean]) / SQUASHED)


def fit_noise_scale(Z, mean, leverage, residual, weight, groups=None):
    """Fit the scale to residuals of rows that did not train what predicted them.

    Parameters
    ----------
    Z, mean, leverage : ndarray
        As in `NoiseScale.predict`.
    residual : ndarray of shape (n_samples,)
        The residuals at the network's scale.
    weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    groups : ndarray of shape (n_samples,), default=None
        Labels of the rows that belong together, whose residuals are alike.

    Returns
    -------
    noise : NoiseScale
        The scale that held-out likelihood prefers, the simplest of equals.
    scale : ndarray of shape (n_samples,)
        That of the same rows from fits without them: a scale that has seen a residual
        is too close to it.
    """
    unknown = NoiseScale.constant(Z.shape[1]), np.ones(len(Z))
    size = np.abs(residual)
    typical = np.average(size, weights=weight)
    if groups is not None:
        labels, groups = np.unique(groups, return_inverse=True)
    n_units = len(size) if groups is None else len(labels)
    if n_units < MIN_ROWS or not typical > 0:
        return unknown
    size = size / typical + OFFSET
    products = PolynomialFeatures(2, include_bias=False)
    design = np.column_stack(
        [products.fit_transform(_squashed(Z, mean)), np.log(leverage)]
    )
    unit = design.std(axis=0)
    unit[unit < CONSTANT] = 1
    unit[-1] /= LEVERAGE_FREEDOM
    alpha = max(MIN_ALPHA, ALPHA_ROWS / n_units)
    gamma = GammaRegressor(alpha=alpha, solver="newton-cholesky")
    # Each kind has the columns from its first one on.
    kinds = {
        "constant": (DummyRegressor(), -1),
        "leverage": (gamma, -1),
        "heteroscedastic": (gamma, 0),
    }
    # A line search may try a step that overflows, and takes a shorter one then.
    with mlp_warnings, np.errstate(over="ignore", invalid="ignore"):
        kind, scale = _best_kind(kinds, Rows(design / unit, size, weight, groups))
        if kind == "constant":
            return unknown
        first = kinds[kind][1]
        gamma.fit(design[:, first:] / unit[first:], size, weight)
    coef = np.zeros(design.shape[1])
    coef[first:] = gamma.coef_ / unit[first:]
    logarithm = gamma.intercept_ + design @ coef
    margin = np.log(MARGIN)
    n_terms = Z.shape[1] + 1
    quadratic = np.zeros((n_terms, n_terms))
    quadratic[np.triu_indices(n_terms)] = coef[n_terms:-1]
    limits = float(logarithm.min() - margin), float(logarithm.max() + margin)
    noise = NoiseScale(
        kind,
        float(gamma.intercept_),
        coef[:n_terms],
        quadratic,
        float(coef[-1]),
        limits,
    )
    return noise, scale.clip(*np.exp(limits))


def _best_kind(kinds, rows):
    """Name the kind of least held-out deviance; what is not simpler has to pay.

    Beside it stands what was predicted of the rows while they were held out.
    """
    folds = rows.folds(N_FOLDS, None, 0)
    best, least = None, np.inf
    for kind, (estimator, first) in kinds.items():
        columns = replace(rows, X=rows.X[:, first:])
        predicted = np.empty(len(rows))
        for train, held_out in folds:
            known = columns.take(train)
            estimator.fit(known.X, known.y, known.weight)
            predicted[held_out] = estimator.predict(columns.X[held_out])
        deviance = mean_gamma_deviance(rows.y, predicted, sample_weight=rows.weight)
        if deviance < least - MIN_GAIN:
            best, least = (kind, predicted), deviance
    return best
