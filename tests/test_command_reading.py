"""Tables that are right, wrong or suspicious, as the command reads them."""

import io
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from messy_tables import (
    HEADER,
    NAMES,
    TARGET,
    VALUES,
    right_tables,
    suspicious_tables,
    text,
    wrong_tables,
)

from sklearn_5d._command import main
from sklearn_5d._command._arguments import parse
from sklearn_5d._command._checks import check_table, missing_mark
from sklearn_5d._command._console import Console
from sklearn_5d._command._layout import find_heading, to_number
from sklearn_5d._command._learning import read as read_arguments
from sklearn_5d._command._learning import say
from sklearn_5d._command._reading import open_source
from sklearn_5d._command._table import to_numbers

RIGHT, WRONG, SUSPICIOUS = right_tables(), wrong_tables(), suspicious_tables()


def read(path, *options, capsys=None):
    args = parse(["report", str(path), "--target", TARGET, *options])
    table = read_arguments(args)
    say(table, Console(quiet=capsys is None))
    return table


@pytest.mark.parametrize("kind", RIGHT)
def test_right_table(tmp_path, capsys, kind):
    content, suffix, options, note = RIGHT[kind]
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    table = read(path, *options, capsys=capsys)
    np.testing.assert_array_equal(table.X.to_numpy(), VALUES[:, :5])
    np.testing.assert_array_equal(table.y, VALUES[:, 5])
    if "no names" not in kind:
        others = {"Wärme", "€"}
        assert [n if n not in others else "temp" for n in table.X] == NAMES
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"{path}: ")
    assert re.search(note, output.err)
    assert "Warning" not in output.err


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_table(tmp_path, capsys, monkeypatch, kind):
    monkeypatch.setattr("sklearn_5d._command._report.evaluate", pytest.fail)
    content, suffix, options, message = WRONG[kind]
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    command = ["report", str(path), "--target", TARGET, "--no-picture"]
    assert main([*command, *options]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("sklearn-5d: error: ")
    assert output.err.count("\n") == 1
    assert re.search(message, output.err)


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_suspicious_table(tmp_path, capsys, monkeypatch, kind):
    def stop(*args, **kwargs):
        raise ValueError("this far")

    content, warning = SUSPICIOUS[kind]
    path = tmp_path / "table.csv"
    path.write_text(content)
    monkeypatch.setattr("sklearn_5d._command._report.evaluate", stop)
    assert main([str(path), "--target", TARGET, "--no-picture"]) == 2
    *said, last = capsys.readouterr().err.splitlines()
    assert last == "sklearn-5d: error: this far"
    warnings = [line for line in said if line.startswith("Warning: ")]
    assert len(warnings) == 1
    assert re.search(warning, warnings[0])
    # To follow the advice helps.
    if advice := re.search("--na-values.*--drop-missing", warnings[0]):
        table = read(path, *advice[0].split())
        assert 20 <= len(table.y) < 24
        assert check_table(table) == []


def test_standard_input(monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(text(sep=";", decimal=",").encode()))
    )
    table = read("-")
    assert table.title == "standard input"
    np.testing.assert_array_equal(table.y, VALUES[:, 5])


def test_closed_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ValueError, match="Got no standard input"):
        read("-")


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(path.write_text, text())
        np.testing.assert_array_equal(read(path).y, VALUES[:, 5])


