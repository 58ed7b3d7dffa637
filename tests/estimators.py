"""Estimators and tables on which a fit takes a few hundredths of a second."""

import os
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from sklearn.neural_network import MLPRegressor

import sklearn_5d
from sklearn_5d import FiveDRegressor
from sklearn_5d._training import spring
from sklearn_5d.datasets import make_function

SOLVERS = {
    "spring": {"max_steps": 40},
    "adam": {"max_iter": 20, "learning_rate_init": 0.02, "batch_size": 16},
    "sgd": {"max_iter": 20, "learning_rate_init": 0.02, "batch_size": 16},
    "lbfgs": {"max_iter": 40},
}
# Those that pass over the rows, and so can go on with more of them.
PASS_SOLVERS = ["spring", "adam", "sgd"]
# What each solver calls in every step.
STEPS = {
    "spring": (spring, "natural_gradient_step"),
    "adam": (MLPRegressor, "_backprop"),
    "sgd": (MLPRegressor, "_backprop"),
    "lbfgs": (MLPRegressor, "_loss_grad_lbfgs"),
}
METHODS = ["predict", "predict_interval", "predict_gradient", "is_extrapolation"]

# For processes that import this package, whether it is installed or not.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(sklearn_5d.__file__).parents[1])}

N_ROWS = 150
X, Y = make_function("friedman1", N_ROWS, noise=0.1, random_state=0)
X_NEW, Y_NEW = make_function("friedman1", 100, random_state=1)

# The same examples in each run, so that a change is to blame for a failure.
properties = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    # To find a smaller example may take minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def small(solver="spring", **parameters):
    """A quick estimator."""
    settings = {"hidden_layer_sizes": (8,), "n_estimators": 2, "random_state": 0}
    return FiveDRegressor(solver=solver, **settings | SOLVERS[solver] | parameters)


def single(**parameters):
    """The quickest estimator."""
    return small(**{"n_estimators": 1} | parameters)


def reference(**parameters):
    """The configuration that everything began with."""
    return FiveDRegressor(
        solver="adam", activation="relu", n_estimators=1, random_state=0, **parameters
    )


def everything(model, X):
    """All that a model says about some rows."""
    prediction, std = model.predict(X, return_std=True)
    interval = model.predict_interval(X, 0.5)
    return prediction, std, interval, model.predict_gradient(X)


def member_predictions(model, X):
    """What each member says of the rows, by scikit-learn alone, in y's units."""
    Z = model.x_scaler_.transform(X)
    return [
        model.y_scaler_.inverse_transform(member.predict(Z)[:, None])[:, 0]
        for member in model.estimators_
    ]


def interrupt_at(monkeypatch, owner, name, call):
    """Let a call of a function raise what Ctrl-C raises."""
    original, calls = getattr(owner, name), []

    def interrupted(*args, **kwargs):
        calls.append(name)
        if len(calls) == call:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, interrupted)
