"""The committee: members trained in parallel on folds, and what one teacher adds.

Every member is a plain, fitted `MLPRegressor`. Everything here happens at the network's
scale.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg import LinAlgError
from sklearn.utils import check_random_state

from .._evaluation import output
from .._network import Weights
from .._rows import Rows
from . import defaults, gaussian_process
from .distillation import best_share
from .solver import NaturalGradient
from .spring import r2
from .threads import single_threaded

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
    callbacks : FitTask or None, default=None
        What tells the callbacks of the estimator how far the training is.
    """

    solver: object
    rows: Rows
    splits: list
    validation: Rows | None
    seeds: list
    n_jobs: int | None
    callbacks: object = None

    def fold(self, k):
        """Copy the rows of a member."""
        train, held_out = self.splits[k]
        validation = self.validation
        if validation is None and len(held_out):
            validation = self.rows.take(held_out)
        return Fold(self.rows.take(train), validation)


def _fit_member(task, k, start, verbose):
    solver, seed = task.solver, task.seeds[k]
    # The copies of the rows live as long as the training.
    if task.callbacks is None:
        return solver.fit(*task.fold(k), seed, start, verbose)
    network = task.callbacks.network(k, solver.n_stages)
    member = solver.fit(*task.fold(k), seed, start, verbose, network.report)
    network.end(member)
    return member


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
    if is_constant(task.rows):
        return flattened(members)
    return _without_lost(task, members, verbose)


def _without_lost(task, members, verbose):
    """Start members again that are far worse on held-out rows than their fellows."""
    if not isinstance(task.solver, NaturalGradient):
        return members
    members = list(members)
    for _ in range(defaults.MAX_RESTARTS):
        errors = [1 - member.best_validation_score_ for member in members]
        for k in _lost(errors, errors):
            seed = _next_seed(members[k].random_state)
            again = task.solver.fit(*task.fold(k), seed, None, verbose)
            if again.best_validation_score_ > members[k].best_validation_score_:
                members[k] = again
            else:
                members[k].random_state = seed
    return members


def _lost(errors, peers):
    """Name those that are far worse than the better peers, and bad in themselves."""
    limit = defaults.LOST_RATIO * np.quantile(peers, 0.25)
    return np.flatnonzero(np.array(errors) > max(limit, defaults.LOST_ERROR))


def _next_seed(seed):
    return seed + 1 if isinstance(seed, Integral) else seed


def is_constant(rows):
    """Tell whether the target is a constant but for rounding."""
    return np.ptp(rows.y) < CONSTANT_RANGE


def flattened(members):
    """Let the members say what the scaling says of a constant target: 0."""
    for member in members:
        member.coefs_[-1][:] = member.intercepts_[-1][:] = 0
    return members


def _teach_member(task, k, member, process, share, afresh):
    fold, seed = task.fold(k), task.seeds[k]
    try:
        return task.solver.teach(member, process, share, *fold, seed, afresh)
    except ArithmeticError:  # what it cannot learn leaves it as it was
        return member


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
    is_dear = len(task.rows) > defaults.MANY_PROCESS_ROWS
    n_trials = defaults.N_TRIAL_FOLDS if is_dear else len(folds)
    processes, predictions = [], []
    with single_threaded:
        kernel = gaussian_process.fit_kernel(task.rows, rng)
        for some in filter(None, (folds[:n_trials], folds[n_trials:])):
            try:
                new = [gaussian_process.condition(*kernel, fold.train) for fold in some]
            except LinAlgError:
                return members, 0.0
            processes += new
            predictions += [
                process.predict(fold.validation.X)
                for process, fold in zip(new, some, strict=True)
            ]
            n = len(processes)
            share = _held_out_share(predictions, members[:n], folds[:n])
            if share == 0:
                return members, 0.0

    def teach(chosen, afresh):
        return Parallel(n_jobs=task.n_jobs)(
            delayed(_teach_member)(task, k, members[k], processes[k], share, afresh)
            for k in chosen
        )

    taught = teach(range(len(members)), afresh=False)
    errors = [1 - member.validation_scores_[-1] for member in taught]
    # Where most members had collapsed, the teachers know what could be learnt.
    teacher_errors = [
        1 - r2(rows.y, prediction, rows.weight)
        for prediction, (_, rows) in zip(predictions, folds, strict=True)
    ]
    lost = _lost(errors, errors + teacher_errors)
    for k, again in zip(lost, teach(lost, afresh=True), strict=True):
        taught[k] = again
    gains = [
        new.validation_scores_[-1] - old.best_validation_score_
        for new, old in zip(taught, members, strict=True)
    ]
    return (taught, share) if np.mean(gains) > 0 else (members, 0.0)


def _held_out_share(predictions, members, folds):
    """Compute the share of the teachers that all the held-out rows gain most from."""
    held_out = [fold.validation for fold in folds]
    outputs = [
        output(Weights.of(m), r.X, m.activation)
        for m, r in zip(members, held_out, strict=True)
    ]
    y, weight = (
        None if columns[0] is None else np.concatenate(columns)
        for columns in zip(*((r.y, r.weight) for r in held_out), strict=True)
    )
    return best_share(np.concatenate(predictions), np.concatenate(outputs), y, weight)


def out_of_fold_outputs(members, splits, X):
    """Compute for each row the output of the member that held it out, else NaN."""
    outputs = np.full(len(X), np.nan)
    for member, (_, held_out) in zip(members, splits, strict=True):
        outputs[held_out] = output(Weights.of(member), X[held_out], member.activation)
    return outputs
