"""What the residuals say of their scale: nothing more than is there."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context

from sklearn_5d._noise import fit_noise_scale

N = 600


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def known(rng):
    """Inputs, prediction and leverage."""
    Z = rng.normal(size=(N, 5))
    return Z, np.tanh(Z[:, 0]), rng.uniform(0.01, 0.1, N)


def kind_of(*known):
    noise, _ = fit_noise_scale(*known)
    return noise.kind


def test_scale_of_an_input_is_found(known, rng):
    Z, mean, leverage = known
    scale = np.exp(np.tanh(Z[:, 1]))
    noise, _ = fit_noise_scale(Z, mean, leverage, scale * rng.normal(size=N), None)
    assert noise.kind == "heteroscedastic"
    found = noise.predict(Z, mean, leverage)
    assert np.corrcoef(np.log(found), np.log(scale))[0, 1] > 0.9


def test_scale_of_the_leverage_is_found(known, rng):
    Z, mean, leverage = known
    residual = leverage * rng.normal(size=N)
    noise, _ = fit_noise_scale(Z, mean, leverage, residual, None)
    assert noise.kind == "leverage"
    assert noise.slope == pytest.approx(1, abs=0.3)


def test_residuals_of_one_size_have_a_constant_scale(known, rng):
    noise, _ = fit_noise_scale(*known, rng.normal(size=N), None)
    assert noise.kind == "constant"
    assert_array_equal(noise.predict(*known), 1)


def test_what_a_group_shares_is_not_taken_for_structure(rng):
    """Sixty groups of ten alike, each with an error of its own."""
    groups = np.repeat(np.arange(60), 10)
    Z, error = rng.normal(size=(60, 5))[groups], rng.standard_t(3, size=60)[groups]
    known = Z, Z[:, 0], np.ones(N)
    assert kind_of(*known, error, None) != "constant"
    labels = rng.permutation(100)[groups]  # as they are where some are held out
    assert kind_of(*known, error, None, labels) == "constant"


@pytest.mark.parametrize("routing", [False, True])
def test_weights_count(routing, known, rng):
    """Of two kinds of rows, those without weight have another noise."""
    residual, counts = rng.normal(size=N), np.arange(N) % 2 + 1e-9
    residual[::2] *= np.exp(3 * np.tanh(known[0][::2, 1]))
    with config_context(enable_metadata_routing=routing):
        assert kind_of(*known, residual, counts) == "constant"
        assert kind_of(*known, residual, np.ones(N)) != "constant"


def test_scale_of_a_row_has_not_seen_its_residual(known, rng):
    """One row far off changes the scale of the others, and not its own."""
    residual = np.exp(np.tanh(known[0][:, 1])) * rng.normal(size=N)
    _, before = fit_noise_scale(*known, residual, None)
    typical = np.abs(residual).mean()
    residual[7] *= 50
    _, after = fit_noise_scale(*known, residual, None)
    change = after * np.abs(residual).mean() / typical / before
    assert change[7] == pytest.approx(1, abs=0.002)
    assert np.abs(change - 1).max() > 0.05
