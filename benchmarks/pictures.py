"""What do the figures look like?"""

from estimator import BASELINE, ESTIMATORS
from figures import (
    BY_SIZE,
    coverages,
    geometric_mean,
    mean_errors,
    mean_times,
    median_memory,
    pareto_front,
    select,
    throughput,
)
from matplotlib import pyplot as plt
from matplotlib import ticker
from wording import with_noise

ERROR = "error / sd of the target"


def fit_time(rows):
    """Draw fit time against rows, with the sd of the repetitions."""
    problems = list(select(rows, "timing").groupby(["dataset", "noise"]))
    figure, axes = _panels(len(problems))
    for axis, ((dataset, noise), problem) in zip(axes, problems, strict=True):
        times = problem.groupby(BY_SIZE, observed=True).fit_time_s.agg(["mean", "std"])
        for name, each in times.groupby(level=0, observed=True):
            sizes, sd = each.index.droplevel(0), each["std"].fillna(0)
            axis.errorbar(sizes, each["mean"], sd, capsize=2, **_style(name))
        axis.set(xscale="log", yscale="log", title=f"{dataset}, {with_noise(noise)}")
    return _finish(figure, axes, "rows fitted", "fit time (s)")


def predict_time(rows):
    """Draw the time to predict as many rows as were fitted."""
    times = mean_times(rows, "predict_time_s")
    return _lines_alone(times, "rows predicted", "prediction time (s)")


def memory(rows):
    """Draw peak memory against rows."""
    peaks = median_memory(rows).peak_memory_mib.clip(lower=0.1).unstack()
    return _lines_alone(peaks, "rows fitted", "peak memory of the fit (MiB)")


def throughputs(rows, n_samples):
    """Draw throughput against batch size."""
    rates = throughput(rows, n_samples)
    return _lines_alone(rates, "rows in a batch", "throughput (rows/s)")


def pareto(rows, noise):
    """Draw error against fit time, one panel a size, with the Pareto front."""
    errors, fit_times = mean_errors(rows, noise), mean_times(rows)
    sizes = [size for size in errors if size in fit_times]
    figure, axes = _panels(len(sizes))
    for axis, size in zip(axes, sizes, strict=True):
        cost, error = fit_times[size], errors[size].dropna()
        front = pareto_front(cost, error)
        axis.step(cost[front], error[front], where="post", color="0.75", zorder=1)
        for name in error.index.intersection(cost.index):
            style = _style(name) | {"linestyle": "none"}
            axis.plot(cost[name], error[name], **style)
        axis.set(xscale="log", yscale="log", title=f"{size:,} rows")
    return _finish(figure, axes, "fit time (s)", ERROR)


def learning_curves(rows, noise):
    """Draw error against rows, one panel a function."""
    problems = list(select(rows, "accuracy", noise=noise).groupby("dataset"))
    figure, axes = _panels(len(problems))
    for axis, (dataset, problem) in zip(axes, problems, strict=True):
        errors = problem.groupby(BY_SIZE, observed=True).error.agg(geometric_mean)
        _lines(axis, errors.unstack())
        axis.set(title=dataset)
    return _finish(figure, axes, "rows fitted", ERROR)


def calibration(rows):
    """Draw the measured coverage of the intervals against the nominal one."""
    noises = list(coverages(rows).groupby(level="noise"))
    figure, axes = _panels(len(noises))
    for axis, (noise, panel) in zip(axes, noises, strict=True):
        axis.plot([45, 100], [45, 100], color="0.6", linewidth=1, label="exact")
        for (name, _), values in panel.iterrows():
            axis.plot(values.index, values, **_style(name))
        axis.set(title=with_noise(noise), xticks=panel.columns)
    return _finish(figure, axes, "confidence level (%)", "rows covered (%)")


# --------------------------------------------------------------------------------------
# What all pictures share
# --------------------------------------------------------------------------------------


def _style(name):
    """Colour, marker and line of an estimator, the same in every picture.

    Markers and lines tell the estimators apart in grey; ours are heavy.
    """
    names = list(ESTIMATORS)
    position = names.index(name) if name in names else len(names)
    ours = name.startswith(BASELINE)
    others = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]
    palette = ["black", "#7f0000", "#a0522d", *others, *others]
    return {
        "label": name,
        "color": palette[position % len(palette)],
        "marker": "o*Ds^vPX<>hpd8H"[position % 15],
        "linestyle": ("-", "--", "-.", ":")[position % 4],
        "linewidth": 2.2 if ours else 1.1,
        "markersize": 8 if ours else 5,
        "zorder": 3 if ours else 2,
    }


def _panels(n_panels):
    """Panels with shared axes, at most three side by side; one alone is larger."""
    width, height = (7.5, 5.4) if n_panels == 1 else (3.9, 3.4)
    n_columns = min(n_panels, 3)
    n_rows = -(-n_panels // n_columns)
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(width * n_columns, height * n_rows),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for unused in axes.flat[n_panels:]:
        unused.remove()
    return figure, list(axes.flat[:n_panels])


def _lines(axis, frame):
    """Draw one line for each row of a frame whose columns are the x values."""
    for name, values in frame.iterrows():
        values = values.dropna()
        axis.plot(values.index, values, **_style(name))
    axis.set(xscale="log", yscale="log")


def _lines_alone(frame, xlabel, ylabel):
    figure, axes = _panels(1)
    _lines(axes[0], frame)
    return _finish(figure, axes, xlabel, ylabel)


def _finish(figure, axes, xlabel, ylabel):
    """Label the outer axes and put one legend below all panels."""
    handles = {}
    for axis in axes:
        place = axis.get_subplotspec()
        # A panel above a gap in the last row is the lowest of its column.
        below = axes.index(axis) + place.get_gridspec().ncols
        if below >= len(axes):
            axis.set_xlabel(xlabel)
            axis.tick_params(labelbottom=True)
        if place.is_first_col():
            axis.set_ylabel(ylabel)
        for scale in (axis.xaxis, axis.yaxis):
            _mark_ticks(scale)
        axis.grid(alpha=0.3, which="major")
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    order = [name for name in ESTIMATORS if name in handles]
    order += [name for name in handles if name not in order]
    figure.legend(
        [handles[name] for name in order],
        order,
        loc="outside lower center",
        ncols=3 if len(axes) > 1 else 2,
        fontsize="small",
        frameon=False,
    )
    return figure


def _mark_ticks(scale):
    """Mark powers of ten, and on less than two decades the steps between them."""
    if scale.get_scale() != "log":
        return
    low, high = scale.get_view_interval()
    subs = (1,) if high > 100 * low else (1, 3) if high > 5 * low else (1, 2, 3, 5, 7)
    scale.set_major_locator(ticker.LogLocator(subs=subs))
    scale.set_major_formatter(lambda value, _: _short(value))
    scale.set_minor_formatter(ticker.NullFormatter())


def _short(value):
    """Write a tick; panels side by side have no room for seven digits."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"
