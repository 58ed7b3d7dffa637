"""Standardisation of columns of any size and of any origin."""

import numpy as np
from sklearn.preprocessing import StandardScaler

# A range below so many units of rounding is that of a constant.
CONSTANT_RANGE = 8 * np.finfo(np.float64).eps
# Closer together than this beside their size, values lose digits in a sum of squares.
NARROW_RANGE = 1e-6


def skewness(Z):
    """Compute the third standardised moment of each column, 0 where it is constant."""
    if Z.ndim == 2:
        return np.array([skewness(column) for column in Z.T])
    Z = Z - Z.mean(dtype=np.float64)
    sd = Z.std()
    return np.mean((Z / (sd if sd > 0 else 1)) ** 3)


def column_range(X):
    """Return the smallest and the largest value of each column, in float64."""
    return np.array([X.min(axis=0), X.max(axis=0)], dtype=np.float64)


def fit_standard_scaler(X, sample_weight=None):
    """Fit a `StandardScaler` to columns of any size and of any origin.

    Wherever `StandardScaler` is exact itself, the result is the same to the last bit.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The columns.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    StandardScaler
        The fitted scaler. A constant column has its size for a scale.
    """
    low, high = column_range(X)
    # A power of two changes no bit, and no square overflows or vanishes after it.
    size = np.exp2(np.frexp(np.maximum(high, -low))[1])
    spread = high / size - low / size
    origin = np.where(spread < NARROW_RANGE, low / size, 0)
    Z = X / size
    Z -= origin
    scaler = StandardScaler().fit(Z, sample_weight=sample_weight)
    scaler.scale_[spread < CONSTANT_RANGE] = 1
    scaler.mean_ = (scaler.mean_ + origin) * size
    scaler.var_ *= size**2
    scaler.scale_ *= size
    return scaler
