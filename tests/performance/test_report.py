"""The report says what was measured, the committed one and the README as well."""

import json
import re
from pathlib import Path

import figures
import findings
import measurement
import numpy as np
import pandas as pd
import pytest
import report
from small_run import PEERS


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
    # The template is filled, with the script that the site sorts its tables by.
    assert "{{" not in page
    script = (Path(report.__file__).parent / "sort.js").read_text(encoding="utf-8")
    assert f"<script>\n{script}</script>" in page
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
# Committed results
# --------------------------------------------------------------------------------------


RESULTS = Path(report.__file__).parent / "results"


@pytest.fixture(scope="module")
def committed():
    """Rows of the committed results."""
    return figures.read(RESULTS / "rows.csv.gz")


def test_readme_quotes_the_report(committed):
    readme = (RESULTS.parents[1] / "README.rst").read_text(encoding="utf-8")
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
