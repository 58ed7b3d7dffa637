"""Prediction in blocks: the numbers of the plain networks, whatever the batch."""

import pickle
import tracemalloc

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor

from sklearn_5d import FiveDRegressor, _evaluation, _network
from sklearn_5d.datasets import make_function


def networks(members):
    return [_network.Weights.of(member) for member in members]


def weights(members):
    """Weights that differ."""
    return np.arange(1, len(members) + 1) / np.arange(1, len(members) + 1).sum()


def mean_and_gradient(members, Z, activation):
    return _evaluation.mean_and_gradient(
        networks(members), weights(members), Z, activation
    )


ACTIVATIONS = ["identity", "logistic", "relu", "tanh"]
METHODS = ["predict", "predict_interval", "predict_gradient", "is_extrapolation"]
# One row, a few, a block and its neighbours, several blocks.
SIZES = [1, 2, 9, 255, 256, 257, 1300]


def make_members(activation="tanh", hidden=(64, 32, 16), n_members=3, scale=1.0):
    """Networks that were never trained."""
    members = []
    for k in range(n_members):
        weights = _network.initial_weights(
            (5, *hidden, 1), activation, np.float64, np.random.RandomState(k)
        )
        member = MLPRegressor(activation=activation)
        weights.vector *= scale
        member.coefs_, member.intercepts_ = weights.to_mlp()
        member.n_layers_, member.n_outputs_ = len(weights.layer_sizes), 1
        member.out_activation_, member.n_features_in_ = "identity", 5
        members.append(member)
    return members


def differences(members, Z, step=1e-6):
    """Central differences of the mean output."""
    gradient = np.empty_like(Z)
    for j, e in enumerate(step * np.eye(Z.shape[1])):
        up, down = (
            weights(members) @ [member.predict(Z + s * e) for member in members]
            for s in (1, -1)
        )
        gradient[:, j] = (up - down) / (2 * step)
    return gradient


@pytest.fixture(scope="module")
def Z():
    return np.random.default_rng(0).normal(size=(1300, 5))


@pytest.fixture(scope="module")
def table():
    return make_function("friedman1", 200, noise=0.1, random_state=0)


@pytest.fixture(scope="module")
def model(table):
    return FiveDRegressor((16, 8), n_estimators=3, max_steps=60, random_state=0).fit(
        *table
    )


# --------------------------------------------------------------------------------------
# The committee
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("hidden", [(64, 32, 16), (7,), ()])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_and_gradient_are_those_of_the_networks(
    activation, hidden, n_members, Z
):
    members = make_members(activation, hidden, n_members)
    outputs = _evaluation.network_outputs(networks(members), Z, activation)
    expected = np.stack([member.predict(Z) for member in members])
    assert_allclose(outputs, expected, rtol=1e-11, atol=1e-13)
    mean, gradient = mean_and_gradient(members, Z, activation)
    assert_allclose(mean, weights(members) @ expected, rtol=1e-11, atol=1e-13)
    # A difference may step across a kink of relu.
    n_kinks = 0.01 * Z.size if activation == "relu" else 0
    assert np.sum(np.abs(gradient - differences(members, Z)) > 1e-7) <= n_kinks


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32_rounds_and_no_more(activation, Z):
    members = make_members(activation)
    exact = _evaluation.network_outputs(networks(members), Z, activation)
    rounded = _evaluation.network_outputs(
        networks(members), Z.astype(np.float32), activation
    )
    assert rounded.dtype == np.float64
    assert 0 < np.abs(rounded - exact).max() < 2e-6 * exact.std()
    _, exact = mean_and_gradient(members, Z, activation)
    _, rounded = mean_and_gradient(members, Z.astype(np.float32), activation)
    assert np.sqrt(np.mean((rounded - exact) ** 2)) < 2e-6 * np.sqrt(np.mean(exact**2))


