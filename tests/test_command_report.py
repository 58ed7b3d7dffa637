"""The report of the command: the figures, the pages, the endings."""

import json
import os
import re
import signal
import subprocess
import sys
import tracemalloc
import warnings
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_score

from sklearn_5d import FiveDRegressor, __version__
from sklearn_5d._command import _evaluation, _learning, _report, main
from sklearn_5d._command._effects import measure_effects
from sklearn_5d._command._evaluation import evaluate, make_folds
from sklearn_5d._command._summary import Summary
from sklearn_5d._command._table import Table
from sklearn_5d.datasets import make_function

NAMES = ["x1", "x2", "x3", "x4", "x5"]
QUICK = ["--param", "solver=lbfgs", "--param", "n_estimators=2", "--cv", "3"]


class Straight(LinearRegression):
    """A quick stand-in: a line, with an interval of fixed width around it."""

    __name__ = "FiveDRegressor"

    def predict_interval(self, X, confidence_level):
        widths = 10 * np.asarray(confidence_level)
        return self.predict(X)[:, None, None] + np.array([[-1], [1]]) * widths

    def predict_gradient(self, X):
        return np.tile(self.coef_, (len(X), 1))


@pytest.fixture
def table():
    X, y = make_function("friedman1", n_samples=120, noise=0.1, random_state=0)
    return Table("friedman1.csv", pd.DataFrame(X, columns=NAMES), y, "load")


@pytest.fixture
def csv(table, tmp_path):
    path = tmp_path / "friedman1.csv"
    table.X.assign(load=table.y).to_csv(path, index=False)
    return str(path)


def evaluate_straight(table, cv=3, n_jobs=None):
    estimators = {"FiveDRegressor": Straight(), "DummyRegressor": DummyRegressor()}
    folds = make_folds(table, cv, seed=0)
    return list(
        evaluate(
            estimators, table, folds, n_jobs=n_jobs, seed=0, progress=lambda done: None
        )
    )


# --------------------------------------------------------------------------------------
# Figures
# --------------------------------------------------------------------------------------


def test_scores_against_scikit_learn(table):
    summary = Summary(table, [], 3, evaluate_straight(table))
    folds = KFold(3, shuffle=True, random_state=0)
    score = summary.scores()["FiveDRegressor"]
    expected = {
        metric: cross_val_score(
            LinearRegression(), table.X, table.y, cv=folds, scoring=scoring
        )
        for metric, scoring in {
            "r2": "r2",
            "rmse": "neg_root_mean_squared_error",
            "mae": "neg_mean_absolute_error",
        }.items()
    }
    assert score["r2"] == pytest.approx(expected["r2"].mean())
    assert score["rmse"] == pytest.approx(-expected["rmse"].mean())
    assert score["rmse_sd"] == pytest.approx(expected["rmse"].std())
    assert score["mae"] == pytest.approx(-expected["mae"].mean())
    assert score["fit_time_s"] > 0


@pytest.mark.parametrize("n_rows", [499, 500])
def test_memory_of_many_rows(n_rows):
    X, y = make_function("friedman1", n_samples=n_rows, random_state=0)
    table = Table("friedman1.csv", pd.DataFrame(X, columns=NAMES), y, "load")
    summary = Summary(table, [], 3, evaluate_straight(table))
    for _, *_, time_s, memory in summary.score_cells()[1:]:
        assert float(time_s) > 0
        assert memory == "-" if n_rows < 500 else float(memory) >= 0
    assert not tracemalloc.is_tracing()


def test_coverage_and_effects_of_a_line(table):
    summary = Summary(table, [], 3, evaluate_straight(table))
    np.testing.assert_array_equal(np.sort(summary.rows), np.arange(120))
    residuals = np.abs(summary.y_true - summary.y_pred)
    for level, measured in summary.coverage().items():
        assert measured["coverage"] == pytest.approx(np.mean(residuals <= 10 * level))
        assert measured["median_width"] == pytest.approx(20 * level)
    effects = summary.effects()
    line = LinearRegression().fit(table.X, table.y)
    assert next(iter(effects)) == NAMES[np.argmax(np.abs(line.coef_))]
    for name, effect in effects.items():
        slope = np.ptp(effect["mean"]) / np.ptp(effect["grid"])
        assert slope == pytest.approx(abs(effect["gradient_mean"]))
        assert effect["grid"][0] >= table.X[name].min()
        assert np.all(effect["low"] <= effect["mean"])
        assert np.all(effect["mean"] <= effect["high"])


