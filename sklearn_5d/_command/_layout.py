"""How the values of a table stand in a text or on a sheet, found from its first rows.

A table is a grid of texts here. Where the grid comes from a text, a delimiter and a
decimal sign make it; what stands in it is then the same for a text and for a sheet:
titles, a heading, rows of units, values, and columns that hold none.
"""

import csv
import re
from collections import Counter
from contextlib import suppress
from itertools import takewhile
from statistics import median_low
from typing import NamedTuple

import numpy as np

from ._console import exact

# In the order of preference; None stands for any number of spaces and tabs.
DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "bars",
    None: "spaces",
}
COMMENT_MARKS = ("#", "%", "//", "!", '"#')
# What stands for a missing value in common use; NaN is a number to Python.
MISSING = {
    *("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "nat", "null", "none", "-", "--"),
    *("?", ".", "missing", "#value!", "#div/0!", "#num!", "#ref!"),
}
# A number with groups of three digits, as thousands are written.
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,' ]\d{3})+([.,]\d*)?")
# What pandas calls a column that had no name.
NO_NAME = re.compile(r"(Unnamed: \d+(_level_\d+)?|__index_level_\d+__)?")


class Heading(NamedTuple):
    """What stands above the values, and which columns hold any.

    Parameters
    ----------
    names : list of str or None
        The name of each column; None for a column that is left out.
    first_row : int
        The first row of values.
    notes : list of str
        What was found, for the user.
    """

    names: list
    first_row: int
    notes: list


class TextLayout(NamedTuple):
    """How a text has to be split.

    Parameters
    ----------
    delimiter : str or None
        What stands between two values; None for spaces.
    decimal : {".", ","}
        The decimal sign.
    n_skipped : int
        Lines that end before the values, comments under the names not counted.
    heading : Heading
        Names of the columns.
    """

    delimiter: str | None
    decimal: str
    n_skipped: int
    heading: Heading


def to_number(text, decimal="."):
    """Read a number as people write it.

    Parameters
    ----------
    text : str
        The text.
    decimal : {".", ","}, default="."
        The decimal sign.

    Returns
    -------
    float or None
        The number; None where the text is not one.
    """
    if "_" in text:  # digits in groups: Python's own, and a name elsewhere
        return None
    if decimal == "," and "." in text:  # digits in groups: of thousands
        return None
    try:
        return float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        return None


def shortest(number):
    """Write a number so that it is read back as the same.

    Parameters
    ----------
    number : float
        The number.

    Returns
    -------
    str
        The shortest text, in single precision if the number is of that.
    """
    with np.errstate(over="ignore"):
        single = np.float32(number)
    if float(single) == number:
        return str(single).removesuffix(".0")
    return exact(number)


def is_comment(line):
    """Tell whether a line is a comment.

    Parameters
    ----------
    line : str
        The line.

    Returns
    -------
    bool
        Whether it begins with one of the usual marks.
    """
    return line.lstrip().startswith(COMMENT_MARKS)


class Records:
    """The records of a text, each a list of values; no blank ones and no comments.

    Parameters
    ----------
    lines : iterable of str
        The lines. One in quotes is never a comment, and a record may take several.
    delimiter : str or None
        What stands between two values; None for spaces.
    title : str
        What messages call the text.
    n_before : int, default=0
        Lines of the text that came before.

    Attributes
    ----------
    n_lines : int
        Lines of the text up to the end of the last record.
    n_comments : int
        Comments that were skipped.
    """

    def __init__(self, lines, delimiter, title, n_before=0):
        self.lines, self.delimiter, self.title = lines, delimiter, title
        self.n_lines, self.n_comments = n_before, 0
        self.is_inside = False

    def _of_records(self):
        for line in self.lines:
            self.n_lines += 1
            if self.is_inside:
                yield line
            elif is_comment(line):
                self.n_comments += 1
            elif line.strip():
                self.is_inside, begin = True, self.n_lines
                yield line
        if self.is_inside:  # the reader wants more
            raise ValueError(
                f"{self.title}, line {begin}: Got a quotation mark that opens a value, "
                "expected another at its end."
            )

    def __iter__(self):
        lines, delimiter = self._of_records(), self.delimiter
        if delimiter is None:
            lines = (line.replace("\t", " ").rstrip() + "\n" for line in lines)
            delimiter = " "
        try:
            for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True):
                self.is_inside = False
                row = [text.strip() for text in row]
                if any(row):
                    yield row
        except csv.Error as error:
            raise ValueError(f"{self.title}, line {self.n_lines}: {error}") from error


