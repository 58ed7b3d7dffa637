"""The products with the Jacobian against a Jacobian by finite differences."""

from itertools import pairwise

import numpy as np
import pytest
from networks import explicit_jacobian, random_weights
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neural_network import MLPRegressor

from sklearn_5d import _network
from sklearn_5d._network import Weights

ACTIVATIONS = sorted(_network.ACTIVATIONS)
LAYERS = (5, 7, 6, 4, 1)
N_SAMPLES = 9


@pytest.fixture(params=ACTIVATIONS)
def activation(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def X(rng):
    return rng.normal(size=(N_SAMPLES, LAYERS[0]))


@pytest.fixture
def weights(activation):
    return random_weights(LAYERS, activation, seed=1)


@pytest.fixture
def jacobian(weights, X, activation):
    return explicit_jacobian(weights, X, activation)


@pytest.fixture
def A_and_D(weights, X, activation):
    A, _ = _network.forward(weights, X, activation)
    return A, _network.output_derivatives(weights, A, activation)


def test_gram_matrix(A_and_D, jacobian):
    workspace = _network.gram_workspace(N_SAMPLES, np.float64)
    K = _network.gram_matrix(*A_and_D, workspace)
    assert_allclose(np.tril(K), np.tril(jacobian @ jacobian.T), rtol=1e-7, atol=1e-8)


def test_gram_matrix_again_in_the_same_workspace(A_and_D):
    workspace = _network.gram_workspace(N_SAMPLES, np.float64)
    first = _network.gram_matrix(*A_and_D, workspace).copy()
    first[:] = np.tril(first)
    again = np.tril(_network.gram_matrix(*A_and_D, workspace))
    assert_array_equal(again, first)


def test_gram_matrix_float32(weights, X, activation, jacobian):
    weights = weights.astype(np.float32)
    A, _ = _network.forward(weights, X.astype(np.float32), activation)
    D = _network.output_derivatives(weights, A, activation)
    workspace = _network.gram_workspace(N_SAMPLES, np.float32)
    K = _network.gram_matrix(A, D, workspace)
    assert K.dtype == np.float32
    assert_allclose(np.tril(K), np.tril(jacobian @ jacobian.T), rtol=2e-5, atol=2e-5)


def test_jacobian_product(A_and_D, jacobian, weights, rng):
    direction = rng.normal(size=jacobian.shape[1])
    product = _network.jacobian_product(
        *A_and_D, Weights(direction, weights.layer_sizes)
    )
    assert_allclose(product, jacobian @ direction, rtol=1e-7, atol=1e-8)


def test_jacobian_transpose_product(A_and_D, jacobian, rng):
    u = rng.normal(size=N_SAMPLES)
    product = _network.jacobian_transpose_product(*A_and_D, u)
    assert_allclose(product.vector, u @ jacobian, rtol=1e-7, atol=1e-8)


def mlp(weights, activation):
    """An `MLPRegressor` that was never trained, with these weights."""
    member = MLPRegressor(activation=activation)
    member.coefs_, member.intercepts_ = weights.to_mlp()
    member.n_layers_, member.n_outputs_ = len(weights.layer_sizes), 1
    member.out_activation_, member.n_features_in_ = "identity", weights.layer_sizes[0]
    return member


def test_forward_is_that_of_mlp_regressor(weights, X, activation):
    A, f = _network.forward(weights, X, activation)
    assert [a.shape for a in A] == [(n + 1, N_SAMPLES) for n in LAYERS[:-1]]
    assert_allclose(f, mlp(weights, activation).predict(X), rtol=1e-13)


def test_forward_leaves_its_input_alone(weights, X, activation):
    before = X.copy()
    _network.forward(weights, X, activation)
    assert_array_equal(X, before)


def test_no_hidden_layer(rng, X):
    coef, intercept = rng.normal(size=(5, 1)), rng.normal(size=1)
    weights = Weights.from_mlp([coef], [intercept])
    A, f = _network.forward(weights, X, "tanh")
    D = _network.output_derivatives(weights, A, "tanh")
    assert_allclose(f, X @ coef[:, 0] + intercept, rtol=1e-13)
    K = _network.gram_matrix(A, D, _network.gram_workspace(N_SAMPLES, np.float64))
    assert_allclose(np.tril(K), np.tril(X @ X.T + 1), rtol=1e-13)
    assert_array_equal(D[0], 1)


def test_initial_weights_are_those_of_mlp_regressor(activation, X):
    """The same numbers from the same seed, so the same bounds."""
    member = MLPRegressor(
        hidden_layer_sizes=LAYERS[1:-1], activation=activation, random_state=3
    )
    # A learning rate of zero is not allowed; this one is lost in rounding.
    member.set_params(max_iter=1, learning_rate_init=1e-300, alpha=0.0, solver="sgd")
    with pytest.warns(match="Maximum iterations"):
        member.fit(X, X[:, 0])
    weights = random_weights(LAYERS, activation, seed=3)
    assert_array_equal(weights.vector, Weights.of(member).vector)


def test_initial_weights_fill_their_bounds(activation):
    layers = (5, 400, 1)
    weights = _network.initial_weights(
        layers, activation, np.float32, np.random.RandomState(0)
    )
    factor = 2 if activation == "logistic" else 6
    for layer, (fan_in, fan_out) in zip(weights.layers, pairwise(layers), strict=True):
        assert layer.dtype == np.float32
        bound = np.sqrt(factor / (fan_in + fan_out))
        assert 0.95 * bound < np.abs(layer).max() <= bound * (1 + 1e-6)


def test_layers_are_views_of_the_vector():
    weights = Weights(np.arange(22.0), (5, 3, 1))
    assert [layer.shape for layer in weights.layers] == [(3, 6), (1, 4)]
    assert_array_equal(np.concatenate([w.ravel() for w in weights.layers]), range(22))
    weights.vector += 1
    assert_array_equal(weights.layers[1], [[19, 20, 21, 22]])


def test_way_to_mlp_regressor_and_back(weights):
    coefs, intercepts = weights.to_mlp()
    assert [coef.shape for coef in coefs] == list(pairwise(LAYERS))
    assert [intercept.shape for intercept in intercepts] == [(n,) for n in LAYERS[1:]]
    assert_array_equal(Weights.from_mlp(coefs, intercepts).vector, weights.vector)
    coefs[0][:] = intercepts[0][:] = np.nan  # they are copies
    assert np.isfinite(weights.vector).all()
