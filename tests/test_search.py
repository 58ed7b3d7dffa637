"""The search space, and the searches that take it."""

from itertools import pairwise

import numpy as np
import pytest
from estimators import single
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingRandomSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklearn_5d import FiveDRegressor, search_space


def test_space_holds_the_defaults(table):
    X, y = table
    defaults = FiveDRegressor().get_params()
    assert all(defaults[name] in values for name, values in search_space().items())
    by_hand = {"learning_rate_init": 0.6, "alpha": 1e-2, "activation": "tanh"}
    explicit, default = (
        single(**parameters).fit(X, y).predict(X) for parameters in (by_hand, {})
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
    search = SEARCHES[name](single()).fit(X, y)
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
        best = single(**search.best_params_)
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
        return cross_val_score(single(**parameters), X, y, cv=2).mean()

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=3)
    best = single(**study.best_trial.user_attrs["parameters"])
    assert cross_val_score(best, X, y, cv=2).mean() == study.best_value
    assert study.best_value == max(trial.value for trial in study.trials)