def test_options_overrule_what_is_found(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a;b;strength\n1,5;2;3\n2,5;4;5\n", encoding="utf-8")
    table = read(path, "--sep", ";", "--decimal", ",", "--encoding", "latin-1")
    np.testing.assert_array_equal(table.X, [[1.5, 2], [2.5, 4]])
    with open_source(str(path)) as source:
        found = (source.delimiter, source.decimal, source.encoding)
    assert found == (";", ",", "utf-8")


def test_groups_and_weights(tmp_path):
    rows = [
        [*row, f"lab {i % 3}", float(i % 2)] for i, row in enumerate(VALUES.tolist())
    ]
    path = tmp_path / "table.csv"
    path.write_text(text(rows, [*HEADER, "lab", "weight"]))
    table = read(path, "--group", "lab", "--weight", "weight")
    assert list(table.X) == NAMES
    assert table.groups[:4].tolist() == ["lab 0", "lab 1", "lab 2", "lab 0"]
    np.testing.assert_array_equal(table.sample_weight, np.arange(24) % 2)


def table_with_labs(labs):
    return pd.DataFrame(VALUES[: len(labs)], columns=HEADER).assign(lab=labs)


@pytest.mark.parametrize("missing", ["", "NA", "-", " nan", "unknown", None])
def test_missing_group(tmp_path, missing):
    path = tmp_path / "table.csv"
    table_with_labs(["L1", missing, "L1 ", '"L2"']).to_csv(path, index=False)
    options = ["--group", "lab", "--na-values=unknown"]
    with pytest.raises(ValueError, match="line 3, column 'lab': Got a missing value"):
        read(path, *options)
    assert read(path, *options, "--drop-missing").groups.tolist() == [
        "L1",
        "L1",
        '"L2"',
    ]


def test_categories_as_groups(tmp_path):
    path = tmp_path / "table.parquet"
    table_with_labs(pd.Categorical(["a", None, "b "])).to_parquet(path)
    table = read(path, "--group", "lab", "--drop-missing")
    assert table.groups.tolist() == ["a", "b"]


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_whole_numbers_beside_missing_ones(tmp_path, kind):
    path = tmp_path / f"table.{kind}"
    numbers = [9007199254740993, None, 3]
    frame = pd.DataFrame({"run": pd.array(numbers, dtype="Int64")})
    getattr(frame, f"to_{kind}")(path)
    with open_source(str(path)) as source:
        assert next(source.chunks())["run"].tolist() == numbers


def test_chunks_are_one_table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text(sep=";", decimal=","))
    with open_source(str(path)) as source:
        chunks = list(source.chunks(7))
    assert [len(chunk) for chunk in chunks] == [7, 7, 7, 3]
    assert chunks[1].index[0] == 7
    assert chunks[1]["temp"].iloc[0] == f"{VALUES[7, 0]:g}".replace(".", ",")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("temp (C, avg),b,y\n" + "1,2,3\n" * 9, "line 2: Got 3 values, expected 4"),
        ("a,b,y\n1,2,3,\n" + "1,2,3\n" * 9, "line 2: Got 4 values, expected 3"),
        ("a b y\n1 2 3\n1 2\n1 2 3\n", "line 3: Got 2 values, expected 3"),
        ("a,b,y\n" + "1,2,3\n" * 5000 + "1,2,3,4\n", "line 5002: Got 4 values"),
    ],
)
def test_columns_are_never_shifted(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_text(content)
    with (
        pytest.raises(ValueError, match=message),
        open_source(str(path)) as source,
    ):
        list(source.chunks())


def test_line_of_an_error_in_a_later_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_5d._command._text.CHUNK_ROWS", 5)
    rows = VALUES.tolist()
    rows[17][3] = "broken"
    path = tmp_path / "table.csv"
    path.write_text("A title\n" + text(rows))
    with pytest.raises(ValueError, match="line 20, column 'angle': Got 'broken'"):
        read(path)


@pytest.mark.parametrize(
    ("written", "decimal", "number"),
    [
        ("1.5", ".", 1.5),
        ("1,5", ",", 1.5),
        ("1,5", ".", None),
        (" -2e3 ", ".", -2000.0),
        ("1_000", ".", None),
        ("red", ".", None),
    ],
)
def test_to_number(written, decimal, number):
    assert to_number(written, decimal) == number


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        ([1.0, 2, 3, -999], -999),
        ([1.0, 2, 3, 99, 99], 99),
        ([1.0, 2, 3, 99], None),  # once, and of two digits
        ([90.0, 95, 98, 99, 99], None),  # where others are
        ([1.0, 2, 1e20, 1e20], 1e20),
        ([1.0, 2, 1e20], None),
        ([1e19, 2e19, 4e19, 4e19], None),
        ([0.0, 0, 1, 1], None),
        ([-1e308, 0, 1e308], None),
    ],
)
def test_missing_mark(values, mark):
    assert missing_mark(np.array(values)) == mark


@pytest.mark.parametrize(
    ("values", "decimal", "mark"),
    [
        (np.float32([1, -999.9]), ".", "-999.9"),
        (np.float32([1, 9.96921e36]), ".", "9.96921e+36"),
        ([1.0, -999.9], ".", "-999.9"),
        (["1", "-99,9"], ",", "-99,9"),
        (["1", "-99,9"], ",", "-99.9"),
        ([1, 99999999], ".", "99999999"),
        ([1, "red"], ".", "Red"),
    ],
)
def test_mark_that_is_named(values, decimal, mark):
    numbers = to_numbers(pd.Series(values), decimal, [mark])
    np.testing.assert_array_equal(numbers, [1, np.nan])
    assert to_numbers(pd.Series([1e8]), na_values=["99999999", "1e300"]) == [1e8]


def test_names_that_are_numbers():
    rows = [["400", "450", "500"], ["1.5", "2", "3"], ["4", "5", "6"]]
    assert find_heading(rows, known=["500"]).names == ["400", "450", "500"]
    assert find_heading(rows, known=np.array(["450", "400"])).first_row == 1
    assert find_heading(rows).names == ["column_1", "column_2", "column_3"]


def test_clean_table_has_no_warnings(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text())
    assert check_table(read(path)) == []
