"""What the command prints beside the result: tables, progress, JSON."""

import json
import re
import sys

import numpy as np

from sklearn_5d._command._console import Console, align


def test_tables_are_aligned():
    rows = [["column", "sd"], ["a", "12.25"], ["long name", "1"]]
    assert align(rows) == [
        "column        sd",
        "a          12.25",
        "long name      1",
    ]


def test_progress_is_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Console().progress(4, "folds") as progress:
        for done in range(1, 5):
            progress(done)
    assert re.search(r"folds:.*\|.*\|", capsys.readouterr().err)


def test_progress_is_few_lines_elsewhere(capsys):
    with Console().progress(1000, "rows") as progress:
        for done in range(1001):
            progress(done)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "rows: 100 %"


def test_json_has_no_nan(capsys):
    Console(as_json=True).result("", {"a": np.nan, 0.9: np.arange(2), "b": np.int64(1)})
    assert json.loads(capsys.readouterr().out) == {"a": None, "0.9": [0, 1], "b": 1}
