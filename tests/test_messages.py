"""What a fit prints and warns of, and what it keeps to itself."""

import re
import warnings

import pytest
from estimators import small
from joblib import parallel_config

from sklearn_5d._training import mlp
from sklearn_5d.datasets import make_function


def test_clean_fit_says_nothing(table, solver_kind, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(solver_kind).fit(*table).predict(table[0])
    assert capsys.readouterr() == ("", "")


def test_verbose_prints_a_line_a_stage(capsys):
    # More rows than the evidence takes: beside the stages it adds to the curves.
    table = make_function("friedman1", 1000, noise=0.1, random_state=0)
    model = small(verbose=True, gaussian_process=False).fit(*table)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(map(len, model.loss_curve_))
    assert all(re.match(r"damping .* validation R2 ", line) for line in lines)


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_verbose_prints_what_scikit_learn_prints(table, capsys, name):
    small(name, n_estimators=1, verbose=True).fit(*table)
    assert "Iteration 1, loss" in capsys.readouterr().out


def test_verbose_prints_in_each_call_of_a_stream(table, capsys, pass_solver):
    model = small(pass_solver, verbose=True)
    for _ in range(2):
        model.partial_fit(*table)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) >= 2
        assert all("loss" in line for line in lines)
    model.set_params(verbose=False).partial_fit(*table)
    assert capsys.readouterr().out == ""


def test_warnings_about_the_budget_stay_inside(table, solver):
    """Also from members in threads, and the ones of others are still heard."""

    with warnings.catch_warnings(record=True) as heard, parallel_config("threading"):
        warnings.simplefilter("always")
        small(solver, n_estimators=4, n_jobs=2, max_iter=2).fit(*table)
        warnings.warn("of another", stacklevel=1)
    assert [str(w.message) for w in heard] == ["of another"]


def test_other_warnings_of_training_are_heard(table, monkeypatch):
    def warn(*args, **kwargs):
        warnings.warn("something else", stacklevel=1)

    monkeypatch.setattr(mlp.MLPRegressor, "fit", warn)
    with pytest.raises(UserWarning, match="something else"):
        small("lbfgs").fit(*table)
