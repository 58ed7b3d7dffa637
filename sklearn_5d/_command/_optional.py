"""Packages that only the command needs."""

from importlib import import_module


def import_optional(name):
    """Import a package of the extra ``report``.

    Parameters
    ----------
    name : str
        The module.

    Returns
    -------
    module
        The module.

    Raises
    ------
    ImportError
        If the package is not installed; the message names the extra.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"The command needs {package}: pip install 'sklearn_5d[report]'"
        ) from error
