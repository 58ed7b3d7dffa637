"""What a function of five inputs is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from inspect import cleandoc

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Input:
    """A quantity and the range of its values.

    Parameters
    ----------
    name : str
        The name of the quantity.
    low, high : float
        The ends of the range, in `unit`.
    unit : str, default=""
        The unit, empty for a dimensionless quantity.

    See Also
    --------
    Function : A formula with five inputs.

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS
    >>> FUNCTIONS["piston"].inputs[0]
    Input(name='mass', low=30, high=60, unit='kg')
    """

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Function:
    """A formula with five inputs: call it on `X` to get `y`.

    Called as ``function(X)`` with `X` of shape (n_samples, 5), columns in the order and
    the units of `inputs`; returns `y` of shape (n_samples,) in `unit`. Values outside
    the ranges are allowed where the formula is defined.

    Parameters
    ----------
    name : str
        The key in `FUNCTIONS`.
    summary : str
        What the target is, and which inputs of the original are held fixed.
    formula : str
        The formula as text.
    inputs : tuple of 5 Input
        The inputs and the ranges that they are sampled from.
    target : str
        The name of the target.
    unit : str
        The unit of the target, empty if dimensionless.
    reference : str
        Where the formula or its ranges were published.
    evaluate : callable
        Maps the transposed inputs, shape (5, n_samples), to `y`.

    See Also
    --------
    make_function : Sample inputs and target.

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS
    >>> wing = FUNCTIONS["wing_weight"]
    >>> wing.feature_names
    ['area', 'aspect_ratio', 'thickness_ratio', 'load_factor', 'gross_weight']
    >>> wing([[174, 7.52, 0.12, 3.8, 2000]]).round(3)
    array([244.967])
    """

    name: str
    summary: str
    formula: str
    inputs: tuple[Input, ...]
    target: str
    unit: str
    reference: str
    evaluate: Callable[[FloatArray], FloatArray] = field(repr=False)

    @property
    def feature_names(self) -> list[str]:
        """Names of the inputs, a list of length 5."""
        return [each.name for each in self.inputs]

    @property
    def bounds(self) -> FloatArray:
        """Ranges of the inputs, an array (5, 2) as scipy.optimize takes it."""
        return np.array([(each.low, each.high) for each in self.inputs], dtype=float)

    def __call__(self, X: ArrayLike) -> FloatArray:
        """Target for each row of `X`."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != 5:
            raise ValueError(f"Got X of shape {X.shape}, expected (n_samples, 5).")
        return self.evaluate(X.T)

    def __reduce__(self):
        # By name: the plain function that `evaluate` holds cannot be found under its
        # own, which stands for this object.
        return _find, (self.evaluate.__module__, self.name)


def _find(module, name):
    return getattr(import_module(module), name)


def function(*, formula, inputs, reference, target="y", unit=""):
    """Turn a formula into the `Function` of its name and docstring.

    Parameters
    ----------
    formula : str
        The formula as text.
    inputs : dict of tuple
        Low, high and the unit, if there is one, by name.
    reference : str
        Where the formula or its ranges were published.
    target : str, default="y"
        The name of the target.
    unit : str, default=""
        The unit of the target.

    Returns
    -------
    callable
        The decorator of a formula on rows `x` of shape (5, n_samples).
    """

    def decorate(evaluate):
        return Function(
            name=evaluate.__name__,
            summary=cleandoc(evaluate.__doc__),
            formula=formula,
            inputs=tuple(Input(name, *row) for name, row in inputs.items()),
            target=target,
            unit=unit,
            reference=reference,
            evaluate=evaluate,
        )

    return decorate


def cube(low, high):
    """Give five inputs without names one range.

    Parameters
    ----------
    low, high : float
        The range.

    Returns
    -------
    dict of tuple
        The range by name, as `function` takes it.
    """
    return {f"x{i}": (low, high) for i in range(1, 6)}