def find_text_layout(
    lines, title, *, delimiter="auto", decimal=None, known=(), header=None
):
    """Find delimiter, decimal sign and heading of a text.

    Parameters
    ----------
    lines : list of str
        The first lines.
    title : str
        What messages call the text.
    delimiter : str or None, default="auto"
        What stands between two values, where it is known.
    decimal : str or None, default=None
        The decimal sign, where it is known.
    known : collection of str, default=()
        Names that the heading has.
    header : int or None, default=None
        The line of the heading, counted from 1, where it is known.

    Returns
    -------
    TextLayout
        The layout under which the most values are numbers.

    Raises
    ------
    ValueError
        If there is no table, or its rows have fewer values than names, or a comma may
        be a decimal sign or a separator of thousands.
    """
    front = list(takewhile(lambda line: not line.strip() or is_comment(line), lines))
    n_front = len(front)
    if n_front == len(lines):
        raise ValueError(f"{title} is empty.")
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[n_front])
    if declared:
        n_front += 1
        delimiter = declared[1] if delimiter == "auto" else delimiter
    candidates = list(DELIMITERS) if delimiter == "auto" else [delimiter]
    decimals = (".", ",") if decimal is None else (decimal,)
    best, records = (-1.0, -1.0, False), []
    for each in candidates:
        found = _sample_records(lines[n_front:], each, title, n_front)
        if not found:
            continue
        width = _usual(len(row) for row, _ in found[len(found) // 2 :])
        for sign in decimals:
            score = (*_shares_of_numbers(found, sign), width > 1)
            if score > best:
                best, records, delimiter, decimal = score, found, each, sign
    if not records:
        list(Records(lines[n_front:], each, title, n_front))  # what goes wrong
        raise ValueError(f"{title} is empty.")
    rows = [row for row, _ in records]
    if len(decimals) > 1 and decimal == "," and delimiter != ";":
        _check_thousands(rows, title)
    if header is not None:
        line, header = header, sum(n_lines < header for _, n_lines in records)
        if header >= len(rows):
            raise ValueError(f"Got header={line}, expected a line of {title}.")
    heading = find_heading(
        rows,
        decimal,
        comment=_without_mark(front, delimiter, title),
        known=known,
        header=header,
    )
    first, n_names = heading.first_row, len(heading.names)
    width = _usual(map(len, rows[first:])) if rows[first:] else n_names
    if width < n_names:
        line = next(n_lines for row, n_lines in records[first:] if len(row) == width)
        raise ValueError(width_message(title, line, width, n_names))
    n_skipped = records[first - 1][1] if first else n_front
    return TextLayout(delimiter, decimal, n_skipped, heading)


def _check_thousands(rows, title):
    """Find a number that tells decimal commas, as 0,7 or 12,5, from thousands."""
    cells = [text for row in rows for text in row if "," in text]
    cells = [text for text in cells if to_number(text, ",") is not None]
    if all(map(GROUPED.fullmatch, cells)):
        raise ValueError(
            f"{title}: Got {cells[0]!r}, expected numbers without thousands "
            "separators, or --decimal ',' if it is a decimal comma."
        )


def _sample_records(lines, delimiter, title, n_before):
    """Read records, up to one that goes wrong: a sample may end inside one."""
    records, found = Records(lines, delimiter, title, n_before), []
    with suppress(ValueError):
        for row in records:
            found.append((row, records.n_lines))  # noqa: PERF401
    return found


def _without_mark(lines, delimiter, title):
    """Split the last comment into values."""
    comments = [line for line in lines if is_comment(line)][-1:]
    texts = [re.sub(r'^\s*("?)[\s#%/!]+', r"\1", line) for line in comments]
    with suppress(ValueError):  # prose with a quotation mark
        return [row for text in texts for row in Records([text], delimiter, title)]
    return []


def width_message(title, line, width, expected):
    """Say that a record has not as many values as there are names.

    Parameters
    ----------
    title : str
        What the text is called.
    line : int
        The line.
    width, expected : int
        The number of values, and of names.

    Returns
    -------
    str
        The message.
    """
    return f"{title}, line {line}: Got {width} values, expected {expected} as above."


def _usual(counts):
    return Counter(counts).most_common(1)[0][0]


def _shares_of_numbers(records, decimal):
    """Shares of the values that are numbers, in the half that has no titles.

    The first counts those with thousands separators, which nobody reads: an error about
    them is clearer than one about a wrong delimiter.
    """
    cells = [text for row, _ in records[len(records) // 2 :] for text in row if text]
    are_numbers = [to_number(text, decimal) is not None for text in cells]
    n_grouped = sum(
        not is_number and GROUPED.fullmatch(text) is not None
        for is_number, text in zip(are_numbers, cells, strict=True)
    )
    n_numbers, n_cells = sum(are_numbers), max(len(cells), 1)
    return (n_numbers + n_grouped) / n_cells, n_numbers / n_cells


def find_heading(rows, decimal=".", *, comment=(), known=(), header=None):
    """Find where the values begin, and the names above them.

    Parameters
    ----------
    rows : list of list of str
        The first rows.
    decimal : {".", ","}, default="."
        The decimal sign.
    comment : list of list of str, default=()
        A row from a comment, which may be the heading where no other row is.
    known : collection of str, default=()
        Names that the heading has: it may consist of numbers.
    header : int or None, default=None
        The row of the heading, where it is known.

    Returns
    -------
    Heading
        Names, first row of values, and notes.

    Raises
    ------
    ValueError
        If there is a name less than columns, and no index that has none.
    """
    first = _first_row_of_values(rows, decimal, known, header)
    width = _usual(map(len, rows[first:])) if first < len(rows) else len(rows[-1])
    notes = []
    i = _find_names(rows[:first], width) if header is None else header
    first = _end_of_units(rows, 0 if i is None else i + 1, first, decimal)
    if i is not None:
        names = rows[i]
        n_titles = sum(map(any, rows[:i]))
        if n_titles:
            notes.append(f"{n_titles} title line{'s' * (n_titles > 1)} skipped")
        if first - i > 1:
            units = ", ".join(filter(None, rows[i + 1]))
            notes.append(f"a row under the names skipped ({units})")
    elif comment and len(comment[0]) == width:
        names = comment[0]
        notes.append("names in a comment")
    else:
        names = [f"column_{k + 1}" for k in range(width)]
        notes.append("no names, so they are column_1, column_2, ...")
    names, dropped = _name_columns(names, rows[first:], width, decimal)
    return Heading(names, first, notes + dropped)


def _first_row_of_values(rows, decimal, known, header):
    counts = [sum(to_number(t, decimal) is not None for t in row) for row in rows]
    if header is not None:
        counts[: header + 1] = [0] * (header + 1)
    elif len(known) and set(known) <= set(rows[0]):
        counts[0] = 0
    # A row of values has at least half as many numbers as they usually have.
    needed = max(1, median_low(counts[len(counts) // 2 :]) / 2)
    return next((i for i, n in enumerate(counts) if n >= needed), len(rows))


def _find_names(rows, width):
    """Choose the row with the most names; titles have fewer, and prose more commas."""
    filled = [
        sum(text.lower() not in MISSING for text in row) * (len(row) <= width + 1)
        for row in rows
    ]
    if not filled or 2 * max(filled) <= width - 1:
        return None
    return filled.index(max(filled))


def _end_of_units(rows, start, stop, decimal):
    """Find the first row with no more texts than usual: values, most of them missing.

    A text is neither a number nor a mark for a missing value.
    """
    numbers = [[to_number(t, decimal) is not None for t in row] for row in rows]
    texts = [
        sum(not (n or t.lower() in MISSING) for n, t in zip(*pair, strict=True))
        for pair in zip(numbers, rows, strict=True)
    ]
    usual = median_low(texts[len(texts) // 2 :])
    for i in range(start, stop):
        if texts[i] <= usual and (any(numbers[i]) or not texts[i]):
            return i
    return stop


def _name_columns(names, values, width, decimal):
    """Give each column of the values its name, or None if it has neither name nor use.

    R writes no name at all above the row names, pandas an empty one, and a delimiter
    at the end of each line makes a column without name or values.
    """
    notes, n_given = [], len(names)
    while names and not names[-1]:
        names = names[:-1]
    used = width
    while used > len(names) and not any(any(row[used - 1 : used]) for row in values):
        used -= 1
    if used < width:
        notes.append("empty columns at the right left out")
    if used == n_given + 1:
        if not _is_index([row[0] for row in values], decimal):
            raise ValueError(
                f"Got {used} values under {n_given} names, expected as many names."
            )
        names = ["", *names]
    names = names + [""] * (width - len(names))
    for k, name in enumerate(names):
        column = [row[k] for row in values if len(row) > k]
        if not NO_NAME.fullmatch(name):
            continue
        if not any(column):
            names[k] = None
        elif k == 0 and _is_index(column, decimal):
            names[k] = None
            notes.append("an index without a name left out")
        else:
            names[k] = f"column_{k + 1}"
    return names, notes


def _is_index(column, decimal):
    """Tell whether all values differ and none is a measured number."""
    numbers = [to_number(text, decimal) for text in column]
    whole = all(number is None or number.is_integer() for number in numbers)
    return whole and len(set(column)) == len(column)
