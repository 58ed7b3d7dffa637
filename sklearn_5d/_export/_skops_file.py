"""A fitted estimator in a file that holds no code, and back."""

import hashlib
import io
import json
import warnings
from copy import copy, deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from sklearn.preprocessing import FunctionTransformer, PowerTransformer
from sklearn.utils.validation import check_is_fitted

from .._files import import_optional, versions, write
from .._scaling import ENCODINGS, TARGET_FUNCTIONS, transformers_of

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
        # The names without a size are those of one system or another.
        *(
            f"numpy.{sign}{name}"
            for sign in ("", "u")
            for name in ("int8", "int16", "int32", "int64", "intc", "longlong")
        ),
        "numpy.str_",
    ],
    "RandomStateNode": ["numpy.random.mtrand.RandomState"],
    "ObjectNode": [
        "sklearn_5d._regressor.FiveDRegressor",
        "sklearn_5d._model.Model",
        "sklearn_5d._noise.NoiseScale",
        "sklearn_5d._uncertainty.Uncertainty",
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
    skops_io = import_optional("skops.io", "save")
    check_is_fitted(regressor)
    with ZipFile(io.BytesIO(skops_io.dumps(_plain(regressor)))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = _without_ids(json.loads(entries["schema.json"]))
    _check_types(schema)
    entries["schema.json"] = json.dumps(schema)
    entries["versions.json"] = json.dumps(versions())
    write(path, _pack(entries))


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
    # Callbacks watch a fit, and hold code of the user.
    vars(regressor).pop("_skl_callbacks", None)
    x_scaler, y_scaler = deepcopy((regressor.x_scaler_, regressor.y_scaler_))
    for step in _functions(x_scaler) + _functions(y_scaler):
        step.set_params(func=None, inverse_func=None)
    regressor._model = replace(regressor._model, x_scaler=x_scaler, y_scaler=y_scaler)
    if hasattr(regressor, "_metadata_request"):
        regressor._metadata_request = regressor._metadata_request._serialize()
    return regressor


def _complete(regressor):
    """Undo `_plain`."""
    if regressor.y_transform_ in TARGET_FUNCTIONS:
        (function,) = _functions(regressor.y_scaler_)
        function.func, function.inverse_func, _ = TARGET_FUNCTIONS[
            regressor.y_transform_
        ]
    if regressor.x_transform_ in ENCODINGS:
        take, clip = _functions(regressor.x_scaler_)
        take.func, clip.func = np.take, np.clip
    requests = vars(regressor).pop("_metadata_request", None)
    if requests is not None:
        request = regressor._get_metadata_request()
        for method, aliases in requests.items():
            for name, alias in aliases.items():
                getattr(request, method).add_request(param=name, alias=alias)
        regressor._metadata_request = request


def _functions(scaler):
    return [t for t in transformers_of(scaler) if isinstance(t, FunctionTransformer)]


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
    skops_io = import_optional("skops.io", "load")
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


def _check_versions(saved):
    for package, here in versions().items():
        there = saved[package]
        if there.split(".")[:2] != here.split(".")[:2]:
            raise ValueError(
                f"it was saved with {package} {there}, and this is {package} {here}; "
                "load it with the version that saved it, or fit again"
            )


def _check_consistency(regressor):
    """Raise an error where attributes contradict each other, whatever the digest says.

    Shapes come first: with wrong ones a prediction could need any amount of memory.
    """
    arrays, n_inputs = _scaling_arrays(regressor.x_scaler_, regressor.n_features_in_)
    arrays += _scaling_arrays(regressor.y_scaler_, 1)[0]
    arrays.append((regressor.estimator_weights_, (len(regressor.estimators_),)))
    generators = [regressor.random_state]
    for member in regressor.estimators_:
        widths = [n_inputs, *(len(intercept) for intercept in member.intercepts_)]
        if widths[-1] != 1:
            raise ValueError(f"it holds a network with {widths[-1]} outputs")
        arrays += zip(member.coefs_, pairwise(widths), strict=True)
        arrays += zip(member.intercepts_, ((w,) for w in widths[1:]), strict=True)
        generators += [member.random_state, getattr(member, "_random_state", None)]
    arrays += _uncertainty_arrays(regressor)
    for array, shape in arrays:
        if array.shape != shape or not (array.size and np.isfinite(array).all()):
            raise ValueError("it holds an array of a wrong shape or without a value")
    for generator in generators:
        if isinstance(generator, np.random.RandomState):
            # NumPy reads at this position without a check of its own.
            position = generator.get_state(legacy=False)["state"]["pos"]
            if not 0 <= position <= 624:
                raise ValueError("it holds an impossible random state")
    prediction = regressor.predict(transformers_of(regressor.x_scaler_)[0].mean_[None])
    if prediction.shape != (1,):
        raise ValueError("it does not predict")


def _scaling_arrays(scaler, width):
    """List the arrays of a scaling, with their shapes, and tell how many it returns."""
    arrays = []
    for step in transformers_of(scaler):
        if isinstance(step, PowerTransformer):
            arrays.append((step.lambdas_, (width,)))
            step = step._scaler
        if not isinstance(step, FunctionTransformer):
            arrays += [(step.mean_, (width,)), (step.scale_, (width,))]
        elif step.func is np.take:
            columns, axis = step.kw_args["indices"], step.kw_args["axis"]
            if axis != 1 or not np.array_equal(np.unique(columns), np.arange(width)):
                raise ValueError("it holds an encoding of other inputs")
            width = len(columns)
            arrays.append((columns, (width,)))
        elif step.func is np.clip:
            bounds = np.array([step.kw_args["a_min"], step.kw_args["a_max"]])
            arrays.append((np.where(np.isinf(bounds), 0, bounds), (2, width)))
    return arrays, width


def _uncertainty_arrays(regressor):
    """List the arrays that an uncertainty is computed from, with their shapes."""
    uncertainty, noise = regressor._uncertainty, regressor._uncertainty.noise
    n_samples = len(uncertainty.residual)
    if n_samples == 0:
        return []
    arrays = [(uncertainty.residual, (n_samples,)), (uncertainty.scale, (n_samples,))]
    if uncertainty.weight is not None:
        arrays.append((uncertainty.weight, (n_samples,)))
    arrays.append((np.asarray(uncertainty.doubt), (2,)))
    n_terms = regressor.n_features_in_ + 1
    arrays += [(noise.linear, (n_terms,)), (noise.quadratic, (n_terms, n_terms))]
    if uncertainty.posterior is not None:
        members = regressor.estimators_
        width = len(members[0].coefs_[-1]) + 1
        arrays.append((uncertainty.posterior, (len(members), width, width)))
    return arrays
