"""The columns of a table and what they are for; values as numbers."""

from dataclasses import dataclass, field

import numpy as np

from ._layout import GROUPED, MISSING, shortest, to_number
from ._optional import import_optional
from ._reading import open_source


@dataclass(frozen=True)
class Roles:
    """Which column is for what.

    Parameters
    ----------
    target : str or None, default=None
        The target.
    inputs : list of str, default=[]
        The inputs, each a name or several with commas; empty for all other columns.
    ignore : list of str, default=[]
        Columns that are none, in the same form.
    group : str or None, default=None
        The column of groups that belong together.
    weight : str or None, default=None
        The column of weights.
    """

    target: str | None = None
    inputs: list = field(default_factory=list)
    ignore: list = field(default_factory=list)
    group: str | None = None
    weight: str | None = None


@dataclass(frozen=True)
class Table:
    """Inputs and target, with their names.

    Parameters
    ----------
    title : str
        What the table is.
    X : DataFrame of shape (n_samples, n_features)
        The inputs.
    y : ndarray of shape (n_samples,)
        The target.
    target : str
        The name of the target.
    groups : ndarray of shape (n_samples,) or None, default=None
        Which rows belong together.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        The weights.
    notes : list of str, default=[]
        What was found in the file.
    """

    title: str
    X: object
    y: np.ndarray
    target: str
    groups: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    notes: list = field(default_factory=list)


class NotANumberError(ValueError):
    """A value that is no number.

    Parameters
    ----------
    position : int
        Where in the column.
    value : object
        The value.
    """

    def __init__(self, position, value):
        super().__init__(f"Got {value!r}, expected a number")
        self.position, self.value = position, value


def to_numbers(values, decimal=".", na_values=()):
    """Convert a column.

    Parameters
    ----------
    values : Series
        Texts, numbers or both.
    decimal : {".", ","}, default="."
        The decimal sign of texts.
    na_values : iterable of str, default=()
        Texts and numbers that stand for a missing value, beside the usual ones.

    Returns
    -------
    ndarray of float64
        The numbers, exactly as Python reads them; NaN for a missing value.

    Raises
    ------
    NotANumberError
        At the first value that is neither a number nor missing.
    """
    if values.dtype.kind in "fiub":
        numbers = values.to_numpy(np.float64)
    elif values.dtype.kind in "mM":
        raise NotANumberError(0, str(values.iloc[0]))
    else:
        numbers = _parse(values.to_numpy(object), decimal, na_values)
    marks = _missing_numbers(na_values, decimal)
    return np.where(np.isin(numbers, marks), np.nan, numbers) if marks else numbers


def _parse(cells, decimal, na_values):
    try:
        # All at once, as long as all are plain numbers.
        if not set("_" if decimal == "." else "_.").intersection("".join(cells)):
            points = [cell.replace(decimal, ".") for cell in cells]
            return np.array(points, dtype=object).astype(np.float64)
    except (TypeError, ValueError):
        pass  # then one by one
    missing = _missing_texts(na_values)
    numbers = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if cell is None:
            continue
        if isinstance(cell, str):
            number = to_number(cell, decimal)
            if number is None and cell.strip().lower() not in missing:
                raise NotANumberError(i, cell)
            numbers[i] = np.nan if number is None else number
        else:
            try:
                numbers[i] = float(cell)
            except (TypeError, ValueError) as error:
                raise NotANumberError(i, str(cell)) from error
    return numbers


def _missing_numbers(na_values, decimal):
    """Read the marks that are numbers, in single precision too if written the same."""
    marks = [to_number(text, sign) for text in na_values for sign in (".", decimal)]
    marks = [mark for mark in marks if mark is not None]
    with np.errstate(over="ignore"):
        singles = [float(np.float32(mark)) for mark in marks]
    pairs = zip(marks, singles, strict=True)
    return marks + [
        single for mark, single in pairs if shortest(single) == shortest(mark)
    ]


def _missing_texts(na_values):
    return MISSING | {text.strip().lower() for text in na_values}


def choose_columns(names, roles, title):
    """Decide which columns are inputs.

    Parameters
    ----------
    names : list of str
        The columns.
    roles : Roles
        What the user said.
    title : str
        What messages call the table.

    Returns
    -------
    list of str
        The inputs.

    Raises
    ------
    ValueError
        If a column is missing, or has two roles, or none is left.
    """
    listed = ", ".join(map(repr, names))
    given_inputs, ignored = _split(roles.inputs, names), _split(roles.ignore, names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{title}: Got {', '.join(map(repr, twice))} more than once, expected a "
            "name of its own for each column."
        )
    single = {"target": roles.target, "group": roles.group, "weight": roles.weight}
    asked = [(role, name) for role, name in single.items() if name is not None]
    asked += [("inputs", name) for name in given_inputs]
    for role, name in [*asked, *(("ignore", name) for name in ignored)]:
        if name not in names:
            raise ValueError(
                f"Got {role}={name!r}, expected one of the columns of {title}: "
                f"{listed}."
            )
    if roles.target is None:
        raise ValueError(
            f"Got no target, expected one of the columns of {title}: {listed}."
        )
    given = [name for _, name in asked] + sorted(set(ignored))
    both = sorted({name for name in given if given.count(name) > 1})
    if both:
        raise ValueError(f"Got {both[0]!r} for two uses, expected one for a column.")
    inputs = given_inputs or [n for n in names if n not in {*given, *ignored}]
    if not inputs:
        raise ValueError(f"{title} has no column beside the target.")
    return inputs


