"""What does one fit cost, and how good is it?

Every cell (one estimator, one table, one seed) is measured in a fresh process, which
can be stopped when it exceeds its time limit, and gives one flat row:

- an accuracy cell fits once under memory-profiler: scores and memory;
- a timing cell fits once with nothing beside it, and predicts the same rows: fit time
  and prediction time;
- a prediction cell has nothing beside it either: prediction time by batch size.

The fit time of an accuracy row is that of a shared machine under a memory profiler. The
report reads times from the other rows alone.
"""

import ctypes
import gc
import logging
import multiprocessing
import re
import statistics
import time
import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np
import psutil
from memory_profiler import memory_usage
from scores import LEVELS, distribution_scores, point_scores, predictive_distribution
from threadpoolctl import threadpool_limits

BATCH_SIZES = (1, 100, 1_000, 5_000, 10_000, 100_000)

# Fresh rows that a distribution is judged by: MAPIE's CV+ compares each of them with
# every fitted row.
N_DISTRIBUTION = 2_000

# Ten samples in the 50 ms that a spike of a batch or of a kernel matrix may last.
MEMORY_INTERVAL_S = 0.005

# Rows of the call that is not counted: it loads code and libraries, and is cheap.
WARM_UP_ROWS = 60

# What the server of the measuring processes has loaded, where it is installed.
PRELOADED = ("lightgbm", "xgboost", "catboost", "ngboost", "mapie.regression")
PRELOADED += ("measurement", "dataset", "peers", "sklearn_5d")

# What tells one run from another, with the types that a CSV file forgets. Parameters do
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

COLUMNS = (
    *KEY,
    *("status", "message", "load_average", "members"),
    *("fit_time_s", "predict_time_s", "peak_memory_mib"),
    *("r2", "rmse", "mse", "mae", "target_sd", "error"),
    *("crps", "nll", "interval_width_90"),
    *(f"coverage_{100 * level:.0f}" for level in LEVELS),
    *(f"coverage_90_fifth_{k}" for k in range(1, 6)),
    *(f"predict_{size}_rows_s" for size in BATCH_SIZES),
)


def saved_text(path):
    """Read the complete lines of saved rows, which may be those of a stopped run."""
    if not path.exists():
        return ""
    text = zlib.decompressobj(wbits=31).decompress(path.read_bytes())
    return text[: text.rfind(b"\n") + 1].decode()


@dataclass(frozen=True)
class Cell:
    """One run of a `Grid`: a Formula or Table, an Entry, and how they are measured."""

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
        values = (getattr(self, name) for name in KEY)
        return tuple(getattr(value, "name", value) for value in values)


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
        [name for name in PRELOADED if find_spec(name.partition(".")[0])]
    )
    return context


def run_cell(cell, *, time_limit_s):
    """Measure one cell in a process of its own, which is stopped after the time limit.

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
    except (EOFError, OSError):
        process.join()
        message = f"the process ended with exit code {process.exitcode}"
        outcome = {"status": "error", "message": message}
    finally:
        _stop(process)
        receiver.close()
    row = dict.fromkeys(COLUMNS) | dict(zip(KEY, cell.key, strict=True))
    return row | {"load_average": load_average} | outcome


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
    text = re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\"]+[\\/])+", "", text)
    return text[:200]


def measure(cell):
    """Fit, predict and score, in this process; return the measured columns."""
    split = cell.dataset.split(cell.n_samples, cell.noise, cell.seed)
    model = cell.estimator.make(cell.seed)
    logging.disable(logging.INFO)
    with threadpool_limits(1), warnings.catch_warnings():
        # A warning is not a failure: that a fit has not converged shows in its error.
        warnings.simplefilter("ignore")
        _warm_up(cell.estimator.make(cell.seed), split)
        if cell.measurement == "accuracy":
            figures = _fit_memory(model, split.X_train, split.y_train)
            figures |= _distribution(model, split)
        else:
            figures = _fit_time(model, split.X_train, split.y_train)
        if cell.measurement == "timing":
            figures["predict_time_s"] = _seconds(model.predict, split.X_train)
        elif cell.measurement == "prediction":
            figures |= _predict_times(model, split.X_test)
        figures |= point_scores(split.truth, model.predict(split.X_test))
        if isinstance(members := getattr(model, "estimators_", None), list):
            figures["members"] = len(members)
    return figures


def _warm_up(model, split):
    """Make a fit and a prediction that are not counted."""
    # The members of an ensemble all run the same code.
    if model.get_params(deep=False).get("n_estimators", 1) != 1:
        model.set_params(n_estimators=2)
    # Spread over the table: rows of a measured one may lie sorted.
    step = -(-len(split.y_train) // WARM_UP_ROWS)
    model.fit(split.X_train[::step], split.y_train[::step])
    model.predict(split.X_test[:1])
    del model
    # Give freed memory back, or the fit would use it again and seem to need none.
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, TypeError):  # not the GNU C library
        return


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
    return fit_time_s | {"peak_memory_mib": max(0.0, above.max())}


def _predict_times(model, X):
    """Median of as many calls as fit in 0.1 s, after one that is not counted."""
    figures = {}
    for size in BATCH_SIZES:
        batch, times = np.resize(X, (size, X.shape[1])), []
        end = time.perf_counter() + 0.1
        while not times or time.perf_counter() < end:
            times.append(_seconds(model.predict, batch))
        figures[f"predict_{size}_rows_s"] = statistics.median(times[1:] or times)
    return figures


def _distribution(model, split):
    X, y = split.X_test[:N_DISTRIBUTION], split.y_test[:N_DISTRIBUTION]
    try:
        quantiles, normal = predictive_distribution(model, X)
    except ValueError as error:
        # Rows may be too few for intervals, and the prediction is right.
        return {"message": _describe(error)}
    if quantiles is None:
        return {}
    return distribution_scores(y, quantiles, normal, split.y_train.std())
