"""What does each estimator cost, how good is it, and what do the others give?

    python benchmarks/run.py --profile quick --n-jobs -1 --output DIR

measures the cells of a profile, appends each row to ``DIR/rows.csv`` as it is done, and
writes the report from the saved rows.
"""

import argparse
import csv
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from pkgutil import resolve_name
from random import Random

import dataset
import estimator
import measurement
from estimator import BASELINE, ESTIMATORS, REFERENCE
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from tqdm import tqdm


@dataclass(frozen=True)
class Grid:
    """Cells that are the product of some values.

    Parameters
    ----------
    measurement : {"accuracy", "timing", "prediction"}
        What is measured.
    datasets : tuple of str
        Names in `load_datasets`.
    sizes : tuple of int
        Rows to fit on; a measured table has its own.
    noises : tuple of float, default=(0.0,)
        Sd of the noise divided by the sd of the target.
    seeds : tuple of int, default=(0,)
        Seeds of rows and estimators.
    repetitions : int, default=1
        Runs that differ in nothing else.
    estimators : tuple of str, default=all
        Names in `ESTIMATORS`.
    """

    measurement: str
    datasets: tuple
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


_AIRFOIL = ("airfoil_random", "airfoil_grouped")
# Polynomial and sine, finance, engineering, oscillating, and with kinks.
_FUNCTIONS = ("friedman1", "black_scholes", "piston", "robot_arm", "genz_continuous")
_SIZES = (100, 300, 1_000, 3_000, 10_000)
# The rows whose figures were published for the reference configuration.
_PUBLISHED_SIZES = (1_000, 5_000, 10_000)
_ALL_ROWS = (BASELINE, "FiveDRegressor single")
_MANY_ROWS = (*_ALL_ROWS, "HistGradientBoostingRegressor", "LightGBM")
# A Gaussian process takes longer on the airfoil table than all others together.
_QUICK = tuple(name for name in ESTIMATORS if name != "GaussianProcessRegressor")

PROFILES = {
    "quick": Profile(
        time_limit_s=60,
        grids=(
            Grid("timing", ("friedman1",), (300, 1_000, 3_000), repetitions=2),
            Grid("prediction", ("friedman1",), (300,)),
            Grid("timing", ("friedman1",), _PUBLISHED_SIZES, estimators=(REFERENCE,)),
            Grid("timing", ("friedman1",), (10_000,), estimators=(BASELINE,)),
            Grid("accuracy", ("friedman1",), _PUBLISHED_SIZES, estimators=(REFERENCE,)),
            Grid("accuracy", ("friedman1",), (300, 1_000, 3_000)),
            Grid("accuracy", ("genz_corner_peak", "black_scholes"), (300,)),
            Grid("accuracy", ("friedman1",), (1_000,), noises=(0.1,)),
            Grid("accuracy", _AIRFOIL, estimators=_QUICK),
        ),
    ),
    # The spread between seeds falls with the rows, and their cost rises.
    "full": Profile(
        time_limit_s=300,
        grids=(
            Grid("timing", ("friedman1",), (*_SIZES, 100_000), repetitions=3),
            Grid(
                "timing",
                ("friedman1",),
                _PUBLISHED_SIZES,
                repetitions=3,
                estimators=(REFERENCE,),
            ),
            Grid("timing", ("friedman1",), (1_000_000,), estimators=_MANY_ROWS),
            Grid("timing", ("friedman1",), (10_000_000,), estimators=_ALL_ROWS),
            Grid("prediction", ("friedman1",), (1_000, 10_000)),
            Grid("accuracy", ("friedman1",), _PUBLISHED_SIZES, estimators=(REFERENCE,)),
            Grid("accuracy", _FUNCTIONS, _SIZES, noises=(0.0, 0.1), seeds=(0, 1, 2)),
            Grid("accuracy", _FUNCTIONS, (100_000,), noises=(0.0, 0.1)),
            Grid("accuracy", ("friedman1",), (1_000_000,), estimators=_MANY_ROWS),
            Grid("accuracy", _AIRFOIL, seeds=(0, 1, 2, 3, 4)),
        ),
    ),
}


