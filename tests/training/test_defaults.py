"""What the defaults give to which table."""

import pytest

from sklearn_5d import FiveDRegressor
from sklearn_5d._training import defaults
from sklearn_5d._training.selection import Choice
from sklearn_5d._training.solver import has_open_budget, make_solver


def budget(n_samples, noise, x_transform="standard", **parameters):
    """Return number of networks, their steps, first damping and batch size."""
    choice = Choice.of(x_transform, "standard", "auto")._replace(noise=noise)
    parameters = FiveDRegressor(**parameters).get_params()
    is_open = has_open_budget(parameters)
    n_members = defaults.n_estimators(n_samples, choice, is_open)
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
        (1_000, "none", (4, 702, 1.0, "auto")),
        (10_000, "none", (4, 2_500, 1.0, "auto")),
        (100_000, "none", (4, 5_596, 1.0, "auto")),
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
    ("n_samples", "noise", "parameters", "n_first", "n_members", "n_further"),
    [
        (2_000, "little", {}, 3, 8, 900),
        (300, "much", {}, 2, 6, 360),
        (10_000, "little", {}, 2, 4, 600),
        (100, "much", {}, 6, 6, 0),
        (400, "none", {}, 2, 2, 0),
        (2_000, "none", {}, 2, 4, 0),
        (2_000, "none", {"max_steps": 100}, 2, 2, 0),
        (5_000, "none", {}, 1, 4, 0),
        (5_000, "none", {"max_steps": 100}, 1, 1, 0),
        (2_000, "little", {"n_estimators": 8}, 8, 8, 0),
        (2_000, "little", {"max_steps": 100}, 8, 8, 0),
        (2_000, "little", {"damping": (1.0, 1e-3)}, 8, 8, 0),
    ],
)
def test_first_members_may_be_enough(
    n_samples, noise, parameters, n_first, n_members, n_further
):
    """Where the budget is ours and rows are enough."""
    choice = Choice("standard", "standard", "tanh", noise)
    parameters = FiveDRegressor(**parameters).get_params()
    found = defaults.n_estimators(n_samples, choice, has_open_budget(parameters))
    solver = make_solver(parameters, choice, n_samples, found)
    assert (solver.n_first, found, solver.n_further_steps) == (
        n_first,
        n_members,
        n_further,
    )


def test_others_are_trained_for_noise():
    """The first one was for none, and found it."""
    parameters = FiveDRegressor().get_params()
    solvers = [
        make_solver(parameters, Choice("standard", "standard", "tanh", noise), 5_000, 4)
        for noise in ("none", "little")
    ]
    assert solvers[0].others.settings == solvers[1].settings
    assert solvers[1].others is None
