"""The command line; ``python -m sklearn_5d --help`` says what it does."""

import sys

from ._command import main

if __name__ == "__main__":
    sys.exit(main())