def test_dependence_is_that_of_scikit_learn(table):
    X = table.X.round({"x2": 1}).to_numpy()  # few values
    line = Straight().fit(X, table.y)
    effects = measure_effects(line, X[:50], table.y[:50], np.arange(50), seed=0)
    for k in range(5):
        expected = partial_dependence(
            line, X[:50], [k], percentiles=(0, 1), grid_resolution=20
        )
        np.testing.assert_allclose(effects.grids[k], expected["grid_values"][0])
        curve = effects.curves[k].mean(axis=0)
        np.testing.assert_allclose(curve, expected["average"][0])


@pytest.mark.parametrize(("origin", "unit"), [(0, 1e-9), (300, 1e-4), (101325, 0.1)])
def test_dependence_in_a_narrow_range(table, origin, unit):
    narrow = Table("t", table.X.assign(x1=origin + unit * table.X["x1"]), table.y, "y")
    summary = Summary(narrow, [], 3, evaluate_straight(narrow))
    grid = summary.effects()["x1"]["grid"]
    assert len(grid) == 20
    assert np.all(np.diff(grid) > 0)


def test_groups_and_weights(table):
    groups = np.arange(120) // 10
    weight = np.where(np.arange(120) % 2, 1.0, 0.5)
    table = Table("t", table.X, table.y, "load", groups, weight)
    for train, test in make_folds(table, 3, seed=0):
        assert set(groups[train]).isdisjoint(groups[test])
    fold = evaluate_straight(Table("t", table.X, table.y, "y", None, weight))[0]
    train, test = next(KFold(3, shuffle=True, random_state=0).split(table.X))
    line = LinearRegression().fit(table.X.iloc[train], table.y[train], weight[train])
    np.testing.assert_allclose(fold.y_pred, line.predict(table.X.iloc[test]))
    assert "12 groups whole, weighted" in Summary(table, [], 3, [fold]).method()


def test_groups_reach_the_fit(csv, tmp_path, capsys):
    frame = pd.read_csv(csv).assign(lab=[f"lab {i % 6}" for i in range(120)])
    path = tmp_path / "groups.csv"
    frame.to_csv(path, index=False)
    options = ["--target", "load", "--group", "lab", "--no-picture", "--json"]
    assert main(["report", str(path), *options, *QUICK]) == 0
    report = json.loads(capsys.readouterr().out)
    groups = frame["lab"].to_numpy()
    X, y = frame[NAMES], frame["load"].to_numpy()
    model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
    errors = []
    for train, test in GroupKFold(3).split(X, y, groups):
        fitted = clone(model).fit(X.iloc[train], y[train], groups=groups[train])
        errors.append(np.sqrt(np.mean((fitted.predict(X.iloc[test]) - y[test]) ** 2)))
    rmse = report["scores"]["FiveDRegressor"]["rmse"]
    assert rmse == pytest.approx(np.mean(errors))


def test_weight_zero_is_absence(csv, tmp_path, capsys):
    options = ["--target", "load", "--no-picture", "--json", "--quiet", *QUICK]
    path = tmp_path / "weights.csv"
    reports = []
    for n_rows in (120, 60):
        frame = pd.read_csv(csv).assign(w=np.r_[[1, 2] * 30, [0] * 60])
        frame.head(n_rows).to_csv(path, index=False)
        assert main([str(path), "--weight", "w", *options]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0]["n_rows"] == 60
    assert reports[0]["inputs"] == reports[1]["inputs"]
    assert "60 rows of weight zero left out" in reports[0]["notes"]


