"""What scikit-learn's tools, Dask and notebooks make of the estimator."""

import re
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from estimators import ENVIRONMENT
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import get_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    LearningCurveDisplay,
    ParameterGrid,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor, search_space
from sklearn_5d.datasets import make_function

NAMES = ["a", "b", "c", "d", "e"]


def small(**parameters):
    """A quick estimator."""
    settings = {
        "hidden_layer_sizes": (8,),
        "n_estimators": 1,
        "max_steps": 40,
        "random_state": 0,
    }
    return FiveDRegressor(**settings | parameters)


@pytest.fixture(scope="module")
def table():
    return make_function("friedman1", 120, random_state=0)


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
    model = small().set_score_request(sample_weight=True)
    return model.set_fit_request(sample_weight=True, X_val=True, y_val=True)


def requesting_pipeline():
    """The same behind a scaling, which treats all rows alike."""
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    steps = [("scale", scaler), ("model", requesting())]
    return Pipeline(steps, transform_input=["X_val"])


# Search


def test_space_holds_the_defaults(table):
    X, y = table
    defaults = FiveDRegressor().get_params() | {"learning_rate_init": 0.6}
    assert all(defaults[name] in values for name, values in search_space().items())
    explicit, default = (
        small(learning_rate_init=rate).fit(X, y).predict(X) for rate in (0.6, "auto")
    )
    assert_array_equal(explicit, default)


def test_every_candidate_is_valid():
    candidates = list(ParameterGrid(search_space()))
    assert len(candidates) == 48
    for parameters in candidates:
        FiveDRegressor(**parameters)._validate_params()


def test_space_may_be_changed():
    search_space()["activation"].append("relu")
    assert "relu" not in search_space()["activation"]


@pytest.mark.parametrize(
    ("wrap", "prefix"),
    [
        (make_pipeline, "fivedregressor__"),
        (TransformedTargetRegressor, "regressor__"),
    ],
)
def test_prefix_leads_to_the_estimator(wrap, prefix):
    space = search_space(prefix)
    assert [name.removeprefix(prefix) for name in space] == list(search_space())
    wrap(FiveDRegressor()).set_params(**next(iter(ParameterGrid(space))))


SEARCHES = {
    "grid": lambda model: GridSearchCV(
        model, {**search_space(), "hidden_layer_sizes": [(4,)]}, cv=2
    ),
    "random": lambda model: RandomizedSearchCV(
        model, search_space(), n_iter=4, cv=2, random_state=0
    ),
    "halving over rows": lambda model: HalvingRandomSearchCV(
        model, search_space(), n_candidates=4, min_resources=40, cv=2, random_state=0
    ),
    "halving over steps": lambda model: HalvingRandomSearchCV(
        model,
        search_space(),
        n_candidates=4,
        resource="max_steps",
        min_resources=10,
        max_resources=40,
        cv=2,
        random_state=0,
    ),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_searches_take_the_space(table, name):
    X, y = table
    search = SEARCHES[name](small()).fit(X, y)
    model = clone(search.best_estimator_).fit(X, y)
    assert_array_equal(search.predict(X), model.predict(X))
    scores = search.cv_results_["mean_test_score"]
    last = search.cv_results_.get("iter", np.zeros(len(scores)))
    assert search.best_score_ == scores[last == last.max()].max()
    assert np.ptp(scores) > 0
    if name.startswith("halving"):
        resources = search.n_resources_
        assert all(fewer < more for fewer, more in pairwise(resources))
        assert search.n_candidates_[0] == 4
    else:
        best = small(**search.best_params_)
        assert cross_val_score(best, X, y, cv=2).mean() == search.best_score_


def test_optuna_takes_the_space(table):
    optuna = pytest.importorskip("optuna")
    X, y = table

    def objective(trial):
        parameters = {
            name: values[trial.suggest_categorical(name, range(len(values)))]
            for name, values in search_space().items()
        }
        trial.set_user_attr("parameters", parameters)
        return cross_val_score(small(**parameters), X, y, cv=2).mean()

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=3)
    best = small(**study.best_trial.user_attrs["parameters"])
    assert cross_val_score(best, X, y, cv=2).mean() == study.best_value
    assert study.best_value == max(trial.value for trial in study.trials)


# Metadata


def test_without_a_request_metadata_is_refused(table, metadata, routing):
    with pytest.raises(UnsetMetadataPassedError, match="X_val"):
        cross_validate(small(), *table, params=metadata)


