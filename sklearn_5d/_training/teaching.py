"""What a teacher adds to a committee, if the held-out rows gain from it."""

from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg import LinAlgError
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from .._evaluation import output
from .._network import Weights
from . import defaults
from .distillation import best_blend
from .gaussian_process import condition, fit_kernel
from .polynomial import choose_degree, fit_polynomial
from .spring import r2
from .threads import single_threaded

# What is found once for all the rows, and what is fitted to those of a fold.
TEACHERS = {
    "gaussian process": (fit_kernel, condition),
    "polynomial": (choose_degree, fit_polynomial),
}


class Lesson(NamedTuple):
    """What the teachers of the folds know, and how much of it is good.

    Parameters
    ----------
    teachers : list
        For each member the one that was fitted to its training rows.
    predictions : list of ndarray
        What they say of the held-out rows.
    share : float
        Their share in the best blend of them and the networks.
    error : float
        Mean squared error of the blend on the held-out rows.
    """

    teachers: list
    predictions: list
    share: float
    error: float


def kinds_to_try(gaussian_process, choice, task):
    """Name the kinds of teachers to try.

    Parameters
    ----------
    gaussian_process : bool or "auto"
        The parameter of `FiveDRegressor`.
    choice : Choice
        What the table wants.
    task : Task
        What trained the members, with the natural gradient.

    Returns
    -------
    list of {"gaussian process", "polynomial"}
        Those that are worth their time, where it is for us to say.
    """
    if gaussian_process != "auto":
        return list(TEACHERS) if gaussian_process else []
    if choice.is_encoded:
        return []
    is_cheap = len(task.rows) <= defaults.MAX_PROCESS_ROWS and len(task.splits) > 1
    return list(TEACHERS) if is_cheap else ["polynomial"]


def teach_members(task, members, kinds):
    """Let the best of several teachers teach the members.

    Parameters
    ----------
    task : Task
        What trained the members, with the natural gradient.
    members : list of MLPRegressor
        The members.
    kinds : sequence of {"gaussian process", "polynomial"}
        The teachers.

    Returns
    -------
    members : list of MLPRegressor
        New members, or those given where the held-out rows do not gain.
    shares : dict
        The share of each kind of teacher in what they have learnt.
    """
    shares = dict.fromkeys(TEACHERS, 0.0)
    if not kinds:
        return members, shares
    rng = check_random_state(task.seeds[0])
    held_out = [
        task.held_out(k).sample(defaults.MAX_JUDGING_ROWS, rng)
        for k in range(len(members))
    ]
    lessons = {}
    with single_threaded:
        outputs = [
            output(Weights.of(member), rows.X, member.activation)
            for member, rows in zip(members, held_out, strict=True)
        ]
        for kind in kinds:
            lesson = _prepare(kind, task, held_out, outputs, rng)
            if lesson is not None:
                lessons[kind] = lesson
    if not lessons:
        return members, shares
    kind, lesson = min(lessons.items(), key=lambda item: item[1].error)
    taught = _learn(task, members, held_out, lesson)
    if not _is_worth_it(members, taught, task.rows, rng):
        return members, shares
    return taught, shares | {kind: lesson.share}


def _prepare(kind, task, held_out, outputs, rng):
    """Prepare the lesson of a kind of teacher, or None where it has nothing to teach.

    Where rows are many, two folds tell whether the others are worth their time.
    """
    prepare, fit = TEACHERS[kind]
    n_members = len(held_out)
    is_dear = len(task.rows) > defaults.MANY_PROCESS_ROWS
    n_trials = min(defaults.N_TRIAL_FOLDS, n_members) if is_dear else n_members
    teachers, predictions = [], []
    try:
        settings = prepare(task.rows, rng)
        for k in range(n_members):
            teachers.append(fit(*settings, task.train(k)))
            predictions.append(teachers[k].predict(held_out[k].X))
            if k + 1 in (n_trials, n_members):
                share, error = _held_out_blend(predictions, outputs, held_out)
                if share == 0:
                    return None
    except LinAlgError:
        return None
    return Lesson(teachers, predictions, share, error)


def _held_out_blend(predictions, outputs, held_out):
    """Blend teachers and networks, as far as there are predictions."""
    n = len(predictions)
    y, weight = (
        None if columns[0] is None else np.concatenate(columns)
        for columns in zip(*((r.y, r.weight) for r in held_out[:n]), strict=True)
    )
    return best_blend(
        np.concatenate(predictions), np.concatenate(outputs[:n]), y, weight
    )


def _learn(task, members, held_out, lesson):
    """Teach every member, and from new weights one that knows far less all the same."""

    def teach(chosen, afresh):
        return Parallel(n_jobs=task.n_jobs)(
            delayed(_teach_member)(
                task,
                k,
                members[k],
                lesson.teachers[k],
                lesson.share,
                max_error=defaults.LESSON_SHARE * lesson.error,
                afresh=afresh,
            )
            for k in chosen
        )

    taught = teach(range(len(members)), afresh=False)
    errors = np.array([1 - member.validation_scores_[-1] for member in taught])
    teacher_errors = [
        1 - r2(rows.y, prediction, rows.weight)
        for prediction, rows in zip(lesson.predictions, held_out, strict=True)
    ]
    limits = defaults.UNTAUGHT_RATIO * np.array(teacher_errors)
    untaught = np.flatnonzero(errors > np.maximum(limits, defaults.LOST_ERROR))
    for k, again in zip(untaught, teach(untaught, afresh=True), strict=True):
        taught[k] = again
    return taught


def _is_worth_it(members, taught, rows, rng):
    """Tell whether the held-out rows gain, or lose little beside what they cannot see.

    A network may go through all the nodes of a grid, and wrong ways between them.
    """
    loss = np.mean(
        [
            old.best_validation_score_ - new.validation_scores_[-1]
            for old, new in zip(members, taught, strict=True)
        ]
    )
    if loss < 0:
        return True
    between = inputs_between(rows.sample(defaults.MAX_JUDGING_ROWS, rng).X, rng)
    change = [
        output(Weights.of(new), between, new.activation)
        - output(Weights.of(old), between, old.activation)
        for old, new in zip(members, taught, strict=True)
    ]
    return loss < defaults.MAX_LESSON_LOSS * np.mean(np.square(change))


def inputs_between(X, random_state):
    """Make inputs halfway between each of the rows and one of its neighbours.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs of rows.
    random_state : numpy.random.RandomState
        Source of the choice among the ten nearest neighbours.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The inputs.
    """
    k = min(defaults.N_NEIGHBOURS, len(X) - 1)
    # The nearest row is the row itself.
    nearest = NearestNeighbors(n_neighbors=k + 1).fit(X).kneighbors(X)[1]
    chosen = random_state.randint(1, k + 1, size=len(X))
    return (X + X[nearest[np.arange(len(X)), chosen]]) / 2


def _teach_member(task, k, member, teacher, share, **how):
    train, held_out, seed = task.train(k), task.held_out(k), task.seeds[k]
    try:
        return task.solver.teach(member, teacher, share, train, held_out, seed, **how)
    except ArithmeticError:  # what it cannot learn leaves it as it was
        return member
