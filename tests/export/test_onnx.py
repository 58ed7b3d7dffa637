"""A fitted model as an ONNX graph predicts the same."""

import json
import os
import re
from copy import copy, deepcopy
from dataclasses import replace

import numpy as np
import pytest
from exported import (
    X_TRANSFORMS,
    Y_TRANSFORMS,
    every_scaling,
    fitted,
    make_table,
    training_range,
)
from sklearn.preprocessing import PowerTransformer

from sklearn_5d import FiveDRegressor
from sklearn_5d._export import _onnx_graph
from sklearn_5d._noise import NoiseScale
from sklearn_5d.datasets import make_function

ALL = ("y", "y_std", "lower", "upper", "gradient")


def run_onnx(model, X, names=None):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(names, {"X": X})


def in_python(model, X, level=0.8):
    """What the graph has to say, in its order."""
    y, std = model.predict(X, return_std=True)
    lower, upper = model.predict_interval(X, level).T
    return y, std, lower, upper, model.predict_gradient(X)


def assert_onnx_agrees(model, X):
    """To 1e-10 of the standard deviation of the target, an sd of each input."""
    sd = make_table()[1].std()
    in_onnx = run_onnx(model.to_onnx(outputs=ALL, confidence_level=0.8), X)
    for result, expected in zip(in_onnx, in_python(model, X), strict=True):
        assert result.dtype == np.float64
        assert result.shape == expected.shape
        if expected.ndim == 2:
            result, expected = result * X.std(axis=0), expected * X.std(axis=0)
        # Where it is larger than the target itself, as far outside, of its own size.
        size = np.maximum(np.abs(expected), sd)
        assert np.max(np.abs(result - expected) / size) < 1e-10


@every_scaling
def test_to_onnx_predicts_the_same(parameters):
    pytest.importorskip("onnx")
    model = fitted(**parameters)
    X = training_range()
    assert_onnx_agrees(model, X)
    assert_onnx_agrees(model, X + 0.3 * np.ptp(X, axis=0))


def test_to_onnx_knows_what_is_below_the_smallest_target():
    """The standard deviation is that of the smallest, where the logarithm has none."""
    pytest.importorskip("onnx")
    model = deepcopy(fitted(y_transform="log", n_estimators=3))
    for member in model.estimators_:
        member.intercepts_[-1] -= 5
    X = training_range()
    assert (model.predict(X) < make_table()[1].min()).any()
    assert_onnx_agrees(model, X)


@pytest.mark.parametrize("activation", ["identity", "logistic", "relu", "tanh"])
@pytest.mark.parametrize("solver", ["spring", "adam"])
def test_to_onnx_knows_the_activations(activation, solver):
    pytest.importorskip("onnx")
    model = fitted(activation=activation, solver=solver, n_estimators=3)
    assert_onnx_agrees(model, training_range())


@pytest.mark.parametrize("x_transform", ["standard", "steps"])
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_to_onnx_needs_no_hidden_layer(x_transform, n_estimators):
    pytest.importorskip("onnx")
    model = fitted(
        hidden_layer_sizes=(), x_transform=x_transform, n_estimators=n_estimators
    )
    assert_onnx_agrees(model, training_range())


@pytest.mark.parametrize("x_transform", X_TRANSFORMS)
@pytest.mark.parametrize("y_transform", Y_TRANSFORMS)
def test_to_onnx_stops_where_the_package_does(x_transform, y_transform):
    pytest.importorskip("onnx")
    model = fitted(activation="relu", x_transform=x_transform, y_transform=y_transform)
    for size in (1e25, 1e30, 1e50):
        assert_onnx_agrees(model, training_range(5) + size * np.eye(5))
        assert_onnx_agrees(model, training_range(5) - size * np.eye(5))


@pytest.mark.parametrize("kind", ["constant", "leverage", "heteroscedastic"])
@pytest.mark.parametrize("n_estimators", [1, 3])
def test_to_onnx_knows_the_noise(kind, n_estimators):
    """Every term of the scale is at work."""
    pytest.importorskip("onnx")
    model = copy(fitted(n_estimators=n_estimators, y_transform="arcsinh"))
    weights = np.array([0.5, 0.3, 0.2]) if n_estimators == 3 else None
    model._model = model._model.with_members(model.estimators_, weights)
    rng = np.random.default_rng(0)
    noise = NoiseScale.constant(5)
    if kind != "constant":
        noise = replace(noise, kind=kind, intercept=-3.0, slope=0.7, limits=(-4.0, 2.0))
    if kind == "heteroscedastic":
        linear, quadratic = rng.normal(size=6), np.triu(rng.normal(size=(6, 6)))
        noise = replace(noise, linear=linear, quadratic=quadratic)
    model._uncertainty = replace(model._uncertainty, noise=noise)
    X = training_range()
    _, std, *_ = in_python(model, X)
    mean = model._model.average(model._model.outputs(X))
    slope = model._model.target.slope(mean)
    assert (np.ptp(std / slope) > 0.1 * np.max(std / slope)) == (kind != "constant")
    assert_onnx_agrees(model, X)


def test_to_onnx_knows_the_noise_that_a_fit_finds():
    pytest.importorskip("onnx")
    X, _ = make_function("friedman1", 600, random_state=0)
    y = np.random.default_rng(0).normal(size=600) * 10 ** X[:, 3] + X[:, 0]
    model = FiveDRegressor(n_estimators=2, max_steps=60, random_state=0).fit(X, y)
    assert model.noise_ == "heteroscedastic"
    assert_onnx_agrees(model, X)


