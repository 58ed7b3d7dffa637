"""The Gaussian process, and what the networks learn from it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import LinAlgError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from sklearn_5d import FiveDRegressor
from sklearn_5d._rows import Rows
from sklearn_5d._training import defaults, gaussian_process, teaching
from sklearn_5d._training.gaussian_process import condition, fit_kernel
from sklearn_5d.datasets import make_function

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 5))
Y = np.sin(X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=60)
X_NEW = RNG.normal(size=(20, 5))
WEIGHT = np.random.RandomState(1).choice([1.0, 2.0, 30.0], 60)


def kernel():
    return ConstantKernel(2.0) * RBF([1.0, 2.0, 3.0, 4.0, 5.0])


def smooth(n_samples=150, noise=0.1, seed=0):
    X, y = make_function("friedman1", n_samples, random_state=seed)
    return X, y + noise * y.std() * np.random.default_rng(seed).normal(size=n_samples)


def model(**parameters):
    parameters = {"n_estimators": 2, "random_state": 0, **parameters}
    return FiveDRegressor(**parameters)


def test_fitted_kernel_is_likelier_than_its_start():
    covariance, noise_variance = fit_kernel(Rows(X, Y), np.random.RandomState(0))

    def log_likelihood(covariance, noise_variance):
        process = GaussianProcessRegressor(
            covariance + WhiteKernel(noise_variance), optimizer=None
        )
        return process.fit(X, Y).log_marginal_likelihood_value_

    start = log_likelihood(ConstantKernel(1.0) * RBF(np.ones(5)), 1e-2)
    assert log_likelihood(covariance, noise_variance) > start + 10
    # Three of the inputs mean nothing.
    scales = covariance.k2.length_scale
    assert scales[2:].min() > 2 * scales[0]
    assert 0.003 < noise_variance < 0.03


@pytest.mark.parametrize("weight", [np.ones(60), WEIGHT], ids=["equal", "weighted"])
def test_likelihood_is_that_of_scikit_learn(weight):
    theta = np.r_[kernel().theta, np.log(0.02)]
    value, gradient = gaussian_process._negative_log_likelihood(theta, X, Y, weight)
    process = GaussianProcessRegressor(kernel(), alpha=0.02 / weight, optimizer=None)
    theirs, slope = process.fit(X, Y).log_marginal_likelihood(theta[:-1], True)
    assert_allclose(value, -theirs)
    assert_allclose(gradient[:-1], -slope)
    step = 1e-5 * np.eye(7)[-1]
    up, down = (
        gaussian_process._negative_log_likelihood(theta + s * step, X, Y, weight)[0]
        for s in (1, -1)
    )
    assert_allclose(gradient[-1], (up - down) / 2e-5, rtol=1e-6)


def test_more_rows_than_the_likelihood_takes(monkeypatch):
    monkeypatch.setattr(defaults, "MAX_LIKELIHOOD_ROWS", 40)
    weights = np.r_[np.ones(40), np.zeros(20)]
    y = np.r_[Y[:40], np.full(20, 1e6)]
    _, noise_variance = fit_kernel(Rows(X, y, weights), np.random.RandomState(0))
    assert noise_variance < 0.1


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_conditioning_is_that_of_scikit_learn(weight):
    alpha = 0.01 if weight is None else 0.01 / weight
    theirs = GaussianProcessRegressor(kernel(), alpha=alpha, optimizer=None).fit(X, Y)
    ours = condition(kernel(), 0.01, Rows(X, Y, weight))
    assert_allclose(ours.predict(X_NEW), theirs.predict(X_NEW), atol=1e-9)


def test_a_weight_of_two_is_two_rows():
    weight = np.ones(60)
    weight[:10] = 2
    ours = condition(kernel(), 0.01, Rows(X, Y, weight))
    twice = condition(kernel(), 0.01, Rows(np.r_[X, X[:10]], np.r_[Y, Y[:10]]))
    assert_allclose(ours.predict(X_NEW), twice.predict(X_NEW), atol=1e-8)


def test_kernel_is_the_likeliest_for_the_weights():
    """Rows of weight 30 are means of 30: no other noise explains them all as well."""
    y = Y + np.random.RandomState(2).normal(size=60) / np.sqrt(WEIGHT)
    covariance, noise_variance = fit_kernel(Rows(X, y, WEIGHT), np.random.RandomState())

    def log_likelihood(factor):
        alpha = factor * noise_variance / WEIGHT
        process = GaussianProcessRegressor(covariance, alpha=alpha, optimizer=None)
        return process.fit(X, y).log_marginal_likelihood_value_

    assert log_likelihood(1) > max(log_likelihood(0.9), log_likelihood(1.1))
    assert 0.5 < noise_variance < 2
    equal, equal_variance = fit_kernel(Rows(X, y), np.random.RandomState())
    theirs = GaussianProcessRegressor(equal, alpha=equal_variance, optimizer=None)
    assert log_likelihood(1) > theirs.fit(X, y).log_marginal_likelihood_value_ + 5


def test_only_the_proportions_of_weights_count():
    processes = []
    for unit in (1.0, 1000.0):
        rows = Rows(X, Y, unit * WEIGHT)
        processes.append(condition(*fit_kernel(rows, np.random.RandomState()), rows))
    assert_allclose(*(p.predict(X_NEW) for p in processes), rtol=1e-6)


def test_equal_rows_without_noise_get_some():
    process = condition(kernel(), 1e-14, Rows(np.r_[X, X], np.r_[Y, Y]))
    assert np.isfinite(process.predict(X_NEW)).all()


def test_a_covariance_that_stays_singular_is_an_error():
    with pytest.raises(LinAlgError, match="60 rows is singular"):
        condition(kernel(), -1.0, Rows(X, Y))


def test_networks_learn_from_the_process():
    X, y = smooth()
    X_new, y_new = make_function("friedman1", 500, random_state=1)
    taught, alone = model().fit(X, y), model(gaussian_process=False).fit(X, y)
    assert 0.2 < taught.gaussian_process_share_ <= 1
    assert taught.polynomial_share_ == 0
    assert alone.gaussian_process_share_ == 0
    errors = [np.std(m.predict(X_new) - y_new) for m in (taught, alone)]
    assert errors[0] < 0.95 * errors[1]


@pytest.mark.parametrize(
    ("parameters", "learns"),
    [
        ({}, True),
        ({"n_estimators": 1}, False),
        ({"n_estimators": 1, "gaussian_process": True}, True),
    ],
)
def test_who_learns_from_it(parameters, learns):
    fitted = model(**parameters).fit(*smooth())
    assert (fitted.gaussian_process_share_ > 0) == learns


def test_validation_rows_judge_it():
    X_val, y_val = smooth(seed=1)
    fitted = model(n_estimators=1, gaussian_process=True).fit(
        *smooth(), X_val=X_val, y_val=y_val
    )
    assert fitted.gaussian_process_share_ > 0
    scale = np.sqrt(np.mean((fitted.predict(X_val) - y_val) ** 2))
    assert_allclose(fitted.residual_scale_, scale)


def test_no_share_where_the_target_is_noise():
    X = np.random.default_rng(0).uniform(size=(100, 5))
    y = np.random.default_rng(1).normal(size=100)
    fitted = model().fit(X, y)
    assert np.std(fitted.predict(X)) < 0.5


def test_a_singular_covariance_leaves_the_networks(monkeypatch):
    def fail(*args, **kwargs):
        raise LinAlgError

    monkeypatch.setattr(gaussian_process, "cho_factor", fail)
    monkeypatch.setitem(teaching.TEACHERS, "polynomial", (fail, fail))
    X, y = smooth()
    fitted = model().fit(X, y)
    assert fitted.gaussian_process_share_ == 0
    alone = model(gaussian_process=False).fit(X, y)
    assert_array_equal(fitted.predict(X), alone.predict(X))


def test_lessons_that_do_not_help_are_forgotten(monkeypatch):
    monkeypatch.setattr(teaching, "best_blend", lambda *args: (1.0, 0.0))
    monkeypatch.setattr(
        gaussian_process.Process, "predict", lambda self, X: np.full(len(X), 5.0)
    )
    X, y = smooth()
    fitted = model().fit(X, y)
    assert fitted.gaussian_process_share_ == 0
    alone = model(gaussian_process=False).fit(X, y)
    assert_array_equal(fitted.predict(X), alone.predict(X))


@pytest.mark.parametrize("state", [None, np.random.RandomState(0)])
def test_any_random_state(state):
    fitted = model(random_state=state).fit(*smooth(80))
    single = model(random_state=state, n_estimators=1, gaussian_process=True)
    assert np.isfinite(single.fit(*smooth(80)).predict(X_NEW)).all()
    assert np.isfinite(fitted.predict(X_NEW)).all()
