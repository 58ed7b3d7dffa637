"""Learning from rows that come by and by, for `partial_fit`.

The natural gradient keeps a sample of all rows so far, of bounded size, in which every
row that ever came has the same chance to be. Each call trains on the new rows and on
the sample, in a number of steps that grows as the square root of the new rows, and each
network holds out a tenth of the rows, the same tenth in every call. So no call forgets
what those before it have learnt, and the damping falls from call to call as in a single
run.
"""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from .._rows import Rows
from . import defaults
from .mlp import ScikitLearnSolver
from .solver import continued_generator, steps_taken


class Memory(NamedTuple):
    """Rows at the network's scale, each with a random rank and fold.

    The rows of lowest rank among all that ever came are a sample of them.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    rank: np.ndarray
    fold: np.ndarray

    def rows(self, chosen):
        """Select rows for training; equal weights are none."""
        weight = self.weight[chosen]
        weight = None if np.ptp(weight) == 0 else weight
        return Rows(self.X[chosen], self.y[chosen], weight)

    def split(self, fold):
        """Return the rows to train on, and those of a fold, where there are both."""
        held_out = self.fold == fold
        train = ~held_out
        if held_out.all() or train.all():
            held_out = train = slice(None)
        return self.rows(train), self.rows(held_out)


def learn(solver, members, memory, rows, seeds, n_jobs, verbose=False):
    """Let the members learn further rows.

    Parameters
    ----------
    solver : NaturalGradient or ScikitLearnSolver
        What trains a member.
    members : list of MLPRegressor or None
        The fitted members, None each for the first call; they are left as they were.
    memory : tuple or None
        What was kept of the rows before.
    rows : Rows
        The new rows at the network's scale.
    seeds : list
        Source of randomness of each member.
    n_jobs : int or None
        Number of jobs, as in joblib.
    verbose : bool, default=False
        Whether to print a line a stage, or a pass.

    Returns
    -------
    members : list of MLPRegressor
        New members.
    memory : tuple or None
        What is kept for the calls to come, a `Memory` in a type that any file knows;
        nothing by the solvers of `MLPRegressor`, which pass over the new rows once.
    """
    pairs = zip(members, seeds, strict=True)
    if isinstance(solver, ScikitLearnSolver):
        passes = [
            delayed(solver.resume)(member, rows, seed, verbose)
            for member, seed in pairs
        ]
        return Parallel(n_jobs=n_jobs)(passes), None
    random_state = continued_generator(seeds[0], steps_taken(members[0]))
    memory = remember(memory, rows, random_state)
    passes = [
        delayed(_resume)(solver, member, memory, k, len(rows), seed, verbose)
        for k, (member, seed) in enumerate(pairs)
    ]
    return Parallel(n_jobs=n_jobs)(passes), tuple(forget(memory))


def _resume(solver, member, memory, k, n_new, seed, verbose):
    fold = k % defaults.N_STREAM_FOLDS
    return solver.resume(member, *memory.split(fold), n_new, seed, verbose)


def remember(memory, rows, random_state):
    """Join new rows with those that were kept.

    Parameters
    ----------
    memory : Memory, tuple of its arrays, or None
        What was kept.
    rows : Rows
        The new rows at the network's scale.
    random_state : numpy.random.RandomState
        Source of ranks and folds.

    Returns
    -------
    Memory
        All of these rows.
    """
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    rank = random_state.uniform(size=len(rows))
    fold = random_state.randint(defaults.N_STREAM_FOLDS, size=len(rows))
    new = Memory(np.asarray(rows.X), rows.y, weight, rank, fold)
    if memory is None:
        return new
    return Memory(*map(np.concatenate, zip(memory, new, strict=True)))


def forget(memory):
    """Keep as many rows as are allowed."""
    kept = np.sort(np.argsort(memory.rank)[: defaults.MAX_MEMORY_ROWS])
    return Memory(*(array[kept] for array in memory))
