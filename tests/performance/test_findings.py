"""Figures are those of the rows, and findings come out either way."""

import figures
import findings
import numpy as np
import pandas as pd
import pytest
import scores
from estimator import BASELINE
from small_run import PEERS


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
