"""`max_steps` is a budget."""

import pytest
from estimators import small

from sklearn_5d.datasets import make_function


@pytest.mark.parametrize("patience", [1, 6])
@pytest.mark.parametrize("max_steps", [5, 20, 300])
def test_max_steps_is_a_budget(patience, max_steps):
    X, y = make_function("friedman1", 500, noise=1.0, random_state=0)
    model = small(max_steps=max_steps, patience=patience, gaussian_process=False)
    assert max(model.fit(X, y).n_steps_) <= max_steps
