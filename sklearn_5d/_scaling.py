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


def skewness(Z):
    """Compute the third standardised moment of each column, 0 where it is constant."""
    Z = Z - Z.mean(axis=0)
    sd = Z.std(axis=0)
    return np.mean((Z / np.where(sd > 0, sd, 1)) ** 3, axis=0)


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
    standard = StandardScaler().set_output(transform="default")
    standard.fit(X, sample_weight=sample_weight)
    if transform == "standard":
        return standard
    power = PowerTransformer().set_output(transform="default")
    power.fit(standard.transform(X))
    return make_pipeline(standard, power)


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
    Z = standard.transform(X)
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
        return StandardScaler().fit(column, sample_weight=sample_weight)
    if transform not in feasible_target_transforms(y):
        raise ValueError(
            f"y_transform={transform!r} has no scale for a target that is the same on "
            "half of the rows; y_transform='standard' has."
        )
    first = StandardScaler().fit(column)
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
    median = np.median(y)
    return [
        "standard",
        *(["log"] if median > y.min() else []),
        *(["arcsinh"] if np.median(np.abs(y - median)) > 0 else []),
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
    inner = function.inverse_func(z * last.scale_ + last.mean_)
    return inner * first.scale_ + first.mean_


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
    inner = z * last.scale_ + last.mean_
    slope = np.exp(inner) if function.func is np.log else np.cosh(inner)
    return slope * first.scale_ * last.scale_
