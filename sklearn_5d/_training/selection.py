"""What does this table want? Short runs on held-out rows decide before the training.

They choose the transformations, the activation and the encoding, and tell whether there
is noise to speak of.
"""

import operator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError
from scipy.stats import gmean
from sklearn.utils import check_random_state

from .. import _scaling
from .._evaluation import MIN_SQUARED_SHARE, output, variance_share
from .._rows import Rows
from . import defaults
from .schedule import Settings
from .spring import minimize
from .teaching import TEACHERS
from .threads import single_threaded


class Choice(NamedTuple):
    """What a table wants.

    Parameters
    ----------
    x_transform, y_transform : str
        The transformation of the inputs and that of the target.
    activation : str
        The activation of the hidden layers.
    noise : {"none", "little", "much"}, default="much"
        How much noise there is, as the damping tells at which short runs did best.
    """

    x_transform: str
    y_transform: str
    activation: str
    noise: str = "much"

    @classmethod
    def of(cls, x_transform, y_transform, activation):
        """Make a choice, with the activation of its encoding where that is "auto"."""
        if activation == "auto":
            activation = defaults.activation(x_transform)
        return cls(x_transform, y_transform, activation)

    @classmethod
    def simplest(cls, parameters):
        """Leave everything as simple as the parameters allow."""
        transforms = (
            "standard" if parameters[name] == "auto" else parameters[name]
            for name in ("x_transform", "y_transform")
        )
        return cls.of(*transforms, parameters["activation"])

    @property
    def is_encoded(self):
        """Whether the inputs are encoded."""
        return self.x_transform in _scaling.ENCODINGS


def candidates(rows, x_transform, y_transform, activation):
    """List the choices for a smooth table that the parameters and the skew leave open.

    Parameters
    ----------
    rows : Rows
        Rows in the units of the user.
    x_transform, y_transform, activation : str
        The parameters of `FiveDRegressor`.

    Returns
    -------
    list of Choice
        The simplest first.
    """
    inputs, targets = (x_transform,), (y_transform,)
    if x_transform == "auto":
        skewed = _is_skewed(rows.X)
        inputs = _scaling.SMOOTH_TRANSFORMS if skewed else ("standard",)
    if y_transform == "auto":
        skewed = _is_skewed(rows.y)
        targets = (
            _scaling.feasible_target_transforms(rows.y) if skewed else ("standard",)
        )
    return [Choice.of(x, y, activation) for x, y in product(inputs, targets)]


def _is_skewed(columns):
    return np.abs(_scaling.skewness(columns)).max() > defaults.MIN_SKEWNESS


def choose(rows, parameters, may_encode, random_state):
    """Choose what this table wants.

    Each candidate trains short runs on the same folds; the errors are compared in the
    units of the target. Encodings are tried only where trees, which see nothing but
    steps, come close to the best smooth network.

    Parameters
    ----------
    rows : Rows
        Rows in the units of the user.
    parameters : dict
        The parameters of `FiveDRegressor`; only what is "auto" is open to choice.
    may_encode : bool
        Whether ``x_transform="auto"`` may be an encoding.
    random_state : int
        Seed of the folds and of the first weights.

    Returns
    -------
    Choice
        The best.
    """
    names = "x_transform", "y_transform", "activation"
    x_transform, y_transform, activation = (parameters[name] for name in names)
    choices = candidates(rows, x_transform, y_transform, activation)
    if len(rows) < defaults.MIN_RACE_ROWS:
        return choices[0]
    settings = Settings(
        tuple(np.atleast_1d(parameters["hidden_layer_sizes"])),
        activation,
        defaults.MAX_RACE_STEPS,
        damping=defaults.RACE_DAMPING,
        patience=2,
    )
    may_encode = may_encode and x_transform == "auto"
    may_encode = may_encode and len(rows) >= defaults.MIN_ENCODED_ROWS
    with single_threaded:
        # Nothing to choose: half of the folds tell whether there is noise.
        n_folds = 2 if len(choices) == 1 else 4
        folds = _folds(rows, defaults.MAX_RACE_ROWS, random_state, n_folds)
        race = _Race(folds, settings, random_state)
        best = race.winner(choices, defaults.RACE_GAIN)
        if may_encode:
            encoded = _encoded_winner(rows, best, race, parameters)
            if encoded != best:
                return encoded
        return best._replace(noise=race.noise(best))


