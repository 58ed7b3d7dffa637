"""What does one fit cost, and how good is it?

Every cell (one estimator, one table, one seed) is measured in a fresh process, which
can be stopped when it exceeds its time limit, and gives one flat row:

- an accuracy cell fits once under memory-profiler: scores, intervals and memory;
- a timing cell fits once with nothing beside it, and predicts the same rows: fit time
  and prediction time;
- a prediction cell has nothing beside it either: prediction time by batch size.

The fit time of an accuracy row is that of a shared machine under a memory profiler. The
report reads times from the other rows alone.
"""

import ctypes
import gc
import inspect
import multiprocessing
import platform
import re
import statistics
import subprocess
import time
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import psutil
from memory_profiler import memory_usage
from scipy.stats import norm
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from threadpoolctl import threadpool_info, threadpool_limits

BATCH_SIZES = (1, 100, 1_000, 5_000, 10_000, 100_000)
CONFIDENCE_LEVELS = (0.5, 0.8, 0.9, 0.95)

# Ten samples in the 50 ms that a spike of a batch or of a kernel matrix may last.
MEMORY_INTERVAL_S = 0.005

# Rows of the call that is not counted: it loads code and libraries, and is cheap.
WARM_UP_ROWS = 60

COLUMNS = (
    "measurement",
    "alone",
    "dataset",
    "n_samples",
    "noise",
    "seed",
    "repetition",
    "estimator",
    "params",
    "status",
    "message",
    "fit_time_s",
    "predict_time_s",
    "peak_memory_mib",
    "mean_memory_mib",
    "r2",
    "rmse",
    "mse",
    "mae",
    "target_sd",
    "error",
    *(f"coverage_{100 * level:.0f}" for level in CONFIDENCE_LEVELS),
    "interval_width_90",
    *(f"predict_{size}_rows_s" for size in BATCH_SIZES),
    "load_average",
    "cpu",
    "cores",
    "blas",
    "blas_threads",
    "python",
    "numpy",
    "scipy",
    "scikit_learn",
    "sklearn_5d",
    "commit",
)

# What tells one run from another, with the types that a CSV file forgets. `params` do
# not: a changed entry has a changed name.
KEY = {
    "measurement": str,
    "dataset": str,
    "n_samples": int,
    "noise": float,
    "seed": int,
    "repetition": int,
    "estimator": str,
}


@dataclass(frozen=True)
class Cell:
    """One run: an estimator, a table and how they are measured.

    Parameters
    ----------
    measurement : {"accuracy", "timing", "prediction"}
        What is measured.
    dataset : Formula or Table
        Where the rows come from.
    n_samples : int
        Rows to fit on, or rows of a measured table.
    noise : float
        Sd of the noise divided by the sd of the target.
    seed : int
        Seed of the rows and of the estimator.
    repetition : int
        Counts the runs that differ in nothing else.
    estimator : Entry
        How the estimator is made.
    """

    measurement: str
    dataset: object
    n_samples: int
    noise: float
    seed: int
    repetition: int
    estimator: object

    @property
    def key(self):
        """The values of the columns `KEY`."""
        return (
            self.measurement,
            self.dataset.name,
            self.n_samples,
            self.noise,
            self.seed,
            self.repetition,
            self.estimator.name,
        )


# --------------------------------------------------------------------------------------
# The supervising side
# --------------------------------------------------------------------------------------


@cache
def _context():
    """Make processes from a server that has the packages loaded, but has run nothing.

    A process is then fresh, and yet there within milliseconds.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "lightgbm",
            "memory_profiler",
            "scipy.interpolate",
            "scipy.stats",
            "sklearn.ensemble",
            "sklearn.gaussian_process",
            "sklearn.model_selection",
            "sklearn.neural_network",
            "sklearn_5d.datasets",
            "tqdm",
        ]
    )
    return context


def run_cell(cell, *, time_limit_s, alone, commit="unknown"):
    """Measure one cell in a process of its own.

    Parameters
    ----------
    cell : Cell
        What to run.
    time_limit_s : float
        The process is stopped after this time, preparation included.
    alone : bool
        Whether nothing else runs meanwhile; noted in the row.
    commit : str, default="unknown"
        Commit of the project; noted in the row.

    Returns
    -------
    row : dict
        A value for each of `COLUMNS`; None where there is none.
    """
    # Dask runs its workers as daemons, which by Python's rule have no children. The
    # rule guards against children left behind; `_stop` leaves none.
    multiprocessing.current_process().daemon = False
    load_average = psutil.getloadavg()[0]
    receiver, sender = _context().Pipe(duplex=False)
    process = _context().Process(target=_send_outcome, args=(cell, sender))
    process.start()
    sender.close()
    try:
        if receiver.poll(time_limit_s):
            outcome = receiver.recv()
        else:
            message = f"stopped after {time_limit_s:g} s"
            outcome = {"status": "timeout", "message": message}
    except EOFError:
        process.join()
        message = f"the process ended with exit code {process.exitcode}"
        outcome = {"status": "error", "message": message}
    finally:
        _stop(process)
        receiver.close()
    row = dict.fromkeys(COLUMNS) | dict(zip(KEY, cell.key, strict=True))
    row |= {"alone": alone, "load_average": load_average, "commit": commit}
    row["params"] = cell.estimator.describe()
    return row | _machine() | outcome


def _stop(process):
    """Kill the process and all that it has started; it has nothing left to say."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.kill()
    for child in family:
        # Those that ended with their parent are no longer there.
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.join()


def commit_of_project():
    """Name the commit that is checked out.

    Returns
    -------
    commit : str
        Abbreviated hash, or "unknown" outside a git repository.
    """
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        answer = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except OSError:
        return "unknown"
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"


