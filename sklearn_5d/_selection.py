"""Which transformations does this table want? A short race on held-out rows decides."""

from itertools import product

import numpy as np
from sklearn.model_selection import KFold
from sklearn.utils import check_random_state

from . import _scaling, _spring
from ._network import output
from ._threads import single_threaded_blas

# Skewness below this is left alone: a uniform column has 0, an exponential one 2.
SKEWNESS = 1.0
MAX_ROWS = 2000
MAX_STEPS = 250
# What a transformation has to gain over plain standardisation to be worth having.
GAIN = 0.97


def candidates(X, y, x_transform, y_transform):
    """List the pairs of transformations that the parameters and the skew leave open."""
    inputs, targets = (x_transform,), (y_transform,)
    if x_transform == "auto":
        skewed = np.abs(_scaling.skewness(X)).max() > SKEWNESS
        inputs = _scaling.INPUT_TRANSFORMS if skewed else ("standard",)
    if y_transform == "auto":
        skewed = abs(_scaling.skewness(y)) > SKEWNESS
        targets = _scaling.feasible_target_transforms(y) if skewed else ("standard",)
    return list(product(inputs, targets))


def choose_transforms(
    X, y, x_transform, y_transform, *, hidden_layer_sizes, activation, random_state
):
    """Choose the transformations of inputs and target.

    Each candidate trains short runs on the same folds; the errors are compared in
    the units of the target.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs.
    y : ndarray of shape (n_samples,)
        Target.
    x_transform, y_transform : str
        The parameters of `FiveDRegressor`; only "auto" is open to choice.
    hidden_layer_sizes, activation
        The network.
    random_state : int
        Seed of the folds and of the first weights.

    Returns
    -------
    tuple of two str
        The transformation of the inputs and that of the target.
    """
    pairs = candidates(X, y, x_transform, y_transform)
    if len(pairs) == 1 or len(y) < 10:
        return pairs[0]
    rows = check_random_state(random_state).permutation(len(y))[:MAX_ROWS]
    X, y = X[rows].astype(np.float64), y[rows]
    errors = np.zeros(len(pairs))
    folds = KFold(2 if len(y) > 1000 else 4).split(X)
    with single_threaded_blas:
        for train, held_out in folds:
            for k, pair in enumerate(pairs):
                errors[k] += _race_error(
                    X[train],
                    y[train],
                    X[held_out],
                    y[held_out],
                    pair,
                    hidden_layer_sizes=hidden_layer_sizes,
                    activation=activation,
                    random_state=check_random_state(random_state),
                )
    errors[0] *= GAIN**2
    return pairs[int(np.argmin(errors))]


def _race_error(X, y, X_val, y_val, pair, **network):
    """Train a short run and return its sum of squared errors in y's units."""
    if pair[1] not in _scaling.feasible_target_transforms(y):
        return np.inf
    x_scaler = _scaling.fit_input_scaler(X, pair[0])
    y_scaler = _scaling.fit_target_scaler(y, pair[1])
    Z_val = x_scaler.transform(X_val)
    result = _spring.minimize(
        x_scaler.transform(X),
        _scaling.from_target(y_scaler, y),
        None,
        Z_val,
        _scaling.from_target(y_scaler, y_val),
        None,
        **network,
        learning_rate=0.6,
        momentum=0.9,
        alpha=0.0,
        schedule=_spring.make_schedule(len(y), (1.0, 1e-3), "auto", MAX_STEPS, "auto"),
        patience=1,
        tol=0.0,
    )
    z = output(result.weights, Z_val, network["activation"])
    with np.errstate(over="ignore"):
        error = np.sum((y_val - _scaling.to_target(y_scaler, z)) ** 2)
    return error if np.isfinite(error) else np.inf
