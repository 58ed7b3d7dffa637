"""Models of the command: fitted, predicted, optimised, and looked at."""

import gzip
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_5d import FiveDRegressor, __version__
from sklearn_5d._command import _predict, _text, main
from sklearn_5d._command._info import read_info
from sklearn_5d._command._optimise import find_best, find_bounds
from sklearn_5d.datasets import load_airfoil_self_noise, make_function

NAMES = ["x1", "x2", "x3", "x4", "x5"]
NEW = ["prediction", "prediction_std", "prediction_lower", "prediction_upper"]
QUICK = ["--param", "solver=lbfgs", "--param", "n_estimators=2"]


@pytest.fixture(scope="module")
def frame():
    X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
    return pd.DataFrame(X, columns=NAMES).assign(load=y)


@pytest.fixture(scope="module")
def fitted(frame):
    model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
    return model.fit(frame[NAMES], frame["load"])


@pytest.fixture(scope="module")
def skops(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.skops"
    fitted.save(path)
    return str(path)


@pytest.fixture
def new(tmp_path):
    """Rows with the columns in another order, a text and a number beside them."""
    X, y = make_function("friedman1", 40, random_state=1)
    frame = pd.DataFrame(X, columns=NAMES)[NAMES[::-1]]
    frame.insert(2, "id", [f"run, {i:03d}" for i in range(40)])
    frame["measured"] = [f"{each:.3f}0" for each in y]
    frame.loc[3, "x2"] = 1.5
    path = tmp_path / "new.csv"
    frame.to_csv(path, index=False)
    return path


def assert_one_line_of_error(capsys, message):
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("sklearn-5d: error: ")
    assert output.err.count("\n") == 1
    assert re.search(message, output.err)


# --------------------------------------------------------------------------------------
# fit
# --------------------------------------------------------------------------------------


def test_fit_is_that_of_the_estimator(frame, fitted, tmp_path, capsys):
    path, model = tmp_path / "table.csv", tmp_path / "model.skops"
    frame.assign(remark="none").to_csv(path, index=False)
    options = ["--target", "load", "--ignore", "remark", "--model", str(model)]
    assert main(["fit", str(path), *options, *QUICK]) == 0
    assert f"Written: {model}" in capsys.readouterr().out
    loaded = FiveDRegressor.load(model)
    assert loaded.feature_names_in_.tolist() == NAMES
    X = frame[NAMES]
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "model.skops",
        "table.csv",
    ]


def test_fit_with_groups_weights_and_json(frame, tmp_path, capsys):
    path, model = tmp_path / "table.csv", tmp_path / "model.skops"
    groups = np.arange(200) // 10
    weight = np.where(np.arange(200) % 3, 1.0, 2.5)
    frame.assign(lab=[f"lab {i}" for i in groups], w=weight).to_csv(path, index=False)
    options = ["--target", "load", "--group", "lab", "--weight", "w", "--json"]
    options += ["--model", str(model), "--quiet"]
    assert main(["fit", str(path), *options, *QUICK]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["inputs"] == NAMES
    assert values["n_rows"] == 200
    labels = np.array([f"lab {i}" for i in groups])
    expected = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0).fit(
        frame[NAMES], frame["load"], sample_weight=weight, groups=labels
    )
    loaded = FiveDRegressor.load(model)
    assert values["residual_scale"] == expected.residual_scale_
    X = frame[NAMES]
    np.testing.assert_array_equal(
        loaded.predict_interval(X), expected.predict_interval(X)
    )


def test_fit_tells_what_it_warned_of_and_takes_jobs(frame, tmp_path, capsys):
    path, model = tmp_path / "table.csv", tmp_path / "model.skops"
    frame.to_csv(path, index=False)
    options = ["--target", "load", "--inputs", "x1,x2", "--model", str(model)]
    options += ["--json", "--quiet", "--param", "n_jobs=2", *QUICK]
    assert main(["fit", str(path), *options]) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert "X has 2 columns" in warning
    assert FiveDRegressor.load(model).n_jobs == 2


