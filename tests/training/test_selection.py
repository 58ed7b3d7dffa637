"""Which transformations a table is given, and why."""

from collections import Counter

import numpy as np
import pytest

from sklearn_5d import _scaling
from sklearn_5d._rows import Rows
from sklearn_5d._training import defaults, selection
from sklearn_5d._training.schedule import Settings
from sklearn_5d.datasets import make_function

UNITS = np.array([1e-6, 1.0, 3e4, 0.2, 7.0])
ORIGINS = np.array([1e-3, -5.0, 0.0, 100.0, 1e3])
AUTO = dict.fromkeys(("x_transform", "y_transform", "activation"), "auto")
TEACHING = {"gaussian_process": "auto"}
NETWORK = {"hidden_layer_sizes": (8,), "damping": (1.0, 1e-10)}


def choose(X, y, may_encode=False, **parameters):
    return selection.choose(
        Rows(X, y), NETWORK | AUTO | TEACHING | parameters, may_encode, 0
    )


def candidates(X, y, **parameters):
    choices = selection.candidates(Rows(X, y), **AUTO | parameters)
    return [choice[:2] for choice in choices]


def set_race(monkeypatch, error, tree_error=np.inf, **teacher_errors):
    """Let races end with an error of each choice; return the choices that ran."""
    runs = []

    def run(fold, choice, settings, random_state):
        runs.append(choice)
        return selection._Outcome(error(choice), 1.0, np.ones(10))

    def teach(kind, folds, choice, random_state):
        return [teacher_errors.get(kind, np.inf)] * len(folds)

    monkeypatch.setattr(selection, "_run", run)
    monkeypatch.setattr(selection, "_teach", teach)
    monkeypatch.setattr(selection._Race, "tree_error", lambda race: tree_error)
    return runs


@pytest.fixture
def many():
    """So many rows that they may be encoded."""
    return make_function("friedman1", defaults.MIN_ENCODED_ROWS, random_state=0)


@pytest.fixture
def very_many():
    """So many rows that no process teaches them."""
    return make_function("friedman1", defaults.MAX_RACE_ROWS + 1, random_state=0)


@pytest.fixture
def decades():
    """An exponential, with a target over five decades."""
    X = np.random.default_rng(0).uniform(size=(200, 5))
    return X, 10 ** (5 * X.mean(axis=1) + np.sin(3 * X[:, 0]))


@pytest.fixture
def skewed_inputs():
    """A target that is smooth in the logarithms of the inputs."""
    logarithms = np.random.default_rng(0).normal(size=(200, 5))
    return np.exp(1.5 * logarithms), np.sin(logarithms).sum(axis=1)


def test_race_takes_a_logarithm_for_a_target_over_decades(decades):
    chosen = choose(*decades)
    assert chosen.x_transform == "standard"
    assert chosen.y_transform in ("log", "arcsinh")


def test_race_does_not_depend_on_units(decades):
    """Powers of two, so that not even the rounding differs."""
    X, y = decades
    choices = [choose(X * a, y * a) for a in (1.0, 2.0**20)]
    assert choices[0] == choices[1]
    assert candidates(UNITS * X + ORIGINS, 8 * y) == candidates(X, y)


def test_race_takes_yeo_johnson_for_skewed_inputs(skewed_inputs):
    assert choose(*skewed_inputs)[:3] == ("yeo-johnson", "standard", "tanh")


def test_no_skew_no_candidates(monkeypatch):
    """Two runs tell whether there is noise, and nothing else is asked."""
    X, y = make_function("friedman1", 300, random_state=0)
    runs = set_race(monkeypatch, lambda choice: 1.0)
    chosen = choose(X, y)
    assert chosen == ("standard", "standard", "tanh", "much")
    assert len(runs) == 2
    assert {choice[:3] for choice in runs} == {chosen[:3]}


