"""Which transformations a table is given, and why."""

from typing import NamedTuple

import numpy as np
import pytest

from sklearn_5d import _scaling
from sklearn_5d._rows import Rows
from sklearn_5d._training import selection
from sklearn_5d._training.schedule import Settings
from sklearn_5d.datasets import make_function

UNITS = np.array([1e-6, 1.0, 3e4, 0.2, 7.0])
ORIGINS = np.array([1e-3, -5.0, 0.0, 100.0, 1e3])
PARAMETERS = {
    "hidden_layer_sizes": (8,),
    "damping": (1.0, 1e-8),
    "x_transform": "auto",
    "y_transform": "auto",
    "activation": "auto",
}


def choose(X, y, may_encode=True, **parameters):
    return selection.choose(Rows(X, y), PARAMETERS | parameters, may_encode, 0)


def candidates(X, y):
    return selection.candidates(Rows(X, y), "auto", "auto", "auto")


def transforms(choices):
    return [(choice.x_transform, choice.y_transform) for choice in choices]


class FixedRace(NamedTuple):
    """A race whose errors are known."""

    errors: dict
    forest: float = np.inf

    def __call__(self, *settings):
        return self

    def run(self, choice):
        error = self.errors.get(choice.x_transform, 1)
        return error * self.errors.get(choice.y_transform, 1), False

    def tree_error(self):
        return self.forest


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


@pytest.fixture
def jump():
    """A smooth function with a jump along the third input."""
    X, y = make_function("friedman1", 600, random_state=0)
    return X, y + 20 * (X[:, 2] > 0.4)


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
    assert transforms([choose(*skewed_inputs)]) == [("yeo-johnson", "standard")]


def test_race_encodes_a_table_with_a_jump(jump):
    chosen = choose(*jump, hidden_layer_sizes=(64, 32, 16))
    assert chosen.is_encoded


def test_smooth_table_is_not_encoded():
    chosen = choose(*make_function("friedman1", 600, noise=0.5, random_state=0))
    assert chosen == ("standard", "standard", "tanh", False)


@pytest.mark.parametrize("parameters", [{"may_encode": False}, {"x_transform": "steps"}])
def test_encoding_is_a_matter_of_choice(jump, parameters):
    expected = parameters.get("x_transform", "standard")
    assert choose(*jump, **parameters).x_transform == expected


@pytest.mark.parametrize(("noise", "is_exact"), [(0.0, True), (0.5, False)])
def test_race_tells_whether_there_is_noise(noise, is_exact):
    X, y = make_function("friedman1", 1000, noise=noise, random_state=0)
    assert choose(X, y, hidden_layer_sizes=(64, 32, 16)).is_exact is is_exact


@pytest.mark.parametrize(
    "fixed",
    [
        ("yeo-johnson", "log", "tanh"),
        ("standard", "arcsinh", "relu"),
        ("piecewise-linear", "standard", "logistic"),
    ],
)
def test_what_is_set_by_hand_stays(decades, monkeypatch, fixed):
    monkeypatch.setattr(selection, "_Race", FixedRace({}, forest=0))
    names = "x_transform", "y_transform", "activation"
    assert choose(*decades, **dict(zip(names, fixed, strict=True)))[:3] == fixed


@pytest.mark.parametrize(
    ("x_transform", "activation"),
    [("standard", "tanh"), ("steps", "tanh"), ("piecewise-linear", "relu")],
)
def test_kinks_want_relu(decades, monkeypatch, x_transform, activation):
    monkeypatch.setattr(selection, "_Race", FixedRace({}))
    assert choose(*decades, x_transform=x_transform).activation == activation


def test_candidates_are_those_that_skew_leaves_open(skewed_inputs, decades):
    assert transforms(candidates(*skewed_inputs)) == [
        ("standard", "standard"),
        ("yeo-johnson", "standard"),
    ]
    assert transforms(candidates(*decades)) == [
        ("standard", transform) for transform in _scaling.TARGET_TRANSFORMS
    ]


@pytest.mark.parametrize(("errors", "index"), [([1, 0.95, 0.96], 0), ([1, 0.93, 2], 1)])
def test_a_transformation_has_to_gain_something(decades, monkeypatch, errors, index):
    """In squared errors 0.97 ** 2 = 0.941 of plain standardisation, or less."""
    by_transform = dict(zip(_scaling.TARGET_TRANSFORMS, errors, strict=True))
    by_transform.pop("standard")
    monkeypatch.setattr(selection, "_Race", FixedRace(by_transform))
    assert choose(*decades).y_transform == _scaling.TARGET_TRANSFORMS[index]


@pytest.mark.parametrize(
    ("error", "forest", "chosen"),
    [(0.9, 1, "steps"), (0.95, 1, "standard"), (0.9, 10, "standard")],
)
def test_an_encoding_has_to_gain_more(jump, monkeypatch, error, forest, chosen):
    """It is tried where a forest comes close, and 0.965 ** 2 = 0.931 is too much."""
    monkeypatch.setattr(selection, "_Race", FixedRace({"steps": error}, forest))
    assert choose(*jump).x_transform == chosen


def test_prediction_that_overflows_loses_the_race(decades, monkeypatch):
    X, y = decades
    y = 1e100 * y
    monkeypatch.setattr(selection, "output", lambda weights, Z, _: np.full(len(Z), 1e9))
    train, held_out = Rows(X[:150], y[:150]), Rows(X[150:], y[150:])
    choice = selection.Choice("standard", "log", "tanh")
    settings = Settings((4,), "tanh", max_steps=8)
    error, _ = selection._run(train, held_out, choice, settings, 0)
    assert error == np.inf


def test_transformation_without_a_scale_loses_the_race():
    """Half of these targets are the same: neither logarithm is defined."""
    y = np.r_[np.zeros(60), np.arange(40.0)]
    rows = Rows(np.ones((100, 5)), y)
    for transform in ("log", "arcsinh"):
        choice = selection.Choice("standard", transform, "tanh")
        assert selection._run(rows, rows, choice, None, None)[0] == np.inf
        with pytest.raises(ValueError, match="the same on half of the rows"):
            _scaling.fit_target_scaler(y, transform)
