"""Inputs as piecewise-linear codes: where the knots are, and when they are chosen."""

import numpy as np
import pytest
from estimators import everything, member_predictions, single, small
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import root_mean_squared_error

from sklearn_5d import FiveDRegressor, _regressor, _scaling
from sklearn_5d._training import defaults
from sklearn_5d.datasets import make_function

N_ROWS = 300
N_FRESH = 200


@pytest.fixture(params=_scaling.ENCODINGS)
def encoding(request):
    return request.param


def make_jumps(n_rows, seed):
    """A plane with a jump along each of two inputs."""
    X = np.random.default_rng(seed).uniform(-1, 1, size=(n_rows, 5))
    return X, X.sum(axis=1) + height(X)


def height(X):
    """The two jumps alone."""
    return 2.0 * (X[:, 0] > 0.2) - 3.0 * (X[:, 1] > -0.3)


def make_jump(n_rows, seed):
    """A slope along an input, and a jump along another."""
    X = np.random.default_rng(seed).uniform(-1, 1, size=(n_rows, 5))
    return X, np.where(X[:, 0] > 0.2, 1, 0) + 0.3 * X[:, 1]


@pytest.fixture(scope="module")
def jumps():
    return make_jumps(N_ROWS, 0)


def fit_scaler(X, y, encoding):
    return _scaling.fit_input_scaler(X, y, encoding)


def inputs_of(scaler):
    """The input of each code."""
    return scaler[1].kw_args["indices"]


def knots_of(scaler, k):
    """The knots of an input, in its own units."""
    standard, _, widths, _ = (step for _, step in scaler.steps)
    is_input = inputs_of(scaler) == k
    start, width = widths.mean_[is_input], widths.scale_[is_input]
    knots = np.append(start, start[-1] + width[-1])
    return knots * standard.scale_[k] + standard.mean_[k]


def codes_of(scaler, X, k):
    return scaler.transform(X)[:, inputs_of(scaler) == k]


# --------------------------------------------------------------------------------------
# The codes
# --------------------------------------------------------------------------------------


def test_function_of_the_codes_is_linear_between_the_knots(jumps, encoding):
    """With the differences of the values at the knots for coefficients."""
    X, y = jumps
    scaler = fit_scaler(X, y, encoding)
    fresh, _ = make_jumps(N_FRESH, 1)
    fresh = fresh.clip(X.min(axis=0), X.max(axis=0))
    for k in range(5):
        knots = knots_of(scaler, k)
        values = np.random.default_rng(k).normal(size=len(knots))
        piecewise = values[0] + codes_of(scaler, fresh, k) @ np.diff(values)
        assert_allclose(piecewise, np.interp(fresh[:, k], knots, values), atol=1e-8)


def test_inputs_can_be_read_from_the_codes(jumps, encoding):
    """Outside the range as well: the first and the last code go on."""
    X, y = jumps
    scaler = fit_scaler(X, y, encoding)
    far = 3 * X
    for k in range(5):
        knots = knots_of(scaler, k)
        back = knots[0] + codes_of(scaler, far, k) @ np.diff(knots)
        assert_allclose(back, far[:, k], atol=1e-10)


def test_codes_between_the_ends_stay_within_0_and_1(jumps):
    X, y = jumps
    scaler = fit_scaler(X, y, "piecewise-linear")
    far = 3 * X
    for k in range(5):
        codes = codes_of(scaler, far, k)
        assert codes[:, 1:-1].min() == 0
        assert codes[:, 1:-1].max() == 1
        assert codes[:, 0].min() < -1
        assert codes[:, 0].max() == 1
        assert codes[:, -1].min() == 0
        assert codes[:, -1].max() > 2


@pytest.mark.parametrize("k", range(5))
@pytest.mark.parametrize("jump", [-0.6, 0.2])
def test_step_lies_between_two_neighbouring_values(jumps, encoding, k, jump):
    X, _ = jumps
    knots = knots_of(fit_scaler(X, np.sign(X[:, k] - jump), encoding), k)
    values = np.sort(X[:, k])
    after = np.searchsorted(values, jump)
    for value in values[after - 1 : after + 1]:
        assert np.abs(knots - value).min() < 1e-12


