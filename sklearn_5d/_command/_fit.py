"""`sklearn-5d fit`: fit a model to a table and save it."""

import time
import warnings

from ._learning import (
    check_fit,
    check_output,
    fit_arguments,
    make_regressor,
    read,
    say,
)
from ._optional import import_optional


def run(args, console):
    """Fit a model and save it.

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
    for path, package, ending in (
        (args.model, "skops.io", ".skops"),
        (args.onnx, "onnx", ".onnx"),
    ):
        if path is not None:
            check_output(path, (ending,), args.table)
            import_optional(package, extra="export")
    regressor = make_regressor(args)
    if args.jobs is not None:
        regressor.set_params(n_jobs=args.jobs)
    table = read(args)
    check_fit(regressor, table)
    found = say(table, console)
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        regressor.fit(table.X, table.y, **fit_arguments(table))
    fit_time_s = time.perf_counter() - start
    for text in dict.fromkeys(str(each.message) for each in caught):
        console.warn(text)
        found.append(text)
    regressor.save(args.model)
    if args.onnx is not None:
        regressor.to_onnx(args.onnx)

    written = [path for path in (args.model, args.onnx) if path is not None]
    values = {
        "model": args.model,
        "onnx": args.onnx,
        "table": table.title,
        "n_rows": len(table.y),
        "inputs": list(table.X),
        "target": table.target,
        "fit_time_s": fit_time_s,
        "residual_scale": regressor.residual_scale_,
        "notes": table.notes,
        "warnings": found,
    }
    text = (
        f"{len(table.y):,} rows of {table.target} in {fit_time_s:.3g} s; rms of the "
        f"residuals of held-out rows {regressor.residual_scale_:.4g}\n"
        f"Written: {', '.join(written)}"
    )
    console.result(text, values)
    return 0
