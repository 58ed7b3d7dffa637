"""Which transformations does this table want? A short race on held-out rows decides."""

from itertools import product

import numpy as np
from sklearn.utils import check_random_state

from .. import _scaling
from .._evaluation import output
from .._rows import Rows
from . import defaults
from .schedule import Settings
from .spring import minimize
from .threads import single_threaded_blas


def candidates(rows, x_transform, y_transform):
    """List the pairs of transformations that the parameters and the skew leave open."""
    inputs, targets = (x_transform,), (y_transform,)
    if x_transform == "auto":
        inputs = _scaling.INPUT_TRANSFORMS if _is_skewed(rows.X) else ("standard",)
    if y_transform == "auto":
        targets = (
            _scaling.feasible_target_transforms(rows.y)
            if _is_skewed(rows.y)
            else ("standard",)
        )
    return list(product(inputs, targets))


def _is_skewed(columns):
    return np.abs(_scaling.skewness(columns)).max() > defaults.MIN_SKEWNESS


def choose_transforms(rows, x_transform, y_transform, network, random_state):
    """Choose the transformations of inputs and target.

    Each candidate trains short runs on the same folds; the errors are compared in
    the units of the target.

    Parameters
    ----------
    rows : Rows
        Rows in the units of the user.
    x_transform, y_transform : str
        The parameters of `FiveDRegressor`; only "auto" is open to choice.
    network : dict
        `hidden_layer_sizes` and `activation`.
    random_state : int
        Seed of the folds and of the first weights.

    Returns
    -------
    tuple of two str
        The transformation of the inputs and that of the target.
    """
    pairs = candidates(rows, x_transform, y_transform)
    if len(pairs) == 1 or len(rows) < defaults.MIN_RACE_ROWS:
        return pairs[0]
    settings = Settings(
        **network, max_steps=defaults.MAX_RACE_STEPS, damping=defaults.RACE_DAMPING
    )
    racers = check_random_state(random_state).permutation(len(rows))
    rows = rows.take(racers[: defaults.MAX_RACE_ROWS])
    errors = np.zeros(len(pairs))
    folds = rows.folds(2 if len(rows) > 1000 else 4, None, random_state)
    with single_threaded_blas:
        for train, held_out in folds:
            for k, pair in enumerate(pairs):
                errors[k] += _race_error(
                    rows.take(train),
                    rows.take(held_out),
                    pair,
                    settings,
                    check_random_state(random_state),
                )
    errors[0] *= defaults.RACE_GAIN**2
    return pairs[int(np.argmin(errors))]


def _race_error(train, held_out, pair, settings, random_state):
    """Train a short run and return its sum of squared errors in y's units."""
    x_transform, y_transform = pair
    if y_transform not in _scaling.feasible_target_transforms(train.y):
        return np.inf
    inputs = _scaling.InputScaling(_scaling.fit_input_scaler(train.X, x_transform))
    target = _scaling.TargetScaling(_scaling.fit_target_scaler(train.y, y_transform))
    scaled_train, scaled_held_out = (
        Rows(inputs.transform(rows.X), target.transform(rows.y))
        for rows in (train, held_out)
    )
    result = minimize(scaled_train, scaled_held_out, settings, random_state)
    z = output(result.weights, scaled_held_out.X, settings.activation)
    with np.errstate(over="ignore"):
        error = np.sum((held_out.y - target.inverse(z)) ** 2)
    return error if np.isfinite(error) else np.inf
