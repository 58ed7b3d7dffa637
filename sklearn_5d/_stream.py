"""Learning from rows that come by and by, for `partial_fit`.

The natural gradient keeps a sample of all rows so far, of bounded size, in which every
row that ever came has the same chance to be. Each call trains on the new rows and on
the sample, in a number of steps that grows as the square root of the new rows, and each
network holds out a tenth of the rows, the same tenth in every call. So no call forgets
what those before it have learnt, and the damping falls from call to call as in a single
run.
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
from sklearn.neural_network import MLPRegressor

from . import _spring
from ._committee import continued_generator, fitted_member, member_weights
from ._threads import mlp_training, single_threaded_blas

MAX_MEMORY_ROWS = 10_000
N_FOLDS = 10
BATCH_SIZE = 128
# Steps of a call, beside the square root of the number of its new rows: small chunks
# get more steps a row, as each of them is a start.
STEP_FACTOR = 5


class Memory(NamedTuple):
    """Rows at the network's scale, each with a random rank and fold.

    The rows of lowest rank among all that ever came are a sample of them.
    """

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray
    rank: np.ndarray
    fold: np.ndarray

    def data(self, rows):
        """Select rows for training; equal weights are none."""
        weight = self.sample_weight[rows]
        return self.X[rows], self.y[rows], None if np.ptp(weight) == 0 else weight


def remember(memory, data, seed, n_steps):
    """Join new rows with those that were kept.

    Parameters
    ----------
    memory : Memory or None
        What was kept.
    data : tuple of (X, y, sample_weight)
        The new rows.
    seed : int, RandomState instance or None
        Source of ranks and folds.
    n_steps : int
        Steps that were taken before.

    Returns
    -------
    Memory
        All of these rows.
    """
    X, y, sample_weight = data
    if sample_weight is None:
        sample_weight = np.ones(len(y))
    rng = continued_generator(seed, n_steps)
    rank, fold = rng.uniform(size=len(y)), rng.randint(N_FOLDS, size=len(y))
    new = Memory(X, y, sample_weight, rank, fold)
    if memory is None:
        return new
    return Memory(*map(np.concatenate, zip(memory, new, strict=True)))


def forget(memory):
    """Keep as many rows as are allowed."""
    kept = np.sort(np.argsort(memory.rank)[:MAX_MEMORY_ROWS])
    return Memory(*(array[kept] for array in memory))


def pass_spring(member, memory, n_new, fold, seed, *, network, solver):
    """Go on with a member by the natural gradient.

    Parameters
    ----------
    member : MLPRegressor or None
        The fitted member, None for the first call.
    memory : Memory
        The new rows and those that were kept.
    n_new : int
        How many of them are new.
    fold : int
        The fold that the member holds out.
    seed : int, RandomState instance or None
        Source of the first weights and of the batches.
    network, solver : dict
        As in `fit_spring`.

    Returns
    -------
    MLPRegressor
        A new member; the old one is left as it was.
    """
    solver = dict(solver)
    highest, lowest = solver.pop("damping")
    batch_size, precision = solver.pop("batch_size"), solver.pop("precision")
    if batch_size == "auto":
        batch_size = BATCH_SIZE
    max_steps = min(int(STEP_FACTOR * np.sqrt(n_new)), solver.pop("max_steps"))
    if member is None:
        weights, n_steps, damping = None, 0, 10 * highest
    else:
        weights, n_steps = member_weights(member), member.n_steps_
        damping = getattr(member, "damping_", highest)
    high = min(highest, 10 * damping)
    low = min(high, max(lowest, damping / 100))
    held_out = memory.fold == fold
    train = ~held_out
    if held_out.all() or train.all():
        held_out = train = slice(None)
    train, held_out = memory.data(train), memory.data(held_out)
    schedule = _spring.make_schedule(
        len(train[1]), (high, low), batch_size, max_steps, precision
    )
    with single_threaded_blas:
        result = _spring.minimize(
            *train,
            *held_out,
            **network,
            **solver,
            schedule=schedule,
            random_state=continued_generator(seed, n_steps),
            weights=weights,
        )
    new = fitted_member(MLPRegressor(**network, random_state=seed), result)
    new.n_steps_ += n_steps
    return new


def pass_mlp(member, data, seed, *, network, solver):
    """Go on with a member by one pass of a solver of `MLPRegressor` over new rows.

    Parameters
    ----------
    member, seed, network, solver
        As in `pass_spring`, with the solver's arguments as in `fit_mlp`.
    data : tuple of (X, y, sample_weight)
        The new rows.

    Returns
    -------
    MLPRegressor
        A new member; the old one is left as it was.
    """
    member = MLPRegressor(random_state=seed) if member is None else deepcopy(member)
    batch_size = min(solver["batch_size"], len(data[1]))
    if getattr(member, "best_loss_", None) is None:
        member.best_loss_ = np.inf  # a fit with early stopping leaves it empty
    member.set_params(
        **network, **{**solver, "early_stopping": False, "batch_size": batch_size}
    )
    with single_threaded_blas, mlp_training():
        return member.partial_fit(*data)
