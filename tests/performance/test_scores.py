"""Scores of a distribution, where they are known."""

import numpy as np
import pytest
import scores
from fakes import MeanRegressor
from scipy.stats import norm


class Normal(MeanRegressor):
    """The true distribution of a standard normal target."""

    def predict(self, X, return_std=False):
        mean = np.zeros(len(X))
        return (mean, mean + 1) if return_std else mean


@pytest.fixture(scope="module")
def normal_scores():
    y = np.random.default_rng(0).standard_normal(200_000)
    quantiles, normal = scores.predictive_distribution(Normal(), y[:, None])
    return [
        scores.distribution_scores(y, quantiles, each, 1.0) for each in (normal, None)
    ]


def test_crps_is_that_of_the_normal_distribution(normal_scores):
    # Gneiting and Raftery (2007): 1 / sqrt(pi) on average. Ten quantiles see little of
    # the tails.
    assert normal_scores[0]["crps"] == pytest.approx(1 / np.sqrt(np.pi), rel=0.02)


def test_log_likelihood_is_the_entropy(normal_scores):
    entropy = 0.5 * np.log(2 * np.pi * np.e)
    of_normal, of_quantiles = (each["nll"] for each in normal_scores)
    assert of_normal == pytest.approx(entropy, rel=0.01)
    # Ten quantiles say less than the distribution.
    assert entropy < of_quantiles < 1.05 * entropy


def test_exact_intervals_cover_what_they_promise(normal_scores):
    for level in scores.LEVELS:
        covered = normal_scores[0][f"coverage_{100 * level:.0f}"]
        assert covered == pytest.approx(level, abs=0.005)
    assert normal_scores[0]["interval_width_90"] == pytest.approx(2 * norm.ppf(0.95))


def test_fifths_go_from_the_narrowest_to_the_widest():
    rng = np.random.default_rng(0)
    width = rng.uniform(0.5, 2, 50_000)
    quantiles = np.outer(width, norm.ppf(scores.QUANTILES))
    found = scores.distribution_scores(
        rng.standard_normal(50_000), quantiles, None, 1.0
    )
    fifths = [found[f"coverage_90_fifth_{k}"] for k in range(1, 6)]
    assert fifths == sorted(fifths)
    assert fifths[0] < 0.75 < 0.99 < fifths[-1]


def test_density_of_quantiles_integrates_to_one():
    y = np.linspace(-30, 30, 600_001)
    quantiles = norm.ppf(scores.QUANTILES)[None].repeat(len(y), axis=0)
    density = scores.quantile_density(y, quantiles)
    assert density.sum() * (y[1] - y[0]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ["predict_quantiles", "predict_interval"])
def test_distribution_is_asked_for_where_it_is(kind):
    class Model(MeanRegressor):
        pass

    def predict_quantiles(self, X, quantiles):
        return np.tile(norm.ppf(quantiles), (len(X), 1))

    def predict_interval(self, X, confidence_level):
        return np.tile(norm.interval(confidence_level), (len(X), 1))

    setattr(Model, kind, locals()[kind])
    quantiles, normal = scores.predictive_distribution(Model(), np.zeros((3, 5)))
    assert normal is None
    np.testing.assert_allclose(quantiles[1], norm.ppf(scores.QUANTILES))


def test_without_a_distribution_there_is_none():
    assert scores.predictive_distribution(MeanRegressor(), None) == (None, None)
