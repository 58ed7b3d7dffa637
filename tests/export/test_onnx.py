"""A fitted model as an ONNX graph predicts the same."""

import json
import os

import numpy as np
import pytest
from exported import every_scaling, fitted, make_table, training_range
from sklearn.preprocessing import PowerTransformer

from sklearn_5d import FiveDRegressor
from sklearn_5d._export import _onnx_graph


def run_onnx(model, X):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], {"X": X})[0]


def assert_onnx_agrees(model, X):
    y = run_onnx(model.to_onnx(), X)
    assert y.dtype == np.float64
    # The requirement is 1e-5. Double precision gives about 1e-13.
    atol = 1e-9 * make_table()[1].std()
    np.testing.assert_allclose(y, model.predict(X), 1e-9, atol)


@every_scaling
def test_to_onnx_predicts_the_same(parameters):
    pytest.importorskip("onnx")
    assert_onnx_agrees(fitted(**parameters), training_range())


@pytest.mark.parametrize("activation", ["identity", "logistic", "relu", "tanh"])
@pytest.mark.parametrize("solver", ["spring", "adam"])
def test_to_onnx_knows_the_activations(activation, solver):
    pytest.importorskip("onnx")
    model = fitted(activation=activation, solver=solver, n_estimators=3)
    assert_onnx_agrees(model, training_range())


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
