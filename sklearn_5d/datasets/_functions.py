"""Five-input functions with known formulas, and samples of them.

The functions come from surrogate modelling, numerical integration, optimisation and
symbolic regression. Where the original has more than five inputs, the others are
held at the values that the summary names.
"""

from collections.abc import Mapping
from numbers import Integral, Real
from types import MappingProxyType

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from .._validation import validated
from . import _engineering, _mathematics, _physics
from ._function import FloatArray, Function

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        name: each
        for subject in (_mathematics, _physics, _engineering)
        for name, each in vars(subject).items()
        if isinstance(each, Function)
    }
)
"""The functions by name."""


@validated(
    {
        "name": [str],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }
)
def make_function(
    name: str,
    n_samples: int = 1000,
    *,
    noise: float = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Sample one of the five-input functions.

    The inputs are independent and uniform in their ranges.

    Parameters
    ----------
    name : str
        A key of `FUNCTIONS`.
    n_samples : int, default=1000
        The number of rows.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to `y`, in the unit of
        the target.
    random_state : int, RandomState instance or None, default=None
        Seed of inputs and noise. The inputs do not depend on `noise`.

    Returns
    -------
    X : ndarray of shape (n_samples, 5)
        The inputs, in the order and the units of ``FUNCTIONS[name].inputs``.
    y : ndarray of shape (n_samples,)
        The target.

    Raises
    ------
    ValueError
        If there is no function of this name; the message lists those there are.

    See Also
    --------
    FUNCTIONS : Formula, ranges, units and reference of each function.
    sklearn.datasets.make_friedman1 : The same sample as "friedman1".

    References
    ----------
    .. [1] S. Surjanovic and D. Bingham, "Virtual Library of Simulation Experiments:
           Test Functions and Datasets", 2013. https://www.sfu.ca/~ssurjano

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS, make_function
    >>> X, y = make_function("piston", n_samples=60, noise=0.01, random_state=0)
    >>> X.shape, y.shape
    ((60, 5), (60,))
    >>> bool(abs(y - FUNCTIONS["piston"](X)).max() < 0.05)
    True
    """
    if name not in FUNCTIONS:
        names = ", ".join(sorted(FUNCTIONS))
        raise ValueError(f"Got name={name!r}, expected one of: {names}.")
    function = FUNCTIONS[name]
    generator = check_random_state(random_state)
    low, high = function.bounds.T
    X = generator.uniform(low, high, size=(n_samples, 5))
    return X, function(X) + noise * generator.standard_normal(n_samples)
