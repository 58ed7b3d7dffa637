"""Docstrings are complete, the README and the guide run, one version is told."""

import doctest
import inspect
import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
from numpydoc.validate import validate

import sklearn_5d
from sklearn_5d import datasets

ROOT = Path(sklearn_5d.__file__).parents[1]

IGNORED = {
    "ES01": "a summary that says everything needs no second paragraph",
    "SA01": "a class or a function may stand for itself",
}
IGNORED_IN_PROPERTIES = IGNORED | {
    "EX01": "the example of the class shows it at work",
}


def _members(cls):
    """Public members of a class; what is scikit-learn's is documented there."""
    own = [c for c in cls.__mro__ if c.__module__.startswith("sklearn_5d")]
    for name in dict.fromkeys(name for c in own for name in vars(c)):
        # scikit-learn writes set_fit_request and its kin.
        if not name.startswith("_") and not re.fullmatch(r"set_\w+_request", name):
            member = getattr(cls, name)
            if callable(member) or isinstance(member, property):
                yield name


def _public_names():
    names = []
    for module in (sklearn_5d, datasets):
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value):
                names.append(f"{module.__name__}.{name}")
            if inspect.isclass(value):
                names += [
                    f"{module.__name__}.{name}.{each}" for each in _members(value)
                ]
    return names


@pytest.mark.parametrize("name", _public_names())
def test_docstring(name):
    is_property = isinstance(resolve_name(name), property)
    ignored = IGNORED_IN_PROPERTIES if is_property else IGNORED
    errors = validate(name)["errors"]
    assert [error for error in errors if error[0] not in ignored] == []


def test_main_class_is_among_the_names():
    assert {
        "sklearn_5d.FiveDRegressor",
        "sklearn_5d.FiveDRegressor.predict_interval",
        "sklearn_5d.datasets.make_function",
    } <= set(_public_names())


def test_reference_has_every_name():
    index = (ROOT / "doc/api/index.rst").read_text(encoding="utf-8")
    names = {*sklearn_5d.__all__, *datasets.__all__} - {"__version__"}
    assert names == set(re.findall(r"^    (\w+)$", index, re.MULTILINE))


PAGES = [ROOT / "README.rst", ROOT / "doc/index.rst", *ROOT.glob("doc/guide/*.rst")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page, tmp_path, monkeypatch):
    if page.stem == "export":
        pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
        encoding="utf-8",
    )
    assert failed == 0


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("CITATION.cff", r"^version: (\S+)$"),
        ("CHANGELOG.rst", r"^\D*?(\d+\.\d+\.\d+)\b.*\n[-=~]+$"),
    ],
)
def test_version(file, pattern):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(pattern, text, re.MULTILINE)[1] == sklearn_5d.__version__
