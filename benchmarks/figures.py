"""Which figures do the saved rows hold?

Everything that the report shows or says is one of these tables. Each is a function of
the rows alone; figures that were not measured are NaN, or absent.
"""

import numpy as np
import pandas as pd
from estimator import BASELINE, ESTIMATORS, REFERENCE
from measurement import BATCH_SIZES, CONFIDENCE_LEVELS

from sklearn_5d._regressor import default_n_estimators

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

BY_SIZE = ["estimator", "n_samples"]


# --------------------------------------------------------------------------------------
# Rows
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


def select(rows, measurement, *, airfoil=False, noise=None):
    """Take the rows of one measurement that ended well.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    measurement : {"accuracy", "timing", "prediction"}
        Which of them.
    airfoil : bool, default=False
        Whether the rows of the airfoil tables or those of the formulas.
    noise : float, default=None
        Rows with this relative noise; None takes all.

    Returns
    -------
    rows : DataFrame
    """
    is_airfoil = rows.dataset.str.startswith("airfoil")
    chosen = (rows.measurement == measurement) & (is_airfoil == airfoil)
    if noise is not None:
        chosen &= rows.noise == noise
    return rows[chosen & (rows.status == "ok")]


# --------------------------------------------------------------------------------------
# Time and memory
# --------------------------------------------------------------------------------------


def mean_times(rows, column="fit_time_s"):
    """Mean time of each estimator and size, geometric over the timed problems.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    column : {"fit_time_s", "predict_time_s"}, default="fit_time_s"
        Which time.

    Returns
    -------
    times : DataFrame of shape (n_estimators, n_sizes)
    """
    problem = [*BY_SIZE, "dataset", "noise"]
    means = select(rows, "timing").groupby(problem, observed=True)[column].mean()
    return means.groupby(level=BY_SIZE, observed=True).agg(geometric_mean).unstack()


def fit_time_ratios(rows):
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
    chosen = chosen.join(baseline.rename("baseline_s"), on=pair)
    ratio = chosen.fit_time_s / chosen.baseline_s
    grouped = chosen.assign(ratio=ratio).groupby(BY_SIZE, observed=True)
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


def median_memory(rows):
    """Peak and average memory of a fit, medians over functions and seeds.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    memory : DataFrame
        Two columns, by estimator and size.
    """
    grouped = select(rows, "accuracy").groupby(BY_SIZE, observed=True)
    return grouped[["peak_memory_mib", "mean_memory_mib"]].median()


def latency(rows, n_samples):
    """Seconds of a prediction by batch, medians over the repetitions.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    n_samples : int
        Rows that the models were fitted on.

    Returns
    -------
    seconds : DataFrame of shape (n_estimators, n_batch_sizes)
    """
    chosen = select(rows, "prediction")
    chosen = chosen[chosen.n_samples == n_samples]
    columns = [f"predict_{size}_rows_s" for size in BATCH_SIZES]
    seconds = chosen.groupby("estimator", observed=True)[columns].median()
    return seconds.set_axis(BATCH_SIZES, axis=1)


def throughput(rows, n_samples):
    """Predictions per second by batch, see `latency`."""
    return 1 / latency(rows, n_samples) * np.array(BATCH_SIZES)


def second_machine_balance(rows, cores):
    """Seconds that a second machine with as many cores saves the baseline, and costs.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    cores : int
        Cores of one machine.

    Returns
    -------
    seconds : DataFrame
        By number of rows: what it saves of a fit, as members train side by side; what
        it saves of a prediction of as many rows, of which it takes half; and what it
        costs to send these rows, and the predictions back.
    """
    fit, predict = (
        mean_times(rows, column).reindex([BASELINE]).loc[BASELINE].dropna()
        for column in ("fit_time_s", "predict_time_s")
    )
    sizes = fit.index.to_numpy()
    members = np.array([default_n_estimators(size) for size in sizes])
    rounds, rounds_of_two = (np.ceil(members / n) for n in (cores, 2 * cores))
    send = 6 * 8 * sizes / NETWORK_BYTES_PER_S
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


def geometric_mean(values):
    """Geometric mean; the zero error of an exact fit counts as the smallest float."""
    return np.exp(np.log(np.maximum(values, np.finfo(float).tiny)).mean())


def mean_errors(rows, noise):
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
    grouped = select(rows, "accuracy", noise=noise).groupby(BY_SIZE, observed=True)
    errors = grouped.error.agg(geometric_mean).unstack()
    counts = grouped.size().unstack()
    errors = errors.where(counts == counts.max())
    return errors.loc[:, errors.count() > 1].dropna(how="all")


def functions_by_size(rows, noise):
    """Name the functions that the errors of each size are averaged over.

    Parameters
    ----------
    rows : DataFrame
        All rows.
    noise : float
        Rows with this noise are taken.

    Returns
    -------
    functions : Series of list
        By number of rows.
    """
    chosen = select(rows, "accuracy", noise=noise)
    return chosen.groupby("n_samples").dataset.agg(lambda names: sorted(set(names)))


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


def coverages(rows):
    """Coverage of the intervals in percent, by estimator and noise.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    coverages : DataFrame of shape (n_estimators * n_noises, n_levels)
        Means over functions, sizes and seeds; columns are the levels in percent.
    """
    chosen = select(rows, "accuracy").dropna(subset="coverage_90")
    levels = [100 * level for level in CONFIDENCE_LEVELS]
    columns = [f"coverage_{level:.0f}" for level in levels]
    grouped = chosen.groupby(["estimator", "noise"], observed=True)[columns]
    return 100 * grouped.mean().set_axis(levels, axis=1)


# --------------------------------------------------------------------------------------
# The reference configuration
# --------------------------------------------------------------------------------------


def reference_comparison(rows):
    """Put the published figures of the reference configuration beside ours.

    Parameters
    ----------
    rows : DataFrame
        All rows.

    Returns
    -------
    table : DataFrame
        Published figure, ours and their ratio; empty where nothing was measured.
    """
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
