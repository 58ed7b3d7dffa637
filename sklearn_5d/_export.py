"""Ways out of the package: scikit-learn objects, an ONNX graph, a file without pickle.

All of them take what `FiveDRegressor.fit` left: the fitted scaling of the inputs and of
the target, and the members of the committee.
"""

import hashlib
import io
import json
import os
import secrets
import warnings
from copy import copy, deepcopy
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import sklearn
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from ._scaling import TARGET_FUNCTIONS

# What a file may name, by the way in which skops rebuilds it. Nothing here can be
# called with arguments from the file.
TRUSTED = {
    "JsonNode": ["builtins.str"],
    "TypeNode": ["builtins.str"],
    "ListNode": ["builtins.list"],
    "TupleNode": ["builtins.tuple"],
    "DictNode": ["builtins.dict"],
    "NdArrayNode": [
        "numpy.ndarray",
        "numpy.bool",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.str_",
    ],
    "RandomStateNode": ["numpy.random.mtrand.RandomState"],
    "ObjectNode": [
        "sklearn_5d._regressor.FiveDRegressor",
        "sklearn.neural_network._multilayer_perceptron.MLPRegressor",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.PowerTransformer",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
    ],
}
DIGEST_LENGTH = 2 * hashlib.sha256().digest_size
# Operations and format that onnxruntime has known since 1.14.
ONNX_OPSET, ONNX_IR_VERSION = 17, 8
ONNX_ACTIVATIONS = {
    "tanh": "Tanh",
    "logistic": "Sigmoid",
    "relu": "Relu",
    "identity": "Identity",
}


def _import_optional(name, user):
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"{user} needs {package}: pip install 'sklearn_5d[export]'"
        ) from error


def _write(path, content):
    """Write a file that is complete under its name, or not there."""
    path = Path(path).resolve()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _steps(scaler):
    return [step for _, step in getattr(scaler, "steps", [("", scaler)])]


def to_sklearn(regressor):
    """Build the fitted model out of scikit-learn objects alone.

    Parameters
    ----------
    regressor : FiveDRegressor
        The fitted estimator.

    Returns
    -------
    Pipeline
        The scaling of the inputs, and a `TransformedTargetRegressor` around the
        network, or around a `VotingRegressor` of several. It shares nothing with
        `regressor`.
    """
    # Trees and all else in them would lengthen the import of the package.
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import VotingRegressor

    check_is_fitted(regressor)
    x_scaler, y_scaler, members = deepcopy(
        (regressor.x_scaler_, regressor.y_scaler_, regressor.estimators_)
    )
    network = members[0]
    if len(members) > 1:
        network = VotingRegressor([(f"member{i}", m) for i, m in enumerate(members)])
        network.estimators_ = members
        network.named_estimators_ = Bunch(**dict(network.estimators))
    target = TransformedTargetRegressor(network, transformer=y_scaler)
    target.regressor_, target.transformer_ = network, y_scaler
    target._training_dim = 1
    steps = _steps(x_scaler)
    for step in steps:
        # The networks have seen no names: whatever the configuration, give them arrays.
        step.set_output(transform="default")
    if hasattr(regressor, "feature_names_in_"):
        steps[0].feature_names_in_ = regressor.feature_names_in_.copy()
    named = [(type(step).__name__.lower(), step) for step in steps]
    return Pipeline([*named, ("regressor", target)])


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

    def standardize(self, x, scaler):
        return self("Div", self("Sub", x, scaler.mean_), scaler.scale_)

    def yeo_johnson(self, x, lambdas):
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

    def inputs(self, x, scaler):
        for step in _steps(scaler):
            if isinstance(step, PowerTransformer):
                x = self.yeo_johnson(x, step.lambdas_)
                step = step._scaler
            x = self.standardize(x, step)
        return x

    def committee(self, x, members):
        """Append all the members at once: they are one batch of matrix products."""
        function = ONNX_ACTIVATIONS[members[0].activation]
        coefs = zip(*(m.coefs_ for m in members), strict=True)
        intercepts = zip(*(m.intercepts_ for m in members), strict=True)
        for i, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
            x = self(function, x) if i else x
            x = self("MatMul", x, np.stack(coef))
            x = self("Add", x, np.stack(intercept)[:, None])
        return self("ReduceMean", x, axes=[0, 2], keepdims=0)

    def target(self, z, scaler):
        for step in reversed(_steps(scaler)):
            if not isinstance(step, FunctionTransformer):
                z = self("Add", self("Mul", z, step.scale_), step.mean_)
            elif step.inverse_func is np.exp:
                z = self("Exp", z)
            else:
                # onnxruntime has no Sinh in double precision.
                difference = self("Sub", self("Exp", z), self("Exp", self("Neg", z)))
                z = self("Mul", difference, 0.5)
        return z


