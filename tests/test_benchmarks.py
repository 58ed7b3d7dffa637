"""The benchmark suite: does it measure what it says, and report what it measured?"""

import re
import runpy
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

for package in ("matplotlib", "memory_profiler", "pandas", "psutil", "tqdm"):
    pytest.importorskip(package)

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import compare  # noqa: E402
import dataset  # noqa: E402
import estimator  # noqa: E402
import figures  # noqa: E402
import findings  # noqa: E402
import measurement  # noqa: E402
import pandas as pd  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402

PEERS = ["KernelRidge", "RBFInterpolator"]


class MeanRegressor(RegressorMixin, BaseEstimator):
    """Predicts the mean, at once and for nothing: what the fakes below have in common.

    They act on more rows than the fit that is not counted has.
    """

    def fit(self, X, y):
        self.mean_ = y.mean()
        if len(X) > measurement.WARM_UP_ROWS:
            self.act()
        return self

    def act(self):
        pass

    def predict(self, X):
        return np.full(len(X), self.mean_)


class SpikeRegressor(MeanRegressor):
    def act(self):
        spike = np.ones(50 * 2**17)
        time.sleep(0.05)
        del spike


class SleepRegressor(MeanRegressor):
    def act(self):
        time.sleep(0.3)


class RaiseRegressor(MeanRegressor):
    def act(self):
        raise ValueError("no such luck in /home/somebody/secret/table.csv")


class HangRegressor(MeanRegressor):
    def act(self):
        while True:
            time.sleep(1)


class DieRegressor(MeanRegressor):
    def act(self):
        import os

        os._exit(3)


def run_fake(name, kind="accuracy", time_limit_s=30):
    entry = estimator.Entry(name, f"{__name__}:{name}")
    cell = measurement.Cell(kind, dataset.Formula("friedman1"), 300, 0.1, 0, 0, entry)
    return measurement.run_cell(cell, time_limit_s=time_limit_s, alone=True)


# --------------------------------------------------------------------------------------
# Measurement
# --------------------------------------------------------------------------------------


def test_memory_spike_is_seen():
    spike, calm = run_fake("SpikeRegressor"), run_fake("MeanRegressor")
    assert spike["status"] == calm["status"] == "ok"
    assert 49 < spike["peak_memory_mib"] < 60
    assert 0 < spike["mean_memory_mib"] < spike["peak_memory_mib"]
    assert calm["peak_memory_mib"] < 5


def test_fit_time_is_that_of_the_call():
    row = run_fake("SleepRegressor", "timing")
    # A busy machine can only add to it.
    assert row["fit_time_s"] >= 0.3
    assert row["peak_memory_mib"] is None
    assert row["predict_time_s"] > 0
    assert row["load_average"] >= 0


def test_prediction_is_timed_by_batch():
    row = run_fake("MeanRegressor", "prediction")
    assert all(row[f"predict_{size}_rows_s"] > 0 for size in measurement.BATCH_SIZES)


def test_error_is_a_row_without_folders():
    row = run_fake("RaiseRegressor")
    assert row["status"] == "error"
    assert row["message"] == "ValueError: no such luck in table.csv"
    assert set(row) == set(measurement.COLUMNS)


def test_time_limit_stops_the_process():
    start = time.perf_counter()
    row = run_fake("HangRegressor", time_limit_s=3)
    assert row["status"] == "timeout"
    assert row["message"] == "stopped after 3 s"
    assert row["fit_time_s"] is None
    assert time.perf_counter() - start < 30


def test_death_of_the_process_is_a_row():
    row = run_fake("DieRegressor")
    assert row["status"] == "error"
    assert row["message"] == "the process ended with exit code 3"


def test_scores_of_the_mean():
    row = run_fake("MeanRegressor")
    assert row["r2"] == pytest.approx(0, abs=0.05)
    assert row["error"] == pytest.approx(1, abs=0.05)
    assert row["rmse"] == pytest.approx(row["mse"] ** 0.5)
    assert row["error"] == pytest.approx(row["rmse"] / row["target_sd"])
    assert row["blas_threads"] == 1
    assert "coverage_90" in row
    assert row["coverage_90"] is None


