"""Weight decay shrinks, and absurd settings are a fit or an error that names them."""

from itertools import pairwise

import numpy as np
import pytest
from estimators import small


@pytest.mark.parametrize("gaussian_process", [False, "auto"])
def test_alpha_shrinks_towards_the_mean(gaussian_process, table):
    X, y = table
    sizes = []
    for alpha in (0.0, 5.0, 10.0, 1e3, 1e6):
        model = small(
            alpha=alpha, gaussian_process=gaussian_process, max_steps=200
        ).fit(X, y)
        sizes.append(np.std(model.predict(X)) / y.std())
    assert sizes[0] > 0.9
    assert all(after < before + 0.01 for before, after in pairwise(sizes))
    assert sizes[-1] < 0.05


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_absurd_alpha_is_a_fit_or_names_it(solver, table):
    model = small(solver, alpha=1e6)
    try:
        model.fit(*table)
    except (ArithmeticError, ValueError) as error:
        message = str(error)
    else:
        message = "alpha"
        assert np.isfinite(model.predict(table[0])).all()
    assert "alpha" in message
