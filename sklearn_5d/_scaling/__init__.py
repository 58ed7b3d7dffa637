"""How inputs and target are brought to the network's scale and back.

Every scaling is a fitted scikit-learn transformer, so that a fitted model can leave
the package. All of them are equivariant: a change of the units or of the origin of a
column or of the target changes nothing that the network sees.
"""

from ._encoding import ENCODINGS, Codes
from ._inputs import (
    INPUT_TRANSFORMS,
    SMOOTH_TRANSFORMS,
    InputScaling,
    fit_input_scaler,
)
from ._standard import column_range, skewness
from ._steps import (
    MAX_EXPONENT,
    MAX_SCALED,
    TARGET_FUNCTIONS,
    Affine,
    Clip,
    Selection,
    Straightening,
    YeoJohnson,
    transformers_of,
)
from ._target import (
    TARGET_TRANSFORMS,
    TargetScaling,
    feasible_target_transforms,
    fit_target_scaler,
)

__all__ = [
    "ENCODINGS",
    "INPUT_TRANSFORMS",
    "MAX_EXPONENT",
    "MAX_SCALED",
    "SMOOTH_TRANSFORMS",
    "TARGET_FUNCTIONS",
    "TARGET_TRANSFORMS",
    "Affine",
    "Clip",
    "Codes",
    "InputScaling",
    "Selection",
    "Straightening",
    "TargetScaling",
    "YeoJohnson",
    "column_range",
    "feasible_target_transforms",
    "fit_input_scaler",
    "fit_target_scaler",
    "skewness",
    "transformers_of",
]