def test_fit_without_onnx(frame, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnx", None)
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    models = ["--model", str(tmp_path / "m.skops"), "--onnx", str(tmp_path / "m.onnx")]
    assert main(["fit", str(path), "--target", "load", *models]) == 2
    assert_one_line_of_error(capsys, r"needs onnx: pip install 'sklearn_5d\[export\]'")


def test_fit_writes_onnx(frame, fitted, tmp_path):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    path, onnx = tmp_path / "table.csv", tmp_path / "model.onnx"
    frame.to_csv(path, index=False)
    models = ["--model", str(tmp_path / "model.skops"), "--onnx", str(onnx)]
    assert main(["fit", str(path), "--target", "load", *models, *QUICK]) == 0
    session = onnxruntime.InferenceSession(onnx)
    X = frame[NAMES].to_numpy()
    y = session.run(["y"], {"X": X})[0]
    np.testing.assert_allclose(y, fitted.predict(frame[NAMES]), rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "nowhere/m.skops"], "No such file .*nowhere/m.skops"),
        (["--model", "table.csv"], r"Got table.csv, expected .* ends with \.skops"),
        (["--model", "link.skops"], "Got table.csv for the table and for a result"),
        (["--model", "m.skops", "--onnx", "m.skops"], r"Got m.skops.* with \.onnx"),
        (["--model", "m.skops", "--param", "speed=1"], "Invalid parameter 'speed'"),
        (["--model", "m.skops", "--param", "patience=0"], "'patience' parameter"),
    ],
)
def test_fit_fails_before_work(frame, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    frame.to_csv("table.csv", index=False)
    Path("link.skops").symlink_to("table.csv")
    before = Path("table.csv").read_bytes()
    assert main(["fit", "table.csv", "--target", "load", *options]) == 2
    assert_one_line_of_error(capsys, message)
    assert {each.name for each in tmp_path.iterdir()} == {"table.csv", "link.skops"}
    assert Path("table.csv").read_bytes() == before


def test_a_link_to_nowhere_stays_one(frame, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame.to_csv("table.csv", index=False)
    Path("link.skops").symlink_to("model.skops")
    options = ["fit", "table.csv", "--target", "load", "--model", "link.skops", *QUICK]
    assert main([*options, "--param", "patience=0"]) == 2
    assert not Path("model.skops").exists()
    assert main(options) == 0
    assert Path("link.skops").is_symlink()
    FiveDRegressor.load("model.skops")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("command", ["fit", "predict"])
def test_into_a_pipe(frame, new, skops, tmp_path, capsys, command):
    table, pipe = tmp_path / "table.csv", tmp_path / "pipe"
    frame.to_csv(table, index=False)
    os.mkfifo(pipe)
    arguments = {
        "fit": [str(table), "--target", "load", "--model", str(pipe), *QUICK],
        "predict": [skops, str(new), "--output", str(pipe)],
    }
    with ThreadPoolExecutor() as threads:
        content = threads.submit(pipe.read_bytes)
        assert main([command, *arguments[command], "--quiet"]) == 0
        content = content.result()
    assert pipe.is_fifo()
    if command == "fit":
        (tmp_path / "model.skops").write_bytes(content)
        FiveDRegressor.load(tmp_path / "model.skops")
    else:
        assert len(pd.read_csv(io.BytesIO(content))) == 40


# --------------------------------------------------------------------------------------
# predict
# --------------------------------------------------------------------------------------


def test_predict_is_that_of_the_estimator(new, skops, fitted, tmp_path, capsys):
    output = tmp_path / "out.csv"
    options = ["--output", str(output), "--gradient", "--confidence", "0.8"]
    assert main(["predict", skops, str(new), *options]) == 0
    said = capsys.readouterr()
    assert said.out == f"40 rows predicted: {output}\n"
    assert "3 of 40 rows lie outside the training range" in said.err
    given = pd.read_csv(new, dtype=str)
    written = pd.read_csv(output, float_precision="round_trip")
    # What came in stands there to the letter.
    pd.testing.assert_frame_equal(
        pd.read_csv(output, dtype=str)[list(given)], given, check_exact=True
    )
    X = pd.read_csv(new, float_precision="round_trip")[NAMES]
    mean, std = fitted.predict(X, return_std=True)
    np.testing.assert_array_equal(
        written[NEW],
        np.c_[mean, std, fitted.predict_interval(X, confidence_level=0.8)],
    )
    np.testing.assert_array_equal(
        written["prediction_extrapolation"], fitted.is_extrapolation(X)
    )
    gradient = [f"prediction_gradient_{name}" for name in NAMES]
    np.testing.assert_array_equal(written[gradient], fitted.predict_gradient(X))
    assert list(written)[7:] == [*NEW, "prediction_extrapolation", *gradient]


def test_fit_and_predict_are_the_estimator_to_the_last_digit(tmp_path):
    airfoil = load_airfoil_self_noise(as_frame=True)
    inputs, target = airfoil.feature_names, airfoil.target_names[0]
    rows, new = airfoil.frame.iloc[::6], airfoil.frame.iloc[1::6]
    model, written = str(tmp_path / "model.skops"), tmp_path / "predictions.csv"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    new.to_csv(tmp_path / "new.csv", index=False)
    options = ["--target", target, "--model", model, "--seed", "3", "--quiet"]
    options += ["--param", "n_estimators=2", "--param", "max_steps=50"]
    assert main(["fit", str(tmp_path / "rows.csv"), *options]) == 0
    options = ["--output", str(written), "--gradient", "--quiet"]
    assert main(["predict", model, str(tmp_path / "new.csv"), *options]) == 0

    expected = FiveDRegressor(n_estimators=2, max_steps=50, random_state=3)
    expected.fit(rows[inputs], rows[target])
    found = pd.read_csv(written, float_precision="round_trip")
    X = new[inputs]
    columns = [
        *expected.predict(X, return_std=True),
        *expected.predict_interval(X, 0.9).T,
        *expected.predict_gradient(X).T,
    ]
    names = [*NEW, *(f"prediction_gradient_{name}" for name in inputs)]
    np.testing.assert_array_equal(found[names], np.column_stack(columns))
    np.testing.assert_array_equal(found[inputs], X)


def test_predictions_do_not_depend_on_the_chunks(skops, fitted, tmp_path, monkeypatch):
    X, _ = make_function("friedman1", 3_000, random_state=2)
    path, output = tmp_path / "new.csv", tmp_path / "out.csv"
    pd.DataFrame(X, columns=NAMES).to_csv(path, index=False)
    chunks = _text.TextSource.chunks
    monkeypatch.setattr(_text.TextSource, "chunks", lambda self: chunks(self, 1_000))
    assert main(["predict", skops, str(path), "--output", str(output)]) == 0
    written = pd.read_csv(output, float_precision="round_trip")
    expected = fitted.predict(pd.DataFrame(X, columns=NAMES))
    np.testing.assert_array_equal(written["prediction"], expected)


def test_what_is_found_late_is_said_in_the_end(skops, new, monkeypatch, capsys):
    chunks = _text.TextSource.chunks
    monkeypatch.setattr(_text.TextSource, "chunks", lambda self: chunks(self, 16))
    lines = new.read_text().splitlines(keepends=True)
    new.write_text("".join([*lines[:-1], "# a pause\n", lines[-1]]))
    assert main(["predict", skops, str(new)]) == 0
    said = capsys.readouterr().err
    assert f"{new}, further down: 1 comment line skipped\n" in said


def test_names_that_are_numbers(frame, tmp_path):
    table, model = tmp_path / "spectra.csv", tmp_path / "model.skops"
    spectra = frame.set_axis([*"45678", "conc"], axis=1)
    spectra.to_csv(table, index=False)
    assert main(["fit", str(table), "--target=conc", f"--model={model}", *QUICK]) == 0
    assert main(["predict", str(model), str(table), f"--output={tmp_path}/o.csv"]) == 0
    assert len(pd.read_csv(tmp_path / "o.csv")) == len(frame)


def test_predictions_are_written_as_the_table_was(skops, tmp_path):
    text = "x5;Größe;x4;x3;x2;x1\n0,5;1,50;0,4;0,3;0,2;0,1\n0,1;x;0,1;0,1;0,1;0,1\n"
    path, output = tmp_path / "neu.csv", tmp_path / "aus.csv"
    path.write_text(text, encoding="latin-1")
    assert main(["predict", skops, str(path), "--output", str(output)]) == 0
    lines = output.read_text(encoding="latin-1").splitlines()
    assert lines[0].startswith("x5;Größe;x4;x3;x2;x1;prediction;prediction_std;")
    assert re.match(r"0,5;1,50;0,4;0,3;0,2;0,1;\d+,\d+;", lines[1])


def test_predict_to_standard_output_and_gzip(new, skops, tmp_path, capsys):
    assert main(["predict", skops, str(new), "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert len(pd.read_csv(io.StringIO(said.out))) == 40
    output = tmp_path / "out.csv.gz"
    assert main(["predict", skops, str(new), "--output", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "output": str(output),
        "n_rows": 40,
        "n_dropped": 0,
        "n_extrapolation": 3,
    }
    assert gzip.decompress(output.read_bytes()).decode() == said.out


@pytest.mark.parametrize("name", ["out.tsv", "out.tsv.gz", "OUT.CSV.GZ", "out.csv"])
def test_predictions_are_what_their_name_says(new, skops, tmp_path, name):
    output = tmp_path / name
    assert main(["predict", skops, str(new), "--output", str(output), "--quiet"]) == 0
    content = output.read_bytes()
    if name.lower().endswith(".gz"):
        assert content[10:].startswith(output.stem.encode())  # behind a fixed header
        content = gzip.decompress(content)
    written = pd.read_csv(io.BytesIO(content), sep="\t" if "tsv" in name else ",")
    assert list(written)[:4] == ["x5", "x4", "id", "x3"]
    assert len(written) == 40


@pytest.mark.parametrize("kind", ["parquet", "feather", "xlsx"])
def test_predict_other_kinds(new, skops, fitted, tmp_path, kind):
    frame = pd.read_csv(new, float_precision="round_trip")
    path, output = tmp_path / f"new.{kind}", tmp_path / "out.csv"
    write = getattr(frame, f"to_{'excel' if kind == 'xlsx' else kind}")
    write(path, **({"index": False} if kind != "feather" else {}))
    assert main(["predict", skops, str(path), "--output", str(output)]) == 0
    written = pd.read_csv(output, float_precision="round_trip")
    # A spreadsheet keeps one digit less than it takes.
    np.testing.assert_allclose(
        written["prediction"], fitted.predict(frame[NAMES]), rtol=1e-13
    )
    assert written["id"].tolist() == frame["id"].tolist()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda t: t.replace("x2", "T"),
            [],
            "has no column 'x2', which the model needs",
        ),
        (lambda t: t.replace("id", "prediction"), [], "'prediction' already.*--prefix"),
        (lambda t: t.splitlines()[0] + "\n", [], "has no rows to predict"),
        (lambda t: t.replace("0.5388", "o.5"), [], "line 3, column 'x5': Got 'o.5"),
        (lambda t: t + ",1,run,1,1,1,2\n", [], "line 42, column 'x5': Got a missing"),
        (str, ["--output", "nowhere/out.csv"], "No such file .*nowhere/out.csv"),
        (str, ["--output", "-", "--json"], "Got --json .* expected a file by --output"),
        (str, ["--output", "out.xlsx"], r"Got out.xlsx, .* ends with \.csv or \.tsv"),
        (str, ["--output", "out.GZ"], r"Got out.GZ, expected a name that ends with"),
        (str, ["--confidence", "0.9999"], "needs at least 10000 held-out rows"),
    ],
)
def test_predict_errors(
    new, skops, tmp_path, monkeypatch, capsys, change, options, message
):
    monkeypatch.chdir(tmp_path)
    new.write_text(change(new.read_text()))
    before = sorted(tmp_path.iterdir())
    options = options if "--output" in options else [*options, "--output", "out.csv"]
    assert main(["predict", skops, str(new), *options]) == 2
    assert_one_line_of_error(capsys, message)
    assert sorted(tmp_path.iterdir()) == before


def test_missing_values_are_left_out_on_request(new, skops, tmp_path, capsys):
    new.write_text(new.read_text() + ",1,run,1,1,1,2\n-999,1,run,1,1,1,2\n")
    output = tmp_path / "out.csv"
    options = ["--output", str(output), "--drop-missing", "--na-values=-999"]
    assert main(["predict", skops, str(new), *options]) == 0
    assert "2 rows with a missing value left out" in capsys.readouterr().err
    assert len(pd.read_csv(output)) == 40


@pytest.mark.parametrize("name", ["load", "self"])
def test_another_prefix(new, skops, capsys, name):
    assert main(["predict", skops, str(new), "--prefix", name, "--quiet"]) == 0
    header = capsys.readouterr().out.splitlines()[0]
    suffixes = ["", "_std", "_lower", "_upper", "_extrapolation"]
    assert header.endswith("," + ",".join(name + suffix for suffix in suffixes))


def test_model_without_names_or_intervals(frame, tmp_path, capsys):
    model = FiveDRegressor(solver="lbfgs", n_estimators=1).fit(
        frame[NAMES].to_numpy(), frame["load"]
    )
    path, new = tmp_path / "m.skops", tmp_path / "new.csv"
    model.save(path)
    frame[NAMES].to_csv(new, index=False)
    assert main(["predict", str(path), str(new)]) == 0
    said = capsys.readouterr()
    assert "no intervals" in said.err
    written = pd.read_csv(io.StringIO(said.out), float_precision="round_trip")
    assert list(written)[5:] == ["prediction", "prediction_extrapolation"]
    expected = model.predict(frame[NAMES].to_numpy())
    np.testing.assert_array_equal(written["prediction"], expected)
    frame.to_csv(new, index=False)
    assert main(["predict", str(path), str(new)]) == 2
    assert_one_line_of_error(capsys, "Got 6 columns, expected 5")
    assert main(["optimise", str(path), "--minimize", "--json"]) == 0
    best = json.loads(capsys.readouterr().out)
    assert list(best["settings"]) == NAMES
    assert best["interval"] == [None, None]


def test_interrupt_leaves_no_half_file(new, skops, tmp_path, monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    output = tmp_path / "out.csv"
    output.write_text("as it was")
    monkeypatch.setattr(_predict, "write_rows", interrupted)
    assert main(["predict", skops, str(new), "--output", str(output)]) == 130
    assert capsys.readouterr().err.endswith("sklearn-5d: interrupted\n")
    assert output.read_text() == "as it was"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.csv", "out.csv"]


# --------------------------------------------------------------------------------------
# optimise
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "best"), [(1, np.min), (-1, np.max)])
def test_best_settings_are_better_than_any_of_many(fitted, sign, best):
    low, high = find_bounds(fitted, NAMES, [], [])
    x = find_best(fitted, NAMES, low, high, sign, seed=0)
    assert np.all((fitted.data_min_ <= x) & (x <= fitted.data_max_))
    found = fitted.predict(pd.DataFrame(x[None], columns=NAMES))[0]
    X = np.random.default_rng(1).uniform(low, high, (20_000, 5))
    others = best(fitted.predict(pd.DataFrame(X, columns=NAMES)))
    assert sign * found < sign * others
    # Friedman's function is greatest at the upper end of its last two inputs.
    edge = fitted.data_min_[3:] if sign > 0 else fitted.data_max_[3:]
    np.testing.assert_allclose(x[3:], edge, rtol=1e-6)


def test_optimise(skops, fitted, capsys):
    options = ["--bounds", "x4=0.2:0.6", "--bounds", "x3=:0.9", "--fixed", "x1=0.5"]
    assert main(["optimise", skops, "--maximize", *options, "--json"]) == 0
    output = capsys.readouterr()
    values = json.loads(output.out)
    assert values["settings"]["x1"] == 0.5
    assert values["settings"]["x4"] == pytest.approx(0.6)
    x = pd.DataFrame([values["settings"]])[NAMES]
    assert values["prediction"] == fitted.predict(x)[0]
    assert values["interval"] == fitted.predict_interval(x)[0].tolist()
    assert values["edges"]["x4"] == "upper end of the bounds"
    assert values["edges"]["x1"] == "fixed"
    assert "'x5' is at the upper end of the training range" in output.err
    assert "'x4'" not in output.err
    assert main(["optimize", skops, "--maximise", *options, "--quiet"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert re.search(r"maximum: [\d.]+, 90% interval [\d.]+ to [\d.]+\n", output.out)
    assert re.search(r"x1 +0.5 .*fixed\n", output.out)


def test_numbers_can_be_pasted(tmp_path, capsys):
    X, y = make_function("friedman1", 50, random_state=0)
    X[:, 0] = np.linspace(0.1, 1_234_567, 50)
    model = str(tmp_path / "m.skops")
    estimator = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
    estimator.fit(pd.DataFrame(X, columns=NAMES), y).save(model)
    options = ["--minimize", "--confidence", "0.925", "--quiet", "--bounds"]
    assert main(["optimise", model, *options, "x1=5e5:1.23457e6"]) == 2
    message = "Got 500000 to 1234570 for 'x1', .* training range, 0.1 to 1234567"
    assert_one_line_of_error(capsys, message)
    assert main(["optimise", model, *options, "x1=0.1:1234567"]) == 0
    text = capsys.readouterr().out
    assert "  0.1 to 1234567" in text
    assert "92.5% interval" in text
    assert main(["info", model]) == 0
    assert re.search(r"x1 +0.1 +1234567\n", capsys.readouterr().out)


def test_everything_fixed(skops, fitted, capsys):
    fixed = [each for name in NAMES for each in ("--fixed", f"{name}=0.5")]
    assert main(["optimise", skops, "--minimize", *fixed, "--json"]) == 0
    x = pd.DataFrame([[0.5] * 5], columns=NAMES)
    prediction = json.loads(capsys.readouterr().out)["prediction"]
    assert prediction == fitted.predict(x)[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bounds", "x9=0:1"], "Got 'x9', expected one of the inputs: 'x1'"),
        (["--bounds", "x1=-5:0.5"], "Got -5 to 0.5 for 'x1', expected a range inside"),
        (["--bounds", "x1=0.5:0.4"], "Got 0.5 to 0.4 for 'x1'"),
        (["--fixed", "x1=7"], "Got 7 to 7 for 'x1'"),
        (["--fixed", "x1=0.5", "--bounds", "x1=0.1:0.5"], "Got 'x1' twice"),
    ],
)
def test_optimise_errors(skops, capsys, options, message):
    assert main(["optimise", skops, "--minimize", *options]) == 2
    assert_one_line_of_error(capsys, message)


# --------------------------------------------------------------------------------------
# info
# --------------------------------------------------------------------------------------


def test_info(skops, fitted, capsys):
    assert main(["info", skops]) == 0
    text = capsys.readouterr().out
    assert "as it was written" in text
    assert f"sklearn_5d {__version__}" in text
    assert "  solver = 'lbfgs'\n" in text
    assert re.search(r"x3 +0\.\d+ +0\.\d+\n", text)
    values = read_info(skops)
    assert values["n_networks"] == 2
    assert values["parameters"]["n_estimators"] == 2
    for i, name in enumerate(NAMES):
        assert values["inputs"][name]["minimum"] == fitted.data_min_[i]
        assert values["inputs"][name]["maximum"] == fitted.data_max_[i]
    assert main(["info", skops, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"]["sklearn_5d"] == __version__


def repack(skops, path, change):
    """Write a model anew, with its schema changed by somebody else."""
    with zipfile.ZipFile(skops) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "schema.json":
                content = change(content.decode()).encode()
            target.writestr(name, content)
    return str(path)


def test_info_trusts_nothing(skops, tmp_path, capsys):
    path = repack(
        skops,
        tmp_path / "evil.skops",
        lambda schema: schema.replace("FiveDRegressor", "system").replace(
            "sklearn_5d._regressor", "os"
        ),
    )
    assert main(["info", path]) == 0
    text = capsys.readouterr().out
    assert "CHANGED or cut short" in text
    assert "os.system, written by" in text
    path = repack(
        skops,
        tmp_path / "steering.skops",
        lambda schema: schema.replace('\\"x1\\"', '\\"\\\\u001b[2J\\"'),
    )
    assert main(["info", path]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"PK\x03\x04" + bytes(99), bytes(999)]
)
@pytest.mark.parametrize("command", ["info", "predict", "optimise"])
def test_files_that_are_no_models(tmp_path, new, capsys, command, content):
    path = tmp_path / "model.skops"
    path.write_bytes(content)
    options = {"info": [], "predict": [str(new)], "optimise": ["--minimize"]}
    assert main([command, str(path), *options[command]]) == 2
    assert_one_line_of_error(capsys, "is no model of sklearn_5d|cannot be loaded")


# Flags and method of compression, in the directory of a zip file.
@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 8), (10, 99)])
def test_info_of_damaged_files(skops, tmp_path, capsys, offset, value):
    content = bytearray(Path(skops).read_bytes())
    for entry in re.finditer(b"PK\x01\x02", bytes(content)):
        content[entry.start() + offset] = value
    path = tmp_path / "damaged.skops"
    path.write_bytes(content)
    assert main(["info", str(path)]) == 2
    assert_one_line_of_error(capsys, "is no model of sklearn_5d: ")


SCHEMA = {"__module__": "m", "__class__": "C", "content": {"content": {}}}


@pytest.mark.parametrize(
    ("versions", "schema"),
    [
        ([1], SCHEMA),
        ({}, SCHEMA | {"content": {"content": []}}),
        ({}, SCHEMA | {"data_min": None}),
        ({}, SCHEMA | {"data_min": {"is_json": True, "content": "1"}}),
    ],
)
def test_info_of_foreign_files(tmp_path, capsys, versions, schema):
    path = tmp_path / "foreign.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("versions.json", json.dumps(versions))
        archive.writestr("schema.json", json.dumps(schema))
    assert main(["info", str(path)]) == 2
    assert_one_line_of_error(capsys, "is no model of sklearn_5d: ")


def test_info_unpacks_no_bombs(tmp_path, capsys):
    path = tmp_path / "bomb.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 2**29)
    assert main(["info", str(path)]) == 2
    assert_one_line_of_error(capsys, "unpacks to 536,870,912 bytes")


def test_import_of_the_package_stays_light():
    code = (
        "import sys, sklearn_5d, sklearn_5d._command;"
        "heavy = {'matplotlib', 'jinja2', 'openpyxl', 'skops', 'tqdm'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
