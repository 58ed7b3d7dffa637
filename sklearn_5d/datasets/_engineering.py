"""Functions of five inputs from engineering, the environment and finance."""

import numpy as np
from scipy.special import ndtr

from ._function import function

_LIBRARY = (
    "; ranges of Surjanovic & Bingham (2013), Virtual Library of Simulation "
    "Experiments, https://www.sfu.ca/~ssurjano"
)


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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
