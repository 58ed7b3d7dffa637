"""Cross-validation of FiveDRegressor and the alternatives, a fold at a time.

A fold is a task of its own, whose result is of use without the others: what is done
when the user interrupts a report is reported.
"""

import time
import tracemalloc
import warnings
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._training.threads import single_threaded
from ._effects import Effects, measure_effects
from ._learning import fit_arguments

OURS = "FiveDRegressor"
CONFIDENCE_LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
# Up to here a Gaussian process takes no longer than the rest.
MAX_PROCESS_ROWS = 300
# Fewer rows take some MiB in any case, and a tracer would double the time of a report.
MIN_TRACED_ROWS = 500


@dataclass(frozen=True)
class Fold:
    """What one fold of the cross-validation says.

    Parameters
    ----------
    test : ndarray of int
        The rows that were held out.
    scores : dict of dict
        By estimator: ``r2``, ``rmse``, ``mae``, and ``fit_time_s`` or
        ``peak_memory_mib``: a tracer of memory slows a fit down.
    y_pred : ndarray of shape (n_test,)
        The predictions of FiveDRegressor.
    intervals : dict of ndarray of shape (n_test, 2)
        Its intervals by level, as far as the rows suffice.
    why_no_intervals : str
        What it says where there are none.
    effects : Effects
        What the inputs do.
    warnings : list of str
        What FiveDRegressor warned of.
    """

    test: np.ndarray
    scores: dict
    y_pred: np.ndarray
    intervals: dict
    why_no_intervals: str
    effects: Effects
    warnings: list


def without_weightless(table):
    """Leave out rows of weight zero, as no fold may consist of them.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    Table
        What is as good, with a note.
    """
    if table.sample_weight is None or np.all(table.sample_weight):
        return table
    keep = table.sample_weight != 0
    return replace(
        table,
        X=table.X[keep],
        y=table.y[keep],
        groups=None if table.groups is None else table.groups[keep],
        sample_weight=table.sample_weight[keep],
        notes=[*table.notes, f"{np.sum(~keep):,} rows of weight zero left out"],
    )


def make_folds(table, cv, seed):
    """Split the rows, and keep groups whole.

    Parameters
    ----------
    table : Table
        The table.
    cv : int
        The number of folds.
    seed : int
        Seed of the order of the rows.

    Returns
    -------
    list of (train, test)
        Indices of the rows.

    Raises
    ------
    ValueError
        If there are too few rows or groups.
    """
    n_samples = len(table.y)
    if n_samples < 2 * cv:  # R2 needs two test rows
        kind = "rows" if table.sample_weight is None else "rows of weight above zero"
        raise ValueError(
            f"Got {n_samples} {kind} for {cv} folds, expected at least {2 * cv}."
        )
    if table.groups is None:
        return list(KFold(cv, shuffle=True, random_state=seed).split(table.X))
    folds = list(GroupKFold(cv).split(table.X, groups=table.groups))
    if any(len(np.unique(table.groups[train])) < 2 for train, _ in folds):
        raise ValueError(
            f"Got {cv} folds, one of which leaves a single group to learn from, "
            "expected two: take three groups or more, and --cv 3 or more."
        )
    return folds


def make_estimators(regressor, table, seed):
    """Make the estimators that are compared.

    Parameters
    ----------
    regressor : FiveDRegressor
        Ours.
    table : Table
        The table: some alternatives are for few rows.
    seed : int
        Their seed.

    Returns
    -------
    dict of estimator
        Ours first, by name.
    """
    estimators = {
        OURS: regressor,
        "HistGradientBoostingRegressor": HistGradientBoostingRegressor(
            random_state=seed
        ),
    }
    if len(table.y) <= MAX_PROCESS_ROWS and table.sample_weight is None:
        kernel = ConstantKernel() * RBF(np.ones(table.X.shape[1])) + WhiteKernel(1e-3)
        estimators["GaussianProcessRegressor"] = make_pipeline(
            StandardScaler(),
            GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed),
        )
    estimators["LinearRegression"] = LinearRegression()
    estimators["DummyRegressor (mean)"] = DummyRegressor()
    return estimators