def far(X):
    """The same inputs in units in which validation rows cannot pass for scaled."""
    return 1e3 + 1e-2 * X


def test_validation_rows_go_through_the_pipeline(table, metadata, routing):
    X, y = table
    metadata = {**metadata, "X_val": far(metadata["X_val"])}
    pipeline = requesting_pipeline().fit(far(X), y, **metadata)
    scaler = StandardScaler().fit(far(X))
    model = small().fit(
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
        expected = small().fit(
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
    inner = small().fit(X, np.log(y), **metadata)
    assert_allclose(outer.predict(X), np.exp(inner.predict(X)), 1e-12)


# Other estimators around it


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


@pytest.mark.parametrize("names", [None, NAMES])
def test_transformers_that_give_frames_change_no_value(table, names):
    pandas = pytest.importorskip("pandas")
    X, y = table
    expected = make_pipeline(StandardScaler(), small()).fit(X, y).predict(X)
    X = X if names is None else pandas.DataFrame(X, columns=names)
    with config_context(transform_output="pandas"):
        model = make_pipeline(StandardScaler(), small()).fit(X, y)
        # The columns of a frame may lie in another order in memory.
        assert_allclose(model.predict(X), expected, 1e-11)
    if names is not None:
        assert model[-1].feature_names_in_.tolist() == names


# Inspection, on a sum of functions of one input each


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
        small(), X, y, train_sizes=[0.1, 1.0], cv=4, scoring=kind, negate_score=True
    )
    assert display.train_sizes.tolist() == [30, 300]
    few, many = display.test_scores
    assert_allclose(many, cross_val_score(small(), X, y, cv=4, scoring=kind))
    (line,) = (line for line in display.lines_ if line.get_label() == "Test")
    assert_allclose(line.get_ydata(), [-few.mean(), -many.mean()])
    assert few.mean() < 1.5 * many.mean() < 0


# Dask


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes, as two machines would be."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def on_the_cluster(client, function):
    """Let joblib use the cluster, and check that its workers ran the function."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.get_task_stream(client) as stream,
        parallel_config(backend="dask"),
    ):
        yield
    assert any(f"batch_of_{function}_" in task["key"] for task in stream.data)


def test_committee_trains_on_a_cluster(cluster, table):
    X, y = table
    model = small(n_estimators=4)
    with on_the_cluster(cluster, "_fit_member"):
        there = clone(model).fit(X, y)
    here = model.fit(X, y)
    assert_array_equal(there.predict(X), here.predict(X))
    assert_array_equal(there.predict_interval(X), here.predict_interval(X))


@pytest.mark.parametrize("n_estimators", [1, 2])
def test_cross_validation_on_a_cluster(cluster, table, n_estimators):
    # Members of a committee inside a fold are tasks of a task.
    model = small(n_estimators=n_estimators)
    with on_the_cluster(cluster, "_fit_and_score"):
        scores = cross_val_score(model, *table, cv=3)
    assert_array_equal(scores, cross_val_score(model, *table, cv=3))


def test_grid_search_on_a_cluster(cluster, table):
    X, y = table
    space = {name: search_space()[name] for name in ("activation", "alpha")}
    search = GridSearchCV(small(), space, cv=2)
    with on_the_cluster(cluster, "_fit_and_score"):
        there = clone(search).fit(X, y)
    here = search.fit(X, y)
    assert there.best_params_ == here.best_params_
    assert_array_equal(
        there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    assert_array_equal(there.predict(X), here.predict(X))


# Notebooks and imports


def test_html_shows_the_parameters_and_leads_nowhere_else(table):
    model = make_pipeline(StandardScaler(), small(alpha=0.0125)).fit(*table)
    html = model._repr_html_()
    for name in FiveDRegressor().get_params():
        assert re.search(rf'<td class="param">{name}(&nbsp;)?</td>', html)
    cell = r'<td class="param">alpha(?:&nbsp;)?</td>\s*<td class="value">(.*)</td>'
    assert re.findall(cell, html) == ["0.0125"]
    # scikit-learn has no page on this estimator.
    assert not re.search(r'href="[^"]*sklearn_5d', html)


IMPORT = """
import sys
import sklearn.neural_network
before = set(sys.modules)
import sklearn_5d
optional = "dask distributed matplotlib onnx onnxruntime optuna pandas polars skops"
# Trees and all that comes with them take long to load.
heavy = {*optional.split(), "sklearn.ensemble"}
print(*heavy & (set(sys.modules) - before))
"""


def test_import_loads_nothing_heavy(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == []
