"""Which rows got slower or worse between two runs of the suite?

    python benchmarks/compare.py OLD/rows.csv.gz NEW/rows.csv.gz

prints them as a table and ends with status 1 if there are any.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from figures import read
from measurement import KEY
from scipy.stats import t

# What is compared, and in the rows of which measurement it can be trusted.
METRICS = {
    "fit_time_s": "timing",
    "predict_10000_rows_s": "prediction",
    "peak_memory_mib": "accuracy",
    "error": "accuracy",
    "crps": "accuracy",
}
GROUP = [name for name in KEY if name not in ("seed", "repetition")]

# Peaks below this are a few pages of the allocator, and vary by themselves.
MEMORY_FLOOR_MIB = 1.0


def compare(old, new, tolerance=0.05):
    """Find what is slower or worse beyond the noise of the repetitions.

    The logarithms of the ratios new / old are averaged over seeds and repetitions. A
    row is worse if the lower end of a one-sided 95 % confidence interval of this mean
    exceeds log(1 + tolerance). A single pair has no noise to allow for.

    Parameters
    ----------
    old, new : DataFrame
        Rows of two runs.
    tolerance : float, default=0.05
        Relative change that is always allowed.

    Returns
    -------
    worse : DataFrame
        One row for each that got worse: what was measured, the metric, old and new
        mean, their ratio and the number of pairs. A run that ended well and does no
        longer has the metric "status" and an infinite ratio.
    """
    pairs = old.merge(new, on=list(KEY), suffixes=("_old", "_new"))
    pairs = pairs[pairs.status_old == "ok"]
    found = []
    failed = pairs[pairs.status_new != "ok"]
    for group, each in failed.groupby(GROUP):
        found.append([*group, "status", np.nan, np.nan, np.inf, len(each)])

    pairs = pairs[pairs.status_new == "ok"]
    for metric, measurement in METRICS.items():
        chosen = pairs[pairs.measurement == measurement]
        chosen = chosen.dropna(subset=[f"{metric}_old", f"{metric}_new"])
        floor = MEMORY_FLOOR_MIB if metric == "peak_memory_mib" else 0.0
        for group, each in chosen.groupby(GROUP):
            before = each[f"{metric}_old"].clip(lower=floor)
            after = each[f"{metric}_new"].clip(lower=floor)
            change = np.log(after / before)
            n = len(change)
            noise = t.ppf(0.95, n - 1) * change.sem() if n > 1 else 0.0
            if change.mean() - noise > np.log1p(tolerance):
                ratio = np.exp(change.mean())
                found.append([*group, metric, before.mean(), after.mean(), ratio, n])
    columns = [*GROUP, "metric", "old", "new", "ratio", "pairs"]
    worse = pd.DataFrame(found, columns=columns)
    return worse.sort_values("ratio", ascending=False, ignore_index=True)


def main(arguments=None):
    """Run the command line; return 1 if anything got worse."""
    parser = argparse.ArgumentParser(description="Compare two runs of the suite.")
    parser.add_argument("old", type=Path, help="rows.csv.gz of the earlier run")
    parser.add_argument("new", type=Path, help="rows.csv.gz of the later run")
    parser.add_argument("--tolerance", type=float, default=0.05)
    arguments = parser.parse_args(arguments)
    # Text: two runs may have other estimators, and merge by their names.
    old, new = (
        read(path).astype({"estimator": str}) for path in (arguments.old, arguments.new)
    )
    n_common = len(old.merge(new, on=list(KEY)))
    print(f"{n_common} rows in both, {len(old)} old and {len(new)} new.")
    if n_common == 0:
        parser.error("The two runs have no row in common.")
    worse = compare(old, new, arguments.tolerance)
    if worse.empty:
        print("Nothing got slower or worse.")
        return 0
    print(worse.to_string(float_format="{:.4g}".format))
    return 1


if __name__ == "__main__":
    sys.exit(main())