def _split(lists, names):
    """Take lists apart at their commas, but not a name that has commas itself."""
    parts = [[text] if text in names else text.split(",") for text in lists]
    return [name.strip() for part in parts for name in part if name.strip()]


def read_table(path, roles, options=None, drop_missing=False):
    """Read a table to learn from.

    Parameters
    ----------
    path : str
        The file; "-" is standard input.
    roles : Roles
        Which column is for what.
    options : ReadingOptions or None, default=None
        What is known about the file.
    drop_missing : bool, default=False
        Whether rows with a missing value are left out, or an error.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no such table; the message says where.
    """
    known = [] if roles.target is None else [roles.target]
    with open_source(path, options, known) as source:
        inputs = choose_columns(source.names, roles, source.title)
        na_values = options.na_values if options is not None else ()
        values, groups, n_dropped = _collect(
            source, inputs, roles, na_values, drop_missing
        )
    notes = [f"{source.title}: {', '.join(source.notes)}"]
    if n_dropped:
        notes.append(f"{n_dropped:,} rows with a missing value left out")
    pandas = import_optional("pandas")
    k = len(inputs)
    return Table(
        title=source.title,
        X=pandas.DataFrame(np.ascontiguousarray(values[:, :k]), columns=inputs),
        y=values[:, k].copy(),
        target=roles.target,
        groups=groups,
        sample_weight=values[:, -1].copy() if roles.weight is not None else None,
        notes=notes,
    )


def _collect(source, inputs, roles, na_values, drop_missing):
    """Read all chunks: inputs, target and weight; the groups; how many were dropped."""
    numeric = [*inputs, roles.target]
    numeric += [roles.weight] if roles.weight is not None else []
    values, groups, n_dropped = [], [], 0
    marks = _missing_texts(na_values)
    for chunk in source.chunks():
        numbers = read_numbers(source, chunk, numeric, na_values, drop_missing)
        keep = ~np.isnan(numbers).any(axis=1)
        if roles.group is not None:
            labels = [str(label).strip() for label in chunk[roles.group]]
            missing = [text.lower() in marks for text in labels]
            if any(missing) and not drop_missing:
                i = missing.index(True)
                where = source.describe(int(chunk.index[i]), roles.group)
                raise ValueError(f"{where}: {_missing(labels[i])}")
            keep &= ~np.array(missing, dtype=bool)
            groups.append(np.array(labels, dtype=object)[keep])
        n_dropped += int(np.sum(~keep))
        values.append(numbers[keep])
    if sum(map(len, values)) == 0:
        found = ", ".join(source.notes)
        raise ValueError(f"{source.title} has a header but no rows: {found}.")
    groups = np.concatenate(groups) if groups else None
    return np.concatenate(values), groups, n_dropped


def read_numbers(source, chunk, names, na_values=(), drop_missing=False):
    """Convert the columns of a chunk.

    Parameters
    ----------
    source : TextSource or FrameSource
        Where the chunk is from.
    chunk : DataFrame
        The values.
    names : list of str
        The columns.
    na_values : iterable of str, default=()
        What stands for a missing value, beside the usual texts.
    drop_missing : bool, default=False
        Whether a missing value is NaN, or an error.

    Returns
    -------
    ndarray of shape (n_rows, n_names)
        The numbers.

    Raises
    ------
    ValueError
        If a value is no finite number; the message says where.
    """
    numbers = np.empty((len(chunk), len(names)))
    first, problem = len(chunk), None  # the first row of the file that is wrong
    for k, name in enumerate(names):
        try:
            column = to_numbers(chunk[name], source.decimal, na_values)
        except NotANumberError as error:
            i, got, is_missing = error.position, error.value, False
        else:
            numbers[:, k] = column
            wrong = np.isinf(column) if drop_missing else ~np.isfinite(column)
            if not wrong.any():
                continue
            i = int(wrong.argmax())
            got, is_missing = chunk[name].iloc[i], bool(np.isnan(column[i]))
        if i < first:
            first, problem = i, (name, got, is_missing)
    if problem is not None:
        name, got, is_missing = problem
        where = source.describe(int(chunk.index[first]), name)
        cells = chunk[names].to_numpy(object).ravel()
        complaint = _complaint(got, name, source.decimal, cells)
        raise ValueError(f"{where}: {_missing(got) if is_missing else complaint}")
    return numbers


def _missing(got):
    text = "" if got is None else str(got).strip()
    return (
        f"Got a missing value ({text!r}), expected none; --drop-missing leaves such "
        "rows out."
    )


def _complaint(got, name, decimal, cells):
    """Say what is wrong with a value that is not missing, beside other cells."""
    text = str(got).strip()
    if to_number(text, decimal) is not None:
        return f"Got {text!r}, expected a finite number."
    other = "," if decimal == "." else "."
    is_other = to_number(text, other) is not None
    texts = (cell for cell in cells if isinstance(cell, str) and decimal in cell)
    if is_other and all(to_number(cell, decimal) is None for cell in texts):
        return f"Got {text!r}, expected a finite number: try --decimal {other!r}."
    if is_other or GROUPED.fullmatch(text):
        return (
            f"Got {text!r}, expected a finite number with {decimal!r} as its decimal "
            "sign and without thousands separators."
        )
    return (
        f"Got {text!r}, expected a finite number; a column of texts is left out by "
        f"--ignore {name!r}."
    )
