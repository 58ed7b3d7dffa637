"""The plan of a run, and what follows each attempt, without training anything."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_5d._training import defaults
from sklearn_5d._training.schedule import (
    Progress,
    Settings,
    Stage,
    make_last_stage,
    make_schedule,
)

SETTINGS = Settings((8,), "tanh", max_steps=1000)


def test_damping_falls_by_a_decade_a_stage():
    schedule = make_schedule(SETTINGS, 10_000)
    assert_allclose([s.damping_start for s in schedule], 10.0 ** -np.arange(8))
    assert_allclose([s.damping_end for s in schedule], 10.0 ** -np.arange(1, 9))
    assert [s.batch_size for s in schedule] == [96] * 3 + [192] * 3 + [256] * 2
    assert [s.dtype for s in schedule] == [np.float32] * 5 + [np.float64] * 3
    assert 800 <= sum(s.n_steps for s in schedule) <= 800 + len(schedule)
    assert schedule[0].n_steps == pytest.approx(2 * schedule[3].n_steps, abs=2)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_one_precision(precision):
    schedule = make_schedule(replace(SETTINGS, precision=precision), 100)
    assert {np.dtype(s.dtype) for s in schedule} == {np.dtype(precision)}


@pytest.mark.parametrize(("batch_size", "expected"), [("auto", 50), (30, 30), (99, 50)])
def test_batch_is_never_larger_than_the_table(batch_size, expected):
    settings = replace(SETTINGS, damping=(1.0, 1e-2), batch_size=batch_size)
    assert [s.batch_size for s in make_schedule(settings, 50)] == [expected] * 2


@pytest.mark.parametrize("damping", [(0.1, 0.1), (0.1, 0.05), (1.0, 0.1)])
def test_there_is_one_stage_at_least(damping):
    (stage,) = make_schedule(replace(SETTINGS, damping=damping), 50)
    assert_allclose([stage.damping_start, stage.damping_end], damping)
    assert stage.n_steps == 800  # a fifth is kept for retries


@pytest.mark.parametrize(
    ("damping", "end", "dtype"),
    [(1e-2, 1e-8, np.float64), (1e-8, 1e-8, np.float64), (1e-9, 1e-9, np.float64)],
)
def test_last_stage_begins_where_the_run_stands(damping, end, dtype):
    stage = make_last_stage(SETTINGS, damping, 70, 10_000, 1.5)
    assert stage == Stage(damping, end, 256, 70, dtype, 1.5 * SETTINGS.learning_rate)


@pytest.mark.parametrize(("batch_size", "expected"), [("auto", 50), (30, 30), (99, 50)])
def test_batch_of_the_last_stage(batch_size, expected):
    settings = replace(SETTINGS, batch_size=batch_size, precision="float32")
    stage = make_last_stage(settings, 1e-2, 70, 50, 1.0)
    assert (stage.batch_size, stage.dtype) == (expected, np.float32)


STAGE = Stage(1.0, 0.1, 96, 100, np.float32, 0.6)
# The events so far, and the next stage of a plan of two equal ones: damping at its
# start, batch size, steps and learning rate, None where the run is over.
HISTORIES = [
    ("", (1.0, 96, 100, 0.6)),
    ("gain", (1.0, 96, 100, 0.6)),
    ("gain, gain", None),  # the end of the plan
    ("no gain", (1.0, 192, 71, 0.6 * 0.7)),
    ("no gain, gain", (1.0, 192, 71, 0.6 * 0.7)),  # less noise stays for good
    ("no gain, no gain", None),  # the patience
    ("gain, overfit", None),  # counts twice
    ("no gain, gain, no gain", (1.0, 256, 62, 0.6 * 0.7**2)),
    ("breakdown", (10.0, 192, 71, 0.6 * 0.7)),
    ("breakdown, breakdown", (100.0, 256, 62, 0.6 * 0.7**2)),
    ("breakdown, breakdown, breakdown", (1000.0, 256, 62, 0.6 * 0.7**3)),
    ("breakdown, no gain", (10.0, 256, 62, 0.6 * 0.7**2)),
    ("gain, breakdown, breakdown", None),  # there are weights to keep
    ("no gain, breakdown", None),
    (", ".join(["breakdown"] * defaults.MAX_FAILURES), None),
]


@pytest.mark.parametrize(("events", "expected"), HISTORIES)
def test_what_follows(events, expected):
    progress, schedule = Progress(), [STAGE, STAGE]
    for event in filter(None, events.split(", ")):
        assert not progress.is_over(schedule, patience=2)
        progress = progress.after(event)
    assert progress.is_over(schedule, patience=2) == (expected is None)
    if expected is not None:
        stage = progress.next_stage(schedule, n_samples=10_000)
        damping, *others = expected
        assert stage.dtype == STAGE.dtype
        assert_allclose(
            [stage.damping_start, stage.damping_end], [damping, damping / 10]
        )
        assert_allclose([stage.batch_size, stage.n_steps, stage.learning_rate], others)


@pytest.mark.parametrize("batch_size", [40, 96, 1000])
def test_retry_has_as_many_rows_as_there_are(batch_size):
    """Also of a batch that the user wants larger than the largest of a retry."""
    n_samples = max(100, batch_size)
    stage = STAGE._replace(batch_size=batch_size)
    progress = Progress()._replace(n_retries=5)
    expected = max(batch_size, min(n_samples, defaults.MAX_BATCH_SIZE))
    assert progress.next_stage([stage], n_samples).batch_size == expected
