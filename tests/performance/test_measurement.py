"""Does a run measure what it says, whatever the estimator does?"""

import time

import measurement
import pytest
from fakes import run_fake


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
