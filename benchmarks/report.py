"""What do the saved rows say?

Every figure, picture and sentence of the report comes from ``rows.csv``, and from the
published figures of the reference configuration below. The conclusions are rules that
can come out either way. ``python benchmarks/report.py DIR/rows.csv`` writes the report
again without measuring anything.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from dataset import AIRFOIL_HINT
from document import Document
from estimator import BASELINE, ESTIMATORS, REFERENCE
from measurement import BATCH_SIZES, CONFIDENCE_LEVELS

# Figures of the reference configuration on another machine and an unnamed problem with
# five inputs, whose target has about this sd.
PUBLISHED_TARGET_SD = 3.0
PUBLISHED = pd.DataFrame(
    {
        "fit_time_s": [1.67, 3.70, 7.60],
        "r2": [0.9913, 0.9984, 0.9988],
        "rmse": [0.2748, 0.1190, 0.1057],
        "mse": [0.077739, 0.014222, 0.011166],
        "mae": [0.1756, 0.0882, 0.0846],
        "peak_memory_mib": np.array([54.2, 0.6, 0.9]) * 1e6 / 2**20,
    },
    index=pd.Index([1_000, 5_000, 10_000], name="n_samples"),
)
PUBLISHED_THROUGHPUT = {100: 246_584, 1_000: 408_004, 5_000: 3_351_676}
PUBLISHED_THROUGHPUT |= {10_000: 3_786_684}
REQUIREMENT_ROWS, REQUIREMENT_S = 10_000, 60

# --------------------------------------------------------------------------------------
# Writing
# --------------------------------------------------------------------------------------


def number(value):
    """Write a figure with three significant digits.

    Parameters
    ----------
    value : float
        NaN stands for a figure that was not measured.

    Returns
    -------
    text : str
    """
    if pd.isna(value):
        return "-"
    if value == 0 or 1e-4 <= abs(value) < 1_000:
        # Not rounded up to 1: an R2 of 0.99998 is not perfect.
        return f"{value:.5f}" if 0.999 <= value < 1 else f"{value:#.3g}".rstrip(".")
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.2e}"


def mean_sd(values):
    """Write mean and sd of repeated figures as ``mean (sd)``, to the same digit.

    Parameters
    ----------
    values : Series
        The figures; one alone has no sd.

    Returns
    -------
    text : str
    """
    mean = number(values.mean())
    if len(values) == 1 or "e" in mean:
        return mean
    decimals = len(mean.partition(".")[2])
    return f"{mean} ({values.std():.{decimals}f})"


# --------------------------------------------------------------------------------------
# Figures from rows
# --------------------------------------------------------------------------------------


def read(path):
    """Read saved rows.

    Parameters
    ----------
    path : path-like
        The CSV file.

    Returns
    -------
    rows : DataFrame
        With the estimators in the order of `ESTIMATORS`.
    """
    rows = pd.read_csv(path, dtype={"commit": str, "message": str})
    names = [*ESTIMATORS, *sorted(set(rows.estimator).difference(ESTIMATORS))]
    known = [name for name in names if name in set(rows.estimator)]
    rows["estimator"] = pd.Categorical(rows.estimator, known, ordered=True)
    # Rows are saved in the order in which they ended, which is not the same twice.
    key = ["measurement", "dataset", "noise", "n_samples", "seed", "repetition"]
    return rows.sort_values([*key, "estimator"], ignore_index=True)


def select(rows, measurement, *, airfoil=False):
    """Take the rows of one measurement that ended well.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    measurement : {"accuracy", "timing", "prediction"}
        Which of them.
    airfoil : bool, default=False
        Whether the rows of the airfoil tables or those of the formulas.

    Returns
    -------
    rows : DataFrame
    """
    is_airfoil = rows.dataset.str.startswith("airfoil")
    of_kind = (rows.measurement == measurement) & (is_airfoil == airfoil)
    return rows[of_kind & (rows.status == "ok")]


def geometric_mean(values):
    """Geometric mean; the zero error of an exact fit counts as the smallest float."""
    return np.exp(np.log(np.maximum(values, np.finfo(float).tiny)).mean())


def comparable_errors(rows, noise):
    """Geometric mean of the error over functions and seeds.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    noise : float
        Rows with this noise are taken.

    Returns
    -------
    errors : DataFrame of shape (n_estimators, n_sizes)
        NaN where an estimator lacks a cell that another one has: means over different
        cells are not comparable. Sizes of one estimator alone are left out.
    """
    chosen = select(rows, "accuracy")
    chosen = chosen[chosen.noise == noise]
    grouped = chosen.groupby(["estimator", "n_samples"], observed=True).error
    errors = grouped.agg(geometric_mean).unstack()
    counts = grouped.size().unstack()
    errors = errors.where(counts == counts.max())
    return errors.loc[:, errors.count() > 1].dropna(how="all")


def count_functions(rows, noise):
    """Count the functions that the errors of each size are averaged over.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    noise : float
        Rows with this noise are taken.

    Returns
    -------
    texts : Series of str
        Such as "12 functions", by number of rows.
    """
    chosen = select(rows, "accuracy")
    counts = chosen[chosen.noise == noise].groupby("n_samples").dataset.nunique()
    return counts.map(lambda n: f"{n} function{'' if n == 1 else 's'}")


def mean_fit_times(rows):
    """Mean fit time of each estimator and size, geometric over the timed problems.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    fit_times : DataFrame of shape (n_estimators, n_sizes)
    """
    chosen = select(rows, "timing")
    problems = ["estimator", "n_samples", "dataset", "noise"]
    means = chosen.groupby(problems, observed=True).fit_time_s.mean()
    levels = ["estimator", "n_samples"]
    return means.groupby(level=levels, observed=True).agg(geometric_mean).unstack()


def pairwise_ratios(rows):
    """Fit time of each estimator divided by the baseline's in the same repetition.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    ratios : DataFrame of shape (n_estimators, n_sizes)
        Medians over the pairs.
    """
    chosen = select(rows, "timing")
    pair = ["dataset", "n_samples", "noise", "seed", "repetition"]
    baseline = chosen[chosen.estimator == BASELINE].set_index(pair).fit_time_s
    chosen = chosen.join(baseline.rename("baseline_s"), on=pair).dropna(
        subset="baseline_s"
    )
    chosen["ratio"] = chosen.fit_time_s / chosen.baseline_s
    grouped = chosen.groupby(["estimator", "n_samples"], observed=True)
    return grouped.ratio.median().unstack()


def exponent(values):
    """Slope of log(value) against log(rows).

    Parameters
    ----------
    values : Series
        Figures by number of rows.

    Returns
    -------
    slope : float
        NaN with fewer than three sizes.
    """
    values = values.dropna()
    if len(values) < 3:
        return np.nan
    return np.polyfit(np.log(values.index), np.log(values), 1)[0]


def throughput(rows, n_samples):
    """Predictions per second by batch.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    n_samples : int
        Rows that the models were fitted on.

    Returns
    -------
    throughput : DataFrame of shape (n_estimators, n_batch_sizes)
    """
    chosen = select(rows, "prediction")
    chosen = chosen[chosen.n_samples == n_samples]
    columns = [f"predict_{size}_rows_s" for size in BATCH_SIZES]
    seconds = chosen.groupby("estimator", observed=True)[columns].median()
    return (1 / seconds * np.array(BATCH_SIZES)).set_axis(BATCH_SIZES, axis=1)


def pareto_front(cost, error):
    """Tell which points no other point beats in both cost and error.

    Parameters
    ----------
    cost, error : Series
        By estimator.

    Returns
    -------
    names : list
        From the cheapest to the best.
    """
    points = pd.DataFrame({"cost": cost, "error": error}).dropna().sort_values("cost")
    return list(
        points.index[points.error < points.error.cummin().shift(fill_value=np.inf)]
    )


# --------------------------------------------------------------------------------------
# Pictures
# --------------------------------------------------------------------------------------


def _style(name):
    """Colour, marker and line of an estimator, the same in every picture.

    Markers and lines tell the estimators apart in grey; ours are heavy.
    """
    names = list(ESTIMATORS)
    position = names.index(name) if name in names else len(names)
    ours = name.startswith("FiveDRegressor")
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
    from matplotlib import pyplot as plt

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
    from matplotlib import ticker

    if scale.get_scale() != "log":
        return
    low, high = scale.get_view_interval()
    subs = (1,) if high > 100 * low else (1, 3) if high > 5 * low else (1, 2, 3, 5, 7)
    scale.set_major_locator(ticker.LogLocator(subs=subs))
    scale.set_major_formatter("{x:g}")
    scale.set_minor_formatter(ticker.NullFormatter())


def _lines(axis, frame, **limits):
    """Draw one line for each row of a frame whose columns are the x values."""
    for name, values in frame.iterrows():
        values = values.dropna()
        axis.plot(values.index, values, **_style(name))
    axis.set(xscale="log", yscale="log", **limits)


def _line_picture(frame, xlabel, ylabel):
    figure, axes = _panels(1)
    _lines(axes[0], frame)
    return _finish(figure, axes, xlabel, ylabel)


def picture_fit_time(rows):
    """Draw fit time against rows, with the sd of the repetitions."""
    chosen = select(rows, "timing")
    problems = list(chosen.groupby(["dataset", "noise"]))
    figure, axes = _panels(len(problems))
    for axis, ((dataset, noise), problem) in zip(axes, problems, strict=True):
        grouped = problem.groupby(["estimator", "n_samples"], observed=True).fit_time_s
        for name, each in grouped.agg(["mean", "std"]).groupby(level=0, observed=True):
            axis.errorbar(
                each.index.droplevel(0),
                each["mean"],
                each["std"].fillna(0),
                capsize=2,
                **_style(name),
            )
        axis.set(xscale="log", yscale="log", title=f"{dataset}, {_noise(noise)}")
    return _finish(figure, axes, "rows fitted", "fit time (s)")


def picture_pareto(rows, noise):
    """Draw error against fit time, one panel a size, with the Pareto front."""
    errors, fit_times = comparable_errors(rows, noise), mean_fit_times(rows)
    sizes = [size for size in errors if size in fit_times]
    figure, axes = _panels(len(sizes))
    for axis, size in zip(axes, sizes, strict=True):
        points = pd.DataFrame({"cost": fit_times[size], "error": errors[size]}).dropna()
        front = points.loc[pareto_front(points.cost, points.error)]
        axis.step(front.cost, front.error, where="post", color="0.75", zorder=1)
        for name, point in points.iterrows():
            axis.plot(point.cost, point.error, **_style(name) | {"linestyle": "none"})
        axis.set(xscale="log", yscale="log", title=f"{size:,} rows")
    ylabel = "error / sd of the target"
    return _finish(figure, axes, "fit time (s)", ylabel)


def picture_learning_curves(rows, noise):
    """Draw error against rows, one panel a function."""
    chosen = select(rows, "accuracy")
    problems = list(chosen[chosen.noise == noise].groupby("dataset"))
    figure, axes = _panels(len(problems))
    for axis, (dataset, problem) in zip(axes, problems, strict=True):
        grouped = problem.groupby(["estimator", "n_samples"], observed=True).error
        _lines(axis, grouped.agg(geometric_mean).unstack(), title=dataset)
    return _finish(figure, axes, "rows fitted", "error / sd of the target")


def picture_calibration(rows):
    """Draw the measured coverage of the intervals against the nominal one."""
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    noises = list(chosen.groupby("noise"))
    figure, axes = _panels(len(noises))
    levels = [100 * level for level in CONFIDENCE_LEVELS]
    columns = [f"coverage_{level:.0f}" for level in levels]
    for axis, (noise, each) in zip(axes, noises, strict=True):
        axis.plot([40, 100], [40, 100], color="0.6", linewidth=1, label="exact")
        coverage = 100 * each.groupby("estimator", observed=True)[columns].mean()
        for name, values in coverage.iterrows():
            axis.plot(levels, values, **_style(name))
        axis.set(title=_noise(noise), xticks=levels)
    return _finish(figure, axes, "confidence level (%)", "rows covered (%)")


# --------------------------------------------------------------------------------------
# Sections
# --------------------------------------------------------------------------------------


def _noise(noise):
    return f"noise {noise:.0%}" if noise else "no noise"


def _rows(size):
    return f"{size:,} row{'' if size == 1 else 's'}"


def _numbers(frame):
    """Frame of texts."""
    return frame.map(number).rename_axis("estimator")


def _by_rows(frame):
    """Frame of texts, with what the columns count spelled out."""
    return _numbers(frame).rename(columns=_rows)


def _listed(names):
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def overview(document, rows):
    """Say what was run, with which parameters and on which machine."""
    counts = rows.status.value_counts()
    others = [f"{count} {status}" for status, count in counts.items() if status != "ok"]
    document.text(
        f"{len(rows):,} runs of {rows.estimator.nunique()} estimators on "
        f"{rows.dataset.nunique()} datasets, {', '.join(others) or 'none failed'}. "
        "Each run is a process of its own on one core, after one fit on a few rows "
        "that is not counted. Times are those of the timing runs, in which the "
        "estimators take turns in each repetition; memory and accuracy are those of "
        "the accuracy runs. The error is the RMSE against the noise-free function on "
        "10,000 fresh rows, divided by the sd of the target there."
    )
    if not rows[rows.measurement != "accuracy"].alone.all():
        document.text("Some timing or prediction runs had others beside them.")
    document.heading("Model configuration", 3)
    params = rows.drop_duplicates("estimator").set_index("estimator").params
    params = params.map(json.loads)
    ours = [name for name in params.index if name.startswith(BASELINE)]
    if ours:
        table = pd.DataFrame({name: params[name] for name in ours})
        document.table(table.rename_axis("parameter"))
    document.text("Parameters of the others, the seed left out:")
    document.bullets(
        f"{name}: {', '.join(f'{key}={value}' for key, value in params[name].items())}"
        for name in params.index.drop(ours).sort_values()
    )
    document.heading("Machine", 3)
    machine = ["cpu", "cores", "blas", "blas_threads", "python", "numpy", "scipy"]
    machine += ["scikit_learn", "sklearn_5d", "commit"]
    values = [
        ", ".join(
            rows[name]
            .dropna()
            .map("{:g}".format if name == "blas_threads" else str)
            .unique()
        )
        for name in machine
    ]
    document.table(pd.DataFrame({"value": values}, index=machine))


def training(document, rows):
    """Show what a fit costs in time and memory, and how both grow with the rows."""
    chosen = select(rows, "timing")
    document.heading("Training time", 3)
    for (dataset, noise), problem in chosen.groupby(["dataset", "noise"]):
        document.text(
            f"Fit time in seconds, mean (sd) of the repetitions, {dataset}, "
            f"{_noise(noise)}. The exponent is the slope of log(time) against "
            "log(rows); 1 is linear."
        )
        grouped = problem.groupby(["estimator", "n_samples"], observed=True).fit_time_s
        table = grouped.agg(mean_sd).unstack().fillna("-").rename(columns=_rows)
        means = grouped.mean().unstack()
        table["exponent"] = means.apply(exponent, axis=1).map(number)
        document.table(table.rename_axis("estimator"))
    document.picture("fit_time", picture_fit_time(rows), "Fit time against rows.")

    document.heading("Scaling analysis", 3)
    document.bullets(scaling_findings(rows))

    document.heading("Memory", 3)
    document.text(
        "Peak memory of a fit in MiB above the level before it, and its average over "
        "the fit in brackets: medians over all functions and seeds."
    )
    grouped = select(rows, "accuracy").groupby(
        ["estimator", "n_samples"], observed=True
    )
    medians = grouped[["peak_memory_mib", "mean_memory_mib"]].median()
    texts = medians.apply(
        "{0.peak_memory_mib:,.1f} ({0.mean_memory_mib:,.1f})".format, axis=1
    )
    table = texts.unstack()
    document.table(table.fillna("-").rename(columns=_rows).rename_axis("estimator"))
    picture = _line_picture(
        medians.peak_memory_mib.clip(lower=0.1).unstack(),
        "rows fitted",
        "peak memory above the level before the fit (MiB)",
    )
    document.picture("memory", picture, "Peak memory against rows, at least 0.1 MiB.")


def scaling_findings(rows):
    """Say in words how the fit time grows with the rows.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    fit_times = mean_fit_times(rows)
    sentences = []
    for name in (BASELINE, REFERENCE):
        if name not in fit_times.index:
            continue
        values = fit_times.loc[name].dropna()
        slope = exponent(values)
        if np.isnan(slope):
            sentences.append(f"{name}: too few sizes for a scaling exponent.")
            continue
        kind = (
            "more slowly than"
            if slope < 0.9
            else "faster than"
            if slope > 1.1
            else "as fast as"
        )
        sentences.append(
            f"{name}: from {values.index[0]:,} to {values.index[-1]:,} rows the fit "
            f"time grows {number(values.iloc[-1] / values.iloc[0])}-fold, {kind} the "
            f"number of rows (exponent {number(slope)})."
        )
    return sentences


