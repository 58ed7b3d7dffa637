"""Which transformations a table is given, and why."""

import numpy as np
import pytest

from sklearn_5d import _scaling
from sklearn_5d._rows import Rows
from sklearn_5d._training import selection
from sklearn_5d._training.schedule import Settings
from sklearn_5d.datasets import make_function

UNITS = np.array([1e-6, 1.0, 3e4, 0.2, 7.0])
ORIGINS = np.array([1e-3, -5.0, 0.0, 100.0, 1e3])
AUTO = ("auto", "auto")
NETWORK = {"hidden_layer_sizes": (8,), "activation": "tanh"}


def choose(X, y, x_transform="auto", y_transform="auto"):
    return selection.choose_transforms(Rows(X, y), x_transform, y_transform, NETWORK, 0)


def candidates(X, y):
    return selection.candidates(Rows(X, y), *AUTO)


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
    assert chosen[0] == "standard"
    assert chosen[1] in ("log", "arcsinh")


def test_race_does_not_depend_on_units(decades):
    """Powers of two, so that not even the rounding differs."""
    X, y = decades
    pairs = [choose(X * a, y * a) for a in (1.0, 2.0**20)]
    assert pairs[0] == pairs[1]
    assert candidates(UNITS * X + ORIGINS, 8 * y) == candidates(X, y)


def test_race_takes_yeo_johnson_for_skewed_inputs(skewed_inputs):
    assert choose(*skewed_inputs) == (
        "yeo-johnson",
        "standard",
    )


def test_no_skew_no_race(monkeypatch):
    monkeypatch.setattr(selection, "_race_error", None)
    X, y = make_function("friedman1", 300, random_state=0)
    chosen = choose(X, y)
    assert chosen == ("standard", "standard")


@pytest.mark.parametrize(
    "fixed", [("yeo-johnson", "log"), ("standard", "arcsinh"), ("standard", "standard")]
)
def test_what_is_set_by_hand_stays(decades, monkeypatch, fixed):
    monkeypatch.setattr(selection, "_race_error", None)
    assert choose(*decades, *fixed) == fixed


def test_candidates_are_those_that_skew_leaves_open(skewed_inputs, decades):
    assert candidates(*skewed_inputs) == [
        ("standard", "standard"),
        ("yeo-johnson", "standard"),
    ]
    assert candidates(*decades) == [
        ("standard", transform) for transform in _scaling.TARGET_TRANSFORMS
    ]


@pytest.mark.parametrize(("errors", "index"), [([1, 0.95, 0.96], 0), ([1, 0.93, 2], 1)])
def test_a_transformation_has_to_gain_something(decades, monkeypatch, errors, index):
    """In squared errors 0.97 ** 2 = 0.941 of plain standardisation, or less."""
    by_transform = dict(zip(_scaling.TARGET_TRANSFORMS, errors, strict=True))

    def race_error(train, held_out, pair, *args):
        return by_transform[pair[1]]

    monkeypatch.setattr(selection, "_race_error", race_error)
    chosen = choose(*decades)
    assert chosen[1] == _scaling.TARGET_TRANSFORMS[index]


def test_prediction_that_overflows_loses_the_race(decades, monkeypatch):
    X, y = decades
    y = 1e100 * y
    monkeypatch.setattr(selection, "output", lambda weights, Z, _: np.full(len(Z), 1e9))
    train, held_out = Rows(X[:150], y[:150]), Rows(X[150:], y[150:])
    pair, settings = ("standard", "log"), Settings((4,), "tanh", max_steps=8)
    rng = np.random.RandomState(0)
    result = selection._race_error(train, held_out, pair, settings, rng)
    assert result == np.inf


def test_transformation_without_a_scale_loses_the_race():
    """Half of these targets are the same: neither logarithm is defined."""
    y = np.r_[np.zeros(60), np.arange(40.0)]
    rows = Rows(np.ones((100, 5)), y)
    for transform in ("log", "arcsinh"):
        pair = ("standard", transform)
        assert selection._race_error(rows, rows, pair, None, None) == np.inf
        with pytest.raises(ValueError, match="the same on half of the rows"):
            _scaling.fit_target_scaler(y, transform)
