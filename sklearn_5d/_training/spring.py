"""Subsampled natural-gradient descent with momentum (SPRING).

For the squared loss of a batch with Jacobian J and residual r, one step is

    u = (J J^T + damping * mean(diag(J J^T)) * I)^-1 (r - momentum * J p)
    p = J^T u + momentum * p
    w = w + learning_rate * p,

a damped Gauss-Newton step that needs a system of the size of the batch only. Damping
is the regulariser, and the right amount of it is a property of the data: a noisy table
wants a thousandth to a tenth of what a noise-free function can bear. So the run is a
continuation in the damping. It falls by one decade a stage, the learning rate falls in
each stage as a half cosine from its start towards zero, and the run ends where the
validation rows stop gaining. Early stages are cheap, with small batches in float32;
late stages are exact, with large batches in float64. A stage that does not gain, or
breaks down, is tried again from the best weights with less noise in its steps.

References
----------
Goldshlager, Abrahamsen and Lin (2024). A Kaczmarz-inspired approach to accelerate the
optimization of neural network wavefunctions. arXiv:2401.10190.

Cai et al. (2019). Gram-Gauss-Newton method: learning overparameterized neural networks
for regression problems. arXiv:1905.11675.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs, spotrf, spotrs

from .._evaluation import output
from .._network import (
    Weights,
    forward,
    gram_matrix,
    gram_workspace,
    initial_weights,
    jacobian_product,
    jacobian_transpose_product,
    output_derivatives,
)
from . import defaults
from .schedule import Progress, make_last_stage, make_schedule


class Result(NamedTuple):
    """The best weights, and one entry an attempt of what led to them."""

    weights: Weights
    score: float
    loss_curve: list
    validation_scores: list
    damping: float
    n_steps: int

    def after(self, stage, weights, loss, score):
        """Return the result after one more stage: its weights, where they are better.

        Parameters
        ----------
        stage : Stage
            The stage.
        weights : Weights
            The weights at its end.
        loss, score : float
            Their loss on the training rows, and their score on the validation rows.

        Returns
        -------
        Result
            The new one.
        """
        result = self._replace(
            loss_curve=[*self.loss_curve, loss],
            validation_scores=[*self.validation_scores, score],
            n_steps=self.n_steps + stage.n_steps,
        )
        if score > self.score:
            return result._replace(
                weights=weights, score=score, damping=stage.damping_end
            )
        return result


class _Breakdown(ArithmeticError):
    """A factorisation failed, or a number was not finite."""


def natural_gradient_step(
    A, D, residual, direction, damping, momentum, root_weight, workspace
):
    """Compute the next direction p.

    Parameters
    ----------
    A, D : list of ndarray
        Layer inputs and output derivatives of the batch.
    residual : ndarray of shape (batch_size,)
        Target minus output.
    direction : Weights
        The direction of the step before.
    damping : float
        In units of the mean diagonal of the Gram matrix.
    momentum : float
        The share of the direction before that is kept.
    root_weight : ndarray of shape (batch_size,) or None
        Square root of the sample weights.
    workspace : list of ndarray
        What `gram_matrix` works in.

    Returns
    -------
    Weights
        The direction.
    """
    K = gram_matrix(A, D, workspace)
    if momentum:
        residual = residual - K.dtype.type(momentum) * jacobian_product(A, D, direction)
    if root_weight is not None:
        K *= root_weight
        K *= root_weight[:, None]
        residual = residual * root_weight
    diagonal = np.einsum("ii->i", K)
    diagonal += K.dtype.type(damping * diagonal.mean(dtype=np.float64))
    potrf, potrs = (spotrf, spotrs) if K.dtype == np.float32 else (dpotrf, dpotrs)
    factor, failed = potrf(K, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise _Breakdown("the Cholesky factorisation failed")
    u = potrs(factor, residual, lower=1)[0].ravel()
    if root_weight is not None:
        u *= root_weight
    p = jacobian_transpose_product(A, D, u)
    p.vector += K.dtype.type(momentum) * direction.vector
    return p


def _batches(n_samples, batch_size, n_steps, random_state):
    """Yield the rows of each step: every row once before any comes again."""
    order = position = None
    for _ in range(n_steps):
        if order is None or position + batch_size > n_samples:
            order, position = random_state.permutation(n_samples), 0
        yield order[position : position + batch_size]
        position += batch_size


@np.errstate(over="ignore", invalid="ignore")
def run_stage(weights, rows, stage, settings, random_state, max_loss=np.inf):
    """Run one stage; the arguments are those of `minimize`.

    Overflow is not an event here: it ends in a breakdown, which `minimize` mends. So
    does a batch whose loss is above `max_loss`.

    Returns
    -------
    weights : Weights
        The weights at its end, in the type of the stage.
    loss : float
        Half the mean squared residual over its second half, while training.
    """
    dtype = stage.dtype
    weights = weights.astype(dtype)
    direction = Weights(np.zeros_like(weights.vector), weights.layer_sizes)
    dampings = np.geomspace(stage.damping_start, stage.damping_end, stage.n_steps)
    phases = np.pi * (np.arange(stage.n_steps) + 0.5) / stage.n_steps
    rates = 0.5 * stage.learning_rate * (1 + np.cos(phases))
    batches = _batches(len(rows), stage.batch_size, stage.n_steps, random_state)
    root_weight = root_weights(rows)
    workspace = gram_workspace(stage.batch_size, dtype)
    losses = []
    for batch, damping, rate in zip(batches, dampings, rates, strict=True):
        X = np.asarray(rows.X[batch], dtype)
        batch_weight = None if root_weight is None else root_weight[batch].astype(dtype)
        A, f = forward(weights, X, settings.activation)
        D = output_derivatives(weights, A, settings.activation)
        residual = rows.y[batch].astype(dtype, copy=False) - f
        loss = 0.5 * float(np.dot(residual, residual)) / len(batch)
        if not np.isfinite(loss):
            raise _Breakdown("the loss was not finite")
        if loss > max_loss:
            raise _Breakdown("the loss grew")
        losses.append(loss)
        direction = natural_gradient_step(
            A,
            D,
            residual,
            direction,
            damping,
            settings.momentum,
            batch_weight,
            workspace,
        )
        decay = dtype(np.exp(-rate * settings.alpha * damping))
        weights.vector += dtype(rate) * direction.vector
        for layer in weights.layers:
            # In this order a large decay leaves nothing of the step either.
            layer[:, :-1] *= decay
    if not np.isfinite(weights.vector).all():
        raise _Breakdown("a weight was not finite")
    loss = float(np.mean(losses[len(losses) // 2 :]))
    # Of weighted rows those that hardly weigh may be that far off.
    if rows.weight is None and loss > defaults.DIVERGED_LOSS * max(
        1.0, np.mean(rows.y**2)
    ):
        raise _Breakdown("the loss grew")
    return weights, loss


def root_weights(rows):
    """Compute the root of each row's weight, whose mean is 1; None for equal ones."""
    if rows.weight is None:
        return None
    return np.sqrt(rows.weight / rows.weight.mean())