@pytest.mark.parametrize("n_samples", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_is_the_same_in_any_batch(dtype, n_samples, Z):
    members, Z = make_members(scale=2.0), Z.astype(dtype)
    # Not every BLAS sums a column in the same order in a narrow product and a wide one.
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    outputs = _evaluation.network_outputs(networks(members), Z, "tanh")
    _, gradient = mean_and_gradient(members, Z, "tanh")
    for rows in (slice(n_samples), slice(len(Z) - n_samples, None)):
        few = _evaluation.network_outputs(networks(members), Z[rows], "tanh")
        assert_allclose(few, outputs[:, rows], rtol=rtol, atol=rtol)
        _, few = mean_and_gradient(members, Z[rows], "tanh")
        assert_allclose(few, gradient[rows], rtol=rtol, atol=rtol)


@pytest.mark.parametrize("hidden", [(3,), ()])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_leverage_is_that_of_the_last_layer_in_any_batch(activation, hidden, Z):
    members = make_members(activation, hidden)
    moments = _evaluation.last_layer_moments(networks(members), Z, activation)
    assert moments.shape == (len(members), *[len(members[0].coefs_[-1]) + 1] * 2)
    whitening = np.linalg.inv(np.linalg.cholesky(moments))
    many, few = (
        _evaluation.outputs_and_leverage(networks(members), X, activation, whitening)[1]
        for X in (Z, Z[:10])
    )
    # The trace of the moments times their inverse.
    assert_allclose(many.mean(axis=1), moments.shape[-1])
    assert_allclose(few, many[:, :10])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_far_out_is_no_number_too_large(activation, dtype):
    members = make_members(activation)
    Z = np.array([[1e30, -1e30, 0.0, 1.0, 1e30]], dtype)
    outputs = _evaluation.network_outputs(networks(members), Z, activation)
    assert np.isfinite(outputs).all()
    expected = np.stack([member.predict(Z.astype(float)) for member in members])
    assert_allclose(outputs, expected, rtol=1e-4)
    assert np.isfinite(mean_and_gradient(members, Z, activation)[1]).all()


def test_neither_rows_nor_weights_are_changed(Z):
    members, before = make_members(), Z.copy()
    weights = pickle.dumps(members)
    _evaluation.network_outputs(networks(members), Z, "tanh")
    mean_and_gradient(members, Z, "tanh")
    assert_array_equal(Z, before)
    assert pickle.dumps(members) == weights


@pytest.mark.parametrize("hidden", [(64, 32), (64, 32, 1), (64, 1, 16)])
def test_members_of_several_shapes_are_an_error(hidden, Z):
    members = make_members() + make_members(hidden=hidden)
    with pytest.raises(ValueError, match=r"shape|shorter"):
        _evaluation.network_outputs(networks(members), Z, "tanh")


# --------------------------------------------------------------------------------------
# Chunks and threads
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_networks", [2, 3, 8])
@pytest.mark.parametrize("learnt", [1.0, 0.1])
def test_variance_share_is_that_of_errors_of_their_own(n_networks, learnt):
    """Errors that all have in common stay; learning makes both smaller."""
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=40_000), rng.normal(size=(n_networks, 40_000))
    residual = learnt * (2 * common + own)
    weights = np.full(residual.shape, 1 / n_networks)
    share = _evaluation.variance_share(residual, weights, np.ones(40_000))
    assert_allclose(share, _evaluation.VARIANCE_ON_OTHERS * 1 / 5, rtol=0.04)


def test_variance_share_counts_the_networks_that_have_learnt_a_row():
    """A single one tells nothing; without any residual there is no share."""
    residual = np.array([[1.0, 2.0], [-1.0, 0.0], [9.0, 9.0]])
    weights = np.array([[0.5, 1.0], [0.5, 0.0], [0.0, 0.0]])
    share = _evaluation.variance_share(residual, weights, np.ones(2))
    assert share == 2 * _evaluation.VARIANCE_ON_OTHERS
    assert _evaluation.variance_share(0 * residual, weights, np.ones(2)) == 0


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_map_rows_takes_each_row_once(n_jobs, monkeypatch):
    monkeypatch.setattr(_evaluation, "CHUNK_ROWS", 100)
    X = np.arange(1050.0).reshape(210, 5)
    sizes = []

    def columns(X):
        sizes.append(len(X))
        return X[:, 0], -X[:, 4]

    result = _evaluation.map_rows(columns, X, 2, n_jobs)
    assert_array_equal(result, np.column_stack([X[:, 0], -X[:, 4]]))
    assert result.flags.c_contiguous
    assert sorted(sizes) == [10, 100, 100]


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_for_any_number_of_threads(method, model, monkeypatch):
    monkeypatch.setattr(_evaluation, "CHUNK_ROWS", 128)
    X, _ = make_function("friedman1", 1000, random_state=1)
    expected = getattr(model, method)(X)
    for n_jobs in (2, -1):
        other = clone(model)
        vars(other).update(vars(model))
        other.set_params(n_jobs=n_jobs)
        assert_array_equal(getattr(other, method)(X), expected)
    # The threads share what they write to, whatever the backend asked for.
    with parallel_config(backend="loky", n_jobs=2):
        assert_array_equal(getattr(model, method)(X), expected)