def test_interval_of_a_gaussian_process_covers():
    entry = estimator.ESTIMATORS["GaussianProcessRegressor"]
    cell = measurement.Cell(
        "accuracy", dataset.Formula("friedman1"), 150, 0.1, 0, 0, entry
    )
    row = measurement.run_cell(cell, time_limit_s=30, alone=True)
    # Coverage is against noisy rows: the noise-free truth would be covered far more.
    assert 0.85 < row["coverage_90"] < 0.95
    assert row["coverage_50"] < row["coverage_80"] < row["coverage_90"]


def test_level_beyond_the_rows_leaves_the_scores():
    entry = estimator.ESTIMATORS["FiveDRegressor single"]
    cell = measurement.Cell(
        "accuracy", dataset.Formula("friedman1"), 100, 0.1, 0, 0, entry
    )
    row = measurement.run_cell(cell, time_limit_s=60, alone=True)
    assert row["status"] == "ok"
    assert row["error"] < 1
    # Ten held-out rows are enough for 90 %, and not for 95 %.
    assert row["coverage_90"] > 0.5
    assert row["message"].startswith("ValueError: An interval at confidence_level=0.95")
    assert row.get("coverage_95") is None


def test_noise_is_a_share_of_the_sd():
    formula = dataset.Formula("piston")
    clean, noisy = formula.split(5000, 0.0, 0), formula.split(5000, 0.1, 0)
    np.testing.assert_array_equal(clean.X_train, noisy.X_train)
    np.testing.assert_array_equal(clean.truth, noisy.truth)
    sd = clean.truth.std()
    assert np.std(noisy.y_train - clean.y_train) == pytest.approx(0.1 * sd, rel=0.05)
    assert np.std(noisy.y_test - noisy.truth) == pytest.approx(0.1 * sd, rel=0.05)


def test_groups_of_a_table_stay_whole():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    X = np.column_stack([groups, rng.normal(size=(100, 4))])
    table = dataset.Table("groups", X, rng.normal(size=100), groups)
    held_out = []
    for seed in range(5):
        split = table.split(None, None, seed)
        assert not set(split.X_train[:, 0]) & set(split.X_test[:, 0])
        held_out += list(split.y_test)
    np.testing.assert_array_equal(np.sort(held_out), np.sort(table.y))


@pytest.mark.parametrize("name", estimator.ESTIMATORS)
def test_entries(name):
    entry = estimator.ESTIMATORS[name]
    pytest.importorskip(entry.target.partition(":")[0])
    model = entry.make(3)
    states = [v for k, v in model.get_params().items() if k.endswith("random_state")]
    assert set(states) <= {3, None}
    assert "random_state" not in entry.describe()


def test_estimators_take_turns_within_a_repetition():
    cells = run.plan(run.PROFILES["quick"], dataset.load_datasets())["timing"]
    first = [cell for cell in cells if (cell.repetition, cell.n_samples) == (0, 300)]
    assert cells[: len(first)] == first
    assert len({cell.estimator.name for cell in first}) == len(first) > 10
    keys = [cell.key for cell in cells]
    assert len(set(keys)) == len(keys)


def test_entry_limits_its_rows(monkeypatch):
    entry = replace(estimator.ESTIMATORS["KernelRidge"], max_rows=500)
    monkeypatch.setitem(estimator.ESTIMATORS, "KernelRidge", entry)
    grid = run.Grid("timing", ("piston",), (500, 501), estimators=("KernelRidge",))
    cells = run.plan(run.Profile(1, (grid,)), dataset.load_datasets())["timing"]
    assert [cell.n_samples for cell in cells] == [500]


# --------------------------------------------------------------------------------------
# Command line and report
# --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """A small run of the whole suite."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = ["--output", str(folder), "--n-jobs", "2", "--estimators", *PEERS]
    command += ["--datasets", "friedman1", "piston", "--sizes", "50", "100"]
    run.main(command)
    return folder


@pytest.fixture
def rows(output):
    return report.read(output / "rows.csv")


