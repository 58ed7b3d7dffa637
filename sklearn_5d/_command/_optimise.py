"""`sklearn-5d optimise`: the settings at which a model is least or greatest."""

import numpy as np
from scipy.optimize import minimize

from ._console import align, exact
from ._optional import import_optional
from ._predict import load

# Where the search begins: the best of many points, from which it goes downhill.
N_POINTS, N_STARTS = 4_096, 10
# In ranges of an input: so close it is at the edge.
EDGE = 1e-6


def run(args, console):
    """Find the best settings.

    Parameters
    ----------
    args : Namespace
        The arguments.
    console : Console
        What is said.

    Returns
    -------
    int
        The exit status.
    """
    model = load(args.model)
    names = input_names(model)
    low, high = find_bounds(model, names, args.bounds, args.fixed)
    x = find_best(model, names, low, high, args.sign, args.seed)
    X = _frame(model, names, x[None])
    prediction = model.predict(X)[0]
    try:
        interval = model.predict_interval(X, args.confidence)[0]
    except ValueError as error:
        console.warn(str(error))
        interval = (np.nan, np.nan)
    edges = [
        _edge(*each)
        for each in zip(x, low, high, model.data_min_, model.data_max_, strict=True)
    ]
    for name, edge in zip(names, edges, strict=True):
        if edge.endswith("training range"):
            console.warn(
                f"{name!r} is at the {edge}: what lies beyond is unknown, and may be "
                "better."
            )
    _show(args, console, names, x, edges, model, prediction, interval)
    return 0


def _show(args, console, names, x, edges, model, prediction, interval):
    kind = "minimum" if args.sign > 0 else "maximum"
    ranges = np.column_stack([model.data_min_, model.data_max_])
    cells = [["input", "value", "training range", ""]]
    cells += [
        [name, exact(value), f"{exact(lower)} to {exact(upper)}", edge]
        for name, value, (lower, upper), edge in zip(
            names, x, ranges, edges, strict=True
        )
    ]
    lines = [line.rstrip() for line in align(cells)]
    lines += [
        "",
        f"{kind}: {prediction:.6g}, {100 * args.confidence:.10g}% interval "
        f"{interval[0]:.6g} to {interval[1]:.6g}",
    ]
    values = {
        "kind": kind,
        "settings": dict(zip(names, x, strict=True)),
        "prediction": prediction,
        "interval": interval,
        "confidence_level": args.confidence,
        "edges": {
            name: edge for name, edge in zip(names, edges, strict=True) if edge != ""
        },
        "training_range": dict(zip(names, ranges, strict=True)),
    }
    console.result("\n".join(lines), values)


def input_names(model):
    """List the inputs of a model.

    Parameters
    ----------
    model : FiveDRegressor
        The model.

    Returns
    -------
    list of str
        Their names; x1, x2 and so on where it knows none.
    """
    unnamed = [f"x{i + 1}" for i in range(model.n_features_in_)]
    return list(getattr(model, "feature_names_in_", unnamed))


def _frame(model, names, x):
    if not hasattr(model, "feature_names_in_"):
        return x
    return import_optional("pandas").DataFrame(x, columns=names)


def find_bounds(model, names, bounds, fixed):
    """Find the range of each input.

    Parameters
    ----------
    model : FiveDRegressor
        The model.
    names : list of str
        Its inputs.
    bounds : list of (name, (low, high))
        Ranges that the user gave; None for an open side.
    fixed : list of (name, value)
        Values that the user gave.

    Returns
    -------
    low, high : ndarray of shape (n_features,)
        The bounds: equal where an input is fixed.

    Raises
    ------
    ValueError
        If they are not inside the training range.
    """
    low, high = model.data_min_.copy(), model.data_max_.copy()
    given = [*bounds, *((name, (value, value)) for name, value in fixed)]
    twice = {name for name, _ in given if [n for n, _ in given].count(name) > 1}
    if twice:
        raise ValueError(f"Got {min(twice)!r} twice in the bounds and fixed values.")
    for name, (lower, upper) in given:
        if name not in names:
            listed = ", ".join(map(repr, names))
            raise ValueError(f"Got {name!r}, expected one of the inputs: {listed}.")
        i = names.index(name)
        lower = low[i] if lower is None else lower
        upper = high[i] if upper is None else upper
        if not low[i] <= lower <= upper <= high[i]:
            raise ValueError(
                f"Got {exact(lower)} to {exact(upper)} for {name!r}, expected a range "
                f"inside the training range, {exact(low[i])} to {exact(high[i])}."
            )
        low[i], high[i] = lower, upper
    return low, high


def find_best(model, names, low, high, sign, seed):
    """Find the least value of a model, or the greatest.

    Parameters
    ----------
    model : FiveDRegressor
        The model.
    names : list of str
        Its inputs.
    low, high : ndarray of shape (n_features,)
        The bounds.
    sign : {1, -1}
        1 for the minimum, -1 for the maximum.
    seed : int
        Seed of the points from which the search begins.

    Returns
    -------
    ndarray of shape (n_features,)
        The settings.
    """
    width = high - low
    free = width > 0
    scale = width[free]

    def settings(u):
        x = np.tile(low, (len(u), 1))
        x[:, free] += u * scale
        return _frame(model, names, np.clip(x, low, high))

    def objective(u):
        X = settings(u[None])
        slope = model.predict_gradient(X)[0, free] * scale
        return sign * model.predict(X)[0] / unit, sign * slope / unit

    starts = np.random.default_rng(seed).random((N_POINTS, free.sum()))
    values = sign * model.predict(settings(starts))
    # In a unit of its own a value is as steep as the tolerances of the search expect.
    unit = np.ptp(values) or 1.0
    best = starts[values.argmin()]
    if free.any():
        found = [
            minimize(
                objective, u, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(u)
            )
            for u in starts[np.argsort(values)[:N_STARTS]]
        ]
        best = min(found, key=lambda each: each.fun).x
    return np.asarray(settings(best[None]))[0]


def _edge(value, low, high, data_min, data_max):
    """Say whether a value was stopped by a bound, and by which."""
    if low == high:
        return "fixed"
    tolerance = EDGE * (high - low)
    for at, end, bound in (
        (value <= low + tolerance, data_min, low),
        (value >= high - tolerance, data_max, high),
    ):
        if at:
            side = "lower" if bound == low else "upper"
            of = "training range" if bound == end else "bounds"
            return f"{side} end of the {of}"
    return ""
