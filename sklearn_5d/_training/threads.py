"""Settings of the whole process, for trainings that overlap in threads.

A context that sets something for the process and puts it back later goes wrong where
two threads enter it and leave it in the same order: the second one finds, and puts
back, the setting of the first. Filters of warnings may still be left behind by threads:
scikit-learn's validation of arrays sets and restores them in each of its calls.
"""

import warnings
from contextlib import contextmanager
from functools import cache
from threading import Lock

from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController


class SharedContext:
    """A context that the first thread of several enters and the last one leaves.

    Parameters
    ----------
    make_context : callable
        Makes the context manager.
    """

    def __init__(self, make_context):
        self.make_context = make_context
        self.lock = Lock()
        self.n_users = 0

    def __enter__(self):
        with self.lock:
            if self.n_users == 0:
                self.context = self.make_context()
                self.context.__enter__()
            self.n_users += 1

    def __exit__(self, *error):
        with self.lock:
            self.n_users -= 1
            if self.n_users == 0:
                self.context.__exit__(None, None, None)


@contextmanager
def _mlp_warnings():
    with warnings.catch_warnings():
        # The budget of iterations is a parameter here, not an accident.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("error", "Training interrupted by user")
        yield


@cache
def _controller():
    """Look for the libraries once: it takes longer than many a prediction."""
    return ThreadpoolController()


# Networks of this size lose time in a threaded BLAS. OpenMP is limited as well: on a
# busy machine its loops in scikit-learn made the calibration take 10 to 20 s.
single_threaded = SharedContext(lambda: _controller().limit(limits=1))
mlp_warnings = SharedContext(_mlp_warnings)


@contextmanager
def mlp_training():
    """Let `MLPRegressor` keep quiet about its budget, and not swallow an interrupt."""
    with mlp_warnings:
        try:
            yield
        except UserWarning as warning:
            if isinstance(warning.__context__, KeyboardInterrupt):
                raise warning.__context__ from None
            raise