def test_few_rows_are_not_raced(monkeypatch, decades):
    X, y = decades
    runs = set_race(monkeypatch, lambda choice: 1.0)
    chosen = choose(X[: defaults.MIN_RACE_ROWS - 1], y[: defaults.MIN_RACE_ROWS - 1])
    assert chosen == ("standard", "standard", "tanh", "much")
    assert not runs


@pytest.mark.parametrize(
    "fixed", [("yeo-johnson", "log"), ("standard", "arcsinh"), ("steps", "standard")]
)
def test_transforms_that_are_set_by_hand_stay(decades, monkeypatch, fixed):
    X, y = (np.tile(each.T, 3).T for each in decades)
    x_transform, y_transform = fixed
    runs = set_race(monkeypatch, lambda choice: 1.0, tree_error=0)
    chosen = choose(X, y, True, x_transform=x_transform, y_transform=y_transform)
    assert chosen[:2] == fixed
    assert {choice[:2] for choice in runs} == {fixed}


@pytest.mark.parametrize("x_transform", [*_scaling.INPUT_TRANSFORMS, "auto"])
def test_activation_that_is_set_by_hand_stays(many, monkeypatch, x_transform):
    runs = set_race(monkeypatch, lambda choice: 1.0, tree_error=0)
    chosen = choose(*many, True, x_transform=x_transform, activation="logistic")
    assert chosen.activation == "logistic"
    assert {choice.activation for choice in runs} == {"logistic"}


def test_activation_has_kinks_where_the_encoding_has_many(many, monkeypatch):
    set_race(monkeypatch, lambda choice: 1.0)
    activations = {
        x_transform: choose(*many, x_transform=x_transform).activation
        for x_transform in _scaling.INPUT_TRANSFORMS
    }
    assert activations.pop("piecewise-linear") == "relu"
    assert set(activations.values()) == {"tanh"}


def test_candidates_are_those_that_skew_leaves_open(skewed_inputs, decades):
    assert candidates(*skewed_inputs) == [
        ("standard", "standard"),
        ("yeo-johnson", "standard"),
    ]
    assert candidates(*decades) == [
        ("standard", transform) for transform in _scaling.TARGET_TRANSFORMS
    ]
    assert candidates(*decades, y_transform="log") == [("standard", "log")]


@pytest.mark.parametrize(("errors", "index"), [([1, 0.95, 0.96], 0), ([1, 0.93, 2], 1)])
def test_a_transformation_has_to_gain_something(decades, monkeypatch, errors, index):
    """In squared errors 0.97 ** 2 = 0.941 of plain standardisation, or less."""
    by_transform = dict(zip(_scaling.TARGET_TRANSFORMS, errors, strict=True))
    set_race(monkeypatch, lambda choice: by_transform[choice.y_transform])
    assert choose(*decades).y_transform == _scaling.TARGET_TRANSFORMS[index]


@pytest.mark.parametrize(
    ("table", "errors", "winner"),
    [
        ("many", (1, 0.94, 0.95), "standard"),
        ("many", (1, 0.92, 0.93), "steps"),
        ("many", (1, 0.92, 0.5), "piecewise-linear"),
        ("very_many", (1, 0.96, 0.97), "standard"),
        ("very_many", (1, 0.94, 0.95), "steps"),
    ],
)
def test_an_encoding_has_to_gain_something(request, monkeypatch, table, errors, winner):
    """In squared errors 0.931 of the best without one, of many rows 0.951, or less."""
    transforms = "standard", "steps", "piecewise-linear"
    by_transform = dict(zip(transforms, errors, strict=True))
    set_race(monkeypatch, lambda choice: by_transform[choice.x_transform], tree_error=0)
    table = request.getfixturevalue(table)
    assert choose(*table, may_encode=True).x_transform == winner


