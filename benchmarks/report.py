"""What do the saved rows say?

    python benchmarks/report.py DIR/rows.csv

writes the report again without measuring anything, and prints the sentences that the
README quotes. The sections are put together here from figures, findings and pictures.
"""

import json
import sys
from functools import partial
from pathlib import Path

import findings
import pandas as pd
import pictures
from document import Document
from estimator import BASELINE, REFERENCE
from figures import (
    BY_SIZE,
    PUBLISHED_TARGET_SD,
    WORKER_START_S,
    coverages,
    exponent,
    fit_time_ratios,
    functions_by_size,
    latency,
    mean_errors,
    mean_times,
    median_memory,
    read,
    reference_comparison,
    select,
    throughput,
)
from findings import headline
from wording import count, listed, mean_sd, number, with_noise


def overview(document, rows):
    """Say what was run, with which parameters and on which machine."""
    outcomes = rows.status.value_counts()
    errors, timeouts = outcomes.get("error", 0), outcomes.get("timeout", 0)
    document.text(
        f"{count(len(rows), 'run')} of {count(rows.estimator.nunique(), 'estimator')} "
        f"on {count(rows.dataset.nunique(), 'dataset')}; {errors or 'none'} raised an "
        f"error and {timeouts or 'none'} exceeded the time limit. Each run is a "
        "process of its own on one core, after one fit on a few rows that is not "
        "counted. Times are those of the timing runs, in which the estimators take "
        "turns in each repetition; memory and accuracy are those of the accuracy runs. "
        "The error is the RMSE against the noise-free function on 10,000 fresh rows, "
        "divided by the sd of the target there."
    )
    timed = rows[rows.measurement != "accuracy"]
    if not timed.alone.all():
        document.text("Some timing or prediction runs had others beside them.")
    if len(timed):
        document.text(
            "Load average of the machine as timing and prediction runs began: median "
            f"{number(timed.load_average.median())}, largest "
            f"{number(timed.load_average.max())}. The suite itself makes 1."
        )
    document.heading("Model configuration", 3)
    params = rows.drop_duplicates("estimator").set_index("estimator").params
    params = params.map(json.loads)
    ours = [name for name in params.index if name.startswith(BASELINE)]
    if ours:
        document.table(pd.DataFrame(params[ours].to_dict()), "parameter")
    document.text("Parameters of the others, the seed left out:")
    document.bullets(
        f"{name}: {', '.join(f'{key}={value}' for key, value in params[name].items())}"
        for name in params.index.drop(ours).sort_values()
    )
    document.heading("Machine", 3)
    machine = ["cpu", "cores", "blas", "blas_threads", "python", "numpy", "scipy"]
    machine += ["scikit_learn", "sklearn_5d", "commit"]
    rows = rows.astype({"blas_threads": "Int64"})
    values = {
        name: [", ".join(rows[name].dropna().astype(str).unique())] for name in machine
    }
    document.table(pd.DataFrame(values, index=["value"]).T, "machine")