def plan(profile, datasets):
    """Lay out the cells of a profile.

    Parameters
    ----------
    profile : Profile
        What to measure.
    datasets : dict
        What can be had, see `load_datasets`.

    Returns
    -------
    cells : dict of list
        By measurement. Accuracy cells are in a random order: any part of them is like
        the whole, and so is the time left.
    """
    cells = {"timing": {}, "prediction": {}, "accuracy": {}}
    for grid in profile.grids:
        # Estimators change fastest and repetitions slowest, so that a drift of the
        # machine hits all estimators alike.
        for repetition, seed, noise, size, name, entry in product(
            range(grid.repetitions),
            grid.seeds,
            grid.noises,
            grid.sizes,
            grid.datasets,
            map(ESTIMATORS.get, grid.estimators),
        ):
            if name not in datasets:
                continue
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


def restrict(profile, *, estimators, datasets=None, sizes=None, time_limit_s=None):
    """Narrow a profile to what the command line names.

    Parameters
    ----------
    profile : Profile
        What would be measured otherwise.
    estimators : collection of str
        Others are left out of every grid.
    datasets, sizes : list, default=None
        Take the place of those of every grid; None leaves them.
    time_limit_s : float, default=None
        Takes the place of the profile's; None leaves it.

    Returns
    -------
    profile : Profile
    """
    changes = {"datasets": datasets, "sizes": sizes}
    changes = {name: tuple(values) for name, values in changes.items() if values}
    grids = tuple(
        replace(
            grid,
            estimators=tuple(name for name in grid.estimators if name in estimators),
            **changes,
        )
        for grid in profile.grids
    )
    return Profile(time_limit_s or profile.time_limit_s, grids)


def installed(names):
    """Leave out the estimators whose package is missing, and say so.

    Parameters
    ----------
    names : list of str
        Names in `ESTIMATORS`.

    Returns
    -------
    names : list of str
        Those that can be imported.
    """
    found = []
    for name in names:
        try:
            resolve_name(ESTIMATORS[name].target)
        except (ImportError, AttributeError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
        else:
            found.append(name)
    return found


# --------------------------------------------------------------------------------------
# Saved rows
# --------------------------------------------------------------------------------------


def saved_keys(path):
    """Read which cells a CSV file already has.

    Parameters
    ----------
    path : Path
        The rows of an earlier run, which may have been interrupted in the last one.

    Returns
    -------
    keys : set of tuple
        See `Cell.key`.
    """
    content = path.read_bytes()
    complete = content[: content.rfind(b"\n") + 1]
    if complete != content:
        path.write_bytes(complete)
    with path.open(newline="", encoding="utf-8") as file:
        return {
            tuple(convert(row[name]) for name, convert in measurement.KEY.items())
            for row in csv.DictReader(file)
        }


@contextmanager
def appending(path):
    """Give a function that appends a row to a CSV file at once."""
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, measurement.COLUMNS, lineterminator="\n")
        if is_new:
            writer.writeheader()

        def append(row):
            writer.writerow(row)
            file.flush()

        yield append


# --------------------------------------------------------------------------------------
# Running
# --------------------------------------------------------------------------------------


@contextmanager
def dask_backend(address, n_jobs):
    """Send what joblib runs to a Dask cluster.

    Parameters
    ----------
    address : str or None
        Address of a scheduler; "local" starts a cluster on this machine; None leaves
        joblib as it is.
    n_jobs : int
        Threads of a local cluster.
    """
    if address is None:
        yield
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError(
            "--dask needs distributed: pip install 'sklearn_5d[distributed]'"
        ) from error
    with ExitStack() as stack:
        if address == "local":
            # Threads are enough here too, see `run_cells`.
            cluster = LocalCluster(
                n_workers=1,
                threads_per_worker=effective_n_jobs(n_jobs),
                dashboard_address=":0",
            )
            address = stack.enter_context(cluster)
        client = stack.enter_context(Client(address))
        # Workers on other machines have the packages, but not this folder. Nothing is
        # loaded: that would load it again in a scheduler that is part of this process.
        for room in (dataset, estimator, measurement):
            client.upload_file(room.__file__, load=False)
        stack.enter_context(parallel_config(backend="dask"))
        yield


