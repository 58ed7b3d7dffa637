"""Functions of five inputs from sensitivity analysis, integration and optimisation."""

import numpy as np

from ._function import cube, function

# --------------------------------------------------------------------------------------
# Regression and sensitivity analysis
# --------------------------------------------------------------------------------------


@function(
    formula="10 sin(pi x1 x2) + 20 (x3 - 0.5)^2 + 10 x4 + 5 x5",
    inputs=cube(0, 1),
    reference="Friedman (1991), The Annals of Statistics 19, 1-67",
)
def friedman1(x):
    """Friedman's first function, as in sklearn.datasets.make_friedman1."""
    x1, x2, x3, x4, x5 = x
    return 10 * np.sin(np.pi * x1 * x2) + 20 * (x3 - 0.5) ** 2 + 10 * x4 + 5 * x5


@function(
    formula="prod((|4 xi - 2| + ai) / (1 + ai)), a = (0, 1, 4.5, 9, 99)",
    inputs=cube(0, 1),
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


@function(
    formula="cos(2 pi 0.3 + sum(ai xi)), ai = 9 i / 15",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_oscillatory(x):
    """Oscillating family of Genz: a plane wave."""
    return np.cos(2 * np.pi * _SHIFT[0] + np.sum(9 * _WEIGHT * x, axis=0))


@function(
    formula="prod(1 / (ai^-2 + (xi - ui)^2)), ai = 7.25 i / 15, ui = 0.2 + 0.1 i",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_product_peak(x):
    """Product peak family of Genz: one rational peak inside the cube."""
    return np.prod(1 / ((7.25 * _WEIGHT) ** -2 + (x - _SHIFT) ** 2), axis=0)


@function(
    formula="(1 + sum(ai xi))^-6, ai = 1.85 i / 15",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_corner_peak(x):
    """Corner peak family of Genz: a steep rise towards the origin."""
    return (1 + np.sum(1.85 * _WEIGHT * x, axis=0)) ** -6


@function(
    formula="exp(-sum(ai^2 (xi - ui)^2)), ai = 7.03 i / 15, ui = 0.2 + 0.1 i",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_gaussian(x):
    """Gaussian family of Genz: a bell inside the cube."""
    return np.exp(-np.sum((7.03 * _WEIGHT * (x - _SHIFT)) ** 2, axis=0))


@function(
    formula="exp(-sum(ai |xi - ui|)), ai = 10.2 i / 15, ui = 0.2 + 0.1 i",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_continuous(x):
    """Continuous family of Genz: a kink along every xi = ui."""
    return np.exp(-np.sum(10.2 * _WEIGHT * np.abs(x - _SHIFT), axis=0))


@function(
    formula="exp(sum(ai xi)) if x1 <= 0.3 and x2 <= 0.4 else 0, ai = 4.3 i / 15",
    inputs=cube(0, 1),
    reference=_GENZ,
)
def genz_discontinuous(x):
    """Discontinuous family of Genz: a jump to zero, no task for a smooth model."""
    inside = np.all(x[:2] <= _SHIFT[:2], axis=0)
    return np.where(inside, np.exp(np.sum(4.3 * _WEIGHT * x, axis=0)), 0.0)


# --------------------------------------------------------------------------------------
# Optimisation
# --------------------------------------------------------------------------------------


@function(
    formula="sum(100 (x[i+1] - xi^2)^2 + (1 - xi)^2)",
    inputs=cube(-2.048, 2.048),
    reference="Rosenbrock (1960), The Computer Journal 3, 175-184",
)
def rosenbrock(x):
    """Rosenbrock's curved valley; its minimum, 0, lies at (1, 1, 1, 1, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2, axis=0)


@function(
    formula="20 + e - 20 exp(-0.2 sqrt(mean(xi^2))) - exp(mean(cos(2 pi xi)))",
    inputs=cube(-2, 2),
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


@function(
    formula=(
        "sin(pi w1)^2 + sum((wi - 1)^2 (1 + 10 sin(pi wi + 1)^2), i < 5)"
        " + (w5 - 1)^2 (1 + sin(2 pi w5)^2), wi = 1 + (xi - 1) / 4"
    ),
    inputs=cube(-5, 5),
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


@function(
    formula="(x1 - 1)^2 + sum(i (2 xi^2 - x[i-1])^2, i > 1)",
    inputs=cube(-10, 10),
    reference=(
        "Dixon & Price (1989), Journal of Optimization Theory and Applications 60, "
        "261-275"
    ),
)
def dixon_price(x):
    """Dixon and Price's quartic valley; its minimum is 0."""
    i = np.arange(2, 6)[:, None]
    return (x[0] - 1) ** 2 + np.sum(i * (2 * x[1:] ** 2 - x[:-1]) ** 2, axis=0)


@function(
    formula="sum(xi^4 - 16 xi^2 + 5 xi) / 2",
    inputs=cube(-5, 5),
    reference="Styblinski & Tang (1990), Neural Networks 3, 467-483",
)
def styblinski_tang(x):
    """Styblinski and Tang's sum of quartics; its minimum is -39.16617 an input."""
    return np.sum(x**4 - 16 * x**2 + 5 * x, axis=0) / 2
