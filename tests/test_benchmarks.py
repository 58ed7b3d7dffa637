"""The benchmark suite: does it measure what it says, and report what it measured?"""

import gzip
import json
import os
import re
import runpy
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin

for package in (
    "jinja2",
    "markdown_it",
    "memory_profiler",
    "pandas",
    "seaborn",
    "tqdm",
):
    pytest.importorskip(package)

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import ablation  # noqa: E402
import compare  # noqa: E402
import dataset  # noqa: E402
import estimator  # noqa: E402
import figures  # noqa: E402
import findings  # noqa: E402
import measurement  # noqa: E402
import pandas as pd  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import scores  # noqa: E402
from estimator import BASELINE, ESTIMATORS  # noqa: E402

PEERS = ["GaussianProcessRegressor", "RBFInterpolator"]


@pytest.fixture(scope="module", autouse=True)
def server_loads_what_is_measured_here():
    with pytest.MonkeyPatch.context() as monkeypatch:
        preloaded = ("measurement", "dataset", "peers", "sklearn_5d")
        monkeypatch.setattr(measurement, "PRELOADED", preloaded)
        yield


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
        time.sleep(60)


class DieRegressor(MeanRegressor):
    def act(self):
        os._exit(3)


class ShyRegressor(MeanRegressor):
    def predict_interval(self, X, confidence_level):
        raise ValueError("too few rows")


def run_fake(name, kind="accuracy", time_limit_s=30):
    entry = estimator.Entry(name, f"{__name__}:{name}")
    formula = dataset.FORMULAS["friedman1"]
    cell = measurement.Cell(kind, formula, 300, 0.1, 0, 0, entry)
    return measurement.run_cell(cell, time_limit_s=time_limit_s)


# --------------------------------------------------------------------------------------
# One run
# --------------------------------------------------------------------------------------


def test_memory_spike_is_seen():
    spike, calm = run_fake("SpikeRegressor"), run_fake("MeanRegressor")
    assert spike["status"] == calm["status"] == "ok"
    assert 49 < spike["peak_memory_mib"] < 60
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
    row = run_fake("HangRegressor", time_limit_s=2)
    assert (row["status"], row["message"]) == ("timeout", "stopped after 2 s")
    assert row["fit_time_s"] is None
    assert time.perf_counter() - start < 30


def test_death_of_the_process_is_a_row():
    row = run_fake("DieRegressor")
    assert row["status"] == "error"
    assert row["message"] == "the process ended with exit code 3"


def test_intervals_that_fail_leave_the_scores():
    row = run_fake("ShyRegressor")
    assert row["status"] == "ok"
    assert row["message"] == "ValueError: too few rows"
    assert row["crps"] is None
    # What predicts the mean explains nothing.
    assert row["r2"] == pytest.approx(0, abs=0.05)
    assert row["error"] == pytest.approx(1, abs=0.05)


# --------------------------------------------------------------------------------------
# Scores
# --------------------------------------------------------------------------------------


class Normal(MeanRegressor):
    """The true distribution of a standard normal target."""

    def predict(self, X, return_std=False):
        mean = np.zeros(len(X))
        return (mean, mean + 1) if return_std else mean


@pytest.fixture(scope="module")
def normal_scores():
    y = np.random.default_rng(0).standard_normal(200_000)
    quantiles, normal = scores.predictive_distribution(Normal(), y[:, None])
    return [
        scores.distribution_scores(y, quantiles, each, 1.0) for each in (normal, None)
    ]


def test_crps_is_that_of_the_normal_distribution(normal_scores):
    # Gneiting and Raftery (2007): 1 / sqrt(pi) on average. Ten quantiles see little of
    # the tails.
    assert normal_scores[0]["crps"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.02)


def test_log_likelihood_is_the_entropy(normal_scores):
    entropy = 0.5 * np.log(2 * np.pi * np.e)
    of_normal, of_quantiles = (each["nll"] for each in normal_scores)
    assert of_normal == pytest.approx(entropy, rel=0.01)
    # Ten quantiles say less than the distribution.
    assert entropy < of_quantiles < 1.05 * entropy


def test_exact_intervals_cover_what_they_promise(normal_scores):
    for level in scores.LEVELS:
        covered = normal_scores[0][f"coverage_{100 * level:.0f}"]
        assert covered == pytest.approx(level, abs=0.005)
    assert normal_scores[0]["interval_width_90"] == pytest.approx(2 * norm.ppf(0.95))


def test_fifths_go_from_the_narrowest_to_the_widest():
    rng = np.random.default_rng(0)
    width = rng.uniform(0.5, 2, 50_000)
    quantiles = np.outer(width, norm.ppf(scores.QUANTILES))
    found = scores.distribution_scores(
        rng.standard_normal(50_000), quantiles, None, 1.0
    )
    fifths = [found[f"coverage_90_fifth_{k}"] for k in range(1, 6)]
    assert fifths == sorted(fifths)
    assert fifths[0] < 0.75 < 0.99 < fifths[-1]