def to_onnx(regressor, path=None):
    """Build one ONNX model of everything between raw inputs and predictions.

    Parameters
    ----------
    regressor : FiveDRegressor
        The fitted estimator.
    path : str or path-like, default=None
        Where to write the model as well.

    Returns
    -------
    onnx.ModelProto
        The model: "X", double of shape (n, n_features), to "y", double of shape (n,).

    Raises
    ------
    ImportError
        Without the package onnx.
    """
    onnx = _import_optional("onnx", "to_onnx")
    check_is_fitted(regressor)
    graph = _Graph(onnx)
    z = graph.committee(graph.inputs("X", regressor.x_scaler_), regressor.estimators_)
    graph("Identity", graph.target(z, regressor.y_scaler_), output="y")
    double = onnx.TensorProto.DOUBLE
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            type(regressor).__name__,
            [
                onnx.helper.make_tensor_value_info(
                    "X", double, ["n", regressor.n_features_in_]
                )
            ],
            [onnx.helper.make_tensor_value_info("y", double, ["n"])],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", ONNX_OPSET)],
        ir_version=ONNX_IR_VERSION,
        producer_name=__package__,
        producer_version=_versions()[__package__],
    )
    if hasattr(regressor, "feature_names_in_"):
        names = json.dumps(regressor.feature_names_in_.tolist())
        onnx.helper.set_model_props(model, {"feature_names": names})
    onnx.checker.check_model(model, full_check=True)
    if path is not None:
        _write(path, model.SerializeToString())
    return model


def _versions():
    return {
        __package__: import_module(__package__).__version__,
        "scikit-learn": sklearn.__version__,
    }


