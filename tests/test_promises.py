"""What people really feed it: each a kind of fault that was found, and is mended."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor
from sklearn_5d._uncertainty import conformal_quantile, interpolated_quantiles
from sklearn_5d.datasets import FUNCTIONS, make_function


def small(**parameters):
    return FiveDRegressor(
        (8,), **{"n_estimators": 2, "max_steps": 60, "random_state": 0} | parameters
    )


@pytest.fixture(scope="module")
def table():
    return make_function("friedman1", 150, noise=0.1, random_state=0)


# --------------------------------------------------------------------------------------
# Members
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_no_member_stays_collapsed(seed):
    rng = np.random.default_rng(seed)
    X, X_new = rng.uniform(size=(40, 5)), rng.uniform(size=(500, 5))
    y, y_new = (((10 * each - 5) ** 2).sum(axis=1) for each in (X, X_new))
    model = FiveDRegressor(random_state=seed).fit(X, y)
    assert np.std(model.predict(X_new) - y_new) < 0.02 * y_new.std()
    assert min(scores[-1] for scores in model.validation_scores_) > 0.9


@pytest.mark.parametrize("gaussian_process", [False, "auto"])
def test_alpha_shrinks_towards_the_mean(gaussian_process, table):
    X, y = table
    sizes = []
    for alpha in (0.0, 5.0, 10.0, 1e3, 1e6):
        model = small(
            alpha=alpha, gaussian_process=gaussian_process, max_steps=200
        ).fit(X, y)
        sizes.append(np.std(model.predict(X)) / y.std())
    assert sizes[0] > 0.9
    assert all(after < before + 0.01 for before, after in pairwise(sizes))
    assert sizes[-1] < 0.05


@pytest.mark.parametrize("name", ["adam", "sgd", "lbfgs"])
def test_alpha_of_the_solvers_of_scikit_learn_is_a_fit(name, table):
    model = small(solver=name, alpha=1e3, max_iter=20).fit(*table)
    assert np.isfinite(model.predict(table[0])).all()


@pytest.mark.parametrize("patience", [1, 6])
@pytest.mark.parametrize("max_steps", [5, 20, 300])
def test_max_steps_is_a_budget(patience, max_steps):
    X, y = make_function("friedman1", 500, noise=1.0, random_state=0)
    model = small(max_steps=max_steps, patience=patience, gaussian_process=False)
    assert max(model.fit(X, y).n_steps_) <= max_steps


# --------------------------------------------------------------------------------------
# Rows that belong together
# --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replicated():
    """A hundred settings, ten measurements each, with noise of sd 1."""
    rng = np.random.default_rng(0)
    settings = rng.uniform(size=(100, 5))
    X = np.repeat(settings, 10, axis=0)
    y = FUNCTIONS["friedman1"](X) + rng.normal(size=1000)
    return settings, X, y


def test_replicated_settings_are_as_good_as_their_means(replicated):
    settings, X, y = replicated
    X_new = np.random.default_rng(1).uniform(size=(1000, 5))
    truth = FUNCTIONS["friedman1"](X_new)
    model = FiveDRegressor(random_state=0).fit(X, y)
    means = y.reshape(100, 10).mean(axis=1)
    of_means = FiveDRegressor(random_state=0).fit(settings, means)
    errors = [np.std(m.predict(X_new) - truth) for m in (model, of_means)]
    assert errors[0] < 1.1 * errors[1]
    lower, upper = model.predict_interval(X_new).T
    measured = truth + np.random.default_rng(2).normal(size=1000)
    assert 0.85 < np.mean((lower <= measured) & (measured <= upper)) < 0.95


def test_equal_inputs_are_predicted_out_of_fold_by_one_member(replicated):
    _, X, y = replicated
    model = small(n_estimators=4).fit(X, y)
    prediction = model.oof_prediction_.reshape(100, 10)
    assert_array_equal(prediction, prediction[:, :1].repeat(10, axis=1))


def test_calibration_counts_rows_as_they_came():
    """Counts repeat: a table of few distinct rows has the residuals of all of them."""
    grid = np.array(np.meshgrid(*[[0.0, 1.0]] * 5)).reshape(5, -1).T
    X = np.repeat(grid, 200, axis=0)
    rate = 1 + 0.3 * X.sum(axis=1)
    y = np.random.default_rng(0).poisson(rate).astype(float)
    model = FiveDRegressor(random_state=0).fit(X, y)
    assert model.residual_scale_ == pytest.approx(np.sqrt(rate.mean()), rel=0.1)
    residual = y - model.oof_prediction_
    assert model.residual_scale_ == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_weight_two_is_a_row_twice_in_the_calibration(table):
    X, y = table
    weight = np.where(np.arange(150) < 50, 2.0, 1.0)
    weighted = small().fit(X, y, weight)
    rows = np.r_[np.arange(150), np.arange(50)]
    repeated = small().fit(X[rows], y[rows])
    assert weighted.residual_scale_ == repeated.residual_scale_
    for each in ("predict_interval", "predict_quantiles"):
        assert_array_equal(*(getattr(m, each)(X) for m in (weighted, repeated)))
    assert_array_equal(*(m.predict(X, return_std=True) for m in (weighted, repeated)))


def test_weighted_quantiles_are_those_of_repeated_scores():
    rng = np.random.default_rng(0)
    scores, counts = rng.exponential(size=200), rng.integers(1, 4, size=200)
    repeated = np.repeat(scores, counts)
    for level in (0.5, 0.8, 0.9):
        exact = np.quantile(repeated, level, method="inverted_cdf")
        near = conformal_quantile(scores, level, counts.astype(float))
        assert np.mean(repeated <= near) == pytest.approx(level, abs=0.01)
        assert near >= exact
    quantiles = interpolated_quantiles(scores, [0.1, 0.9], counts.astype(float))
    assert_allclose(quantiles, np.quantile(repeated, [0.1, 0.9]), rtol=0.05)


def test_groups_are_held_out_whole(table):
    X, y = table
    groups = np.arange(150) // 10
    model = small(n_estimators=3).fit(X, y, groups=groups.astype(str))
    Z = model.x_scaler_.transform(X)
    of_members = np.array(
        [
            model.y_scaler_.inverse_transform(m.predict(Z)[:, None])[:, 0]
            for m in model.estimators_
        ]
    )
    owner = np.abs(of_members - model.oof_prediction_).argmin(axis=0)
    assert all(len(set(owner[groups == g])) == 1 for g in range(15))


def test_groups_are_routed(table):
    X, y = table
    groups = np.arange(150) // 10
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), small().set_fit_request(groups=True))
        result = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(3),
            params={"groups": groups},
            error_score="raise",
        )
    assert np.isfinite(result["test_score"]).all()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.zeros(150), "Got 1 distinct groups, expected at least two"),
        (np.zeros(149), "inconsistent numbers of samples"),
        (np.zeros((150, 2)), "1d array"),
    ],
)
def test_bad_groups(groups, message, table):
    with pytest.raises(ValueError, match=message):
        small().fit(*table, groups=groups)


# --------------------------------------------------------------------------------------
# The caller's program
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["spring", "adam", "lbfgs"])
def test_numpy_may_raise_in_the_callers_program(solver):
    X, y = make_function("environmental", 120, random_state=0)
    with np.errstate(all="raise"):
        model = small(solver=solver, max_iter=20).fit(X, y)
        model.predict(X, return_std=True)
        model.predict_interval(X, [0.5, 0.8])
        model.predict_quantiles(X)
        model.predict_gradient(X)
        model.is_extrapolation(X)
        model.score(X, y)
        if solver != "lbfgs":
            model.partial_fit(X, y)


def test_parameters_that_change_later_change_no_prediction(table):
    model = small().fit(*table)
    expected = model.predict(table[0])
    model.set_params(activation="relu", hidden_layer_sizes=(3,), alpha=3.0)
    assert_array_equal(model.predict(table[0]), expected)
    assert_allclose(model.to_sklearn().predict(table[0]), expected, rtol=1e-12)


# --------------------------------------------------------------------------------------
# Uncertainty
# --------------------------------------------------------------------------------------


def test_bounds_of_a_straightened_target_stay_in_its_range():
    X, y = make_function("feynman_iii_14_14", 300, random_state=0)
    assert (y > 0).all()
    model = small(y_transform="log").fit(X, y)
    prediction = model.predict(X)
    lower, upper = model.predict_interval(X, 0.95).T
    offset = model.y_scaler_[0].mean_[0]
    assert (lower > offset).all()
    assert (upper - prediction > prediction - lower).all()


@pytest.fixture(scope="module")
def heteroscedastic():
    """Noise that grows tenfold along the fourth input."""

    def make(n_samples, seed):
        X, y = make_function("friedman1", n_samples, random_state=seed)
        sd = 0.2 * 10 ** X[:, 3]
        return X, y + sd * np.random.default_rng(seed).normal(size=n_samples), sd

    X, y, _ = make(1500, 0)
    return FiveDRegressor(n_estimators=4, random_state=0).fit(X, y), make(4000, 1)


def test_intervals_open_where_the_noise_does(heteroscedastic):
    model, (X, y, sd) = heteroscedastic
    assert model.noise_ == "heteroscedastic"
    lower, upper = model.predict_interval(X).T
    covered = (lower <= y) & (y <= upper)
    for fifth in np.array_split(np.argsort(sd), 5):
        assert 0.84 < covered[fifth].mean() < 0.96
    assert np.mean(upper - lower) < 1.15 * np.mean(2 * 1.645 * sd)
    _, std = model.predict(X, return_std=True)
    assert np.corrcoef(np.log(std), np.log(sd))[0, 1] > 0.95


def test_quantiles_are_those_of_new_rows(heteroscedastic):
    model, (X, y, _) = heteroscedastic
    probabilities = [0.1, 0.5, 0.9]
    quantiles = model.predict_quantiles(X, probabilities)
    assert quantiles.shape == (4000, 3)
    for column, probability in zip(quantiles.T, probabilities, strict=True):
        assert np.mean(y <= column) == pytest.approx(probability, abs=0.03)
    assert_array_equal(model.predict_quantiles(X, 0.5), quantiles[:, 1])


def test_noise_of_one_size_is_found_constant():
    X, y = make_function("friedman1", 600, noise=1.0, random_state=0)
    assert FiveDRegressor(n_estimators=4, random_state=0).fit(X, y).noise_ == "constant"


def test_several_levels_are_single_ones(heteroscedastic):
    model, (X, _, _) = heteroscedastic
    levels = [0.5, 0.9]
    bounds = model.predict_interval(X, levels)
    assert bounds.shape == (4000, 2, 2)
    for k, level in enumerate(levels):
        assert_array_equal(bounds[..., k], model.predict_interval(X, level))