@pytest.mark.parametrize(
    ("ratio", "error_of_steps", "expected"),
    [
        (1.2, 1.0, {"standard", "steps", "piecewise-linear"}),
        (1.4, 1.0, {"standard", "steps"}),
        (1.9, 0.5, {"standard", "steps", "piecewise-linear"}),
        (2.1, 0.5, {"standard"}),
    ],
)
def test_encodings_are_tried_where_trees_come_close(
    many, monkeypatch, ratio, error_of_steps, expected
):
    """Beyond 1.3 times the network's error many knots are tried if a few have won."""
    runs = set_race(
        monkeypatch,
        lambda choice: error_of_steps if choice.x_transform == "steps" else 1.0,
        tree_error=ratio**2,
    )
    choose(*many, may_encode=True)
    assert {choice.x_transform for choice in runs} == expected


@pytest.mark.parametrize(("ratio", "n_choices"), [(2.1, 1), (1.9, 3)])
def test_of_many_rows_trees_may_be_farther_behind(
    very_many, monkeypatch, ratio, n_choices
):
    runs = set_race(monkeypatch, lambda choice: 1.0, ratio**2)
    choose(*very_many, may_encode=True)
    assert len(set(runs)) == n_choices


@pytest.mark.parametrize(("ratio", "n_choices"), [(2.1, 1), (1.8, 2), (0.5, 3)])
def test_trees_have_to_come_close_to_a_polynomial_too(
    many, monkeypatch, ratio, n_choices
):
    runs = set_race(monkeypatch, lambda choice: 1.0, 1.0, polynomial=1 / ratio**2)
    choose(*many, may_encode=True)
    assert len(set(runs)) == n_choices


@pytest.mark.parametrize("kind", ["polynomial", "gaussian process"])
def test_an_encoding_has_to_know_more_than_a_teacher(
    many, very_many, monkeypatch, kind
):
    errors = {"standard": 1.0, "steps": 0.8, "piecewise-linear": 0.9}
    teacher_errors = {kind: 0.82}
    set_race(
        monkeypatch, lambda choice: errors[choice.x_transform], 0, **teacher_errors
    )

    def chosen(table, **parameters):
        return choose(*table, may_encode=True, **parameters).x_transform

    assert chosen(many) == "standard"
    assert chosen(many, gaussian_process=False) == "steps"
    # So many rows have no process.
    is_taught = kind == "polynomial"
    assert chosen(very_many) == ("standard" if is_taught else "steps")


def test_teacher_errors_are_those_of_held_out_rows():
    X, y = make_function("dixon_price", 400, random_state=0)
    rows = Rows(X, y)
    fold = selection._Fold(rows.take(slice(300)), rows.take(slice(300, None)), None)
    race = selection._Race([fold], None, 0)
    choice = selection.Choice("standard", "standard", "tanh")
    [polynomial] = race.teacher_errors("polynomial", choice)
    [process] = race.teacher_errors("gaussian process", choice)
    assert polynomial < 1e-12 * np.sum(y**2)
    assert polynomial < process < 0.1 * np.sum((y - y.mean()) ** 2)


@pytest.mark.parametrize(
    ("name", "expected"), [("friedman1", "standard"), ("levy", "piecewise-linear")]
)
def test_noise_does_not_make_a_smooth_table_rough(name, expected):
    """A network alone is worse than steps on so few rows; a process is not."""
    X, y = make_function(name, 600, random_state=3)
    y += 0.3 * np.std(y) * np.random.default_rng(3).normal(size=600)
    parameters = {"hidden_layer_sizes": (64, 32)}
    assert choose(X, y, may_encode=True, **parameters).x_transform == expected


def test_one_far_outlier_does_not_decide(monkeypatch):
    """Of four folds three prefer the logarithm, and one has an error of thousands."""
    errors = {"standard": [9.0, 9.0, 9.0, 9.0], "log": [1.0, 1.0, 5000.0, 1.0]}

    def run(fold, choice, settings, random_state):
        return selection._Outcome(errors[choice.y_transform][fold], 1.0)

    monkeypatch.setattr(selection, "_run", run)
    race = selection._Race(range(4), Settings((8,), "tanh", 8), 0)
    choices = [selection.Choice("standard", name, "tanh") for name in errors]
    assert race.winner(choices, 1.0).y_transform == "log"


