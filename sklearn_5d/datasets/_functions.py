"""Five-input functions with known formulas.

The functions come from surrogate modelling, numerical integration, optimisation and
symbolic regression. Where the original has more than five inputs, the others are
held at the values that the summary names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from numbers import Integral, Real
from types import MappingProxyType

import numpy as np
from scipy.special import ndtr
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params


@dataclass(frozen=True)
class Input:
    """A quantity and the range of its values.

    Parameters
    ----------
    name : str
        The name of the quantity.
    low, high : float
        The ends of the range, in `unit`.
    unit : str, default=""
        The unit, empty for a dimensionless quantity.

    See Also
    --------
    Function : A formula with five inputs.

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS
    >>> FUNCTIONS["piston"].inputs[0]
    Input(name='mass', low=30, high=60, unit='kg')
    """

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Function:
    """A formula with five inputs: call it on `X` to get `y`.

    Called as ``function(X)`` with `X` of shape (n_samples, 5), columns in the order and
    the units of `inputs`; returns `y` of shape (n_samples,) in `unit`. Values outside
    the ranges are allowed where the formula is defined.

    Parameters
    ----------
    name : str
        The key in `FUNCTIONS`.
    summary : str
        What the target is, and which inputs of the original are held fixed.
    formula : str
        The formula as text.
    inputs : tuple of 5 Input
        The inputs and the ranges that they are sampled from.
    target : str
        The name of the target.
    unit : str
        The unit of the target, empty if dimensionless.
    reference : str
        Where the formula or its ranges were published.
    evaluate : callable
        Maps the transposed inputs, shape (5, n_samples), to `y`.

    See Also
    --------
    make_function : Sample inputs and target.

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS
    >>> wing = FUNCTIONS["wing_weight"]
    >>> wing.feature_names
    ['area', 'aspect_ratio', 'thickness_ratio', 'load_factor', 'gross_weight']
    >>> wing([[174, 7.52, 0.12, 3.8, 2000]]).round(3)
    array([244.967])
    """

    name: str
    summary: str
    formula: str
    inputs: tuple[Input, ...]
    target: str
    unit: str
    reference: str
    evaluate: Callable = field(repr=False)

    @property
    def feature_names(self):
        """Names of the inputs, a list of length 5."""
        return [each.name for each in self.inputs]

    @property
    def bounds(self):
        """Ranges of the inputs, an array (5, 2) as scipy.optimize takes it."""
        return np.array([(each.low, each.high) for each in self.inputs], dtype=float)

    def __call__(self, X):
        """Target for each row of `X`."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != 5:
            raise ValueError(f"Got X of shape {X.shape}, expected (n_samples, 5).")
        return self.evaluate(X.T)

    def __reduce__(self):
        # Pickled as a global name: the plain function that `evaluate` holds cannot be
        # found under its own name, which stands for this object.
        return self.name


_functions = {}

FUNCTIONS: Mapping[str, Function] = MappingProxyType(_functions)
"""The functions by name."""


def _register(*, formula, inputs, reference, target="y", unit=""):
    """Turn a formula on rows `x` (5, n_samples) into the Function of its name."""

    def register(evaluate):
        name = evaluate.__name__
        _functions[name] = Function(
            name=name,
            summary=cleandoc(evaluate.__doc__),
            formula=formula,
            inputs=tuple(Input(key, *row) for key, row in inputs.items()),
            target=target,
            unit=unit,
            reference=reference,
            evaluate=evaluate,
        )
        return _functions[name]

    return register


def _cube(low, high):
    return {f"x{i}": (low, high) for i in range(1, 6)}


# --------------------------------------------------------------------------------------
# Regression and sensitivity analysis
# --------------------------------------------------------------------------------------


@_register(
    formula="10 sin(pi x1 x2) + 20 (x3 - 0.5)^2 + 10 x4 + 5 x5",
    inputs=_cube(0, 1),
    reference="Friedman (1991), The Annals of Statistics 19, 1-67",
)
def friedman1(x):
    """Friedman's first function, as in sklearn.datasets.make_friedman1."""
    x1, x2, x3, x4, x5 = x
    return 10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5


