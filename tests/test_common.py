"""scikit-learn's own checks of an estimator, for every solver.

The estimators are the plain ones, with every automatic choice; only the automatic
budgets are cut, so that some hundred fits take seconds.
"""

import pytest
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sklearn_5d import FiveDRegressor
from sklearn_5d._training import defaults

# The checks feed tables of 1 to 30 columns.
pytestmark = pytest.mark.filterwarnings(
    f"ignore::{DataDimensionalityWarning.__module__}.DataDimensionalityWarning"
)


@pytest.fixture(autouse=True)
def small_budget(monkeypatch):
    monkeypatch.setattr(defaults, "max_steps", lambda *_: 24)
    monkeypatch.setattr(defaults, "n_estimators", lambda *_: 2)
    monkeypatch.setattr(defaults, "N_EVIDENCE_STEPS", 2)
    monkeypatch.setattr(defaults, "MAX_RACE_STEPS", 8)
    monkeypatch.setattr(defaults, "MAX_ENCODED_RACE_STEPS", 8)


@parametrize_with_checks(
    [
        FiveDRegressor(),
        FiveDRegressor(n_estimators=1),
        FiveDRegressor(solver="adam", activation="relu", n_estimators=1),
        FiveDRegressor(solver="adam", max_iter=10),
        FiveDRegressor(solver="sgd", n_estimators=2, max_iter=20),
        FiveDRegressor(solver="lbfgs", n_estimators=2, max_iter=20),
    ]
)
def test_estimator(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_plain_call():
    """What a user types: no check may fail, none is expected to."""
    results = check_estimator(FiveDRegressor())
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
    assert len(results) > 40
