"""Tables in texts: encoding, comments and lines; in chunks of rows."""

import codecs
import gzip
import zlib
from contextlib import contextmanager, suppress
from io import SEEK_END, TextIOWrapper
from itertools import islice

from ._layout import DELIMITERS, Records, find_text_layout, width_message
from ._optional import import_optional

# A multiple of what the estimator takes at a time: a row then has the same result,
# to the last bit, as in a prediction of all rows at once.
CHUNK_ROWS = 32_768
# What is looked at to find the layout.
SAMPLE_LINES, SAMPLE_CHARACTERS = 2_000, 2**20
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the mark of UTF-16
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class TextSource:
    """A table in a text.

    Parameters
    ----------
    file : file object
        The bytes; it can be rewound.
    title : str
        What messages call it.
    options : ReadingOptions
        What is known.
    known : collection of str
        Names that the heading has.

    Attributes
    ----------
    names : list of str
        The columns.
    notes : list of str
        What was found.
    """

    def __init__(self, file, title, options, known):
        self.file, self.title = file, title
        self.size = max(self._raw().seek(0, SEEK_END), 1)
        self.encoding = options.encoding or find_encoding(file, title)
        self.layout = find_text_layout(
            self._sample(),
            title,
            delimiter=_delimiter(options.sep),
            decimal=options.decimal,
            known=known,
            header=options.header,
        )
        self.delimiter, self.decimal = self.layout.delimiter, self.layout.decimal
        heading = self.layout.heading
        self.names = [name for name in heading.names if name is not None]
        sign = ", decimal commas" if self.decimal == "," else ""
        between = DELIMITERS.get(self.delimiter, repr(self.delimiter))
        self._notes = [f"text in {self.encoding}, {between} between values{sign}"]
        self._notes += heading.notes
        self._reading, self._n_short = self._records(), 0

    @property
    def notes(self):
        """What was found, in front and among the values that have been read."""
        notes = [*self._notes]
        if n := self._reading.n_comments:
            notes.append(f"{n:,} comment line{'s' * (n > 1)} skipped")
        if n := self._n_short:
            notes.append(f"{n:,} row{'s' * (n > 1)} with no values at the end")
        return notes

    def _sample(self):
        lines, n_characters = [], 0
        for line in islice(self._text(), SAMPLE_LINES):
            lines.append(line)
            n_characters += len(line)
            if n_characters > SAMPLE_CHARACTERS:
                break
        return lines

    def _text(self):
        self.file.seek(0)
        with readable(self.title, self.encoding):
            # A new decoder each time, and the file stays open.
            text = TextIOWrapper(self.file, self.encoding)
            try:
                # Not `yield from`, which would hand an early end on to the file.
                for line in text:  # noqa: UP028
                    yield line
            finally:
                with suppress(ValueError):  # whoever has not read on closed the file
                    text.detach()

    def chunks(self, n_rows=CHUNK_ROWS):
        """Read the table.

        Parameters
        ----------
        n_rows : int, default=32768
            Rows of a chunk.

        Yields
        ------
        DataFrame
            The values as texts; the index counts the rows from 0.
        """
        pandas = import_optional("pandas")
        names = self.layout.heading.names
        keep = [k for k, name in enumerate(names) if name is not None]
        self._reading, self._n_short = self._records(), 0
        rows, n_read = self._rows(self._reading), 0
        while chunk := list(islice(rows, n_rows)):
            index = range(n_read, n_read + len(chunk))
            n_read += len(chunk)
            frame = pandas.DataFrame(chunk, index, dtype=object)[keep]
            yield frame.set_axis(self.names, axis=1)

    def _records(self):
        n_skipped = self.layout.n_skipped
        lines = islice(self._text(), n_skipped, None)
        return Records(lines, self.delimiter, self.title, n_skipped)

    def _rows(self, records):
        """Check the number of values; those that are missing at the end are empty.

        Between spaces, any of them may be missing.
        """
        names = self.layout.heading.names
        for row in records:
            n_missing = len(names) - len(row)
            if n_missing < 0 or (n_missing and self.delimiter is None):
                raise ValueError(self._width_message(row, records))
            if n_missing:
                self._n_short += any(names[len(row) :])
                row += [""] * n_missing
            yield row

    def _width_message(self, row, records):
        expected = len(self.layout.heading.names)
        return width_message(self.title, records.n_lines, len(row), expected)

    def describe(self, row, name):
        """Say where a value stands, and what is wrong with its row.

        Parameters
        ----------
        row : int
            The row, counted from 0.
        name : str
            The column.

        Returns
        -------
        str
            Line and column.

        Raises
        ------
        ValueError
            If the row is too short: then this is the error.
        """
        records = self._records()
        record = next(islice(records, row, None))
        if len(record) <= self.layout.heading.names.index(name):
            raise ValueError(self._width_message(record, records))
        return f"{self.title}, line {records.n_lines}, column {name!r}"

    def fraction_read(self):
        """Tell how far the reading has come.

        Returns
        -------
        float
            The share of the file.
        """
        return self._raw().tell() / self.size

    def _raw(self):
        return self.file.fileobj if isinstance(self.file, gzip.GzipFile) else self.file


@contextmanager
def readable(title, encoding=None):
    """Say in a word of ours what goes wrong while a file is decoded.

    Parameters
    ----------
    title : str
        What messages call the file.
    encoding : str or None, default=None
        How it is decoded.
    """
    try:
        yield
    except UnicodeError as error:
        raise ValueError(f"{title} is not a text in {encoding}: {error}.") from error
    except LookupError as error:
        raise ValueError(f"Got encoding={encoding!r}, which is unknown.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{title} is a damaged gzip file: {error}.") from error


def _delimiter(sep):
    """Read the option: a name, an escape or the sign itself."""
    if sep is None:
        return "auto"
    sep = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(sep, sep)
    if sep in (" ", "space", "\\s+"):
        return None
    if len(sep) != 1:
        raise ValueError(f"Got sep={sep!r}, expected one sign, 'tab' or 'space'.")
    return sep


def find_encoding(file, title):
    """Find the encoding of a text.

    Parameters
    ----------
    file : file object
        The bytes; it can be rewound.
    title : str
        What messages call it.

    Returns
    -------
    str
        The encoding: by the mark in front, by the zeros of plain letters in UTF-16, or
        UTF-8 if all of the file is that, or else that of Western Europe.

    Raises
    ------
    ValueError
        If it is no text.
    """
    file.seek(0)
    with readable(title):
        head = file.read(2**16)
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        zeros = head[0::2].count(0), head[1::2].count(0)
        if min(zeros) == 0 and max(zeros) > len(head) / 8:
            return "utf-16-be" if zeros[0] else "utf-16-le"
        raise ValueError(f"{title} is neither a text nor a table of a known kind.")
    with readable(title):
        if _is_utf8(file):
            return "utf-8"
    # Where Latin-1 has control characters, Windows has quotes and a euro.
    return "cp1252" if set(head) & set(range(0x80, 0xA0)) else "latin-1"


def _is_utf8(file):
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while block := file.read(2**20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
