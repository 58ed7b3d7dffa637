"""A fitted model and its uncertainty as an ONNX graph, all in double precision."""

import json
from collections.abc import Collection
from functools import cached_property

import numpy as np

from .._evaluation import stack_layers
from .._files import PACKAGE, import_optional, versions, write
from .._model import MAX_EXCESS
from .._noise import SQUASHED
from .._scaling import (
    MAX_EXPONENT,
    MAX_SCALED,
    Clip,
    InputScaling,
    Selection,
    Straightening,
    TargetScaling,
    YeoJohnson,
)

# Operations and format that onnxruntime has known since 1.14.
ONNX_OPSET, ONNX_IR_VERSION = 17, 8
ONNX_OUTPUTS = ("y", "y_std", "lower", "upper", "gradient")
ONNX_ACTIVATIONS = {
    "tanh": "Tanh",
    "logistic": "Sigmoid",
    "relu": "Relu",
    "identity": "Identity",
}


class _Graph:
    """An ONNX graph that grows by one operation a call."""

    def __init__(self, onnx):
        self.onnx = onnx
        self.nodes, self.constants = [], []

    def __call__(self, operation, *inputs, output=None, **attributes):
        names = [i if isinstance(i, str) else self._constant(i) for i in inputs]
        output = output or f"v{len(self.nodes)}"
        node = self.onnx.helper.make_node(operation, names, [output], **attributes)
        self.nodes.append(node)
        return output

    def _constant(self, value, dtype=np.float64):
        name = f"c{len(self.constants)}"
        array = np.asarray(value, dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def sum(self, x, *axes):
        return self("ReduceSum", x, self.integers(axes), keepdims=0)

    def column(self, x):
        return self("Unsqueeze", x, self.integers([1]))

    def integers(self, values):
        return self._constant(values, np.int64)

    def double(self, x):
        return self("Cast", x, to=self.onnx.TensorProto.DOUBLE)

    def affine(self, x, step):
        z = self("Div", self("Sub", x, step.mean), step.scale)
        return self("Clip", z, -MAX_SCALED, MAX_SCALED)

    def power(self, x, lambdas):
        """Append sign(x) ((1 + |x|)^l - 1) / l, l = lambda (x >= 0) or 2 - lambda."""
        positive, negative = (
            # At l = 0 stands log(1 + |x|). This close to it the quotient is as good,
            # and its rounding still harmless.
            np.where(np.abs(each) < 1e-8, 1e-8, each)
            for each in (lambdas, 2 - lambdas)
        )
        exponent, raised = self._raised(x, positive, negative)
        size = self("Div", self("Sub", raised, 1.0), exponent)
        return self("Mul", self("Sign", x), size)

    def power_slope(self, x, lambdas):
        """Append the derivative of `power`."""
        return self._raised(x, lambdas - 1, 1 - lambdas)[1]

    def _raised(self, x, positive, negative):
        """Append an exponent that depends on the sign of x, and (1 + |x|) to it."""
        exponent = self("Where", self("Less", x, 0.0), negative, positive)
        logarithm = self("Log", self("Add", self("Abs", x), 1.0))
        return exponent, self("Exp", self("Mul", exponent, logarithm))

    def scale(self, x, step):
        """Append a step of the scaling of the inputs."""
        if isinstance(step, Selection):
            return self("Gather", x, self.integers(step.columns), axis=1)
        if isinstance(step, Clip):
            return self("Min", self("Max", x, step.low), step.high)
        if isinstance(step, YeoJohnson):
            x, step = self.power(x, step.lambdas), step.standardization
        return self.affine(x, step)

    def pull_back(self, x, gradient, step):
        """Append what turns derivatives by the result of a step into those by x."""
        if isinstance(step, Selection):
            inputs = np.arange(step.columns.max() + 1)
            return self("MatMul", gradient, step.columns[:, None] == inputs)
        if isinstance(step, Clip):
            above = self("Not", self("Less", x, step.low))
            inside = self("And", above, self("Less", x, step.high))
            return self("Mul", gradient, self.double(inside))
        if isinstance(step, YeoJohnson):
            slope = self.power_slope(x, step.lambdas)
            gradient, step = self("Mul", gradient, slope), step.standardization
        return self("Div", gradient, step.scale)

    def derivative(self, a, activation):
        """Append the derivative of an activation by its value."""
        if activation == "tanh":
            return self("Sub", 1.0, self("Mul", a, a))
        if activation == "logistic":
            return self("Mul", a, self("Sub", 1.0, a))
        if activation == "relu":
            return self.double(self("Greater", a, 0.0))
        return self("Add", self("Mul", a, 0.0), 1.0)  # one a row

    def exponentials(self, z, operation):
        """Append (exp(z) + exp(-z)) / 2, or the difference.

        onnxruntime has no Cosh and no Sinh in double precision.
        """
        pair = self("Exp", z), self("Exp", self("Neg", z))
        return self("Mul", self(operation, *pair), 0.5)


class _Outputs:
    """What the graph can tell; what an output needs is appended once, on demand.

    Parameters
    ----------
    graph : _Graph
        An empty graph.
    model : Model
        The fitted model.
    uncertainty : Uncertainty
        What held-out rows have told about it.
    confidence_level : float
        The probability that the bounds hold a new measurement.
    """

    def __init__(self, graph, model, uncertainty, confidence_level):
        self.graph, self.model, self.uncertainty = graph, model, uncertainty
        self.level = confidence_level
        self.layers = stack_layers(model.networks, np.float64)
        # Sums over the members are weighted means.
        self.weights = np.reshape(model.weights, (-1, 1, 1))
        self.x_steps = InputScaling(model.x_scaler).steps
        self.y_steps = TargetScaling(model.y_scaler).steps

    @cached_property
    def _inputs(self):
        """What each step of the scaling gets, and at last the networks."""
        graph, values = self.graph, ["X"]
        for step in self.x_steps:
            values.append(graph.scale(values[-1], step))
        return values

    @cached_property
    def _layer_inputs(self):
        """What each layer gets, behind the first (n_members, n, width)."""
        values = [self._inputs[-1]]
        for layer in self.layers[:-1]:
            z = self._linear(values[-1], layer)
            values.append(self.graph(ONNX_ACTIVATIONS[self.model.activation], z))
        return values

    def _linear(self, x, layer):
        """Append a layer of all the members: one batch of matrix products."""
        z = self.graph("MatMul", x, layer[..., :-1].transpose(0, 2, 1))
        return self.graph("Add", z, layer[:, None, :, -1])

    @cached_property
    def _mean(self):
        """The prediction at the network's scale."""
        z = self._linear(self._layer_inputs[-1], self.weights * self.layers[-1])
        return self.graph.sum(z, 0, 2)

    @cached_property
    def _leverage(self):
        """The squared length of the last layer's whitened inputs."""
        whitening = np.sqrt(self.weights) * self.uncertainty.posterior
        white = self._linear(self._layer_inputs[-1], whitening)
        return self.graph.sum(self.graph("Mul", white, white), 0, 2)

    @cached_property
    def _scale(self):
        """The scale of the residuals at the network's scale."""
        graph, noise = self.graph, self.uncertainty.noise
        if noise.kind == "constant":
            return self._widening
        known = graph("Concat", self._inputs[1], graph.column(self._mean), axis=1)
        u = graph("Tanh", graph("Div", known, SQUASHED))
        slope = graph("Add", graph("MatMul", u, noise.quadratic), noise.linear)
        logarithm = graph("Add", graph.sum(graph("Mul", u, slope), 1), noise.intercept)
        leverage = graph("Mul", graph("Log", self._leverage), noise.slope)
        limited = graph("Clip", graph("Add", logarithm, leverage), *noise.limits)
        return graph("Mul", graph("Exp", limited), self._widening)

    @cached_property
    def _widening(self):
        """What a scale is multiplied by outside the training range."""
        graph, low, high = self.graph, self.model.data_min, self.model.data_max
        beyond = graph("Max", graph("Sub", low, "X"), graph("Sub", "X", high))
        width = np.where(high > low, high - low, 1)
        excess = graph("Clip", graph("Div", beyond, width), 0.0, MAX_EXCESS)
        return graph("Add", graph.sum(excess, 1), 1.0)

    def _target(self, z):
        """Append what brings outputs of the network to the units of the target."""
        graph = self.graph
        for step in reversed(self.y_steps):
            if not isinstance(step, Straightening):
                # onnxruntime drops an Add of what is 0 in float32, and no Sum.
                z = graph("Sum", graph("Mul", z, step.scale), step.mean)
                continue
            z = graph("Clip", z, -MAX_EXPONENT, MAX_EXPONENT)
            is_log = step.name == "log"
            z = graph("Exp", z) if is_log else graph.exponentials(z, "Sub")
        return z

    def _target_slope(self, lowest=None):
        """Append the derivative of the target by outputs no lower, one a row."""
        graph, z = self.graph, self._mean
        *first, last = self.y_steps
        if not first:
            return graph("Mul", graph.derivative(z, "identity"), last.scale)
        affine, function = first
        if lowest is not None:
            z = graph("Max", z, lowest)
        z = graph("Sum", graph("Mul", z, last.scale), last.mean)
        z = graph("Clip", z, -MAX_EXPONENT, MAX_EXPONENT)
        is_log = function.name == "log"
        slope = graph("Exp", z) if is_log else graph.exponentials(z, "Add")
        return graph("Mul", slope, last.scale * affine.scale)

    @cached_property
    def y(self):
        return self._target(self._mean)

    @cached_property
    def y_std(self):
        std = self.graph("Mul", self._scale, self.uncertainty.unit_std)
        slope = self._target_slope(self.model.target.lowest)
        return self.graph("Mul", std, slope)

    @cached_property
    def lower(self):
        return self._target(self.graph("Sub", self._mean, self._half_width))

    @cached_property
    def upper(self):
        return self._target(self.graph("Add", self._mean, self._half_width))

    @cached_property
    def _half_width(self):
        (width,) = self.uncertainty.half_widths(np.array([self.level]))
        return self.graph("Mul", self._scale, width)

    @cached_property
    def gradient(self):
        """The chain rule, from the output back to the inputs."""
        graph, activation = self.graph, self.model.activation
        derivative = self.weights * self.layers[-1][..., :-1]
        hidden = self._layer_inputs[:0:-1]
        for layer, a in zip(self.layers[-2::-1], hidden, strict=True):
            local = graph.derivative(a, activation)
            product = graph("Mul", derivative, local)
            derivative = graph("MatMul", product, layer[..., :-1])
        gradient = graph.sum(derivative, 0)
        for step, x in zip(self.x_steps[::-1], self._inputs[-2::-1], strict=True):
            gradient = graph.pull_back(x, gradient, step)
        return graph("Mul", gradient, graph.column(self._target_slope()))


def to_onnx(
    model,
    uncertainty,
    path=None,
    feature_names=None,
    outputs=("y",),
    confidence_level=0.9,
):
    """Build one ONNX model of everything between raw inputs and predictions.

    Parameters
    ----------
    model : Model
        The fitted model.
    uncertainty : Uncertainty
        What held-out rows have told about it.
    path : str or path-like, default=None
        Where to write the ONNX model as well.
    feature_names : ndarray of str, default=None
        Names of the inputs.
    outputs : sequence of str, default=("y",)
        Some of `ONNX_OUTPUTS`.
    confidence_level : float, default=0.9
        The probability that "lower" and "upper" hold a new measurement.

    Returns
    -------
    onnx.ModelProto
        The model: "X", double of shape (n, n_features), to the outputs, double of shape
        (n,), and (n, n_features) for the gradient.

    Raises
    ------
    ImportError
        Without the package onnx.
    ValueError
        Where an output is none of these, or where no rows were held out.
    """
    _check_outputs(outputs)
    if {"y_std", "lower", "upper"} & set(outputs):
        uncertainty.check_known()
    onnx = import_optional("onnx", "to_onnx")
    graph = _Graph(onnx)
    parts = _Outputs(graph, model, uncertainty, confidence_level)
    for name in outputs:
        graph("Identity", getattr(parts, name), output=name)
    shapes = {"X": ["n", len(model.data_min)], "gradient": ["n", len(model.data_min)]}
    infos = [
        onnx.helper.make_tensor_value_info(
            name, onnx.TensorProto.DOUBLE, shapes.get(name, ["n"])
        )
        for name in ("X", *outputs)
    ]
    proto = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes, "FiveDRegressor", infos[:1], infos[1:], graph.constants
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


def _check_outputs(outputs):
    several = isinstance(outputs, Collection) and not isinstance(outputs, str)
    if not (
        several
        and all(isinstance(name, str) and name in ONNX_OUTPUTS for name in outputs)
        and 0 < len(outputs) == len(set(outputs))
    ):
        raise ValueError(
            f"Got outputs={outputs!r}, expected one or several of {ONNX_OUTPUTS}, each "
            "once."
        )
