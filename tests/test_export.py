"""A fitted model leaves: as scikit-learn objects, as ONNX, as a file without pickle."""

import io
import json
import os
import pickle
import subprocess
import sys
from functools import cache
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import PowerTransformer

from sklearn_5d import FiveDRegressor
from sklearn_5d._export import _files, _onnx_graph, _skops_file

load, save = FiveDRegressor.load, FiveDRegressor.save
to_onnx, to_sklearn = FiveDRegressor.to_onnx, FiveDRegressor.to_sklearn

X_TRANSFORMS = ["standard", "yeo-johnson"]
Y_TRANSFORMS = ["standard", "log", "arcsinh"]
# The origin of the fourth column is far from its values.
ORIGIN = np.array([0, 0, 0, 1e9, 0])
UNITS = np.array([1, 1e-3, 1e6, 1, 1])


def make_table(n_samples=70):
    Z = np.random.default_rng(0).lognormal(size=(n_samples, 5))
    return Z * UNITS + ORIGIN, np.exp(Z[:, 0] / 4 + np.sin(Z[:, 3])) - 1


@cache
def fitted(**parameters):
    defaults = {
        "hidden_layer_sizes": (8, 4),
        "max_steps": 50,
        "max_iter": 10,
        "batch_size": 32,
        "n_estimators": 1,
        "x_transform": "standard",
        "y_transform": "standard",
        "random_state": 0,
    }
    return FiveDRegressor(**defaults | parameters).fit(*make_table())


def training_range(n_samples=1000):
    X, _ = make_table()
    rng = np.random.default_rng(1)
    return rng.uniform(X.min(axis=0), X.max(axis=0), (n_samples, 5))


def run_onnx(model, X):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["y"], {"X": X})[0]


every_scaling = pytest.mark.parametrize(
    "parameters",
    [
        {"x_transform": x, "y_transform": y, "n_estimators": n}
        for x in X_TRANSFORMS
        for y in Y_TRANSFORMS
        for n in (1, 3)
    ],
    ids=lambda p: "-".join(map(str, p.values())),
)


# to_sklearn


@every_scaling
def test_to_sklearn_predicts_the_same(parameters):
    model, X = fitted(**parameters), training_range()
    _, y = make_table()
    atol = 1e-12 * y.std()
    np.testing.assert_allclose(to_sklearn(model).predict(X), model.predict(X), 0, atol)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_to_sklearn_takes_the_members_of_any_solver(solver):
    model, X = fitted(solver=solver, n_estimators=2), training_range()
    np.testing.assert_allclose(to_sklearn(model).predict(X), model.predict(X))


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
    exported = pickle.dumps(to_sklearn(model))
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
    exported = to_sklearn(model)
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
    exported = to_sklearn(model)
    with sklearn.config_context(transform_output="pandas"):
        prediction = exported.predict(X)
    np.testing.assert_allclose(prediction, model.predict(X))


# to_onnx


def assert_onnx_agrees(model, X):
    y = run_onnx(to_onnx(model), X)
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
    returned = to_onnx(model, path)
    assert onnx.load(path) == returned
    assert os.listdir(tmp_path) == ["model.onnx"]
    (names,) = (p.value for p in returned.metadata_props if p.key == "feature_names")
    assert json.loads(names) == list("abcde")
    (x_info,) = returned.graph.input
    assert x_info.type.tensor_type.shape.dim[1].dim_value == 5


# save and load


@pytest.fixture
def saved(tmp_path):
    pytest.importorskip("skops")
    path = tmp_path / "model.skops"
    save(fitted(n_estimators=2, y_transform="log", x_transform="yeo-johnson"), path)
    return path


def round_trip(model, folder):
    pytest.importorskip("skops")
    save(model, folder / "model.skops")
    return load(folder / "model.skops")


