"""How fast does a fitted model predict, beside the same networks elsewhere?

One thread, CPU time, everything in turns: a ratio is taken within a turn, and its
median is reported. ``MLPRegressor`` is the first network of the committee itself, on
inputs that are scaled already; the pipeline scales them. onnxruntime has that network
in single precision, and the whole model, scaling included, in double precision.
Rows in "float32" set ``precision="float32"``. Last comes the floor: what NumPy needs
for the matrix products and the hyperbolic tangents of one network alone, in a block
that stays in the cache.

Run it with ``python benchmarks/predict.py``. onnxruntime is left out where it is not
installed.
"""

import time
from itertools import pairwise

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function

BATCH_SIZES = (1, 100, 1_000, 10_000, 100_000)
LAYER_SIZES = (5, 64, 32, 16, 1)
REPETITIONS = 11
# Calls are repeated up to so many rows, and so many times.
MIN_ROWS, MAX_CALLS = 10_000, 20
BLOCK_ROWS = 256


def onnx_sessions(model):
    """Load the first network in float32 and the whole model in float64.

    Parameters
    ----------
    model : FiveDRegressor
        The fitted estimator.

    Returns
    -------
    tuple of two InferenceSession, or None
        The sessions, on one thread; None without onnxruntime.
    """
    try:
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return None
    member = model.estimators_[0]
    nodes, constants, name = [], [], "X"
    layers = list(zip(member.coefs_, member.intercepts_, strict=True))
    for i, (coef, intercept) in enumerate(layers):
        for kind, array in (("W", coef), ("b", intercept)):
            array = numpy_helper.from_array(array.astype(np.float32), f"{kind}{i}")
            constants.append(array)
        nodes.append(helper.make_node("Gemm", [name, f"W{i}", f"b{i}"], [f"z{i}"]))
        name = f"z{i}"
        if i + 1 < len(layers):
            nodes.append(helper.make_node("Tanh", [name], [f"a{i}"]))
            name = f"a{i}"
    rows = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 5])
    result = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 1])
    network = helper.make_model(
        helper.make_graph(nodes, "network", [rows], [result], constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return tuple(
        onnxruntime.InferenceSession(graph.SerializeToString(), options)
        for graph in (network, model.to_onnx())
    )


def with_members(model, n_estimators, precision="auto"):
    """Take some of the networks of a fitted committee for a model of their own."""
    other = clone(model).set_params(precision=precision)
    vars(other).update({k: v for k, v in vars(model).items() if k != "precision"})
    other.estimators_ = model.estimators_[:n_estimators]
    return other


def calls(model, sessions, X):
    """Bind what is timed.

    Parameters
    ----------
    model : FiveDRegressor
        A committee of eight.
    sessions : tuple of two InferenceSession, or None
        What `onnx_sessions` returns.
    X : ndarray of shape (n_samples, 5)
        The batch.

    Returns
    -------
    dict of str to callable
        The calls by name, `MLPRegressor` first.
    """
    member = model.estimators_[0]
    Z = model.x_scaler_.transform(X)
    pipeline = make_pipeline(model.x_scaler_, member)
    named = {
        "MLPRegressor": lambda: member.predict(Z),
        "scaled MLPRegressor": lambda: pipeline.predict(X),
    }
    for precision in ("auto", "float32"):
        suffix = ", float32" if precision == "float32" else ""
        for n_estimators in (1, 3, 8):
            each = with_members(model, n_estimators, precision)
            named[f"{n_estimators} networks{suffix}"] = lambda m=each: m.predict(X)
        one = with_members(model, 1, precision)
        named[f"1 networks, gradient{suffix}"] = lambda m=one: m.predict_gradient(X)
    named["8 networks, gradient"] = lambda: model.predict_gradient(X)
    named["8 networks, std"] = lambda: model.predict(X, return_std=True)
    named["8 networks, interval"] = lambda: model.predict_interval(X)
    if sessions is not None:
        network, whole = sessions
        Z32 = Z.astype(np.float32)
        named["onnxruntime, 1, float32"] = lambda: network.run(None, {"X": Z32})
        named["onnxruntime, 8, float64"] = lambda: whole.run(None, {"X": X})
    return named


def time_calls(named, n_samples):
    """Time the calls in turns.

    Parameters
    ----------
    named : dict of str to callable
        What to time.
    n_samples : int
        Rows in a batch.

    Returns
    -------
    ndarray of shape (n_repetitions, n_calls)
        Nanoseconds a row.
    """
    n_calls = max(1, min(MIN_ROWS // n_samples, MAX_CALLS))
    times = np.empty((REPETITIONS, len(named)))
    for row in times:
        for k, call in enumerate(named.values()):
            start = time.process_time_ns()
            for _ in range(n_calls):
                call()
            row[k] = (time.process_time_ns() - start) / n_calls / n_samples
    return times[1:]


def floor_ns(dtype):
    """Time the operations of one network that no implementation in NumPy avoids.

    Parameters
    ----------
    dtype : dtype
        The type of the numbers.

    Returns
    -------
    dict of str to float
        Nanoseconds a row by operation.
    """
    rng = np.random.default_rng(0)
    result = {}
    for i, o in pairwise(LAYER_SIZES):
        W = rng.normal(size=(o, i)).astype(dtype)
        A = rng.normal(size=(i, BLOCK_ROWS)).astype(dtype)
        out = np.empty((o, BLOCK_ROWS), dtype)
        result[f"{i} x {o}"] = lambda W=W, A=A, out=out: np.matmul(W, A, out=out)
    z = rng.normal(size=(sum(LAYER_SIZES[1:-1]), BLOCK_ROWS)).astype(dtype)
    out = np.empty_like(z)
    result["tanh"] = lambda: np.tanh(z, out=out)

    def by_exp():
        np.exp(z, out=out)
        np.add(out, 1, out=out)
        np.divide(1, out, out=out)

    result["1 / (1 + exp)"] = by_exp
    medians = np.median(time_calls(result, BLOCK_ROWS), axis=0)
    return dict(zip(result, medians, strict=True))


def main():
    """Print the tables."""
    X, y = make_function("piston", 3_000, random_state=0)
    model = FiveDRegressor(n_estimators=8, max_steps=60, random_state=0).fit(X, y)
    sessions = onnx_sessions(model)
    with threadpool_limits(1):
        for n_samples in BATCH_SIZES:
            X, _ = make_function("piston", n_samples, random_state=1)
            named = calls(model, sessions, X)
            times = time_calls(named, n_samples)
            ratios = np.median(times / times[:, :1], axis=0)
            print(f"\n{n_samples} rows{'ns a row':>26}   / MLPRegressor")
            for name, ns, ratio in zip(
                named, np.median(times, axis=0), ratios, strict=True
            ):
                print(f"  {name:26} {ns:8.0f} {ratio:8.2f}")
        for dtype in (np.float64, np.float32):
            print(f"\nFloor of one network, {np.dtype(dtype).name}, ns a row")
            for name, ns in floor_ns(dtype).items():
                print(f"  {name:26} {ns:8.0f}")


if __name__ == "__main__":
    main()
