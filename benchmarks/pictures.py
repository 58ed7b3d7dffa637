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

_OURS = [name for name in ESTIMATORS if name.startswith(BASELINE)]
_OTHERS = [name for name in ESTIMATORS if name not in _OURS]
_COLOURS = dict(zip(_OURS, ("black", "#7f0000", "#a0522d"), strict=True))
_COLOURS |= dict(zip(_OTHERS, sns.color_palette("colorblind") * 3, strict=False))
# Filled ones: seaborn does not mix them with crosses.
_MARKERS = dict(zip(ESTIMATORS, "o^sDvP<X>pdh8H*" * 2, strict=False))


def draw(rows):
    """Prepare the pictures of which there are figures.

    Returns
    -------
    pictures : dict
        By name: the caption, and a function that makes the matplotlib figure.
    """
    return {
        name: (caption, partial(_relplot, frame, **options))
        for kind in (_costs, _errors, _coverage)
        for name, caption, frame, options in kind(rows)
        if len(frame)
    }


def _costs(rows):
    """Time and memory against rows, and throughput against the size of a batch."""
    times = _long(mean_times(rows))
    yield "fit_time", "Fit time.", times, {"y": "fit time", "unit": SECONDS}
    caption = "Time to predict as many rows as were fitted."
    times = _long(mean_times(rows, "predict_time_s"))
    yield "predict_time", caption, times, {"y": "prediction time", "unit": SECONDS}
    peaks = _long(2**20 * median_memory(rows).clip(lower=0.1))
    axes = {"y": "peak memory", "unit": EngFormatter(unit="B")}
    yield "memory", "Peak memory, at least 0.1 MiB.", peaks, axes
    for size in select(rows, "prediction").n_samples.unique():
        caption = f"Throughput, models fitted on {count(size)}."
        axes = {"x": "rows in a batch", "y": "rows predicted in a second"}
        yield f"throughput_{size}", caption, _long(throughput(rows, size)), axes


def _errors(rows):
    """Error against fit time, one panel a size, and against rows, one a function."""
    fit_times = _long(mean_times(rows)).rename(columns={"value": "fit time"})
    for noise in noises(rows):
        label = f"noise_{100 * noise:.0f}"
        points = _long(mean_errors(rows, noise)).merge(fit_times)
        points = points[points.rows.isin((300, *SHOWN_SIZES, 100_000))]
        yield (
            f"pareto_{label}",
            f"Error against fit time, {with_noise(noise)}. Nothing below and left of "
            "the grey line was measured.",
            points.assign(panel=points.rows.map(count)),
            {"x": "fit time", "y": ERROR, "x_unit": SECONDS, "decorate": _front}
            | {"kind": "scatter"},
        )
        chosen = select(rows, "accuracy", noise=noise)
        grouped = chosen.groupby(["estimator", "n_samples", "dataset"], observed=True)
        curves = grouped.error.agg(geometric_mean).clip(1e-5, 2).reset_index()
        curves.columns = ["estimator", "rows", "panel", "value"]
        if curves.rows.nunique() > 1:
            yield (
                f"learning_curves_{label}",
                f"Error against rows, {with_noise(noise)}; errors above 2 or below "
                "1e-5 are drawn there.",
                curves,
                {"y": ERROR},
            )


def _coverage(rows):
    """Measured against nominal coverage, one panel a noise."""
    covered = coverages(rows).reset_index().melt(["estimator", "noise"])
    covered.columns = ["estimator", "panel", "confidence level (%)", "value"]
    covered = covered.assign(panel=covered.panel.map(with_noise))
    axes = {"x": "confidence level (%)", "y": "fresh rows covered (%)"}
    caption = "Measured against nominal coverage."
    axes |= {"log": False, "decorate": _diagonal}
    yield "calibration", caption, covered, axes


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
    # Rows of another run may be those of other estimators.
    order = [name for name in ESTIMATORS if name in set(frame.estimator)]
    order += sorted(set(frame.estimator).difference(order))
    widths = [2.5 if name in _OURS else 1.0 for name in order]
    lines = {"size": "estimator", "sizes": widths, "size_order": order}
    lines |= {"dashes": False, "errorbar": None}
    panels = {"height": 5, "aspect": 1.4}
    if "panel" in frame:
        panels = {"col": "panel", "col_wrap": min(frame.panel.nunique(), 3)}
        panels |= {"height": 3.4, "aspect": 1.1}
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook", 0.8):
        grid = sns.relplot(
            frame,
            x=x,
            y="value",
            hue="estimator",
            hue_order=order,
            style="estimator",
            style_order=order,
            palette=[_COLOURS.get(name, "0.5") for name in order],
            markers=[_MARKERS.get(name, "o") for name in order],
            kind=kind,
            facet_kws={"legend_out": False},
            **(lines if kind == "line" else {}),
            **panels,
        )
    if log:
        _log_scales(grid, frame[x].unique(), unit, x_unit)
    if decorate:
        for name, axis in grid.axes_dict.items():
            decorate(axis, frame[frame.panel == name])
    grid.set_axis_labels(x, y)
    grid.set_titles("{col_name}")
    legend = {"title": None, "ncols": 3, "frameon": False}
    sns.move_legend(grid, "upper center", bbox_to_anchor=(0.5, 0), **legend)
    grid.tight_layout()
    return grid.figure


def _log_scales(grid, ticks, unit, x_unit):
    """Make both scales logarithmic, with a mark at each number of rows."""
    for axis in grid.axes.flat:
        axis.set(xscale="log", yscale="log")
        axis.xaxis.set_major_formatter(x_unit or EngFormatter(sep=""))
        axis.xaxis.set_minor_formatter(NullFormatter())
        if x_unit is None:
            axis.set_xticks(ticks)
        if unit:
            axis.yaxis.set_major_formatter(unit)
