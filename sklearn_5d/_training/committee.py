"""The committee: members trained in parallel on folds.

Every member is a plain, fitted `MLPRegressor`. Everything here happens at the network's
scale.
"""

from copy import copy
from numbers import Integral
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from .._evaluation import output
from .._network import Weights
from .._rows import Rows
from . import defaults
from .solver import NaturalGradient

# What rounding leaves of the range of a constant target, beside the larger of its size
# and the unit of the network's scale.
CONSTANT_RANGE = 1e-12


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

    def train(self, k):
        """Copy the rows that a member trains on."""
        return self.rows.take(self.splits[k][0])

    def held_out(self, k):
        """Copy the rows that a member is judged by; None leaves it to the solver."""
        held_out = self.splits[k][1]
        if self.validation is not None or len(held_out) == 0:
            return self.validation
        return self.rows.take(held_out)


def _fit_member(task, k, start, verbose):
    solver, seed = task.solver, task.seeds[k]
    # The copies of the rows live as long as the training.
    if task.callbacks is None:
        return solver.fit(task.train(k), task.held_out(k), seed, start, verbose)
    network = task.callbacks.network(k, solver.n_stages)
    member = solver.fit(
        task.train(k), task.held_out(k), seed, start, verbose, network.report
    )
    network.end(member)
    return member


def _deepen_member(task, k, member, verbose):
    train, held_out, seed = task.train(k), task.held_out(k), task.seeds[k]
    return task.solver.deepen(member, train, held_out, seed, verbose)


def fit_members(task, starts, verbose):
    """Train the members, in parallel through joblib.

    Where the first ones tell that there is no noise, they are enough, with further
    steps where the plan was made for noise.

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
        The members, which may be the first ones alone.
    """
    n_first = _n_first(task.solver, starts)
    members = _train(task, starts, range(n_first), verbose)
    if n_first < len(starts):
        solver = task.solver
        if any(map(solver.has_noise, members)):
            others = task._replace(solver=solver.others or solver)
            members += _train(others, starts, range(n_first, len(starts)), verbose)
        elif solver.n_further_steps:
            members = Parallel(n_jobs=task.n_jobs)(
                delayed(_deepen_member)(task, k, member, verbose)
                for k, member in enumerate(members)
            )
    if is_constant(task.rows):
        return flattened(members, task.rows)
    return _without_lost(task, members, verbose)


def _train(task, starts, chosen, verbose):
    return Parallel(n_jobs=task.n_jobs)(
        delayed(_fit_member)(task, k, starts[k], verbose) for k in chosen
    )


def _n_first(solver, starts):
    """Choose how many members train first, and may be enough."""
    is_trial = isinstance(solver, NaturalGradient) and solver.n_first is not None
    if is_trial and all(start is None for start in starts):
        return solver.n_first
    return len(starts)


def _without_lost(task, members, verbose):
    """Start members again that are far worse on held-out rows than their fellows."""
    if not isinstance(task.solver, NaturalGradient):
        return members
    members = list(members)
    for _ in range(defaults.MAX_RESTARTS):
        errors = [1 - member.best_validation_score_ for member in members]
        for k in _lost(errors):
            seed = _next_seed(members[k].random_state)
            again = task.solver.fit(
                task.train(k), task.held_out(k), seed, None, verbose
            )
            if again.best_validation_score_ > members[k].best_validation_score_:
                members[k] = again
            else:
                members[k].random_state = seed
    return members


def _lost(errors):
    """Name those that are far worse than the better ones, and bad in themselves."""
    limit = defaults.LOST_RATIO * np.quantile(errors, 0.25)
    return np.flatnonzero(np.array(errors) > max(limit, defaults.LOST_ERROR))


def _next_seed(seed):
    return seed + 1 if isinstance(seed, Integral) else seed


def is_constant(rows):
    """Tell whether the target is a constant but for rounding."""
    return np.ptp(rows.y) < CONSTANT_RANGE * max(1, np.abs(rows.y).max())


def flattened(members, rows):
    """Let the members say the mean, which a warm start need not find at 0."""
    for member in members:
        member.coefs_[-1][:] = 0
        member.intercepts_[-1][:] = np.average(rows.y, weights=rows.weight)
    return members


def shrunk(members, shrinkage):
    """Let the members say so much of what they have learnt; 1 undoes a shrinkage.

    Parameters
    ----------
    members : list of MLPRegressor
        The members, which are left as they were. Their scores are those of what they
        have learnt.
    shrinkage : float
        The factor of their outputs, at the network's scale.

    Returns
    -------
    list of MLPRegressor
        The same members, or copies with another last layer.
    """
    return [_shrunk(member, shrinkage) for member in members]


def _shrunk(member, shrinkage):
    factor = shrinkage / getattr(member, "shrinkage_", 1.0)
    if factor == 1:
        return member
    member = copy(member)
    member.coefs_ = [*member.coefs_[:-1], factor * member.coefs_[-1]]
    member.intercepts_ = [*member.intercepts_[:-1], factor * member.intercepts_[-1]]
    member.shrinkage_ = shrinkage
    return member


def judge(task, members):
    """Ask members for the rows that they were judged by, and weigh them by the answers.

    Parameters
    ----------
    task : Task
        What trained the members.
    members : list of MLPRegressor
        The members.

    Returns
    -------
    outputs : ndarray of shape (n_samples,)
        For each training row the output of the member that held it out, else NaN.
    holder : ndarray of shape (n_samples,)
        Which member that is, -1 for none.
    weights : ndarray of shape (n_members,)
        The weights of the members in their mean.
    """
    outputs, holder = np.full(len(task.rows), np.nan), np.full(len(task.rows), -1)
    errors = np.ones(len(members))
    # Some groups are harder than others, whoever holds them out; few rows say nothing.
    is_fair = task.validation is not None or task.rows.groups is None
    n_judging = [
        len(held_out if task.validation is None else task.validation)
        for _, held_out in task.splits
    ]
    is_fair = is_fair and min(n_judging) >= defaults.MIN_WEIGHING_ROWS
    for k, member in enumerate(members):
        rows = task.held_out(k)
        if rows is None:
            continue
        z = output(Weights.of(member), rows.X, member.activation)
        if is_fair:
            known = z / task.solver.shrinkage
            errors[k] = _typical_error(rows.y - known, rows.weight)
        if task.validation is None:
            held_out = task.splits[k][1]
            outputs[held_out], holder[held_out] = z, k
    return outputs, holder, member_weights(errors)


def _typical_error(residual, weight):
    """Compute the third quartile of the sizes, which no outlier moves."""
    return np.quantile(np.abs(residual), 0.75, weights=weight, method="inverted_cdf")


def member_weights(errors):
    """Compute weights in inverse proportion to squared errors that differ in earnest.

    Such weights make the squared error of the mean least where the errors of the
    members are independent.

    Parameters
    ----------
    errors : ndarray of shape (n_members,)
        Typical errors at the network's scale.

    Returns
    -------
    ndarray of shape (n_members,)
        The weights; their sum is 1.
    """
    squares = np.maximum(errors, np.finfo(float).eps) ** 2
    weights = np.minimum(1, defaults.EQUAL_ERRORS * squares.min() / squares)
    return weights / weights.sum()
