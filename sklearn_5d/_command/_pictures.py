"""The pictures of a report."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from sklearn.metrics import PredictionErrorDisplay

from ._console import printable
from ._optional import import_optional

# More points than this hide each other.
MAX_POINTS = 2_000
BLUE, ORANGE, GREY = "#0b62a4", "#b6500c", "0.55"


def picture_endings():
    """List what the name of a picture may end with.

    Returns
    -------
    tuple of str
        The endings that matplotlib writes.
    """
    kinds = new_figure(1, 1)[0].canvas.get_supported_filetypes()
    return tuple(f".{kind}" for kind in sorted(kinds))


def new_figure(width, height):
    """Make a figure of its own: no display and no global state.

    Parameters
    ----------
    width, height : float
        Its size in inches.

    Returns
    -------
    figure, ax
        The figure and its axes.
    """
    figure = import_optional("matplotlib.figure").Figure(
        figsize=(width, height), layout="constrained"
    )
    return figure, figure.add_subplot()


def render(figure, kind, **options):
    """Draw a picture.

    Parameters
    ----------
    figure : Figure
        The picture.
    kind : str
        What matplotlib writes: "png", "svg" and so on.
    **options : dict
        What `Figure.savefig` takes.

    Returns
    -------
    bytes
        The content of a file.
    """
    file = BytesIO()
    figure.savefig(file, format=kind, **options)
    return file.getvalue()


def embed(figure):
    """Make an address of a picture that is the picture itself.

    Parameters
    ----------
    figure : Figure
        The picture.

    Returns
    -------
    str
        A data address of an SVG.
    """
    content = render(figure, "svg", dpi=160, metadata={"Date": None})
    return "data:image/svg+xml;base64," + b64encode(content).decode()


def _label(ax, x, y):
    ticker = import_optional("matplotlib.ticker")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    # The names are the user's: a dollar in them is no mathematics.
    ax.set_xlabel(printable(x), parse_math=False)
    ax.set_ylabel(printable(y), parse_math=False)
    ax.spines[["top", "right"]].set_visible(False)


def _errors(summary, kind, figsize):
    figure, ax = new_figure(*figsize)
    PredictionErrorDisplay.from_predictions(
        summary.y_true,
        summary.y_pred,
        kind=kind,
        ax=ax,
        subsample=min(MAX_POINTS, len(summary.y_true)),
        random_state=0,
        scatter_kwargs={
            "s": 10,
            "alpha": 0.5,
            "linewidths": 0,
            "color": BLUE,
            "rasterized": True,
        },
        line_kwargs={"color": GREY, "zorder": 0},
    )
    return figure, ax


def plot_predictions(summary, figsize=(4.5, 4.5)):
    """Draw the out-of-fold predictions against the true values.

    Parameters
    ----------
    summary : Summary
        The report.
    figsize : tuple of float, default=(4.5, 4.5)
        The size in inches.

    Returns
    -------
    Figure
        The picture.
    """
    figure, ax = _errors(summary, "actual_vs_predicted", figsize)
    target = summary.table.target
    values = np.concatenate([summary.y_true, summary.y_pred])
    margin = 0.03 * np.ptp(values) or 1.0  # both may be constant
    limits = (values.min() - margin, values.max() + margin)
    ax.set_aspect("equal", adjustable="box")
    ax.set(xlim=limits, ylim=limits)
    _label(ax, f"{target}, predicted out of fold", f"{target}, true")
    return figure


def plot_residuals(summary):
    """Draw the out-of-fold residuals against the predictions.

    Parameters
    ----------
    summary : Summary
        The report.

    Returns
    -------
    Figure
        The picture.
    """
    figure, ax = _errors(summary, "residual_vs_predicted", (4.5, 4.5))
    target = summary.table.target
    _label(ax, f"{target}, predicted out of fold", "true - predicted")
    return figure


def plot_calibration(summary):
    """Draw the measured against the nominal coverage of the intervals.

    Parameters
    ----------
    summary : Summary
        The report.

    Returns
    -------
    Figure
        The picture.
    """
    figure, ax = new_figure(4.5, 4.5)
    levels = list(summary.coverage())
    measured = [each["coverage"] for each in summary.coverage().values()]
    # What is left to chance: two standard errors of a share of so many rows.
    nominal = np.linspace(0, 1, 101)
    chance = 2 * np.sqrt(nominal * (1 - nominal) / len(summary.rows))
    ax.fill_between(nominal, nominal - chance, nominal + chance, color="0.9", lw=0)
    ax.plot([0, 1], [0, 1], color=GREY, lw=1)
    ax.plot(levels, measured, "o-", color=BLUE)
    low = min(0.4, *measured) - 0.05
    ax.set(xlim=(low, 1), ylim=(low, 1), aspect="equal")
    _label(ax, "nominal coverage", "share of held-out rows inside")
    return figure


def plot_importance(summary):
    """Draw how much each input matters.

    Parameters
    ----------
    summary : Summary
        The report.

    Returns
    -------
    Figure
        The picture.
    """
    effects = summary.effects()
    figure, ax = new_figure(4.5, 0.9 + 0.4 * len(effects))
    ax.barh(
        range(len(effects)),
        [each["importance"] for each in effects.values()],
        xerr=[each["importance_sd"] for each in effects.values()],
        color=BLUE,
        ecolor=ORANGE,
        capsize=3,
        height=0.6,
    )
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    _label(ax, "rise of the RMSE", "")
    names = [printable(name) for name in effects]
    ax.set_yticks(range(len(effects)), names, parse_math=False)
    return figure


def plot_dependence(summary, name):
    """Draw the partial dependence on an input.

    Parameters
    ----------
    summary : Summary
        The report.
    name : str
        The input.

    Returns
    -------
    Figure
        The picture.
    """
    effects = summary.effects()
    effect = effects[name]
    figure, ax = new_figure(4, 3)
    band = (effect["low"], effect["high"])
    ax.fill_between(effect["grid"], *band, color=BLUE, alpha=0.15, lw=0)
    ax.plot(effect["grid"], effect["mean"], ".-", color=BLUE, lw=2)
    # One scale for all inputs: a flat line does not matter.
    low = min(each["low"].min() for each in effects.values())
    high = max(each["high"].max() for each in effects.values())
    margin = 0.03 * (high - low) or 1.0
    ax.set_ylim(low - margin, high + margin)
    _label(ax, name, summary.table.target)
    return figure
