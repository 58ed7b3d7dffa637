"""Two runs beside each other, and the default beside itself without a part."""

import runpy
import sys

import ablation
import compare
import dataset
import numpy as np
import pytest
from small_run import PEERS


def test_compare(output, rows, tmp_path, capsys, monkeypatch):
    slower = rows.copy()
    hit = (rows.estimator == PEERS[0]) & (rows.measurement == "timing")
    slower.loc[hit, "fit_time_s"] *= 2
    broken = (rows.estimator == PEERS[1]) & (rows.measurement == "accuracy")
    slower.loc[broken, "status"] = "timeout"
    old, new = str(output / "rows.csv.gz"), str(tmp_path / "new.csv.gz")
    slower.to_csv(new, index=False)

    assert compare.main([old, old]) == 0
    monkeypatch.setattr(sys, "argv", ["compare.py", old, new])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(compare.__file__, run_name="__main__")
    assert end.value.code == 1
    assert PEERS[0] in capsys.readouterr().out
    worse = compare.compare(
        *(each.astype({"estimator": str}) for each in (rows, slower))
    )
    assert set(worse[worse.metric == "fit_time_s"].estimator) == {PEERS[0]}
    assert set(worse[worse.metric == "status"].estimator) == {PEERS[1]}


def test_compare_allows_for_noise(rows):
    timing = rows[(rows.measurement == "timing") & (rows.n_samples == 50)]
    timing = timing.astype({"estimator": str})
    noisy = timing.copy()
    # One repetition in two was slow: that is noise, not a change.
    noisy.loc[noisy.repetition == 0, "fit_time_s"] *= 1.5
    noisy.loc[noisy.repetition == 1, "fit_time_s"] /= 1.2
    assert "fit_time_s" not in set(compare.compare(timing, noisy).metric)


def test_ablation_divides_by_the_default(monkeypatch):
    def measure(split, changes, seed):
        return (0.2, 1.0) if changes else (0.1, 4.0)

    monkeypatch.setattr(ablation, "measure", measure)
    table = ablation.main(["--sizes", "10", "--functions", "piston"])
    assert list(table.index) == list(ablation.PARTS)
    np.testing.assert_allclose(table.xs("error", axis=1, level=1), 2)
    np.testing.assert_allclose(table.xs("time", axis=1, level=1), 0.25)


@pytest.mark.parametrize("part", ["no teacher", "no evidence"])
def test_ablation_switches_the_part_off(part):
    changes = ablation.PARTS[part]
    few = {"n_estimators": 2}
    split = dataset.FORMULAS["friedman1"].split(100, 0.3, 0)
    errors = [
        ablation.measure(split, few | each, 0)[0] for each in ({}, changes, changes)
    ]
    assert errors[0] != errors[1] == errors[2]
