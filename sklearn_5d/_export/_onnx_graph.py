"""A fitted model as an ONNX graph."""

import json

import numpy as np

from .._evaluation import stack_layers
from .._files import PACKAGE, import_optional, versions, write
from .._scaling import InputScaling, Straightening, TargetScaling, YeoJohnson

# Operations and format that onnxruntime has known since 1.14.
ONNX_OPSET, ONNX_IR_VERSION = 17, 8
ONNX_ACTIVATIONS = {
    "tanh": "Tanh",
    "logistic": "Sigmoid",
    "relu": "Relu",
    "identity": "Identity",
}


class _Graph:
    """An ONNX graph that grows by one operation a call, all in double precision."""

    def __init__(self, onnx):
        self.onnx = onnx
        self.nodes, self.constants = [], []

    def __call__(self, operation, *inputs, output=None, **attributes):
        names = [i if isinstance(i, str) else self._constant(i) for i in inputs]
        output = output or f"v{len(self.nodes)}"
        node = self.onnx.helper.make_node(operation, names, [output], **attributes)
        self.nodes.append(node)
        return output

    def _constant(self, value):
        name = f"c{len(self.constants)}"
        array = np.asarray(value, dtype=np.float64)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def affine(self, x, step):
        return self("Div", self("Sub", x, step.mean), step.scale)

    def power(self, x, lambdas):
        """Append sign(x) ((1 + |x|)^l - 1) / l, l = lambda (x >= 0) or 2 - lambda."""
        positive, negative = (
            # At l = 0 stands log(1 + |x|). This close to it the quotient is as good,
            # and its rounding still harmless.
            np.where(np.abs(each) < 1e-8, 1e-8, each)
            for each in (lambdas, 2 - lambdas)
        )
        exponent = self("Where", self("Less", x, 0.0), negative, positive)
        logarithm = self("Log", self("Add", self("Abs", x), 1.0))
        raised = self("Exp", self("Mul", exponent, logarithm))
        size = self("Div", self("Sub", raised, 1.0), exponent)
        return self("Mul", self("Sign", x), size)

    def yeo_johnson(self, x, step):
        return self.affine(self.power(x, step.lambdas), step.standardization)

    def inputs(self, x, scaling):
        for step in scaling.steps:
            append = self.yeo_johnson if isinstance(step, YeoJohnson) else self.affine
            x = append(x, step)
        return x

    def committee(self, x, networks, activation):
        """Append all the members at once: they are one batch of matrix products."""
        for i, layer in enumerate(stack_layers(networks, np.float64)):
            x = self(ONNX_ACTIVATIONS[activation], x) if i else x
            x = self("MatMul", x, layer[..., :-1].transpose(0, 2, 1))
            x = self("Add", x, layer[:, None, :, -1])
        return self("ReduceMean", x, axes=[0, 2], keepdims=0)

    def target(self, z, scaling):
        for step in reversed(scaling.steps):
            if not isinstance(step, Straightening):
                z = self("Add", self("Mul", z, step.scale), step.mean)
            elif step.name == "log":
                z = self("Exp", z)
            else:
                # onnxruntime has no Sinh in double precision.
                difference = self("Sub", self("Exp", z), self("Exp", self("Neg", z)))
                z = self("Mul", difference, 0.5)
        return z


def to_onnx(model, path=None, feature_names=None):
    """Build one ONNX model of everything between raw inputs and predictions.

    Parameters
    ----------
    model : Model
        The fitted model.
    path : str or path-like, default=None
        Where to write the ONNX model as well.
    feature_names : ndarray of str, default=None
        Names of the inputs.

    Returns
    -------
    onnx.ModelProto
        The model: "X", double of shape (n, n_features), to "y", double of shape (n,).

    Raises
    ------
    ImportError
        Without the package onnx.
    """
    onnx = import_optional("onnx", "to_onnx")
    graph = _Graph(onnx)
    x = graph.inputs("X", InputScaling(model.x_scaler))
    z = graph.committee(x, model.networks, model.activation)
    graph("Identity", graph.target(z, TargetScaling(model.y_scaler)), output="y")
    double = onnx.TensorProto.DOUBLE
    proto = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "FiveDRegressor",
            [
                onnx.helper.make_tensor_value_info(
                    "X", double, ["n", len(model.data_min)]
                )
            ],
            [onnx.helper.make_tensor_value_info("y", double, ["n"])],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", ONNX_OPSET)],
        ir_version=ONNX_IR_VERSION,
        producer_name=PACKAGE,
        producer_version=versions()[PACKAGE],
    )
    if feature_names is not None:
        names = json.dumps(feature_names.tolist())
        onnx.helper.set_model_props(proto, {"feature_names": names})
    onnx.checker.check_model(proto, full_check=True)
    if path is not None:
        write(path, proto.SerializeToString())
    return proto