def test_density_of_quantiles_integrates_to_one():
    y = np.linspace(-30, 30, 600_001)
    quantiles = norm.ppf(scores.QUANTILES)[None].repeat(len(y), axis=0)
    density = scores.quantile_density(y, quantiles)
    assert density.sum() * (y[1] - y[0]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ["predict_quantiles", "predict_interval"])
def test_distribution_is_asked_for_where_it_is(kind):
    class Model(MeanRegressor):
        pass

    def predict_quantiles(self, X, quantiles):
        return np.tile(norm.ppf(quantiles), (len(X), 1))

    def predict_interval(self, X, confidence_level):
        return np.tile(norm.interval(confidence_level), (len(X), 1))

    setattr(Model, kind, locals()[kind])
    quantiles, normal = scores.predictive_distribution(Model(), np.zeros((3, 5)))
    assert normal is None
    np.testing.assert_allclose(quantiles[1], norm.ppf(scores.QUANTILES))


def test_without_a_distribution_there_is_none():
    assert scores.predictive_distribution(MeanRegressor(), None) == (None, None)


# --------------------------------------------------------------------------------------
# Datasets and estimators
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["friedman1", "friedman1_growing_noise"])
def test_noise_is_a_share_of_the_sd(name):
    formula = dataset.FORMULAS[name]
    clean, noisy = formula.split(20_000, 0.0, 0), formula.split(20_000, 0.1, 0)
    np.testing.assert_array_equal(clean.X_train, noisy.X_train)
    np.testing.assert_array_equal(clean.truth, noisy.truth)
    sd = clean.truth.std()
    noise = (noisy.y_train - clean.y_train) / sd
    assert np.std(noise) == pytest.approx(0.1, rel=0.05)
    assert np.std(noisy.y_test - noisy.truth) == pytest.approx(0.1 * sd, rel=0.05)
    low, high = (
        noise[chosen].std()
        for chosen in (noisy.X_train[:, 0] < 0.05, noisy.X_train[:, 0] > 0.95)
    )
    growth = 10**0.95 if formula.growing else 1
    assert high / low == pytest.approx(growth, rel=0.15)


def test_groups_of_a_table_stay_whole():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    X = np.column_stack([groups, rng.normal(size=(100, 4))])
    table = dataset.Table("groups", X, rng.normal(size=100), groups)
    held_out = []
    for seed in range(dataset.N_FOLDS):
        split = table.split(None, None, seed)
        assert not set(split.X_train[:, 0]) & set(split.X_test[:, 0])
        held_out += list(split.y_test)
    np.testing.assert_array_equal(np.sort(held_out), np.sort(table.y))


def test_tables_of_a_folder(tmp_path):
    (tmp_path / "rocks.csv").write_text("a,b,c,d,e,y\n" + "1,2,3,4,5,6\n" * 9)
    table = dataset.load_tables(tmp_path)["rocks"]
    assert table.X.shape == (9, 5)
    assert set(table.y) == {6}
    assert set(dataset.load_tables()) == {"airfoil", "airfoil_grouped"}
    with pytest.raises(ValueError, match="expected at least one"):
        dataset.load_tables(tmp_path / "empty")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_entries(name):
    entry = ESTIMATORS[name]
    if not entry.is_installed():
        pytest.skip("its package is not installed")
    model = entry.make(3)
    states = [v for k, v in model.get_params().items() if k.endswith("random_state")]
    assert set(states) <= {3, None}


PACKAGES = [
    name for name, each in ESTIMATORS.items() if each.target.startswith("peers")
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PACKAGES)
def test_peers_learn_and_know_how_well(name):
    entry = ESTIMATORS[name]
    if not entry.is_installed():
        pytest.skip("its package is not installed")
    split = dataset.FORMULAS["friedman1"].split(200, 0.1, 0)
    model = entry.make(0)
    if "n_estimators" in model.get_params():
        model.set_params(n_estimators=200)
    model.fit(split.X_train, split.y_train)
    X, y = split.X_test[:500], split.y_test[:500]
    assert scores.point_scores(y, model.predict(X))["error"] < 0.6
    quantiles, normal = scores.predictive_distribution(model, X)
    if quantiles is not None:
        assert (np.diff(quantiles) >= 0).all()
        found = scores.distribution_scores(y, quantiles, normal, y.std())
        # Boosting without calibration is too sure of itself on 200 rows.
        calibrated = "MAPIE" in name or "kriging" in name
        assert 0.85 if calibrated else 0.4 < found["coverage_90"] < 0.99
        assert found["crps"] < 0.3