def r2(y, prediction, sample_weight):
    """Compute the coefficient of determination; 0 stands for a constant target."""
    error = np.average((y - prediction) ** 2, weights=sample_weight)
    mean = np.average(y, weights=sample_weight)
    variance = np.average((y - mean) ** 2, weights=sample_weight)
    return float(1 - error / variance) if variance > 0 else float(-error)


def score(weights, rows, activation):
    """Compute the coefficient of determination of a network on scaled rows."""
    return r2(rows.y, output(weights, rows.X, activation), rows.weight)


def _start(weights, train, validation, settings, damping, random_state):
    """Score the weights to start from; without any, take random ones of no merit."""
    start_score = -np.inf
    if weights is None:
        layer_sizes = train.X.shape[1], *settings.hidden_layer_sizes, 1
        weights = initial_weights(
            layer_sizes, settings.activation, np.float64, random_state
        )
    else:
        start_score = score(weights, validation, settings.activation)
    return Result(weights, start_score, [], [], damping, 0)


def _event(old_score, new_score, gain_loss, loss, tol):
    """Name what became of a stage, see `Progress.after`.

    It has learnt the training rows by heart where its loss is far below `gain_loss`,
    that of the last gain, and the validation rows have gained nothing.
    """
    if 1 - new_score < (1 - old_score) * (1 - tol):
        return "gain"
    if new_score > old_score or loss >= defaults.OVERFIT_LOSS * gain_loss:
        return "no gain"
    return "overfit"


def minimize(
    train,
    validation,
    settings,
    random_state,
    *,
    schedule=None,
    weights=None,
    report=None,
):
    """Minimise the squared loss, as far as the validation rows gain from it.

    Parameters
    ----------
    train, validation : Rows
        Training and validation rows at the network's scale.
    settings : Settings
        The settings of the run.
    random_state : numpy.random.RandomState
        Source of the first weights and of the batches.
    schedule : list of Stage, default=None
        By default what `make_schedule` makes of the settings.
    weights : Weights, default=None
        Where to start. By default at random.
    report : callable, default=None
        Called after each attempt with (stage, result so far, stages done); the run ends
        where it returns True.

    Returns
    -------
    Result
        The weights with the best validation score, in float64, after no more than
        ``settings.max_steps`` steps.

    Raises
    ------
    ArithmeticError
        Where no stage could be completed, with the damping and the learning rates
        that were tried.
    """
    if schedule is None:
        schedule = make_schedule(settings, len(train))
    damping = schedule[0].damping_start
    best = _start(weights, train, validation, settings, damping, random_state)
    failures, gain_loss, progress = [], 0.0, Progress()
    while best.n_steps < settings.max_steps and not progress.is_over(
        schedule, settings.patience
    ):
        stage = progress.next_stage(schedule, len(train))
        n_left = settings.max_steps - best.n_steps
        stage = stage._replace(n_steps=min(stage.n_steps, n_left))
        try:
            candidate, loss = run_stage(
                best.weights, train, stage, settings, random_state
            )
        except _Breakdown as breakdown:
            failures.append(f"{breakdown} at damping {stage.damping_end:.1g}")
            progress = progress.after("breakdown")
            continue
        candidate = candidate.astype(np.float64)
        new_score = score(candidate, validation, settings.activation)
        event = _event(best.score, new_score, gain_loss, loss, settings.tol)
        if event == "gain":
            gain_loss = loss
        progress = progress.after(event)
        best = best.after(stage, candidate, loss, new_score)
        if report is not None and report(stage, best, progress.position):
            break
    if not best.loss_curve:
        raise ArithmeticError(
            f"The natural-gradient solver found no finite weights in {len(failures)} "
            f"attempts, each with {defaults.BREAKDOWN_DAMPING} times the damping, "
            "twice the batch size and a smaller learning rate than the one before: "
            f"{'; '.join(failures)}."
        )
    return best


def finish(result, train, validation, settings, random_state, *, report=None):
    """Spend what is left of the budget on one long stage, if the rows gain from it.

    Parameters
    ----------
    result : Result
        What `minimize` has found.
    train, validation, settings, random_state
        As in `minimize`.
    report : callable, default=None
        Called after the stage with (stage, result).

    Returns
    -------
    Result
        The result after that stage, or the one given where it broke down with every
        learning rate.
    """
    n_left = settings.max_steps - result.n_steps
    max_loss = defaults.MAX_LAST_LOSS * np.mean(train.y**2)
    for factor in defaults.LAST_LEARNING_RATES:
        stage = make_last_stage(settings, result.damping, n_left, len(train), factor)
        try:
            weights, loss = run_stage(
                result.weights, train, stage, settings, random_state, max_loss
            )
        except _Breakdown:
            continue
        weights = weights.astype(np.float64)
        new_score = score(weights, validation, settings.activation)
        result = result.after(stage, weights, loss, new_score)
        if report is not None:
            report(stage, result)
        break
    return result
