"""What the ways out share: optional packages, and files that are complete or absent."""

import os
import secrets
from importlib import import_module
from pathlib import Path

import sklearn

PACKAGE = __package__.partition(".")[0]


def import_optional(name, user):
    """Import a package of the extra ``export`` for a function that needs it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"{user} needs {package}: pip install 'sklearn_5d[export]'"
        ) from error


def write(path, content):
    """Write a file that is complete under its name, or not there."""
    path = Path(path).resolve()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def versions():
    """Name the versions that a file depends on."""
    return {
        PACKAGE: import_module(PACKAGE).__version__,
        "scikit-learn": sklearn.__version__,
    }
