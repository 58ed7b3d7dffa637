"""A weight of two is a row twice, of zero none; in training and in calibration."""

import numpy as np
import pandas as pd
import pytest
from estimators import N_ROWS, X_NEW, properties, small
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_5d import FiveDRegressor
from sklearn_5d._uncertainty import conformal_quantile, interpolated_quantiles


def test_zero_weight_is_an_absent_row(table, fresh, solver):
    X, y = table
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 2.0)
    kept = weight > 0
    spoilt = np.where(kept, y, 1e6)
    with_zeros = small(solver).fit(X, spoilt, sample_weight=weight)
    without = small(solver).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_array_equal(with_zeros.predict(fresh[0]), without.predict(fresh[0]))
    assert_array_equal(
        with_zeros.predict_interval(fresh[0]), without.predict_interval(fresh[0])
    )


def test_weight_two_is_a_row_twice(table, fresh, solver):
    X, y = table
    weight = np.where(np.arange(len(y)) < 50, 2, 1)
    weighted = small(solver).fit(X, y, sample_weight=weight)
    repeated = small(solver).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_array_equal(weighted.predict(fresh[0]), repeated.predict(fresh[0]))


def test_weight_two_is_a_row_twice_in_the_calibration(table):
    X, y = table
    weight = np.where(np.arange(N_ROWS) < 50, 2.0, 1.0)
    weighted = small().fit(X, y, weight)
    rows = np.r_[np.arange(N_ROWS), np.arange(50)]
    repeated = small().fit(X[rows], y[rows])
    assert weighted.residual_scale_ == repeated.residual_scale_
    for each in ("predict_interval", "predict_quantiles"):
        assert_array_equal(*(getattr(m, each)(X) for m in (weighted, repeated)))
    assert_array_equal(*(m.predict(X, return_std=True) for m in (weighted, repeated)))


def test_weights_count_in_the_calibration_of_a_stream(table):
    """Each of two calls after the first has a row that is wrong and hardly counts."""
    X, y = table
    weight = np.where(np.arange(50) == 0, 1e-6, 1.0)
    model = small().partial_fit(X[:50], y[:50])
    for rows in (slice(50, 100), slice(100, 150)):
        spoilt = np.where(weight < 1, 1e3, y[rows])
        model.partial_fit(X[rows], spoilt, weight)
    assert model.residual_scale_ < 10
    assert_array_equal(model._uncertainty.weight, [*weight, *weight])


def test_calibration_counts_rows_as_they_came():
    """Counts repeat: few of 6,400 rows are distinct, and all of them are residuals."""
    grid = np.array(np.meshgrid(*[[0.0, 1.0]] * 5)).reshape(5, -1).T
    X = np.repeat(grid, 200, axis=0)
    rate = 1 + 0.3 * X.sum(axis=1)
    y = np.random.default_rng(0).poisson(rate).astype(float)
    model = FiveDRegressor(random_state=0).fit(X, y)
    assert model.residual_scale_ == pytest.approx(np.sqrt(rate.mean()), rel=0.1)
    residual = y - model.oof_prediction_
    assert model.residual_scale_ == pytest.approx(np.sqrt(np.mean(residual**2)))
    for level in (0.5, 0.9):
        lower, upper = model.predict_interval(X, level).T
        # Whole counts are inside or outside by some per cent at a time.
        assert np.mean((lower <= y) & (y <= upper)) == pytest.approx(level, abs=0.08)


def test_weighted_quantiles_are_those_of_repeated_scores():
    """The new score counts as much as the mean of the others does."""
    rng = np.random.default_rng(0)
    scores, counts = rng.exponential(size=200), rng.integers(1, 4, size=200)
    repeated = np.sort(np.repeat(scores, counts))
    for level in (0.5, 0.8, 0.9, 0.99):
        rank = np.ceil(level * (len(repeated) + counts.mean())).astype(int)
        quantile = conformal_quantile(scores, level, counts.astype(float))
        assert quantile == repeated[rank - 1]
        assert quantile == conformal_quantile(scores, level, 1e3 * counts)
    quantiles = interpolated_quantiles(scores, [0.1, 0.9], counts.astype(float))
    assert_allclose(quantiles, np.quantile(repeated, [0.1, 0.9]), rtol=0.05)


def test_weights_decide_between_contradicting_rows(solver):
    """Each input carries 0 with weight 1 and 1 with weight 3: the mean is 0.75."""
    X = np.random.default_rng(0).uniform(size=(100, 5))
    X, y = np.vstack([X, X]), np.repeat([0.0, 1.0], 100)
    # One network, so that (almost) every input trains with both of its targets.
    model = small(solver, n_estimators=1, max_iter=200, early_stopping=False)
    model.fit(X, y, sample_weight=1 + 2 * y)
    assert model.predict(X).mean() == pytest.approx(0.75, abs=0.05)


def test_equal_weights_are_no_weights(table, solver_kind):
    X, y = table
    expected = small(solver_kind, alpha=0).fit(X, y).predict(X_NEW)
    weighted = (
        small(solver_kind, alpha=0).fit(X, y, np.full(N_ROWS, 3.0)).predict(X_NEW)
    )
    assert_allclose(weighted, expected, rtol=1e-5)


@pytest.mark.parametrize("n_estimators", [1, 2])
def test_only_the_proportions_of_weights_matter(table, solver, n_estimators):
    """A power of two changes no digit."""
    weight = np.linspace(1, 2, N_ROWS)
    models = [
        small(solver, n_estimators=n_estimators).fit(*table, factor * weight)
        for factor in (1.0, 2.0**-20)
    ]
    assert_array_equal(*(model.predict(X_NEW) for model in models))


def test_only_the_proportions_of_weights_matter_in_a_pass(table):
    weight = np.linspace(1, 2, N_ROWS)
    models = [
        small("sgd").partial_fit(*table, factor * weight) for factor in (1.0, 2.0**-20)
    ]
    assert_array_equal(*(model.predict(X_NEW) for model in models))


@settings(properties, max_examples=25)
@given(
    exponents=st.lists(st.integers(-140, 140), min_size=2, max_size=20),
    n_zeros=st.integers(0, 18),
)
def test_any_weights(table, exponents, n_zeros):
    """Over any decades the weights give a finite model, or are too few."""
    n = len(exponents)
    weight = np.r_[10.0 ** np.array(exponents), np.zeros(n_zeros)]
    X, y = (a[: n + n_zeros] for a in table)
    n_rows = np.sum(weight > 1e-15 * weight.max())
    assume(n_rows == np.sum(weight > 1e-16 * weight.max()))
    if n_rows < 2:
        with pytest.raises(ValueError, match=r"on 1 row.*expected at least 2"):
            small(max_steps=8).fit(X, y, weight)
        return
    model = small(max_steps=8).fit(X, y, weight)
    assert np.isfinite(model.predict(X_NEW)).all()


@pytest.mark.parametrize(
    "weight",
    [True, 2, np.ones(N_ROWS, int), np.ones(N_ROWS, ">f4"), pd.Series([1] * N_ROWS)],
)
def test_kinds_of_weights(table, fitted, weight):
    expected = fitted().predict(X_NEW)
    model = small().fit(*table, sample_weight=weight)
    assert_allclose(model.predict(X_NEW), expected, rtol=1e-5)
