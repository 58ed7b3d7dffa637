"""Arrays and frames of any kind, type and layout are the same numbers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from estimators import N_ROWS, small
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.preprocessing import StandardScaler

NAMES = ["x1", "x2", "x3", "x4", "x5"]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_feature_names(table, fresh, frame):
    X, y = table
    plain = small().fit(X, y)
    named = frame(dict(zip(NAMES, X.T, strict=True)))
    if not hasattr(StandardScaler().fit(named), "feature_names_in_"):
        pytest.skip("this scikit-learn does not read the names of this frame")
    fresh_frame = frame(dict(zip(NAMES, fresh[0].T, strict=True)))
    model = small().fit(named, y)
    assert list(model.feature_names_in_) == NAMES
    for method in ("predict", "predict_interval", "predict_gradient"):
        assert_array_equal(
            getattr(model, method)(fresh_frame), getattr(plain, method)(fresh[0])
        )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(fresh_frame[NAMES[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(fresh[0])


@pytest.mark.parametrize("series", [list, pd.Series, pl.Series, np.asarray])
def test_target_of_any_kind(table, fresh, series):
    X, y = table
    model = small().fit(X, series(y.tolist()))
    assert_array_equal(model.predict(fresh[0]), small().fit(X, y).predict(fresh[0]))


def test_column_as_a_target(table, fresh):
    """It fits, with the warning that scikit-learn's checks demand."""
    X, y = table
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = small().fit(X, y[:, None])
    assert_array_equal(model.predict(fresh[0]), small().fit(X, y).predict(fresh[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_types_are_the_same_numbers(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, size=(80, 5))
    y = X.sum(axis=1)
    expected = small().fit(X.astype(float), y.astype(float)).predict(X.astype(float))
    model = small().fit(X.astype(dtype), y.astype(dtype))
    assert_array_equal(model.predict(X.astype(dtype)), expected)


def test_arguments_are_left_alone(table, solver_kind):
    X, y = (a.copy() for a in table)
    weight = np.linspace(0, 1, len(y))
    before = X.copy(), y.copy(), weight.copy()
    model = small(solver_kind, x_transform="yeo-johnson", y_transform="log")
    model.fit(X, y, weight).predict_gradient(X)
    for old, new in zip(before, (X, y, weight), strict=True):
        assert_array_equal(new, old)


FRAME_TYPES = ["Float64", "float64[pyarrow]", "object", "float32"]


@pytest.mark.parametrize("dtype", FRAME_TYPES)
def test_frames_of_other_types(table, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    X, y = table
    if dtype == "float32":
        X, y = (a.astype(np.float32).astype(float) for a in table)
    frame = pd.DataFrame(X, columns=list("abcde")).astype(dtype)
    model = small().fit(frame, pd.Series(y, dtype=dtype))
    # Inputs of single precision are predicted in single precision.
    rtol = 1e-4 if dtype == "float32" else 0
    assert_allclose(model.predict(frame), small().fit(X, y).predict(X), rtol=rtol)


@pytest.mark.parametrize("dtype", FRAME_TYPES)
def test_missing_values(table, dtype):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame, y = pd.DataFrame(table[0]).astype(dtype), pd.Series(table[1], dtype=dtype)
    holes = frame.copy()
    holes.iloc[3, 2] = None
    model = small(max_steps=8).fit(frame, y)
    for bad in (
        lambda: model.fit(holes, y),
        lambda: model.partial_fit(holes, y),
        lambda: model.predict(holes),
        lambda: model.fit(frame, y, X_val=holes, y_val=y),
    ):
        with pytest.raises(ValueError, match="Input X contains NaN"):
            bad()
    holes = y.copy()
    holes.iloc[3] = None
    for bad in (
        lambda: model.fit(frame, holes),
        lambda: model.partial_fit(frame, holes),
        lambda: model.fit(frame, y, X_val=frame, y_val=holes),
    ):
        with pytest.raises(ValueError, match="contains NaN"):
            bad()


def test_layouts(table):
    """Read-only, strided, reversed, big-endian and unaligned arrays, and lists."""
    X, y = table
    expected = small().fit(X, y).predict(X)
    read_only = X.copy(), y.copy()
    for array in read_only:
        array.setflags(write=False)
    wide = np.zeros((2 * N_ROWS, 10))
    wide[::2, ::2] = X
    unaligned = np.frombuffer(b" " + X.tobytes(), np.uint8)[1:].view(float)
    for other_X, other_y in (
        read_only,
        (wide[::2, ::2], np.repeat(y, 2)[::2]),
        (X[::-1, ::-1].copy()[::-1, ::-1], y[::-1].copy()[::-1]),
        (X.astype(">f8"), y.astype(">f8")),
        (unaligned.reshape(X.shape), y),
        (np.asfortranarray(X), y),
        (X.tolist(), y.tolist()),
        (X.astype(object), y.astype(object)),
        (X.astype(str), y.astype(str)),
    ):
        assert_array_equal(small().fit(other_X, other_y).predict(other_X), expected)


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array]
)
def test_sparse_arrays(table, container):
    X, y = table
    model = small(max_steps=8).fit(X, y)
    for bad in (
        lambda: model.fit(container(X), y),
        lambda: model.predict(container(X)),
        lambda: model.partial_fit(container(X), y),
    ):
        with pytest.raises(TypeError, match=r"Use '\.toarray\(\)'"):
            bad()
    with pytest.raises(TypeError, match="y is sparse"):
        model.fit(X, container(y[:, None]))
