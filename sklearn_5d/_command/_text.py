"""Tables in texts: encoding, comments and lines; in chunks of rows."""

import codecs
import gzip
import zlib
from contextlib import contextmanager, suppress
from io import SEEK_END, TextIOWrapper
from itertools import islice

from ._layout import DELIMITERS, find_text_layout, is_comment, split_lines
from ._optional import import_optional

# A multiple of what the estimator takes at a time: a row then has the same result,
# to the last bit, as in a prediction of all rows at once.
CHUNK_ROWS = 32_768
# What is looked at to find the layout.
SAMPLE_LINES, SAMPLE_CHARACTERS = 1_000, 2**20
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
    target : str or None
        A name that the heading has.

    Attributes
    ----------
    names : list of str
        The columns.
    notes : list of str
        What was found.
    """

    def __init__(self, file, title, options, target):
        self.file, self.title = file, title
        self.size = max(self._raw().seek(0, SEEK_END), 1)
        self.encoding = options.encoding or find_encoding(file, title)
        sample, comments = self._sample(title)
        self.layout = find_text_layout(
            sample,
            comments,
            delimiter=_delimiter(options.sep),
            decimal=options.decimal,
            target=target,
            header=self._header(options.header, len(sample)),
        )
        self.delimiter, self.decimal = self.layout.delimiter, self.layout.decimal
        heading = self.layout.heading
        self.names = [name for name in heading.names if name is not None]
        sign = ", decimal commas" if self.decimal == "," else ""
        between = DELIMITERS.get(self.delimiter, repr(self.delimiter))
        self.notes = [f"text in {self.encoding}, {between} between values{sign}"]
        self.notes += heading.notes

    def _sample(self, title):
        lines, comments, n_characters = [], [], 0
        for line in islice(self._text(), 2 * SAMPLE_LINES):
            n_characters += len(line)
            if is_comment(line):
                comments += [line] if len(lines) == 0 else []
            elif line.strip():
                lines.append(line)
            if len(lines) == SAMPLE_LINES or n_characters > SAMPLE_CHARACTERS:
                break
        if not lines:
            raise ValueError(f"{title} is empty.")
        return lines, comments

    def _header(self, header, n_lines):
        """Count a line of the file among those that are neither blank nor comments."""
        if header is None:
            return None
        before = islice(self._text(), header - 1)
        row = sum(bool(line.strip()) and not is_comment(line) for line in before)
        if row >= n_lines:
            raise ValueError(f"Got header={header}, expected a line of {self.title}.")
        return row

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
        try:
            reader = pandas.read_csv(
                _DataLines(self._text(), self.layout),
                sep=r"\s+" if self.delimiter is None else self.delimiter,
                header=None,
                names=range(len(names)),
                dtype=str,
                keep_default_na=False,
                skipinitialspace=True,
                skip_blank_lines=False,
                chunksize=n_rows,
            )
            for chunk in reader:
                chunk = chunk[keep].fillna("")
                yield chunk.set_axis(self.names, axis=1)
        except pandas.errors.EmptyDataError:
            return
        except pandas.errors.ParserError as error:
            raise ValueError(self._wrong_width() or f"{self.title}: {error}") from error

    def _records(self):
        lines = _DataLines(self._text(), self.layout)
        for row, _ in split_lines(lines, self.delimiter):
            yield row, lines.number

    def _wrong_width(self):
        """Find the first record that is too long."""
        width = len(self.layout.heading.names)
        for row, number in self._records():
            if len(row) > width:
                return self._width_message(row, number)
        return None

    def _width_message(self, row, number):
        return (
            f"{self.title}, line {number}: Got {len(row)} values, expected "
            f"{len(self.layout.heading.names)} as above."
        )

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
        record, number = next(islice(self._records(), row, None))
        if len(record) < len(self.names):
            raise ValueError(self._width_message(record, number))
        return f"{self.title}, line {number}, column {name!r}"

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


class _DataLines:
    """The lines of values as a file for pandas: no comments, no blanks, no heading."""

    def __init__(self, text, layout):
        self.lines = self._filter(text, layout)
        self.number = 0

    def _filter(self, text, layout):
        blank = " \t\r\n" + (layout.delimiter or "")
        n_left = layout.n_skipped
        for number, line in enumerate(text, start=1):
            if not line.strip() or is_comment(line):
                continue
            if n_left:
                n_left -= 1
            elif line.strip(blank):
                self.number = number
                yield line

    def __iter__(self):
        return self.lines

    def read(self, size=-1):
        """Read whole lines of about so many characters."""
        lines, n_characters = [], 0
        for line in self.lines:
            lines.append(line)
            n_characters += len(line)
            if 0 <= size <= n_characters:
                break
        return "".join(lines)


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
