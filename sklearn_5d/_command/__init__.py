"""The command line: ``sklearn-5d``, or ``python -m sklearn_5d``."""

from ._main import main

__all__ = ["main"]
