"""Networks that learn from a teacher what it knows better.

The held-out rows tell how much of the teacher and of the network the best blend of the
two has. The network then learns that blend at many more inputs than were measured
(distillation): what is fitted stays a network, which predicts, differentiates and
travels as before.

References
----------
Hinton, Vinyals and Dean (2015). Distilling the knowledge in a neural network.
arXiv:1503.02531.
"""

from dataclasses import replace

import numpy as np

from .._evaluation import output
from .._rows import Rows
from . import defaults
from .spring import minimize


def best_blend(teacher, network, y, sample_weight):
    """Find the blend of a teacher and a network of least squared error.

    Parameters
    ----------
    teacher, network : ndarray of shape (n_samples,)
        Predictions for rows that trained neither.
    y, sample_weight : ndarray of shape (n_samples,)
        Target and weights of the rows.

    Returns
    -------
    share : float
        That of the teacher. Between 0, the network alone, and 1, the teacher alone; 0
        as well where the gain is small.
    error : float
        Mean squared error of the blend.
    """

    def mean(values):
        return np.average(values, weights=sample_weight)

    difference = teacher - network
    variance, error = mean(difference**2), mean((y - network) ** 2)
    if not variance > 0:
        return 0.0, error
    share = np.clip(mean(difference * (y - network)) / variance, 0, 1)
    blended_error = mean((y - network - share * difference) ** 2)
    gains = blended_error < (1 - defaults.MIN_BLEND_GAIN) * error
    return (float(share), blended_error) if gains else (0.0, error)


def synthetic_inputs(X, n_samples, random_state):
    """Draw inputs whose columns are distributed as those of X, but independent.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The inputs that were measured.
    n_samples : int
        How many to draw.
    random_state : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The inputs, by up to one interval beyond the smallest and the largest of each
        column: another row is as likely there as between any two neighbours.
    """
    ranks = random_state.uniform(size=(X.shape[1], n_samples))
    return np.column_stack(
        [_quantile(column, rank) for column, rank in zip(X.T, ranks, strict=True)]
    )


def _quantile(column, rank):
    ordered = np.sort(column)
    below = 2 * ordered[0] - ordered[:2][-1]
    above = 2 * ordered[-1] - ordered[-2:][0]
    return np.quantile([below, *ordered, above], rank)


def distil(weights, teacher, share, X, settings, random_state, *, max_error=0.0):
    """Train a network on what the blend of it and the teacher says at new inputs.

    Parameters
    ----------
    weights : Weights or None
        The network, where training starts; None starts anew and learns the teacher.
    teacher : Process or Polynomial
        What predicts, given the rows that trained the network.
    share : float
        The share of the teacher in the blend.
    X : ndarray of shape (n_samples, n_features)
        The inputs that were measured, at the network's scale.
    settings : Settings
        Those of the run that trained the network.
    random_state : numpy.random.RandomState
        Source of the new inputs and of the batches.
    max_error : float, default=0.0
        The mean squared error, in units of the variance of what the network learns, at
        which the lesson ends.

    Returns
    -------
    Result
        The result of `spring.minimize`.
    """
    inputs = synthetic_inputs(X, defaults.N_SYNTHETIC, random_state)
    target = teacher.predict(inputs)
    is_noisy = teacher.noise_variance > defaults.NOISY_VARIANCE
    n_steps, damping = (
        defaults.NOISY_DISTILLATION if is_noisy else defaults.DISTILLATION
    )
    if weights is None:
        n_steps, damping = defaults.FRESH_DISTILLATION
    else:
        own = output(weights, inputs, settings.activation)
        target = share * target + (1 - share) * own
    rows = Rows(inputs, target)
    n_held_out = len(rows) // 10
    return minimize(
        rows.take(slice(n_held_out, None)),
        rows.take(slice(n_held_out)),
        replace(
            settings,
            max_steps=max(1, min(n_steps, settings.max_steps // 3)),
            damping=damping,
            batch_size=defaults.MAX_BATCH_SIZE,
            precision="auto",
            learning_rate=defaults.DISTILLATION_LEARNING_RATE,
            momentum=0.9,
            patience=2,
            tol=1e-4,
        ),
        random_state,
        weights=weights,
        report=lambda stage, result, n_done: 1 - result.score < max_error,
    )