def accuracy(document, rows):
    """Show R2, RMSE, MSE and MAE against rows on the timed functions."""
    chosen = select(rows, "accuracy")
    timed = select(rows, "timing").dataset.unique()
    chosen = chosen[chosen.dataset.isin(timed)]
    metrics = {"r2": "R2", "rmse": "RMSE", "mse": "MSE", "mae": "MAE", "error": "error"}
    for name in (BASELINE, REFERENCE):
        ours = chosen[chosen.estimator == name]
        for (dataset, noise), problem in ours.groupby(["dataset", "noise"]):
            document.text(
                f"{name} on {dataset}, {_noise(noise)}, target sd "
                f"{number(problem.target_sd.mean())}; mean over the seeds:"
            )
            means = problem.groupby("n_samples")[list(metrics)].mean()
            table = means.map(number).rename(columns=metrics).rename_axis("rows")
            document.table(table.rename(index="{:,}".format))
    document.heading("Observations", 3)
    document.bullets(accuracy_findings(chosen))


def accuracy_findings(rows):
    """Say in words how the error falls with the rows.

    Parameters
    ----------
    rows : DataFrame
        Accuracy rows that ended well.

    Returns
    -------
    sentences : list of str
    """
    sentences = []
    for name in (BASELINE, REFERENCE):
        ours = rows[(rows.estimator == name) & (rows.noise == 0)]
        for dataset, problem in ours.groupby("dataset"):
            means = problem.groupby("n_samples")[["error", "r2"]].mean()
            if len(means) < 2:
                continue
            first, last = means.error.iloc[0], means.error.iloc[-1]
            change = (
                f"falls by a factor of {number(first / last)}"
                if last < first
                else "does not fall"
            )
            good = means.index[means.r2 > 0.99]
            sentences.append(
                f"{name} on {dataset}: from {means.index[0]:,} to {means.index[-1]:,} "
                f"rows the error {change}; R2 exceeds 0.99 "
                + (f"from {good[0]:,} rows." if len(good) else "nowhere.")
            )
    return sentences or ["Too few sizes were measured for an observation."]