@cache
def _machine():
    """Describe hardware and versions, without a name that tells whose machine it is."""
    # NumPy and SciPy may each have brought their own.
    blas = {
        f"{each['internal_api']} {each['version']}"
        for each in threadpool_info()
        if each["user_api"] == "blas"
    }
    return {
        "cpu": _cpu_model(),
        "cores": joblib.cpu_count(),
        "blas": " and ".join(sorted(blas)),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "scipy": _version("scipy"),
        "scikit_learn": _version("sklearn"),
        "sklearn_5d": _version("sklearn_5d"),
    }


def _cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return model[1] if model else platform.machine()


def _version(package):
    return getattr(import_module(package), "__version__", "unknown")


# --------------------------------------------------------------------------------------
# The measuring side
# --------------------------------------------------------------------------------------


def _send_outcome(cell, sender):
    # The sampler of memory-profiler is a process too: a server of its own would have to
    # load everything first.
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)
    try:
        outcome = {"status": "ok"} | measure(cell)
    except Exception as error:
        outcome = {"status": "error", "message": _describe(error)}
    sender.send(outcome)


def _describe(error):
    """Name an error in one line, without the folders of this machine."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\"]+[\\/])+", "", text)


def measure(cell):
    """Fit, predict and score, in this process.

    Parameters
    ----------
    cell : Cell
        What to run.

    Returns
    -------
    figures : dict
        The measured columns.
    """
    split = cell.dataset.split(cell.n_samples, cell.noise, cell.seed)
    model = cell.estimator.make(cell.seed)
    with threadpool_limits(1), warnings.catch_warnings():
        # A warning is not a failure: that a fit has not converged shows in its error.
        warnings.simplefilter("ignore")
        warm_up = cell.estimator.make(cell.seed)
        # The members of an ensemble all run the same code.
        if warm_up.get_params(deep=False).get("n_estimators", 1) != 1:
            warm_up.set_params(n_estimators=2)
        # Spread over the table: rows of a measured one may lie sorted.
        step = -(-len(split.y_train) // WARM_UP_ROWS)
        warm_up.fit(split.X_train[::step], split.y_train[::step])
        warm_up.predict(split.X_test[:1])
        del warm_up
        _release_memory()

        figures = {"blas_threads": _blas_threads()}
        measure_fit = _fit_memory if cell.measurement == "accuracy" else _fit_time
        figures |= measure_fit(model, split.X_train, split.y_train)
        figures |= _scores(model, split)
        if cell.measurement == "accuracy" and cell.estimator.intervals:
            figures |= _coverage(model, split)
        elif cell.measurement == "timing":
            figures["predict_time_s"] = _seconds(model.predict, split.X_train)
        elif cell.measurement == "prediction":
            figures |= _predict_times(model, split.X_test)
    return figures


def _release_memory():
    """Give freed memory back, or the fit would use it again and seem to need none."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, TypeError):  # not the GNU C library
        return


def _blas_threads():
    return max(
        each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"
    )


def _seconds(call, *args):
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


def _fit_time(model, X, y):
    return {"fit_time_s": _seconds(model.fit, X, y)}


def _fit_memory(model, X, y):
    # One iteration: by its own rule memory-profiler repeats a call that is so short
    # that it has few samples of it.
    samples, fit_time_s = memory_usage(
        (_fit_time, (model, X, y)),
        interval=MEMORY_INTERVAL_S,
        max_iterations=1,
        retval=True,
    )
    # The first sample is taken before the call.
    above = np.array(samples[1:]) - samples[0]
    memory = {
        "peak_memory_mib": max(0.0, above.max()),
        "mean_memory_mib": max(0.0, above.mean()),
    }
    return fit_time_s | memory


def _predict_times(model, X):
    return {
        f"predict_{size}_rows_s": _typical_seconds(
            model.predict, np.resize(X, (size, X.shape[1]))
        )
        for size in BATCH_SIZES
    }


def _typical_seconds(call, *args):
    """Median of as many calls as fit in 0.1 s, after one that is not counted."""
    total, times = 0.0, []
    while total < 0.1:
        times.append(_seconds(call, *args))
        total += times[-1]
    return statistics.median(times[1:] or times)


def _scores(model, split):
    prediction = model.predict(split.X_test)
    mse = mean_squared_error(split.truth, prediction)
    target_sd = split.truth.std()
    return {
        "r2": r2_score(split.truth, prediction),
        "rmse": np.sqrt(mse),
        "mse": mse,
        "mae": mean_absolute_error(split.truth, prediction),
        "target_sd": target_sd,
        "error": np.sqrt(mse) / target_sd,
    }


def _coverage(model, split):
    """Share of the noisy fresh rows inside the interval of each level."""
    figures = {}
    for level in CONFIDENCE_LEVELS:
        try:
            interval = _interval(model, split.X_test, level)
        except ValueError as error:
            # Few rows may not be enough for a high level, and the scores are right.
            figures["message"] = _describe(error)
            continue
        if interval is None:
            return {}
        lower, upper = interval.T
        covered = (lower <= split.y_test) & (split.y_test <= upper)
        figures[f"coverage_{100 * level:.0f}"] = covered.mean()
        if level == 0.9:
            figures["interval_width_90"] = np.mean(upper - lower)
    return figures


def _interval(model, X, level):
    """Prediction interval, from the estimator itself or from its standard deviation."""
    if hasattr(model, "predict_interval"):
        return model.predict_interval(X, confidence_level=level)
    last = model[-1] if hasattr(model, "steps") else model
    if "return_std" not in inspect.signature(last.predict).parameters:
        return None
    mean, sd = model.predict(X, return_std=True)
    half_width = norm.ppf((1 + level) / 2) * sd
    return np.column_stack([mean - half_width, mean + half_width])
