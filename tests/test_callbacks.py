"""Callbacks of scikit-learn: a task a network and a stage, and nothing else changes."""

import pickle

import numpy as np
import pytest
from estimators import interrupt_at, small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor
from sklearn_5d._training.solver import NaturalGradient
from sklearn_5d.datasets import make_function

callback = pytest.importorskip("sklearn.callback")

# One stage a decade of damping.
N_STAGES = 3
PARAMETERS = {"damping": (1.0, 1e-3), "max_steps": 100}


class Recorder:
    """Notes what it is told."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.events = []

    def _note(self, event, context):
        path = []
        while context is not None:
            path.insert(0, (context.task_name, context.task_id))
            context = context.parent
        self.events.append((event, tuple(path)))

    def setup(self, estimator, context):
        self._note("setup", context)

    def teardown(self, estimator, context):
        self._note("teardown", context)

    def on_fit_task_begin(self, estimator, context):
        self._note("begin", context)

    def on_fit_task_end(self, estimator, context):
        self._note("end", context)
        return context.task_name == self.stop_after

    def tasks(self, event, name):
        return [path for e, path in self.events if e == event and path[-1][0] == name]


def watched(*callbacks, **parameters):
    return small(**PARAMETERS | parameters).set_callbacks(*callbacks)


def test_a_task_for_each_network_and_stage(table):
    recorder = Recorder()
    watched(recorder).fit(*table)
    assert recorder.events[0] == ("setup", (("fit", 0),))
    assert recorder.events[-1] == ("teardown", (("fit", 0),))
    begun = [path for event, path in recorder.events if event == "begin"]
    ended = [path for event, path in recorder.events if event == "end"]
    assert sorted(begun) == sorted(ended)
    assert ended[-2:] == [(("fit", 0), ("calibration", 2)), (("fit", 0),)]
    assert recorder.tasks("end", "network") == [
        (("fit", 0), ("network", 0)),
        (("fit", 0), ("network", 1)),
    ]
    for k in range(2):
        # The last stages may have been of no use.
        *stages, _ = [path[2:] for path in ended if path[1:2] == (("network", k),)]
        assert 1 <= len(stages) <= N_STAGES
        assert stages == [(("stage", i),) for i in range(len(stages))]


def test_a_stage_that_is_tried_again_is_one_task(table):
    X, y = table
    recorder = Recorder()
    noise = np.random.default_rng(0).normal(size=len(y))
    model = watched(recorder, n_estimators=1, patience=3, damping=(1.0, 1e-8))
    model.fit(X, 10 * noise)
    assert 1 <= len(recorder.tasks("end", "stage")) < model.n_iter_ <= 8


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_score_monitor_sees_every_stage_and_the_committee(table, n_jobs):
    monitor = callback.ScoringMonitor(scoring="r2")
    model = watched(monitor, n_jobs=n_jobs).fit(*table)
    rows = monitor.get_logs().data
    stages = [row for row in rows if row["task_name"] == "stage"]
    assert {row["parent_task_id_path"] for row in stages} == {(0, 0), (0, 1)}
    assert all(0.5 < row["r2"] < 1 for row in stages)
    by_path = {row["task_id_path"]: row["r2"] for row in rows}
    assert by_path[0,] == by_path[0, 2] == model.score(*table)
    assert by_path[0, 0] != by_path[0, 1]


def test_score_monitor_takes_names_and_weights(table):
    pd = pytest.importorskip("pandas")
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcde"))
    weight = np.linspace(0.5, 2, len(y))
    monitor = callback.ScoringMonitor(scoring="r2")
    model = watched(monitor).fit(frame, y, sample_weight=weight)
    final = monitor.get_logs().data[0]["r2"]
    assert_allclose(final, model.score(frame, y, sample_weight=weight))


def test_a_callback_changes_nothing(table, fresh, solver):
    X, y = table
    plain = small(solver).fit(X, y)
    seen = small(solver).set_callbacks(Recorder()).fit(X, y)
    assert_array_equal(seen.predict(fresh[0]), plain.predict(fresh[0]))


def test_solvers_of_mlp_regressor_have_no_stages(table):
    recorder = Recorder()
    small("lbfgs").set_callbacks(recorder).fit(*table)
    assert len(recorder.tasks("end", "network")) == 2
    assert recorder.tasks("begin", "stage") == []


def test_a_callback_stops_a_network(table):
    recorder = Recorder(stop_after="stage")
    stopped = watched(recorder, gaussian_process=False).fit(*table)
    assert len(recorder.tasks("begin", "stage")) == 2
    whole = watched(gaussian_process=False).fit(*table)
    assert max(stopped.n_steps_) < min(whole.n_steps_)


def test_a_callback_stops_a_network_before_its_last_stage():
    """The one that exact rows have; without it there is none to stop."""
    table = make_function("friedman1", 600, random_state=0)
    recorder = Recorder(stop_after="stage")
    one = {"n_estimators": 1, "max_steps": 300, "gaussian_process": False}
    one["damping"] = 1.0, 1e-5
    stopped = watched(recorder, **one).fit(*table)
    whole = watched(**one).fit(*table)
    assert stopped.n_steps_ < 0.7 * 300 < whole.n_steps_ == 300
    assert len(recorder.tasks("begin", "stage")) == stopped.n_iter_ == 1


def test_torn_down_where_the_fit_is_interrupted(table, monkeypatch):
    recorder = Recorder()
    model = watched(recorder)
    before = dict(vars(model))
    # As the second network is done.
    interrupt_at(monkeypatch, NaturalGradient, "_member", 2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*table)
    assert recorder.events[-1] == ("teardown", (("fit", 0),))
    assert vars(model) == before


def test_progress_bar_in_a_pipeline(table, capsys):
    pytest.importorskip("rich")
    model = make_pipeline(StandardScaler(), small(**PARAMETERS))
    model.set_callbacks(callback.ProgressBar()).fit(*table)
    lines = capsys.readouterr().out.splitlines()
    networks = [line for line in lines if "FiveDRegressor - network #" in line]
    assert len(networks) >= 2
    assert all("100%" in line for line in networks[-2:])


def test_clones_keep_callbacks_and_files_do_not(table, tmp_path):
    recorder = Recorder()
    model = watched(recorder).fit(*table)
    clone(model).fit(*table)
    assert len([event for event, _ in recorder.events if event == "setup"]) == 2
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(table[0]), model.predict(table[0]))
    pytest.importorskip("skops")
    model.save(tmp_path / "model.skops")
    loaded = FiveDRegressor.load(tmp_path / "model.skops")
    assert not hasattr(loaded, "_skl_callbacks")
    assert_array_equal(loaded.predict(table[0]), model.predict(table[0]))