def prediction(document, rows):
    """Show latency and throughput of predict by batch size."""
    for size in sorted(select(rows, "prediction").n_samples.unique()):
        rate = throughput(rows, size)
        document.text(
            f"Inference time in milliseconds by batch size, models fitted on "
            f"{_rows(size)}; medians of repeated calls:"
        )
        document.table(_by_rows(1e3 / rate * np.array(BATCH_SIZES)))
        document.text(
            f"Throughput in samples per second by batch size, models fitted on "
            f"{_rows(size)}:"
        )
        document.table(_by_rows(rate))
        document.picture(
            f"throughput_{size}",
            _line_picture(rate, "rows in a batch", "throughput (samples/s)"),
            f"Throughput against batch size, models fitted on {_rows(size)}.",
        )


def comparison(document, rows):
    """Put all estimators side by side in error and fit time."""
    fit_times, ratios = mean_fit_times(rows), pairwise_ratios(rows)
    memory = select(rows, "accuracy").pivot_table(
        "peak_memory_mib", "estimator", "n_samples", "median", observed=True
    )
    for noise in sorted(select(rows, "accuracy").noise.unique()):
        errors = comparable_errors(rows, noise)
        if errors.empty:
            continue
        document.text(
            f"Error with {_noise(noise)}, geometric mean over functions and seeds; a "
            "dash where an estimator did not end well on all that others did. Sizes "
            "with different functions are not comparable. Functions: "
            f"{_functions(rows, noise)}."
        )
        functions = count_functions(rows, noise)
        header = {size: f"{_rows(size)}, {functions[size]}" for size in errors}
        document.table(_numbers(errors).rename(columns=header))
    timed = select(rows, "timing").dataset.unique()
    errors = comparable_errors(rows, 0.0)
    for size in errors:
        columns = {
            "error": errors[size],
            "fit time (s)": fit_times.get(size),
            f"fit time / {BASELINE}": ratios.get(size),
            "peak memory (MiB)": memory.get(size),
            "samples/s, batch of 10,000": throughput(rows, size)[10_000],
        }
        table = pd.DataFrame(
            {name: each for name, each in columns.items() if each is not None}
        ).dropna(axis="columns", how="all")
        document.text(
            f"Side by side at {_rows(size)}, without noise. The fit time beside "
            f"{BASELINE}'s is the median of the ratios within each repetition. "
            f"Times are those on {_listed(sorted(timed))}."
        )
        document.table(_numbers(table))
    if len(ratios.columns) > 1:
        document.text(f"Fit time divided by that of {BASELINE}, pair by pair:")
        document.table(_by_rows(ratios))
    for noise in sorted(select(rows, "accuracy").noise.unique()):
        label = f"noise_{100 * noise:.0f}"
        errors = comparable_errors(rows, noise)
        if set(errors).intersection(fit_times):
            document.picture(
                f"pareto_{label}",
                picture_pareto(rows, noise),
                f"Error against fit time on {_listed(sorted(timed))}, {_noise(noise)}. "
                "Nothing below and left of the grey line was measured.",
            )
        if len(errors.columns) > 1:
            document.picture(
                f"learning_curves_{label}",
                picture_learning_curves(rows, noise),
                f"Error against rows, {_noise(noise)}.",
            )