@every_scaling
def test_load_gives_back_the_model(parameters, tmp_path):
    model, X = fitted(**parameters), training_range(50)
    loaded = round_trip(model, tmp_path)
    assert type(loaded) is FiveDRegressor
    assert loaded.get_params() == model.get_params()
    for method in ("predict", "predict_gradient"):
        np.testing.assert_array_equal(
            getattr(loaded, method)(X), getattr(model, method)(X)
        )
    np.testing.assert_array_equal(
        loaded.predict_interval(X, 0.5), model.predict_interval(X, 0.5)
    )
    expected = to_sklearn(model).predict(X)
    np.testing.assert_array_equal(to_sklearn(loaded).predict(X), expected)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-11)
    assert vars(loaded).keys() == vars(model).keys()


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("seed", [0, np.random.RandomState(0)], ids=["int", "state"])
def test_load_gives_back_the_state_of_the_solver(solver, seed, tmp_path):
    X, y = make_table()
    model = FiveDRegressor(
        (8,),
        solver=solver,
        n_estimators=1,
        batch_size=32,
        max_iter=5,
        early_stopping=False,
        random_state=seed,
    ).fit(X, y)
    loaded = round_trip(model, tmp_path)
    for each in (model, loaded):
        if solver != "lbfgs":
            each.estimators_[0].partial_fit(each.x_scaler_.transform(X), y)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_save_takes_names_numpy_parameters_and_requests(tmp_path):
    pandas = pytest.importorskip("pandas")
    X, y = make_table()
    names = [f"größe {i}" for i in range(5)]
    model = FiveDRegressor(
        np.array([8, np.int32(4)]),
        solver="adam",
        n_estimators=np.int64(1),
        batch_size=np.int32(32),
        max_iter=5,
        tol=np.float32(1e-3),
        activation=np.str_("relu"),
        early_stopping=np.bool_(True),
    )
    with sklearn.config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True, X_val=False)
        model.fit(pandas.DataFrame(X, columns=names), y)
        loaded = round_trip(model, tmp_path)
        requests = [m.get_metadata_routing().fit.requests for m in (loaded, model)]
    assert requests[0] == requests[1]
    assert loaded.feature_names_in_.tolist() == names
    X = pandas.DataFrame(X, columns=names)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_a_loaded_model_learns_on(tmp_path):
    X, y = make_table()
    model = pickle.loads(pickle.dumps(fitted())).partial_fit(X, y)
    loaded = round_trip(model, tmp_path)
    for each in (model, loaded):
        each.partial_fit(X, y)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_load_takes_a_model_with_changed_parameters(tmp_path):
    model = pickle.loads(pickle.dumps(fitted()))
    model.set_params(hidden_layer_sizes=(3,), n_estimators=9, random_state=None)
    loaded = round_trip(model, tmp_path)
    assert loaded.hidden_layer_sizes == (3,)


def test_skops_reads_the_file_too(saved):
    skops_io = pytest.importorskip("skops.io")
    names = skops_io.get_untrusted_types(file=saved)
    assert names == sorted(
        name for name in _skops_file.TRUSTED["ObjectNode"] if "sklearn_5d" in name
    )