def tables(markdown):
    """Tables of a page by the paragraph or heading before them."""
    found = {}
    for title, table in re.findall(r"([^\n]+)\n\n((?:\|[^\n]*\n)+)", markdown):
        header, _, *lines = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in table.splitlines()
        ]
        found[title] = pd.DataFrame(lines, columns=header).set_index(header[0])
    return found


def find(found, beginning):
    return next(table for title, table in found.items() if title.startswith(beginning))


def test_run_writes_rows_and_report(output, rows):
    assert (rows.status == "ok").all()
    timing, accuracy = (
        rows[rows.measurement == kind] for kind in ("timing", "accuracy")
    )
    assert timing.alone.all()
    assert not accuracy.alone.any()
    assert timing.fit_time_s.notna().all()
    assert accuracy.peak_memory_mib.notna().all()
    page = (output / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == len(
        list((output / "pictures").iterdir())
    )
    # Nothing is loaded from elsewhere, and no folder of this machine is named.
    assert "http" not in page
    for text in (page, (output / "rows.csv").read_text(encoding="utf-8")):
        assert str(Path.home()) + "/" not in text
        assert str(output) not in text


def test_report_agrees_with_rows(output, rows):
    found = tables((output / "report.md").read_text(encoding="utf-8"))
    timing = rows[(rows.measurement == "timing") & (rows.n_samples == 100)]
    accuracy = rows[(rows.measurement == "accuracy") & (rows.n_samples == 100)]
    times = find(found, "Fit time in seconds, mean (sd) of the repetitions, piston")
    errors = find(found, "Error with no noise")
    memory = find(found, "Peak memory of a fit")
    rates = find(
        found, "Throughput in rows per second by batch size, models fitted on 100"
    )
    for name in PEERS:
        of_name = timing[timing.estimator == name]
        mean = of_name[of_name.dataset == "piston"].fit_time_s.mean()
        shown = float(times.loc[name, "100 rows"].split(" ")[0])
        assert shown == pytest.approx(mean, rel=0.006)

        of_name = accuracy[(accuracy.estimator == name) & (accuracy.noise == 0)]
        mean = np.exp(np.log(of_name.error).mean())
        assert float(errors.loc[name, "100 rows, 2 functions"]) == pytest.approx(
            mean, rel=0.006
        )

        peak = accuracy[accuracy.estimator == name].peak_memory_mib.median()
        shown = float(memory.loc[name, "100 rows"].split(" ")[0])
        assert shown == pytest.approx(peak, abs=0.06)

        of_name = rows[(rows.n_samples == 100) & (rows.estimator == name)]
        rate = 1000 / of_name.predict_1000_rows_s.median()
        shown = float(rates.loc[name, "1,000 rows"].replace(",", ""))
        assert shown == pytest.approx(rate, rel=0.006)


def test_resume_runs_what_is_missing(output, tmp_path, capsys):
    lines = (output / "rows.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "rows.csv"
    # The last row was being written when the run was interrupted.
    path.write_text("".join(lines[:-3]) + lines[-3][:20], encoding="utf-8")
    command = ["--output", str(tmp_path), "--estimators", *PEERS, "--n-jobs", "1"]
    command += ["--datasets", "friedman1", "piston", "--sizes", "50", "100"]
    with pytest.raises(SystemExit):
        run.main(command)
    assert "give --resume" in capsys.readouterr().err
    run.main([*command, "--resume"])
    again = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert again[: len(lines) - 3] == lines[:-3]
    assert run.saved_keys(path) == run.saved_keys(output / "rows.csv")
    assert len(again) == len(lines)


def test_unknown_name_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run.main(["--output", str(tmp_path / "new"), "--datasets", "pistons"])
    assert "expected one of" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_rank_comes_out_either_way(rows):
    names = rows.estimator.cat.categories
    # Either of two estimators stands in for ours: one is better, the other worse.
    texts = []
    for name in names:
        renamed = rows.estimator.cat.rename_categories({name: report.BASELINE})
        texts.append(findings.rank(rows.assign(estimator=renamed))[-1])
    assert sorted("times larger" in text for text in texts) == [False, True]
    assert sorted("times smaller" in text for text in texts) == [False, True]


def timed(fit_times, **others):
    """Timing rows of our estimator by number of rows."""
    common = {"measurement": "timing", "status": "ok", "estimator": report.BASELINE}
    common |= {"dataset": "piston", "noise": 0.0, "cores": 2, "predict_time_s": 0.01}
    return pd.DataFrame(
        {"n_samples": fit_times.keys(), "fit_time_s": fit_times.values()}
    ).assign(**common | others)


@pytest.mark.parametrize(("seconds", "verdict"), [(59.9, "is met"), (61, "is not met")])
def test_requirement_comes_out_either_way(seconds, verdict):
    (sentence,) = findings.requirement(timed({10_000: seconds}))
    assert sentence.endswith(f"{verdict}.")
    (sentence,) = findings.requirement(timed({1_000: seconds}))
    assert "was not tested" in sentence


@pytest.mark.parametrize(
    ("power", "verdict"), [(0.5, "more slowly than"), (1, "as fast as"), (2, "faster")]
)
def test_scaling_comes_out_either_way(power, verdict):
    (sentence,) = findings.scaling(timed({n: n**power for n in (10, 100, 1_000)}))
    assert verdict in sentence
    assert f"(exponent {power:.2f}" in sentence


def test_second_machine_comes_out_either_way():
    sizes = (10_000, 100_000, 1_000_000)
    # Three members on two cores take two rounds, on four cores one: a third is saved.
    fitting, predicting = findings.second_machine(
        timed(dict(zip(sizes, (6, 12, 60), strict=True)))
    )
    assert "for fitting pays from 100,000 rows on: there it saves 4.00 s" in fitting
    assert "for predicting does not pay to 1,000,000 rows" in predicting
    # Members have a core each already.
    fitting, predicting = findings.second_machine(
        timed({1_000_000: 600}, cores=8, predict_time_s=100)
    )
    assert "for fitting does not pay to 1,000,000 rows" in fitting
    assert "for predicting pays from 1,000,000 rows on" in predicting


@pytest.mark.parametrize(
    ("coverage", "verdict"), [(0.8, "too narrow"), (0.9, "right"), (0.95, "too wide")]
)
def test_coverage_comes_out_either_way(rows, coverage, verdict):
    columns = [f"coverage_{100 * level:.0f}" for level in measurement.CONFIDENCE_LEVELS]
    sentences = findings.coverage(rows.assign(**dict.fromkeys(columns, coverage)))
    assert len(sentences) == len(PEERS)
    assert all(verdict in sentence for sentence in sentences)


def test_recommendations_follow_error_and_time(rows):
    best, other = PEERS
    for name, seconds in ((best, 1.0), (other, 2.0)):
        chosen = rows.estimator == name
        rows.loc[chosen, "error"] = seconds / 100
        rows.loc[chosen, "fit_time_s"] = seconds
    beaten = findings.recommendations(rows)[-1]
    assert f"take {best} (error 0.0100, 1.00 s) for accuracy." in beaten
    rows.loc[rows.estimator == other, "fit_time_s"] = 0.5
    faster = findings.recommendations(rows)[-1]
    assert faster.endswith(f"; {other} (error 0.0200, 0.500 s) where time is all.")


def test_exponent():
    sizes = pd.Index([100, 1_000, 10_000])
    assert figures.exponent(pd.Series(3e-6 * sizes**1.5, sizes)) == pytest.approx(1.5)
    assert np.isnan(figures.exponent(pd.Series([1.0, 2.0], sizes[:2])))


def test_errors_are_compared_over_the_same_cells():
    frame = pd.DataFrame(
        {
            "measurement": "accuracy",
            "status": "ok",
            "noise": 0.0,
            "n_samples": 100,
            "dataset": ["piston", "levy", "piston"],
            "estimator": ["all", "all", "some"],
            "error": [0.1, 0.4, 0.1],
        }
    )
    two = pd.DataFrame(
        {**frame.iloc[0], "estimator": "other", "dataset": ["piston", "levy"]}
    )
    errors = figures.mean_errors(pd.concat([frame, two]), 0.0)
    assert errors.loc["all", 100] == pytest.approx(0.2)
    assert "some" not in errors.index


def test_pareto_front():
    cost = pd.Series({"cheap": 1.0, "beaten": 2.0, "best": 3.0})
    error = pd.Series({"cheap": 0.3, "beaten": 0.4, "best": 0.1})
    assert figures.pareto_front(cost, error) == ["cheap", "best"]


def test_report_without_timing_or_failures(rows):
    failed = rows.assign(status="error", message="broken")
    for each in (
        rows[rows.measurement == "accuracy"],
        rows[rows.measurement == "timing"],
        failed,
    ):
        assert report.build(each).to_markdown().startswith("# Benchmark")
    assert "broken" in report.build(failed).to_markdown()


def test_compare(rows, tmp_path, capsys, monkeypatch):
    slower = rows.copy()
    hit = (rows.estimator == PEERS[0]) & (rows.measurement == "timing")
    slower.loc[hit, "fit_time_s"] *= 2
    broken = (rows.estimator == PEERS[1]) & (rows.measurement == "accuracy")
    slower.loc[broken, "status"] = "timeout"
    paths = [str(tmp_path / name) for name in ("old.csv", "new.csv")]
    for path, each in zip(paths, (rows, slower), strict=True):
        each.to_csv(path, index=False)

    assert compare.main([paths[0], paths[0]]) == 0
    monkeypatch.setattr(sys, "argv", ["compare.py", *paths])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(compare.__file__, run_name="__main__")
    assert end.value.code == 1
    assert PEERS[0] in capsys.readouterr().out
    worse = compare.compare(rows, slower)
    assert set(worse[worse.metric == "fit_time_s"].estimator) == {PEERS[0]}
    assert set(worse[worse.metric == "status"].estimator) == {PEERS[1]}


def test_compare_allows_for_noise(rows):
    timing = rows[(rows.measurement == "timing") & (rows.n_samples == 50)]
    noisy = timing.copy()
    # One repetition in two was slow: that is noise, not a change.
    noisy.loc[noisy.repetition == 0, "fit_time_s"] *= 1.5
    noisy.loc[noisy.repetition == 1, "fit_time_s"] /= 1.2
    assert "fit_time_s" not in set(compare.compare(timing, noisy).metric)


@pytest.mark.parametrize("start", ["local", "address"])
def test_dask_cluster(start, tmp_path):
    distributed = pytest.importorskip("distributed")
    command = ["--output", str(tmp_path), "--n-jobs", "2"]
    command += ["--estimators", "RBFInterpolator"]
    command += ["--datasets", "friedman1", "--sizes", "50", "100"]
    if start == "local":
        run.main([*command, "--dask", "local"])
    else:
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, dashboard_address=":0"
        ) as cluster:
            run.main([*command, "--dask", cluster.scheduler_address])
            assert cluster.scheduler.transition_log
    rows = report.read(tmp_path / "rows.csv")
    assert (rows.status == "ok").all()
    assert set(rows.measurement) == {"timing", "prediction", "accuracy"}


# --------------------------------------------------------------------------------------
# Committed results
# --------------------------------------------------------------------------------------

RESULTS = BENCHMARKS / "results" / "rows.csv"


@pytest.mark.skipif(not RESULTS.exists(), reason="no results are committed yet")
def test_committed_results_agree():
    rows = report.read(RESULTS)
    page = (RESULTS.parent / "report.md").read_text(encoding="utf-8")
    again = "python benchmarks/report.py benchmarks/results/rows.csv"
    assert page == report.build(rows).to_markdown(), f"Run `{again}`."
    readme = (BENCHMARKS.parent / "README.rst").read_text(encoding="utf-8")
    # Line breaks and literals are the README's own.
    words = " ".join(readme.replace("``", "").split())
    absent = [each for each in report.headline(rows) if each not in words]
    assert not absent, f"Paste what `{again}` prints into README.rst."
    assert "benchmarks/results/report.md" in readme
