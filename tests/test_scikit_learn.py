"""The ways of scikit-learn: parameters, pickles, pipelines, searches, ensembles."""

import inspect
import pickle

import numpy as np
import pandas
import pytest
from estimators import small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor


def test_parameters_are_stored_as_they_are_given():
    parameters = inspect.signature(FiveDRegressor).parameters
    values = {name: object() for name in parameters}
    model = FiveDRegressor(**values)
    assert vars(model) == values


def test_pickle(fitted, fresh, solver_kind):
    X, _ = fresh
    model = fitted(solver_kind)
    loaded = pickle.loads(pickle.dumps(model))
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert_array_equal(loaded.predict_interval(X), model.predict_interval(X))
    assert_array_equal(loaded.predict_gradient(X), model.predict_gradient(X))


def test_pipeline_and_grid_search(table, fresh):
    pipeline = make_pipeline(StandardScaler(), small())
    grid = {
        "fivedregressor__hidden_layer_sizes": [(1,), (12,)],
        "fivedregressor__activation": ["tanh"],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(*table)
    assert search.best_params_["fivedregressor__hidden_layer_sizes"] == (12,)
    assert search.score(*fresh) > 0.9


def test_cross_validate(table, solver_kind):
    model = small(solver_kind, max_steps=100, max_iter=100)
    scores = cross_validate(model, *table, cv=3)
    assert (scores["test_score"] > 0.5).all()


def test_bagging(table, fresh):
    bagging = BaggingRegressor(small(), n_estimators=3, random_state=0).fit(*table)
    linear = LinearRegression().fit(*table)
    assert bagging.score(*fresh) > linear.score(*fresh) + 0.05


def test_inside_a_transformed_target(table, fresh):
    model = TransformedTargetRegressor(small(), func=np.log, inverse_func=np.exp)
    X, y = table
    assert model.fit(X, np.maximum(y, 0.1)).score(*fresh) > 0.8


def test_stacking_learns_from_predictions_out_of_fold(table):
    X, y = table
    stack = StackingRegressor(
        [("model", small()), ("linear", LinearRegression())], LinearRegression(), cv=3
    ).fit(X, y)
    columns = np.column_stack(
        [cross_val_predict(m, X, y, cv=3) for m in (small(), LinearRegression())]
    )
    final = LinearRegression().fit(columns, y)
    assert_allclose(stack.final_estimator_.coef_, final.coef_)
    members = np.column_stack(
        [m.fit(X, y).predict(X) for m in (small(), LinearRegression())]
    )
    assert_allclose(stack.predict(X), final.predict(members))
    # The network deserves more trust than the plane.
    assert stack.final_estimator_.coef_[0] > stack.final_estimator_.coef_[1]


def test_several_targets_are_several_models(table):
    X, y = table
    Y = np.column_stack([y, -10 * y + X[:, 0]])
    model = MultiOutputRegressor(small()).fit(X, Y)
    columns = [small().fit(X, column).predict(X) for column in Y.T]
    assert_array_equal(model.predict(X), np.column_stack(columns))


NAMES = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("names", [None, NAMES])
def test_transformers_that_give_frames_change_no_value(table, names):
    X, y = table
    X = X if names is None else pandas.DataFrame(X, columns=names)
    # Of the same table: the columns of a frame may lie in another order in memory, and
    # training amplifies the rounding of their means.
    expected = make_pipeline(StandardScaler(), small()).fit(X, y).predict(X)
    with config_context(transform_output="pandas"):
        model = make_pipeline(StandardScaler(), small()).fit(X, y)
        assert_allclose(model.predict(X), expected, 1e-11)
    if names is not None:
        assert model[-1].feature_names_in_.tolist() == names