def training(document, rows):
    """Show what a fit costs in time and memory, and how both grow with the rows."""
    document.heading("Training time", 3)
    for (dataset, noise), problem in select(rows, "timing").groupby(
        ["dataset", "noise"]
    ):
        document.text(
            f"Fit time in seconds, mean (sd) of the repetitions, {dataset}, "
            f"{with_noise(noise)}. The exponent is the slope of log(time) against "
            "log(rows); 1 is linear."
        )
        table = _by_size(problem.groupby(BY_SIZE, observed=True).fit_time_s, mean_sd)
        table["exponent"] = mean_times(problem).apply(exponent, axis=1).map(number)
        document.table(table)
    document.picture("fit_time", partial(pictures.fit_time, rows), "Fit time.")

    document.heading("Scaling analysis", 3)
    document.bullets(findings.scaling(rows))
    document.text(
        "Time in seconds to predict as many rows as were fitted, on one core. Times of "
        "several functions are averaged geometrically."
    )
    document.table(_texts(mean_times(rows, "predict_time_s")).rename(columns=_rows))
    document.picture(
        "predict_time",
        partial(pictures.predict_time, rows),
        "Time to predict as many rows as were fitted.",
    )
    document.bullets(findings.second_machine(rows))
    document.text(
        "What a second machine saves is computed from the times above: members train "
        "side by side, one to a core, and predictions are shared equally. Its price is "
        f"{WORKER_START_S:g} s until its workers have loaded the package, and the time "
        "to send the rows at 1 Gbit/s. Members run on it inside "
        '`joblib.parallel_config(backend="dask")`, with a `distributed.Client` of the '
        "cluster and `n_jobs=-1`."
    )

    document.heading("Memory", 3)
    document.text(
        "Peak memory of a fit in MiB above the level before it, and its average over "
        "the fit in brackets: medians over all functions and seeds."
    )
    texts = median_memory(rows).apply(
        "{0.peak_memory_mib:,.1f} ({0.mean_memory_mib:,.1f})".format, axis=1
    )
    document.table(texts.unstack().fillna("-").rename(columns=_rows))
    document.picture(
        "memory", partial(pictures.memory, rows), "Peak memory, at least 0.1 MiB."
    )


def accuracy(document, rows):
    """Show R2, RMSE, MSE and MAE against rows on the timed functions."""
    chosen = select(rows, "accuracy")
    chosen = chosen[chosen.dataset.isin(select(rows, "timing").dataset)]
    metrics = {"r2": "R2", "rmse": "RMSE", "mse": "MSE", "mae": "MAE", "error": "error"}
    for name in (BASELINE, REFERENCE):
        ours = chosen[chosen.estimator == name]
        for (dataset, noise), problem in ours.groupby(["dataset", "noise"]):
            document.text(
                f"{name} on {dataset}, {with_noise(noise)}, target sd "
                f"{number(problem.target_sd.mean())}; mean over the seeds:"
            )
            means = problem.groupby("n_samples")[list(metrics)].mean()
            table = _texts(means).rename(columns=metrics, index="{:,}".format)
            document.table(table, "rows")
    document.heading("Observations", 3)
    document.bullets(findings.learning(rows))


def prediction(document, rows):
    """Show latency and throughput of predict by batch size."""
    for size in sorted(select(rows, "prediction").n_samples.unique()):
        fitted = f"models fitted on {_rows(size)}"
        document.text(f"Inference time in milliseconds by batch size, {fitted}:")
        document.table(_texts(1e3 * latency(rows, size)).rename(columns=_rows))
        document.text(f"Throughput in rows per second by batch size, {fitted}:")
        document.table(_texts(throughput(rows, size)).rename(columns=_rows))
        document.picture(
            f"throughput_{size}",
            partial(pictures.throughputs, rows, size),
            f"Throughput against batch size, {fitted}.",
        )


def comparison(document, rows):
    """Put all estimators side by side in error and fit time."""
    timed = listed(sorted(select(rows, "timing").dataset.unique()))
    fit_times = mean_times(rows)
    noises = sorted(select(rows, "accuracy").noise.unique())
    for noise in noises:
        errors = mean_errors(rows, noise)
        if errors.empty:
            continue
        functions = functions_by_size(rows, noise)
        document.text(
            f"Error with {with_noise(noise)}, geometric mean over functions and seeds; "
            "a dash where an estimator did not end well on all that others did. Sizes "
            "with different functions are not comparable. Functions: "
            f"{listed(sorted(set(functions.sum())))}."
        )
        header = {
            n: f"{_rows(n)}, {count(len(functions[n]), 'function')}" for n in errors
        }
        document.table(_texts(errors).rename(columns=header))
    _side_by_side(document, rows, timed)
    for noise in noises:
        label = f"noise_{100 * noise:.0f}"
        errors = mean_errors(rows, noise)
        if len(errors.columns.intersection(fit_times.columns)):
            document.picture(
                f"pareto_{label}",
                partial(pictures.pareto, rows, noise),
                f"Error against fit time on {timed}, {with_noise(noise)}. Nothing "
                "below and left of the grey line was measured.",
            )
        if len(errors.columns) > 1:
            document.picture(
                f"learning_curves_{label}",
                partial(pictures.learning_curves, rows, noise),
                f"Error against rows, {with_noise(noise)}.",
            )