@pytest.mark.parametrize(
    "names", [("y_std",), ("gradient",), ("upper", "y"), ("lower", "gradient", "y_std")]
)
def test_to_onnx_computes_what_is_asked(names):
    pytest.importorskip("onnx")
    model, X = fitted(n_estimators=3), training_range(50)
    exported = model.to_onnx(outputs=names, confidence_level=0.8)
    assert tuple(output.name for output in exported.graph.output) == names
    expected = dict(zip(ALL, in_python(model, X), strict=True))
    for name, result in zip(names, run_onnx(exported, X), strict=True):
        np.testing.assert_allclose(result, expected[name], 1e-7)
    whole = model.to_onnx(outputs=ALL)
    assert len(exported.graph.node) < len(whole.graph.node)


def test_bounds_in_onnx_have_the_level_that_is_asked():
    pytest.importorskip("onnx")
    model, X = fitted(n_estimators=3), training_range(50)
    for level in (0.5, 0.9):
        bounds = run_onnx(model.to_onnx(None, ("lower", "upper"), level), X)
        expected = model.predict_interval(X, level)
        np.testing.assert_allclose(np.transpose(bounds), expected)


@pytest.mark.parametrize(
    "outputs",
    ["y", (), ("y", "std"), ("y", "y"), ["upper", "y_median"], None, 3, [["y"]], b"y"],
)
def test_output_that_is_none(outputs):
    message = rf"Got outputs={re.escape(repr(outputs))}, expected one or several of"
    with pytest.raises(ValueError, match=message):
        fitted().to_onnx(outputs=outputs)


@pytest.mark.parametrize("level", [0, 1.5, "0.9", None, [0.5, 0.9]])
def test_level_that_is_none(level):
    with pytest.raises(ValueError, match=r"confidence_level=.*expected"):
        fitted().to_onnx(outputs=("lower",), confidence_level=level)


def test_bounds_without_rows_to_calibrate_with():
    pytest.importorskip("onnx")
    model = fitted(solver="adam")
    for name in ("y_std", "lower", "upper"):
        with pytest.raises(ValueError, match="No rows were held out"):
            model.to_onnx(outputs=("y", name))
    assert (
        len(run_onnx(model.to_onnx(outputs=("y", "gradient")), training_range(5))) == 2
    )


@pytest.mark.parametrize(
    "power", [0.0, 1e-17, 1e-9, 1e-7, 1e-3, 1.0, 1.999999999, 2, 3]
)
def test_yeo_johnson_in_onnx(power):
    onnx = pytest.importorskip("onnx")
    x = np.r_[-np.logspace(-12, 2), 0, np.logspace(-12, 2)][:, None]
    transformer = PowerTransformer(standardize=False).fit(x)
    transformer.lambdas_[:] = power
    graph = _onnx_graph._Graph(onnx)
    graph("Identity", graph.power("x", transformer.lambdas_), output="y")
    infos = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, ["n", 1])
        for name in "xy"
    ]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes, "graph", infos[:1], infos[1:], graph.constants
        ),
        opset_imports=[onnx.helper.make_opsetid("", _onnx_graph.ONNX_OPSET)],
        ir_version=_onnx_graph.ONNX_IR_VERSION,
    )
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    y = session.run(None, {"x": x})[0]
    # Near 0 and 2 scikit-learn 1.7 itself rounds to 1e-7.
    np.testing.assert_allclose(y, transformer.transform(x), 1e-6, 1e-6)


def test_to_onnx_survives_a_far_origin():
    pytest.importorskip("onnx")
    X, y = make_table()
    X = X + 1e9 * np.array([1, 0, 0, 0, -1])
    model = FiveDRegressor((8,), n_estimators=2, max_steps=50)
    model.set_params(x_transform="standard", y_transform="standard").fit(X, y)
    assert_onnx_agrees(model, X)


@pytest.mark.parametrize("y_transform", Y_TRANSFORMS)
def test_to_onnx_knows_targets_that_are_zero_in_single_precision(y_transform):
    pytest.importorskip("onnx")
    X, y = make_table()
    y = 1e-60 * y
    model = FiveDRegressor((8,), n_estimators=1, max_steps=20, random_state=0)
    model.set_params(x_transform="standard", y_transform=y_transform).fit(X, y)
    results = run_onnx(model.to_onnx(outputs=ALL, confidence_level=0.8), X)
    for result, expected in zip(results, in_python(model, X), strict=True):
        np.testing.assert_allclose(result, expected, 1e-7, 1e-10 * y.std())


def test_to_onnx_writes_what_it_returns(tmp_path):
    onnx = pytest.importorskip("onnx")
    pandas = pytest.importorskip("pandas")
    X, y = make_table()
    model = FiveDRegressor((4,), solver="lbfgs", n_estimators=1, max_iter=5).fit(
        pandas.DataFrame(X, columns=list("abcde")), y
    )
    path = tmp_path / "model.onnx"
    path.write_text("an older file")
    returned = model.to_onnx(path)
    assert onnx.load(path) == returned
    assert os.listdir(tmp_path) == ["model.onnx"]
    (names,) = (p.value for p in returned.metadata_props if p.key == "feature_names")
    assert json.loads(names) == list("abcde")
    (x_info,) = returned.graph.input
    assert x_info.type.tensor_type.shape.dim[1].dim_value == 5
