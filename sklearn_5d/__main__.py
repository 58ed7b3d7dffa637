"""How well does FiveDRegressor learn a table, beside the usual alternatives?

``python -m sklearn_5d`` answers for a function of five inputs, ``python -m sklearn_5d
TABLE.csv --target NAME`` for a table of your own.
"""

import argparse
import csv
import math
import sys
import tracemalloc
import warnings
from array import array
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_validate
from threadpoolctl import threadpool_limits

from . import FiveDRegressor, __version__
from .datasets import FUNCTIONS, make_function

CONFIDENCE_LEVEL = 0.9
SCORING = {
    "r2": "r2",
    "rmse": "neg_root_mean_squared_error",
    "mae": "neg_mean_absolute_error",
}


class Table(NamedTuple):
    """Inputs and target, with their names.

    Parameters
    ----------
    title : str
        What the table is.
    X : ndarray of shape (n_samples, n_features)
        The inputs.
    y : ndarray of shape (n_samples,)
        The target.
    feature_names : list of str
        The names of the inputs.
    target_name : str
        The name of the target.
    """

    title: str
    X: np.ndarray
    y: np.ndarray
    feature_names: list
    target_name: str


# --------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------


def make_table(random_state=0):
    """Sample the table that is used when the user gives none.

    Parameters
    ----------
    random_state : int, default=0
        Seed of inputs and noise.

    Returns
    -------
    table : Table
        1,000 rows of Friedman's first function.
    """
    function = FUNCTIONS["friedman1"]
    X, y = make_function(
        function.name, n_samples=1000, noise=0.1, random_state=random_state
    )
    title = f"Friedman #1: {function.target} = {function.formula}, noise of sd 0.1"
    return Table(title, X, y, function.feature_names, function.target)


def read_table(path, target):
    """Read a CSV file that has a header and nothing but finite numbers.

    Parameters
    ----------
    path : str or PathLike
        The file: UTF-8, values separated by commas, semicolons or tabs.
    target : str or None
        The name of the target column; all other columns are inputs.

    Returns
    -------
    table : Table
        Inputs and target.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If the file is not such a table; the message says where.
    """
    # utf-8-sig drops the mark that spreadsheets put in front.
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            names, values = _read_values(file, path, target)
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"{path} is not a CSV file in UTF-8: {error}.") from error
    values = np.frombuffer(values).reshape(-1, len(names))
    if len(values) == 0:
        raise ValueError(f"{path} has a header but no rows.")
    i = names.index(target)
    return Table(
        title=str(path),
        X=np.delete(values, i, axis=1),
        y=values[:, i].copy(),
        feature_names=names[:i] + names[i + 1 :],
        target_name=target,
    )


def _read_values(file, path, target):
    """Names of the columns, and the values row by row."""
    first_line = file.readline()
    delimiter = max(",;\t", key=first_line.count)
    rows = csv.reader(chain([first_line], file), delimiter=delimiter)
    names = [name.strip() for name in next(rows)]
    _check_names(names, path, target)

    # Doubles without a Python object each: a few million rows fit.
    values = array("d")
    for row in rows:
        if not row:
            continue
        where = f"{path}, line {rows.line_num}"
        if len(row) != len(names):
            raise ValueError(
                f"{where}: Got {len(row)} values, expected {len(names)} as in the "
                "header."
            )
        numbers = [_to_float(text) for text in row]
        if not all(map(math.isfinite, numbers)):
            i = [*map(math.isfinite, numbers)].index(False)
            got = repr(row[i]) if row[i].strip() else "a missing value"
            raise ValueError(
                f"{where}, column {names[i]!r}: Got {got}, expected a finite number."
            )
        values.extend(numbers)
    return names, values


def _check_names(names, path, target):
    if names == []:
        raise ValueError(f"{path} is empty, or its first line is.")
    listed = ", ".join(map(repr, names))
    if "" in names:
        raise ValueError(
            f"{path}, line 1: column {names.index('') + 1} has no name; Got {listed}."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{path}, line 1: Got {', '.join(map(repr, twice))} more than once, "
            "expected a name of its own for each column."
        )
    if target not in names:
        got = "no target" if target is None else f"target={target!r}"
        raise ValueError(f"Got {got}, expected one of the columns of {path}: {listed}.")
    if len(names) == 1:
        raise ValueError(f"{path} has no column beside the target.")