def test_legendre_basis_is_orthonormal():
    X = np.random.default_rng(0).uniform(-1, 1, (200_000, 3))
    basis = peers.legendre_basis(X, 3)
    # Terms of total degree 1 to 3: the constant is the intercept.
    assert basis.shape[1] == 19
    np.testing.assert_allclose(basis.T @ basis / len(X), np.eye(19), atol=0.03)


def test_polynomial_chaos_finds_the_degree():
    X = np.random.default_rng(0).uniform(size=(300, 5))
    y = X[:, 0] ** 3 * X[:, 1] - X[:, 2]
    model = peers.PolynomialChaosRegressor().fit(X, y)
    assert model.model_[1].kw_args["degree"] == 4
    assert np.abs(model.predict(X) - y).max() < 1e-6


# --------------------------------------------------------------------------------------
# The plan
# --------------------------------------------------------------------------------------


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


# --------------------------------------------------------------------------------------
# Command line and report
# --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for the results of a small run, and one with a table."""
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "tables").mkdir()
    table = np.random.default_rng(0).normal(size=(60, 6))
    path = folder / "tables" / "rocks.csv"
    np.savetxt(path, table, delimiter=",", header="a,b,c,d,e,y")
    return folder / "results", folder / "tables"


def command(output, tables, *more):
    names = ["--tables", str(tables), "--estimators", *PEERS]
    return ["--output", str(output), *names, *more]


@pytest.fixture(scope="module")
def output(folders):
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
    return figures.read(output / "rows.csv.gz")


@pytest.fixture
def about(output):
    return json.loads((output / "about.json").read_text(encoding="utf-8"))


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
    assert timing.fit_time_s.notna().all()
    assert accuracy.peak_memory_mib.notna().all()
    page = (output / "report.html").read_text(encoding="utf-8")
    pictures = list((output / "pictures").iterdir())
    assert page.count('src="data:image/png;base64,') == len(pictures) > 5
    # Nothing is loaded from elsewhere, and no folder of this machine is named.
    assert "http" not in page
    text = page + measurement.saved_text(output / "rows.csv.gz")
    text += (output / "about.json").read_text(encoding="utf-8")
    assert str(Path.home()) + "/" not in text
    assert str(output.parent) not in text


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
        shown = float(errors.loc[name, "100 rows, 2 functions"])
        assert shown == pytest.approx(mean, rel=0.006)

        peak = accuracy[accuracy.estimator == name].peak_memory_mib.median()
        shown = float(memory.loc[name, "100 rows"])
        assert shown == pytest.approx(peak, rel=0.006)

        of_name = rows[(rows.n_samples == 100) & (rows.estimator == name)]
        rate = 1000 / of_name.predict_1000_rows_s.median()
        shown = float(rates.loc[name, "1,000 rows"].replace(",", ""))
        assert shown == pytest.approx(rate, rel=0.006)

    error = rows[rows.dataset == "rocks"].groupby("estimator", observed=True).error
    shown = find(found, "Measured tables, three folds").rocks.astype(float)
    np.testing.assert_allclose(shown, error.mean()[shown.index], rtol=0.006)


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


def test_report_without_timing_or_failures(rows, about):
    failed = rows.assign(status="error", message="broken")
    for each in (
        rows[rows.measurement == "accuracy"],
        rows[rows.measurement == "timing"],
        failed,
    ):
        assert report.build(each, about).startswith("# Benchmark")
    assert "broken" in report.build(failed, about)


# --------------------------------------------------------------------------------------
# Findings come out either way
# --------------------------------------------------------------------------------------


def as_ours(rows, name):
    """Rows in which another estimator stands in for ours."""
    names = rows.estimator.cat.rename_categories({name: BASELINE})
    return rows.assign(estimator=names)


def test_rank(rows):
    texts = [findings.rank(as_ours(rows, name))[-1] for name in PEERS]
    assert sorted("times larger" in text for text in texts) == [False, True]
    assert sorted("times smaller" in text for text in texts) == [False, True]


def test_rank_on_tables(rows):
    texts = [findings.tables(as_ours(rows, name))[0] for name in PEERS]
    assert sorted("mean rank of 1.00" in text for text in texts) == [False, True]
    assert all("1 measured table" in text for text in texts)


def timed(fit_times, **others):
    """Timing rows of our estimator by number of rows."""
    common = {"measurement": "timing", "status": "ok", "estimator": BASELINE}
    common |= {"dataset": "piston", "noise": 0.0, "predict_time_s": 0.01, "members": 3}
    return pd.DataFrame(
        {"n_samples": fit_times.keys(), "fit_time_s": fit_times.values()}
    ).assign(**common | others)


