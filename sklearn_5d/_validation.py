"""Checks of what the user gives, before any work."""

import warnings
from collections.abc import Callable
from functools import wraps
from numbers import Integral, Real
from typing import Any, TypeVar, cast

import numpy as np
from scipy.sparse import issparse
from sklearn.base import _fit_context
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.utils._param_validation import validate_params
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from ._rows import Rows
from ._scaling import ENCODINGS

N_INPUTS = 5
# Between these sizes no square overflows and none vanishes.
MIN_SIZE, MAX_SIZE = 1e-150, 1e150
# Between these a damping is a number in float32, and has room for retries.
MIN_DAMPING, MAX_DAMPING = 1e-30, 1e30

F = TypeVar("F", bound=Callable[..., Any])


def validated(constraints: dict[str, list[Any]]) -> Callable[[F], F]:
    """Let a function check its parameters, as those of scikit-learn do.

    Parameters
    ----------
    constraints : dict of str to list
        What each parameter may be.

    Returns
    -------
    callable
        The decorator, which keeps the annotations.
    """
    return validate_params(constraints, prefer_skip_nested_validation=True)


def trains(method: F) -> F:
    """Let a method check each parameter first, and change nothing where it fails."""
    checked = _fit_context(prefer_skip_nested_validation=True)(method)

    @wraps(method)
    def wrapper(self, *args, **kwargs):
        before = vars(self).copy()
        try:
            return checked(self, *args, **kwargs)
        except BaseException:
            self.__dict__ = before
            raise

    return cast(F, wrapper)


def where_it_can_go_on(method: F) -> F:
    """Hide a method of the estimator where its solver cannot go on."""
    return available_if(_can_go_on)(method)


def _can_go_on(estimator):
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit has no meaning for solver='lbfgs'.")
    return True


def check_parameters(estimator):
    """Check what a constraint on a single parameter cannot tell."""
    layers, damping = estimator.hidden_layer_sizes, estimator.damping
    if not _are_numbers(layers, Integral) or np.any(np.atleast_1d(layers) < 1):
        raise ValueError(
            f"Got hidden_layer_sizes={layers}, expected whole widths of at least 1."
        )
    is_range = (
        _are_numbers(damping, Real)
        and np.shape(damping) == (2,)
        and MAX_DAMPING >= damping[0] >= damping[1] >= MIN_DAMPING
    )
    if not is_range and not (isinstance(damping, str) and damping == "auto"):
        raise ValueError(
            f'Got damping={damping}, expected "auto", or a start and an end that is no '
            f"larger, between {MAX_DAMPING:.0e} and {MIN_DAMPING:.0e}."
        )
    # A warm start goes on with the scaling of the fit before.
    goes_on = estimator.warm_start and estimator.__sklearn_is_fitted__()
    x_transform = estimator.x_transform_ if goes_on else estimator.x_transform
    is_taught = estimator.gaussian_process not in ("auto", False)
    if estimator.solver == "spring" and is_taught and x_transform in ENCODINGS:
        raise ValueError(
            f"Got gaussian_process=True and x_transform={x_transform!r}, expected "
            "inputs that are not encoded, as the process is smooth in them."
        )


def _are_numbers(values, kind):
    # As objects, numbers and what stands between them keep their types.
    values = np.atleast_1d(np.asarray(values, dtype=object))
    return values.ndim == 1 and all(
        isinstance(value, kind) and not isinstance(value, bool) for value in values
    )


def check_warm_start(estimator, who="warm_start"):
    """Check that the fitted networks are those that the parameters ask for."""
    members, n_estimators = estimator.estimators_, estimator.n_estimators
    if n_estimators == "auto":
        n_estimators = len(members)
    # Behind an encoding the networks have more inputs than the table.
    fitted = (len(estimator.data_min_), *map(len, members[0].intercepts_))
    hidden = np.atleast_1d(estimator.hidden_layer_sizes).tolist()
    wanted = (estimator.n_features_in_, *hidden, 1)
    if len(members) != n_estimators or fitted != wanted:
        raise ValueError(
            f"{who} needs the fitted committee of {len(members)} networks of "
            f"layers {fitted}, got n_estimators={n_estimators} and layers {wanted}."
        )


def check_size(values, name):
    """Raise an error where squares of the values would overflow or vanish.

    Parameters
    ----------
    values : ndarray
        Numbers, in columns where there are several.
    name : str
        What the message calls them.

    Raises
    ------
    ValueError
        Where the largest size in a column is neither 0 nor within the limits.
    """
    size = np.atleast_1d(np.maximum(values.max(axis=0), -values.min(axis=0)))
    outside = (size > MAX_SIZE) | ((size < MIN_SIZE) & (size > 0))
    if outside.any():
        column = f"column {outside.argmax()} of {name}" if len(size) > 1 else name
        raise ValueError(
            f"Got {size[outside][0]:.1e} as the largest size in {column}, expected 0 "
            f"or between {MIN_SIZE:.0e} and {MAX_SIZE:.0e}: rescale it."
        )


