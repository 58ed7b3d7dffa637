"""The step against ridge and Gauss-Newton, the run against faults put in its way."""

import numpy as np
import pytest
from networks import explicit_jacobian, random_weights
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sklearn_5d import _network
from sklearn_5d._evaluation import output
from sklearn_5d._network import Weights
from sklearn_5d._rows import Rows
from sklearn_5d._training import defaults, spring
from sklearn_5d._training.schedule import Settings, Stage
from sklearn_5d.datasets import make_function

LAYERS = (5, 6, 4, 1)
N_SAMPLES = 40


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def X(rng):
    return rng.normal(size=(N_SAMPLES, 5))


@pytest.fixture
def y(rng):
    return rng.normal(size=N_SAMPLES)


@pytest.fixture
def weights():
    return random_weights(LAYERS, seed=2)


def step(weights, X, y, *, direction=None, damping, momentum=0.0, root_weight=None):
    """The next direction, and the absolute damping in it."""
    A, f = _network.forward(weights, X, "tanh")
    D = _network.output_derivatives(weights, A, "tanh")
    if direction is None:
        direction = Weights(np.zeros_like(weights.vector), weights.layer_sizes)
    workspace = _network.gram_workspace(len(y), np.float64)
    p = spring.natural_gradient_step(
        A, D, y - f, direction, damping, momentum, root_weight, workspace
    )
    return p.vector


def mean_diagonal(J):
    return np.mean(np.sum(J**2, axis=1))


def one_step_run(weights, X, y, damping, *, learning_rate=1.0, alpha=0.0):
    """A stage of one step: the middle of the cosine is half of its learning rate."""
    stage = Stage(damping, damping, len(y), 1, np.float64, 2 * learning_rate)
    settings = Settings((), "tanh", max_steps=1, alpha=alpha)
    rng = np.random.RandomState(0)
    return spring.run_stage(weights, Rows(X, y), stage, settings, rng)


# --------------------------------------------------------------------------------------
# One step
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("damping", [1e-3, 0.1, 1.0])
def test_step_on_a_linear_network_is_ridge(X, y, damping):
    design = np.column_stack([X, np.ones(N_SAMPLES)])
    penalty = damping * mean_diagonal(design)
    ridge = Ridge(alpha=penalty, fit_intercept=False).fit(design, y)
    zeros = Weights(np.zeros(6), (5, 1))
    weights, loss = one_step_run(zeros, X, y, damping)
    assert_allclose(weights.vector, ridge.coef_, rtol=1e-10)
    assert loss == pytest.approx(0.5 * np.mean(y**2))


@pytest.mark.parametrize("damping", [1e-3, 0.1, 1.0])
def test_step_is_ridge_on_the_jacobian(weights, X, y, damping):
    J = explicit_jacobian(weights, X, "tanh")
    residual = y - output(weights, X, "tanh")
    penalty = damping * mean_diagonal(J)
    ridge = Ridge(alpha=penalty, fit_intercept=False).fit(J, residual)
    assert_allclose(step(weights, X, y, damping=damping), ridge.coef_, rtol=1e-6)


def test_undamped_step_is_gauss_newton(weights, X, y):
    """More weights than rows: the smallest change that fits every row."""
    J = explicit_jacobian(weights, X, "tanh")
    assert J.shape[0] < J.shape[1]
    residual = y - output(weights, X, "tanh")
    expected = np.linalg.lstsq(J, residual)[0]
    assert_allclose(step(weights, X, y, damping=1e-13), expected, rtol=1e-5, atol=1e-6)


