"""What `report` and `fit` share: a table that has been checked, and the estimator."""

import os
import warnings
from pathlib import Path

from sklearn.base import clone

from .. import FiveDRegressor
from .._files import is_stream
from ._checks import check_table
from ._reading import ReadingOptions
from ._table import Roles, read_table


def reading_options(args):
    """Collect what the user knows about a file.

    Parameters
    ----------
    args : Namespace
        The arguments.

    Returns
    -------
    ReadingOptions
        The options.
    """
    return ReadingOptions(
        sep=args.sep,
        decimal=args.decimal,
        encoding=args.encoding,
        header=args.header,
        sheet=args.sheet,
        na_values=args.na_values,
    )


def read(args):
    """Read the table that the user gave.

    Parameters
    ----------
    args : Namespace
        The arguments.

    Returns
    -------
    Table
        The table.
    """
    roles = Roles(args.target, args.inputs, args.ignore, args.group, args.weight)
    return read_table(args.table, roles, reading_options(args), args.drop_missing)


def say(table, console):
    """Say what was found in a file, and warn of what looks wrong.

    Parameters
    ----------
    table : Table
        The table.
    console : Console
        Where it is said.

    Returns
    -------
    list of str
        What looks wrong.
    """
    for note in table.notes:
        console.note(note)
    found = check_table(table)
    for warning in found:
        console.warn(warning)
    return found


def make_regressor(args):
    """Make the estimator that the user asked for.

    Parameters
    ----------
    args : Namespace
        The arguments.

    Returns
    -------
    FiveDRegressor
        The estimator.

    Raises
    ------
    ValueError
        If there is no such parameter.
    """
    regressor = FiveDRegressor(random_state=args.seed)
    return regressor.set_params(**dict(args.param))


def fit_arguments(table, rows=slice(None)):
    """Collect what goes to `fit` beside inputs and target.

    Parameters
    ----------
    table : Table
        The table.
    rows : slice or ndarray of int, default=slice(None)
        The rows.

    Returns
    -------
    dict
        Weights and groups, where the table has them.
    """
    given = {"sample_weight": table.sample_weight, "groups": table.groups}
    return {key: value[rows] for key, value in given.items() if value is not None}


def check_fit(regressor, table):
    """Find out whether a fit will go well before it takes long.

    Parameters
    ----------
    regressor : FiveDRegressor
        The estimator.
    table : Table
        The table.

    Raises
    ------
    ValueError
        As `fit` does for such a table or for wrong parameters.
    """
    quick = {"solver": "lbfgs", "max_iter": 1, "n_estimators": 1, "verbose": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trial = clone(regressor).set_params(**quick)
        trial.fit(table.X, table.y, **fit_arguments(table))


def check_output(path, endings, table=None):
    """Check that a file can be written, before any work, and leave no trace.

    Parameters
    ----------
    path : str
        The file. Pipes and devices have any name, and are not opened here: whoever
        reads them would see the end.
    endings : tuple of str
        What its name may end with.
    table : str or None, default=None
        A file that must stay.

    Raises
    ------
    OSError
        If it cannot be written.
    ValueError
        If it is the table, or has another name.
    """
    if is_stream(path):
        return
    if not str(path).lower().endswith(endings):
        raise ValueError(
            f"Got {path}, expected a name that ends with {' or '.join(endings)}."
        )
    path = Path(os.path.realpath(path))  # a link to nowhere stays one
    existed = path.exists()
    with path.open("ab"):
        pass
    if not existed:
        path.unlink()
    elif table is not None and path == Path(os.path.realpath(table)):
        raise ValueError(f"Got {table} for the table and for a result.")