def test_save_replaces_a_file_only_by_a_complete_one(saved, monkeypatch):
    before = saved.read_bytes()

    def no_space(_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        save(fitted(), saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_save_refuses_what_load_would(tmp_path):
    pytest.importorskip("skops")
    model = pickle.loads(pickle.dumps(fitted()))
    model.extra_ = LinearRegression()
    with pytest.raises(ValueError, match="LinearRegression"):
        save(model, tmp_path / "model.skops")
    assert os.listdir(tmp_path) == []


def test_load_of_no_file(tmp_path):
    pytest.importorskip("skops")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")


@pytest.mark.parametrize("package", ["sklearn_5d", "scikit-learn"])
def test_load_names_both_versions(package, saved, monkeypatch):
    here = _files.versions()
    monkeypatch.setattr(_skops_file, "versions", lambda: here | {package: "0.0.9"})
    with pytest.raises(ValueError, match=f"with {package} {here[package]}.* 0.0.9"):
        load(saved)


def test_load_takes_another_patch_release(saved, monkeypatch):
    minor = ".".join(sklearn.__version__.split(".")[:2])
    entries = unpack(saved)
    schema = entries["schema.json"].decode()
    assert schema.count(f'"\\"{sklearn.__version__}\\""') > 3
    entries["schema.json"] = schema.replace(sklearn.__version__, f"{minor}.99")
    versions = _files.versions() | {"scikit-learn": f"{minor}.99"}
    entries["versions.json"] = json.dumps(versions)
    saved.write_bytes(_skops_file._pack(entries))
    assert isinstance(load(saved), FiveDRegressor)


# Damaged and hostile files


def unpack(path):
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_load_notices_every_changed_byte(saved):
    content, rng = saved.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        position = rng.integers(len(content))
        changed = bytearray(content)
        changed[position] ^= rng.integers(1, 256)
        saved.write_bytes(changed)
        with pytest.raises(ValueError, match="was changed"):
            load(saved)


def test_load_notices_every_cut_and_every_addition(saved):
    content = saved.read_bytes()
    lengths = [0, 1, 63, 64, 65, *range(100, len(content), 997), len(content) - 1]
    for changed in (*(content[:n] for n in lengths), content + b"\0", content * 2):
        saved.write_bytes(changed)
        with pytest.raises(ValueError, match="was cut short"):
            load(saved)


def test_load_notices_another_file(saved):
    skops_io = pytest.importorskip("skops.io")
    skops_io.dump(fitted(), saved)
    with pytest.raises(ValueError, match="was not written by"):
        load(saved)


def forge(path, change_schema=lambda schema: None, **entries):
    """Change a file and sign it again, as only somebody with intent would."""
    contents = unpack(path)
    schema = json.loads(contents["schema.json"])
    change_schema(schema)
    contents["schema.json"] = json.dumps(schema)
    path.write_bytes(_skops_file._pack(contents | entries))


FOREIGN = {
    "function": ("FunctionNode", "os", "system"),
    "ufunc": ("FunctionNode", "numpy", "log"),
    "type": ("TypeNode", "sklearn.linear_model._base", "LinearRegression"),
    "estimator": ("ObjectNode", "sklearn.linear_model._base", "LinearRegression"),
    "method": ("MethodNode", "builtins", "str"),
    "partial": ("PartialNode", "functools", "partial"),
    "reduced": ("LossNode", "builtins", "eval"),
    "constructed": ("ConstructorFromReduceNode", "pathlib", "Path"),
    "sparse": ("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix"),
    "wrong loader": ("ObjectNode", "builtins", "dict"),
    "unknown": ("NoNode", "builtins", "str"),
    "nameless": (None, None, None),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_load_trusts_nothing_beyond_its_list(kind, saved):
    loader, module, name = FOREIGN[kind]

    def change(schema):
        schema["content"]["content"]["predict"] = {
            "__loader__": loader,
            "__module__": module,
            "__class__": name,
            "content": {},
        }

    forge(saved, change)
    with pytest.raises(ValueError, match="does not trust"):
        load(saved)


def attribute(schema, name):
    """An attribute of the estimator, or else of the model in it."""
    attributes = schema["content"]["content"]
    if name in attributes:
        return attributes[name]
    model = attributes["_model"]["content"]["content"]
    return model["members" if name == "estimators_" else name.rstrip("_")]


def array_file(schema):
    return attribute(schema, "oof_prediction_")["file"]


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_load_refuses_a_tree_that_refers_to_itself(saved):
    # Sixty lists of two references each would be walked 2^60 times.
    def change(schema):
        node = attribute(schema, "n_jobs")
        for i in range(60):
            node = {
                "__loader__": "ListNode",
                "__module__": "builtins",
                "__class__": "list",
                "__id__": i + 1,
                "content": [node, node | {"content": []}],
            }
        attribute(schema, "estimators_")["content"].append(node)

    forge(saved, change)
    with pytest.raises(ValueError, match="references"):
        load(saved)


def test_load_refuses_an_array_named_a_thousand_times(saved):
    def change(schema):
        node = attribute(schema, "oof_prediction_")
        attribute(schema, "estimators_")["content"] += [node] * 1000

    forge(saved, change)
    with pytest.raises(ValueError, match="more than it holds"):
        load(saved)


def test_load_refuses_a_compressed_bomb(saved):
    bomb = io.BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        for name, content in unpack(saved).items():
            archive.writestr(name, content)
        archive.writestr("zeros", bytes(10**7))
        archive.comment = b"0" * _skops_file.DIGEST_LENGTH
    content = bomb.getvalue()[: -_skops_file.DIGEST_LENGTH]
    saved.write_bytes(content + _skops_file._digest(content))
    with pytest.raises(ValueError, match="more than it holds"):
        load(saved)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(print),
        b"",
        npy(np.zeros(3))[:-4],
        npy(np.zeros(3)).replace(b"(3,), }  ", b"(10**9,)}"),
        npy(np.zeros(3)).replace(b"(3,), }       ", b"(99999999999,)}"),
    ],
    ids=["pickle", "empty", "cut", "expression", "huge"],
)
def test_load_refuses_what_is_no_array(content, saved):
    schema = json.loads(unpack(saved)["schema.json"])
    forge(saved, **{array_file(schema): content})
    with pytest.raises(ValueError, match="cannot be loaded"):
        load(saved)


@pytest.mark.parametrize(
    "array",
    [np.zeros((10**12, 0)), np.zeros((5, 9)), np.full((5, 8), np.nan), np.zeros(5)],
    ids=["empty", "wide", "nan", "flat"],
)
def test_load_refuses_weights_that_fit_nothing(array, saved):
    schema = json.loads(unpack(saved)["schema.json"])
    member = attribute(schema, "estimators_")["content"][0]
    name = member["content"]["content"]["coefs_"]["content"][0]["file"]
    forge(saved, **{name: npy(array)})
    with pytest.raises(ValueError, match="wrong shape or without a value"):
        load(saved)


def test_load_refuses_scales_that_multiply(saved):
    schema = json.loads(unpack(saved)["schema.json"])
    steps = attribute(schema, "y_scaler_")["content"]["content"]["steps"]["content"]
    scaler = steps[0]["content"][1]["content"]["content"]
    long = np.ones(10**5)
    forge(
        saved,
        **{
            scaler["mean_"]["file"]: npy(long[:, None]),
            scaler["scale_"]["file"]: npy(long[None]),
        },
    )
    with pytest.raises(ValueError, match="wrong shape"):
        load(saved)


def test_load_refuses_a_network_of_two_outputs(saved):
    schema = json.loads(unpack(saved)["schema.json"])
    member = attribute(schema, "estimators_")["content"][0]["content"]["content"]
    coefs, intercepts = (
        member[name]["content"][-1]["file"] for name in ("coefs_", "intercepts_")
    )
    forge(saved, **{coefs: npy(np.ones((4, 2))), intercepts: npy(np.ones(2))})
    with pytest.raises(ValueError, match="a network with 2 outputs"):
        load(saved)


def test_load_refuses_a_random_state_outside_its_key(tmp_path):
    pytest.importorskip("skops")
    path = tmp_path / "model.skops"
    save(fitted(solver="adam"), path)

    def change(schema):
        member = attribute(schema, "estimators_")["content"][0]["content"]["content"]
        state = member["_random_state"]["content"]["content"]["state"]
        state["content"]["pos"]["content"] = "100000"

    forge(path, change)
    with pytest.raises(ValueError, match="random state"):
        load(path)


def test_load_refuses_another_class(saved):
    skops_io = pytest.importorskip("skops.io")
    network = MLPRegressor((2,), max_iter=1, solver="lbfgs")
    with ZipFile(io.BytesIO(skops_io.dumps(network))) as archive:
        schema = json.loads(archive.read("schema.json"))
    entries = unpack(saved)
    entries["schema.json"] = json.dumps(_skops_file._without_ids(schema))
    saved.write_bytes(_skops_file._pack(entries))
    with pytest.raises(ValueError, match="MLPRegressor"):
        load(saved)


SCALARS = [None, True, -1, 10**12, 1e308, "", "null", "NaN", "[]", "{}", [], {}, "-1"]
ARRAYS = [
    npy(np.zeros(shape, dtype))
    for shape in [(), (0,), (1,), (5,), (7, 2), (10**9, 0)]
    for dtype in ("f8", "f4", "i8", "?", "U3", "c16")
]


def mutate(entries, rng):
    """Change a few places of a file's content at random."""
    entries = dict(entries)
    schema = json.loads(entries["schema.json"])
    for _ in range(rng.integers(1, 4)):
        nodes = [node for node in _skops_file._nodes(schema) if node]
        node, other = (nodes[i] for i in rng.integers(len(nodes), size=2))
        key = list(node)[rng.integers(len(node))]
        kind = rng.integers(5)
        if kind == 0:
            del node[key]
        elif kind == 1:
            node[key] = SCALARS[rng.integers(len(SCALARS))]
        elif kind == 2:
            node[key] = json.loads(json.dumps(other))
        elif kind == 3:
            node.update(json.loads(json.dumps(other)))
        else:
            names = [name for name in entries if name.endswith(".npy")]
            name = names[rng.integers(len(names))]
            content = bytearray(entries[name])
            content[rng.integers(len(content))] = rng.integers(256)
            array = ARRAYS[rng.integers(len(ARRAYS))]
            entries[name] = bytes(content) if rng.random() < 0.5 else array
    return entries | {"schema.json": json.dumps(schema)}


def mutate_bytes(content, rng):
    """Flip, overwrite, repeat or cut bytes of a signed file, and sign it again.

    Half of the places are in the directory of the zip file: a small part of it, with
    the names, the sizes and the positions.
    """
    content = bytearray(content[: -_skops_file.DIGEST_LENGTH])
    for _ in range(rng.integers(1, 4)):
        directory = max(content.find(b"PK\x01\x02"), 0)
        start = directory if rng.random() < 0.5 else 0
        position = rng.integers(start, len(content))
        kind = rng.integers(4)
        if kind == 0:
            content[position] ^= 1 << rng.integers(8)
        elif kind == 1:
            content[position : position + 4] = rng.choice([b"\0", b"\xff"]) * 4
        elif kind == 2:
            end = position + rng.integers(1, 50)
            content[position:position] = content[position:end]
        else:
            del content[position : position + rng.integers(1, 50)]
    return bytes(content) + _skops_file._digest(content)


def fuzz(path, n_files, seed):
    """Load mutated files; return how many of them still were a model."""
    content, entries = path.read_bytes(), unpack(path)
    rng = np.random.default_rng(seed)
    n_models = 0
    for i in range(n_files):
        path.write_bytes(
            mutate_bytes(content, rng)
            if i % 2
            else _skops_file._pack(mutate(entries, rng))
        )
        try:
            model = load(path)
            prediction = model.predict(ORIGIN[None])
        except ValueError:
            continue
        assert type(model) is FiveDRegressor
        assert prediction.shape == (1,)
        n_models += 1
    return n_models


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_load_gives_a_model_or_a_value_error(saved):
    # Much of a file is history and parameters, that may be anything.
    assert 0 < fuzz(saved, 400, seed=0) < 400


# All of them


@pytest.mark.parametrize(
    ("function", "package"), [(to_onnx, "onnx"), (save, "skops"), (load, "skops")]
)
def test_a_missing_package_is_named(function, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, name)
    arguments = [tmp_path / "file"]
    if function is not load:
        arguments.insert(0, fitted())
    message = (
        rf"{function.__name__} needs {package}: pip install 'sklearn_5d\[export\]'"
    )
    with pytest.raises(ImportError, match=message):
        function(*arguments)


@pytest.mark.parametrize("function", [to_sklearn, to_onnx, save])
def test_an_unfitted_estimator_stays(function, tmp_path):
    arguments = [FiveDRegressor()]
    if function is save:
        arguments.append(tmp_path / "file")
    if function is not to_sklearn:
        pytest.importorskip("onnx" if function is to_onnx else "skops")
    with pytest.raises(NotFittedError):
        function(*arguments)