def _encoded_winner(rows, best, race, parameters):
    """Let the encodings run against the best choice of the race without one.

    It has the error of its networks, or of what will teach them if that knows more:
    encoded networks have no teacher. Where trees are far behind, there is nothing to
    encode. Where they are somewhat behind and rows are few, many knots are tried only
    if a few have won. What is better on none of the first folds does not run on others.
    Where rows are many it is committees that race: networks of an encoding differ more.
    """
    teachers, is_few = [], len(rows) <= defaults.MAX_RACE_ROWS
    if parameters["gaussian_process"]:
        teachers = list(TEACHERS) if is_few else ["polynomial"]
    error, tree_error = race.error(best), race.tree_error()
    if tree_error > defaults.MAX_TREE_RATIO**2 * error:
        return best
    if "polynomial" in teachers:
        error = min(error, _typical(race.teacher_errors("polynomial", best)))
    if tree_error > defaults.MAX_TREE_RATIO**2 * error:
        return best
    if is_few:
        n_folds, n_trials, gain = 4, 2, defaults.ENCODING_GAIN
    else:
        n_folds, n_trials, gain = 2, 1, defaults.MANY_ROWS_ENCODING_GAIN
    settings = replace(
        race.settings,
        max_steps=defaults.MAX_ENCODED_RACE_STEPS,
        damping=defaults.ENCODED_RACE_DAMPING,
        patience=defaults.ENCODED_RACE_PATIENCE,
    )
    folds = _folds(rows, defaults.MAX_ENCODED_RACE_ROWS, race.random_state, n_folds)
    race = _Race(folds, settings, race.random_state, teachers, as_committees=not is_few)
    few_knots, many_knots = (
        Choice.of(name, best.y_transform, parameters["activation"])
        for name in _scaling.ENCODINGS
    )
    contenders = [best]
    if race.is_better_on_any(few_knots, best, n_trials):
        contenders.append(few_knots)
    winner = race.winner(contenders, gain)
    is_near = tree_error <= defaults.NEAR_TREE_RATIO**2 * error
    if is_few and not is_near and winner == best:
        return best
    if race.is_better_on_any(many_knots, best, n_trials):
        contenders.append(many_knots)
    return race.winner(contenders, gain)


class _Fold(NamedTuple):
    """Training and held-out rows of a run, and which of the first train every run."""

    train: Rows
    held_out: Rows
    shared: np.ndarray


class _Outcome(NamedTuple):
    """What became of a run.

    Its sum of squared errors in y's units on the held-out rows, the damping at which it
    ended, and the residuals of the rows that train every run.
    """

    error: float = np.inf
    damping: float = np.inf
    residual: np.ndarray | None = None


def _folds(rows, max_rows, random_state, n_folds):
    racers = check_random_state(random_state).permutation(len(rows))
    rows = rows.take(racers[:max_rows])
    splits = rows.folds(4, None, random_state)[:n_folds]
    all_held_out = np.concatenate([held_out for _, held_out in splits])
    return [
        _Fold(
            rows.take(train),
            rows.take(held_out),
            np.isin(train, all_held_out, invert=True),
        )
        for train, held_out in splits
    ]


