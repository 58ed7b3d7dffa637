"""The scaling of the target."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ._standard import fit_standard_scaler
from ._steps import LOG_OFFSET, TARGET_FUNCTIONS, steps_of

TARGET_TRANSFORMS = ("standard", *TARGET_FUNCTIONS)

# In a distance below this share of its origin, rounding would swallow the offset.
MIN_SPREAD = 1e-11


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
    origin, spread = _origin_and_spread(y, transform)
    if not _is_feasible(y, transform):
        raise ValueError(
            f"y_transform={transform!r} has no scale for a target that is the same on "
            f"half of the rows, or nearly so beside its size: the median distance to "
            f"{origin:.6g} is {spread:.2g}, expected more than "
            f"{MIN_SPREAD * abs(origin):.2g}; y_transform='standard' has one."
        )
    first = fit_standard_scaler(column)
    first.mean_[:] = origin - LOG_OFFSET * spread if transform == "log" else origin
    function, inverse, _ = TARGET_FUNCTIONS[transform]
    function = FunctionTransformer(function, inverse)
    function.set_output(transform="default")
    first.scale_[:] = spread
    first.var_[:] = spread**2
    inner = function.fit_transform((column - first.mean_) / first.scale_)
    last = StandardScaler().fit(inner, sample_weight=sample_weight)
    return make_pipeline(first, function, last)


def feasible_target_transforms(y):
    """Name the transformations that are defined for this target."""
    return ["standard", *(each for each in TARGET_FUNCTIONS if _is_feasible(y, each))]


def _is_feasible(y, transform):
    origin, spread = _origin_and_spread(y, transform)
    return spread > MIN_SPREAD * abs(origin)


def _origin_and_spread(y, transform):
    """Return from where distances are measured, and the median distance."""
    median = np.median(y)
    if transform == "log":
        return y.min(), median - y.min()
    return median, np.median(np.abs(y - median))


class TargetScaling:
    """From a target in any units to that of the networks, and back.

    Parameters
    ----------
    transformer : transformer
        A result of `fit_target_scaler`.
    """

    def __init__(self, transformer):
        self.steps = steps_of(transformer)

    @property
    def lowest(self):
        """The output for the smallest target, where there is a logarithm of them."""
        return self.transform(np.array([-np.inf]))[0]

    def transform(self, y):
        """Bring targets to the network's scale.

        Parameters
        ----------
        y : ndarray of shape (n_samples,)
            Targets in their own units.

        Returns
        -------
        ndarray of shape (n_samples,)
            Targets at the network's scale.
        """
        for step in self.steps:
            y = step.transform(y)
        return y

    def inverse(self, z):
        """Bring outputs of the network to the units of the target.

        Parameters
        ----------
        z : ndarray of shape (n_samples,)
            Outputs of the network.

        Returns
        -------
        ndarray of shape (n_samples,)
            Targets in their own units.
        """
        for step in reversed(self.steps):
            z = step.inverse(z)
        return z

    def slope(self, z):
        """Compute the derivative of the target by the output of the network.

        Parameters
        ----------
        z : ndarray of shape (n_samples,)
            Outputs of the network.

        Returns
        -------
        ndarray
            The derivatives, broadcastable to the shape of `z`.
        """
        slope = 1.0
        for step in reversed(self.steps):
            slope = slope * step.inverse_slope(z)
            z = step.inverse(z)
        return slope