def _to_float(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


# --------------------------------------------------------------------------------------
# Evaluation
# --------------------------------------------------------------------------------------


def evaluate(X, y, folds, *, random_state=0, n_jobs=None):
    """Cross-validate FiveDRegressor and the alternatives on the same folds.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The inputs.
    y : ndarray of shape (n_samples,)
        The target.
    folds : list of (train, test)
        Indices of the rows; each row is in one test set.
    random_state : int, default=0
        Seed of the estimators.
    n_jobs : int or None, default=None
        Processes of the committee, and threads of gradient boosting.

    Returns
    -------
    scores : dict of dict
        By estimator: ``r2``, ``rmse`` and ``mae`` (mean of the folds), ``rmse_sd`` (sd
        over the folds), ``fit_time_s`` (median of the folds) and ``peak_memory_mib``
        (of one more fit, on all rows).
    y_pred : ndarray of shape (n_samples,)
        Out-of-fold predictions of FiveDRegressor.
    y_interval : ndarray of shape (n_samples, 2)
        Bounds of its out-of-fold prediction intervals.
    """
    estimators = {
        "FiveDRegressor": FiveDRegressor(random_state=random_state, n_jobs=n_jobs),
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(
            random_state=random_state
        ),
        "LinearRegression": LinearRegression(),
        "DummyRegressor (mean)": DummyRegressor(),
    }
    scores, fitted = {}, {}
    with threadpool_limits({"blas": 1, "openmp": effective_n_jobs(n_jobs)}):
        for name, estimator in estimators.items():
            result = cross_validate(
                estimator,
                X,
                y,
                cv=folds,
                scoring=SCORING,
                return_estimator=True,
                error_score="raise",
            )
            fitted[name] = result["estimator"]
            scores[name] = {
                "r2": result["test_r2"].mean(),
                "rmse": -result["test_rmse"].mean(),
                "rmse_sd": result["test_rmse"].std(),
                "mae": -result["test_mae"].mean(),
                "fit_time_s": np.median(result["fit_time"]),
                # After the timed fits: a tracer slows a fit down.
                "peak_memory_mib": _peak_memory_mib(estimator, X, y),
            }

    y_pred, y_interval = np.empty(len(y)), np.empty((len(y), 2))
    for model, (_, test) in zip(fitted["FiveDRegressor"], folds, strict=True):
        y_pred[test] = model.predict(X[test])
        y_interval[test] = model.predict_interval(X[test], CONFIDENCE_LEVEL)
    return scores, y_pred, y_interval


def _peak_memory_mib(estimator, X, y):
    """Peak of what Python and NumPy allocate during one fit."""
    model = clone(estimator)
    if "n_jobs" in model.get_params():
        model.set_params(n_jobs=None)  # only this process is traced
    tracemalloc.start()
    try:
        model.fit(X, y)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


# --------------------------------------------------------------------------------------
# Report
# --------------------------------------------------------------------------------------


def format_report(table, scores, y_interval, n_folds, notes=()):
    """Write down what was measured.

    Parameters
    ----------
    table : Table
        Inputs and target.
    scores : dict of dict
        As returned by `evaluate`.
    y_interval : ndarray of shape (n_samples, 2)
        As returned by `evaluate`.
    n_folds : int
        Number of folds.
    notes : iterable of str, default=()
        What else the reader should know, a line each.

    Returns
    -------
    report : str
        Plain text.
    """
    n_samples, n_features = table.X.shape
    target = table.target_name
    lower, upper = y_interval.T
    coverage = np.mean((lower <= table.y) & (table.y <= upper))

    columns = [*zip(table.feature_names, table.X.T, strict=True)]
    columns += [(f"{target} (target)", table.y)]
    ranges = [
        [name, *(f"{f(values):.6g}" for f in (np.min, np.max, np.mean, np.std))]
        for name, values in columns
    ]
    figures = [
        [
            name,
            f"{score['r2']:.5f}",
            f"{score['rmse']:.4g}",
            f"{score['rmse_sd']:.2g}",
            f"{score['mae']:.4g}",
            f"{score['fit_time_s']:.3g}",
            f"{score['peak_memory_mib']:.1f}",
        ]
        for name, score in scores.items()
    ]
    lines = [
        f"sklearn_5d {__version__}",
        "",
        table.title,
        f"{n_samples:,} rows, {n_features} inputs",
        *(f"Note: {note}" for note in notes),
        "",
        *_align([["column", "minimum", "maximum", "mean", "sd"], *ranges]),
        "",
        f"{n_folds}-fold cross-validation; RMSE and MAE in the units of {target}",
        "",
        *_align([["estimator", "R2", "RMSE", "sd", "MAE", "fit (s)", "MiB"], *figures]),
        "",
        "R2, RMSE and MAE: means of the folds; sd: of the RMSE over the folds.",
        "fit (s): median of the folds, one BLAS thread.",
        "MiB: peak of what Python and NumPy allocate in one more fit, on all rows.",
        "",
        f"{CONFIDENCE_LEVEL:.0%} intervals of FiveDRegressor: {coverage:.1%} of the "
        f"out-of-fold rows inside, median width {np.median(upper - lower):.4g}",
    ]
    return "\n".join(lines)


def _align(rows):
    """Lines of a table: the first column flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += map(str.rjust, others, widths[1:])
        yield "  ".join(cells)


def check_picture(path):
    """Check that a picture can be drawn and saved, before any work.

    Parameters
    ----------
    path : str or PathLike
        Where the picture will be saved.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    OSError
        If the file cannot be written.
    ValueError
        If matplotlib does not write this kind of file.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "The picture needs matplotlib: pip install 'sklearn_5d[report]', or leave "
            "it out with --no-picture."
        ) from error
    kinds = [f".{kind}" for kind in sorted(Figure().canvas.get_supported_filetypes())]
    if Path(path).suffix not in kinds:
        raise ValueError(
            f"Got {path} for the picture, expected a name that ends with one of "
            f"{', '.join(kinds)}."
        )
    with open(path, "ab"):  # fails now rather than after the work
        pass