def test_chunks_change_nothing(model, monkeypatch):
    X, _ = make_function("friedman1", 700, random_state=1)
    expected = [getattr(model, method)(X) for method in METHODS]
    std = model.predict(X, return_std=True)
    monkeypatch.setattr(_evaluation, "CHUNK_ROWS", 64)
    for method, values in zip(METHODS, expected, strict=True):
        assert_allclose(getattr(model, method)(X), values, rtol=1e-11, atol=1e-12)
    assert_allclose(model.predict(X, return_std=True), std, rtol=1e-11)
    assert_array_equal(std[0], expected[0])


# --------------------------------------------------------------------------------------
# The estimator
# --------------------------------------------------------------------------------------


@pytest.mark.parametrize("x_transform", ["standard", "yeo-johnson"])
@pytest.mark.parametrize("y_transform", ["standard", "log", "arcsinh"])
def test_precision_of_single_precision(table, x_transform, y_transform):
    X, y = table
    model = FiveDRegressor(
        x_transform=x_transform,
        y_transform=y_transform,
        n_estimators=1,
        max_steps=40,
        random_state=0,
    ).fit(X, y)
    exact, gradient = model.predict(X), model.predict_gradient(X)
    model.set_params(precision="float32")
    error = np.abs(model.predict(X) - exact)
    assert 0 < error.max() < 1e-5 * y.std()
    error = np.abs(model.predict_gradient(X) - gradient)
    assert 0 < error.max() < 1e-4 * np.abs(gradient).max()


def test_inputs_are_centred_before_they_are_rounded(table):
    X, y = table
    X = X + 1e9
    model = FiveDRegressor((8,), n_estimators=1, max_steps=20, random_state=0)
    exact = model.fit(X, y).predict(X)
    rounded = model.set_params(precision="float32").predict(X)
    assert_allclose(rounded, exact, rtol=0, atol=1e-5 * y.std())


@pytest.mark.parametrize("method", METHODS)
def test_single_precision_rows_are_the_same_numbers(method, model, table):
    X = table[0].astype(np.float32)
    values, expected = (getattr(model, method)(rows) for rows in (X, X.astype(float)))
    assert_array_equal(values, expected)
    assert values.dtype == expected.dtype


def test_predict_sees_the_networks_as_they_are(model, table):
    """Nothing that was prepared for one prediction is left for the next."""
    X, _ = table
    other = pickle.loads(pickle.dumps(model))
    before = pickle.dumps(other)
    expected = other.predict(X)
    other.predict(X, return_std=True)
    other.predict_interval(X)
    other.predict_gradient(X)
    assert pickle.dumps(other) == before
    for member in other.estimators_:
        member.intercepts_[-1] += 1
    assert_allclose(other.predict(X), expected + other.y_scaler_.scale_, rtol=1e-12)


def peak_mib(function):
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1] / 2**20, result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["float64", "float32", "memmap"])
def test_memory_of_a_prediction_is_that_of_its_result(kind, model, tmp_path):
    X = np.random.default_rng(0).random((300_000, 5))  # 11 MiB
    if kind != "float64":
        X = X.astype(np.float32)
    if kind == "memmap":
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    for method in METHODS:
        peak, result = peak_mib(lambda method=method: getattr(model, method)(X))
        # A boolean comes from a number.
        assert peak < max(result.nbytes, 8 * len(X)) / 2**20 + 6


@pytest.mark.parametrize("kind", ["float64", "float32", "memmap"])
def test_memory_of_a_fit_is_four_times_the_data(kind, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.random((200_000, 5))
    y = np.round(np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2], 3)  # with repetitions
    if kind != "float64":
        X = X.astype(np.float32)
    if kind == "memmap":
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = FiveDRegressor((8,), max_steps=10, random_state=0)
    model.fit(X[:1_000], y[:1_000])  # what is imported on the way stays
    peak, _ = peak_mib(lambda: model.fit(X, y))
    # The calibration takes 10,000 rows of any table: what is left of its regressions
    # until the next collection of garbage is a constant.
    assert peak < 4 * X.size * 8 / 2**20 + 8
    assert type(model.data_min_) is np.ndarray
    assert model.predict(X[:10]).dtype == np.float64
