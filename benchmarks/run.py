"""What does each estimator cost, how good is it, and what do the others give?

    python benchmarks/run.py --profile quick --n-jobs -1 --output DIR

measures the cells of a profile, appends each row to ``DIR/rows.csv.gz`` as it is done,
and writes the report from the saved rows.
"""

import argparse
import csv
import gzip
import io
import json
import platform
import re
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from random import Random

import dataset
import estimator
import measurement
import peers
import scores
from estimator import BASELINE, ESTIMATORS, REFERENCE, SINGLE
from joblib import Parallel, cpu_count, delayed, effective_n_jobs, parallel_config
from measurement import saved_text
from threadpoolctl import threadpool_info
from tqdm import tqdm

import sklearn_5d


@dataclass(frozen=True)
class Grid:
    """Cells that are the product of some values.

    Parameters
    ----------
    measurement : {"accuracy", "timing", "prediction"}
        What is measured.
    datasets : tuple of str or None
        Names of formulas; None takes every measured table.
    sizes : tuple of int
        Rows to fit on; a measured table has its own.
    noises : tuple of float, default=(0.0,)
        Sd of the noise divided by the sd of the target.
    seeds : tuple of int, default=(0,)
        Seeds of rows and estimators, folds of a table.
    repetitions : int, default=1
        Runs that differ in nothing else.
    estimators : tuple of str, default=all
        Names in `ESTIMATORS`.
    """

    measurement: str
    datasets: tuple | None
    sizes: tuple = (0,)
    noises: tuple = (0.0,)
    seeds: tuple = (0,)
    repetitions: int = 1
    estimators: tuple = tuple(ESTIMATORS)


@dataclass(frozen=True)
class Profile:
    """Grids, and the time that one cell may take in seconds."""

    time_limit_s: float
    grids: tuple


# Polynomial and sine, finance, engineering, oscillating, and with kinks.
_FIVE = ("friedman1", "black_scholes", "piston", "robot_arm", "genz_continuous")
_TWELVE = (
    *_FIVE,
    *("sobol_g", "genz_corner_peak", "ackley", "dixon_price", "feynman_i_41_16"),
    *("otl_circuit", "borehole"),
)
_SIZES = (300, 1_000, 3_000, 10_000)
# The rows whose figures were published for the reference configuration.
_PUBLISHED = Grid(
    "timing", ("friedman1",), (1_000, 5_000, 10_000), estimators=(REFERENCE,)
)
_MANY_ROWS = (BASELINE, SINGLE, "HistGradientBoostingRegressor", "LightGBM", "XGBoost")
_DISTRIBUTIONS = (
    *(BASELINE, SINGLE, "GaussianProcessRegressor", "OpenTURNS kriging", "NGBoost"),
    *("HGB quantiles", "HGB quantiles, MAPIE CQR", "HGB, MAPIE CV+"),
)
_POINTS = tuple(name for name in ESTIMATORS if not name.startswith(("HGB", "NGBoost")))

_GROWING = Grid(
    "accuracy", ("friedman1_growing_noise",), noises=(0.1,), estimators=_DISTRIBUTIONS
)

PROFILES = {
    "quick": Profile(
        time_limit_s=60,
        grids=(
            Grid("timing", ("friedman1",), (300, 1_000), estimators=_POINTS),
            Grid("timing", ("friedman1",), (10_000,), estimators=(BASELINE, SINGLE)),
            Grid("prediction", ("friedman1",), (300,), estimators=(BASELINE, SINGLE)),
            _PUBLISHED,
            replace(_PUBLISHED, measurement="accuracy"),
            Grid("accuracy", ("friedman1", "piston"), (300,)),
            Grid("accuracy", ("friedman1", "piston"), (1_000,), estimators=_POINTS),
            Grid("accuracy", ("friedman1",), (300,), (0.1,), estimators=_DISTRIBUTIONS),
            replace(_GROWING, sizes=(300,)),
            Grid("accuracy", None, estimators=(*_MANY_ROWS, "ExtraTreesRegressor")),
        ),
    ),
    "full": Profile(
        time_limit_s=120,
        grids=(
            Grid("timing", ("friedman1",), (*_SIZES, 100_000), repetitions=2),
            replace(_PUBLISHED, repetitions=2),
            Grid("timing", ("friedman1",), (1_000_000,), estimators=_MANY_ROWS),
            Grid("prediction", ("friedman1",), (1_000,)),
            replace(_PUBLISHED, measurement="accuracy"),
            Grid("accuracy", _TWELVE, _SIZES),
            Grid("accuracy", _FIVE, _SIZES, (0.1,)),
            Grid("accuracy", _FIVE, (100_000,), (0.0, 0.1), estimators=_MANY_ROWS),
            replace(_GROWING, sizes=(1_000, 10_000), seeds=(0, 1)),
            Grid("accuracy", None, seeds=tuple(range(dataset.N_FOLDS))),
        ),
    ),
}


