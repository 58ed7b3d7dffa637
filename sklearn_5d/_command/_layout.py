"""How the values of a table stand in a text or on a sheet, found from its first rows.

A table is a grid of texts here. Where the grid comes from a text, a delimiter and a
decimal sign make it; what stands in it is then the same for a text and for a sheet:
titles, a heading, rows of units, values, and columns that hold none.
"""

import csv
import re
from collections import Counter
from statistics import median_low
from typing import NamedTuple

# In the order of preference; None stands for any number of spaces and tabs.
DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "bars",
    None: "spaces",
}
COMMENT_MARKS = ("#", "%", "//", "!", '"#')
# pandas gives the second name to a column that had none.
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
        Lines before the first one of values, blank ones and comments not counted.
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
    try:
        return float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        return None


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


def split_lines(lines, delimiter):
    """Split lines of text into values.

    Parameters
    ----------
    lines : iterable of str
        The lines.
    delimiter : str or None
        What stands between two values; None for spaces.

    Yields
    ------
    row : list of str
        The values of one record.
    n_lines : int
        The number of lines up to its end: one in quotes may take several.
    """
    if delimiter is None:
        for i, line in enumerate(lines, start=1):
            yield [text.strip('"') for text in line.split()], i
    else:
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        for row in rows:
            yield [text.strip() for text in row], rows.line_num


def find_text_layout(
    lines, comments=(), *, delimiter="auto", decimal=None, target=None, header=None
):
    """Find delimiter, decimal sign and heading of a text.

    Parameters
    ----------
    lines : list of str
        The first lines without blank ones and comments.
    comments : list of str, default=()
        The comments among them: the last one may be a heading.
    delimiter : str or None, default="auto"
        What stands between two values, where it is known.
    decimal : str or None, default=None
        The decimal sign, where it is known.
    target : str or None, default=None
        A name that the heading has.
    header : int or None, default=None
        The line of the heading, counted from 0, where it is known.

    Returns
    -------
    TextLayout
        The layout under which the most values are numbers.
    """
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[0])
    if declared and delimiter == "auto":
        delimiter = declared[1]
    n_declared = 1 if declared else 0
    candidates = list(DELIMITERS) if delimiter == "auto" else [delimiter]
    decimals = (".", ",") if decimal is None else (decimal,)
    best = (-1.0, False)
    for each in candidates:
        records = list(split_lines(lines[n_declared:], each))
        width = _usual(len(row) for row, _ in records[len(records) // 2 :])
        for sign in decimals:
            score = (_share_of_numbers(records, sign), width > 1)
            if score > best:
                best, delimiter, decimal = score, each, sign
    records = list(split_lines(lines[n_declared:], delimiter))
    if header is not None:
        header -= n_declared
    rows = [row for row, _ in records]
    above = [
        row
        for text in comments[-1:]
        for row, _ in split_lines([text.lstrip(" #%/!\"'").rstrip()], delimiter)
    ]
    heading = find_heading(rows, decimal, comment=above, target=target, header=header)
    first = heading.first_row
    n_skipped = n_declared + (records[first - 1][1] if first else 0)
    return TextLayout(delimiter, decimal, n_skipped, heading)


def _usual(counts):
    return Counter(counts).most_common(1)[0][0]


def _share_of_numbers(records, decimal):
    """Share of the values that are numbers, in the half that has no titles."""
    cells = [text for row, _ in records[len(records) // 2 :] for text in row]
    cells = [text for text in cells if text]
    n_numbers = sum(to_number(text, decimal) is not None for text in cells)
    return n_numbers / max(len(cells), 1)


def find_heading(rows, decimal=".", *, comment=(), target=None, header=None):
    """Find where the values begin, and the names above them.

    Parameters
    ----------
    rows : list of list of str
        The first rows.
    decimal : {".", ","}, default="."
        The decimal sign.
    comment : list of list of str, default=()
        A row from a comment, which may be the heading where no other row is.
    target : str or None, default=None
        A name that the heading has: a heading may consist of numbers.
    header : int or None, default=None
        The row of the heading, where it is known.

    Returns
    -------
    Heading
        Names, first row of values, and notes.

    Raises
    ------
    ValueError
        If there are no rows of numbers.
    """
    first = _first_row_of_values(rows, decimal, target, header)
    width = _usual(map(len, rows[first:])) if first < len(rows) else len(rows[-1])
    notes = []
    i = _find_names(rows[:first], width) if header is None else header
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


def _first_row_of_values(rows, decimal, target, header):
    counts = [sum(to_number(t, decimal) is not None for t in row) for row in rows]
    if header is not None:
        counts[: header + 1] = [0] * (header + 1)
    elif target is not None and target in rows[0]:
        counts[0] = 0
    # A row of values has at least half as many numbers as they usually have.
    needed = max(1, median_low(counts[len(counts) // 2 :]) / 2)
    return next((i for i, n in enumerate(counts) if n >= needed), len(rows))


def _find_names(rows, width):
    """Choose the row with the most names; titles have fewer, and prose more commas."""
    filled = [sum(map(bool, row)) if len(row) <= width + 1 else 0 for row in rows]
    if not filled or 2 * max(filled) <= width - 1:
        return None
    return filled.index(max(filled))


def _name_columns(names, values, width, decimal):
    """Give each column of the values its name, or None if it has neither name nor use.

    R writes no name at all above the row names, pandas an empty one, and a delimiter
    at the end of each line makes a column without name or values.
    """
    notes = []
    while names and not names[-1]:
        names = names[:-1]
    used = width
    while used > len(names) and not any(any(row[used - 1 : used]) for row in values):
        used -= 1
    if used < width:
        notes.append("empty columns at the right left out")
    if used == len(names) + 1:
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
