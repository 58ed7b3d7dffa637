"""`max_steps` is a budget: retries, patience and evidence included."""

from itertools import product

import numpy as np
import pytest
from estimators import small

from sklearn_5d._rows import Rows
from sklearn_5d._training.schedule import Settings
from sklearn_5d._training.spring import minimize
from sklearn_5d.datasets import make_function


@pytest.fixture(scope="module")
def noise():
    """Rows without anything to learn, which ask for every retry there is."""
    rng = np.random.default_rng(0)
    return Rows(rng.normal(size=(100, 5)), rng.normal(size=100))


@pytest.mark.parametrize("max_steps", [1, 2, 7, 30, 100])
def test_run_never_takes_more(max_steps, noise):
    train, validation = noise.take(slice(80)), noise.take(slice(80, None))
    taken = []
    for patience, damping, batch_size, rate in product(
        (1, 3, 20), ((1.0, 1e-8), (1.0, 1.0)), ("auto", 8), (0.6, 100.0)
    ):
        settings = Settings(
            (4,),
            "tanh",
            max_steps,
            damping=damping,
            batch_size=batch_size,
            patience=patience,
            learning_rate=rate,
        )
        reports = []
        result = minimize(
            train,
            validation,
            settings,
            np.random.RandomState(0),
            report=lambda stage, *scores, r=reports: r.append(stage.n_steps),
        )
        assert result.n_steps == sum(reports)
        taken.append(result.n_steps)
    assert max(taken) == max_steps


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("n_samples", [100, 600])
@pytest.mark.parametrize("patience", [1, 6])
@pytest.mark.parametrize("max_steps", [5, 20, 300])
def test_network_never_takes_more(max_steps, patience, n_samples, noise):
    """100 noisy rows ask the evidence, 600 do not; exact ones have a last stage."""
    X, y = make_function("friedman1", n_samples, noise=noise, random_state=0)
    model = small(max_steps=max_steps, patience=patience, gaussian_process=False)
    assert max(model.fit(X, y).n_steps_) <= max_steps
