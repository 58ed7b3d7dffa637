"""The command on tables that are right, and on tables that are wrong."""

import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score

from sklearn_5d import __main__ as command
from sklearn_5d import __version__
from sklearn_5d.datasets import make_function

NAMES = ["x1", "x2", "x3", "x4", "x5"]


def write(path, names, values, delimiter=","):
    lines = [delimiter.join(map(str, row)) for row in [names, *values]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def friedman1():
    return make_function("friedman1", n_samples=120, noise=0.1, random_state=0)


@pytest.fixture
def friedman1_csv(friedman1, tmp_path):
    X, y = friedman1
    return write(tmp_path / "friedman1.csv", [*NAMES, "load"], np.c_[X, y].tolist())


class Straight(LinearRegression):
    """A quick stand-in: a line, with an interval of fixed width around it."""

    def __init__(self, random_state=None, n_jobs=None):
        super().__init__(n_jobs=n_jobs)
        self.random_state = random_state

    def predict_interval(self, X, confidence_level):
        assert confidence_level == 0.9
        return self.predict(X)[:, None] + [-4.5, 4.5]


@pytest.fixture
def straight(monkeypatch):
    monkeypatch.setattr(command, "FiveDRegressor", Straight)


# --------------------------------------------------------------------------------------
# Reading
# --------------------------------------------------------------------------------------


def test_read_table(friedman1, friedman1_csv):
    table = command.read_table(friedman1_csv, "load")
    X, y = friedman1
    np.testing.assert_array_equal(table.X, X)
    np.testing.assert_array_equal(table.y, y)
    assert table.feature_names == NAMES
    assert table.target_name == "load"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffa,b\n1,2\n3,4\n",  # a spreadsheet's byte order mark
        "a ; b\r\n1;2\r\n\r\n3;4",
        'a\t"b"\n1\t2\n"3"\t4.0\n',
    ],
)
def test_read_table_as_others_write_it(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")
    table = command.read_table(path, "a")
    np.testing.assert_array_equal(table.X, [[2], [4]])
    np.testing.assert_array_equal(table.y, [1, 3])
    assert table.feature_names == ["b"]


def assert_one_line_of_error(capsys, message):
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("python -m sklearn_5d: error: ")
    assert output.err.count("\n") == 1
    assert re.search(message, output.err)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "table.csv is empty"),
        ("a,b,y\n", "table.csv has a header but no rows"),
        ("a,b\n1,2\n", "Got target='y', expected one of the columns .*: 'a', 'b'"),
        ("y\n1\n", "no column beside the target"),
        ("a,y,a\n1,2,3\n", "line 1: Got 'a' more than once"),
        (",a,y\n0,1,2\n", "line 1: column 1 has no name"),
        ("a,y\n1,2\n3,red\n", "line 3, column 'y': Got 'red', expected a finite"),
        ("a,y\n1,2\n\n3,red\n", "line 4, column 'y': Got 'red'"),
        ('"a\nb",y\n1,2\n3,red\n', "line 4, column 'y': Got 'red'"),
        ("a,y\n1,2\n, 3\n", "line 3, column 'a': Got a missing value"),
        ("a,y\n1,NaN\n", "line 2, column 'y': Got 'NaN'"),
        ("a,y\n1,2\n-inf,3\n", "line 3, column 'a': Got '-inf'"),
        ("a,y\n1,2\n3,4,5\n", "line 3: Got 3 values, expected 2 as in the header"),
        ("a,y\n1\n", "line 2: Got 1 values, expected 2"),
        ("a;y\n1,5;2\n", "line 2, column 'a': Got '1,5'"),
    ],
)
def test_wrong_table(tmp_path, capsys, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert command.main([str(path), "--target", "y"]) == 2
    assert_one_line_of_error(capsys, message)


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ValueError, match="is not a CSV file in UTF-8"):
        command.read_table(path, "y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "--target", "y"], "No such file or directory: 'missing.csv'"),
        (["friedman1.csv"], "Got no target, expected one of the columns .*'load'"),
        (["--target", "y"], "Got target='y' without a table"),
        (["--cv", "1"], "n_splits=1"),
        (["--cv", "501"], "Got 1000 rows for 501 folds, expected at least 1002"),
        (["--seed", "-1"], "random_state.* Got -1"),
        (["friedman1.csv", "--target", "load", "--seed", "-1"], "Seed must be between"),
        (["--n-jobs", "0"], "n_jobs == 0"),
        (["--picture", "nowhere/report.png"], "No such file .*nowhere/report.png"),
        (["--picture", "report.doc"], r"Got report.doc .* one of .*\.pdf, .*\.png"),
    ],
)
def test_wrong_arguments(friedman1_csv, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(friedman1_csv.parent)
    monkeypatch.setattr(command, "evaluate", pytest.fail)
    assert command.main(arguments) == 2
    assert_one_line_of_error(capsys, message)


def test_without_matplotlib(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(command, "evaluate", pytest.fail)
    assert command.main([]) == 2
    message = r"pip install 'sklearn_5d\[report\]', or leave it out with --no-picture"
    assert_one_line_of_error(capsys, message)


def test_status_of_the_process(tmp_path):
    run = [sys.executable, "-m", "sklearn_5d", tmp_path / "missing.csv"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 2
    assert "missing.csv" in done.stderr
    assert "Traceback" not in done.stderr


# --------------------------------------------------------------------------------------
# Evaluation
# --------------------------------------------------------------------------------------


@pytest.fixture
def folds():
    return list(KFold(3, shuffle=True, random_state=0).split(np.empty(120)))


@pytest.mark.usefixtures("straight")
def test_evaluate_against_cross_val_score(friedman1, folds):
    X, y = friedman1
    scores, y_pred, y_interval = command.evaluate(X, y, folds)
    by_sklearn = {
        metric: cross_val_score(LinearRegression(), X, y, cv=folds, scoring=scoring)
        for metric, scoring in command.SCORING.items()
    }
    for name in ("FiveDRegressor", "LinearRegression"):
        score = scores[name]
        assert score["r2"] == pytest.approx(by_sklearn["r2"].mean())
        assert score["rmse"] == pytest.approx(-by_sklearn["rmse"].mean())
        assert score["rmse_sd"] == pytest.approx(by_sklearn["rmse"].std())
        assert score["mae"] == pytest.approx(-by_sklearn["mae"].mean())
        assert score["fit_time_s"] > 0
    assert scores["HistGradientBoostingRegressor"]["r2"] > score["r2"]
    assert scores["DummyRegressor (mean)"]["r2"] < 0  # another mean than the test rows'
    for train, test in folds:
        expected = LinearRegression().fit(X[train], y[train]).predict(X[test])
        np.testing.assert_allclose(y_pred[test], expected)
    np.testing.assert_allclose(y_interval, y_pred[:, None] + [-4.5, 4.5])


def test_peak_memory():
    class Hungry(Straight):
        def fit(self, X, y):
            assert tracemalloc.is_tracing()
            assert self.n_jobs is None
            np.empty(3 * 2**20, dtype=np.uint8)  # allocated and freed
            return self

    peak = command._peak_memory_mib(Hungry(n_jobs=2), None, None)
    assert peak == pytest.approx(3, abs=0.1)
    assert not tracemalloc.is_tracing()


# --------------------------------------------------------------------------------------
# Report
# --------------------------------------------------------------------------------------


def run(capsys, *arguments):
    assert command.main([*map(str, arguments), "--cv", "3"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


@pytest.mark.usefixtures("straight")
def test_report(friedman1, friedman1_csv, tmp_path, capsys):
    picture = tmp_path / "report.png"
    table = ("--target", "load", "--picture", picture)
    report = run(capsys, friedman1_csv, *table)
    assert report.startswith(f"sklearn_5d {__version__}\n\n{friedman1_csv}\n120 rows, ")
    X, y = friedman1
    cells = {line.split("  ")[0]: line.split() for line in report.splitlines()}
    assert float(cells["x2"][1]) == pytest.approx(X[:, 1].min(), rel=1e-5)
    assert float(cells["x2"][2]) == pytest.approx(X[:, 1].max(), rel=1e-5)
    assert float(cells["load (target)"][4]) == pytest.approx(y.mean(), rel=1e-5)
    assert "RMSE and MAE in the units of load" in report
    assert cells["FiveDRegressor"][1:5] == cells["LinearRegression"][1:5]
    assert "Note:" not in report
    assert str(picture) in report


def test_coverage_and_notes(friedman1):
    X, y = friedman1
    table = command.Table("Measured", X, y, NAMES, "load")
    score = dict.fromkeys(
        ["r2", "rmse", "rmse_sd", "mae", "fit_time_s", "peak_memory_mib"], 0.5
    )
    y_interval = y[:, None] + [-1, 1]
    y_interval[:30] += 1.5
    report = command.format_report(
        table, {"FiveDRegressor": score}, y_interval, 5, ["one", "another"]
    )
    assert "Measured\n120 rows, 5 inputs\nNote: one\nNote: another\n" in report
    assert "\n5-fold cross-validation" in report
    assert "75.0% of the out-of-fold rows inside, median width 2" in report


def test_tables_are_aligned():
    rows = [["column", "sd"], ["a", "12.25"], ["long name", "1"]]
    assert list(command._align(rows)) == [
        "column        sd",
        "a          12.25",
        "long name      1",
    ]


def test_picture(friedman1, tmp_path, monkeypatch):
    figures = []
    savefig = Figure.savefig

    def keep(figure, *args, **kwargs):
        figures.append(figure)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    X, y = friedman1
    table = command.Table("", X, y, NAMES, "cost ($) per $")
    path = tmp_path / "report.png"
    command.plot_predictions(table, y + 1, 1.25, path)
    assert imread(path).shape[:2] == (750, 750)
    ((ax,),) = (figure.axes for figure in figures)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.c_[y, y + 1])
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim()[0] < y.min()
    assert ax.get_xlim()[1] > y.max() + 1
    assert ax.get_aspect() == 1
    assert ax.get_xlabel() == "cost ($) per $, true"
    assert "RMSE 1.25" in ax.get_title()


def test_other_width_is_a_line_of_the_report(friedman1, tmp_path, capsys):
    X, y = friedman1
    path = write(tmp_path / "wide.csv", ["a", "b", "y"], np.c_[X[:, :2], y].tolist())
    report = run(capsys, path, "--target", "y", "--no-picture")
    assert "120 rows, 2 inputs\nNote: " in report
    assert report.count("Note: ") == 1
    assert re.search(r"Note: .*\b2 columns.* tuned for (5|five)", report)
    assert list(tmp_path.iterdir()) == [path]


def test_default_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_function = command.make_function

    def make_short(name, n_samples, **parameters):
        assert n_samples == 1000
        return make_function(name, n_samples=120, **parameters)

    monkeypatch.setattr(command, "make_function", make_short)
    report = run(capsys, "--seed", "1")
    assert "Friedman #1: y = 10 sin(pi x1 x2)" in report
    rmse = {
        line.split()[0]: line.split()[-5]
        for line in report.splitlines()
        if line.count(".") > 4
    }
    assert float(rmse["FiveDRegressor"]) < float(rmse["LinearRegression"])
    assert imread(tmp_path / "sklearn_5d_report.png").ndim == 3
