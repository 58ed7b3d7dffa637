"""The conformal quantile against counting, the intervals against fresh rows."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from estimators import small
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_5d import FiveDRegressor, _uncertainty
from sklearn_5d._rows import Rows
from sklearn_5d._uncertainty import Uncertainty
from sklearn_5d.datasets import make_function

LEVELS = ["0.5", "0.8", "0.9", "0.95", "0.99"]


def rank(n_samples, level):
    """The rank in exact arithmetic: 0.9 is nine tenths here."""
    return ceil((n_samples + 1) * Fraction(level))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_samples", [1, 2, 9, 10, 19, 20, 99, 100, 199, 999, 1000])
def test_quantile_is_the_smallest_score_with_enough_scores_below(n_samples, level):
    scores = np.random.default_rng(0).exponential(size=n_samples)
    enough = rank(n_samples, level)
    if enough > n_samples:
        with pytest.raises(ValueError, match="held-out rows"):
            _uncertainty.conformal_quantile(scores, float(level))
        return
    expected = min(s for s in scores if np.sum(scores <= s) >= enough)
    assert _uncertainty.conformal_quantile(scores, float(level)) == expected


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_samples", [100, 119, 250])
def test_coverage_of_the_one_left_out_is_exact(n_samples, level):
    """Each of n + 1 exchangeable scores is equally likely to be the new one.

    So the coverage is the share of them below the quantile of the others. It is the
    level, or more by less than one score: a rank too low or too high fails.
    """
    scores = np.random.default_rng(1).exponential(size=n_samples + 1)
    covered = sum(
        score <= _uncertainty.conformal_quantile(np.delete(scores, i), float(level))
        for i, score in enumerate(scores)
    )
    coverage = Fraction(int(covered), n_samples + 1)
    assert Fraction(level) <= coverage < Fraction(level) + Fraction(1, n_samples + 1)


@pytest.mark.parametrize(("n_samples", "level"), [(9, 0.9), (19, 0.9), (19, 0.8)])
def test_coverage_of_few_rows_by_simulation(n_samples, level):
    """(n + 1) * level is whole here, so the coverage is the level itself.

    Its standard error is below 0.003; one rank off is off by 0.05 or more.
    """
    rng = np.random.default_rng(2)
    n_draws = 20_000
    scores = rng.exponential(size=(n_draws, n_samples + 1))
    covered = [
        row[-1] <= _uncertainty.conformal_quantile(row[:-1], level) for row in scores
    ]
    assert np.mean(covered) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("level", LEVELS)
def test_required_rows_are_just_enough(level):
    n_samples = _uncertainty.required_rows(float(level))
    assert rank(n_samples, level) <= n_samples
    assert rank(n_samples - 1, level) > n_samples - 1
    _uncertainty.conformal_quantile(np.ones(n_samples), float(level))


def test_error_names_the_rows_that_it_takes():
    message = r"confidence_level=0\.95 needs at least 19 held-out rows, got 18\."
    with pytest.raises(ValueError, match=message):
        _uncertainty.conformal_quantile(np.ones(18), 0.95)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n_groups", [3, 40, 99, 100])
def test_quantile_of_groups_is_that_of_one_row_of_each(n_groups, level):
    """Where the rows of a group are all one, and the largest where groups are few."""
    single = np.random.default_rng(0).exponential(size=n_groups)
    scores = np.repeat(single, 7)
    quantile = _uncertainty.conformal_quantile(scores, float(level), None, n_groups)
    if rank(n_groups, level) > n_groups:
        assert quantile == single.max()
    else:
        assert quantile == _uncertainty.conformal_quantile(single, float(level))


def test_quantile_does_not_depend_on_the_order_of_the_scores():
    """Enough orders that a partition at the next rank would be noticed."""
    rng = np.random.default_rng(3)
    scores = rng.exponential(size=1000)
    expected = np.sort(scores)[900]
    for _ in range(500):
        assert _uncertainty.conformal_quantile(rng.permutation(scores), 0.9) == expected


def test_quantile_leaves_the_scores_alone():
    scores = np.array([3.0, 1.0, 2.0])
    assert _uncertainty.conformal_quantile(scores, 0.5) == 2
    assert list(scores) == [3, 1, 2]


# --------------------------------------------------------------------------------------
# The intervals of the estimator
# --------------------------------------------------------------------------------------

SD = 1.0


@pytest.fixture(scope="module")
def model():
    X, y = make_function("friedman1", 600, noise=SD, random_state=0)
    return FiveDRegressor(n_estimators=6, max_steps=200, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def fresh():
    return make_function("friedman1", 4000, noise=SD, random_state=1)


def coverage(model, X, y, level):
    lower, upper = model.predict_interval(X, level).T
    return np.mean((lower <= y) & (y <= upper))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_coverage_of_fresh_rows(model, fresh, level):
    """600 scores leave a standard error of 0.02 at 0.5, and of 0.012 at 0.9."""
    assert coverage(model, *fresh, level) == pytest.approx(level, abs=0.05)


def test_width_is_about_that_of_the_noise(model, fresh):
    lower, upper = model.predict_interval(fresh[0], 0.9).T
    noise_width = 2 * 1.645 * SD
    assert 0.9 < np.mean(upper - lower) / noise_width < 1.25


def test_coverage_of_few_rows():
    """The mean over several tables, so that the luck of one does not count."""
    coverages = []
    for seed in range(5):
        X, y = make_function("friedman1", 60, noise=SD, random_state=seed)
        few = FiveDRegressor((8,), n_estimators=6, max_steps=100, random_state=seed)
        X_new, y_new = make_function("friedman1", 1000, noise=SD, random_state=seed + 9)
        coverages.append(coverage(few.fit(X, y), X_new, y_new, 0.9))
    assert 0.85 < np.mean(coverages) < 0.97


def test_intervals_hold_the_prediction_and_nest(model, fresh):
    X = fresh[0][:50]
    prediction = model.predict(X)
    narrow, wide = (model.predict_interval(X, level) for level in (0.5, 0.95))
    assert (wide[:, 0] < narrow[:, 0]).all()
    assert (narrow[:, 0] < prediction).all()
    assert (prediction < narrow[:, 1]).all()
    assert (narrow[:, 1] < wide[:, 1]).all()


def test_intervals_calibrate_on_the_rows_of_the_user(fresh):
    """The validation rows are noisier than those that train, and they count."""
    X, y = make_function("friedman1", 300, noise=0.1, random_state=0)
    X_val, y_val = make_function("friedman1", 300, noise=2.0, random_state=2)
    model = FiveDRegressor((16, 8), n_estimators=2, max_steps=80, random_state=0)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    X_new, y_new = make_function("friedman1", 2000, noise=2.0, random_state=3)
    assert coverage(model, X_new, y_new, 0.9) == pytest.approx(0.9, abs=0.06)


def test_it_widens_outside_the_range(model):
    rows = 0.5 + np.linspace(0, 3, 7)[:, None] * np.eye(5)[0]
    outside = model.is_extrapolation(rows)
    assert list(outside) == [False, *[True] * 6]  # 0.5, 1.0, 1.5, ... times the range
    width = np.ptp(model.predict_interval(rows), axis=1)
    std = model.predict(rows, return_std=True)[1]
    assert (np.diff(width[outside]) > 0).all()
    assert (np.diff(std[outside]) > 0).all()
    assert width[outside].min() > width[0]
    # 2.5 ranges outside the residual scale alone counts 3.5 times.
    assert width[-1] > 3 * width[0]


def test_std_is_never_zero(model, fresh):
    std = model.predict(fresh[0], return_std=True)[1]
    assert std.shape == (4000,)
    assert (std > 0.5 * model.residual_scale_).all()
    assert model.residual_scale_ == pytest.approx(SD, rel=0.25)


def test_std_of_a_single_network(fresh):
    X, y = make_function("friedman1", 300, noise=SD, random_state=0)
    model = FiveDRegressor((16, 8), n_estimators=1, max_steps=80, random_state=0)
    std = model.fit(X, y).predict(fresh[0], return_std=True)[1]
    assert (std > 0.5 * SD).all()


@pytest.mark.parametrize("level", [0, 1, -0.1, 90, "0.9", None, np.nan])
def test_level_that_is_none(model, level):
    with pytest.raises(ValueError, match="expected a number between 0 and 1"):
        model.predict_interval(np.zeros((1, 5)), level)


def test_too_few_rows_for_the_level():
    X, y = make_function("friedman1", 12, random_state=0)
    model = FiveDRegressor((4,), max_steps=10, random_state=0).fit(X, y)
    assert model.predict_interval(X, 0.9).shape == (12, 2)
    with pytest.raises(ValueError, match="at least 99 held-out rows, got 12"):
        model.predict_interval(X, 0.99)


def test_no_rows_to_calibrate_with():
    X, y = make_function("friedman1", 60, random_state=0)
    model = FiveDRegressor((4,), solver="adam", n_estimators=1, max_iter=3).fit(X, y)
    for uncertain in (
        lambda: model.predict_interval(X),
        lambda: model.predict(X, return_std=True),
    ):
        with pytest.raises(ValueError, match="Fit with X_val and y_val"):
            uncertain()


def test_bounds_of_a_straightened_target_stay_in_its_range():
    X, y = make_function("feynman_iii_14_14", 300, random_state=0)
    assert (y > 0).all()
    model = small(y_transform="log").fit(X, y)
    prediction = model.predict(X)
    lower, upper = model.predict_interval(X, 0.95).T
    offset = model.y_scaler_[0].mean_[0]
    assert (lower > offset).all()
    assert (upper - prediction > prediction - lower).all()


def test_std_below_the_smallest_target_is_that_of_the_smallest(monkeypatch):
    """There the logarithm has lost its slope."""
    X, y = make_function("feynman_iii_14_14", 300, random_state=0)
    model = small(y_transform="log").fit(X, y)
    lowest = model._model.target.transform(y).min()
    known = np.array([-30.0, lowest, lowest + 1]), np.ones(3)
    monkeypatch.setattr(Uncertainty, "mean_and_scale", lambda *args: known)
    std = model.predict(X[:3], return_std=True)[1]
    assert std[0] == pytest.approx(std[1])
    assert std[1] < std[2]


@pytest.fixture(scope="module")
def heteroscedastic():
    """Noise that grows tenfold along the fourth input."""

    def make(n_samples, seed):
        X, y = make_function("friedman1", n_samples, random_state=seed)
        sd = 0.2 * 10 ** X[:, 3]
        return X, y + sd * np.random.default_rng(seed).normal(size=n_samples), sd

    X, y, _ = make(1500, 0)
    return FiveDRegressor(n_estimators=4, random_state=0).fit(X, y), make(4000, 1)


def test_intervals_open_where_the_noise_does(heteroscedastic):
    model, (X, y, sd) = heteroscedastic
    assert model.noise_ == "heteroscedastic"
    lower, upper = model.predict_interval(X).T
    covered = (lower <= y) & (y <= upper)
    for fifth in np.array_split(np.argsort(sd), 5):
        assert 0.84 < covered[fifth].mean() < 0.96
    assert np.mean(upper - lower) < 1.15 * np.mean(2 * 1.645 * sd)
    _, std = model.predict(X, return_std=True)
    assert np.corrcoef(np.log(std), np.log(sd))[0, 1] > 0.95


def test_quantiles_are_those_of_new_rows(heteroscedastic):
    model, (X, y, _) = heteroscedastic
    probabilities = [0.1, 0.5, 0.9]
    quantiles = model.predict_quantiles(X, probabilities)
    assert quantiles.shape == (4000, 3)
    for column, probability in zip(quantiles.T, probabilities, strict=True):
        assert np.mean(y <= column) == pytest.approx(probability, abs=0.03)
    assert_array_equal(model.predict_quantiles(X, 0.5), quantiles[:, 1])


def test_noise_of_one_size_is_found_constant():
    X, y = make_function("friedman1", 600, noise=1.0, random_state=0)
    assert FiveDRegressor(n_estimators=4, random_state=0).fit(X, y).noise_ == "constant"


def test_several_levels_are_single_ones(heteroscedastic):
    model, (X, _, _) = heteroscedastic
    levels = [0.5, 0.9]
    bounds = model.predict_interval(X, levels)
    assert bounds.shape == (4000, 2, 2)
    for k, level in enumerate(levels):
        assert_array_equal(bounds[..., k], model.predict_interval(X, level))


def test_intervals_are_those_of_the_mean_and_not_of_a_member():
    """Without noise the mean of six is much better: those of a member hold 97 %."""
    X, y = make_function("friedman1", 500, random_state=0)
    model = FiveDRegressor(n_estimators=6, max_steps=400, random_state=0)
    model.set_params(gaussian_process=False).fit(X, y)  # a teacher makes them alike
    X_new, y_new = make_function("friedman1", 3000, random_state=1)
    size = np.quantile(np.abs(y - model.oof_prediction_), 0.9)
    assert np.mean(np.abs(y_new - model.predict(X_new)) < size) > 0.96
    assert 0.87 < coverage(model, X_new, y_new, 0.9) < 0.96


def test_members_may_differ_where_there_are_no_rows():
    """Forty states, each on a line of its own: beside the lines nothing is known."""
    rng = np.random.RandomState(2)
    state = np.repeat(np.arange(40), 30)
    start, direction = rng.rand(40, 5), 0.2 * rng.randn(40, 5)
    level, year = rng.randn(40)[state], rng.rand(1200)
    X = start[state] + year[:, None] * direction[state]
    y = level * (1 + 0.3 * year) + 0.02 * rng.randn(1200)
    rows = rng.permutation(1200)
    train, new = rows[:600], rows[600:]
    model = FiveDRegressor(n_estimators=6, max_steps=200, random_state=0)
    model.fit(X[train], y[train])
    assert 0.85 < coverage(model, X[new], y[new], 0.9) < 0.95


def test_residuals_of_a_bad_member_are_brought_to_the_size_of_all(table):
    """Its weight tells their size, and the prediction has little of it."""
    X, y = table
    fitted = small(n_estimators=2).fit(X, y)
    model = fitted._model.with_members(fitted.estimators_, np.array([0.8, 0.2]))
    holder = np.arange(len(y)) % 2
    prediction = model.target.transform(y) - np.where(holder == 0, 0.1, -0.2)
    uncertainty = _uncertainty.Uncertainty.of_fit(
        model, Rows(X, y), prediction, holder, None, 0
    )
    sizes = np.abs(uncertainty.residual)
    assert_allclose(sizes, sizes[0])
    # The root mean square of both, by their weights, or less as the mean has less.
    assert sizes[0] <= np.sqrt(0.8 * 0.1**2 + 0.2 * 0.2**2) + 1e-12


def test_members_that_agree_are_no_better_together(table):
    """Their residuals count as they are, those of members that differ count less."""
    X, y = table
    fitted = small(n_estimators=3, random_state=0).fit(X, y)
    rows, model = Rows(X, y), fitted._model
    prediction = model.target.transform(fitted.oof_prediction_)
    holder = np.argmin(np.abs(model.outputs(X) - prediction), axis=0)
    raw = model.target.transform(y) - prediction
    for members, share in ((model.members, 0.98), ([model.members[0]] * 3, 1)):
        each = _uncertainty.Uncertainty.of_fit(
            model.with_members(members), rows, prediction, holder, None, 0
        )
        ratio = each.residual / raw
        assert np.ptp(ratio) < 1e-12
        assert 3**-0.5 - 1e-12 <= ratio[0] <= share + 1e-12
    assert ratio[0] == 1