def plan(profile, datasets):
    """Lay out the cells of a profile by measurement.

    Accuracy cells are in a random order: any part of them is like the whole, and so is
    the time left.
    """
    cells = {"timing": {}, "prediction": {}, "accuracy": {}}
    tables = [name for name in datasets if name not in dataset.FORMULAS]
    for grid in profile.grids:
        # Estimators change fastest and repetitions slowest, so that a drift of the
        # machine hits all estimators alike.
        for repetition, seed, noise, size, name, entry in product(
            range(grid.repetitions),
            grid.seeds,
            grid.noises,
            grid.sizes,
            tables if grid.datasets is None else grid.datasets,
            map(ESTIMATORS.get, grid.estimators),
        ):
            table = datasets[name]
            n_samples = table.n_samples or size
            if n_samples <= entry.max_rows:
                cell = measurement.Cell(
                    grid.measurement, table, n_samples, noise, seed, repetition, entry
                )
                cells[grid.measurement].setdefault(cell.key, cell)
    plan = {name: list(each.values()) for name, each in cells.items()}
    Random(0).shuffle(plan["accuracy"])
    return plan


def restrict(profile, datasets, *, estimators, names=None, sizes=None, limit_s=None):
    """Narrow profile and data sets to what the command line names, if it does.

    Measured tables have grids of their own, with neither noise nor sizes.
    """
    changes = {"sizes": tuple(sizes)} if sizes else {}
    if names:
        formulas = tuple(name for name in names if name in dataset.FORMULAS)
        changes["datasets"] = formulas
        datasets = {name: datasets[name] for name in names}
    grids = tuple(
        replace(
            grid,
            estimators=tuple(name for name in grid.estimators if name in estimators),
            **({} if grid.datasets is None else changes),
        )
        for grid in profile.grids
    )
    return Profile(limit_s or profile.time_limit_s, grids), datasets


# --------------------------------------------------------------------------------------
# What is saved
# --------------------------------------------------------------------------------------


def saved_keys(path):
    """Read which cells the saved rows are of, see `Cell.key`."""
    return {
        tuple(convert(row[name]) for name, convert in measurement.KEY.items())
        for row in csv.DictReader(io.StringIO(saved_text(path)))
    }


@contextmanager
def appending(path):
    """Give a function that appends a row to the saved ones, on disk at once."""
    text = saved_text(path)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, measurement.COLUMNS, lineterminator="\n")
        if text:
            file.write(text)
        else:
            writer.writeheader()

        def append(row):
            # More digits than any table or picture shows.
            short = {k: f"{v:.8g}" for k, v in row.items() if isinstance(v, float)}
            writer.writerow(row | short)
            file.flush()

        file.flush()
        yield append


def about(names):
    """Describe machine, versions and parameters of estimators, but name no folder."""
    blas = {
        f"{each['internal_api']} {each['version']}"
        for each in threadpool_info()
        if each["user_api"] == "blas"
    }
    return {
        "machine": {
            "cpu": _cpu_model(),
            "cores": cpu_count(),
            "BLAS": " and ".join(sorted(blas)),
            "Python": platform.python_version(),
            "sklearn_5d": sklearn_5d.__version__,
            **_versions(),
            "commit": _commit(),
        },
        "not installed": [n for n in names if not ESTIMATORS[n].is_installed()],
        "parameters": {
            name: {k: str(v) for k, v in ESTIMATORS[name].bare().get_params().items()}
            if name.startswith(BASELINE)
            else {k: str(v) for k, v in ESTIMATORS[name].params.items()}
            for name in names
        },
    }


def _cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return model[1] if model else platform.machine()


def _versions():
    packages = "numpy scipy scikit-learn lightgbm xgboost catboost ngboost mapie"
    versions = {}
    for package in f"{packages} openturns smt pytabkit".split():
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