def run_cells(cells, *, n_jobs, **options):
    """Run cells through joblib.

    Parameters
    ----------
    cells : list of Cell
        What to run.
    n_jobs : int
        Cells at a time.
    **options : dict
        Options of `run_cell`.

    Returns
    -------
    rows : generator of dict
        Each row as soon as it is done.
    """
    # Threads are enough on one machine: each does nothing but wait for the process
    # that measures its cell.
    parallel = Parallel(
        n_jobs, prefer="threads", batch_size=1, return_as="generator_unordered"
    )
    run_cell = delayed(measurement.run_cell)
    return parallel(run_cell(cell, **options) for cell in cells)


def run(profile, datasets, path, *, n_jobs=1, dask=None, parallel_timing=False):
    """Run the cells of a profile that the file does not have yet.

    Parameters
    ----------
    profile : Profile
        What to measure.
    datasets : dict
        See `load_datasets`.
    path : Path
        CSV file that the rows are appended to.
    n_jobs : int, default=1
        Accuracy cells at a time, on a local Dask cluster as well; -1 is one for
        each core. A cluster that runs already is used whole.
    dask : str, default=None
        See `dask_backend`.
    parallel_timing : bool, default=False
        Whether timing cells run beside each other as well.
    """
    done = saved_keys(path) if path.exists() else set()
    cells = {
        name: [cell for cell in planned if cell.key not in done]
        for name, planned in plan(profile, datasets).items()
    }
    options = {
        "time_limit_s": profile.time_limit_s,
        "commit": measurement.commit_of_project(),
    }

    with appending(path) as append:

        def run_and_save(name, n_jobs):
            rows = run_cells(cells[name], n_jobs=n_jobs, alone=n_jobs == 1, **options)
            total = len(cells[name])
            for row in tqdm(rows, name, total, unit="cell", smoothing=0):
                append(row)

        timed = ("timing", "prediction")
        if not parallel_timing:
            for name in timed:
                run_and_save(name, n_jobs=1)
        with dask_backend(dask, n_jobs):
            n_parallel = n_jobs if dask is None else -1
            if parallel_timing:
                for name in timed:
                    run_and_save(name, n_parallel)
            run_and_save("accuracy", n_parallel)


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, default=None
        Arguments; None takes those of the process.
    """
    parser = argparse.ArgumentParser(
        description="Measure FiveDRegressor and its alternatives, and write a report."
    )
    parser.add_argument("--profile", choices=PROFILES, default="quick")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--n-jobs", type=int, default=-1, help="accuracy cells at a time (default: all)"
    )
    parser.add_argument("--estimators", nargs="+", metavar="NAME")
    parser.add_argument("--datasets", nargs="+", metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="ROWS")
    parser.add_argument(
        "--time-limit", type=float, metavar="SECONDS", help="for one cell"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the rows in DIR"
    )
    parser.add_argument(
        "--parallel-timing",
        action="store_true",
        help="time cells beside each other: faster, and less to be trusted",
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help='a scheduler, or "local" to start one'
    )
    arguments = parser.parse_args(arguments)
    path = arguments.output / "rows.csv"
    if path.exists() and not arguments.resume:
        parser.error(f"{path} exists: give --resume to go on, or another --output.")
    datasets = dataset.load_datasets()
    for known, names in (
        (ESTIMATORS, arguments.estimators),
        (datasets, arguments.datasets),
    ):
        if unknown := set(names or ()).difference(known):
            parser.error(f"Got {unknown}, expected one of: {', '.join(known)}.")

    profile = restrict(
        PROFILES[arguments.profile],
        estimators=installed(arguments.estimators or ESTIMATORS),
        datasets=arguments.datasets,
        sizes=arguments.sizes,
        time_limit_s=arguments.time_limit,
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    run(
        profile,
        datasets,
        path,
        n_jobs=arguments.n_jobs,
        dask=arguments.dask,
        parallel_timing=arguments.parallel_timing,
    )
    # Not at the top: every process that measures a cell imports this module, and has no
    # use for pandas.
    import report

    report.write(path)
    # Parquet is a convenience of those who have pyarrow.
    with suppress(ImportError):
        report.read(path).to_parquet(path.with_suffix(".parquet"))


if __name__ == "__main__":
    main()