def _functions(rows, noise):
    chosen = select(rows, "accuracy")
    return _listed(sorted(chosen[chosen.noise == noise].dataset.unique()))


def calibration(document, rows):
    """Show whether the 90 % intervals cover 90 % of fresh rows, and their width."""
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    if chosen.empty:
        document.text("No estimator that was run gives intervals.")
        return
    document.text(
        "Share of 10,000 fresh rows, with noise like that of the fitted rows, inside "
        "the 90 % interval: mean, smallest and largest over functions, sizes and "
        "seeds; width divided by the sd of the target, median."
    )
    width = chosen.interval_width_90 / chosen.target_sd
    grouped = chosen.assign(width=width).groupby(["estimator", "noise"], observed=True)
    table = grouped.coverage_90.agg(["mean", "min", "max"]).mul(100).map(number)
    table.columns = ["mean (%)", "smallest (%)", "largest (%)"]
    table["width / sd"] = grouped.width.median().map(number)
    table.index = [f"{name}, {_noise(noise)}" for name, noise in table.index]
    document.table(table.rename_axis("estimator"))
    document.picture(
        "calibration", picture_calibration(rows), "Measured against nominal coverage."
    )


def airfoil(document, rows):
    """Show the airfoil measurements under both splits."""
    chosen = select(rows, "accuracy", airfoil=True)
    if chosen.empty:
        document.text(f"This section was skipped. {AIRFOIL_HINT}")
        return
    document.text(
        "1,503 wind tunnel measurements, four fifths fitted. RMSE in dB and coverage "
        "of the 90 % interval in %, mean (sd) over the splits. The random split "
        "interpolates inside measured spectra; the grouped split keeps every "
        "operating point (angle, chord, velocity, thickness) whole."
    )
    columns = {}
    for split in ("random", "grouped"):
        each = chosen[chosen.dataset == f"airfoil_{split}"]
        grouped = each.groupby("estimator", observed=True)
        columns[f"{split}: RMSE (dB)"] = grouped.rmse.agg(mean_sd)
        columns[f"{split}: R2"] = grouped.r2.mean().map(number)
        columns[f"{split}: coverage (%)"] = (
            grouped.coverage_90.mean().mul(100).map(number)
        )
        columns[f"{split}: splits"] = grouped.size().map(str)
    document.table(pd.DataFrame(columns).fillna("-").rename_axis("estimator"))