def test_steps_leave_an_input_that_has_none_alone():
    """One code from its smallest to its largest value."""
    X = np.random.default_rng(0).uniform(size=(N_ROWS, 5))
    scaler = fit_scaler(X, np.floor(4 * X[:, 1]), "steps")
    for k in (0, 2, 3, 4):
        expected = [X[:, k].min(), X[:, k].max()]
        assert_allclose(knots_of(scaler, k), expected)
    assert len(knots_of(scaler, 1)) == 2 + 2 * 3


def test_bins_have_equal_numbers_of_rows():
    """Where the target has no steps there are no other knots."""
    X = np.random.default_rng(0).lognormal(size=(400, 5))
    scaler = fit_scaler(X, np.ones(400), "piecewise-linear")
    for k in range(5):
        knots = knots_of(scaler, k)
        assert len(knots) == 33
        counts, _ = np.histogram(X[:, k], bins=knots)
        assert counts.min() >= 12
        assert counts.max() <= 13


def test_few_rows_have_few_bins():
    X = np.random.default_rng(0).uniform(size=(50, 5))
    scaler = fit_scaler(X, np.ones(50), "piecewise-linear")
    assert len(knots_of(scaler, 0)) - 1 == 50 // 8


def test_constant_and_two_valued_inputs(encoding):
    X, y = make_jumps(N_ROWS, 0)
    X[:, 2] = 7
    X[:, 3] = np.where(X[:, 3] > 0, 5.0, -1.0)
    scaler = fit_scaler(X, y, encoding)
    assert_array_equal(codes_of(scaler, X, 2), np.zeros((N_ROWS, 1)))
    two = codes_of(scaler, X, 3)
    assert_allclose(two, (X[:, [3]] > 0).astype(float), atol=1e-12)


