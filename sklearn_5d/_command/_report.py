"""`sklearn-5d report`: how well is a table learnt, beside the usual alternatives?"""

from pathlib import Path

from .._files import write
from .._training.threads import single_threaded
from ..datasets import load_airfoil_self_noise
from ._evaluation import evaluate, make_estimators, make_folds, without_weightless
from ._learning import check_fit, check_output, make_regressor, read, say
from ._main import INTERRUPTED
from ._optional import import_optional
from ._page import make_page
from ._pictures import picture_endings, plot_predictions, render
from ._summary import Summary
from ._table import Table

DEFAULT_PICTURE = "sklearn_5d_report.png"


def run(args, console):
    """Evaluate a table, and write the report.

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
    picture = _choose_picture(args)
    _check_outputs(args.output, picture, args.table)
    # The thread pools are looked for before the first word: Python loses an interrupt
    # in that search, which is a callback of ctypes.
    with single_threaded:
        return _report(args, picture, console)


def _report(args, picture, console):
    regressor = make_regressor(args)
    table = without_weightless(_read(args))
    folds = make_folds(table, args.cv, args.seed)
    check_fit(regressor, table)
    found = say(table, console)
    estimators = make_estimators(regressor, table, args.seed)

    done, is_interrupted = [], False
    with console.progress(len(folds), "folds") as progress:
        results = evaluate(
            estimators,
            table,
            folds,
            n_jobs=args.jobs,
            seed=args.seed,
            progress=progress,
        )
        try:
            for fold in results:
                done += [fold]  # what came before an interrupt is kept
        except KeyboardInterrupt:
            if not done:
                raise
            is_interrupted = True
    done.sort(key=lambda fold: fold.test[0])  # sums depend on the order, by a digit
    for text in dict.fromkeys(text for fold in done for text in fold.warnings):
        console.warn(text)
        found.append(text)
    _write(Summary(table, found, len(folds), done), args.output, picture, console)
    return INTERRUPTED if is_interrupted else 0


def _choose_picture(args):
    """By default there is one, unless the result goes elsewhere."""
    if args.no_picture:
        return None
    if args.picture is None and (args.output is not None or args.json):
        return None
    return args.picture or DEFAULT_PICTURE


def _check_outputs(output, picture, table):
    if picture is not None:
        check_output(picture, picture_endings(), table)
    if output is not None:
        import_optional("jinja2")
        import_optional("matplotlib.figure")
        check_output(output, (".html", ".htm"), table)


def _read(args):
    if args.table is not None:
        return read(args)
    if args.target is not None:
        raise ValueError(f"Got target={args.target!r} without a table.")
    import_optional("pandas")
    airfoil = load_airfoil_self_noise(as_frame=True)
    return Table(
        title="Airfoil self-noise, measured by NASA (1989)",
        X=airfoil.data,
        y=airfoil.target.to_numpy(),
        target=airfoil.target_names[0],
        notes=[
            "The rows are 106 operating points of some 14 frequencies, and the folds "
            "hold out single rows of them"
        ],
    )


def _write(summary, output, picture, console):
    text = summary.to_text()
    if picture is not None:
        ending = Path(picture).suffix.lower()
        kind = ending[1:] if ending in picture_endings() else "png"  # of a pipe
        write(picture, render(plot_predictions(summary, (5, 5)), kind, dpi=150))
        text += f"\nPredicted against true: {picture}"
    if output is not None:
        write(output, make_page(summary).encode())
        text += f"\nReport: {output}"
    console.result(text, summary.to_dict())
