"""The ways of scikit-learn: parameters, pickles, pipelines, searches, ensembles."""

import inspect
import pickle

import numpy as np
from estimators import (
    small,
)
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_validate
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
