"""Scaling there and back, and its slopes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import skew

from sklearn_5d import _scaling

UNITS = np.array([1e-6, 1.0, 3e4, 0.2, 7.0])
ORIGINS = np.array([1e-3, -5.0, 0.0, 100.0, 1e3])


def to_inputs(scaler, X):
    return np.asarray(_scaling.InputScaling(scaler).transform(X))


def input_slope(scaler, X):
    """The derivatives of the sum of all that the network sees."""
    ones = np.ones(to_inputs(scaler, X).shape)
    return _scaling.InputScaling(scaler).pull_back(X, ones)


def to_network(scaler, y):
    return _scaling.TargetScaling(scaler).transform(y)


def to_units(scaler, z):
    return _scaling.TargetScaling(scaler).inverse(z)


def target_slope(scaler, z):
    return _scaling.TargetScaling(scaler).slope(z)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def X(rng):
    """Columns of skew 0 to 6."""
    return np.column_stack(
        [
            rng.uniform(size=200),
            rng.normal(size=200),
            rng.exponential(size=200),
            -rng.exponential(size=200),
            rng.lognormal(size=200),
        ]
    )


@pytest.fixture
def y(rng):
    return rng.lognormal(sigma=2, size=200)


@pytest.fixture(params=_scaling.INPUT_TRANSFORMS)
def x_transform(request):
    return request.param


@pytest.fixture(params=_scaling.SMOOTH_TRANSFORMS)
def smooth_transform(request):
    return request.param


@pytest.fixture(params=_scaling.TARGET_TRANSFORMS)
def y_transform(request):
    return request.param


def test_skewness_is_that_of_scipy(X):
    assert_allclose(_scaling.skewness(X), skew(X))
    assert _scaling.skewness(np.ones((10, 1))) == [0]


# --------------------------------------------------------------------------------------
# Inputs
# --------------------------------------------------------------------------------------


def test_inputs_are_standardised(X, y, smooth_transform):
    Z = _scaling.fit_input_scaler(X, y, smooth_transform).transform(X)
    assert_allclose(Z.mean(axis=0), 0, atol=1e-10)
    assert_allclose(Z.std(axis=0), 1)


def test_yeo_johnson_removes_skew(X, y):
    Z = _scaling.fit_input_scaler(X, y, "yeo-johnson").transform(X)
    assert np.abs(_scaling.skewness(X)).max() > 2
    assert np.abs(_scaling.skewness(Z)).max() < 0.5


def test_inputs_go_there_and_back(X, y, smooth_transform):
    scaler = _scaling.fit_input_scaler(X, y, smooth_transform)
    assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1e-6)


def test_input_slope(X, y, smooth_transform):
    scaler = _scaling.fit_input_scaler(X, y, smooth_transform)
    step = 1e-6
    expected = (scaler.transform(X + step) - scaler.transform(X - step)) / (2 * step)
    slope = input_slope(scaler, X)
    assert_allclose(slope, expected, rtol=1e-6)


def test_units_of_inputs_change_nothing(X, y, x_transform):
    Z = _scaling.fit_input_scaler(X, y, x_transform).transform(X)
    other = X * UNITS + ORIGINS
    other_Z = _scaling.fit_input_scaler(other, y, x_transform).transform(other)
    assert_allclose(other_Z, Z, rtol=1e-5, atol=1e-6)


def test_slope_is_per_unit_of_the_input(X, y, x_transform):
    slope = input_slope(_scaling.fit_input_scaler(X, y, x_transform), X)
    other = X * UNITS + ORIGINS
    other_scaler = _scaling.fit_input_scaler(other, y, x_transform)
    assert_allclose(input_slope(other_scaler, other) * UNITS, slope, rtol=1e-5)


def test_constant_column(X, y, x_transform):
    """It has one output, zero."""
    X[:, 2] = 1e6
    scaler = _scaling.fit_input_scaler(X, y, x_transform)
    is_constant = np.ptp(scaler.transform(X), axis=0) < 1e-10
    assert is_constant.sum() == 1
    assert_allclose(scaler.transform(X)[:, is_constant], 0, atol=1e-10)
    assert np.isfinite(input_slope(scaler, X)).all()


@pytest.mark.parametrize("offset", [1e9, -1e9])
def test_small_spread_far_from_zero(X, y, smooth_transform, offset):
    Z = _scaling.fit_input_scaler(X, y, smooth_transform).transform(X)
    far = _scaling.fit_input_scaler(X + offset, y, smooth_transform).transform(
        X + offset
    )
    assert_allclose(far, Z, atol=1e-4)


def test_sample_weight_of_inputs(X, y):
    weight = np.where(np.arange(len(X)) < 50, 2, 1)
    scaler = _scaling.fit_input_scaler(X, y, "standard", weight)
    repeated = np.repeat(X, weight, axis=0)
    assert_allclose(scaler.mean_, repeated.mean(axis=0))
    assert_allclose(scaler.scale_, repeated.std(axis=0))


# --------------------------------------------------------------------------------------
# Target
# --------------------------------------------------------------------------------------


def test_target_is_standardised(y, y_transform):
    z = to_network(_scaling.fit_target_scaler(y, y_transform), y)
    assert z.mean() == pytest.approx(0, abs=1e-10)
    assert z.std() == pytest.approx(1)


@pytest.mark.parametrize("y_transform", ["log", "arcsinh"])
def test_decades_are_straightened(y, y_transform):
    z = to_network(_scaling.fit_target_scaler(y, y_transform), y)
    assert abs(_scaling.skewness(z)) < 0.5 * abs(_scaling.skewness(y))


def test_target_goes_there_and_back(y, y_transform):
    scaler = _scaling.fit_target_scaler(y, y_transform)
    back = to_units(scaler, to_network(scaler, y))
    assert_allclose(back, y, rtol=1e-9)


def test_target_scaler_is_a_transformer_that_agrees(y, y_transform):
    """What leaves the package as a scikit-learn object computes the same."""
    scaler = _scaling.fit_target_scaler(y, y_transform)
    z = to_network(scaler, y)
    assert_allclose(scaler.transform(y[:, None])[:, 0], z, rtol=1e-12)
    back = scaler.inverse_transform(z[:, None])[:, 0]
    assert_allclose(back, to_units(scaler, z), rtol=1e-12)


def test_target_slope(y, y_transform):
    scaler = _scaling.fit_target_scaler(y, y_transform)
    z = np.linspace(-2, 2, 41)
    step = 1e-6
    difference = to_units(scaler, z + step) - to_units(scaler, z - step)
    slope = np.broadcast_to(target_slope(scaler, z), z.shape)
    assert_allclose(slope, difference / (2 * step), rtol=1e-7)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e8])
@pytest.mark.parametrize("origin", [0.0, -3.0])
def test_unit_of_target_changes_nothing(y, y_transform, unit, origin):
    z = to_network(_scaling.fit_target_scaler(y, y_transform), y)
    other = unit * (y + origin)
    other_z = to_network(_scaling.fit_target_scaler(other, y_transform), other)
    assert_allclose(other_z, z, rtol=1e-9, atol=1e-10)


def test_small_target_spread_far_from_zero(y_transform, rng):
    y = rng.normal(size=200)
    z = to_network(_scaling.fit_target_scaler(y, y_transform), y)
    far = 1e9 + y
    scaler = _scaling.fit_target_scaler(far, y_transform)
    assert_allclose(to_network(scaler, far), z, atol=1e-4)
    assert_allclose(to_units(scaler, to_network(scaler, far)), far, rtol=1e-12)


def test_constant_target():
    y = np.full(20, 7.0)
    assert _scaling.feasible_target_transforms(y) == ["standard"]
    scaler = _scaling.fit_target_scaler(y, "standard")
    assert_allclose(to_network(scaler, y), 0)
    assert_allclose(to_units(scaler, np.zeros(20)), 7)


@pytest.mark.parametrize("y_transform", ["log", "arcsinh"])
def test_distances_that_are_lost_beside_their_origin(y_transform):
    y = 1e9 + 2**-10 * np.arange(1, 4)
    message = "median distance to 1e.09 is 0.00098, expected more than 0.01"
    with pytest.raises(ValueError, match=message):
        _scaling.fit_target_scaler(y, y_transform)


def test_log_of_a_target_below_all_that_were_seen(y):
    scaler = _scaling.fit_target_scaler(y, "log")
    below = to_network(scaler, np.array([y.min(), y.min() - 100 * np.ptp(y)]))
    assert_allclose(below[1], below[0])


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0.0, 1, 2, 3, 9], ["standard", "log", "arcsinh"]),
        ([0.0, 0, 0, 1, 9], ["standard"]),  # median at the minimum, no spread
        ([0.0, 1, 1, 1, 9], ["standard", "log"]),  # half of the rows at the median
    ],
)
def test_feasible_target_transforms(y, expected):
    assert _scaling.feasible_target_transforms(np.array(y)) == expected