def reference(document, rows):
    """Put the published figures of the reference configuration beside ours."""
    ours = reference_figures(rows)
    if ours.empty:
        document.text("The reference configuration was not run on the published sizes.")
        return
    document.text(
        f"{REFERENCE}: published figures were measured on another machine and an "
        f"unnamed problem with a target sd of about {PUBLISHED_TARGET_SD:g}; ours are "
        "on friedman1. RMSE and MAE are therefore divided by the sd, and MSE by its "
        "square. The ratio is ours divided by the published figure."
    )
    published = _relative(PUBLISHED.assign(target_sd=PUBLISHED_TARGET_SD))
    labels = {
        "fit_time_s": "fit time (s)",
        "r2": "R2",
        "rmse": "RMSE / sd",
        "mse": "MSE / sd²",
        "mae": "MAE / sd",
        "peak_memory_mib": "peak memory (MiB)",
    }
    table = {
        f"{label}, {size:,} rows": {
            "published": published.loc[size, name],
            "ours": ours.loc[size, name],
            "ours / published": ours.loc[size, name] / published.loc[size, name],
        }
        for size in ours.index
        for name, label in labels.items()
    }
    fitted = select(rows, "prediction").query("estimator == @REFERENCE").n_samples
    rate = throughput(rows, fitted.max())
    if REFERENCE in rate.index:
        for batch, theirs in PUBLISHED_THROUGHPUT.items():
            rate_here = rate.loc[REFERENCE, batch]
            table[f"samples/s, batch of {batch:,}"] = {
                "published": theirs,
                "ours": rate_here,
                "ours / published": rate_here / theirs,
            }
    table = pd.DataFrame(table).T.map(number)
    document.table(table.rename_axis("figure"))


