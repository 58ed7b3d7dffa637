"""The committee: members trained in parallel on folds, and what one teacher adds.

Every member is a plain, fitted `MLPRegressor`. Everything here happens at the network's
scale.
"""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg import LinAlgError
from sklearn.utils import check_random_state

from .._evaluation import output
from .._network import Weights
from .._rows import Rows
from . import gaussian_process
from .distillation import best_share
from .threads import single_threaded_blas

# What is left of a constant target at the network's scale.
CONSTANT_RANGE = 1e-12


class Fold(NamedTuple):
    """What a member trains on and is judged by.

    Parameters
    ----------
    train : Rows
        The training rows.
    validation : Rows or None
        The rows that decide when to stop; None leaves it to the solver.
    """

    train: Rows
    validation: Rows | None


class Task(NamedTuple):
    """The training of a committee.

    Parameters
    ----------
    solver : NaturalGradient or ScikitLearnSolver
        What trains a member.
    rows : Rows
        All the training rows.
    splits : list of (ndarray or slice, ndarray)
        Training rows and held-out rows of each member.
    validation : Rows or None
        Rows that replace the held-out ones, the same for all the members.
    seeds : list
        Source of randomness of each member.
    n_jobs : int or None
        Number of jobs, as in joblib.
    """

    solver: object
    rows: Rows
    splits: list
    validation: Rows | None
    seeds: list
    n_jobs: int | None

    def fold(self, k):
        """Copy the rows of a member."""
        train, held_out = self.splits[k]
        validation = self.validation
        if validation is None and len(held_out):
            validation = self.rows.take(held_out)
        return Fold(self.rows.take(train), validation)


def _fit_member(task, k, start, verbose):
    # The copies of the rows live as long as the training.
    return task.solver.fit(*task.fold(k), task.seeds[k], start, verbose)


def fit_members(task, starts, verbose):
    """Train the members, in parallel through joblib.

    Parameters
    ----------
    task : Task
        What to train.
    starts : list
        For each member the fitted one to go on from, or None.
    verbose : bool
        Whether to print a line a stage.

    Returns
    -------
    list of MLPRegressor
        The members.
    """
    members = Parallel(n_jobs=task.n_jobs)(
        delayed(_fit_member)(task, k, start, verbose) for k, start in enumerate(starts)
    )
    return flattened(members) if is_constant(task.rows) else members


def is_constant(rows):
    """Tell whether the target is a constant but for rounding."""
    return np.ptp(rows.y) < CONSTANT_RANGE


def flattened(members):
    """Let the members say what the scaling says of a constant target: 0."""
    for member in members:
        member.coefs_[-1][:] = member.intercepts_[-1][:] = 0
    return members


def _teach_member(task, k, member, process, share):
    return task.solver.teach(member, process, share, *task.fold(k), task.seeds[k])


def teach_members(task, members):
    """Let a Gaussian process teach the members, if the held-out rows gain from it.

    Parameters
    ----------
    task : Task
        What trained the members, with the natural gradient.
    members : list of MLPRegressor
        The members.

    Returns
    -------
    members : list of MLPRegressor
        New members, or those given.
    share : float
        The share of the process in what they have learnt.
    """
    folds = [task.fold(k) for k in range(len(members))]
    rng = check_random_state(task.seeds[0])
    with single_threaded_blas:
        kernel, noise_variance = gaussian_process.fit_kernel(task.rows, rng)
        try:
            processes = [
                gaussian_process.condition(kernel, noise_variance, fold.train)
                for fold in folds
            ]
        except LinAlgError:
            return members, 0.0
    share = _held_out_share(processes, members, [fold.validation for fold in folds])
    if share == 0:
        return members, 0.0
    taught = Parallel(n_jobs=task.n_jobs)(
        delayed(_teach_member)(task, k, *each, share)
        for k, each in enumerate(zip(members, processes, strict=True))
    )
    gains = [
        new.validation_scores_[-1] - old.best_validation_score_
        for new, old in zip(taught, members, strict=True)
    ]
    return (taught, share) if np.mean(gains) > 0 else (members, 0.0)


def _held_out_share(teachers, members, held_out):
    """Compute the share of the teachers that all the held-out rows gain most from."""
    with single_threaded_blas:
        taught = [t.predict(r.X) for t, r in zip(teachers, held_out, strict=True)]
    outputs = [
        output(Weights.of(m), r.X, m.activation)
        for m, r in zip(members, held_out, strict=True)
    ]
    y, weight = (
        None if columns[0] is None else np.concatenate(columns)
        for columns in zip(*((r.y, r.weight) for r in held_out), strict=True)
    )
    return best_share(np.concatenate(taught), np.concatenate(outputs), y, weight)


def out_of_fold_outputs(members, splits, X):
    """Compute for each row the output of the member that held it out, else NaN."""
    outputs = np.full(len(X), np.nan)
    for member, (_, held_out) in zip(members, splits, strict=True):
        outputs[held_out] = output(Weights.of(member), X[held_out], member.activation)
    return outputs
