"""What is said of the package in several places is the same."""

import re
import tomllib
from pathlib import Path

import pytest

import sklearn_5d

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
RECIPE = (ROOT / "conda/recipe.yaml").read_text(encoding="utf-8")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def test_recipe_has_the_version():
    assert f'version: "{sklearn_5d.__version__}"' in RECIPE


def test_recipe_has_the_dependencies():
    run = RECIPE.partition("  run:\n")[2].partition("\n\n")[0]
    python, *others = re.findall(r"- (\S+) ?(\S*)", run)
    assert python[0] == "python"
    assert ["".join(each) for each in others] == PROJECT["dependencies"]


def test_recipe_has_the_address():
    assert f"homepage: {PROJECT['urls']['Documentation']}\n" in RECIPE


def test_pythons():
    named = [
        line.rpartition(" ")[2]
        for line in PROJECT["classifiers"]
        if re.search(r":: 3\.\d+$", line)
    ]
    assert named == PYTHONS
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert f'python_min: "{PYTHONS[0]}"' in RECIPE


@pytest.mark.parametrize("python", PYTHONS)
def test_workflow_runs_on(python):
    workflow = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    assert f'"{python}"' in workflow


def test_addresses_stand_in_one_place():
    """But for the recipe, which another test compares."""
    home = "example.org/sklearn_5d"
    folders = ("sklearn_5d", "doc", "examples", "benchmarks", ".github", "conda")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    kinds = {".py", ".rst", ".md", ".toml", ".yml", ".yaml", ".cff"}
    holders = {
        path.name
        for path in files
        if path.suffix in kinds
        and "_build" not in path.parts
        and home in path.read_text(encoding="utf-8")
    }
    assert holders == {"pyproject.toml", "recipe.yaml"}
