"""What several files share; a fitted model is for tests that only read it."""

from functools import cache

import estimators
import pytest

# A type checker reads it, and nothing runs it.
collect_ignore = ["typed_use.py"]


@pytest.fixture(scope="session")
def table():
    """Rows to learn."""
    return estimators.X, estimators.Y


@pytest.fixture(scope="session")
def fresh():
    """Rows of the same function that nobody has seen, without noise."""
    return estimators.X_NEW, estimators.Y_NEW


@pytest.fixture(params=estimators.SOLVERS)
def solver(request):
    """Every solver."""
    return request.param


@pytest.fixture(params=["spring", "adam"])
def solver_kind(request):
    """A solver of this package, and one of `MLPRegressor`."""
    return request.param


@pytest.fixture(params=estimators.PASS_SOLVERS)
def pass_solver(request):
    """The solvers that can go on with more rows."""
    return request.param


@pytest.fixture(scope="session")
def fitted(table):
    """Make `estimators.small` models of the table, each fitted once a session."""

    @cache
    def fit(solver="spring", **parameters):
        return estimators.small(solver, **parameters).fit(*table)

    return fit
