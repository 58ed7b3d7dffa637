"""What is each part of the algorithm worth?

    python benchmarks/ablation.py [--functions piston levy] [--sizes 300 3000]

fits the default and, in turns with it, the default without one part or with one
parameter changed, and prints the error and the CPU time of each divided by the
default's: geometric means over the functions. Above 1 the part is worth having.
"""

import argparse
import time
from contextlib import ExitStack
from itertools import product
from unittest.mock import patch

import numpy as np
import pandas as pd
from dataset import FORMULAS
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from sklearn_5d import FiveDRegressor
from sklearn_5d._training import defaults

FUNCTIONS = ("friedman1", "piston", "robot_arm", "genz_continuous", "black_scholes")

# Parameters that differ from the default; names in capitals are those of
# `sklearn_5d._training.defaults`, for parts that have no parameter.
PARTS = {
    "no teacher": {"gaussian_process": False},
    "a single network": {"n_estimators": 1},
    "half the members": {"n_estimators": 4},
    "inputs standardised": {"x_transform": "standard"},
    "target standardised": {"y_transform": "standard"},
    "no momentum": {"momentum": 0.0},
    "no weight decay": {"alpha": 0.0},
    "float64 throughout": {"precision": "float64"},
    "float32 throughout": {"precision": "float32"},
    "patience 1": {"patience": 1},
    "patience 4": {"patience": 4},
    "damping from 1": {"damping": (1.0, 1e-8)},
    "damping to 1e-4 only": {"damping": (10.0, 1e-4)},
    "no end for overfitting": {"OVERFIT_LOSS": 0.0},
    "batches of 256": {"batch_size": 256},
    "half the steps": {"max_steps": 400},
    "twice the steps": {"max_steps": 1600},
    "no evidence": {"MAX_EVIDENCE_ROWS": 0},
    "Adam": {"solver": "adam"},
    "L-BFGS": {"solver": "lbfgs", "max_iter": 500},
}


def measure(split, changes, seed):
    """Fit with some changes; return the error and the CPU time in seconds."""
    params = {name: value for name, value in changes.items() if name.islower()}
    model = FiveDRegressor(n_jobs=1, random_state=seed, **params)
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))
        for name in changes.keys() - params.keys():
            stack.enter_context(patch.object(defaults, name, changes[name]))
        start = time.process_time()
        model.fit(split.X_train, split.y_train)
        seconds = time.process_time() - start
    residual = model.predict(split.X_test) - split.truth
    return np.sqrt(np.mean(residual**2)) / split.truth.std(), seconds


def main(arguments=None):
    """Run the command line; return the table."""
    parser = argparse.ArgumentParser(description="What is each part worth?")
    add = parser.add_argument
    add("--functions", nargs="+", default=FUNCTIONS, choices=FORMULAS, metavar="NAME")
    add("--sizes", nargs="+", type=int, default=[300, 3_000], metavar="ROWS")
    add("--noises", nargs="+", type=float, default=[0.0, 0.1], metavar="SHARE")
    add("--parts", nargs="+", default=PARTS, choices=PARTS, metavar="PART")
    add("--seed", type=int, default=0)
    arguments = parser.parse_args(arguments)
    cells = list(product(arguments.sizes, arguments.noises, arguments.functions))
    rows = []
    for size, noise, name in tqdm(cells, disable=None):
        split = FORMULAS[name].split(size, noise, arguments.seed)
        error, seconds = measure(split, {}, arguments.seed)
        for part in arguments.parts:
            changed = measure(split, PARTS[part], arguments.seed)
            ratios = np.log(changed[0] / error), np.log(changed[1] / seconds)
            rows.append([part, f"{size:,} rows, noise {noise:g}", *ratios])
    columns = ["part", "cell", "error", "time"]
    grouped = pd.DataFrame(rows, columns=columns).groupby(["part", "cell"], sort=False)
    table = np.exp(grouped.mean()).unstack().swaplevel(axis=1)
    table = table.loc[:, table.columns.get_level_values(0).unique()]
    print(table.to_string(float_format="{:.2f}".format))
    return table


if __name__ == "__main__":
    main()