def reference_figures(rows):
    """Our figures of the reference configuration, as the published ones are given.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    figures : DataFrame
        By number of rows, of those that were published and measured.
    """

    def means(measurement):
        chosen = select(rows, measurement)
        chosen = chosen[(chosen.dataset == "friedman1") & (chosen.noise == 0)]
        chosen = chosen[chosen.estimator == REFERENCE]
        return chosen.groupby("n_samples").mean(numeric_only=True)

    ours = means("accuracy").drop(columns="fit_time_s")
    ours = ours.join(means("timing").fit_time_s, how="left")
    return _relative(ours[ours.index.isin(PUBLISHED.index)])


def _relative(figures):
    sd = figures.target_sd
    return figures.assign(
        rmse=figures.rmse / sd, mae=figures.mae / sd, mse=figures.mse / sd**2
    )


def failures(document, rows):
    """List the runs that raised or were stopped."""
    failed = rows[rows.status != "ok"]
    if failed.empty:
        document.text("None.")
        return
    kind = ["estimator", "measurement", "dataset", "n_samples", "status", "message"]
    counts = failed.fillna({"message": ""}).groupby(kind, observed=True).size()
    table = counts.rename("runs").reset_index().set_index("estimator")
    table["n_samples"] = table.n_samples.map("{:,}".format)
    table["message"] = table.message.str.replace("|", "/").str.slice(0, 100)
    document.table(table.rename(columns={"n_samples": "rows"}))