def test_undamped_step_is_gauss_newton_on_many_rows(X, y):
    """More rows than weights: the least-squares change."""
    weights = random_weights((5, 2, 1))
    J = explicit_jacobian(weights, X, "tanh")
    assert J.shape[0] > J.shape[1]
    residual = y - output(weights, X, "tanh")
    expected = np.linalg.lstsq(J, residual)[0]
    assert_allclose(step(weights, X, y, damping=1e-9), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_momentum_is_that_ofspring(weights, X, y, rng, momentum):
    """p minimises |J p - r|^2 + penalty |p - momentum p_old|^2 (SPRING, eq. 20)."""
    J = explicit_jacobian(weights, X, "tanh")
    residual = y - output(weights, X, "tanh")
    old = rng.normal(size=J.shape[1])
    damping = 0.05
    root_penalty = np.sqrt(damping * mean_diagonal(J))
    expected = np.linalg.lstsq(
        np.vstack([J, root_penalty * np.eye(len(old))]),
        np.concatenate([residual, root_penalty * momentum * old]),
    )[0]
    p = step(
        weights,
        X,
        y,
        direction=Weights(old, weights.layer_sizes),
        damping=damping,
        momentum=momentum,
    )
    assert_allclose(p, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_weight_two_is_a_row_twice(weights, X, y, rng, momentum):
    sample_weight = np.where(np.arange(N_SAMPLES) < 10, 2, 1)
    twice = np.repeat(np.arange(N_SAMPLES), sample_weight)
    old = Weights(rng.normal(size=weights.vector.size), weights.layer_sizes)
    damping = 0.1
    weighted = step(
        weights,
        X,
        y,
        direction=old,
        # The mean in the damping is over 40 rows here, and over 50 below.
        damping=damping * N_SAMPLES / len(twice),
        momentum=momentum,
        root_weight=np.sqrt(sample_weight),
    )
    repeated = step(
        weights, X[twice], y[twice], direction=old, damping=damping, momentum=momentum
    )
    assert_allclose(weighted, repeated, rtol=1e-8, atol=1e-10)


def test_only_the_proportions_of_weights_count(X, y, rng):
    weight = rng.uniform(0.5, 2, size=N_SAMPLES)
    runs = [minimize(X, y, weight=c * weight, max_steps=30).weights for c in (1, 1024)]
    assert_array_equal(runs[0].vector, runs[1].vector)


def test_learning_rate_is_the_share_of_the_step(weights, X, y):
    p = step(weights, X, y, damping=0.1)
    moved, _ = one_step_run(weights, X, y, 0.1, learning_rate=0.25)
    assert_allclose(moved.vector - weights.vector, 0.25 * p, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("k", range(4))
def test_learning_rate_falls_as_a_half_cosine(weights, X, y, monkeypatch, k):
    """Taken in the middle of each step, so that the last one counts as well."""
    is_step = iter(np.arange(4) == k)

    def unit_step(*args):
        size = float(next(is_step))
        return Weights(np.full_like(weights.vector, size), weights.layer_sizes)

    monkeypatch.setattr(spring, "natural_gradient_step", unit_step)
    stage = Stage(1.0, 1.0, 10, 4, np.float64, learning_rate=0.2)
    settings = Settings((), "tanh", max_steps=4, alpha=0.0)
    rng = np.random.RandomState(0)
    moved, _ = spring.run_stage(weights, Rows(X, y), stage, settings, rng)
    rate = 0.2 * (1 + np.cos(np.pi * (2 * k + 1) / 8)) / 2
    assert_allclose(moved.vector - weights.vector, rate)


def test_weight_decay_is_decoupled_and_spares_the_biases(weights, X):
    """Where the residual is zero, nothing but the decay moves the weights."""
    y = _network.forward(weights, X, "tanh")[1]
    decayed, _ = one_step_run(weights, X, y, 0.5, learning_rate=0.2, alpha=0.1)
    for before, after in zip(weights.layers, decayed.layers, strict=True):
        factor = np.full(before.shape, np.exp(-0.2 * 0.1 * 0.5))
        factor[:, -1] = 1
        assert_allclose(after, factor * before, rtol=1e-10)


def test_loss_is_that_of_the_second_half(weights, X, y):
    """Of four batches that change nothing, the mean over the last two."""
    stage = Stage(1.0, 1.0, 10, 4, np.float64, learning_rate=0.0)
    settings = Settings((), "tanh", max_steps=4)
    rng = np.random.RandomState(0)
    _, loss = spring.run_stage(weights, Rows(X, y), stage, settings, rng)
    late = np.random.RandomState(0).permutation(N_SAMPLES)[20:]
    residual = (y - output(weights, X, "tanh"))[late]
    assert loss == pytest.approx(0.5 * np.mean(residual**2))


def test_run_leaves_its_arguments_alone(weights, X, y):
    before = weights.vector.copy(), X.copy(), y.copy()
    one_step_run(weights, X, y, 0.1)
    for old, new in zip(before, (weights.vector, X, y), strict=True):
        assert_array_equal(new, old)


@pytest.mark.parametrize(("n_samples", "batch_size"), [(12, 4), (10, 4), (4, 4)])
def test_batches_take_every_row_before_any_comes_again(n_samples, batch_size):
    per_epoch = n_samples // batch_size
    batches = list(
        spring._batches(n_samples, batch_size, 3 * per_epoch, np.random.RandomState(0))
    )
    for start in range(0, len(batches), per_epoch):
        rows = np.concatenate(batches[start : start + per_epoch])
        assert len(set(rows)) == len(rows) == per_epoch * batch_size
    assert set(np.concatenate(batches)) == set(range(n_samples))


# --------------------------------------------------------------------------------------
# The run
# --------------------------------------------------------------------------------------


def minimize(X, y, *, validation=None, weight=None, seed=0, start=None, **parameters):
    """A small run; without validation rows the training rows validate."""
    rows = Rows(X, y, weight)
    settings = {"max_steps": 100, "damping": (1.0, 1e-4), "patience": 2, "tol": 1e-4}
    report = parameters.pop("report", None)
    return spring.minimize(
        rows,
        rows if validation is None else validation,
        Settings(
            **{"hidden_layer_sizes": (12, 8), "activation": "tanh"}
            | settings
            | parameters
        ),
        np.random.RandomState(seed),
        weights=start,
        report=report,
    )


@pytest.fixture(scope="module")
def table():
    """Friedman #1 without noise, at the network's scale."""
    X, y = make_function("friedman1", 400, random_state=0)
    return (X - 0.5) * np.sqrt(12), (y - y.mean()) / y.std()


def score(weights, X, y):
    return r2_score(y, output(weights, X, "tanh"))


def test_it_learns(table):
    result = minimize(*table)
    assert result.loss_curve[0] > 2 * result.loss_curve[-1]
    assert score(result.weights, *table) > 0.995


@pytest.mark.parametrize("activation", sorted(_network.ACTIVATIONS))
def test_it_learns_with_every_activation(table, activation):
    X, y = table
    result = minimize(X, y, activation=activation)
    fitted = output(result.weights, X, activation)
    linear = Ridge(alpha=1e-9).fit(X, y).score(X, y)
    least = linear - 1e-3 if activation == "identity" else 0.97
    assert r2_score(y, fitted) > least


def test_history_has_one_entry_a_stage(table):
    reports = []

    def report(stage, result, n_done):
        reports.append((stage, result.loss_curve[-1], result.validation_scores[-1]))

    result = minimize(*table, report=report)
    stages, losses, scores = zip(*reports, strict=True)
    assert result.loss_curve == list(losses)
    assert result.validation_scores == list(scores)
    assert result.n_steps == sum(stage.n_steps for stage in stages)
    assert result.damping == stages[int(np.argmax(scores))].damping_end


def test_best_weights_are_kept(table, monkeypatch):
    """Every stage but the second spoils what it is given."""
    run_stage, good = spring.run_stage, []

    def spoiling(*args, **kwargs):
        weights, loss = run_stage(*args, **kwargs)
        good.append(weights)
        if len(good) == 2:
            return weights, loss
        return Weights(weights.vector + 1, weights.layer_sizes), loss

    monkeypatch.setattr(spring, "run_stage", spoiling)
    result = minimize(*table)
    assert_array_equal(result.weights.vector, good[1].vector)
    assert score(result.weights, *table) == pytest.approx(max(result.validation_scores))
    assert len(good) == 2 + 1  # two that gained, and one in training alone


def test_validation_rows_decide_when_to_stop(table):
    """Validation rows that are noise end the run; the training rows do not."""
    X, y = table
    noise = np.random.default_rng(0).normal(size=len(y))
    result = minimize(X, y, validation=Rows(X, noise))
    assert len(result.validation_scores) < 4 + 2
    assert result.validation_scores[-1] < max(result.validation_scores)
    assert len(minimize(X, y).validation_scores) >= 4


def test_validation_weights_count(table):
    X, y = table
    half = np.arange(len(y)) < 200
    wrong = np.where(half, y, -y)
    result = minimize(X, y, validation=Rows(X, wrong, half.astype(float)))
    expected = score(result.weights, X[half], y[half])
    assert max(result.validation_scores) == pytest.approx(expected)


def test_gain_below_the_tolerance_is_none(table):
    """The first attempt always gains; the others would have to reach the impossible."""
    result = minimize(*table, tol=1 - 1e-9, patience=2)
    assert len(result.loss_curve) == 3
    assert len(minimize(*table, tol=1e-4, patience=2).loss_curve) > 3


def test_run_goes_on_from_given_weights(table):
    first = minimize(*table)
    again = minimize(*table, start=first.weights)
    assert again.loss_curve[0] < first.loss_curve[0] / 2


def test_same_seed_same_bits(table):
    runs = [minimize(*table, seed=7) for _ in range(2)]
    assert_array_equal(runs[0].weights.vector, runs[1].weights.vector)
    other = minimize(*table, seed=8)
    assert (runs[0].weights.vector != other.weights.vector).all()


def test_r2_is_that_of_scikit_learn(rng):
    y, prediction, weight = rng.uniform(size=(3, 30))
    assert spring.r2(y, prediction, None) == pytest.approx(r2_score(y, prediction))
    assert spring.r2(y, prediction, weight) == pytest.approx(
        r2_score(y, prediction, sample_weight=weight)
    )
    assert spring.r2(np.ones(3), np.ones(3), None) == 0


# --------------------------------------------------------------------------------------
# Recovery
# --------------------------------------------------------------------------------------


def failing(function, calls, result):
    """Replace the result of the calls of these numbers, counted from zero."""
    count = iter(range(10**9))

    def wrapper(*args, **kwargs):
        value = function(*args, **kwargs)
        return result(value) if next(count) in calls else value

    return wrapper


def singular(factorisation):
    return factorisation[0], 1


def not_finite(forward):
    return forward[0], forward[1] * np.nan


FAULTS = {
    "the Cholesky factorisation failed": ("spotrf", singular),
    "the loss was not finite": ("forward", not_finite),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("calls", [{0}, {0, 1}, {45}], ids=["first", "two", "later"])
def test_fault_is_survived(table, monkeypatch, fault, calls):
    name, result = FAULTS[fault]
    stages = []
    run_stage = spring.run_stage

    def watched(weights, rows, stage, *args):
        stages.append(stage)
        return run_stage(weights, rows, stage, *args)

    monkeypatch.setattr(spring, "run_stage", watched)
    monkeypatch.setattr(spring, name, failing(getattr(spring, name), calls, result))
    run = minimize(*table)
    assert score(run.weights, *table) > 0.99
    assert len(stages) > len(run.loss_curve)
    failed, retried = stages[:2]
    if 0 in calls:
        assert retried.damping_start == pytest.approx(10 * failed.damping_start)
        assert retried.batch_size >= failed.batch_size
        assert retried.learning_rate < failed.learning_rate


def test_weights_that_overflow_at_the_last_step_are_a_breakdown(
    weights, X, y, monkeypatch
):
    infinite = Weights(np.full_like(weights.vector, np.inf), weights.layer_sizes)
    monkeypatch.setattr(spring, "natural_gradient_step", lambda *args: infinite)
    with pytest.raises(ArithmeticError, match="a weight was not finite"):
        one_step_run(weights, X, y, 0.1)


@pytest.mark.parametrize("fault", FAULTS)
def test_error_names_what_was_tried(table, monkeypatch, fault):
    name, result = FAULTS[fault]
    monkeypatch.setattr(
        spring, name, failing(getattr(spring, name), range(10**6), result)
    )
    with pytest.raises(ArithmeticError) as error:
        minimize(*table)
    message = str(error.value)
    assert f"no finite weights in {defaults.MAX_FAILURES} attempts" in message
    assert "10 times the damping" in message
    for damping in 10.0 ** np.arange(-1, 5):
        assert f"{fault} at damping {damping:.1g}" in message


def test_numbers_that_are_too_large_end_in_the_error(table):
    X, y = table
    with pytest.raises(ArithmeticError, match="the loss was not finite"):
        minimize(X, y * 1e200)


# --------------------------------------------------------------------------------------
# The last stage
# --------------------------------------------------------------------------------------


def finish(X, y, result, *, max_steps, report=None, **parameters):
    """The last stage of a small run; the training rows validate."""
    rows = Rows(X, y)
    settings = Settings((12, 8), "tanh", max_steps, damping=(1.0, 1e-8), **parameters)
    rng = np.random.RandomState(0)
    return spring.finish(result, rows, rows, settings, rng, report=report)


def test_last_stage_takes_the_steps_that_are_left(table):
    before, stages = minimize(*table), []
    after = finish(
        *table, before, max_steps=300, report=lambda stage, _: stages.append(stage)
    )
    (stage,) = stages
    assert after.n_steps == before.n_steps + stage.n_steps == 300
    assert stage.damping_start == before.damping
    assert stage.learning_rate == 0.6 * defaults.LAST_LEARNING_RATES[0]
    assert len(after.loss_curve) == len(before.loss_curve) + 1
    assert 1 - after.score < (1 - before.score) / 4
    assert score(after.weights, *table) == pytest.approx(after.score)


def test_last_stage_without_a_gain_is_taken_back(table):
    before = minimize(*table)
    after = finish(*table, before, max_steps=before.n_steps + 5, learning_rate=1e-300)
    assert_array_equal(after.weights.vector, before.weights.vector)
    assert after.validation_scores[-1] == before.score


def broken(run_stage, n_failures):
    """Let the first calls end with a loss that grew, as every large step does."""
    stages = []

    def wrapper(weights, rows, stage, settings, random_state, max_loss):
        stages.append(stage)
        if len(stages) <= n_failures:
            max_loss = 0.0
        return run_stage(weights, rows, stage, settings, random_state, max_loss)

    return wrapper, stages


def test_last_stage_that_breaks_down_is_tried_with_smaller_steps(table, monkeypatch):
    before = minimize(*table)
    wrapper, stages = broken(spring.run_stage, n_failures=1)
    monkeypatch.setattr(spring, "run_stage", wrapper)
    after = finish(*table, before, max_steps=300)
    rates = [stage.learning_rate for stage in stages]
    assert_allclose(rates, 0.6 * np.array(defaults.LAST_LEARNING_RATES))
    assert rates[1] < rates[0]
    assert after.score > before.score
    assert after.n_steps == 300


def test_last_stage_that_always_breaks_down_changes_nothing(table, monkeypatch):
    before = minimize(*table)
    wrapper, stages = broken(spring.run_stage, n_failures=10)
    monkeypatch.setattr(spring, "run_stage", wrapper)
    assert finish(*table, before, max_steps=300) is before
    assert len(stages) == len(defaults.LAST_LEARNING_RATES)


def test_a_loss_like_that_of_a_constant_is_a_breakdown(table):
    """With steps of twenty times the length every one of these runs gets there."""
    before = minimize(*table)
    assert finish(*table, before, max_steps=300, learning_rate=12.0) is before
