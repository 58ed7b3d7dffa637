"""Tables from files of several kinds."""

import gzip
import shutil
import sys
import tempfile
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ._layout import NO_NAME, find_heading
from ._optional import import_optional
from ._text import CHUNK_ROWS, SAMPLE_LINES, TextSource, readable

NO_TABLES = {
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls)",
    b"%PDF": "a PDF file",
    b"\x89PNG": "a picture",
    b"\x93NUMPY": "a NumPy file",
    b"\x89HDF": "an HDF5 file",
}


# For pandas: no index, and whole numbers as such beside missing ones.
AS_IT_IS = {"ignore_metadata": True, "integer_object_nulls": True}


@dataclass(frozen=True)
class ReadingOptions:
    """What the user knows about a file; None where it is to be found.

    Parameters
    ----------
    sep : str or None, default=None
        The delimiter; a space stands for any number of them.
    decimal : str or None, default=None
        The decimal sign.
    encoding : str or None, default=None
        The encoding of a text.
    header : int or None, default=None
        The line of the names, counted from 1.
    sheet : str or None, default=None
        Name or number of a sheet of a workbook.
    na_values : list of str, default=[]
        Texts and numbers that stand for a missing value.
    """

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: int | None = None
    sheet: str | None = None
    na_values: list = field(default_factory=list)


class FrameSource:
    """A table that has been read as a whole, from a sheet, or comes in batches.

    Parameters
    ----------
    title : str
        What messages call it.
    names : list of str
        The columns.
    notes : list of str
        What was found.
    batches : callable
        Takes a number of rows and yields frames.
    row_numbers : sequence of int
        The numbers of the rows, as the user counts.
    """

    delimiter, decimal, encoding = ",", ".", "utf-8"

    def __init__(self, title, names, notes, batches, row_numbers):
        self.title, self.names, self.notes = title, names, notes
        self.batches, self.row_numbers = batches, row_numbers
        self.n_read = 0

    def chunks(self, n_rows=CHUNK_ROWS):
        """Read the table; see `TextSource.chunks`."""
        self.n_read = 0
        for frame in self.batches(n_rows):
            frame.index = range(self.n_read, self.n_read + len(frame))
            self.n_read += len(frame)
            yield frame.set_axis(self.names, axis=1)

    def fraction_read(self):
        """Tell how far the reading has come; see `TextSource.fraction_read`."""
        return self.n_read / max(len(self.row_numbers), 1)

    def describe(self, row, name):
        """Say where a value stands; see `TextSource.describe`."""
        return f"{self.title}, row {self.row_numbers[row]}, column {name!r}"


@contextmanager
def open_source(path, options=None, known=()):
    """Open a table of any kind.

    Parameters
    ----------
    path : str
        The file; "-" is standard input.
    options : ReadingOptions or None, default=None
        What is known.
    known : collection of str, default=()
        Names that the heading has.

    Yields
    ------
    TextSource or FrameSource
        The table.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no table.
    """
    import_optional("pandas")
    title = "standard input" if path == "-" else str(path)
    with ExitStack() as files:
        if path != "-":
            file = files.enter_context(Path(path).open("rb"))
        elif sys.stdin is None:
            raise ValueError("Got no standard input, expected a table there.")
        else:
            file = sys.stdin.buffer
        if path == "-" or not file.seekable():
            # What cannot be rewound goes to the disk first.
            stream, file = file, files.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, file)
            file.seek(0)
        head = file.read(8)
        file.seek(0)
        if head.startswith(b"\x1f\x8b"):
            file = files.enter_context(gzip.GzipFile(fileobj=file))
            with readable(title):
                head = file.read(8)
        file.seek(0)
        yield _recognise(head)(file, title, options or ReadingOptions(), known)


def _recognise(head):
    """Choose a reader by the first bytes, as names of files may be wrong."""
    kinds = {
        b"PK": _open_workbook,
        b"PAR1": _open_parquet,
        b"ARROW1": _open_feather,
        b"FEA1": _open_feather,
        **{mark: partial(_refuse, kind) for mark, kind in NO_TABLES.items()},
    }
    return next((kinds[mark] for mark in kinds if head.startswith(mark)), TextSource)