@np.errstate(over="ignore")
def validate_rows(estimator, X, y, sample_weight, groups=None, *, reset=True):
    """Check the rows to learn; what overflows as a double is infinite, and an error.

    Parameters
    ----------
    estimator : FiveDRegressor
        The estimator, whose number and names of inputs are set or compared.
    X, y, sample_weight, groups : array-like
        What the user gave.
    reset : bool, default=True
        Whether the estimator learns number and names of inputs anew.

    Returns
    -------
    Rows
        The rows whose weight is positive.
    """
    # A pass over a single row is one, but its spread is no scale.
    min_samples = 2 if reset else 1
    X, y = validate_data(
        estimator,
        X,
        y,
        dtype=[np.float64, np.float32],
        order="C",
        y_numeric=True,
        multi_output=True,
        reset=reset,
        ensure_min_samples=min_samples,
    )
    y = _validate_target(y)
    if reset and X.shape[1] != N_INPUTS:
        warnings.warn(
            f"X has {X.shape[1]} columns; the defaults of FiveDRegressor are "
            f"tuned for {N_INPUTS}.",
            DataDimensionalityWarning,
            stacklevel=7,
        )
    rows = Rows(X, y, groups=_validate_groups(groups, y))
    if sample_weight is not None:
        rows = _weighted(rows, sample_weight, min_samples)
    check_size(rows.X, "X")
    check_size(rows.y, "y")
    return rows


def _validate_target(y):
    if issparse(y):
        raise TypeError("y is sparse, expected a dense array.")
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y has {y.shape[1]} columns, expected one target; "
            "sklearn.multioutput.MultiOutputRegressor fits one model a column."
        )
    return _as_float64(column_or_1d(y, warn=True), "y")


def _as_float64(y, name):
    # An object or a long double may turn out to be no number only by the conversion.
    y = y.astype(np.float64)
    assert_all_finite(y, input_name=name)
    return y


def _validate_groups(groups, y):
    if groups is None:
        return None
    try:
        groups = check_array(groups, ensure_2d=False, dtype=None, input_name="groups")
        if groups.size != len(groups):
            raise ValueError(f"Got groups of shape {groups.shape}, expected (n_rows,).")
        labels, groups = np.unique(groups.ravel(), return_inverse=True)
    except TypeError as error:
        raise TypeError(
            f"Got groups that cannot be compared ({error}), expected one label a "
            "row, all of one type."
        ) from error
    check_consistent_length(y, groups)
    if len(labels) < 2:
        raise ValueError(f"Got {len(labels)} distinct groups, expected at least two.")
    return groups


def _weighted(rows, sample_weight, min_samples):
    weight = _check_sample_weight(
        sample_weight, rows.X, dtype=np.float64, ensure_non_negative=True
    )
    check_size(weight, "sample_weight")
    # What rounding would swallow in a sum is as good as zero.
    kept = weight > np.finfo(np.float64).eps * weight.max()
    if kept.sum() < min_samples:
        raise ValueError(
            f"sample_weight is positive on {kept.sum()} rows, expected at "
            f"least {min_samples}."
        )
    rows = Rows(rows.X, rows.y, weight, rows.groups)
    if kept.all():
        return rows
    rows = rows.take(kept)
    return Rows(rows.X, rows.y, rows.weight, _validate_groups(rows.groups, rows.y))


@np.errstate(over="ignore")
def validate_validation_rows(estimator, X_val, y_val):
    """Check the rows that replace the held-out ones.

    Parameters
    ----------
    estimator : FiveDRegressor
        The estimator, which knows number and names of the inputs.
    X_val, y_val : array-like or None
        What the user gave.

    Returns
    -------
    Rows or None
        The rows, if any.
    """
    if X_val is None and y_val is None:
        return None
    if X_val is None or y_val is None:
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"X_val and y_val go together, got {missing}=None.")
    X_val, y_val = validate_data(
        estimator,
        X_val,
        y_val,
        dtype=[np.float64, np.float32],
        y_numeric=True,
        reset=False,
    )
    y_val = _as_float64(y_val, "y_val")
    check_size(X_val, "X_val")
    check_size(y_val, "y_val")
    return Rows(X_val, y_val)


def validate_probabilities(values, name):
    """Check a probability, or several.

    Parameters
    ----------
    values : float or array-like of shape (n_values,)
        What the user gave.
    name : str
        What the message calls it.

    Returns
    -------
    ndarray of shape (n_values,)
        The probabilities.
    """
    try:
        array = np.atleast_1d(values)
        valid = array.ndim == 1 and len(array) and np.all((array > 0) & (array < 1))
    except (TypeError, ValueError):
        valid = False
    if not valid or isinstance(values, str | bool):
        kind = "numbers" if np.ndim(values) else "a number"
        raise ValueError(f"Got {name}={values!r}, expected {kind} between 0 and 1.")
    return array.astype(np.float64)