@pytest.mark.parametrize(
    ("columns", "cv", "message"),
    [
        ({"group": np.arange(60) % 2}, 2, "Got 2 folds, .* single group .* --cv 3"),
        ({"group": np.r_[np.zeros(40), 1:21]}, 2, "Got 2 folds, .* single group"),
        ({"weight": np.r_[np.ones(6), np.zeros(54)]}, 5, "Got 6 rows of weight above"),
    ],
)
def test_folds_that_cannot_be_learnt(
    csv, tmp_path, monkeypatch, capsys, columns, cv, message
):
    monkeypatch.setattr(_report, "evaluate", pytest.fail)
    path, (role,) = tmp_path / "table.csv", columns
    pd.read_csv(csv).head(60).assign(**columns).to_csv(path, index=False)
    options = ["--target", "load", f"--{role}", role, "--cv", str(cv), "--no-picture"]
    assert main([str(path), *options]) == 2
    assert_one_line_of_error(capsys, message)


def test_a_fold_of_one_row_has_no_r2(table):
    groups = np.r_[0, np.arange(119) % 2 + 1]
    table = Table("t", table.X, table.y, "load", groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        summary = Summary(table, [], 3, evaluate_straight(table))
    r2 = [fold.scores["FiveDRegressor"]["r2"] for fold in summary.folds]
    assert np.isnan(r2).sum() == 1
    assert summary.scores()["FiveDRegressor"]["r2"] == np.nanmean(r2)


def test_order_of_the_folds(csv, monkeypatch, capsys):
    evaluate, reports = _report.evaluate, []

    def backwards(*args, **kwargs):
        return reversed(list(evaluate(*args, **kwargs)))

    for each in (evaluate, backwards):
        monkeypatch.setattr(_report, "evaluate", each)
        options = ["--target", "load", "--no-picture", "--json", "--quiet", *QUICK]
        assert main([csv, *options]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    for key in ("inputs", "intervals"):
        assert reports[0][key] == reports[1][key]


def test_folds_in_processes_are_the_same(table, monkeypatch):
    alone = evaluate_straight(table)
    backends = []

    def in_threads(tasks_n_jobs, **options):
        backends.append(tasks_n_jobs)
        return parallel(tasks_n_jobs, backend="threading", **options)

    parallel = _evaluation.Parallel
    monkeypatch.setattr(_evaluation, "Parallel", in_threads)
    together = evaluate_straight(table, n_jobs=2)
    assert backends == [2]
    together.sort(key=lambda fold: [fold.test[0] != each.test[0] for each in alone])
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.test, other.test)
        np.testing.assert_array_equal(one.y_pred, other.y_pred)
        np.testing.assert_array_equal(one.effects.importance, other.effects.importance)


def test_too_few_rows_for_a_level(table):
    class Few(Straight):
        def predict_interval(self, X, confidence_level):
            if max(confidence_level) > 0.75:
                raise ValueError("too few rows")
            return super().predict_interval(X, confidence_level)

    model = Few().fit(table.X, table.y)
    assert list(_evaluation._intervals(model, table.X)[0]) == [0.5, 0.6, 0.7]


# --------------------------------------------------------------------------------------
# The text, the page, the numbers for machines
# --------------------------------------------------------------------------------------


def test_report(csv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([csv, "--target", "load", "--picture", "seen.png", *QUICK]) == 0
    output = capsys.readouterr()
    text = output.out
    assert text.startswith(f"sklearn_5d {__version__}\n\n{csv}\n120 rows, 5 inputs\n")
    cells = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    frame = pd.read_csv(csv)
    assert float(cells["x2"][1]) != 0
    assert f"{frame['load'].mean():.4g}" in text
    assert "3-fold cross-validation; RMSE and MAE in the units of load" in text
    for name in ("HistGradientBoosting", "GaussianProcess", "Linear", "Dummy"):
        assert f"\n{name}Regress" in text
    assert re.search(r"90% intervals of FiveDRegressor: [\d.]+% of the out", text)
    assert text.endswith("Predicted against true: seen.png\n")
    assert imread("seen.png").shape[:2] == (750, 750)
    assert "folds: 100 %" in output.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "friedman1.csv",
        "seen.png",
    ]


def test_a_picture_is_complete_or_not_there(csv, tmp_path, monkeypatch, capsys):
    def fail(file):
        raise OSError("No space left on device")

    picture = tmp_path / "seen.PNG"
    options = [csv, "--target", "load", "--quiet", *QUICK, "--picture", str(picture)]
    assert main(options) == 0
    before = picture.read_bytes()
    assert before.startswith(b"\x89PNG")
    monkeypatch.setattr(os, "fsync", fail)
    capsys.readouterr()
    assert main([*options, "--seed", "1"]) == 2
    assert_one_line_of_error(capsys, "No space left")
    assert picture.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


class Page(HTMLParser):
    """What a browser or a reader of screens needs."""

    def __init__(self, text):
        super().__init__()
        self.images, self.ids, self.links, self.stack = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag in ("a", "link", "script"):
            self.links.append(attributes.get("href") or attributes.get("src"))
        if tag not in ("img", "meta", "wbr"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def test_page(table, tmp_path, capsys):
    # The names are the user's: they may hold anything.
    names = ["<b>x1</b>", "cost ($) per $", "Größe & 'Maß'", "x_4", "x5\x1b[2J"]
    frame = table.X.set_axis(names, axis=1).assign(**{'y"<i>': table.y})
    path, report = tmp_path / "odd <name>.csv", tmp_path / "report.html"
    frame.to_csv(path, index=False)
    options = ["--target", 'y"<i>', "--output", str(report), "--quiet"]
    assert main(["report", str(path), *options, *QUICK]) == 0
    assert capsys.readouterr().err == ""
    text = report.read_text(encoding="utf-8")
    page = Page(text)
    assert page.stack == []
    assert len(page.images) == 9  # true, residuals, calibration, importance, 5 inputs
    assert all(each["src"].startswith("data:image/svg+xml;") for each in page.images)
    assert all(each["alt"] for each in page.images)
    for each in page.images:
        ElementTree.fromstring(b64decode(each["src"].partition(",")[2]))
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert "<b>x1</b>" not in text
    assert "&lt;b&gt;x1&lt;/b&gt;" in text
    assert "http" not in re.sub(r"base64,[\w+/=]+", "", text)
    for word in ("Data", "Comparison", "Calibration", "Inputs", "@media print"):
        assert word in text
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name, report.name]


def test_json(csv, capsys):
    assert main([csv, "--target", "load", "--json", "--quiet", *QUICK]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    report = json.loads(output.out)
    assert report["n_rows"] == 120
    assert report["interrupted"] is False
    assert set(report["scores"]["FiveDRegressor"]) >= {"r2", "rmse", "fit_time_s"}
    assert set(report["inputs"]) == set(NAMES)
    assert set(report["intervals"]) >= {"0.5", "0.9"}
    assert report["columns"]["x1"]["n_distinct"] == 120


def test_warnings_are_in_the_report(csv, tmp_path, capsys):
    frame = pd.read_csv(csv)[["x1", "x2", "load"]]
    path = tmp_path / "wide.csv"
    frame.to_csv(path, index=False)
    assert main([str(path), "--target", "load", "--no-picture", *QUICK]) == 0
    output = capsys.readouterr()
    assert re.search(r"Note: .*\b2 columns.* tuned for (5|five)", output.out)
    assert output.out.count("Note: ") == 1
    assert output.err.count("Warning: ") == 1


def test_main_job(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_report, "make_regressor", lambda args: Straight())
    assert main([]) == 0
    text = capsys.readouterr().out
    assert "Airfoil self-noise" in text
    assert "1,503 rows, 5 inputs" in text
    assert imread("sklearn_5d_report.png").ndim == 3


@pytest.fixture(autouse=True)
def straight_is_checked_as_it_is(monkeypatch):
    check_fit = _learning.check_fit

    def check(regressor, table):
        if isinstance(regressor, FiveDRegressor):
            check_fit(regressor, table)

    monkeypatch.setattr(_report, "check_fit", check)


def test_constant_target(tmp_path, capsys):
    frame = pd.DataFrame(np.random.default_rng(0).random((30, 5)), columns=NAMES)
    path = tmp_path / "flat.csv"
    frame.assign(y=2.5).to_csv(path, index=False)
    report = tmp_path / "flat.html"
    options = ["--target", "y", "--output", str(report)]
    assert main([str(path), *options, *QUICK]) == 0
    assert "The target 'y' is 2.5 in all rows" in capsys.readouterr().out
    assert Page(report.read_text(encoding="utf-8")).stack == []


def test_why_there_are_no_intervals(csv, tmp_path, capsys):
    report = tmp_path / "report.html"
    options = ["--target", "load", "--output", str(report), *QUICK]
    assert main([csv, *options, "--param", "n_estimators=1"]) == 0
    reason = "No rows were held out to calibrate an uncertainty with"
    assert f"No intervals of FiveDRegressor: {reason}" in capsys.readouterr().out
    text = report.read_text(encoding="utf-8")
    assert f"There are no intervals: {reason}" in text
    assert Page(text).stack == []


@pytest.mark.parametrize(
    ("n_rows", "cv"), [(6, 3), (7, 3), (10, 5), (11, 5), (12, 5), (15, 3)]
)
def test_few_rows(table, tmp_path, capsys, n_rows, cv):
    path = tmp_path / "few.csv"
    table.X.assign(y=table.y).head(n_rows).to_csv(path, index=False)
    options = ["--target", "y", "--no-picture", *QUICK, "--cv", str(cv)]
    assert main([str(path), *options]) == 0
    assert re.search("intervals of FiveDRegressor", capsys.readouterr().out)


# --------------------------------------------------------------------------------------
# Endings
# --------------------------------------------------------------------------------------


def assert_one_line_of_error(capsys, message):
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("sklearn-5d: error: ")
    assert output.err.count("\n") == 1
    assert re.search(message, output.err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "--target", "y"], "No such file or directory: 'missing.csv'"),
        (["friedman1.csv"], "Got no target, expected one of the columns .*'load'"),
        (["--target", "y"], "Got target='y' without a table"),
        (["--cv", "1"], "n_splits=1"),
        (["--cv", "801"], "Got 1503 rows for 801 folds, expected at least 1602"),
        (["--picture", "nowhere/report.png"], "No such file .*nowhere/report.png"),
        (
            ["--picture", "report.doc"],
            r"Got report.doc, .* ends with .*\.pdf or .*\.png",
        ),
        (["--output", "nowhere/report.html"], "No such file .*nowhere/report.html"),
        (["--output", "report.pdf"], r"Got report.pdf, .* ends with \.html"),
        (["--param", "speed=11"], "Invalid parameter 'speed'"),
        (["--param", "alpha=-1"], "alpha.*-1"),
        (["."], "Is a directory"),
    ],
)
def test_wrong_arguments(csv, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_report, "evaluate", pytest.fail)
    assert main(arguments) == 2
    assert_one_line_of_error(capsys, message)
    assert [path.name for path in tmp_path.iterdir()] == ["friedman1.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "-1"], "--seed: Got '-1', expected a number between 0"),
        (["--jobs", "0"], "--jobs.*: Got '0', expected a number of processes"),
        (["--jobs", "two"], "Got 'two'"),
        (["--cv", "0"], "--cv: Got '0', expected a positive number"),
        (["--decimal", ";"], "--decimal: invalid choice"),
        (["--speed"], "unrecognized arguments: --speed"),
        (["--param", "alpha"], "Got 'alpha', expected NAME=VALUE"),
        (["inof", "m.skops"], "Got 'inof', which is neither a command nor a file"),
        (["fit", "table.csv"], "required: --model"),
        (["optimise", "m.skops"], "--minimize.* --maximize.* is required"),
        (["optimise", "m.skops", "--minimize", "--bounds", "a=1"], "NAME=LOW:HIGH"),
        (["optimise", "m.skops", "--minimize", "--fixed", "a=b"], "expected a number"),
        (["predict", "m.skops", "t.csv", "--confidence", "1"], "between 0 and 1"),
    ],
)
def test_wrong_usage(capsys, arguments, message):
    with pytest.raises(SystemExit) as ending:
        main(arguments)
    assert ending.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert re.search(message, output.err)


