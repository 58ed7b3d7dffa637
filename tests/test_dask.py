"""On a cluster the numbers are those of one machine."""

from contextlib import contextmanager

import pytest
from estimators import single
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_5d import search_space


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
    model = single(n_estimators=4)
    with on_the_cluster(cluster, "_fit_member"):
        there = clone(model).fit(X, y)
    here = model.fit(X, y)
    assert_array_equal(there.predict(X), here.predict(X))
    assert_array_equal(there.predict_interval(X), here.predict_interval(X))


@pytest.mark.parametrize("n_estimators", [1, 2])
def test_cross_validation_on_a_cluster(cluster, table, n_estimators):
    # Members of a committee inside a fold are tasks of a task.
    model = single(n_estimators=n_estimators)
    with on_the_cluster(cluster, "_fit_and_score"):
        scores = cross_val_score(model, *table, cv=3)
    assert_array_equal(scores, cross_val_score(model, *table, cv=3))


def test_grid_search_on_a_cluster(cluster, table):
    X, y = table
    space = {name: search_space()[name] for name in ("activation", "alpha")}
    search = GridSearchCV(single(), space, cv=2)
    with on_the_cluster(cluster, "_fit_and_score"):
        there = clone(search).fit(X, y)
    here = search.fit(X, y)
    assert there.best_params_ == here.best_params_
    assert_array_equal(
        there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    assert_array_equal(there.predict(X), here.predict(X))
