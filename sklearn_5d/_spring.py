"""Subsampled natural-gradient descent with momentum (SPRING).

For the squared loss of a batch with Jacobian J and residual r, one step is

    u = (J J^T + damping * mean(diag(J J^T)) * I)^-1 (r - momentum * J p)
    p = J^T u + momentum * p
    w = w + learning_rate * p,

a damped Gauss-Newton step that needs a system of the size of the batch only. Damping
is the regulariser, and the right amount of it is a property of the data: a noisy table
wants a thousandth to a tenth of what a noise-free function can bear. So the run is a
continuation in the damping. It falls by one decade a stage, the learning rate falls in
each stage as a half cosine from its start to zero, and the run ends where the
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

from ._network import (
    Weights,
    forward,
    gram_matrix,
    gram_workspace,
    initial_weights,
    jacobian_product,
    jacobian_transpose_product,
    output,
    output_derivatives,
)

# At a lower damping the rounding of float32 shows.
FLOAT32_DAMPING = 1e-5
MAX_BATCH_SIZE = 256
# A stage that did not gain is tried again from the best weights, with twice the batch
# size and this share of the learning rate: less noise in every step.
RETRY_LEARNING_RATE = 0.7
MAX_FAILURES = 6


class Stage(NamedTuple):
    """A part of the run: the damping falls from start to end over its steps."""

    damping_start: float
    damping_end: float
    batch_size: int
    n_steps: int
    dtype: type

    def retried(self, n_retries, damping_factor, n_samples):
        """Return the stage with its batch size doubled `n_retries` times."""
        batch_size = min(self.batch_size * 2**n_retries, MAX_BATCH_SIZE, n_samples)
        batch_size = max(batch_size, self.batch_size)
        n_steps = int(np.ceil(self.n_steps * np.sqrt(self.batch_size / batch_size)))
        return self._replace(
            damping_start=self.damping_start * damping_factor,
            damping_end=self.damping_end * damping_factor,
            batch_size=batch_size,
            n_steps=n_steps,
        )


class Result(NamedTuple):
    """The best weights, and one entry an attempt of what led to them."""

    weights: Weights
    score: float
    loss_curve: list
    validation_scores: list
    damping: float
    n_steps: int


class _Breakdown(ArithmeticError):
    """A factorisation failed, or a number was not finite."""


def make_schedule(n_samples, damping, batch_size, max_steps, precision):
    """Divide the budget of steps into stages of one decade of damping each.

    Parameters
    ----------
    n_samples : int
        Number of training rows.
    damping : tuple of two floats
        Where the damping starts and where it ends.
    batch_size : int or "auto"
        With "auto" 96 rows, doubled every third stage up to 256.
    max_steps : int
        Budget of steps, shared so that a stage of twice the batch size gets half of
        the steps: the noisier the data, the earlier the run ends, and the early
        stages are the ones that count.
    precision : {"auto", "float32", "float64"}
        With "auto", float32 down to a damping of 1e-5 and float64 below.

    Returns
    -------
    list of Stage
        The stages in their order.
    """
    start, end = damping
    n_stages = max(1, round(np.log10(start / end)))
    dampings = np.geomspace(start, end, n_stages + 1)
    if batch_size == "auto":
        batch_sizes = np.minimum(96 * 2 ** (np.arange(n_stages) // 3), MAX_BATCH_SIZE)
    else:
        batch_sizes = np.full(n_stages, batch_size)
    shares = 1 / batch_sizes
    steps = np.ceil(max_steps * shares / shares.sum()).astype(int)

    def dtype(damping_end):
        if precision == "auto":
            exact = damping_end < FLOAT32_DAMPING * (1 - 1e-6)
            return np.float64 if exact else np.float32
        return np.dtype(precision).type

    return [
        Stage(high, low, int(min(m, n_samples)), int(n), dtype(low))
        for high, low, m, n in zip(
            dampings[:-1], dampings[1:], batch_sizes, steps, strict=True
        )
    ]


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
    momentum = K.dtype.type(momentum)
    return jacobian_transpose_product(A, D, u).map(
        lambda gradient, p: gradient + momentum * p, direction
    )


def _batches(n_samples, batch_size, n_steps, random_state):
    """Yield the rows of each step: every row once before any comes again."""
    order = position = None
    for _ in range(n_steps):
        if order is None or position + batch_size > n_samples:
            order, position = random_state.permutation(n_samples), 0
        yield order[position : position + batch_size]
        position += batch_size


@np.errstate(over="ignore", invalid="ignore")
def run_stage(
    weights,
    X,
    y,
    root_weight,
    stage,
    *,
    learning_rate,
    momentum,
    alpha,
    activation,
    random_state,
):
    """Run one stage; the arguments are those of `minimize`.

    Overflow is not an event here: it ends in a breakdown, which `minimize` mends.

    Returns
    -------
    weights : Weights
        The weights at its end, in the type of the stage.
    loss : float
        Half the mean squared residual over its second half, while training.
    """
    dtype = stage.dtype
    weights = weights.astype(dtype)
    direction = weights.map(np.zeros_like)
    dampings = np.geomspace(stage.damping_start, stage.damping_end, stage.n_steps)
    rates = 0.5 * learning_rate * (1 + np.cos(np.linspace(0, np.pi, stage.n_steps)))
    batches = _batches(len(y), stage.batch_size, stage.n_steps, random_state)
    workspace = gram_workspace(stage.batch_size, dtype)
    losses = []
    for rows, damping, rate in zip(batches, dampings, rates, strict=True):
        batch = X[rows].astype(dtype, copy=False)
        batch_weight = None if root_weight is None else root_weight[rows].astype(dtype)
        A, f = forward(weights, batch, activation)
        D = output_derivatives(weights, A, activation)
        residual = y[rows].astype(dtype, copy=False) - f
        loss = 0.5 * float(np.dot(residual, residual)) / len(rows)
        if not np.isfinite(loss):
            raise _Breakdown("the loss was not finite")
        losses.append(loss)
        direction = natural_gradient_step(
            A, D, residual, direction, damping, momentum, batch_weight, workspace
        )
        rate, decay = dtype(rate), dtype(1 - rate * alpha * damping)
        for coef, p in zip(weights.coefs, direction.coefs, strict=True):
            coef *= decay
            coef += rate * p
        for intercept, p in zip(weights.intercepts, direction.intercepts, strict=True):
            intercept += rate * p
    if not weights.is_finite():
        raise _Breakdown("a weight was not finite")
    return weights, float(np.mean(losses[len(losses) // 2 :]))


def r2(y, prediction, sample_weight):
    """Compute the coefficient of determination; 0 stands for a constant target."""
    error = np.average((y - prediction) ** 2, weights=sample_weight)
    mean = np.average(y, weights=sample_weight)
    variance = np.average((y - mean) ** 2, weights=sample_weight)
    return float(1 - error / variance) if variance > 0 else float(-error)


def minimize(
    X,
    y,
    sample_weight,
    X_val,
    y_val,
    sample_weight_val,
    *,
    hidden_layer_sizes,
    activation,
    learning_rate,
    momentum,
    alpha,
    schedule,
    patience,
    tol,
    random_state,
    weights=None,
    report=None,
):
    """Minimise the squared loss, as far as the validation rows gain from it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs at the network's scale.
    y : ndarray of shape (n_samples,)
        Target at the network's scale.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    X_val, y_val, sample_weight_val : ndarray
        Validation rows, like the three above.
    hidden_layer_sizes : sequence of int
        Widths of the hidden layers.
    activation : str
        Activation of the hidden layers.
    learning_rate : float
        Length of a step at the start of each stage.
    momentum : float
        The share of the direction before that is kept.
    alpha : float
        Decoupled weight decay, per unit of the learning rate and of the damping: a
        noise-free function bears none, and damping is low where the data say so.
    schedule : list of Stage
        What `make_schedule` returns.
    patience : int
        Number of attempts in a row without gain after which the run ends.
    tol : float
        The relative gain in validation error that counts as one.
    random_state : numpy.random.RandomState
        Source of the first weights and of the batches.
    weights : Weights, default=None
        Where to start. By default at random.
    report : callable, default=None
        Called after each stage with (stage, loss, validation score).

    Returns
    -------
    Result
        The weights with the best validation score, in float64.

    Raises
    ------
    ArithmeticError
        Where no stage could be completed, with the damping and the learning rates
        that were tried.
    """
    if weights is None:
        weights = initial_weights(
            (X.shape[1], *hidden_layer_sizes, 1), activation, np.float64, random_state
        )
        start_score = -np.inf
    else:
        start_score = r2(y_val, output(weights, X_val, activation), sample_weight_val)
    if sample_weight is None:
        root_weight = None
    else:
        root_weight = np.sqrt(sample_weight / sample_weight.mean())
    loss_curve, validation_scores, failures = [], [], []
    best = Result(
        weights,
        start_score,
        loss_curve,
        validation_scores,
        schedule[0].damping_start,
        0,
    )
    position = n_steps = n_retries = stale = 0
    damping_factor = 1.0
    while position < len(schedule) and stale < patience:
        stage = schedule[position].retried(n_retries, damping_factor, len(y))
        try:
            candidate, loss = run_stage(
                best.weights,
                X,
                y,
                root_weight,
                stage,
                learning_rate=learning_rate * RETRY_LEARNING_RATE**n_retries,
                momentum=momentum,
                alpha=alpha,
                activation=activation,
                random_state=random_state,
            )
        except _Breakdown as breakdown:
            failures.append(f"{breakdown} at damping {stage.damping_end:.1g}")
            damping_factor *= 10
            n_retries += 1
            stale += bool(loss_curve)
            if len(failures) == MAX_FAILURES:
                break
            continue
        candidate = candidate.astype(np.float64)
        score = r2(y_val, output(candidate, X_val, activation), sample_weight_val)
        n_steps += stage.n_steps
        loss_curve.append(loss)
        validation_scores.append(score)
        if report is not None:
            report(stage, loss, score)
        gained = 1 - score < (1 - best.score) * (1 - tol)
        if score > best.score:
            best = best._replace(
                weights=candidate, score=score, damping=stage.damping_end
            )
        if gained:
            stale = 0
            position += 1
        else:
            stale += 1
            n_retries += 1
    if not loss_curve:
        raise ArithmeticError(
            f"The natural-gradient solver found no finite weights in {MAX_FAILURES} "
            "attempts, each with ten times the damping, twice the batch size and a "
            f"smaller learning rate than the one before: {'; '.join(failures)}."
        )
    return best._replace(n_steps=n_steps)
