"""What looks wrong with a table, told before the fit."""

from itertools import combinations

import numpy as np

from ._layout import shortest

# From this size on no unit makes a measurement.
HUGE = 1e10


def check_table(table):
    """Look for what spoils a fit without an error.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    list of str
        A warning each.
    """
    columns = {name: table.X[name].to_numpy() for name in table.X}
    return [
        *_missing_marks(columns | {table.target: table.y}),
        *_constants(columns, table),
        *_duplicates(columns, table),
        *_row_numbers(columns),
        *_repeated_rows(table),
    ]


def missing_mark(values):
    """Find a number that looks like a mark for a missing value.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        A column.

    Returns
    -------
    float or None
        The smallest or the largest number, if it is made of nines or is huge, and
        farther from the others than they are from each other.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 3:
        return None
    with np.errstate(over="ignore"):
        for i, following, others in ((0, 1, distinct[1:]), (-1, -2, distinct[:-1])):
            mark = distinct[i]
            gap, width = abs(mark - distinct[following]), others[-1] - others[0]
            size = np.abs(others).max()
            is_huge = abs(mark) >= HUGE and abs(mark) > 1e3 * size and counts[i] > 1
            if gap > width and (is_huge or _is_nines(mark, counts[i])):
                return float(mark)
    return None


def _is_nines(number, count):
    """Tell whether a number is 99, repeated, or -999, 9999, 999.9 and so on."""
    digits = shortest(abs(number)).replace(".", "")
    return set(digits) == {"9"} and len(digits) >= (2 if count > 1 else 3)


def _missing_marks(columns):
    for name, values in columns.items():
        mark = missing_mark(values)
        if mark is not None:
            count = int(np.sum(values == mark))
            rows = "1 row" if count == 1 else f"{count:,} rows"
            mark = shortest(mark)
            yield (
                f"{name!r} is {mark} in {rows}, which looks like a mark for a "
                f"missing value: --na-values={mark} --drop-missing leaves them out."
            )


def _constants(columns, table):
    for name, values in columns.items():
        if np.ptp(values) == 0:
            yield f"{name!r} is {values[0]:g} in all rows: it tells nothing."
    if np.ptp(table.y) == 0:
        yield f"The target {table.target!r} is {table.y[0]:g} in all rows."


def _duplicates(columns, table):
    for one, other in combinations(columns, 2):
        if np.array_equal(columns[one], columns[other]):
            yield f"{one!r} and {other!r} hold the same values: --ignore one of them."
    for name, values in columns.items():
        if np.array_equal(values, table.y):
            yield f"{name!r} holds the same values as the target: --ignore {name!r}?"


def _row_numbers(columns):
    for name, values in columns.items():
        if len(values) > 2 and np.all(np.diff(values) == 1) and values[0] in (0, 1):
            yield f"{name!r} counts the rows: --ignore {name!r} unless it is time."


def _repeated_rows(table):
    rows = np.column_stack([table.X.to_numpy(), table.y])
    n_repeated = len(rows) - len(np.unique(rows, axis=0))
    if n_repeated:
        yield f"{n_repeated:,} rows repeat another one, target included."
