"""What do the figures look like?

`draw` makes every picture that the rows have figures for. All of them are seaborn's
`relplot` in one style: one colour, marker and width for each estimator, ours heavy.
"""

from functools import partial

import seaborn as sns
from estimator import BASELINE, ESTIMATORS
from figures import (
    SHOWN_SIZES,
    coverages,
    geometric_mean,
    mean_errors,
    mean_times,
    median_memory,
    noises,
    pareto_front,
    select,
    throughput,
)
from matplotlib.ticker import EngFormatter, NullFormatter
from wording import count, with_noise

ERROR = "error / sd of the target"
SECONDS = EngFormatter(unit="s")
BYTES = EngFormatter(unit="B")

_OURS = [name for name in ESTIMATORS if name.startswith(BASELINE)]
_OTHERS = [name for name in ESTIMATORS if name not in _OURS]
_COLOURS = dict(zip(_OURS, ("black", "#7f0000", "#a0522d"), strict=True))
_COLOURS |= dict(zip(_OTHERS, sns.color_palette("colorblind") * 3, strict=False))
# Filled ones: seaborn does not mix them with crosses.
_MARKERS = dict(zip(ESTIMATORS, "o^sDvP<X>pdh8H*" * 2, strict=False))
_WIDTHS = {name: 2.5 if name in _OURS else 1.0 for name in ESTIMATORS}


def draw(rows):
    """Prepare the pictures of which there are figures.

    Returns
    -------
    pictures : dict
        By name: the caption, and a function that makes the matplotlib figure.
    """
    pictures = {}

    def add(name, caption, frame, **options):
        if len(frame):
            pictures[name] = caption, partial(_relplot, frame, **options)

    fit_times = _long(mean_times(rows))
    add("fit_time", "Fit time.", fit_times, y="fit time", unit=SECONDS)
    add(
        "predict_time",
        "Time to predict as many rows as were fitted.",
        _long(mean_times(rows, "predict_time_s")),
        y="prediction time",
        unit=SECONDS,
    )
    peaks = _long(2**20 * median_memory(rows).clip(lower=0.1))
    add("memory", "Peak memory, at least 0.1 MiB.", peaks, y="peak memory", unit=BYTES)
    for size in select(rows, "prediction").n_samples.unique():
        add(
            f"throughput_{size}",
            f"Throughput, models fitted on {count(size)}.",
            _long(throughput(rows, size)),
            x="rows in a batch",
            y="rows predicted in a second",
        )
    for noise in noises(rows):
        label = f"noise_{100 * noise:.0f}"
        errors = _long(mean_errors(rows, noise))
        points = errors.merge(fit_times, on=["estimator", "rows"])
        points = points.rename(columns={"value_x": "value", "value_y": "fit time"})
        points = points.assign(panel=points.rows.map(count))
        add(
            f"pareto_{label}",
            f"Error against fit time, {with_noise(noise)}. Nothing below and left of "
            "the grey line was measured.",
            points[points.rows.isin((300, *SHOWN_SIZES, 100_000))],
            x="fit time",
            y=ERROR,
            x_unit=SECONDS,
            kind="scatter",
            decorate=_front,
        )
        chosen = select(rows, "accuracy", noise=noise)
        chosen = chosen.groupby(["estimator", "n_samples", "dataset"], observed=True)
        curves = (
            chosen.error.agg(geometric_mean).clip(upper=2, lower=1e-5).reset_index()
        )
        curves.columns = ["estimator", "rows", "panel", "value"]
        if curves.rows.nunique() > 1:
            add(
                f"learning_curves_{label}",
                f"Error against rows, {with_noise(noise)}; errors above 2 or below "
                "1e-5 are drawn there.",
                curves,
                y=ERROR,
            )
    covered = coverages(rows).reset_index().melt(["estimator", "noise"])
    covered.columns = ["estimator", "panel", "confidence level (%)", "value"]
    add(
        "calibration",
        "Measured against nominal coverage.",
        covered.assign(panel=covered.panel.map(with_noise)),
        x="confidence level (%)",
        y="fresh rows covered (%)",
        log=False,
        decorate=_diagonal,
    )
    return pictures


def _long(frame):
    """Bring a frame with a row for each estimator to one row a value."""
    frame = frame.rename_axis("estimator").reset_index()
    return frame.melt("estimator", var_name="rows").dropna().astype({"rows": int})


def _front(axis, points):
    points = points.set_index("estimator")
    front = points.loc[pareto_front(points["fit time"], points.value)]
    axis.step(front["fit time"], front.value, where="post", color="0.75", zorder=0)


def _diagonal(axis, points):
    axis.plot([0, 100], [0, 100], color="0.6", linewidth=1, zorder=0)


def _relplot(
    frame, *, x="rows", y, unit=None, x_unit=None, kind="line", log=True, decorate=None
):
    """Draw `value` against `x`, in a panel for each value of `panel`."""
    frame = frame.rename(columns={"rows": x} if x.startswith("rows") else {})
    frame = frame.assign(estimator=frame.estimator.astype(str))
    order = [name for name in ESTIMATORS if name in set(frame.estimator)]
    order += sorted(set(frame.estimator).difference(order))
    panels = {}
    if "panel" in frame:
        n_panels = frame.panel.nunique()
        panels = {"col": "panel", "col_wrap": min(n_panels, 3)}
    lines = {"size": "estimator", "sizes": _WIDTHS, "size_order": order}
    style = {"dashes": False, "errorbar": None, **lines} if kind == "line" else {}
    known = set(ESTIMATORS).issuperset(order)
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook", 0.8):
        grid = sns.relplot(
            frame,
            x=x,
            y="value",
            hue="estimator",
            hue_order=order,
            style="estimator",
            style_order=order,
            palette=_COLOURS if known else None,
            markers=_MARKERS if known else True,
            kind=kind,
            height=3.4 if panels else 5,
            aspect=1.1 if panels else 1.4,
            **(style if known else {}),
            facet_kws={"legend_out": False},
            **panels,
        )
    for name, axis in grid.axes_dict.items() if panels else [(None, grid.ax)]:
        points = frame[frame.panel == name] if panels else frame
        if log:
            axis.set(xscale="log", yscale="log")
            axis.xaxis.set_major_formatter(x_unit or EngFormatter(sep=""))
            axis.xaxis.set_minor_formatter(NullFormatter())
            if x_unit is None:
                axis.set_xticks(frame[x].unique())
            if unit:
                axis.yaxis.set_major_formatter(unit)
        if decorate:
            decorate(axis, points)
    grid.set_axis_labels(x, y)
    grid.set_titles("{col_name}")
    legend = {"title": None, "ncols": 3, "frameon": False}
    sns.move_legend(grid, "upper center", bbox_to_anchor=(0.5, 0), **legend)
    grid.tight_layout()
    return grid.figure