# --------------------------------------------------------------------------------------
# Conclusions
# --------------------------------------------------------------------------------------


def headline(rows):
    """Say the three figures that matter most: accuracy, fit time and coverage.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
        The README quotes them.
    """
    accurate = f"Accuracy at {_rows(REQUIREMENT_ROWS)}, {_noise(0.0)} "
    return [
        *(each for each in rank_findings(rows) if each.startswith(accurate)),
        *requirement_findings(rows)[:1],
        *coverage_findings(rows)[:1],
    ]


def was_run(rows, size, noise):
    """Tell whether the baseline was run at all, well or not.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    size : int
        Number of rows.
    noise : float
        Relative noise.

    Returns
    -------
    was_run : bool
    """
    ours = rows[(rows.measurement == "accuracy") & (rows.estimator == BASELINE)]
    return ((ours.n_samples == size) & (ours.noise == noise)).any()


def rank_findings(rows):
    """Say at each size how the baseline's error compares with the best of the others.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    sentences = []
    for noise in sorted(select(rows, "accuracy").noise.unique()):
        errors = comparable_errors(rows, noise)
        functions = count_functions(rows, noise)
        peers = [name for name in errors.index if not name.startswith(BASELINE)]
        for size in errors:
            where = f"Accuracy at {_rows(size)}, {_noise(noise)} ({functions[size]}):"
            others = errors.loc[peers, size].dropna()
            if others.empty or not was_run(rows, size, noise):
                continue
            if BASELINE not in errors.index or np.isnan(errors.loc[BASELINE, size]):
                sentences.append(
                    f"{where} {BASELINE} failed on functions where others did not, and "
                    "is not compared."
                )
                continue
            ours, best = errors.loc[BASELINE, size], others.idxmin()
            ratio = others[best] / ours
            verdict = (
                f"{number(ratio)} times smaller than that of the best peer, {best}"
                if ratio >= 1
                else f"{number(1 / ratio)} times larger than that of {best}, and "
                f"{int((others < ours).sum())} of {len(others)} peers are better"
            )
            sentences.append(
                f"{where} the error of {BASELINE} is {number(ours)} of the sd, "
                f"{verdict}."
            )
    return sentences


def requirement_findings(rows):
    """Say whether 10,000 rows are fitted in under a minute.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    fit_times = mean_fit_times(rows)
    sentences = []
    for name in (BASELINE, REFERENCE):
        try:
            seconds = fit_times.loc[name, REQUIREMENT_ROWS]
        except KeyError:
            continue
        if np.isnan(seconds):
            continue
        verdict = "met" if seconds < REQUIREMENT_S else "not met"
        sentences.append(
            f"{name} fits {REQUIREMENT_ROWS:,} rows in {number(seconds)} s on one "
            f"core: the requirement of less than {REQUIREMENT_S} s is {verdict}."
        )
    return sentences or [
        f"The requirement of {REQUIREMENT_ROWS:,} rows in less than {REQUIREMENT_S} s "
        "was not tested: no such run."
    ]