class _Race:
    """Runs of all the candidates on the same folds, each of them once.

    Parameters
    ----------
    folds : list of _Fold
        The rows of the runs.
    settings : Settings
        The settings of a run; the activation is that of the candidate.
    random_state : int
        Seed of the first weights and of the batches.
    teachers : sequence of str, default=()
        The kinds of teachers that the first of several candidates may have.
    as_committees : bool, default=False
        Whether the error of a candidate is that of the mean of many networks, of which
        its runs are two.
    """

    def __init__(
        self, folds, settings, random_state, teachers=(), *, as_committees=False
    ):
        self.folds, self.settings = folds, settings
        self.random_state, self.teachers = random_state, teachers
        self.as_committees = as_committees
        self._results, self._teacher_errors = {}, {}

    def results(self, choice, n_folds=None):
        """Return the outcome of each run, on the first folds or all."""
        settings = replace(
            self.settings,
            activation=choice.activation,
            learning_rate=defaults.learning_rate(choice),
        )
        results = self._results.setdefault(choice, [])
        for fold in self.folds[len(results) : n_folds]:
            results.append(_run(fold, choice, settings, self.random_state))
        return results[:n_folds]

    def error(self, choice):
        """Compute the typical squared error of a run, or of a committee."""
        errors, _, residuals = zip(*self.results(choice), strict=True)
        error = _typical(errors)
        if not self.as_committees or not np.isfinite(error):
            return error
        residual = np.array(residuals)
        weights = np.full(residual.shape, 1 / len(residual))
        share = 1 - variance_share(residual, weights, np.ones(residual.shape[1]))
        return error * max(share, MIN_SQUARED_SHARE)

    def is_better_on_any(self, choice, first, n_folds):
        """Tell whether a choice beats the first one on any of the first folds."""
        errors = (run.error for run in self.results(choice, n_folds))
        return any(map(operator.lt, errors, self.taught_errors(first, n_folds)))

    def taught_errors(self, choice, n_folds):
        """Return the error of each run, or of the teacher that knows more, if any."""
        networks = [run.error for run in self.results(choice, n_folds)]
        teachers = [self.teacher_errors(kind, choice) for kind in self.teachers]
        rivals = [networks, *(errors[:n_folds] for errors in teachers)]
        return min(rivals, key=_typical)

    def taught_error(self, choice):
        """Compute the typical squared error, or that of what teaches its networks."""
        teachers = [self.teacher_errors(kind, choice) for kind in self.teachers]
        return min([self.error(choice), *map(_typical, teachers)])

    def teacher_errors(self, kind, choice):
        """Compute the error on each fold of what may teach the networks of a choice."""
        if (kind, choice) not in self._teacher_errors:
            self._teacher_errors[kind, choice] = _teach(
                kind, self.folds, choice, self.random_state
            )
        return self._teacher_errors[kind, choice]

    def noise(self, choice):
        """Tell how much noise there is: "none" to speak of, "little" or "much"."""
        targets = [fold.held_out.y for fold in self.folds]
        squares = sum(np.sum((y - y.mean()) ** 2) for y in targets)
        errors, dampings, _ = zip(*self.results(choice), strict=True)
        is_accurate = sum(errors) < defaults.EXACT_ERROR * squares
        if is_accurate and max(dampings) < defaults.EXACT_DAMPING:
            return "none"
        is_little = gmean(dampings) < defaults.LITTLE_NOISE_DAMPING
        return "little" if is_little else "much"

    def winner(self, choices, gain):
        """Name the best; others than the first have to be better by far."""
        first, *others = choices
        if not others:
            return first
        limit = gain**2 * self.taught_error(first)
        errors = [limit, *map(self.error, others)]
        return choices[int(np.argmin(errors))]

    def tree_error(self):
        """Compute the typical squared error of a forest."""
        # Trees would lengthen the import of the package.
        from sklearn.ensemble import ExtraTreesRegressor

        forest = ExtraTreesRegressor(defaults.N_TREES, random_state=self.random_state)
        errors = []
        for train, held_out, _ in self.folds:
            prediction = forest.fit(train.X, train.y).predict(held_out.X)
            errors.append(np.sum((held_out.y - prediction) ** 2))
        return _typical(errors)


def _typical(errors):
    """Compute the geometric mean: a fold with a far outlier has one voice as others."""
    return gmean(np.maximum(errors, np.finfo(float).tiny))


def _run(fold, choice, settings, random_state):
    """Train a short run."""
    if not _is_feasible(choice, fold.train):
        return _Outcome()
    train, held_out, target = _scale(fold, choice)
    result = minimize(train, held_out, settings, check_random_state(random_state))
    z = output(result.weights, held_out.X, settings.activation)
    error = _squared_error(fold.held_out.y, z, target)
    if not np.isfinite(error):
        return _Outcome()
    shared = train.take(fold.shared)
    residual = shared.y - output(result.weights, shared.X, settings.activation)
    return _Outcome(error, result.damping, residual)


def _teach(kind, folds, choice, random_state):
    """Fit a teacher to each fold: its sums of squared errors in y's units."""
    prepare, fit = TEACHERS[kind]
    errors, settings = [], None
    for fold in folds:
        errors.append(np.inf)
        if not _is_feasible(choice, fold.train):
            continue
        train, held_out, target = _scale(fold, choice)
        try:
            if settings is None:
                settings = prepare(train, check_random_state(random_state))
            z = fit(*settings, train).predict(held_out.X)
        except LinAlgError:
            continue
        errors[-1] = _squared_error(fold.held_out.y, z, target)
    return errors


def _is_feasible(choice, train):
    return choice.y_transform in _scaling.feasible_target_transforms(train.y)


def _scale(fold, choice):
    """Bring both kinds of rows to the network's scale, which training rows tell."""
    X, y = fold.train.X, fold.train.y
    inputs = _scaling.InputScaling(_scaling.fit_input_scaler(X, y, choice.x_transform))
    target = _scaling.TargetScaling(_scaling.fit_target_scaler(y, choice.y_transform))
    train, held_out = (
        Rows(np.asarray(inputs.transform(rows.X)), target.transform(rows.y))
        for rows in (fold.train, fold.held_out)
    )
    return train, held_out, target


@np.errstate(over="ignore")
def _squared_error(y, z, target):
    """Compute the sum of squared errors in y's units, infinite where it is none."""
    error = np.sum((y - target.inverse(z)) ** 2)
    return error if np.isfinite(error) else np.inf
