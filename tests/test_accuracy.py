"""What it learns, and how well: beside Adam, on functions and on measurements."""

import numpy as np
import pytest
from estimators import reference, small
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.linear_model import LinearRegression

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import load_airfoil_self_noise, make_function


def test_reference_configuration_reaches_the_accuracy_of_the_report():
    X, y = make_function("friedman1", 12_000, noise=0.1, random_state=0)
    model = reference().fit(X[:10_000], y[:10_000])
    assert model.score(X[10_000:], y[10_000:]) >= 0.9988


def test_it_beats_adam_a_hundredfold_where_there_is_no_noise():
    X, y = make_function("friedman1", 1500, random_state=0)
    train, test = slice(500), slice(500, None)
    ours = FiveDRegressor(n_estimators=2, random_state=0).fit(X[train], y[train])
    adam = reference().fit(X[train], y[train])
    errors = [np.std(m.predict(X[test]) - y[test]) for m in (ours, adam)]
    assert errors[0] < errors[1] / 100


def test_it_learns(table, fresh, solver):
    model = small(solver, max_iter=200, max_steps=200).fit(*table)
    assert model.score(*fresh) > LinearRegression().fit(*table).score(*fresh) + 0.05
    if solver == "lbfgs":
        return  # MLPRegressor keeps no curve of it
    for curve in model.loss_curve_:
        assert curve[0] > 2 * curve[-1]


def test_it_learns_real_measurements():
    X, y = load_airfoil_self_noise(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(y))
    X, y = np.asarray(X)[order], np.asarray(y)[order]
    model = FiveDRegressor(n_estimators=3, max_steps=300, random_state=0)
    model.fit(X[:1200], y[:1200])
    assert np.sqrt(np.mean((model.predict(X[1200:]) - y[1200:]) ** 2)) < 2.0


@pytest.mark.parametrize("n_columns", [1, 4, 6])
def test_other_widths_warn(n_columns):
    X = np.random.default_rng(0).uniform(size=(60, n_columns))
    message = f"X has {n_columns} columns; the defaults .* tuned for 5"
    with pytest.warns(DataDimensionalityWarning, match=message):
        model = small(max_steps=200).fit(X, X.sum(axis=1))
    assert model.score(X, X.sum(axis=1)) > 0.9
    assert model.predict_gradient(X).shape == (60, n_columns)


def test_small_spread_far_from_zero(table, fresh):
    X, y = table
    model = small(max_steps=200).fit(X + 1e9, y + 1e9)
    error = model.predict(fresh[0] + 1e9) - 1e9 - fresh[1]
    assert np.sqrt(np.mean(error**2)) < 0.3 * np.std(fresh[1])


@pytest.mark.parametrize("seed", [1, 2, 15])
def test_no_member_stays_collapsed(seed):
    rng = np.random.default_rng(seed)
    X, X_new = rng.uniform(size=(40, 5)), rng.uniform(size=(500, 5))
    y, y_new = (((10 * each - 5) ** 2).sum(axis=1) for each in (X, X_new))
    model = FiveDRegressor(random_state=seed).fit(X, y)
    assert np.std(model.predict(X_new) - y_new) < 0.02 * y_new.std()
    assert min(scores[-1] for scores in model.validation_scores_) > 0.9