@pytest.mark.parametrize("command", [[], ["report"], ["fit"], ["predict"], ["info"]])
def test_help_has_examples(capsys, command):
    with pytest.raises(SystemExit) as ending:
        main([*command, "--help"])
    assert ending.value.code == 0
    assert "examples:\n  sklearn-5d" in capsys.readouterr().out


@pytest.mark.parametrize("package", ["matplotlib.figure", "jinja2", "pandas"])
def test_without_a_package(csv, tmp_path, monkeypatch, capsys, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(_report, "evaluate", pytest.fail)
    output = str(tmp_path / "report.html")
    assert main([csv, "--target", "load", "--output", output]) == 2
    message = rf"needs {package.split('.')[0]}: pip install 'sklearn_5d\[report\]'"
    assert_one_line_of_error(capsys, message)


def test_errors_while_at_work(csv, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise ValueError("Something\nhas gone wrong.")

    monkeypatch.setattr(_report, "evaluate", fail)
    assert main([csv, "--target", "load", "--no-picture", "--quiet"]) == 2
    assert_one_line_of_error(capsys, "error: Something has gone wrong.$")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    ("option", "start"), [("--picture", b"\x89PNG"), ("--output", b"<!DOCTYPE html>")]
)
def test_report_into_a_pipe(csv, tmp_path, option, start):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        content = threads.submit(pipe.read_bytes)
        options = ["--target", "load", option, str(pipe), "--quiet", *QUICK]
        assert main([csv, *options]) == 0
        assert content.result().lstrip().startswith(start)
    assert pipe.is_fifo()


def test_interrupt_keeps_what_is_done(csv, tmp_path, monkeypatch, capsys):
    evaluate = _report.evaluate

    def interrupted(*args, **kwargs):
        results = evaluate(*args, **kwargs)
        yield next(results)
        yield next(results)
        raise KeyboardInterrupt

    monkeypatch.setattr(_report, "evaluate", interrupted)
    report = tmp_path / "report.html"
    options = ["--target", "load", "--output", str(report), "--quiet"]
    assert main([csv, *options, *QUICK]) == 130
    assert "Interrupted: 2 of 3 folds" in capsys.readouterr().out
    text = report.read_text(encoding="utf-8")
    assert "2 of 3 folds are done" in text
    assert Page(text).stack == []


def test_interrupt_with_nothing_done(csv, tmp_path, monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(_report, "evaluate", interrupted)
    report = tmp_path / "report.html"
    options = ["--target", "load", "--output", str(report), "--quiet"]
    assert main([csv, *options]) == 130
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "sklearn-5d: interrupted\n"
    assert not report.exists()


def test_process(csv, tmp_path):
    """Standard input in, standard output out, and the statuses of a process."""
    run = [sys.executable, "-m", "sklearn_5d"]
    with open(csv, "rb") as file:
        done = subprocess.run(
            [*run, "report", "-", "--target", "load", "--no-picture", *QUICK],
            stdin=file,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.getcwd()},
        )
    assert done.returncode == 0
    assert "standard input\n120 rows, 5 inputs" in done.stdout
    assert "standard input: text in utf-8" in done.stderr
    assert "Traceback" not in done.stderr


def test_interrupted_process(csv):
    slow = ["--param", "max_steps=10000", "--param", "patience=1000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sklearn_5d", csv, "--target", "load", *slow],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "commas" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == ""
    assert errors == "sklearn-5d: interrupted\n"


def test_broken_pipe(csv):
    command = f"{sys.executable} -m sklearn_5d {csv} --target load --no-picture --quiet"
    command += f" {' '.join(QUICK)} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
