"""`sklearn-5d info`: what a file of a model says, read as text and numbers alone.

Nothing that the file names is imported or built, so that a file from anybody may be
looked at.
"""

import hashlib
import io
import json
from pathlib import Path
from zipfile import ZipFile

from numpy.lib import format as npy

from ._console import align, exact, printable

# A model of a hundred wide networks is smaller; what unpacks to more is no model.
MAX_BYTES = 2**28
NETWORK = "MLPRegressor"


def run(args, console):
    """Say what is in a file.

    Parameters
    ----------
    args : Namespace
        The arguments.
    console : Console
        What is said.

    Returns
    -------
    int
        The exit status.
    """
    values = read_info(args.model)
    console.result(_to_text(values), values)
    return 0


def read_info(path):
    """Read a file without trusting it.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    dict
        Versions, parameters, inputs and their ranges, and whether the file is as it
        was written.

    Raises
    ------
    ValueError
        If it is no model.
    """
    content = Path(path).read_bytes()
    try:
        return {"file": str(path), "bytes": len(content), **_read(content)}
    except Exception as error:  # who wrote the file may have thought of anything
        raise ValueError(f"{path} is no model of sklearn_5d: {error}") from error


def _read(content):
    with ZipFile(io.BytesIO(content)) as archive:
        sizes = [entry.file_size for entry in archive.infolist()]
        if sum(sizes) > MAX_BYTES:
            raise ValueError(f"it unpacks to {sum(sizes):,} bytes")
        schema = json.loads(archive.read("schema.json"))
        versions = json.loads(archive.read("versions.json"))
        attributes = schema["content"]["content"]
        values = {key: _value(each, archive) for key, each in attributes.items()}
        ranges = [_find(schema, key, archive) for key in ("data_min", "data_max")]
        digest = archive.comment
    expected = hashlib.sha256(content[: len(content) - len(digest)]).hexdigest()
    return {
        "is_as_written": digest == expected.encode(),
        "type": f"{schema['__module__']}.{schema['__class__']}",
        "versions": dict(versions),
        "n_networks": sum(n.get("__class__") == NETWORK for n in _nodes(schema)),
        "inputs": _inputs(values.get("feature_names_in_"), *ranges),
        "parameters": _select(values, fitted=False),
        "fitted": _select(values, fitted=True),
    }


def _value(node, archive):
    """Read a number, a text, a list of them or a small array; all else is None."""
    if not isinstance(node, dict):
        return None
    if node.get("is_json"):
        return json.loads(node["content"])
    if isinstance(node.get("content"), list):
        return [_value(each, archive) for each in node["content"]]
    if "file" in node:
        return _array(archive.read(node["file"]))
    return None


def _array(content):
    """Read an array of numbers as NumPy writes it: the header says type and shape."""
    array = npy.read_array(io.BytesIO(content), allow_pickle=False)
    return array.tolist() if array.size <= 1_000 else f"{array.shape} of {array.dtype}"


def _nodes(tree):
    """Yield every dictionary in a schema."""
    if isinstance(tree, dict):
        yield tree
        tree = tree.values()
    for child in tree if isinstance(tree, list | type({}.values())) else ():
        yield from _nodes(child)


def _find(schema, key, archive):
    """Read what stands under a key, wherever that is."""
    found = [node[key] for node in _nodes(schema) if key in node]
    return _value(found[0], archive) if found else []


def _inputs(names, low, high):
    names = names or [f"x{i + 1}" for i in range(len(low))]
    return {
        str(name): {"minimum": float(lower), "maximum": float(upper)}
        for name, lower, upper in zip(names, low, high, strict=False)
    }


def _select(values, fitted):
    shown = (int, float, str, bool, type(None), list)
    return {
        key: value
        for key, value in values.items()
        if key.endswith("_") == fitted
        and not key.startswith("_")
        and key != "feature_names_in_"
        and isinstance(value, shown)
        and not (isinstance(value, list) and (len(value) > 16 or None in value))
        and not (fitted and value is None)
    }


def _to_text(values):
    state = "as it was written" if values["is_as_written"] else "CHANGED or cut short"
    versions = ", ".join(f"{name} {v}" for name, v in values["versions"].items())
    cells = [["input", "minimum", "maximum"]]
    cells += [
        [name, exact(each["minimum"]), exact(each["maximum"])]
        for name, each in values["inputs"].items()
    ]
    lines = [
        f"{values['file']}: {values['bytes']:,} bytes, {state}",
        f"{values['type']}, written by {versions}",
        f"{values['n_networks']} networks",
        "",
        *align(cells),
    ]
    for title in ("parameters", "fitted"):
        lines += ["", title]
        lines += [f"  {key} = {value!r}" for key, value in values[title].items()]
    # What a file says may try to steer the terminal.
    return "\n".join(map(printable, lines))
