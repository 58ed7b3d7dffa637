"""The formulas against values worked out by hand, the tables against their sources."""

import pickle
import sys
from math import cos, e, erf, exp, log, pi, sin, sqrt, tanh

import numpy as np
import pytest
from scipy.optimize import rosen
from sklearn.datasets import make_friedman1

from sklearn_5d.datasets import FUNCTIONS, load_airfoil_self_noise, make_function

CENTRE = [0.5] * 5


def phi(z):
    """Distribution function of the standard normal."""
    return (1 + erf(z / sqrt(2))) / 2


# One point for each function, and the formula with the numbers put in.
BY_HAND = {
    "friedman1": ([0.5, 1, 0.25, 0.5, 0.2], 10 + 20 / 16 + 5 + 1),
    "sobol_g": ([1, 0, 0.5, 0.125, 0.5], 2 * 1.5 * 4.5 / 5.5 * 1.05 * 0.99),
    "genz_oscillatory": ([0, 0, 0, 0, 1], cos(0.6 * pi + 3)),
    "genz_product_peak": (
        [0.3, 0.4, 0.5, 0.6, 0.2],
        (7.25 / 15) ** 8 * (1 * 2 * 3 * 4) ** 2 / ((15 / (5 * 7.25)) ** 2 + 0.25),
    ),
    "genz_corner_peak": ([1, 1, 1, 1, 1], 2.85**-6),
    "genz_gaussian": ([0.3, 0.4, 1, 0.6, 0.7], exp(-((7.03 * 3 / 15 * 0.5) ** 2))),
    "genz_continuous": ([0.3, 0.4, 0, 0.6, 0.7], exp(-10.2 * 3 / 15 * 0.5)),
    "genz_discontinuous": ([0.3, 0.4, 0, 0, 1], exp(4.3 * (0.3 + 0.8 + 5) / 15)),
    "rosenbrock": ([0, 1, 2, 0, 1], (100 + 1) + 100 + (1600 + 1) + (100 + 1)),
    "ackley": ([0.5, 1, 1, 1, 1], 20 + e - 20 * exp(-0.2 * sqrt(0.85)) - exp(0.6)),
    "levy": (
        [3, 1, 1, 1, 0],  # w = 1.5, 1, 1, 1, 0.75
        1 + 0.25 * (1 + 10 * sin(1.5 * pi + 1) ** 2) + 0.0625 * 2,
    ),
    "dixon_price": ([3, 1, 0, -1, 3], 4 + 2 * 1 + 3 * 1 + 4 * 4 + 5 * 19**2),
    "styblinski_tang": ([1, -1, 2, 0, 0], (-10 - 20 + (16 - 64 + 10)) / 2),
    "feynman_i_12_11": ([2, 3, 4, 5, pi / 6], 2 * (3 + 4 * 5 / 2)),
    "feynman_i_41_16": ([3, 2, 4, 5, 2], 13.5 / pi**3 / (exp(12 / (2 * pi * 10)) - 1)),
    "feynman_i_44_4": ([2, 3, 4, 2, 5], 24 * log(2.5)),
    "feynman_ii_11_3": ([2, 3, 1.5, 4, 2], 6 / (1.5 * 12)),
    "feynman_ii_35_21": ([2, 3, 4, 5, 2], 6 * tanh(1.2)),
    "feynman_iii_14_14": ([3, 1, 2, 2, 1], 3 * (e - 1)),
    "black_scholes": (
        [100, 100, 0.05, 0.2, 1],
        100 * phi(0.35) - 100 * exp(-0.05) * phi(0.15),
    ),
    "environmental": (
        [10, 0.1, 1.5, 30.1, 1],
        10 / 2 * exp(-1 / 16) + 10 / sqrt(0.99) * exp(-0.25 / 3.96),
    ),
    "cantilever": (
        [2.5e7, 400, 1200, 4, 2],
        4e6 / (2.5e7 * 8) * sqrt(300**2 + 25**2),
    ),
    "otl_circuit": (
        [100, 50, 2, 2, 100],  # 12 * 50 / 150 + 0.74 = 4.74 V
        (4.74 * 972.5 + 11.35 * 2 + 0.74 * 972.5) / 974.5,
    ),
    "robot_arm": ([pi / 2, pi / 2, 0.8, 0.6, 0.3], sqrt(0.5**2 + 0.6**2)),
}


def piston_by_hand(M, S, V0, k, P0, Ta=293.0, T0=350.0):
    """The steps of the Virtual Library of Simulation Experiments."""
    A = P0 * S + 19.62 * M - k * V0 / S
    V = S / (2 * k) * (sqrt(A**2 + 4 * k * (P0 * V0 / T0) * Ta) - A)
    return 2 * pi * sqrt(M / (k + S**2 * (P0 * V0 / T0) * (Ta / V**2)))


