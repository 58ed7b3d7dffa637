"""How inputs and target are brought to the network's scale and back.

Every scaling is a fitted scikit-learn transformer, so that a fitted model can leave
the package. All of them are equivariant: a change of the units or of the origin of a
column or of the target changes nothing that the network sees.
"""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

INPUT_TRANSFORMS = ("standard", "yeo-johnson")
# What straightens a target, and its inverse.
TARGET_FUNCTIONS = {"log": (np.log, np.exp), "arcsinh": (np.arcsinh, np.sinh)}
TARGET_TRANSFORMS = ("standard", *TARGET_FUNCTIONS)

# The log is taken of the distance to the smallest target, in units of the median's
# distance, plus this: small enough to straighten several decades.
LOG_OFFSET = 0.01
# In a distance below this share of its origin, rounding would swallow the offset.
MIN_SPREAD = 1e-11

# A range below so many units of rounding is that of a constant.
CONSTANT_RANGE = 8 * np.finfo(np.float64).eps
# Closer together than this beside their size, values lose digits in a sum of squares.
NARROW_RANGE = 1e-6
# As far outside as nobody means it, numbers stop here before they overflow.
MAX_SCALED, MAX_EXPONENT = 1e30, 300


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


def fit_input_scaler(X, transform, sample_weight=None):
    """Fit the scaling of the inputs.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The inputs.
    transform : {"standard", "yeo-johnson"}
        Standardisation alone, or followed by a Yeo-Johnson transformation.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows in the standardisation.

    Returns
    -------
    transformer
        A `StandardScaler`, or a pipeline of it and a `PowerTransformer`.
    """
    # Arrays inside, whatever the user has configured for outside.
    standard = fit_standard_scaler(X, sample_weight).set_output(transform="default")
    if transform == "standard":
        return standard
    power = PowerTransformer().set_output(transform="default")
    power.fit(standard.transform(X))
    return make_pipeline(standard, power)


def scale_inputs(scaler, X):
    """Bring inputs to the network's scale, without the transformer's own checks.

    Parameters
    ----------
    scaler : transformer
        A result of `fit_input_scaler`.
    X : ndarray of shape (n_samples, n_features)
        The inputs, float32 or float64.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The scaled inputs in float64 and in Fortran order, the network's own, within
        the limits of what float32 holds after some layers.
    """
    standard = scaler if isinstance(scaler, StandardScaler) else scaler[0]
    Z = np.empty(X.shape[::-1])
    with np.errstate(over="ignore"):
        np.subtract(X.T, standard.mean_[:, None], out=Z)
        Z /= standard.scale_[:, None]
    np.maximum(np.minimum(Z, MAX_SCALED, out=Z), -MAX_SCALED, out=Z)
    if standard is scaler:
        return Z.T
    return scaler[1].transform(Z.T).clip(-MAX_SCALED, MAX_SCALED)


def input_slope(scaler, X):
    """Compute the derivative of the scaled inputs by the inputs, elementwise.

    Parameters
    ----------
    scaler : transformer
        A result of `fit_input_scaler`.
    X : ndarray of shape (n_samples, n_features)
        The inputs.

    Returns
    -------
    ndarray
        The derivatives, broadcastable to the shape of `X`.
    """
    if isinstance(scaler, StandardScaler):
        return 1 / scaler.scale_
    standard, power = scaler[0], scaler[1]
    Z = scale_inputs(standard, X)
    # Yeo and Johnson (2000): (1 + z)^(lambda - 1), and its mirror image for z < 0.
    exponent = np.where(Z >= 0, power.lambdas_ - 1, 1 - power.lambdas_)
    return (1 + np.abs(Z)) ** exponent / (power._scaler.scale_ * standard.scale_)


def fit_target_scaler(y, transform, sample_weight=None):
    """Fit the scaling of the target.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The target.
    transform : {"standard", "log", "arcsinh"}
        Standardisation alone, or of the logarithm of the distance to the smallest
        target, or of the inverse hyperbolic sine of the distance to the median.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows in the standardisation.

    Returns
    -------
    transformer
        A `StandardScaler`, or a pipeline of one, a `FunctionTransformer` and another
        one. Its input has shape (n_samples, 1).
    """
    column = y.reshape(-1, 1)
    if transform == "standard":
        return fit_standard_scaler(column, sample_weight)
    if transform not in feasible_target_transforms(y):
        raise ValueError(
            f"y_transform={transform!r} has no scale for a target that is the same on "
            "half of the rows; y_transform='standard' has."
        )
    first = fit_standard_scaler(column)
    median = np.median(y)
    if transform == "log":
        spread = median - y.min()
        first.mean_[:] = y.min() - LOG_OFFSET * spread
    else:
        spread = np.median(np.abs(y - median))
        first.mean_[:] = median
    function = FunctionTransformer(*TARGET_FUNCTIONS[transform])
    function.set_output(transform="default")
    first.scale_[:] = spread
    first.var_[:] = spread**2
    inner = function.fit_transform((column - first.mean_) / first.scale_)
    last = StandardScaler().fit(inner, sample_weight=sample_weight)
    return make_pipeline(first, function, last)


def feasible_target_transforms(y):
    """Name the transformations that are defined for this target."""
    low, median = y.min(), np.median(y)
    spread = np.median(np.abs(y - median))
    return [
        "standard",
        *(["log"] if median - low > MIN_SPREAD * abs(low) else []),
        *(["arcsinh"] if spread > MIN_SPREAD * abs(median) else []),
    ]


def to_target(scaler, z):
    """Bring outputs of the network to the units of the target.

    Parameters
    ----------
    scaler : transformer
        A result of `fit_target_scaler`.
    z : ndarray of shape (n_samples,)
        Outputs of the network.

    Returns
    -------
    ndarray of shape (n_samples,)
        Targets in their own units.
    """
    if isinstance(scaler, StandardScaler):
        return z * scaler.scale_ + scaler.mean_
    first, function, last = scaler[0], scaler[1], scaler[2]
    inner = np.clip(z * last.scale_ + last.mean_, -MAX_EXPONENT, MAX_EXPONENT)
    return function.inverse_func(inner) * first.scale_ + first.mean_


def from_target(scaler, y):
    """Bring targets to the network's scale, the inverse of `to_target`."""
    if isinstance(scaler, StandardScaler):
        return (y - scaler.mean_) / scaler.scale_
    first, function, last = scaler[0], scaler[1], scaler[2]
    distance = (y - first.mean_) / first.scale_
    if function.func is np.log:
        # A validation row may lie below every target that the scaling was fitted on.
        distance = np.maximum(distance, LOG_OFFSET)
    return (function.func(distance) - last.mean_) / last.scale_


def target_slope(scaler, z):
    """Compute the derivative of the target by the output of the network.

    Parameters
    ----------
    scaler : transformer
        A result of `fit_target_scaler`.
    z : ndarray of shape (n_samples,)
        Outputs of the network.

    Returns
    -------
    ndarray
        The derivatives, broadcastable to the shape of `z`.
    """
    if isinstance(scaler, StandardScaler):
        return scaler.scale_
    first, function, last = scaler[0], scaler[1], scaler[2]
    inner = np.clip(z * last.scale_ + last.mean_, -MAX_EXPONENT, MAX_EXPONENT)
    slope = np.exp(inner) if function.func is np.log else np.cosh(inner)
    return slope * first.scale_ * last.scale_
