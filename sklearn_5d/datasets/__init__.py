"""Five-input functions with known formulas, and real measurements."""

from ._airfoil import load_airfoil_self_noise
from ._function import Function, Input
from ._functions import FUNCTIONS, make_function

__all__ = [
    "FUNCTIONS",
    "Function",
    "Input",
    "load_airfoil_self_noise",
    "make_function",
]
