"""Ctrl-C and errors leave the estimator as it was, and no process behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

import numpy as np
import pytest
from estimators import (
    ENVIRONMENT,
    SOLVERS,
    STEPS,
    X_NEW,
    everything,
    interrupt_at,
    small,
)
from numpy.testing import assert_array_equal


@pytest.mark.parametrize("call", [1, 20, 50])
def test_interrupted_first_fit_leaves_an_unfitted_estimator(
    table, solver, call, monkeypatch
):
    interrupt_at(monkeypatch, *STEPS[solver], call)
    model = small(solver, max_steps=200, max_iter=50)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*table)
    assert vars(model) == before


@pytest.mark.parametrize(
    ("solver", "method"),
    [*((solver, "fit") for solver in SOLVERS)]
    + [(solver, "partial_fit") for solver in ("spring", "adam", "sgd")],
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_interrupted_later_fit_leaves_the_model(
    table, solver, method, warm_start, monkeypatch
):
    X, y = table
    model = small(solver, warm_start=warm_start).fit(X, y)
    before, expected = dict(vars(model)), everything(model, X_NEW)
    # In the second of the two networks.
    calls = 40 if method == "fit" else 3
    with monkeypatch.context() as patch:
        interrupt_at(patch, *STEPS[solver], calls)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, method)(2 + X, 3 * y)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[name] is before[name] for name in before)
    for old, new in zip(expected, everything(model, X_NEW), strict=True):
        assert_array_equal(new, old)
    getattr(model, method)(X, y)
    assert np.isfinite(model.predict(X_NEW)).all()


def test_failed_fit_leaves_the_model(table):
    X, y = table
    model = small(max_steps=8).fit(X, y)
    expected = model.predict(X_NEW)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        model.fit(X[:, :3], y[:5])
    assert model.n_features_in_ == 5
    assert_array_equal(model.predict(X_NEW), expected)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("whole_group", [False, True], ids=["parent", "group"])
def test_signal_leaves_no_process_behind(whole_group, tmp_path):
    """Ctrl-C in a terminal reaches the workers too; kill -INT only the parent."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
        from sklearn_5d import FiveDRegressor
        from sklearn_5d.datasets import make_function

        if __name__ == "__main__":
            X, y = make_function("friedman1", 200, noise=1.0, random_state=0)
            model = FiveDRegressor(n_estimators=2, n_jobs=2, random_state=0)
            model.set_params(max_steps=8, gaussian_process=False).fit(X, y)
            before, prediction = dict(vars(model)), model.predict(X)
            model.set_params(max_steps=10**6, damping=(1e-3, 1e-3))
            before |= model.get_params()
            print("ready", flush=True)
            try:
                model.fit(X, y)
            except KeyboardInterrupt:
                same = all(vars(model)[k] is v for k, v in before.items())
                same &= vars(model).keys() == before.keys()
                same &= (model.predict(X) == prediction).all()
                print("same" if same else "changed", flush=True)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    group = os.getpgid(process.pid)
    try:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)  # it trains, in workers that the first fit has started
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert out == "same\n", err
        assert process.returncode == 0
        wait_for_end_of(group)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def wait_for_end_of(group):
    """Return when no process of the group is left; fail after a while."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a process was left behind")