def test_values_of_a_count_are_its_knots():
    """Each of them may have a target of its own."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(N_ROWS, 5))
    X[:, 0] = rng.choice([0.0, 1, 2, 3, 10], size=N_ROWS)
    scaler = fit_scaler(X, X[:, 1], "piecewise-linear")
    assert_allclose(knots_of(scaler, 0), [0, 1, 2, 3, 10], atol=1e-12)


def test_knots_that_rounding_would_make_one_are_one(encoding):
    """A step between values that are almost the same has one knot, not two."""
    X, y = make_jumps(N_ROWS, 0)
    X[:, 0] = np.where(X[:, 0] > 0.2, 1e-13, 0) + np.round(X[:, 0])
    scaler = fit_scaler(X, y, encoding)
    for k in range(5):
        assert np.diff(knots_of(scaler, k)).min() > 1e-10


def test_units_and_order_of_rows_change_nothing(jumps, encoding):
    X, _ = jumps
    y = height(X)
    Z = fit_scaler(X, y, encoding).transform(X)
    units, origins = np.array([1e-6, 1, 3e4, 0.2, 7]), np.array([0, 1, 8, -2, 0])
    other = units * (X + origins)
    other_Z = fit_scaler(other, 1000 * y - 5, encoding).transform(other)
    assert_allclose(other_Z, Z, atol=1e-8)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = fit_scaler(X[order], y[order], encoding)
    assert_allclose(shuffled.transform(X), Z, atol=1e-8)


@pytest.mark.parametrize("offset", [1e9, -1e9])
def test_small_spread_far_from_zero(jumps, encoding, offset):
    """Binary fractions, which the offset does not round."""
    X, _ = jumps
    y = height(X)
    X = np.round(X * 2**20) / 2**20
    Z = fit_scaler(X, y, encoding).transform(X)
    far = fit_scaler(X + offset, y, encoding).transform(X + offset)
    assert_allclose(far, Z, atol=1e-2)  # 1e-7 of rounding, in a code 1e-4 wide


def test_weight_two_is_a_row_twice(jumps):
    X, y = jumps
    weight = np.where(X[:, 0] > 0, 2, 1)
    twice = np.repeat(np.arange(N_ROWS), weight)
    weighted = _scaling.fit_input_scaler(X, y, "steps", weight)
    repeated = fit_scaler(X[twice], y[twice], "steps")
    assert_allclose(weighted.transform(X), repeated.transform(X), atol=1e-8)
    plain = fit_scaler(X, y, "steps")
    assert len(inputs_of(plain)) != len(inputs_of(weighted)) or not np.allclose(
        weighted.transform(X), plain.transform(X)
    )


# --------------------------------------------------------------------------------------
# Lazy codes and their slopes
# --------------------------------------------------------------------------------------


def test_lazy_codes_are_those_of_scikit_learn(jumps, encoding):
    X, y = jumps
    scaler = fit_scaler(X, y, encoding)
    codes = _scaling.InputScaling(scaler).transform(2 * X)
    expected = scaler.transform(2 * X)
    assert codes.shape == expected.shape
    assert len(codes) == len(expected)
    assert_allclose(np.asarray(codes), expected, rtol=1e-12, atol=1e-12)
    assert_allclose(codes.astype(np.float32), expected, rtol=1e-5, atol=1e-6)


def test_rows_are_encoded_when_they_are_asked_for(jumps):
    """What is kept are the inputs, of which rows are a view."""
    X, y = jumps
    codes = _scaling.InputScaling(fit_scaler(X, y, "piecewise-linear")).transform(X)
    assert codes.X.shape == X.shape
    assert codes.shape[1] > 20 * X.shape[1]
    some = codes[10:20]
    assert np.shares_memory(some.X, codes.X)
    assert_array_equal(np.asarray(some), np.asarray(codes)[10:20])
    few = np.array([7, 3, 200])
    assert_array_equal(np.asarray(codes[few]), np.asarray(codes)[few])
    single_precision = codes.astype(np.float32)
    assert np.asarray(single_precision).dtype == np.float32
    assert np.asarray(codes, np.float32).dtype == np.float32
    assert single_precision.X is codes.X


def test_tangents_are_the_derivatives_of_the_codes(jumps, encoding):
    X, y = jumps
    scaling = _scaling.InputScaling(fit_scaler(X, y, encoding))
    Z = scaling.before_encoding(make_jumps(N_FRESH, 1)[0])
    tangents = scaling.encoded(Z).tangents()
    size = 1e-7
    for k in range(5):
        moved = Z.copy()
        moved[:, k] += size
        difference = np.asarray(scaling.encoded(moved)) - scaling.encoded(Z)
        is_between = np.abs(difference / size - tangents[k].T) < 1e-4
        assert is_between.mean() > 0.99  # a knot may be on the way
        assert np.abs(tangents[k]).max() > 0


def test_gradient_is_a_one_sided_difference(jumps, encoding):
    X, y = jumps
    model = single(x_transform=encoding, activation="tanh", max_steps=20).fit(X, y)
    fresh, _ = make_jumps(N_FRESH, 1)
    gradient = model.predict_gradient(fresh)
    size = 1e-7
    for k in range(5):
        moved = fresh.copy()
        moved[:, k] += size
        difference = (model.predict(moved) - model.predict(fresh)) / size
        is_close = np.isclose(gradient[:, k], difference, rtol=1e-4, atol=1e-5)
        assert is_close.mean() > 0.99


# --------------------------------------------------------------------------------------
# The estimator
# --------------------------------------------------------------------------------------


def test_a_table_with_a_jump_is_encoded(monkeypatch):
    # A shorter race says the same of it.
    monkeypatch.setattr(defaults, "MAX_ENCODED_RACE_STEPS", 150)
    X, y = make_jump(500, 0)
    fresh, truth = make_jump(1000, 1)
    free, plain = (
        single(x_transform=x_transform).fit(X, y)
        for x_transform in ("auto", "standard")
    )
    assert free.x_transform_ in _scaling.ENCODINGS
    errors = [
        root_mean_squared_error(truth, model.predict(fresh)) for model in (free, plain)
    ]
    assert errors[0] < errors[1] / 2


def test_a_smooth_table_is_not_encoded():
    X, y = make_function("friedman1", 600, random_state=0)
    model = single(hidden_layer_sizes=(16,)).fit(X, y)
    assert (model.x_transform_, model.activation_) == ("standard", "tanh")


@pytest.mark.parametrize(
    ("parameters", "activation"),
    [
        ({"x_transform": "standard"}, "tanh"),
        ({"x_transform": "steps"}, "tanh"),
        ({"x_transform": "piecewise-linear"}, "relu"),
        ({"x_transform": "piecewise-linear", "activation": "logistic"}, "logistic"),
        ({"x_transform": "steps", "activation": "relu"}, "relu"),
    ],
)
def test_what_is_set_by_hand_stays(jumps, parameters, activation, solver):
    model = single(solver=solver, **parameters).fit(*jumps)
    assert model.x_transform_ == parameters["x_transform"]
    assert model.activation_ == activation
    assert model.estimators_[0].activation == activation


def test_a_process_never_encodes():
    """Its covariance is that of plain inputs."""
    X, y = make_jump(500, 0)
    for is_taught in (True, np.True_):
        model = single(max_steps=20, gaussian_process=is_taught).fit(X, y)
        assert model.x_transform_ == "standard"


def test_a_process_with_encoded_inputs_is_an_error(jumps, encoding, monkeypatch):
    """It says so at once, unless the solver has no process."""
    taught = {"gaussian_process": True, "x_transform": encoding}
    model = small(max_steps=8, x_transform=encoding, warm_start=True).fit(*jumps)
    small("adam", **taught).fit(*jumps)
    monkeypatch.setattr(_regressor, "validate_rows", None)
    message = rf"Got gaussian_process=True and x_transform='{encoding}', expected"
    for wrong in (
        small(**taught),
        model.set_params(**taught | {"x_transform": "auto"}),
    ):
        with pytest.raises(ValueError, match=message):
            wrong.fit(*jumps)


def test_scaler_and_networks_alone_predict_the_same(jumps, encoding):
    X, y = jumps
    model = small(x_transform=encoding).fit(X, y)
    fresh, _ = make_jumps(N_FRESH, 1)
    alone = model.estimator_weights_ @ member_predictions(model, fresh)
    assert_allclose(model.predict(fresh), alone, rtol=1e-9, atol=1e-9)


def test_single_precision_is_close(jumps, encoding):
    X, y = jumps
    model = single(x_transform=encoding).fit(X, y)
    fresh, _ = make_jumps(N_FRESH, 1)
    exact = model.predict(fresh)
    error = np.abs(model.set_params(precision="float32").predict(fresh) - exact)
    assert 0 < error.max() < 1e-4 * y.std()


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_other_solvers_learn_codes(jumps, encoding, solver):
    X, y = jumps
    model = single(solver=solver, x_transform=encoding).fit(X, y)
    assert model.score(X, y) > 0.8


def test_grades_and_counts(encoding):
    """Discrete inputs, whose rows come again, and a discrete target."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, size=(N_ROWS, 5)).astype(float)
    y = 2.0 * (X[:, 0] > 1) + X[:, 1]
    model = small(x_transform=encoding).fit(X, y)
    for said in everything(model, X):
        assert np.isfinite(said).all()
    assert model.score(X, y) > 0.9


def test_warm_start_keeps_the_scaler(jumps, encoding):
    X, y = jumps
    model = single(x_transform=encoding, warm_start=True, max_steps=10).fit(X, y)
    scaler, before = model.x_scaler_, model.score(X, y)
    model.set_params(max_steps=60).fit(X, y)
    assert model.x_scaler_ is scaler
    assert model.score(X, y) > before


def test_a_stream_is_encoded_as_its_first_rows_are(encoding):
    model = single(x_transform=encoding)
    for seed in range(4):
        model.partial_fit(*make_jumps(150, seed))
        if seed == 0:
            knots = knots_of(model.x_scaler_, 0)
    assert model.x_transform_ == encoding
    assert_array_equal(knots_of(model.x_scaler_, 0), knots)
    assert model.score(*make_jumps(N_FRESH, 9)) > 0.8


def test_unknown_transformation_is_told(jumps):
    with pytest.raises(ValueError, match="piecewise-linear"):
        FiveDRegressor(x_transform="splines").fit(*jumps)
