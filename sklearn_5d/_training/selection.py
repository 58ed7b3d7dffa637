"""What does this table want? Short runs on held-out rows decide before the training.

They choose the transformations, the activation and the encoding, and tell whether there
is noise to speak of.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from .. import _scaling
from .._evaluation import output
from .._rows import Rows
from . import defaults
from .schedule import Settings
from .spring import minimize
from .threads import single_threaded


class Choice(NamedTuple):
    """What a table wants.

    Parameters
    ----------
    x_transform, y_transform : str
        The transformation of the inputs and that of the target.
    activation : str
        The activation of the hidden layers.
    is_exact : bool, default=False
        Whether the error still fell at the lowest damping: there is no noise to speak
        of, and many steps of one network are worth more than several networks.
    """

    x_transform: str
    y_transform: str
    activation: str
    is_exact: bool = False

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
    wanted = [parameters[name] for name in names]
    choices = candidates(rows, *wanted)
    if len(rows) < defaults.MIN_RACE_ROWS:
        return choices[0]
    sizes = tuple(np.atleast_1d(parameters["hidden_layer_sizes"]))
    with single_threaded:
        folds = _folds(rows, defaults.MAX_RACE_ROWS, random_state)
        # Nothing to choose: two folds tell whether there is noise.
        race = _Race(
            folds[:2] if len(choices) == 1 else folds,
            sizes,
            defaults.MAX_RACE_STEPS,
            defaults.RACE_DAMPING,
            random_state,
        )
        errors, exact = zip(*map(race.run, choices), strict=True)
        k = _winner(errors, defaults.RACE_GAIN)
        best = choices[k]._replace(is_exact=exact[k])
        is_open = may_encode and wanted[0] == "auto"
        is_open = is_open and len(rows) >= defaults.MIN_ENCODED_ROWS
        if not is_open or race.tree_error() > defaults.MAX_TREE_RATIO**2 * errors[k]:
            return best
        folds = _folds(rows, defaults.MAX_ENCODED_RACE_ROWS, random_state)
        race = _Race(
            folds if len(rows) <= defaults.MAX_RACE_ROWS else folds[:2],
            sizes,
            defaults.MAX_ENCODED_RACE_STEPS,
            parameters["damping"],
            random_state,
        )
        choices = [best, *_encoded(best, wanted[2])]
        errors, _ = zip(*map(race.run, choices), strict=True)
    return choices[_winner(errors, defaults.ENCODING_GAIN)]


def _folds(rows, max_rows, random_state):
    racers = check_random_state(random_state).permutation(len(rows))
    rows = rows.take(racers[:max_rows])
    folds = rows.folds(4, None, random_state)
    return [(rows.take(train), rows.take(held_out)) for train, held_out in folds]


def _winner(errors, gain):
    """Name the best; others than the first have to be better by far."""
    handicap = np.where(np.arange(len(errors)) == 0, gain**2, 1)
    return int(np.argmin(handicap * errors))


def _encoded(choice, activation):
    """List the encodings beside a choice."""
    return [
        Choice.of(name, choice.y_transform, activation) for name in _scaling.ENCODINGS
    ]


class _Race(NamedTuple):
    """Runs of all the candidates on the same folds."""

    folds: list
    hidden_layer_sizes: tuple
    max_steps: int
    damping: tuple
    random_state: int

    def run(self, choice):
        """Compute the sum of squared errors, and tell whether all runs were exact."""
        settings = Settings(
            self.hidden_layer_sizes,
            choice.activation,
            self.max_steps,
            damping=self.damping,
            learning_rate=defaults.learning_rate(choice),
            patience=2,
        )
        runs = [_run(*fold, choice, settings, self.random_state) for fold in self.folds]
        errors, dampings = zip(*runs, strict=True)
        squares = sum(np.sum((rows.y - rows.y.mean()) ** 2) for _, rows in self.folds)
        is_exact = max(dampings) < defaults.EXACT_DAMPING
        is_exact = is_exact and sum(errors) < defaults.EXACT_ERROR * squares
        return sum(errors), bool(is_exact)

    def tree_error(self):
        """Compute the sum of squared errors of a forest."""
        # Trees would lengthen the import of the package.
        from sklearn.ensemble import ExtraTreesRegressor

        forest = ExtraTreesRegressor(defaults.N_TREES, random_state=self.random_state)
        return sum(
            np.sum((held_out.y - forest.fit(train.X, train.y).predict(held_out.X)) ** 2)
            for train, held_out in self.folds
        )


def _run(train, held_out, choice, settings, random_state):
    """Train a short run: its sum of squared errors in y's units, and its damping."""
    if choice.y_transform not in _scaling.feasible_target_transforms(train.y):
        return np.inf, np.inf
    x_scaler = _scaling.fit_input_scaler(train.X, train.y, choice.x_transform)
    inputs = _scaling.InputScaling(x_scaler)
    target = _scaling.TargetScaling(
        _scaling.fit_target_scaler(train.y, choice.y_transform)
    )
    scaled_train, scaled_held_out = (
        Rows(np.asarray(inputs.transform(rows.X)), target.transform(rows.y))
        for rows in (train, held_out)
    )
    result = minimize(
        scaled_train, scaled_held_out, settings, check_random_state(random_state)
    )
    z = output(result.weights, scaled_held_out.X, settings.activation)
    with np.errstate(over="ignore"):
        error = np.sum((held_out.y - target.inverse(z)) ** 2)
    return (error, result.damping) if np.isfinite(error) else (np.inf, np.inf)
