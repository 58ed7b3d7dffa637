"""Which figures do the saved rows hold?

Everything that the report shows or says is one of these tables. Each is a function of
the rows alone; figures that were not measured are NaN, or absent.
"""

import io

import numpy as np
import pandas as pd
from dataset import FORMULAS
from estimator import BASELINE, ESTIMATORS, REFERENCE
from measurement import BATCH_SIZES, saved_text
from scores import LEVELS
from wording import count, mean_sd

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
PUBLISHED_THROUGHPUT = {
    100: 246_584,
    1_000: 408_004,
    5_000: 3_351_676,
    10_000: 3_786_684,
}

# What a second machine costs: its workers load the package, and get the rows in float64
# over a network of 1 Gbit/s.
WORKER_START_S = 3.0
NETWORK_BYTES_PER_S = 125e6

# Sizes that are shown side by side.
SHOWN_SIZES = (1_000, 10_000)

BY_SIZE = ["estimator", "n_samples"]


def read(path):
    """Read saved rows, with the estimators in the order of `ESTIMATORS`."""
    rows = pd.read_csv(io.StringIO(saved_text(path)), dtype={"message": str})
    names = [*ESTIMATORS, *sorted(set(rows.estimator).difference(ESTIMATORS))]
    known = [name for name in names if name in set(rows.estimator)]
    rows["estimator"] = pd.Categorical(rows.estimator, known, ordered=True)
    # Rows are saved in the order in which they ended, which is not the same twice.
    key = ["measurement", "dataset", "noise", "n_samples", "seed", "repetition"]
    return rows.sort_values([*key, "estimator"], ignore_index=True)


def select(rows, measurement, *, noise=None, growing=False):
    """Take the rows of one measurement of the formulas that ended well."""
    formulas = [name for name, each in FORMULAS.items() if each.growing == growing]
    chosen = (rows.measurement == measurement) & rows.dataset.isin(formulas)
    if noise is not None:
        chosen &= rows.noise == noise
    return rows[chosen & (rows.status == "ok")]


def select_tables(rows):
    """Take the accuracy rows of the measured tables that ended well."""
    chosen = (rows.measurement == "accuracy") & ~rows.dataset.isin(FORMULAS)
    return rows[chosen & (rows.status == "ok")]


def failures(rows):
    """Count the runs that raised or were stopped, by what they were."""
    failed = rows[rows.status != "ok"].fillna({"message": ""})
    kind = ["estimator", "measurement", "dataset", "n_samples", "status", "message"]
    counts = failed.groupby(kind, observed=True).size().rename("runs").reset_index()
    counts["n_samples"] = counts.n_samples.map("{:,}".format)
    counts["runs"] = counts.runs.map(str)
    return counts.rename(columns={"n_samples": "rows"}).set_index("estimator")


def geometric_mean(values):
    """Geometric mean; the zero error of an exact fit counts as the smallest float."""
    return np.exp(np.log(np.maximum(values, np.finfo(float).tiny)).mean())


def of_all_cells(chosen, by, columns, how):
    """Average columns over cells; NaN where an estimator lacks a cell of another one.

    Means over different cells are not comparable.
    """
    grouped = chosen.groupby(["estimator", *by], observed=True)
    n_cells = grouped.size()
    most = n_cells.groupby(level=by).max() if by else n_cells.max()
    return grouped[columns].agg(how).where(n_cells.eq(most, axis=0))


# --------------------------------------------------------------------------------------
# Time and memory
# --------------------------------------------------------------------------------------


def fit_times(problem):
    """Mean and sd of the fit time as text, and its exponent, for one timed problem."""
    grouped = problem.groupby(BY_SIZE, observed=True).fit_time_s
    table = grouped.agg(mean_sd).unstack().rename(columns=count)
    return table.assign(exponent=mean_times(problem).apply(exponent, axis=1))


def mean_times(rows, column="fit_time_s"):
    """Mean time by estimator and size, geometric over the timed problems."""
    problem = [*BY_SIZE, "dataset", "noise"]
    means = select(rows, "timing").groupby(problem, observed=True)[column].mean()
    return means.groupby(level=BY_SIZE, observed=True).agg(geometric_mean).unstack()


