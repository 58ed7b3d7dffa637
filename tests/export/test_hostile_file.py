"""Damaged and hostile files are a value error, and no code of theirs runs."""

import io
import json
import pickle
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from exported import ORIGIN, fitted
from saved_files import unpack
from sklearn.neural_network import MLPRegressor

from sklearn_5d import FiveDRegressor
from sklearn_5d._export import _skops_file

load, save = FiveDRegressor.load, FiveDRegressor.save


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


@pytest.mark.parametrize("change", [0, 10**9], ids=["missing", "unknown"])
def test_load_refuses_an_encoding_of_other_inputs(change, tmp_path):
    pytest.importorskip("skops")
    path = tmp_path / "model.skops"
    fitted(x_transform="steps").save(path)
    archive = unpack(path)
    steps = attribute(json.loads(archive["schema.json"]), "x_scaler_")
    _, selection, *_ = steps["content"]["content"]["steps"]["content"]
    arguments = selection["content"][1]["content"]["content"]["kw_args"]["content"]
    name = arguments["indices"]["file"]
    columns = np.load(io.BytesIO(archive[name]))
    assert len(columns) > 5
    columns[columns == 4] = change
    forge(path, **{name: npy(columns)})
    with pytest.raises(ValueError, match="encoding of other inputs"):
        load(path)


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