def borehole_by_hand(rw, Hu, Hl, L, Kw, r=25_050.0, Tu=89_335.0, Tl=89.55):
    """The steps of the Virtual Library of Simulation Experiments."""
    inner = 1 + 2 * L * Tu / (log(r / rw) * rw**2 * Kw) + Tu / Tl
    return 2 * pi * Tu * (Hu - Hl) / (log(r / rw) * inner)


def wing_weight_by_hand(Sw, A, tc, Nz, Wdg):
    """All ten inputs, the other five those of a Cessna C172 (Forrester et al.)."""
    Wfw, sweep, q, taper, Wp = 252, 0, 34, 0.672, 0.064
    structure = 0.036 * Sw**0.758 * Wfw**0.0035 * (A / cos(sweep) ** 2) ** 0.6
    structure *= q**0.006 * taper**0.04 * (100 * tc / cos(sweep)) ** -0.3
    return structure * (Nz * Wdg) ** 0.49 + Sw * Wp


for name, by_hand, point in [
    ("piston", piston_by_hand, [45, 0.01, 0.006, 3000, 100_000]),
    ("borehole", borehole_by_hand, [0.1, 1050, 760, 1400, 11_000]),
    ("wing_weight", wing_weight_by_hand, [174, 7.52, 0.12, 3.8, 2000]),
]:
    BY_HAND[name] = (point, by_hand(*point))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_by_hand(name):
    point, expected = BY_HAND[name]
    assert FUNCTIONS[name]([point]) == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_entry_is_complete(name):
    function = FUNCTIONS[name]
    assert function.name == name
    assert function.feature_names == [each.name for each in function.inputs]
    assert len(set(function.feature_names)) == 5
    assert (function.bounds[:, 0] < function.bounds[:, 1]).all()
    assert all((function.summary, function.formula, function.target))
    assert "(19" in function.reference or "(20" in function.reference


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sample_is_finite_and_fills_the_ranges(name):
    function = FUNCTIONS[name]
    X, y = make_function(name, n_samples=2000, random_state=0)
    low, high = function.bounds.T
    assert ((low <= X) & (high >= X)).all()
    assert (np.ptp(X, axis=0) > 0.98 * (high - low)).all()
    np.testing.assert_array_equal(y, function(X))
    assert np.isfinite(y).all()
    assert y.std() > 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_input_matters(name):
    X, y = make_function(name, n_samples=500, random_state=1)
    X_other, _ = make_function(name, n_samples=500, random_state=2)
    for i in range(5):
        X_moved = X.copy()
        X_moved[:, i] = X_other[:, i]
        assert np.abs(FUNCTIONS[name](X_moved) - y).max() > 1e-3 * y.std()


def test_friedman1_equals_sklearn():
    X, y = make_function("friedman1", 50, noise=0.5, random_state=3)
    X_expected, y_expected = make_friedman1(50, n_features=5, noise=0.5, random_state=3)
    np.testing.assert_allclose(X, X_expected)
    np.testing.assert_allclose(y, y_expected)


def test_rosenbrock_equals_scipy():
    X, y = make_function("rosenbrock", 50, random_state=0)
    np.testing.assert_allclose(y, rosen(X.T))


@pytest.mark.parametrize(
    ("name", "minimiser", "minimum"),
    [
        ("rosenbrock", [1, 1, 1, 1, 1], 0),
        ("ackley", [0, 0, 0, 0, 0], 0),
        ("levy", [1, 1, 1, 1, 1], 0),
        ("dixon_price", [2 ** (2.0**-i - 1) for i in range(5)], 0),
        ("styblinski_tang", [-2.903534] * 5, 5 * -39.16616570377),
    ],
)
def test_known_minimum(name, minimiser, minimum):
    function = FUNCTIONS[name]
    assert function([minimiser]) == pytest.approx([minimum], abs=1e-9)
    _, y = make_function(name, n_samples=5000, random_state=0)
    assert (y > minimum).all()


def test_sobol_g_moments():
    # Mean 1 and variance prod(1 + 1 / (3 (1 + a)^2)) - 1 follow from the product.
    _, y = make_function("sobol_g", n_samples=200_000, random_state=0)
    a = np.array([0, 1, 4.5, 9, 99])
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert y.var() == pytest.approx(np.prod(1 + 1 / (3 * (1 + a) ** 2)) - 1, rel=0.02)


def test_genz_discontinuous_jumps():
    edge = [0.3, 0.4, 0.5, 0.5, 0.5]
    for i in (0, 1):
        beyond = list(edge)
        beyond[i] += 1e-9
        inside, outside = FUNCTIONS["genz_discontinuous"]([edge, beyond])
        assert inside > 1
        assert outside == 0


def test_black_scholes():
    price = FUNCTIONS["black_scholes"]
    # Hull, Options, Futures and Other Derivatives: 4.76.
    assert price([[42, 40, 0.1, 0.2, 0.5]]) == pytest.approx([4.76], abs=0.005)
    X, call = make_function("black_scholes", n_samples=1000, random_state=0)
    spot, strike, rate, _, maturity = X.T
    assert (call >= np.maximum(spot - strike * np.exp(-rate * maturity), 0)).all()
    # Homogeneous of degree one in spot and strike.
    np.testing.assert_allclose(price(X * [2, 2, 1, 1, 1]), 2 * call, atol=1e-10)


def test_robot_arm_reaches_no_farther_than_stretched():
    X, distance = make_function("robot_arm", n_samples=1000, random_state=0)
    assert (distance <= X[:, 2:].sum(axis=1)).all()
    straight = X * [0, 0, 1, 1, 1]
    np.testing.assert_allclose(FUNCTIONS["robot_arm"](straight), X[:, 2:].sum(axis=1))


def test_noise_has_its_standard_deviation_and_leaves_the_inputs():
    X_clean, y_clean = make_function("piston", 50_000, random_state=0)
    X, y = make_function("piston", 50_000, noise=0.2, random_state=0)
    np.testing.assert_array_equal(X, X_clean)
    assert (y - y_clean).std() == pytest.approx(0.2, rel=0.02)
    assert (y - y_clean).mean() == pytest.approx(0, abs=0.005)


def test_seed():
    X, y = make_function("levy", 20, noise=1.0, random_state=7)
    X_same, y_same = make_function("levy", 20, noise=1.0, random_state=7)
    X_other, _ = make_function("levy", 20, noise=1.0, random_state=8)
    np.testing.assert_array_equal(X, X_same)
    np.testing.assert_array_equal(y, y_same)
    assert np.abs(X - X_other).min() > 0


def test_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match=r"Got name='pistol', expected .*piston, "):
        make_function("pistol")


@pytest.mark.parametrize("wrong", [{"n_samples": 0}, {"noise": -1.0}])
def test_parameter_out_of_range(wrong):
    (parameter,) = wrong
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of make_function"):
        make_function("piston", **wrong)


@pytest.mark.parametrize("X", [CENTRE, [CENTRE[:4]]])
def test_wrong_shape(X):
    with pytest.raises(ValueError, match=r"Got X of shape .*, expected \(n_samples"):
        FUNCTIONS["friedman1"](X)


def test_function_is_pickled_by_name():
    piston = FUNCTIONS["piston"]
    assert pickle.loads(pickle.dumps(piston)) is piston


def test_functions_are_read_only():
    with pytest.raises(TypeError):
        FUNCTIONS["mine"] = FUNCTIONS["piston"]
    with pytest.raises(AttributeError):
        FUNCTIONS["piston"].target = "mine"


# --------------------------------------------------------------------------------------
# Airfoil
# --------------------------------------------------------------------------------------


def test_airfoil_measurements():
    airfoil = load_airfoil_self_noise()
    assert airfoil.data.shape == (1503, 5)
    np.testing.assert_array_equal(airfoil.data[0], [800, 0, 0.3048, 71.3, 0.00266337])
    assert airfoil.target[0] == 126.201
    assert airfoil.target.mean() == pytest.approx(124.836, abs=1e-3)
    assert airfoil.target.std() == pytest.approx(6.897, abs=1e-3)
    assert airfoil.target_names == ["sound_pressure_level"]
    assert airfoil.feature_names[0] == "frequency"
    assert airfoil.frame is None


def test_airfoil_description_names_source_licence_and_ranges():
    airfoil = load_airfoil_self_noise()
    for text in ("10.24432/C5VW2C", "CC BY 4.0", "1,503", "106 operating points"):
        assert text in airfoil.DESCR
    table = np.column_stack([airfoil.data, airfoil.target])
    for name, column in zip(
        airfoil.feature_names + airfoil.target_names, table.T, strict=True
    ):
        line = next(s for s in airfoil.DESCR.splitlines() if s.startswith(name))
        *_, low, high, n_distinct = line.split()
        assert (float(low), float(high)) == (column.min(), column.max())
        assert int(n_distinct) == len(np.unique(column))
    points = np.unique(airfoil.data[:, 1:], axis=0)
    assert len(points) == 106


def test_airfoil_return_X_y():
    airfoil = load_airfoil_self_noise()
    X, y = load_airfoil_self_noise(return_X_y=True)
    np.testing.assert_array_equal(X, airfoil.data)
    np.testing.assert_array_equal(y, airfoil.target)


def test_airfoil_as_frame():
    pytest.importorskip("pandas")
    arrays, airfoil = load_airfoil_self_noise(), load_airfoil_self_noise(as_frame=True)
    assert list(airfoil.data.columns) == airfoil.feature_names
    assert [airfoil.target.name] == airfoil.target_names
    assert airfoil.frame.shape == (1503, 6)
    np.testing.assert_array_equal(airfoil.data, arrays.data)
    np.testing.assert_array_equal(airfoil.target, arrays.target)


def test_airfoil_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert load_airfoil_self_noise().data.shape == (1503, 5)
    with pytest.raises(ImportError, match=r"pip install 'sklearn_5d\[report\]'"):
        load_airfoil_self_noise(as_frame=True)
