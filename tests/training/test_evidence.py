"""The evidence decides where rows are few and noisy."""

import numpy as np
import pytest
from estimators import N_ROWS, X_NEW, small
from numpy.testing import assert_allclose
from scipy.linalg import LinAlgError
from sklearn.linear_model import ARDRegression

from sklearn_5d._network import Weights
from sklearn_5d._rows import Rows
from sklearn_5d._training import evidence


@pytest.mark.parametrize("weighted", [False, True])
def test_evidence_of_a_linear_network_is_that_of_scikit_learn(weighted):
    """Automatic relevance determination, with the bias as one more input."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    y = X @ [1.0, -0.5, 0.1, 0, 0] + 0.3 + 0.5 * rng.normal(size=60)
    weight = rng.integers(1, 4, 60).astype(float) if weighted else None
    root = np.sqrt(weight / weight.mean()) if weighted else np.ones(60)
    flat = {name: 0 for name in ("alpha_1", "alpha_2", "lambda_1", "lambda_2")}
    theirs = ARDRegression(
        max_iter=5000, tol=1e-14, threshold_lambda=1e12, fit_intercept=False, **flat
    ).fit(root[:, None] * np.column_stack([X, np.ones(60)]), root * y)
    zeros = Weights(np.zeros(6), (5, 1))
    ours = evidence.maximize_evidence(zeros, Rows(X, y, weight), 1.0, 1000, "tanh")
    assert_allclose(ours.vector, theirs.coef_, rtol=1e-6, atol=1e-8)
    assert np.sum(np.abs(theirs.coef_) < 1e-8) > 0  # an input was found irrelevant


@pytest.mark.parametrize("calls", [{1}, {1, 2, 3}, {4}, set(range(1, 1000))])
def test_factorisation_of_the_evidence_may_fail(table, calls, monkeypatch):
    """Few noisy rows ask the evidence; without its answer the run before counts."""
    X, y = table
    y = y + np.random.default_rng(0).normal(size=N_ROWS) * y.std()
    original, n_calls = evidence.cho_factor, []

    def failing(*args, **kwargs):
        n_calls.append(1)
        if len(n_calls) in calls:
            raise LinAlgError
        return original(*args, **kwargs)

    monkeypatch.setattr(evidence, "cho_factor", failing)
    model = small(n_estimators=1, max_steps=200).fit(X, y)
    assert len(n_calls) >= 4
    prediction = model.predict(X_NEW)
    assert np.abs(prediction - y.mean()).max() < 5 * np.ptp(y)