def save(regressor, path):
    """Save a fitted estimator to a file that `load` reads without running its code.

    Parameters
    ----------
    regressor : FiveDRegressor
        The fitted estimator.
    path : str or path-like
        The file. It is replaced only once the new one is complete.

    Raises
    ------
    ImportError
        Without the package skops.
    ValueError
        Where the estimator holds something that `load` would not trust.
    """
    skops_io = _import_optional("skops.io", "save")
    check_is_fitted(regressor)
    with ZipFile(io.BytesIO(skops_io.dumps(_plain(regressor)))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = _without_ids(json.loads(entries["schema.json"]))
    _check_types(schema)
    entries["schema.json"] = json.dumps(schema)
    entries["versions.json"] = json.dumps(_versions())
    _write(path, _pack(entries))


def _pack(entries):
    """Make a zip file that ends in a digest of all that stands before."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        # A comment is the end of a zip file.
        archive.comment = b"0" * DIGEST_LENGTH
    content = buffer.getvalue()[:-DIGEST_LENGTH]
    return content + _digest(content)


def _digest(content):
    return hashlib.sha256(content).hexdigest().encode()


def _plain(regressor):
    """Take out references to itself, and functions: `load` knows them by name."""
    regressor = copy(regressor)
    if regressor.y_transform_ in TARGET_FUNCTIONS:
        regressor.y_scaler_ = deepcopy(regressor.y_scaler_)
        regressor.y_scaler_[1].set_params(func=None, inverse_func=None)
    if hasattr(regressor, "_metadata_request"):
        regressor._metadata_request = regressor._metadata_request._serialize()
    return regressor


def _complete(regressor):
    """Undo `_plain`."""
    if regressor.y_transform_ in TARGET_FUNCTIONS:
        function = regressor.y_scaler_[1]
        function.func, function.inverse_func = TARGET_FUNCTIONS[regressor.y_transform_]
    requests = vars(regressor).pop("_metadata_request", None)
    if requests is not None:
        request = regressor._get_metadata_request()
        for method, aliases in requests.items():
            for name, alias in aliases.items():
                getattr(request, method).add_request(param=name, alias=alias)
        regressor._metadata_request = request


def _without_ids(node):
    """Drop the marks of shared objects: with them a short file can mean a huge tree."""
    if isinstance(node, list):
        return [_without_ids(child) for child in node]
    if isinstance(node, dict):
        return {k: _without_ids(v) for k, v in node.items() if k != "__id__"}
    return node


def _nodes(tree):
    """Yield every dictionary in a schema, with the root first."""
    if isinstance(tree, dict):
        yield tree
        tree = tree.values()
    elif not isinstance(tree, list):
        return
    for child in tree:
        yield from _nodes(child)


def _check_types(schema):
    """Raise an error if a schema names anything that is not in `TRUSTED`.

    skops trusts every estimator of scikit-learn and every ufunc; this is stricter.
    """
    names = {
        (node.get("__loader__"), f"{node.get('__module__')}.{node.get('__class__')}")
        for node in _nodes(schema)
        if any(key.startswith("__") for key in node)
    }
    untrusted = {name for loader, name in names if name not in TRUSTED.get(loader, ())}
    if untrusted:
        raise ValueError(f"it holds what load does not trust: {sorted(untrusted)}")
    if any("__id__" in node for node in _nodes(schema)):
        raise ValueError("it holds references")
    root = f"{schema['__module__']}.{schema['__class__']}"
    if root != TRUSTED["ObjectNode"][0]:
        raise ValueError(f"it holds {root}")


def load(path):
    """Load an estimator that `save` has written.

    The file is read as numbers and names; only the types listed in `TRUSTED` are
    built, and no function of the file is called. It must come from the same minor
    version of sklearn_5d and of scikit-learn.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    FiveDRegressor
        The fitted estimator.

    Raises
    ------
    ImportError
        Without the package skops.
    ValueError
        Where the file was cut short or changed, comes from another minor version, or
        was not written by `save`.
    """
    skops_io = _import_optional("skops.io", "load")
    content = Path(path).read_bytes()
    try:
        return _read(content, skops_io)
    except Exception as error:
        raise ValueError(f"{path} cannot be loaded: {error}") from error


def _read(content, skops_io):
    if _digest(content[:-DIGEST_LENGTH]) != content[-DIGEST_LENGTH:]:
        raise ValueError(
            "it was cut short, was changed, or was not written by FiveDRegressor.save"
        )
    with ZipFile(io.BytesIO(content)) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        if sum(sizes.values()) > len(content):
            raise ValueError("it unpacks to more than it holds")
        _check_versions(json.loads(archive.read("versions.json")))
        schema = json.loads(archive.read("schema.json"))
    _check_types(schema)
    # An array may have several names, but not thousands.
    if sum(sizes[n["file"]] for n in _nodes(schema) if "file" in n) > 2 * len(content):
        raise ValueError("it unpacks to more than it holds")
    with warnings.catch_warnings():
        # `_check_versions` has decided, and nobody asked for the prediction of a check.
        warnings.simplefilter("ignore")
        regressor = skops_io.loads(content, trusted=TRUSTED["ObjectNode"])
        _complete(regressor)
        _check_consistency(regressor)
    return regressor


def _check_versions(versions):
    for package, here in _versions().items():
        there = versions[package]
        if there.split(".")[:2] != here.split(".")[:2]:
            raise ValueError(
                f"it was saved with {package} {there}, and this is {package} {here}; "
                "load it with the version that saved it, or fit again"
            )


def _check_consistency(regressor):
    """Raise an error where attributes contradict each other, whatever the digest says.

    Shapes come first: with wrong ones a prediction could need any amount of memory.
    """
    n_features = regressor.n_features_in_
    arrays = []
    for scaler, width in ((regressor.x_scaler_, n_features), (regressor.y_scaler_, 1)):
        for step in _steps(scaler):
            if isinstance(step, PowerTransformer):
                arrays.append((step.lambdas_, (width,)))
                step = step._scaler
            if not isinstance(step, FunctionTransformer):
                arrays += [(step.mean_, (width,)), (step.scale_, (width,))]
    generators = [regressor.random_state]
    for member in regressor.estimators_:
        widths = [n_features, *(len(intercept) for intercept in member.intercepts_)]
        if widths[-1] != 1:
            raise ValueError(f"it holds a network with {widths[-1]} outputs")
        arrays += zip(member.coefs_, pairwise(widths), strict=True)
        arrays += zip(member.intercepts_, ((w,) for w in widths[1:]), strict=True)
        generators += [member.random_state, getattr(member, "_random_state", None)]
    for array, shape in arrays:
        if array.shape != shape or not (array.size and np.isfinite(array).all()):
            raise ValueError("it holds an array of a wrong shape or without a value")
    for generator in generators:
        if isinstance(generator, np.random.RandomState):
            # NumPy reads at this position without a check of its own.
            position = generator.get_state(legacy=False)["state"]["pos"]
            if not 0 <= position <= 624:
                raise ValueError("it holds an impossible random state")
    prediction = regressor.predict(_steps(regressor.x_scaler_)[0].mean_[None])
    if prediction.shape != (1,):
        raise ValueError("it does not predict")
