"""What the command says: results to standard output, all else to standard error."""

import json
import sys
from contextlib import contextmanager

import numpy as np

from ._optional import import_optional

# Lines of progress where there is no terminal to draw a bar on.
N_LINES = 10


class Console:
    """Standard output and standard error.

    Parameters
    ----------
    quiet : bool, default=False
        Whether to keep what is no result to oneself.
    as_json : bool, default=False
        Whether results are for machines.
    """

    def __init__(self, quiet=False, as_json=False):
        self.quiet, self.as_json = quiet, as_json

    def note(self, text):
        """Say something that is no result.

        Parameters
        ----------
        text : str
            One line.
        """
        if not self.quiet:
            print(" ".join(text.split()), file=sys.stderr)

    def warn(self, text):
        """Say what may be wrong.

        Parameters
        ----------
        text : str
            One line.
        """
        self.note(f"Warning: {text}")

    def result(self, text, values):
        """Print a result.

        Parameters
        ----------
        text : str
            For people.
        values : dict
            For machines.
        """
        if self.as_json:
            text = json.dumps(_plain(values), indent=2, ensure_ascii=False)
        print(text, flush=True)  # a closed pipe is met here, not at the exit

    @contextmanager
    def progress(self, total, label):
        """Show how far a work has come: a bar on a terminal, a few lines elsewhere.

        Parameters
        ----------
        total : int
            The whole.
        label : str
            What is counted.

        Yields
        ------
        callable
            To be called with what has been done so far.
        """
        if self.quiet:
            yield lambda done: None
        elif sys.stderr.isatty():
            tqdm = import_optional("tqdm").tqdm
            form = "{desc}: {percentage:3.0f}% |{bar}| {elapsed} < {remaining}"
            with tqdm(total=total, desc=label, bar_format=form, leave=False) as bar:
                yield lambda done: bar.update(done - bar.n)
        else:
            yield _lines(total, label)


def _lines(total, label):
    said = 0

    def show(done):
        nonlocal said
        tenths = int(N_LINES * done / total)
        if tenths > said:
            said = tenths
            print(f"{label}: {100 * done / total:.0f} %", file=sys.stderr, flush=True)

    return show


def align(rows):
    """Lay out a table as text: the first column flush left, the others flush right.

    Parameters
    ----------
    rows : list of list of str
        The cells.

    Returns
    -------
    list of str
        The lines.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])])
        for first, *others in rows
    ]


def exact(number):
    """Write a number that reads back as the same.

    Parameters
    ----------
    number : float
        The number.

    Returns
    -------
    str
        As few digits as that takes.

    Examples
    --------
    >>> exact(500_000.0), exact(0.1)
    ('500000', '0.1')
    """
    return repr(float(number)).removesuffix(".0")


def printable(text):
    r"""Replace characters that would steer a terminal, or that a picture cannot hold.

    Parameters
    ----------
    text : str
        One line, from somebody else.

    Returns
    -------
    str
        As many characters.

    Examples
    --------
    >>> printable("flow\xa0rate\x1b[2J")
    'flow rate?[2J'
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def _plain(value):
    """Make what JSON knows; it knows no NaN and no infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
