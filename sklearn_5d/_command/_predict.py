"""`sklearn-5d predict`: predict the rows of a table, however many, with a model."""

import contextlib
import csv
import gzip
import sys
from io import TextIOWrapper
from pathlib import Path

import numpy as np

from .. import FiveDRegressor
from .._files import is_stream, replacing
from ._learning import check_output, reading_options
from ._optional import import_optional
from ._reading import open_source
from ._table import read_numbers

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def load(path):
    """Load a model.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    FiveDRegressor
        The model.
    """
    import_optional("skops.io")
    return FiveDRegressor.load(path)


def run(args, console):
    """Predict a table, chunk by chunk.

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
    is_file = args.output != "-" and not is_stream(args.output)
    if args.json and not is_file:
        raise ValueError(
            f"Got --json with predictions to {args.output!r}, expected a file by "
            "--output: --json counts the rows in it."
        )
    if args.output != "-":
        check_output(args.output, ENDINGS)
    model = load(args.model).set_params(n_jobs=args.jobs)
    known = getattr(model, "feature_names_in_", ())
    with open_source(args.table, reading_options(args), known) as source:
        inputs = find_inputs(model, source)
        predictor = Predictor(model, args.prefix, args.confidence, args.gradient)
        predictor.check_names(source)
        counts = _predict_chunks(args, console, source, inputs, predictor)
    if counts["n_dropped"]:
        console.note(f"{counts['n_dropped']:,} rows with a missing value left out")
    if counts["n_extrapolation"]:
        console.warn(
            f"{counts['n_extrapolation']:,} of {counts['n_rows']:,} rows lie outside "
            "the training range"
        )
    if is_file:
        text = f"{counts['n_rows']:,} rows predicted: {args.output}"
        console.result(text, {"output": args.output, **counts})
    return 0


def _predict_chunks(args, console, source, inputs, predictor):
    """Read, predict and write until there are no more rows, and count them."""
    counts = {"n_rows": 0, "n_dropped": 0, "n_extrapolation": 0}
    layout, said = choose_layout(args.output, source), []
    with open_output(args.output, source) as file, console.progress(1.0, "rows") as bar:
        for chunk in source.chunks():
            X = read_numbers(source, chunk, inputs, args.na_values, args.drop_missing)
            keep = ~np.isnan(X).any(axis=1)
            chunk, X = chunk[keep], X[keep]
            counts["n_dropped"] += int(np.sum(~keep))
            if len(X):
                columns = predictor.columns(X)
                outside = columns[f"{args.prefix}_extrapolation"]
                counts["n_extrapolation"] += int(outside.sum())
                if counts["n_rows"] == 0:
                    said = _say(console, source, predictor)
                write_rows(file, chunk, columns, layout, header=counts["n_rows"] == 0)
                bar(source.fraction_read())
            counts["n_rows"] += len(X)
        if counts["n_rows"] == 0:
            raise ValueError(f"{source.title} has no rows to predict.")
    if found := [note for note in source.notes if note not in said]:
        console.note(f"{source.title}, further down: {', '.join(found)}")
    return counts


def _say(console, source, predictor):
    """Say what was found, once the first rows are known to be of use."""
    notes = list(source.notes)
    console.note(f"{source.title}: {', '.join(notes)}")
    if not predictor.is_calibrated:
        console.warn("The model has held out no rows, so there are no intervals.")
    return notes


def find_inputs(model, source):
    """Find the columns that the model needs, by name and in any order.

    Parameters
    ----------
    model : FiveDRegressor
        The model.
    source : TextSource or FrameSource
        The table.

    Returns
    -------
    list of str
        The columns in the order of the model.

    Raises
    ------
    ValueError
        If one is missing.
    """
    listed = ", ".join(map(repr, source.names))
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        if len(source.names) != model.n_features_in_:
            raise ValueError(
                f"{source.title}: Got {len(source.names)} columns, expected "
                f"{model.n_features_in_}: the model knows no names."
            )
        return list(source.names)
    missing = [repr(name) for name in names if name not in source.names]
    if missing:
        raise ValueError(
            f"{source.title} has no column {', '.join(missing)}, which the model "
            f"needs; it has {listed}."
        )
    twice = [repr(name) for name in names if source.names.count(name) > 1]
    if twice:
        raise ValueError(f"{source.title}: Got {', '.join(twice)} more than once.")
    return list(names)


class Predictor:
    """Everything that a model says about rows, as named columns.

    Parameters
    ----------
    model : FiveDRegressor
        The model.
    prefix : str
        What the names begin with.
    confidence_level : float
        Of the interval.
    gradient : bool
        Whether the derivatives are wanted.
    """

    def __init__(self, model, prefix, confidence_level, gradient):
        self.model, self.prefix = model, prefix
        self.is_calibrated = not np.isnan(model.residual_scale_)
        self.confidence_level, self.gradient = confidence_level, gradient
        inputs = getattr(model, "feature_names_in_", None)
        if inputs is None:
            inputs = [f"x{i + 1}" for i in range(model.n_features_in_)]
        self.inputs = list(inputs)
        self.names = [prefix, *(f"{prefix}_{name}" for name in self._suffixes())]

    def _suffixes(self):
        if self.is_calibrated:
            yield from ("std", "lower", "upper")
        yield "extrapolation"
        if self.gradient:
            yield from (f"gradient_{name}" for name in self.inputs)

    def check_names(self, source):
        """Raise an error if the table has one of the new names already.

        Parameters
        ----------
        source : TextSource or FrameSource
            The table.
        """
        taken = [name for name in self.names if name in source.names]
        if taken:
            raise ValueError(
                f"{source.title} has a column {taken[0]!r} already: choose another "
                "--prefix."
            )

    def columns(self, X):
        """Predict rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            The rows.

        Returns
        -------
        dict of ndarray
            The new columns.
        """
        if hasattr(self.model, "feature_names_in_"):
            X = import_optional("pandas").DataFrame(X, columns=self.inputs)
        if self.is_calibrated:
            values = list(self.model.predict(X, return_std=True))
            values += list(self.model.predict_interval(X, self.confidence_level).T)
        else:
            values = [self.model.predict(X)]
        values.append(self.model.is_extrapolation(X))
        if self.gradient:
            values += list(self.model.predict_gradient(X).T)
        return dict(zip(self.names, values, strict=True))


@contextlib.contextmanager
def open_output(path, source):
    """Open the file of the predictions, which is complete under its name or not there.

    Parameters
    ----------
    path : str
        The file; "-" is standard output.
    source : TextSource or FrameSource
        The table: what comes out is encoded as it was.

    Yields
    ------
    file object
        A text file.
    """
    if path == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    with replacing(path) as temporary, temporary.open("wb") as file:
        if path.lower().endswith(".gz"):
            # The name of the file stands in it, and the temporary one would.
            file = gzip.GzipFile(Path(path).name, "wb", fileobj=file)
        with TextIOWrapper(file, encoding=source.encoding, newline="") as text:
            yield text


def choose_layout(path, source):
    """Choose how values are written.

    Parameters
    ----------
    path : str
        The file of the predictions.
    source : TextSource or FrameSource
        The table: its delimiter and its decimal sign are kept, but in a .tsv file.

    Returns
    -------
    dict
        ``sep`` and ``decimal``.
    """
    is_tsv = path.lower().endswith((".tsv", ".tsv.gz"))
    sep = "\t" if is_tsv or source.delimiter is None else source.delimiter
    return {"sep": sep, "decimal": source.decimal}


def write_rows(file, chunk, columns, layout, header):
    """Write rows as they came in, with the new columns at the right.

    Parameters
    ----------
    file : file object
        A text file.
    chunk : DataFrame
        What came in.
    columns : dict of ndarray
        The new columns.
    layout : dict
        How values are written; see `choose_layout`.
    header : bool
        Whether the names come first.
    """
    pandas = import_optional("pandas")
    new = pandas.DataFrame(columns, index=chunk.index)
    pandas.concat([chunk, new], axis=1).to_csv(
        file, index=False, header=header, quoting=csv.QUOTE_MINIMAL, **layout
    )