def _refuse(kind, file, title, options, known):
    raise ValueError(f"{title} is {kind}: save the table as .csv or .xlsx.")


@contextmanager
def _readable(title, otherwise):
    """Say what a file is if its package raises any error of its own."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{title} is {otherwise}: {error}") from error


def _open_workbook(file, title, options, known):
    frame, sheet, others = _read_sheet(file, title, options.sheet)
    rows = [
        ["" if cell is None or cell != cell else str(cell).strip() for cell in row]
        for row in frame.head(SAMPLE_LINES).to_numpy()
    ]
    header = None
    if options.header is not None:
        header = int((frame.index < options.header - 1).sum())
        if header >= len(rows):
            raise ValueError(f"Got header={options.header}, expected a row of {title}.")
    decimal = options.decimal or "."
    heading = find_heading(rows, decimal, known=known, header=header)
    keep = [k for k, name in enumerate(heading.names) if name is not None]
    names = [heading.names[k] for k in keep]
    frame = frame.iloc[heading.first_row :, keep]
    notes = [f"sheet {sheet!r}"]
    if others and options.sheet is None:
        notes.append(f"not the sheets {', '.join(map(repr, others))}")
    notes += heading.notes

    def batches(n_rows):
        for start in range(0, len(frame), n_rows):
            yield frame.iloc[start : start + n_rows].copy()

    source = FrameSource(title, names, notes, batches, frame.index + 1)
    source.decimal = decimal
    return source


def _read_sheet(file, title, sheet):
    """Read the cells of a sheet; return its name and those of the others as well."""
    pandas = import_optional("pandas")
    import_optional("openpyxl")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and the like that openpyxl skips
        with _readable(title, "no workbook (.xlsx)"):
            book = pandas.ExcelFile(file, engine="openpyxl")
        with book:
            sheet = _choose_sheet(book.sheet_names, sheet, title)
            with _readable(title, "a damaged workbook"):
                frame = book.parse(sheet, header=None, dtype=object).dropna(how="all")
            others = [name for name in book.sheet_names if name != sheet]
    if frame.empty:
        raise ValueError(f"{title}, sheet {sheet!r}, is empty.")
    return frame, sheet, others


def _choose_sheet(names, sheet, title):
    if sheet is None:
        return names[0]
    if sheet in names:
        return sheet
    if sheet.isdecimal() and 1 <= int(sheet) <= len(names):
        return names[int(sheet) - 1]
    listed = ", ".join(map(repr, names))
    raise ValueError(f"Got sheet={sheet!r}, expected one of those of {title}: {listed}")


def _open_parquet(file, title, options, known):
    parquet = import_optional("pyarrow.parquet")
    with _readable(title, "a damaged Parquet file"):
        table = parquet.ParquetFile(file)

    def batches(n_rows):
        for batch in table.iter_batches(n_rows, columns=keep):
            yield batch.to_pandas(**AS_IT_IS)

    keep, names, notes = _without_index(table.schema_arrow.names)
    rows = range(1, table.metadata.num_rows + 1)
    return FrameSource(title, names, ["Parquet", *notes], batches, rows)


def _open_feather(file, title, options, known):
    ipc = import_optional("pyarrow.ipc")
    with _readable(title, "no Feather file (version 2)"):
        table = ipc.open_file(file)

    def batches(n_rows):
        for i in range(table.num_record_batches):
            batch = table.get_batch(i).select(keep)
            for start in range(0, batch.num_rows, n_rows):
                part = batch.slice(start, n_rows)
                yield part.to_pandas(**AS_IT_IS)

    keep, names, notes = _without_index(table.schema.names)
    n_rows = sum(table.get_batch(i).num_rows for i in range(table.num_record_batches))
    rows = range(1, n_rows + 1)
    return FrameSource(title, names, ["Feather", *notes], batches, rows)


def _without_index(columns):
    """Choose the columns with a name; return what the file and we call them."""
    keep = [column for column in columns if not NO_NAME.fullmatch(column.strip())]
    notes = ["an index without a name left out"] if len(keep) < len(columns) else []
    return keep, [column.strip() for column in keep], notes
