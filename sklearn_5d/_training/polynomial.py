"""Polynomial chaos: a polynomial that teaches the networks where it knows more.

Least squares on products of Legendre polynomials find a function of low order from few
rows, to rounding where there is no noise, and one with heavy tails in spite of it.
`distillation` passes the knowledge on.

References
----------
Xiu and Karniadakis (2002). The Wiener-Askey polynomial chaos for stochastic
differential equations. SIAM Journal on Scientific Computing 24, 619-644.
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.linalg import cho_factor, cho_solve
from scipy.special import comb
from sklearn.preprocessing import PolynomialFeatures

from . import defaults

# In units of the mean diagonal of the Gram matrix: it makes the system regular where
# rows cannot tell the terms apart.
RIDGE = 1e-12


class Polynomial(NamedTuple):
    """A polynomial of inputs in this range, and its leave-one-out error."""

    low: np.ndarray
    high: np.ndarray
    powers: np.ndarray
    coef: np.ndarray
    noise_variance: float

    def predict(self, X):
        """Compute the polynomial."""
        return _basis(X, self.low, self.high, self.powers) @ self.coef


def _basis(X, low, high, powers):
    """Compute products of normalised Legendre polynomials on [low, high]."""
    degree = powers.max()
    width = np.where(high > low, high - low, 1)
    norms = np.sqrt(2 * np.arange(degree + 1) + 1)
    basis = np.ones((len(X), len(powers)))
    for x, power in zip((2 * (X - low) / width - 1).T, powers.T, strict=True):
        basis *= (legvander(x, degree) * norms)[:, power]
    return basis


def choose_degree(rows, random_state):
    """Find the degree with the least leave-one-out error.

    Higher ones are tried until two in a row have not lowered the error, or there are
    more than 0.7 times as many terms as rows, or 300.

    Parameters
    ----------
    rows : Rows
        Rows at the network's scale.
    random_state : numpy.random.RandomState
        Source of the rows that are used, where there are more than 2,000.

    Returns
    -------
    degree : int
        The degree.
    seed : int
        Source of the rows that `fit_polynomial` uses.
    """
    seed = random_state.randint(np.iinfo(np.int32).max)
    rows = rows.sample(defaults.MAX_DEGREE_ROWS, random_state)
    n_features = rows.X.shape[1]
    max_terms = min(defaults.MAX_TERMS, defaults.MAX_TERM_SHARE * len(rows))
    best, least, degree = 0, np.inf, 0
    while degree <= best + 2:
        if comb(n_features + degree, degree) > max_terms:
            break
        error = fit_polynomial(degree, seed, rows).noise_variance
        if error < least:
            best, least = degree, error
        degree += 1
    return best, seed


def fit_polynomial(degree, seed, rows):
    """Fit a polynomial by least squares.

    An input of few levels has fewer powers: the others would be zero at the levels, and
    anything between them.

    Parameters
    ----------
    degree : int
        The total degree.
    seed : int
        Source of the rows that are used, where there are more than 4,000.
    rows : Rows
        Rows at the network's scale.

    Returns
    -------
    Polynomial
        The polynomial.
    """
    rows = rows.sample(defaults.MAX_POLYNOMIAL_ROWS, np.random.RandomState(seed))
    low, high = rows.X.min(axis=0), rows.X.max(axis=0)
    powers = PolynomialFeatures(degree).fit(rows.X[:1]).powers_
    n_levels = [len(np.unique(column)) for column in rows.X.T]
    powers = powers[(powers < n_levels).all(axis=1)]
    basis = _basis(rows.X, low, high, powers)
    weighted = basis if rows.weight is None else basis * rows.weight[:, None]
    gram = weighted.T @ basis
    gram[np.diag_indices_from(gram)] += RIDGE * gram.diagonal().mean()
    factor = cho_factor(gram, lower=True)
    coef = cho_solve(factor, weighted.T @ rows.y)
    leverage = np.einsum("ij,ji->i", weighted, cho_solve(factor, basis.T))
    residual = (rows.y - basis @ coef) / np.maximum(1 - leverage, RIDGE)
    error = np.average(residual**2, weights=rows.weight)
    return Polynomial(low, high, powers, coef, float(error))
