"""The mathematics of the transformers: what each step does to rows, and its slope.

A fitted transformer is one step or a pipeline of several. `steps_of` knows their types;
nothing else in the package has to.
"""

from typing import NamedTuple

import numpy as np
from sklearn.preprocessing import FunctionTransformer, PowerTransformer

# As far outside as nobody means it, numbers stop here before they overflow.
MAX_SCALED, MAX_EXPONENT = 1e30, 300
# The log is taken of the distance to the smallest target, in units of the median's
# distance, plus this: small enough to straighten several decades.
LOG_OFFSET = 0.01


class Affine(NamedTuple):
    """Standardisation: (x - mean) / scale."""

    mean: np.ndarray
    scale: np.ndarray

    def transform(self, X):
        """Standardise, in float64 and in Fortran order, the network's own."""
        Z = np.empty(X.shape[::-1])
        with np.errstate(over="ignore"):
            np.subtract(X.T, self.mean.reshape(-1, *[1] * (X.ndim - 1)), out=Z)
            Z /= self.scale.reshape(-1, *[1] * (X.ndim - 1))
        return np.maximum(np.minimum(Z, MAX_SCALED, out=Z), -MAX_SCALED, out=Z).T

    def inverse(self, Z):
        """Undo `transform`."""
        return Z * self.scale + self.mean

    def slope(self, X):
        """Compute the derivative of `transform`."""
        return 1 / self.scale

    def inverse_slope(self, Z):
        """Compute the derivative of `inverse`."""
        return self.scale

    def pull_back(self, X, gradient):
        """Turn derivatives by the result into those by `X`."""
        return gradient * self.slope(X)


class YeoJohnson(NamedTuple):
    """The power transformation of Yeo and Johnson (2000), and standardisation."""

    transformer: PowerTransformer

    @property
    def lambdas(self):
        """The exponent of each column."""
        return self.transformer.lambdas_

    @property
    def standardization(self):
        """What `PowerTransformer` does after the power."""
        scaler = self.transformer._scaler
        return Affine(scaler.mean_, scaler.scale_)

    def transform(self, Z):
        """Transform, and standardise as `PowerTransformer` does."""
        return self.transformer.transform(Z).clip(-MAX_SCALED, MAX_SCALED)

    def slope(self, Z):
        """Compute the derivative of `transform`."""
        # (1 + z)^(lambda - 1), and its mirror image for z < 0.
        exponent = np.where(Z >= 0, self.lambdas - 1, 1 - self.lambdas)
        return (1 + np.abs(Z)) ** exponent / self.standardization.scale

    def pull_back(self, Z, gradient):
        """Turn derivatives by the result into those by `Z`."""
        return gradient * self.slope(Z)


class Selection(NamedTuple):
    """The input of each code, in the order of the inputs."""

    columns: np.ndarray

    @property
    def starts(self):
        """The first code of each input."""
        return np.flatnonzero(np.diff(self.columns, prepend=-1))

    def transform(self, Z):
        """Repeat each input for all of its codes."""
        return Z.take(self.columns, axis=1)

    def pull_back(self, Z, gradient):
        """Turn derivatives by the result into those by `Z`."""
        return np.add.reduceat(gradient, self.starts, axis=-1)


class Clip(NamedTuple):
    """The range of each code."""

    low: np.ndarray
    high: np.ndarray

    def transform(self, Z):
        """Clip."""
        return np.clip(Z, self.low, self.high)

    def pull_back(self, Z, gradient):
        """Turn derivatives by the result into those by `Z`, at a knot from above."""
        return gradient * ((self.low <= Z) & (self.high > Z))


class Function(NamedTuple):
    """A function, its inverse, and the derivative of the inverse."""

    function: np.ufunc
    inverse: np.ufunc
    inverse_slope: np.ufunc


# What straightens a target.
TARGET_FUNCTIONS = {
    "log": Function(np.log, np.exp, np.exp),
    "arcsinh": Function(np.arcsinh, np.sinh, np.cosh),
}


class Straightening(NamedTuple):
    """A logarithm or an inverse hyperbolic sine of a target."""

    name: str

    def transform(self, y):
        """Apply the function."""
        if self.name == "log":
            # A new row may lie below every target that the scaling was fitted on.
            y = np.maximum(y, LOG_OFFSET)
        return TARGET_FUNCTIONS[self.name].function(y)

    def inverse(self, z):
        """Undo `transform`."""
        return TARGET_FUNCTIONS[self.name].inverse(_limited(z))

    def inverse_slope(self, z):
        """Compute the derivative of `inverse`."""
        return TARGET_FUNCTIONS[self.name].inverse_slope(_limited(z))


def _limited(z):
    return np.clip(z, -MAX_EXPONENT, MAX_EXPONENT)


def _step(transformer):
    if isinstance(transformer, PowerTransformer):
        return YeoJohnson(transformer)
    if isinstance(transformer, FunctionTransformer):
        if transformer.func is np.take:
            return Selection(transformer.kw_args["indices"])
        if transformer.func is np.clip:
            return Clip(transformer.kw_args["a_min"], transformer.kw_args["a_max"])
        names = {f.function: name for name, f in TARGET_FUNCTIONS.items()}
        return Straightening(names[transformer.func])
    return Affine(transformer.mean_, transformer.scale_)


def transformers_of(transformer):
    """List the transformers of a pipeline, or the one that is given."""
    return [step for _, step in getattr(transformer, "steps", [("", transformer)])]


def steps_of(transformer):
    """List what a fitted transformer does, step by step.

    Parameters
    ----------
    transformer : transformer
        A `StandardScaler`, or a pipeline.

    Returns
    -------
    list
        The steps, named tuples of this module, in their order.
    """
    return [_step(each) for each in transformers_of(transformer)]
