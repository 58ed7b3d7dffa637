"""Equations of the Feynman lectures that have five variables.

The ranges are those of AI Feynman: the numbers are not physical constants, the units
are SI.
"""

import numpy as np

from ._function import function

_FEYNMAN = (
    "Udrescu & Tegmark (2020), AI Feynman, Science Advances 6, eaay2631, equation {}"
)


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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


@function(
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
