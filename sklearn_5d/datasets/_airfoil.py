"""The airfoil measurements, which come with the package."""

from importlib.resources import files
from typing import Any, Literal, overload

import numpy as np
from sklearn.utils import Bunch

from .._validation import validated

DATA_MODULE = "sklearn_5d.datasets.data"
DATA_FILENAME = "airfoil_self_noise.csv"
DESCR_FILENAME = "airfoil_self_noise.rst"


@overload
def load_airfoil_self_noise(
    *, return_X_y: Literal[True], as_frame: bool = ...
) -> tuple[Any, Any]: ...
@overload
def load_airfoil_self_noise(
    *, return_X_y: Literal[False] = ..., as_frame: bool = ...
) -> Bunch: ...
@validated({"return_X_y": ["boolean"], "as_frame": ["boolean"]})
def load_airfoil_self_noise(*, return_X_y=False, as_frame=False):
    """Load the airfoil self-noise measurements (regression).

    ==============   ===================
    Samples total                   1503
    Dimensionality                     5
    Features                        real
    Target           103.38 - 140.987 dB
    ==============   ===================

    The measurements come with the package (CC BY 4.0). The rows of one airfoil at one
    angle and velocity are a spectrum and stand together: they are 106 operating points
    of about 14 frequencies each.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (1503, 5)
            Frequency (Hz), angle of attack (degree), chord length (m), free-stream
            velocity (m/s), displacement thickness on the suction side (m). A DataFrame
            if `as_frame` is True.
        target : ndarray of shape (1503,)
            Scaled sound pressure level (dB). A Series if `as_frame` is True.
        feature_names : list of length 5
            Names of the inputs.
        target_names : list of length 1
            Name of the target.
        frame : DataFrame of shape (1503, 6)
            `data` and `target`; None unless `as_frame` is True.
        DESCR : str
            Description of the data set, its source and its licence.
        data_filename : str
            Name of the file in the package.
        data_module : str
            Where the file is.

    (data, target) : tuple if `return_X_y` is True
        The first two of the attributes above.

    Raises
    ------
    ImportError
        If `as_frame` is True and pandas is not installed.

    See Also
    --------
    make_function : Tables of known functions.

    References
    ----------
    .. [1] T. F. Brooks, D. S. Pope and M. A. Marcolini, "Airfoil self-noise and
           prediction", NASA Reference Publication 1218, 1989.
    .. [2] UCI Machine Learning Repository, https://doi.org/10.24432/C5VW2C

    Examples
    --------
    >>> from sklearn_5d.datasets import load_airfoil_self_noise
    >>> X, y = load_airfoil_self_noise(return_X_y=True)
    >>> X.shape, y.shape
    ((1503, 5), (1503,))
    """
    folder = files(DATA_MODULE)
    with (folder / DATA_FILENAME).open(encoding="utf-8") as file:
        *feature_names, target_name = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",")
    frame, data, target = None, table[:, :-1], table[:, -1]
    if as_frame:
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "as_frame=True needs pandas: pip install 'sklearn_5d[report]'"
            ) from error
        frame = pd.DataFrame(table, columns=[*feature_names, target_name])
        data, target = frame[feature_names], frame[target_name]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        DESCR=(folder / DESCR_FILENAME).read_text(encoding="utf-8"),
        feature_names=feature_names,
        target_names=[target_name],
        data_filename=DATA_FILENAME,
        data_module=DATA_MODULE,
    )