def test_many_rows_race_for_the_mean_of_many_networks(very_many, monkeypatch):
    """Two runs of an encoding are no better, but err at different inputs."""

    def run(fold, choice, settings, random_state):
        is_second = choice in seen
        seen.append(choice)
        varied = choice.is_encoded and is_second
        residual = np.ones(10) * (-1) ** (np.arange(10) * varied)
        return selection._Outcome(0.999 if choice.is_encoded else 1.0, 1.0, residual)

    seen = []
    set_race(monkeypatch, None, tree_error=0)
    monkeypatch.setattr(selection, "_run", run)
    assert choose(*very_many, may_encode=True).is_encoded
    few = [column[: defaults.MAX_RACE_ROWS] for column in very_many]
    assert not choose(*few, may_encode=True).is_encoded


def test_encoding_that_is_no_better_on_two_folds_leaves(many, monkeypatch):
    errors = {"standard": 1.0, "steps": 1.0, "piecewise-linear": 0.5}
    runs = set_race(monkeypatch, lambda choice: errors[choice.x_transform], 0)
    assert choose(*many, may_encode=True).x_transform == "piecewise-linear"
    n_runs = Counter(choice.x_transform for choice in runs)
    assert n_runs == {"standard": 2 + 4, "steps": 2, "piecewise-linear": 4}


@pytest.mark.parametrize(("n_rows", "n_each"), [(2_000, 2), (2_100, 1)])
def test_among_many_rows_one_fold_decides(monkeypatch, n_rows, n_each):
    X, y = make_function("friedman1", n_rows, random_state=0)
    runs = set_race(monkeypatch, lambda choice: 1.0, tree_error=0)
    choose(X, y, may_encode=True)
    n_runs = Counter(choice.x_transform for choice in runs)
    assert n_runs["steps"] == n_runs["piecewise-linear"] == n_each


def test_encodings_need_permission_and_rows(many, monkeypatch):
    X, y = many
    runs = set_race(monkeypatch, lambda choice: 1.0, tree_error=0)
    choose(X, y, may_encode=False)
    choose(X[1:], y[1:], may_encode=True)
    assert {choice.x_transform for choice in runs} == {"standard"}


@pytest.mark.parametrize(
    ("noise", "expected"), [(0.0, "none"), (0.02, "little"), (0.3, "much")]
)
def test_race_tells_how_much_noise_there_is(noise, expected):
    X = np.random.default_rng(0).uniform(-1, 1, size=(300, 5))
    y = np.tanh(X).sum(axis=1) + noise * np.random.default_rng(1).normal(size=300)
    assert choose(X, y).noise == expected


def run(rows, choice, settings=None):
    fold = selection._Fold(rows, rows, np.ones(len(rows), bool))
    return selection._run(fold, choice, settings, 0)


def test_prediction_that_overflows_loses_the_race(decades, monkeypatch):
    X, y = decades
    monkeypatch.setattr(selection, "output", lambda weights, Z, _: np.full(len(Z), 1e9))
    choice = selection.Choice("standard", "log", "tanh")
    settings = Settings((4,), "tanh", max_steps=8)
    assert run(Rows(X, 1e100 * y), choice, settings) == selection._Outcome()


def test_transformation_without_a_scale_loses_the_race():
    """Half of these targets are the same: neither logarithm is defined."""
    y = np.r_[np.zeros(60), np.arange(40.0)]
    rows = Rows(np.ones((100, 5)), y)
    for transform in ("log", "arcsinh"):
        choice = selection.Choice("standard", transform, "tanh")
        assert run(rows, choice) == selection._Outcome()
        with pytest.raises(ValueError, match="the same on half of the rows"):
            _scaling.fit_target_scaler(y, transform)