def plot_predictions(table, y_pred, rmse, path):
    """Draw the out-of-fold predictions against the true values.

    Parameters
    ----------
    table : Table
        Inputs and target.
    y_pred : ndarray of shape (n_samples,)
        Out-of-fold predictions.
    rmse : float
        Cross-validated RMSE, for the title.
    path : str or PathLike
        Where the picture is saved; the ending says what kind of file.
    """
    # A figure of its own, without pyplot: no display and no global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    ax = figure.add_subplot()
    ax.axline((table.y[0], table.y[0]), slope=1, color="0.6", linewidth=1, zorder=0)
    ax.scatter(table.y, y_pred, s=10, alpha=0.5, linewidths=0, rasterized=True)
    low, high = np.quantile([table.y, y_pred], [0, 1])
    margin = 0.03 * (high - low) or 1.0  # both are constant
    limits = (low - margin, high + margin)
    ax.set(
        xlim=limits,
        ylim=limits,
        aspect="equal",
        title=f"FiveDRegressor, cross-validated RMSE {rmse:.4g}",
    )
    # The name is the user's: a dollar in it is no mathematics.
    ax.set_xlabel(f"{table.target_name}, true", parse_math=False)
    ax.set_ylabel(f"{table.target_name}, predicted out of fold", parse_math=False)
    figure.savefig(path, dpi=150)


# --------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------


def _make_parser():
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_5d",
        description="Cross-validate FiveDRegressor on a table, beside gradient "
        "boosting, a linear model and the plain mean.",
    )
    parser.add_argument(
        "table",
        nargs="?",
        help="CSV file with a header, inputs and a target "
        "(default: 1,000 rows of a function of five inputs)",
    )
    parser.add_argument("--target", help="name of the target column")
    parser.add_argument(
        "--picture",
        metavar="PATH",
        default="sklearn_5d_report.png",
        help="where predicted against true is drawn (default: %(default)s)",
    )
    parser.add_argument(
        "--no-picture",
        dest="picture",
        action="store_const",
        const=None,
        help="draw nothing",
    )
    parser.add_argument(
        "--cv", metavar="FOLDS", type=int, default=5, help="default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--n-jobs",
        metavar="N",
        type=int,
        help="processes of the committee and threads of gradient boosting, -1 for all "
        "cores (default: 1)",
    )
    return parser


def _make_folds(n_samples, cv, seed):
    if n_samples < 2 * cv:  # R2 needs two test rows
        raise ValueError(
            f"Got {n_samples} rows for {cv} folds, expected at least {2 * cv}."
        )
    return list(KFold(cv, shuffle=True, random_state=seed).split(np.empty(n_samples)))


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str or None, default=None
        The arguments; None stands for those of this process.

    Returns
    -------
    status : int
        0, or 2 if the arguments or the table are not usable.
    """
    parser = _make_parser()
    args = parser.parse_args(argv)
    try:
        if args.table is not None:
            table = read_table(args.table, args.target)
        elif args.target is not None:
            raise ValueError(f"Got target={args.target!r} without a table.")
        else:
            table = make_table(args.seed)
        folds = _make_folds(len(table.y), args.cv, args.seed)
        effective_n_jobs(args.n_jobs)  # raises for 0
        if args.picture is not None:
            check_picture(args.picture)
    except (ImportError, OSError, ValueError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        scores, y_pred, y_interval = evaluate(
            table.X, table.y, folds, random_state=args.seed, n_jobs=args.n_jobs
        )
    # The same warning comes from every fold.
    notes = dict.fromkeys(" ".join(str(each.message).split()) for each in caught)
    print(format_report(table, scores, y_interval, len(folds), notes))
    if args.picture is not None:
        plot_predictions(table, y_pred, scores["FiveDRegressor"]["rmse"], args.picture)
        print(f"Predicted against true: {args.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
