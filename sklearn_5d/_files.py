"""Optional packages, and files that are complete under their name or not there."""

import os
import secrets
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import sklearn

PACKAGE = __package__


def import_optional(name, user, extra="export"):
    """Import a package that only `user` needs; an error names the extra that has it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"{user} needs {package}: pip install 'sklearn_5d[{extra}]'"
        ) from error


def is_stream(path):
    """Tell whether a path is a pipe, a device or the like: nothing to be replaced."""
    path = Path(path)
    return path.exists() and not (path.is_file() or path.is_dir())


@contextmanager
def replacing(path):
    """Give a path to write to, which takes the name of `path` when all went well."""
    if is_stream(path):
        yield Path(path)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(path, content):
    """Write a file that is complete under its name, or not there."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(content)
        file.flush()
        if temporary.is_file():
            os.fsync(file.fileno())


def versions():
    """Name the versions that a file depends on."""
    return {
        PACKAGE: import_module(PACKAGE).__version__,
        "scikit-learn": sklearn.__version__,
    }