def fit_time_ratios(rows):
    """Median of the fit time over the baseline's in the same repetition."""
    chosen = select(rows, "timing")
    pair = ["dataset", "n_samples", "noise", "seed", "repetition"]
    baseline = chosen[chosen.estimator == BASELINE].set_index(pair).fit_time_s
    chosen = chosen.join(baseline.rename("baseline_s"), on=pair)
    ratio = chosen.fit_time_s / chosen.baseline_s
    grouped = chosen.assign(ratio=ratio).groupby(BY_SIZE, observed=True)
    return grouped.ratio.median().unstack()


def exponent(values):
    """Slope of log(value) against log(rows); NaN with fewer than three sizes."""
    values = values.dropna()
    if len(values) < 3:
        return np.nan
    return np.polyfit(np.log(values.index), np.log(values), 1)[0]


def median_memory(rows):
    """Peak memory of a fit in MiB, median over functions and seeds."""
    grouped = select(rows, "accuracy").groupby(BY_SIZE, observed=True)
    return grouped.peak_memory_mib.median().unstack()


def latency(rows, n_samples):
    """Seconds of a prediction by batch, of models fitted on `n_samples` rows."""
    chosen = select(rows, "prediction")
    chosen = chosen[chosen.n_samples == n_samples]
    columns = [f"predict_{size}_rows_s" for size in BATCH_SIZES]
    seconds = chosen.groupby("estimator", observed=True)[columns].median()
    return seconds.set_axis(BATCH_SIZES, axis=1)


def throughput(rows, n_samples):
    """Predictions per second by batch, see `latency`."""
    return np.array(BATCH_SIZES) / latency(rows, n_samples)


def second_machine_balance(rows, cores):
    """Seconds that a second machine with as many cores saves the baseline, and costs.

    By number of rows: what it saves of a fit, as members train side by side; what it
    saves of a prediction of as many rows, of which it takes half; and what it costs to
    send these rows, and the predictions back.
    """
    ours = select(rows, "timing")
    ours = ours[ours.estimator == BASELINE].groupby("n_samples")
    fit, predict = ours.fit_time_s.mean(), ours.predict_time_s.mean()
    members = ours.members.max()
    rounds, rounds_of_two = (np.ceil(members / n) for n in (cores, 2 * cores))
    send = 6 * 8 * fit.index.to_numpy() / NETWORK_BYTES_PER_S
    return pd.DataFrame(
        {
            "fit saves": fit * (rounds - rounds_of_two) / members,
            "fit costs": WORKER_START_S + send,
            "predict saves": predict / cores / 2,
            "predict costs": WORKER_START_S + send / 2,
        }
    )


# --------------------------------------------------------------------------------------
# Errors
# --------------------------------------------------------------------------------------


def metrics_by_size(rows, estimator):
    """R2, RMSE, MSE, MAE and error on the timed functions, mean over the seeds."""
    chosen = select(rows, "accuracy")
    chosen = chosen[chosen.dataset.isin(select(rows, "timing").dataset)]
    metrics = {"r2": "R2", "rmse": "RMSE", "mse": "MSE", "mae": "MAE", "error": "error"}
    for problem, each in chosen[chosen.estimator == estimator].groupby(
        ["dataset", "noise", "target_sd"]
    ):
        means = each.groupby("n_samples")[list(metrics)].mean()
        yield problem, means.rename(columns=metrics, index="{:,}".format)


def mean_errors(rows, noise):
    """Error by estimator and size, see `of_all_cells`.

    Sizes of one estimator alone are left out.
    """
    chosen = select(rows, "accuracy", noise=noise)
    errors = of_all_cells(chosen, ["n_samples"], "error", geometric_mean).unstack()
    return errors.loc[:, errors.count() > 1].dropna(how="all")


def functions_by_size(rows, noise):
    """Names of the functions that the errors of each size are averaged over."""
    chosen = select(rows, "accuracy", noise=noise)
    return chosen.groupby("n_samples").dataset.agg(lambda names: sorted(set(names)))


def noises(rows):
    """Relative noises of the accuracy rows."""
    return sorted(select(rows, "accuracy").noise.unique())


def side_by_side(rows):
    """Put cost and error without noise side by side, a table for each size."""
    errors = mean_errors(rows, 0)
    columns = {
        "error": errors,
        "fit time (s)": mean_times(rows),
        f"fit time / {BASELINE}": fit_time_ratios(rows),
        "predict time (s)": mean_times(rows, "predict_time_s"),
        "peak memory (MiB)": median_memory(rows),
    }
    for size in errors.columns.intersection(SHOWN_SIZES):
        table = pd.DataFrame(
            {name: f[size] for name, f in columns.items() if size in f}
        )
        yield size, table.loc[errors[size].dropna().index]