def _commit():
    command = ["git", "rev-parse", "--short", "HEAD"]
    folder = Path(__file__).parent
    try:
        return subprocess.check_output(
            command, cwd=folder, stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


# --------------------------------------------------------------------------------------
# Running
# --------------------------------------------------------------------------------------


@contextmanager
def dask_backend(address, n_jobs):
    """Send what joblib runs to the Dask cluster at an address.

    "local" starts one on this machine, with `n_jobs` threads; None leaves joblib as it
    is.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            "--dask needs distributed: pip install 'sklearn_5d[distributed]'"
        ) from error
    options = {"address": address}
    if address == "local":
        # Threads are enough here too, see `run`.
        options = {"n_workers": 1, "threads_per_worker": effective_n_jobs(n_jobs)}
        options["dashboard_address"] = ":0"
    with Client(**options) as client:
        # Workers on other machines have the packages, but not this folder. Nothing is
        # loaded: that would load it again in a scheduler that is part of this process.
        for room in (scores, peers, dataset, estimator, measurement):
            client.upload_file(room.__file__, load=False)
        with parallel_config(backend="dask"):
            yield


def run(profile, datasets, path, *, n_jobs=1, dask=None):
    """Run the cells of a profile that the saved rows do not have yet.

    Accuracy cells run `n_jobs` at a time, or on a Dask cluster; the others have the
    machine to themselves.
    """
    done = saved_keys(path)
    run_cell = delayed(measurement.run_cell)
    with appending(path) as append:
        for name, cells in plan(profile, datasets).items():
            cells = [cell for cell in cells if cell.key not in done]
            together = name == "accuracy"
            with dask_backend(dask if together else None, n_jobs):
                # Threads are enough: each does nothing but wait for the process that
                # measures its cell.
                parallel = Parallel(
                    (n_jobs if dask is None else -1) if together else 1,
                    prefer="threads",
                    batch_size=1,
                    return_as="generator_unordered",
                )
                rows = parallel(
                    run_cell(cell, time_limit_s=profile.time_limit_s) for cell in cells
                )
                for row in tqdm(rows, name, len(cells), unit="cell", smoothing=0):
                    append(row)


def _parser():
    parser = argparse.ArgumentParser(
        description="Measure FiveDRegressor and its alternatives, and write a report."
    )
    add = parser.add_argument
    add("--profile", choices=PROFILES, default="quick")
    add("--output", type=Path, required=True, metavar="DIR")
    add("--n-jobs", type=int, default=-1, help="accuracy cells at a time (default all)")
    add("--tables", type=Path, metavar="FOLDER", help="CSV tables, target last")
    add("--estimators", nargs="+", metavar="NAME", choices=ESTIMATORS)
    add("--datasets", nargs="+", metavar="NAME", help="formulas, and tables of FOLDER")
    add("--sizes", nargs="+", type=int, metavar="ROWS")
    add("--time-limit", type=float, metavar="SECONDS", help="for one cell")
    add("--resume", action="store_true", help="go on with the rows in DIR")
    add("--dask", metavar="ADDRESS", help='a scheduler, or "local" to start one')
    return parser


def main(arguments=None):
    """Run the command line; `arguments` are those of the process by default."""
    parser = _parser()
    arguments = parser.parse_args(arguments)
    path = arguments.output / "rows.csv.gz"
    if path.exists() and not arguments.resume:
        parser.error(f"{path} exists: give --resume to go on, or another --output.")
    try:
        datasets = dataset.FORMULAS | dataset.load_tables(arguments.tables)
    except ValueError as error:
        parser.error(str(error))
    if unknown := set(arguments.datasets or ()).difference(datasets):
        parser.error(f"Got {unknown}, expected one of: {', '.join(datasets)}.")
    names = arguments.estimators or list(ESTIMATORS)
    installed = [name for name in names if ESTIMATORS[name].is_installed()]
    if missing := [name for name in names if name not in installed]:
        print(f"Not installed, and left out: {', '.join(missing)}.", file=sys.stderr)
    if not installed:
        parser.error("None of the estimators is installed.")
    profile, datasets = restrict(
        PROFILES[arguments.profile],
        datasets,
        estimators=installed,
        names=arguments.datasets,
        sizes=arguments.sizes,
        limit_s=arguments.time_limit,
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(about(names), indent=1)
    (arguments.output / "about.json").write_text(text + "\n", encoding="utf-8")
    run(profile, datasets, path, n_jobs=arguments.n_jobs, dask=arguments.dask)
    # Not at the top: every process that measures a cell imports this module, and has no
    # use for pandas.
    import report

    report.write(path)


if __name__ == "__main__":
    main()
