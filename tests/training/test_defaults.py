"""What the defaults give to which table."""

import pytest

from sklearn_5d import FiveDRegressor
from sklearn_5d._training import defaults
from sklearn_5d._training.selection import Choice
from sklearn_5d._training.solver import make_solver


def budget(n_samples, noise, x_transform="standard", **parameters):
    """Return number of networks, their steps, first damping and batch size."""
    choice = Choice.of(x_transform, "standard", "auto")._replace(noise=noise)
    n_members = defaults.n_estimators(n_samples, choice)
    parameters = FiveDRegressor(**parameters).get_params()
    settings = make_solver(parameters, choice, n_samples, n_members).settings
    return n_members, settings.max_steps, settings.damping[0], settings.batch_size


@pytest.mark.parametrize(
    ("n_samples", "noise", "expected"),
    [
        (300, "much", (6, 600, 10.0, 96)),
        (300, "little", (6, 1_000, 10.0, 96)),
        (2_000, "much", (6, 600, 10.0, 250)),
        (2_000, "little", (8, 1_500, 10.0, 256)),
        (10_000, "much", (4, 1_000, 1.0, 256)),
        (10_000, "little", (4, 1_000, 1.0, 256)),
        (300, "none", (2, 1_000, 10.0, 96)),
        (1_000, "none", (2, 702, 1.0, "auto")),
        (10_000, "none", (1, 2_500, 1.0, "auto")),
        (100_000, "none", (1, 5_596, 1.0, "auto")),
    ],
)
def test_budget_follows_the_data(n_samples, noise, expected):
    assert budget(n_samples, noise) == expected


@pytest.mark.parametrize("n_samples", [1_000, 10_000])
def test_encodings_get_breadth(n_samples):
    assert budget(n_samples, "much", "piecewise-linear")[:2] == (8, 1_000)


@pytest.mark.parametrize(
    ("n_samples", "noise", "is_stream", "expected"),
    [
        (5_000, "none", False, 300),
        (5_000, "none", True, 0),
        (5_000, "little", False, 0),
        (300, "none", False, 0),
    ],
)
def test_exact_rows_have_a_last_stage(n_samples, noise, is_stream, expected):
    """It is a part of the budget; few rows have none."""
    choice = Choice("standard", "standard", "tanh")._replace(noise=noise)
    parameters = FiveDRegressor(max_steps=1_000).get_params()
    solver = make_solver(parameters, choice, n_samples, 1, is_stream)
    assert solver.settings.max_steps == 1_000
    assert solver.n_last_steps == expected


@pytest.mark.parametrize("n_samples", [300, 5_000])
@pytest.mark.parametrize(
    ("noise", "is_stream", "end"),
    [("none", False, 1e-10), ("none", True, 1e-8), ("little", False, 1e-8)],
)
def test_the_damping_of_exact_rows_falls_further(n_samples, noise, is_stream, end):
    choice = Choice("standard", "standard", "tanh")._replace(noise=noise)
    solver = make_solver(FiveDRegressor().get_params(), choice, n_samples, 1, is_stream)
    assert solver.settings.damping[1] == end


def test_what_is_set_by_hand_stays():
    by_hand = {"max_steps": 77, "damping": (3.0, 1e-2), "batch_size": 11}
    assert budget(300, "much", **by_hand)[1:] == (77, 3.0, 11)


@pytest.mark.parametrize(
    ("damping", "start"), [("auto", 1.0), ((30.0, 1e-2), 30.0), ((0.1, 1e-2), 0.1)]
)
def test_stream_starts_from_the_damping_of_many_rows(damping, start):
    """Unless another one is set by hand."""
    parameters = FiveDRegressor(damping=damping).get_params()
    choice = Choice("standard", "standard", "tanh")
    solver = make_solver(parameters, choice, 200, 2, is_stream=True)
    assert solver.settings.damping[0] == start


def test_stream_of_exact_rows_has_batches_of_its_own():
    """However few its first rows are: `partial_fit` knows their size."""
    choice = Choice("standard", "standard", "tanh")._replace(noise="none")
    solver = make_solver(FiveDRegressor().get_params(), choice, 200, 2, is_stream=True)
    assert solver.settings.batch_size == "auto"


@pytest.mark.parametrize(
    ("n_samples", "noise", "parameters", "n_further", "n_trial"),
    [
        (2_000, "little", {}, 900, 3),
        (300, "much", {}, 360, 2),
        (10_000, "little", {}, 600, 2),
        (100, "much", {}, 0, 2),
        (2_000, "none", {}, 0, 1),
        (2_000, "little", {"n_estimators": 8}, 0, 3),
        (2_000, "little", {"max_steps": 100}, 0, 3),
        (2_000, "little", {"damping": (1.0, 1e-3)}, 0, 3),
    ],
)
def test_first_members_may_have_further_steps(
    n_samples, noise, parameters, n_further, n_trial
):
    """Where the budget is ours, rows are enough, and none are known to be exact."""
    choice = Choice("standard", "standard", "tanh", noise)
    n_members = defaults.n_estimators(n_samples, choice)
    parameters = FiveDRegressor(**parameters).get_params()
    solver = make_solver(parameters, choice, n_samples, n_members)
    assert solver.n_further_steps == n_further
    assert defaults.n_trial_members(n_members) == n_trial
