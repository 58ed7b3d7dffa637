"""From the arguments to an exit status."""

import gc
import os
import sys
import warnings
from importlib import import_module

from ._arguments import parse
from ._console import Console

# What files, arguments and the machine may be to blame for.
ERRORS = ArithmeticError, ImportError, MemoryError, OSError, RecursionError, ValueError
ERROR, INTERRUPTED = 2, 130  # as shells and argparse have it


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str or None, default=None
        The arguments; None stands for those of this process.

    Returns
    -------
    status : int
        0, or 2 after one line about what was wrong, or 130 after an interrupt.
    """
    args = parse(sys.argv[1:] if argv is None else argv)
    console = Console(args.quiet, args.json)
    name = "optimise" if args.command == "optimize" else args.command
    try:
        # Only what this command needs: help and errors come at once.
        run = import_module(f".{'_' + name}", __package__).run
        gc.freeze()  # what is imported stays: a tenth of a short report was the search
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those that matter are recorded
            return run(args, console)
    except KeyboardInterrupt:
        print("sklearn-5d: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has seen enough; Python would complain while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ERRORS as error:
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"sklearn-5d: error: {message}", file=sys.stderr)
        return ERROR
