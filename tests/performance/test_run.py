"""The plan, and the command line: what is measured, in which order, and again."""

import gzip
from dataclasses import replace

import dataset
import estimator
import figures
import measurement
import pytest
import run
from estimator import ESTIMATORS
from small_run import command


def test_estimators_take_turns_within_a_repetition():
    cells = run.plan(run.PROFILES["full"], dataset.FORMULAS)["timing"]
    first = [cell for cell in cells if (cell.repetition, cell.n_samples) == (0, 300)]
    assert cells[: len(first)] == first
    assert [cell.estimator.name for cell in first] == list(ESTIMATORS)
    keys = [cell.key for cell in cells]
    assert len(set(keys)) == len(keys)


def test_entry_limits_its_rows(monkeypatch):
    entry = replace(ESTIMATORS["KernelRidge"], max_rows=500)
    monkeypatch.setitem(ESTIMATORS, "KernelRidge", entry)
    grid = run.Grid("timing", ("piston",), (500, 501), estimators=("KernelRidge",))
    cells = run.plan(run.Profile(1, (grid,)), dataset.FORMULAS)["timing"]
    assert [cell.n_samples for cell in cells] == [500]


def test_named_data_sets_keep_to_their_grids():
    """A measured table is neither timed nor given noise, whatever else is named."""
    datasets = dataset.FORMULAS | dataset.load_tables()
    profile, named = run.restrict(
        run.PROFILES["full"],
        datasets,
        estimators=list(ESTIMATORS),
        names=["piston", "airfoil"],
        sizes=[500],
    )
    kinds = {
        (cell.dataset.name, cell.measurement, cell.noise, cell.n_samples)
        for cells in run.plan(profile, named).values()
        for cell in cells
    }
    assert {kind for kind in kinds if kind[0] == "airfoil"} == {
        ("airfoil", "accuracy", 0.0, 1503)
    }
    assert {kind for kind in kinds if kind[0] == "piston"} == {
        *(("piston", kind, 0.0, 500) for kind in ("timing", "prediction", "accuracy")),
        ("piston", "accuracy", 0.1, 500),
    }
    assert len({kind[0] for kind in kinds}) == 2


def test_resume_runs_what_is_missing(output, folders, tmp_path, capsys):
    path = tmp_path / "rows.csv.gz"
    lines = measurement.saved_text(output / path.name).splitlines(keepends=True)
    # The run was interrupted as it wrote: half a row, and no end of the file.
    whole = gzip.compress(("".join(lines[:-3]) + lines[-3][:20]).encode())
    path.write_bytes(whole[:-8])
    again = command(tmp_path, folders[1], "--n-jobs", "1")
    with pytest.raises(SystemExit):
        run.main(again)
    assert "give --resume" in capsys.readouterr().err
    run.main([*again, "--resume"])
    resumed = measurement.saved_text(path).splitlines(keepends=True)
    assert resumed[: len(lines) - 3] == lines[:-3]
    assert len(resumed) == len(lines)
    assert run.saved_keys(path) == run.saved_keys(output / path.name)


def test_package_that_is_missing_is_named(tmp_path, capsys, monkeypatch):
    entry = estimator.Entry("Absent", "no_such_package:Regressor")
    monkeypatch.setitem(ESTIMATORS, "Absent", entry)
    with pytest.raises(SystemExit):
        run.main(["--output", str(tmp_path), "--estimators", "Absent"])
    assert "Not installed, and left out: Absent" in capsys.readouterr().err
    assert run.about(["Absent"])["not installed"] == ["Absent"]


def test_unknown_name_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run.main(["--output", str(tmp_path / "new"), "--datasets", "pistons"])
    assert "expected one of" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("start", ["local", "address"])
def test_dask_cluster(start, tmp_path):
    distributed = pytest.importorskip("distributed")
    names = ("RBFInterpolator",)
    grid = run.Grid("accuracy", ("piston",), (50, 100), estimators=names)
    profile, path = run.Profile(30, (grid,)), tmp_path / "rows.csv.gz"
    if start == "local":
        run.run(profile, dataset.FORMULAS, path, dask="local")
    else:
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, dashboard_address=":0"
        ) as cluster:
            run.run(profile, dataset.FORMULAS, path, dask=cluster.scheduler_address)
            assert cluster.scheduler.transition_log
    assert list(figures.read(path).status) == ["ok", "ok"]