def _side_by_side(document, rows, timed):
    """Show what each estimator costs and gives, a table for each size."""
    errors = mean_errors(rows, 0)
    columns = {
        "error": errors,
        "fit time (s)": mean_times(rows),
        f"fit time / {BASELINE}": fit_time_ratios(rows),
        "predict time (s)": mean_times(rows, "predict_time_s"),
        "peak memory (MiB)": median_memory(rows).peak_memory_mib.unstack(),
    }
    for size in errors:
        table = pd.DataFrame(
            {name: frame[size] for name, frame in columns.items() if size in frame}
        )
        document.text(
            f"Side by side at {_rows(size)}, without noise. The fit time beside "
            f"{BASELINE}'s is the median of the ratios within each repetition. "
            f"Times are those on {timed}, prediction that of {_rows(size)}."
        )
        document.table(_texts(table.dropna(axis="columns", how="all")))


def calibration(document, rows):
    """Show whether the intervals cover what they promise, and their width."""
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    if chosen.empty:
        document.text("No estimator that was run gives intervals.")
        return
    document.text(
        "Share of 10,000 fresh rows, with noise like that of the fitted rows, inside "
        "the intervals of each level: mean over functions, sizes and seeds, in %. For "
        "90 % also the smallest and the largest, and the median width divided by the "
        "sd of the target."
    )
    width = chosen.interval_width_90 / chosen.target_sd
    grouped = chosen.assign(width=width).groupby(["estimator", "noise"], observed=True)
    table = coverages(rows).rename(columns="{:g} %".format)
    table["90 %, smallest"] = 100 * grouped.coverage_90.min()
    table["90 %, largest"] = 100 * grouped.coverage_90.max()
    table["90 %, width / sd"] = grouped.width.median()
    table.index = [f"{name}, {with_noise(noise)}" for name, noise in table.index]
    document.table(_texts(table))
    document.picture(
        "calibration",
        partial(pictures.calibration, rows),
        "Measured against nominal coverage.",
    )


def airfoil(document, rows):
    """Show the airfoil measurements under both splits."""
    chosen = select(rows, "accuracy", airfoil=True)
    if chosen.empty:
        document.text("This section was skipped: no run had the airfoil tables.")
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
    document.table(pd.DataFrame(columns).fillna("-"))


def reference(document, rows):
    """Put the published figures of the reference configuration beside ours."""
    table = reference_comparison(rows)
    if table.empty:
        document.text("The reference configuration was not run on the published sizes.")
        return
    document.text(
        f"{REFERENCE}: published figures were measured on another machine and an "
        f"unnamed problem with a target sd of about {PUBLISHED_TARGET_SD:g}; ours are "
        "on friedman1. RMSE and MAE are therefore divided by the sd, and MSE by its "
        "square. The ratio is ours divided by the published figure."
    )
    document.table(_texts(table), "figure")


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


def conclusions(document, rows):
    """Conclude from the figures, by rules that can come out either way."""
    document.bullets(findings.conclusions(rows))
    document.heading("Recommendations", 3)
    document.text(
        "For smooth functions without noise: the cheapest estimator whose error is "
        "within 10 % of the smallest, and the cheapest of all that no other beats in "
        "both error and time."
    )
    document.bullets(findings.recommendations(rows))


def _texts(frame):
    return frame.map(number)


def _by_size(grouped, write):
    return grouped.agg(write).unstack().fillna("-").rename(columns=_rows)


def _rows(size):
    return count(size, "row")


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
    """Write report and pictures beside the saved rows, and print the headline.

    Parameters
    ----------
    path : Path
        The CSV file.
    """
    rows = read(path)
    build(rows).save(path.parent)
    print(*headline(rows), sep="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