def pareto_front(cost, error):
    """Names that no other beats in both, from the cheapest to the best."""
    points = pd.DataFrame({"cost": cost, "error": error}).dropna().sort_values("cost")
    return list(
        points.index[points.error < points.error.cummin().shift(fill_value=np.inf)]
    )


def table_scores(rows, column):
    """Average a score over the folds of each measured table, and rank the estimators.

    Only those that were run on every table have a rank, and rank among themselves.
    """
    scores = of_all_cells(select_tables(rows), ["dataset"], column, "mean").unstack()
    complete = scores.dropna()
    return scores.dropna(how="all").assign(
        **{"mean rank": complete.rank().mean(axis=1)}
    )


# --------------------------------------------------------------------------------------
# Distributions
# --------------------------------------------------------------------------------------


def coverages(rows):
    """Coverage in percent by estimator, noise and level: mean over all cells."""
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    columns = [f"coverage_{100 * level:.0f}" for level in LEVELS]
    grouped = chosen.groupby(["estimator", "noise"], observed=True)
    means = 100 * grouped[columns].mean()
    return means.set_axis([100 * level for level in LEVELS], axis=1)


def distributions(rows):
    """Scores of the distributions, a table for each kind of noise and shown size."""
    names = {
        "crps": "CRPS / sd",
        "nll": "NLL",
        "interval_width_90": "width / sd",
        "coverage_90": "coverage (%)",
        **{name: name for name in ("smallest", "largest")},
        **{f"coverage_90_fifth_{k}": f"fifth {k}" for k in range(1, 6)},
    }
    how = dict.fromkeys(names, "mean") | {"smallest": "min", "largest": "max"}
    for growing in (False, True):
        chosen = select(rows, "accuracy", growing=growing).dropna(subset="crps")
        chosen = chosen.assign(smallest=chosen.coverage_90, largest=chosen.coverage_90)
        for (noise, size), each in chosen.groupby(["noise", "n_samples"]):
            if size not in SHOWN_SIZES and size != chosen.n_samples.max():
                continue
            table = of_all_cells(each, [], list(names), how).dropna(how="all")
            table.iloc[:, 3:] *= 100
            kind = "growing noise" if growing else "noise"
            label = f"{kind} {noise:.0%}" if noise else "no noise"
            n_functions = each.dataset.nunique()
            yield label, size, n_functions, table.rename(columns=names)


# --------------------------------------------------------------------------------------
# The reference configuration
# --------------------------------------------------------------------------------------


def reference_comparison(rows):
    """Put published figures beside ours; empty where nothing was measured."""
    problem = rows[(rows.dataset == "friedman1") & (rows.noise == 0)]
    problem = problem[problem.estimator == REFERENCE]
    accuracy, timing = (
        select(problem, kind).groupby("n_samples").mean(numeric_only=True)
        for kind in ("accuracy", "timing")
    )
    ours = _relative(accuracy.assign(fit_time_s=timing.fit_time_s))
    published = _relative(PUBLISHED.assign(target_sd=PUBLISHED_TARGET_SD))
    labels = {
        "fit_time_s": "fit time (s)",
        "r2": "R2",
        "rmse": "RMSE / sd",
        "mse": "MSE / sd²",
        "mae": "MAE / sd",
        "peak_memory_mib": "peak memory (MiB)",
    }
    pairs = {
        f"{label}, {size:,} rows": (published.loc[size, name], ours.loc[size, name])
        for size in published.index.intersection(ours.index)
        for name, label in labels.items()
    }
    fitted = select(problem, "prediction").n_samples
    if len(fitted):
        rates = throughput(problem, fitted.max()).loc[REFERENCE]
        for batch, rate in PUBLISHED_THROUGHPUT.items():
            pairs[f"samples/s, batch of {batch:,}"] = (rate, rates[batch])
    table = pd.DataFrame.from_dict(pairs, "index", columns=["published", "ours"])
    return table.assign(**{"ours / published": table.ours / table.published})


def _relative(figures):
    sd = figures.target_sd
    return figures.assign(
        rmse=figures.rmse / sd, mae=figures.mae / sd, mse=figures.mse / sd**2
    )
