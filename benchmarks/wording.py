"""How are figures, rows and noise written in the report?"""

import pandas as pd


def number(value):
    """Write a figure with three significant digits, NaN as a dash, text as it is."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "-"
    if value == 0 or 1e-4 <= abs(value) < 1_000:
        # Not rounded up to 1: an R2 of 0.99998 is not perfect.
        return f"{value:.5f}" if 0.999 <= value < 1 else f"{value:#.3g}".rstrip(".")
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.2e}"


def mean_sd(values):
    """Write repeated figures as ``mean (sd)``, to the same digit."""
    mean = number(values.mean())
    if len(values) == 1 or "e" in mean:
        return mean
    decimals = len(mean.partition(".")[2])
    return f"{mean} ({values.std():.{decimals}f})"


def count(n, thing="row"):
    """Write how many there are of something, such as ``1 row`` or ``2,000 rows``."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def with_noise(noise):
    """Write a relative noise."""
    return f"noise {noise:.0%}" if noise else "no noise"


def settings(params):
    """Write parameters as ``a=1, b=2``."""
    return ", ".join(f"{key}={value}" for key, value in params.items()) or "defaults"


def listed(names):
    """Write names as ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
