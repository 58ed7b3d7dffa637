"""A small run of the suite, and what its tests share."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

NEEDED = ["jinja2", "markdown_it", "memory_profiler", "pandas", "seaborn", "tqdm"]
if not all(map(find_spec, NEEDED)):
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session", autouse=True)
def server_loads_what_is_measured_here():
    import measurement

    with pytest.MonkeyPatch.context() as monkeypatch:
        preloaded = ("measurement", "dataset", "peers", "sklearn_5d")
        monkeypatch.setattr(measurement, "PRELOADED", preloaded)
        yield


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A folder for the results of a small run, and one with a table."""
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "tables").mkdir()
    table = np.random.default_rng(0).normal(size=(60, 6))
    path = folder / "tables" / "rocks.csv"
    np.savetxt(path, table, delimiter=",", header="a,b,c,d,e,y")
    return folder / "results", folder / "tables"


@pytest.fixture(scope="session")
def output(folders):
    """The results; the quick profile is the one that gave them."""
    import run
    from small_run import command

    sizes = (50, 100)
    grids = (
        run.Grid("timing", ("piston",), sizes, repetitions=2),
        run.Grid("prediction", ("piston",), (100,)),
        run.Grid("accuracy", ("piston",), sizes),
        run.Grid("accuracy", ("friedman1",), (100,)),
        run.Grid("accuracy", ("piston",), (100,), noises=(0.1,)),
        run.Grid("accuracy", ("rocks",)),
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(run.PROFILES, "quick", run.Profile(30, grids))
        run.main(command(*folders, "--n-jobs", "2"))
        yield folders[0]


@pytest.fixture
def rows(output):
    """The rows."""
    import figures

    return figures.read(output / "rows.csv.gz")


@pytest.fixture
def about(output):
    """What stands beside them."""
    return json.loads((output / "about.json").read_text(encoding="utf-8"))