def coverage_findings(rows):
    """Say whether the 90 % intervals keep what they promise.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    sentences = []
    for name, each in chosen.groupby("estimator", observed=True):
        coverage = each.coverage_90.mean()
        verdict = (
            "too narrow"
            if coverage < 0.88
            else "too wide"
            if coverage > 0.92
            else "right"
        )
        sentences.append(
            f"The 90 % intervals of {name} cover {number(100 * coverage)} % of fresh "
            f"rows (smallest {number(100 * each.coverage_90.min())} %): {verdict} on "
            "average."
        )
    return sentences


def recommendations(rows):
    """Say what to take at each size: the cheapest of the nearly best.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    errors, fit_times = comparable_errors(rows, 0.0), mean_fit_times(rows)
    functions = count_functions(rows, 0.0)
    sentences = []
    for size in errors:
        if size not in fit_times:
            continue
        front = pareto_front(fit_times[size], errors[size])
        good = [
            name for name in front if errors.loc[name, size] <= 1.1 * errors[size].min()
        ]
        if not good:
            continue
        fastest = front[0]
        sentence = (
            f"{_rows(size)} ({functions[size]}): take {good[0]} for accuracy (error "
            f"{number(errors.loc[good[0], size])}, "
            f"{number(fit_times.loc[good[0], size])} s)"
        )
        if fastest != good[0]:
            sentence += (
                f"; {fastest} where time is all (error "
                f"{number(errors.loc[fastest, size])}, "
                f"{number(fit_times.loc[fastest, size])} s)"
            )
        between = [name for name in front[1:] if name not in good]
        if between:
            sentence += f"; between the two lie {_listed(between)}"
        sentences.append(sentence + ".")
    return sentences


def airfoil_findings(rows):
    """Say which estimator does best on the airfoil measurements under each split.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    sentences : list of str
    """
    chosen = select(rows, "accuracy", airfoil=True)
    sentences = []
    for split, each in chosen.groupby("dataset"):
        means = each.groupby("estimator", observed=True).rmse.mean().sort_values()
        rank = (
            f" {BASELINE} is number {means.index.get_loc(BASELINE) + 1} of {len(means)}"
            f" with {number(means[BASELINE])} dB."
            if BASELINE in means.index[1:]
            else ""
        )
        sentences.append(
            f"Airfoil, {split.removeprefix('airfoil_')} split: {means.index[0]} has "
            f"the smallest RMSE, {number(means.iloc[0])} dB.{rank}"
        )
    return sentences


def conclusions(document, rows):
    """Conclude from the figures, by rules that can come out either way."""
    findings = [
        *rank_findings(rows),
        *requirement_findings(rows),
        *scaling_findings(rows),
        *coverage_findings(rows),
        *airfoil_findings(rows),
    ]
    document.bullets(findings)
    document.heading("Recommendations", 3)
    document.text(
        "For smooth functions without noise: the cheapest estimator whose error is "
        "within 10 % of the smallest, and the cheapest of all that no other beats in "
        "both error and time."
    )
    document.bullets(recommendations(rows) or ["Too little was measured."])


BOTH = ("timing", "accuracy")

# Title, what writes the section, and the measurements without which it has no figures.
SECTIONS = (
    ("Overview", overview, ()),
    ("Training performance", training, BOTH),
    ("Model accuracy", accuracy, BOTH),
    ("Prediction performance", prediction, ("prediction",)),
    ("Comparison with the alternatives", comparison, BOTH),
    ("Interval calibration", calibration, ("accuracy",)),
    ("Airfoil self-noise", airfoil, ()),
    ("Reference configuration: published and measured", reference, BOTH),
    ("Runs that failed", failures, ()),
    ("Conclusions", conclusions, BOTH),
)


def build(rows):
    """Build the report.

    Parameters
    ----------
    rows : DataFrame
        All rows, see `read`.

    Returns
    -------
    document : Document
    """
    document = Document("Benchmark of FiveDRegressor and its alternatives")
    document.text("What does it cost, how good is it, and what do the others give?")
    for title, section, needed in SECTIONS:
        document.heading(title)
        missing = [each for each in needed if select(rows, each).empty]
        if missing:
            document.text(
                f"No {' and no '.join(missing)} run of a function ended well."
            )
        else:
            section(document, rows)
    return document


def write(path):
    """Write report and pictures beside the saved rows.

    Parameters
    ----------
    path : Path
        The CSV file.
    """
    rows = read(path)
    document = build(rows)
    folder = path.parent
    (folder / "pictures").mkdir(exist_ok=True)
    for name, data in document.pictures.items():
        (folder / "pictures" / name).write_bytes(data)
    (folder / "report.md").write_text(document.to_markdown(), encoding="utf-8")
    (folder / "report.html").write_text(document.to_html(), encoding="utf-8")
    try:
        rows.to_parquet(path.with_suffix(".parquet"))
    except ImportError:
        # Parquet is a convenience of those who have pyarrow.
        return


if __name__ == "__main__":
    write(Path(sys.argv[1]))
