"""Weight decay shrinks; absurd settings are a fit, or an error that names them."""

from contextlib import suppress
from itertools import pairwise

import numpy as np
import pytest
from estimators import small
from numpy.testing import assert_allclose

LONG = {"spring": {"max_steps": 200}, "lbfgs": {"max_iter": 200}}


def spread(model, X, y):
    """The sd of the prediction, in that of the target: 0 where it is the mean."""
    return np.std(model.predict(X)) / y.std()


@pytest.mark.parametrize("gaussian_process", [False, "auto"])
@pytest.mark.parametrize("solver", LONG)
def test_alpha_shrinks_towards_the_mean(solver, gaussian_process, table):
    parameters = LONG[solver] | {"gaussian_process": gaussian_process}
    spreads = [
        spread(small(solver, alpha=alpha, **parameters).fit(*table), *table)
        for alpha in (0.0, 5.0, 10.0, 1e3, 1e6)
    ]
    assert spreads[0] > 0.9
    assert all(after < before + 0.01 for before, after in pairwise(spreads))
    assert spreads[-1] < 0.05


def fitted(model, X, y):
    return model.fit(X, y)


def fitted_again(model, X, y):
    return model.set_params(warm_start=True).fit(X, y).fit(X, y)


def streamed(model, X, y):
    for _ in range(3):
        model.partial_fit(X, y)
    return model


@pytest.mark.parametrize("train", [fitted, fitted_again, streamed])
@pytest.mark.parametrize("gaussian_process", [False, True])
def test_more_alpha_is_a_smaller_share_of_the_same(train, gaussian_process, table):
    """In no step do networks die or revive by chance."""
    X, y = table

    def prediction(alpha):
        model = small("spring", alpha=alpha, gaussian_process=gaussian_process)
        return train(model, X, y).predict(X) - y.mean()

    whole = prediction(0.1)
    for alpha in (0.3, 1.0, 3.0, 10.0):
        assert_allclose(
            (0.9 + alpha) * prediction(alpha), whole, atol=1e-9 * np.ptp(whole)
        )


def test_a_smaller_alpha_undoes_the_shrinkage(table):
    model = small("spring", alpha=10.0, warm_start=True).fit(*table)
    assert spread(model, *table) < 0.2
    assert spread(model.set_params(alpha=0.0).fit(*table), *table) > 0.9


@pytest.mark.parametrize("alpha", [100.0, 1e3, 1e6])
def test_large_alpha_leaves_the_mean_whatever_the_solver(solver, alpha, table):
    """Of sgd, what its steps can bear: their length times alpha is to stay below 2."""
    if solver == "sgd":
        alpha = min(alpha, 100.0)
    assert spread(small(solver, alpha=alpha).fit(*table), *table) < 0.05


@pytest.mark.parametrize("alpha", [100.0, 1e6])
def test_large_alpha_in_a_stream(alpha, table):
    model = small(alpha=alpha)
    for _ in range(3):
        model.partial_fit(*table)
    assert spread(model, *table) < 0.05


@pytest.mark.parametrize(
    "absurd", [{"alpha": 1e6}, {"learning_rate_init": 1e3}], ids=str
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("warm_start", [False, True])
def test_absurd_settings_leave_a_model(pass_solver, absurd, method, warm_start, table):
    model = small(pass_solver, warm_start=warm_start).fit(*table)
    model.set_params(**absurd)
    with suppress(ArithmeticError):  # the model before is still there
        getattr(model, method)(*table)
    assert spread(model, *table) < 1e3


@pytest.mark.parametrize(
    ("solver", "absurd", "message"),
    [
        ("spring", {"learning_rate_init": 1e10}, "smaller learning rate than"),
        ("adam", {"learning_rate_init": 1e11}, r"learning_rate_init=1e.11 or alpha"),
        ("adam", {"learning_rate_init": 1e6}, r"learning_rate_init=1e.06 or alpha"),
        ("sgd", {"alpha": 1e6}, r"alpha=1e.06 is too large"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_what_diverges_is_named(solver, absurd, message, method, table):
    with pytest.raises(ArithmeticError, match=message):
        getattr(small(solver, **absurd), method)(*table)
