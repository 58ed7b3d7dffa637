"""What scikit-learn and a notebook show of a fitted model."""

import numpy as np
import pytest
from estimators import single
from numpy.testing import assert_allclose
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.model_selection import LearningCurveDisplay, cross_val_score

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function

TERMS = [lambda x: 2 * x, lambda x: 3 * x**2, np.zeros_like, lambda x: np.sin(3 * x)]


@pytest.fixture(scope="module")
def additive():
    """A fitted model, fresh rows, and the terms of the sum at them."""
    rng = np.random.default_rng(0)
    X, X_new = rng.uniform(-1, 1, (2, 800, 5))
    terms, terms_new = (
        np.column_stack([f(x) for f, x in zip(TERMS, Z.T, strict=False)])
        for Z in (X, X_new)
    )
    model = FiveDRegressor((16, 16), n_estimators=1, max_steps=200, random_state=0)
    return model.fit(X, terms.sum(axis=1)), X_new, terms_new


def test_permutation_importance_is_the_share_of_the_variance(additive):
    model, X, terms = additive
    y = terms.sum(axis=1)
    result = permutation_importance(model, X, y, n_repeats=10, random_state=0)
    # A term that is shuffled errs by the difference of two draws.
    expected = np.r_[2 * terms.var(axis=0) / y.var(), 0]
    assert_allclose(result.importances_mean, expected, atol=0.05)


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    backend = matplotlib.get_backend()
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")
    matplotlib.use(backend)


def test_partial_dependence_is_the_term(additive, pyplot):
    model, X, _ = additive
    display = PartialDependenceDisplay.from_estimator(
        model, X, features=range(4), grid_resolution=20
    )
    lines = display.lines_.ravel()[: len(TERMS)]
    for f, line in zip(TERMS, lines, strict=True):
        grid, curve = line.get_data()
        term = f(grid)
        assert_allclose(curve - curve.mean(), term - term.mean(), atol=0.05)


def test_learning_curve_falls_to_the_cross_validated_error(pyplot):
    X, y = make_function("friedman1", 400, random_state=0)
    kind = "neg_root_mean_squared_error"
    display = LearningCurveDisplay.from_estimator(
        single(), X, y, train_sizes=[0.1, 1.0], cv=4, scoring=kind, negate_score=True
    )
    assert display.train_sizes.tolist() == [30, 300]
    few, many = display.test_scores
    assert_allclose(many, cross_val_score(single(), X, y, cv=4, scoring=kind))
    (line,) = (line for line in display.lines_ if line.get_label() == "Test")
    assert_allclose(line.get_ydata(), [-few.mean(), -many.mean()])
    assert few.mean() < 1.5 * many.mean() < 0
