"""Weights and validation rows find their way through the tools of scikit-learn."""

import numpy as np
import pytest
from estimators import single
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import get_scorer, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import search_space
from sklearn_5d.datasets import make_function


@pytest.fixture(scope="module")
def metadata(table):
    """Weights that matter, and validation rows of another number than the rows."""
    _, y = table
    X_val, y_val = make_function("friedman1", 50, random_state=1)
    weight = np.random.default_rng(0).uniform(0.1, 3, len(y))
    return {"sample_weight": weight, "X_val": X_val, "y_val": y_val}


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def requesting():
    """A quick estimator that asks for all that it takes."""
    model = single().set_score_request(sample_weight=True)
    return model.set_fit_request(sample_weight=True, X_val=True, y_val=True)


def requesting_pipeline():
    """The same behind a scaling, which treats all rows alike."""
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    steps = [("scale", scaler), ("model", requesting())]
    return Pipeline(steps, transform_input=["X_val"])


def test_without_a_request_metadata_is_refused(table, metadata, routing):
    with pytest.raises(UnsetMetadataPassedError, match="X_val"):
        cross_validate(single(), *table, params=metadata)


def far(X):
    """The same inputs in units in which validation rows cannot pass for scaled."""
    return 1e3 + 1e-2 * X


def test_validation_rows_go_through_the_pipeline(table, metadata, routing):
    X, y = table
    metadata = {**metadata, "X_val": far(metadata["X_val"])}
    pipeline = requesting_pipeline().fit(far(X), y, **metadata)
    scaler = StandardScaler().fit(far(X))
    model = single().fit(
        scaler.transform(far(X)),
        y,
        **{**metadata, "X_val": scaler.transform(metadata["X_val"])},
    )
    assert_array_equal(
        pipeline.predict(far(X)), model.predict(scaler.transform(far(X)))
    )
    # What would pass if the pipeline left the validation rows as they are.
    unscaled = clone(pipeline).set_params(transform_input=None)
    unscaled.fit(far(X), y, **metadata)
    assert unscaled[-1].residual_scale_ > 10 * pipeline[-1].residual_scale_


def test_cross_validate_takes_its_share_of_the_weights(table, metadata, routing):
    X, y = table
    results = cross_validate(
        requesting(), X, y, cv=KFold(3), params=metadata, return_estimator=True
    )
    weight = metadata["sample_weight"]
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        expected = single().fit(
            X[train], y[train], **{**metadata, "sample_weight": weight[train]}
        )
        prediction = expected.predict(X[test])
        assert_array_equal(results["estimator"][fold].predict(X[test]), prediction)
        score = r2_score(y[test], prediction, sample_weight=weight[test])
        assert results["test_score"][fold] == score
        assert score != r2_score(y[test], prediction)


def test_grid_search_over_a_pipeline(table, metadata, routing):
    X, y = table
    metadata = {**metadata, "X_val": far(metadata["X_val"])}
    pipeline = requesting_pipeline()
    space = {"model__activation": search_space("model__")["model__activation"]}
    # The score of a pipeline takes no weights in a search of scikit-learn 1.7.
    scoring = get_scorer("r2").set_score_request(sample_weight=True)
    search = GridSearchCV(pipeline, space, cv=3, scoring=scoring)
    search.fit(far(X), y, **metadata)
    best = clone(pipeline).set_params(**search.best_params_).fit(far(X), y, **metadata)
    assert_array_equal(search.predict(far(X)), best.predict(far(X)))
    for k, parameters in enumerate(search.cv_results_["params"]):
        scores = cross_val_score(
            clone(pipeline).set_params(**parameters),
            far(X),
            y,
            cv=3,
            scoring=scoring,
            params=metadata,
        )
        assert search.cv_results_["mean_test_score"][k] == scores.mean()


def test_transformed_target_passes_metadata_on(table, metadata, routing):
    X, y = table
    # The target of validation rows is the caller's to transform.
    metadata = {**metadata, "y_val": np.log(metadata["y_val"])}
    outer = TransformedTargetRegressor(requesting(), func=np.log, inverse_func=np.exp)
    outer.fit(X, y, **metadata)
    inner = single().fit(X, np.log(y), **metadata)
    assert_allclose(outer.predict(X), np.exp(inner.predict(X)), 1e-12)
