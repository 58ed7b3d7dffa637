"""A fitted model out of scikit-learn objects alone predicts the same, anywhere."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import sklearn
from exported import (
    X_TRANSFORMS,
    Y_TRANSFORMS,
    every_scaling,
    fitted,
    make_table,
    training_range,
)

from sklearn_5d import FiveDRegressor


@every_scaling
def test_to_sklearn_predicts_the_same(parameters):
    model, X = fitted(**parameters), training_range()
    _, y = make_table()
    atol = 1e-12 * y.std()
    exported = model.to_sklearn().predict(X)
    np.testing.assert_allclose(exported, model.predict(X), 1e-13, atol)


@pytest.mark.parametrize("y_transform", Y_TRANSFORMS)
def test_to_sklearn_stops_where_exponents_do(y_transform):
    model = fitted(activation="relu", y_transform=y_transform)
    X = training_range(10) + 1e25 * np.r_[np.eye(5), -np.eye(5)]
    exported = model.to_sklearn().predict(X)
    np.testing.assert_allclose(exported, model.predict(X), 1e-13)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_to_sklearn_takes_the_members_of_any_solver(solver):
    model, X = fitted(solver=solver, n_estimators=2), training_range()
    np.testing.assert_allclose(model.to_sklearn().predict(X), model.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("x_transform", X_TRANSFORMS)
def test_to_sklearn_can_be_fitted_again(x_transform):
    model = fitted(x_transform=x_transform, y_transform="arcsinh")
    exported = model.to_sklearn()
    assert np.isfinite(exported.fit(*make_table()).predict(training_range(5))).all()


WITHOUT_THE_PACKAGE = """
import pickle, sys
sys.modules["sklearn_5d"] = None
import numpy, pandas
model, X, expected, names = pickle.load(sys.stdin.buffer)
prediction = model.predict(pandas.DataFrame(X, columns=names))
numpy.testing.assert_allclose(prediction, expected, 1e-10)
assert model.feature_names_in_.tolist() == names
assert not [name for name in sys.modules if name.startswith("sklearn_5d.")]
try:
    model.predict(pandas.DataFrame(X, columns=names[::-1]))
except ValueError as error:
    assert "feature names" in str(error)
else:
    raise AssertionError
"""


def test_to_sklearn_loads_where_the_package_is_absent(tmp_path):
    pandas = pytest.importorskip("pandas")
    X, y = make_table()
    names = list("abcde")
    model = FiveDRegressor(
        (8, 4),
        n_estimators=2,
        max_steps=50,
        x_transform="yeo-johnson",
        y_transform="log",
    ).fit(pandas.DataFrame(X, columns=names), y)
    exported = pickle.dumps(model.to_sklearn())
    assert b"sklearn_5d" not in exported
    prediction = model.predict(pandas.DataFrame(X, columns=names))
    subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", WITHOUT_THE_PACKAGE],
        input=pickle.dumps((pickle.loads(exported), X, prediction, names)),
        cwd=tmp_path,
        check=True,
    )


def test_to_sklearn_shares_nothing_with_the_model():
    model, X = fitted(n_estimators=2), training_range(5)
    before = model.predict(X)
    exported = model.to_sklearn()
    for member in exported[-1].regressor_.estimators_:
        member.coefs_[0][:] = 0
    exported[0].mean_[:] = 0
    np.testing.assert_array_equal(model.predict(X), before)


def test_to_sklearn_is_indifferent_to_the_output_configuration():
    pandas = pytest.importorskip("pandas")
    X, y = make_table()
    X = pandas.DataFrame(X, columns=list("abcde"))
    model = FiveDRegressor((8,), n_estimators=2, max_steps=20)
    model.set_params(x_transform="yeo-johnson", y_transform="standard").fit(X, y)
    exported = model.to_sklearn()
    with sklearn.config_context(transform_output="pandas"):
        prediction = exported.predict(X)
    np.testing.assert_allclose(prediction, model.predict(X))


@pytest.mark.parametrize("n_estimators", [1, 3])
def test_what_stays_behind_is_an_error_and_not_a_guess(n_estimators):
    exported = fitted(n_estimators=n_estimators).to_sklearn()
    X = training_range(5)
    with pytest.raises(TypeError, match="return_std"):
        exported.predict(X, return_std=True)
    for method in ("predict_interval", "predict_quantiles", "predict_gradient"):
        assert not hasattr(exported, method)
