"""Units and origins of the columns change nothing but the units of the answer."""

import numpy as np
import pytest
from estimators import X_NEW, everything, properties, small
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

powers = st.integers(-100, 100)
factors = st.floats(-30, 30).map(lambda x: 10**x)
offsets = st.floats(-1000, 1000)


@properties
@given(x=st.tuples(*[powers] * 5), y=powers)
def test_powers_of_two_change_no_bit(table, fitted, x, y):
    a, b = np.exp2(x), np.exp2(y)
    expected = everything(fitted(max_steps=24), X_NEW)
    model = small(max_steps=24).fit(table[0] * a, table[1] * b)
    prediction, std, interval, gradient = everything(model, X_NEW * a)
    assert_array_equal(prediction, expected[0] * b)
    assert_array_equal(std, expected[1] * b)
    assert_array_equal(interval, expected[2] * b)
    assert_array_equal(gradient, expected[3] * b / a)


@pytest.mark.parametrize(
    ("parameters", "tolerance"),
    [
        # Offsets of up to 1000 factors leave 1e-13 of the range, a number may round to
        # another float32, and short training multiplies it by less than ten.
        ({"precision": "float64", "gaussian_process": False}, 1e-9),
        ({"gaussian_process": False}, 1e-5),
        # A lesson is another training, which multiplies what the first one left.
        ({}, 1e-2),
        ({"solver": "lbfgs"}, 1e-7),
        ({"solver": "adam"}, 1e-7),
        # The exponent of a column is found by a search.
        (
            {
                "precision": "float64",
                "gaussian_process": False,
                "x_transform": "yeo-johnson",
                "y_transform": "log",
            },
            1e-4,
        ),
    ],
    ids=["float64", "float32", "taught", "lbfgs", "adam", "transformed"],
)
@properties
@given(
    a=st.tuples(*[factors] * 5),
    b=st.tuples(*[offsets] * 5),
    c=factors,
    d=offsets,
)
def test_units_and_origins_change_rounding_only(
    table, fitted, parameters, tolerance, a, b, c, d
):
    X, y = table
    a, b = np.array(a), np.array(b)
    expected = fitted(**parameters, n_estimators=1).predict(X_NEW)
    model = small(**parameters, n_estimators=1).fit(a * (X + b), c * (y + d))
    prediction = model.predict(a * (X_NEW + b)) / c - d
    assert np.abs(prediction - expected).max() < tolerance * y.std()
