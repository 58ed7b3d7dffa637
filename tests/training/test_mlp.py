"""The solvers of `MLPRegressor` are those of a pipeline that is built by hand."""

import pytest
from estimators import reference
from numpy.testing import assert_allclose
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function


def by_hand(**parameters):
    """The reference configuration without this package."""
    settings = {
        "hidden_layer_sizes": (64, 32, 16),
        "learning_rate_init": 0.005,
        "max_iter": 100,
        "batch_size": 256,
        "early_stopping": True,
        "n_iter_no_change": 20,
        "random_state": 0,
    }
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(**(settings | parameters))),
        transformer=StandardScaler(),
    )


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_reference_configuration_is_that_built_by_hand(fresh):
    X, y = make_function("friedman1", 1000, noise=0.1, random_state=0)
    ours, theirs = reference().fit(X, y), by_hand().fit(X, y)
    assert_allclose(ours.predict(fresh[0]), theirs.predict(fresh[0]), rtol=1e-10)
    assert_allclose(ours.loss_curve_, theirs.regressor_[-1].loss_curve_, rtol=1e-10)
    assert ours.n_iter_ == theirs.regressor_[-1].n_iter_


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_reference_configuration_where_targets_are_tied(fresh):
    """Rows with the same target and other inputs are no repetition of each other."""
    X, y = make_function("friedman1", 300, noise=0.1, random_state=0)
    y = y.round()
    ours = reference(max_iter=3).fit(X, y)
    theirs = by_hand(max_iter=3, batch_size=256).fit(X, y)
    assert_allclose(ours.predict(fresh[0]), theirs.predict(fresh[0]), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:(Stochastic Optimizer|lbfgs failed)")
@pytest.mark.parametrize("name", ["sgd", "lbfgs"])
def test_other_solvers_are_those_built_by_hand(table, fresh, name):
    settings = {"hidden_layer_sizes": (8,), "max_iter": 15, "batch_size": 32}
    ours = FiveDRegressor(
        solver=name, activation="relu", n_estimators=1, random_state=0, **settings
    )
    settings["early_stopping"] = name == "sgd"
    theirs = by_hand(solver=name, **settings)
    assert_allclose(
        ours.fit(*table).predict(fresh[0]),
        theirs.fit(*table).predict(fresh[0]),
        rtol=1e-10,
    )