@_register(
    formula="prod((|4 xi - 2| + ai) / (1 + ai)), a = (0, 1, 4.5, 9, 99)",
    inputs=_cube(0, 1),
    reference=(
        "Saltelli & Sobol' (1995), Reliability Engineering & System Safety 50, 225-239"
    ),
)
def sobol_g(x):
    """Sobol's g function: a kink in every input, the fifth nearly inert."""
    a = np.array([0, 1, 4.5, 9, 99])[:, None]
    return np.prod((np.abs(4 * x - 2) + a) / (1 + a), axis=0)


# --------------------------------------------------------------------------------------
# Numerical integration: Genz leaves the weights a and the shifts u open. Here
# u = (0.3, 0.4, 0.5, 0.6, 0.7) and a rises as 1:2:3:4:5, so that no two inputs are
# exchangeable. The sums of a are those in use since Barthelmann, Novak & Ritter (2000),
# but for the continuous family, where theirs, 20.4, is halved with the number of inputs
# (10 there): it would leave little but a spike.
# --------------------------------------------------------------------------------------

_GENZ = (
    "Genz (1984), Testing multidimensional integration routines, in Tools, Methods and "
    "Languages for Scientific and Engineering Computation, 81-94; sums of the weights "
    "after Barthelmann, Novak & Ritter (2000), Advances in Computational Mathematics "
    "12, 273-288"
)
_WEIGHT = np.arange(1, 6)[:, None] / 15
_SHIFT = np.array([0.3, 0.4, 0.5, 0.6, 0.7])[:, None]


@_register(
    formula="cos(2 pi 0.3 + sum(ai xi)), ai = 9 i / 15",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_oscillatory(x):
    """Oscillating family of Genz: a plane wave."""
    return np.cos(2 * np.pi * _SHIFT[0] + np.sum(9 * _WEIGHT * x, axis=0))


@_register(
    formula="prod(1 / (ai^-2 + (xi - ui)^2)), ai = 7.25 i / 15, ui = 0.2 + 0.1 i",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_product_peak(x):
    """Product peak family of Genz: one rational peak inside the cube."""
    return np.prod(1 / ((7.25 * _WEIGHT) ** -2 + (x - _SHIFT) ** 2), axis=0)


@_register(
    formula="(1 + sum(ai xi))^-6, ai = 1.85 i / 15",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_corner_peak(x):
    """Corner peak family of Genz: a steep rise towards the origin."""
    return (1 + np.sum(1.85 * _WEIGHT * x, axis=0)) ** -6


@_register(
    formula="exp(-sum(ai^2 (xi - ui)^2)), ai = 7.03 i / 15, ui = 0.2 + 0.1 i",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_gaussian(x):
    """Gaussian family of Genz: a bell inside the cube."""
    return np.exp(-np.sum((7.03 * _WEIGHT * (x - _SHIFT)) ** 2, axis=0))


@_register(
    formula="exp(-sum(ai |xi - ui|)), ai = 10.2 i / 15, ui = 0.2 + 0.1 i",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_continuous(x):
    """Continuous family of Genz: a kink along every xi = ui."""
    return np.exp(-np.sum(10.2 * _WEIGHT * np.abs(x - _SHIFT), axis=0))


@_register(
    formula="exp(sum(ai xi)) if x1 <= 0.3 and x2 <= 0.4 else 0, ai = 4.3 i / 15",
    inputs=_cube(0, 1),
    reference=_GENZ,
)
def genz_discontinuous(x):
    """Discontinuous family of Genz: a jump to zero, no task for a smooth model."""
    inside = np.all(x[:2] <= _SHIFT[:2], axis=0)
    return np.where(inside, np.exp(np.sum(4.3 * _WEIGHT * x, axis=0)), 0.0)


# --------------------------------------------------------------------------------------
# Optimisation
# --------------------------------------------------------------------------------------


@_register(
    formula="sum(100 (x[i+1] - xi^2)^2 + (1 - xi)^2)",
    inputs=_cube(-2.048, 2.048),
    reference="Rosenbrock (1960), The Computer Journal 3, 175-184",
)
def rosenbrock(x):
    """Rosenbrock's curved valley; its minimum, 0, lies at (1, 1, 1, 1, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2, axis=0)


@_register(
    formula="20 + e - 20 exp(-0.2 sqrt(mean(xi^2))) - exp(mean(cos(2 pi xi)))",
    inputs=_cube(-2, 2),
    reference=(
        "Ackley (1987), A Connectionist Machine for Genetic Hillclimbing, Kluwer"
    ),
)
def ackley(x):
    """Ackley's ripples around a cone; its minimum, 0, lies at the origin.

    Narrowed from the usual [-32.768, 32.768], which holds 65 ripples an input.
    """
    radius = np.sqrt(np.mean(x**2, axis=0))
    ripple = np.mean(np.cos(2 * np.pi * x), axis=0)
    return 20 + np.e - 20 * np.exp(-0.2 * radius) - np.exp(ripple)


@_register(
    formula=(
        "sin(pi w1)^2 + sum((wi - 1)^2 (1 + 10 sin(pi wi + 1)^2), i < 5)"
        " + (w5 - 1)^2 (1 + sin(2 pi w5)^2), wi = 1 + (xi - 1) / 4"
    ),
    inputs=_cube(-5, 5),
    reference="Laguna & Martí (2005), Journal of Global Optimization 33, 235-255",
)
def levy(x):
    """Levy's rippled bowl; its minimum, 0, lies at (1, 1, 1, 1, 1).

    Narrowed from the usual [-10, 10].
    """
    w = 1 + (x - 1) / 4
    first = np.sin(np.pi * w[0]) ** 2
    middle = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return first + np.sum(middle, axis=0) + last


@_register(
    formula="(x1 - 1)^2 + sum(i (2 xi^2 - x[i-1])^2, i > 1)",
    inputs=_cube(-10, 10),
    reference=(
        "Dixon & Price (1989), Journal of Optimization Theory and Applications 60, "
        "261-275"
    ),
)
def dixon_price(x):
    """Dixon and Price's quartic valley; its minimum is 0."""
    i = np.arange(2, 6)[:, None]
    return (x[0] - 1) ** 2 + np.sum(i * (2 * x[1:] ** 2 - x[:-1]) ** 2, axis=0)


@_register(
    formula="sum(xi^4 - 16 xi^2 + 5 xi) / 2",
    inputs=_cube(-5, 5),
    reference="Styblinski & Tang (1990), Neural Networks 3, 467-483",
)
def styblinski_tang(x):
    """Styblinski and Tang's sum of quartics; its minimum is -39.16617 an input."""
    return np.sum(x**4 - 16 * x**2 + 5 * x, axis=0) / 2


# --------------------------------------------------------------------------------------
# Symbolic regression: equations of the Feynman lectures that have five variables, with
# the ranges of AI Feynman. The numbers are not physical constants, the units are SI.
# --------------------------------------------------------------------------------------

_FEYNMAN = (
    "Udrescu & Tegmark (2020), AI Feynman, Science Advances 6, eaay2631, equation {}"
)


@_register(
    formula="q (Ef + B v sin(theta))",
    inputs={
        "q": (1, 5, "C"),
        "Ef": (1, 5, "V/m"),
        "B": (1, 5, "T"),
        "v": (1, 5, "m/s"),
        "theta": (1, 5, "rad"),
    },
    target="F",
    unit="N",
    reference=_FEYNMAN.format("I.12.11"),
)
def feynman_i_12_11(x):
    """Lorentz force on a moving charge."""
    q, Ef, B, v, theta = x
    return q * (Ef + B * v * np.sin(theta))


@_register(
    formula="h omega^3 / (2 pi^3 c^2 (exp(h omega / (2 pi kb T)) - 1))",
    inputs={
        "omega": (1, 5, "rad/s"),
        "T": (1, 5, "K"),
        "h": (1, 5, "J s"),
        "kb": (1, 5, "J/K"),
        "c": (1, 5, "m/s"),
    },
    target="L_rad",
    unit="J/m^2",
    reference=_FEYNMAN.format("I.41.16"),
)
def feynman_i_41_16(x):
    """Planck's spectrum of black-body radiation."""
    omega, T, h, kb, c = x
    hbar = h / (2 * np.pi)
    return hbar * omega**3 / (np.pi**2 * c**2 * np.expm1(hbar * omega / (kb * T)))


@_register(
    formula="n kb T ln(V2 / V1)",
    inputs={
        "n": (1, 5),
        "kb": (1, 5, "J/K"),
        "T": (1, 5, "K"),
        "V1": (1, 5, "m^3"),
        "V2": (1, 5, "m^3"),
    },
    target="E",
    unit="J",
    reference=_FEYNMAN.format("I.44.4"),
)
def feynman_i_44_4(x):
    """Work of an ideal gas that expands at constant temperature."""
    n, kb, T, V1, V2 = x
    return n * kb * T * np.log(V2 / V1)


@_register(
    formula="q Ef / (m (omega_0^2 - omega^2))",
    inputs={
        "q": (1, 3, "C"),
        "Ef": (1, 3, "V/m"),
        "m": (1, 3, "kg"),
        "omega_0": (3, 5, "rad/s"),
        "omega": (1, 2, "rad/s"),
    },
    target="x",
    unit="m",
    reference=_FEYNMAN.format("II.11.3"),
)
def feynman_ii_11_3(x):
    """Amplitude of a charged oscillator in an alternating field."""
    q, Ef, m, omega_0, omega = x
    return q * Ef / (m * (omega_0**2 - omega**2))


@_register(
    formula="n_rho mom tanh(mom B / (kb T))",
    inputs={
        "n_rho": (1, 5, "1/m^3"),
        "mom": (1, 5, "J/T"),
        "B": (1, 5, "T"),
        "kb": (1, 5, "J/K"),
        "T": (1, 5, "K"),
    },
    target="M",
    unit="A/m",
    reference=_FEYNMAN.format("II.35.21"),
)
def feynman_ii_35_21(x):
    """Magnetisation of a paramagnet, which saturates in a strong field."""
    n_rho, mom, B, kb, T = x
    return n_rho * mom * np.tanh(mom * B / (kb * T))


@_register(
    formula="I_0 (exp(q Volt / (kb T)) - 1)",
    inputs={
        "I_0": (1, 5, "A"),
        "q": (1, 2, "C"),
        "Volt": (1, 2, "V"),
        "kb": (1, 2, "J/K"),
        "T": (1, 2, "K"),
    },
    target="I",
    unit="A",
    reference=_FEYNMAN.format("III.14.14"),
)
def feynman_iii_14_14(x):
    """Electric current through a diode."""
    I_0, q, Volt, kb, T = x
    return I_0 * np.expm1(q * Volt / (kb * T))


# --------------------------------------------------------------------------------------
# Engineering and finance
# --------------------------------------------------------------------------------------

_LIBRARY = (
    "; ranges of Surjanovic & Bingham (2013), Virtual Library of Simulation "
    "Experiments, https://www.sfu.ca/~ssurjano"
)


@_register(
    formula=(
        "S Phi(d) - K exp(-r T) Phi(d - sigma sqrt(T)),"
        " d = (ln(S / K) + (r + sigma^2 / 2) T) / (sigma sqrt(T))"
    ),
    inputs={
        "spot": (80, 120, "$"),
        "strike": (80, 120, "$"),
        "rate": (0, 0.1, "1/year"),
        "volatility": (0.1, 0.5, "1/sqrt(year)"),
        "maturity": (0.1, 2, "year"),
    },
    target="price",
    unit="$",
    reference="Black & Scholes (1973), Journal of Political Economy 81, 637-654",
)
def black_scholes(x):
    """Price of a European call on a stock without dividends."""
    spot, strike, rate, volatility, maturity = x
    spread = volatility * np.sqrt(maturity)
    d = (np.log(spot / strike) + rate * maturity) / spread + spread / 2
    return spot * ndtr(d) - strike * np.exp(-rate * maturity) * ndtr(d - spread)


@_register(
    formula=(
        "M / sqrt(D t) exp(-s^2 / (4 D t))"
        " + M / sqrt(D (t - tau)) exp(-(s - L)^2 / (4 D (t - tau))), t = 40"
    ),
    inputs={
        "M": (7, 13),
        "D": (0.02, 0.12),
        "L": (0.01, 3),
        "tau": (30.01, 30.295),
        "s": (0, 3),
    },
    target="concentration",
    reference=(
        "Bliznyuk et al. (2008), Journal of Computational and Graphical Statistics 17, "
        "270-294" + _LIBRARY
    ),
)
def environmental(x):
    """Pollutant at place s of a channel, after spills at place 0 and at place L.

    Each spill has mass M, D is the rate of diffusion, tau the time of the second
    spill; scaled by sqrt(4 pi) as usual. Time is held at t = 40.
    """
    M, D, L, tau, s = x

    def spill(distance, elapsed):
        spread = D * elapsed
        return M / np.sqrt(spread) * np.exp(-(distance**2) / (4 * spread))

    return spill(s, 40.0) + spill(s - L, 40.0 - tau)


@_register(
    formula="4 L^3 / (E w t) sqrt((Y / t^2)^2 + (X / w^2)^2), L = 100 in",
    inputs={
        "E": (2.465e7, 3.335e7, "psi"),
        "X": (200, 800, "lb"),
        "Y": (700, 1300, "lb"),
        "w": (1, 4, "in"),
        "t": (1, 4, "in"),
    },
    target="displacement",
    unit="in",
    reference=(
        "Eldred et al. (2007), Structure and Infrastructure Engineering 3, 199-213"
    ),
)
def cantilever(x):
    """Displacement of the tip of a cantilever beam of 100 in under two loads.

    Young's modulus E, horizontal load X and vertical load Y span three standard
    deviations to each side of their means; width w and thickness t span the design
    space.
    """
    E, X, Y, w, t = x
    return 4 * 100**3 / (E * w * t) * np.hypot(Y / t**2, X / w**2)


@_register(
    formula=(
        "((Vb + 0.74) b + 11.35 Rf + 0.74 Rf b / Rc1) / (b + Rf),"
        " Vb = 12 Rb2 / (Rb1 + Rb2), b = beta (Rc2 + 9), Rc2 = 0.725 kOhm"
    ),
    inputs={
        "Rb1": (50, 150, "kOhm"),
        "Rb2": (25, 70, "kOhm"),
        "Rf": (0.5, 3, "kOhm"),
        "Rc1": (1.2, 2.5, "kOhm"),
        "beta": (50, 300),
    },
    target="Vm",
    unit="V",
    reference="Ben-Ari & Steinberg (2007), Quality Engineering 19, 327-338" + _LIBRARY,
)
def otl_circuit(x):
    """Midpoint voltage of a push-pull circuit without an output transformer.

    The resistance Rc2, which hardly matters, is held at the middle of its range,
    0.725 kOhm.
    """
    Rb1, Rb2, Rf, Rc1, beta = x
    Vb = 12 * Rb2 / (Rb1 + Rb2)
    b = beta * (0.725 + 9)
    return ((Vb + 0.74) * b + 11.35 * Rf + 0.74 * Rf * b / Rc1) / (b + Rf)


@_register(
    formula=(
        "2 pi sqrt(M / (k + S^2 P0 V0 Ta / (T0 V^2))),"
        " V = S / (2 k) (sqrt(A^2 + 4 k P0 V0 Ta / T0) - A),"
        " A = P0 S + 19.62 M - k V0 / S, Ta = 293 K, T0 = 350 K"
    ),
    inputs={
        "mass": (30, 60, "kg"),
        "area": (0.005, 0.020, "m^2"),
        "volume": (0.002, 0.010, "m^3"),
        "stiffness": (1000, 5000, "N/m"),
        "pressure": (90_000, 110_000, "Pa"),
    },
    target="cycle_time",
    unit="s",
    reference=(
        "Kenett & Zacks (1998), Modern Industrial Statistics, Duxbury" + _LIBRARY
    ),
)
def piston(x):
    """Time that a piston in a cylinder takes for one cycle.

    The temperatures are held at the middles of their ranges: 293 K for the ambient
    air (Ta), 350 K for the filling gas (T0).
    """
    M, S, V0, k, P0 = x
    energy = P0 * V0 * 293 / 350
    A = P0 * S + 19.62 * M - k * V0 / S
    V = S / (2 * k) * (np.sqrt(A**2 + 4 * k * energy) - A)
    return 2 * np.pi * np.sqrt(M / (k + S**2 * energy / V**2))


@_register(
    formula=(
        "2 pi Tu (Hu - Hl) / (g (1 + 2 L Tu / (g rw^2 Kw) + Tu / Tl)), g = ln(r / rw),"
        " r = 25050 m, Tu = 89335 m^2/year, Tl = 89.55 m^2/year"
    ),
    inputs={
        "rw": (0.05, 0.15, "m"),
        "Hu": (990, 1110, "m"),
        "Hl": (700, 820, "m"),
        "L": (1120, 1680, "m"),
        "Kw": (9855, 12_045, "m/year"),
    },
    target="flow",
    unit="m^3/year",
    reference=(
        "Morris, Mitchell & Ylvisaker (1993), Technometrics 35, 243-255" + _LIBRARY
    ),
)
def borehole(x):
    """Water that flows through a borehole between two aquifers.

    Three inputs that hardly matter are held at the middles of their ranges: the radius
    of influence, 25050 m, and the transmissivities of the upper and the lower aquifer,
    89335 and 89.55 m^2/year.
    """
    rw, Hu, Hl, L, Kw = x
    r, Tu, Tl = 25_050, 89_335, 89.55
    g = np.log(r / rw)
    return 2 * np.pi * Tu * (Hu - Hl) / (g * (1 + Tu / Tl) + 2 * L * Tu / (rw**2 * Kw))


@_register(
    formula=(
        "0.036 S^0.758 252^0.0035 A^0.6 34^0.006 0.672^0.04 (100 tc)^-0.3"
        " (Nz Wdg)^0.49 + 0.064 S"
    ),
    inputs={
        "area": (150, 200, "ft^2"),
        "aspect_ratio": (6, 10),
        "thickness_ratio": (0.08, 0.18),
        "load_factor": (2.5, 6),
        "gross_weight": (1700, 2500, "lb"),
    },
    target="weight",
    unit="lb",
    reference=(
        "Forrester, Sobester & Keane (2008), Engineering Design via Surrogate "
        "Modelling, Wiley"
    ),
)
def wing_weight(x):
    """Weight of the wing of a light aircraft.

    Held at the values of a Cessna C172: fuel in the wing 252 lb, sweep 0, dynamic
    pressure 34 lb/ft^2, taper ratio 0.672, paint 0.064 lb/ft^2.
    """
    S, A, tc, Nz, Wdg = x
    constant = 0.036 * 252**0.0035 * 34**0.006 * 0.672**0.04
    structure = S**0.758 * A**0.6 * (100 * tc) ** -0.3 * (Nz * Wdg) ** 0.49
    return constant * structure + 0.064 * S


@_register(
    formula="|L1 + L2 exp(i theta2) + L3 exp(i (theta2 + theta3))|",
    inputs={
        "theta2": (0, 2 * np.pi, "rad"),
        "theta3": (0, 2 * np.pi, "rad"),
        "L1": (0, 1),
        "L2": (0, 1),
        "L3": (0, 1),
    },
    target="distance",
    reference="An & Owen (2001), Journal of Complexity 17, 588-607" + _LIBRARY,
)
def robot_arm(x):
    """Distance between the shoulder and the hand of a robot arm.

    Three segments (the fourth has length 0). The angle of the first is left out: the
    distance does not depend on it.
    """
    theta2, theta3, L1, L2, L3 = x
    bend = theta2 + theta3
    return np.hypot(
        L1 + L2 * np.cos(theta2) + L3 * np.cos(bend),
        L2 * np.sin(theta2) + L3 * np.sin(bend),
    )


# --------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------


@validate_params(
    {
        "name": [str],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_function(name, n_samples=1000, *, noise=0.0, random_state=None):
    """Sample one of the five-input functions.

    The inputs are independent and uniform in their ranges.

    Parameters
    ----------
    name : str
        A key of `FUNCTIONS`.
    n_samples : int, default=1000
        The number of rows.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to `y`, in the unit of
        the target.
    random_state : int, RandomState instance or None, default=None
        Seed of inputs and noise. The inputs do not depend on `noise`.

    Returns
    -------
    X : ndarray of shape (n_samples, 5)
        The inputs, in the order and the units of ``FUNCTIONS[name].inputs``.
    y : ndarray of shape (n_samples,)
        The target.

    Raises
    ------
    ValueError
        If there is no function of this name; the message lists those there are.

    See Also
    --------
    FUNCTIONS : Formula, ranges, units and reference of each function.
    sklearn.datasets.make_friedman1 : The same sample as "friedman1".

    References
    ----------
    .. [1] S. Surjanovic and D. Bingham, "Virtual Library of Simulation Experiments:
           Test Functions and Datasets", 2013. https://www.sfu.ca/~ssurjano

    Examples
    --------
    >>> from sklearn_5d.datasets import FUNCTIONS, make_function
    >>> X, y = make_function("piston", n_samples=60, noise=0.01, random_state=0)
    >>> X.shape, y.shape
    ((60, 5), (60,))
    >>> bool(abs(y - FUNCTIONS["piston"](X)).max() < 0.05)
    True
    """
    if name not in FUNCTIONS:
        names = ", ".join(sorted(FUNCTIONS))
        raise ValueError(f"Got name={name!r}, expected one of: {names}.")
    function = FUNCTIONS[name]
    generator = check_random_state(random_state)
    low, high = function.bounds.T
    X = generator.uniform(low, high, size=(n_samples, 5))
    return X, function(X) + noise * generator.standard_normal(n_samples)