def evaluate_fold(estimators, table, train, test, *, trace, seed):
    """Fit all the estimators on the training rows, and see what they say of the others.

    Parameters
    ----------
    estimators : dict of estimator
        Ours first, by name.
    table : Table
        The table.
    train, test : ndarray of int
        The rows.
    trace : bool
        Whether to measure memory rather than time.
    seed : int
        Seed of samples and permutations.

    Returns
    -------
    Fold
        The result.
    """
    # Arrays have no names to be checked, which takes half of the time of few rows.
    X = table.X.to_numpy()
    with single_threaded, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ours, score = _fit(estimators[OURS], X, table, train, test, trace)
    scores = {OURS: score}
    with single_threaded, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, estimator in estimators.items():
            if name != OURS:
                scores[name] = _fit(estimator, X, table, train, test, trace)[1]
        intervals, why_no_intervals = _intervals(ours, X[test])
        return Fold(
            test=test,
            scores=scores,
            y_pred=ours.predict(X[test]),
            intervals=intervals,
            why_no_intervals=why_no_intervals,
            effects=measure_effects(ours, X, table.y, test, seed),
            warnings=[str(each.message) for each in caught],
        )


def _fit(estimator, X, table, train, test, trace):
    """Fit a copy, and score it; only the fit itself is timed or traced."""
    model = clone(estimator)
    arguments = fit_arguments(table, train)
    if "groups" in arguments and type(estimator).__name__ != OURS:
        del arguments["groups"]
    known = X[train], table.y[train]
    if trace:
        tracemalloc.start()
    start = time.perf_counter()
    try:
        model.fit(*known, **arguments)
        cost = {"fit_time_s": time.perf_counter() - start}
        if trace:
            cost = {"peak_memory_mib": tracemalloc.get_traced_memory()[1] / 2**20}
    finally:
        if trace:
            tracemalloc.stop()
    truth = table.y[test], model.predict(X[test])
    weight = None if table.sample_weight is None else table.sample_weight[test]
    return model, {
        "r2": r2_score(*truth, sample_weight=weight),
        "rmse": root_mean_squared_error(*truth, sample_weight=weight),
        "mae": mean_absolute_error(*truth, sample_weight=weight),
        **cost,
    }


def _intervals(model, X):
    """Predict intervals of as many levels as there are, or tell why of none."""
    why = ""
    for n_levels in range(len(CONFIDENCE_LEVELS), 0, -1):
        levels = CONFIDENCE_LEVELS[:n_levels]
        try:
            bounds = model.predict_interval(X, list(levels))
        except ValueError as error:  # too few rows were held out for the highest level
            why = str(error)
        else:
            return {level: bounds[..., i] for i, level in enumerate(levels)}, ""
    return {}, why


def evaluate(estimators, table, folds, *, n_jobs, seed, progress):
    """Evaluate the folds, in this process or in others.

    Parameters
    ----------
    estimators : dict of estimator
        By name.
    table : Table
        The table.
    folds : list of (train, test)
        The folds.
    n_jobs : int or None
        The number of processes, as in joblib.
    seed : int
        Seed of samples and permutations.
    progress : callable
        To be called with the number of folds that are done.

    Yields
    ------
    Fold
        The results, as they come.
    """
    # The fold that is traced takes longest, and so it is the first.
    traced = 0 if len(table.y) >= MIN_TRACED_ROWS else None
    tasks = [
        delayed(evaluate_fold)(
            estimators, table, train, test, trace=i == traced, seed=seed
        )
        for i, (train, test) in enumerate(folds)
    ]
    results = Parallel(n_jobs, return_as="generator_unordered")(tasks)
    for n_done, fold in enumerate(results, start=1):
        yield fold
        progress(n_done)