@pytest.mark.parametrize(("seconds", "verdict"), [(59.9, "is met"), (61, "is not met")])
def test_requirement(seconds, verdict):
    (sentence,) = findings.requirement(timed({10_000: seconds}))
    assert sentence.endswith(f"{verdict}.")
    (sentence,) = findings.requirement(timed({1_000: seconds}))
    assert "was not tested" in sentence


@pytest.mark.parametrize(
    ("power", "verdict"), [(0.5, "more slowly than"), (1, "as fast as"), (2, "faster")]
)
def test_scaling(power, verdict):
    (sentence,) = findings.scaling(timed({n: n**power for n in (10, 100, 1_000)}))
    assert verdict in sentence
    assert f"(exponent {power:.2f}" in sentence


def test_second_machine():
    sizes = (10_000, 100_000, 1_000_000)
    # Three members on two cores take two rounds, on four cores one: a third is saved.
    few = timed(dict(zip(sizes, (6, 12, 60), strict=True)))
    fitting, predicting = findings.second_machine(few, cores=2)
    assert "for fitting pays from 100,000 rows on: there it saves 4.00 s" in fitting
    assert "for predicting does not pay to 1,000,000 rows" in predicting
    # Members have a core each already.
    many = timed({1_000_000: 600}, predict_time_s=100)
    fitting, predicting = findings.second_machine(many, cores=8)
    assert "for fitting does not pay to 1,000,000 rows" in fitting
    assert "for predicting pays from 1,000,000 rows on" in predicting


@pytest.mark.parametrize(
    ("coverage", "verdict"), [(0.8, "too narrow"), (0.9, "right"), (0.95, "too wide")]
)
def test_coverage(rows, coverage, verdict):
    columns = [f"coverage_{100 * level:.0f}" for level in scores.LEVELS]
    (sentence,) = findings.coverage(
        rows[rows.estimator == PEERS[0]].assign(**dict.fromkeys(columns, coverage))
    )
    assert verdict in sentence


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
            "dataset": ["piston", "levy", "piston", "piston", "levy"],
            "estimator": ["all", "all", "some", "other", "other"],
            "error": [0.1, 0.4, 0.1, 0.1, 0.1],
        }
    )
    errors = figures.mean_errors(frame, 0.0)
    assert errors.loc["all", 100] == pytest.approx(0.2)
    assert "some" not in errors.index


def test_pareto_front():
    cost = pd.Series({"cheap": 1.0, "beaten": 2.0, "best": 3.0})
    error = pd.Series({"cheap": 0.3, "beaten": 0.4, "best": 0.1})
    assert figures.pareto_front(cost, error) == ["cheap", "best"]


# --------------------------------------------------------------------------------------
# Comparison of runs, ablation, cluster
# --------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("part", ["no Gaussian process", "no evidence"])
def test_ablation_switches_the_part_off(part):
    changes = ablation.PARTS[part]
    few = {"n_estimators": 2}
    split = dataset.FORMULAS["friedman1"].split(100, 0.3, 0)
    errors = [
        ablation.measure(split, few | each, 0)[0] for each in ({}, changes, changes)
    ]
    assert errors[0] != errors[1] == errors[2]


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


# --------------------------------------------------------------------------------------
# Committed results
# --------------------------------------------------------------------------------------

RESULTS = BENCHMARKS / "results"


@pytest.fixture(scope="module")
def committed(tmp_path_factory):
    """Rows of the committed results."""
    (path,) = RESULTS.glob("rows.csv*")
    if path.suffix != ".gz":
        folder = tmp_path_factory.mktemp("committed")
        with path.open("rb") as source, gzip.open(folder / "rows.csv.gz", "wb") as file:
            shutil.copyfileobj(source, file)
        path = folder / "rows.csv.gz"
    return figures.read(path)


def test_readme_quotes_the_report(committed):
    readme = (BENCHMARKS.parent / "README.rst").read_text(encoding="utf-8")
    # Line breaks and literals are the README's own.
    words = " ".join(readme.replace("``", "").split())
    page = (RESULTS / "report.md").read_text(encoding="utf-8")
    sentences = findings.headline(committed)
    assert len(sentences) == 3
    for sentence in sentences:
        assert f"- {sentence}\n" in page, "Write the report again."
        assert sentence in words, "Paste what report.py prints into README.rst."
    assert "benchmarks/results/report.md" in readme


def test_committed_report_is_that_of_the_rows(committed):
    about = RESULTS / "about.json"
    page = (RESULTS / "report.md").read_text(encoding="utf-8")
    # Results that are older than the side table have a report of their own time.
    if about.exists():
        again = report.build(committed, json.loads(about.read_text(encoding="utf-8")))
        assert page == again, "Run `python benchmarks/report.py DIR/rows.csv.gz`."
