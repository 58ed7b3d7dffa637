"""How fast are a prediction, beside what the machine can do, and a training step?

    pytest benchmarks/speed.py --benchmark-timer=time.process_time

prints a table for each size of a batch, with ratios to the fastest in brackets.
``MLPRegressor`` is the first network of the committee itself, on inputs that are scaled
already. "products and tanh" is the floor: what NumPy needs for the matrix products and
the hyperbolic tangents of one network.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function

LAYER_SIZES = (5, 64, 32, 16, 1)


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@cache
def fitted(n_estimators=1, precision="auto"):
    """Fit a few steps: what a model has learnt does not change its speed."""
    X, y = make_function("piston", 1_000, random_state=0)
    options = {"gaussian_process": False, "max_steps": 40, "random_state": 0}
    return FiveDRegressor(
        n_estimators=n_estimators, precision=precision, **options
    ).fit(X, y)


def mlp(X):
    model = fitted()
    Z = model.x_scaler_.transform(X)
    return lambda: model.estimators_[0].predict(Z)


def products_and_tanh(X, dtype=np.float64):
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=pair).astype(dtype) for pair in pairwise(LAYER_SIZES)]
    blocks = np.array_split(X.astype(dtype), -(-len(X) // 256))

    def evaluate():
        for block in blocks:
            for W in weights[:-1]:
                block = np.tanh(block @ W)
            block @ weights[-1]

    return evaluate


def onnxruntime(X):
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(fitted(8).to_onnx().SerializeToString(), options)
    return lambda: session.run(None, {"X": X})


CALLS = {
    "MLPRegressor": mlp,
    "products and tanh": products_and_tanh,
    "products and tanh, float32": lambda X: products_and_tanh(X, np.float32),
    "onnxruntime, 8 networks": onnxruntime,
    "1 network": lambda X: lambda: fitted().predict(X),
    "3 networks": lambda X: lambda: fitted(3).predict(X),
    "8 networks": lambda X: lambda: fitted(8).predict(X),
    "1 network, float32": lambda X: lambda: fitted(1, "float32").predict(X),
    "8 networks, float32": lambda X: lambda: fitted(8, "float32").predict(X),
    "8 networks, std": lambda X: lambda: fitted(8).predict(X, return_std=True),
    "8 networks, interval": lambda X: lambda: fitted(8).predict_interval(X),
    "8 networks, gradient": lambda X: lambda: fitted(8).predict_gradient(X),
}


@pytest.mark.parametrize("n_samples", [1, 1_000, 10_000])
@pytest.mark.parametrize("name", CALLS)
def test_predict(benchmark, name, n_samples):
    X, _ = make_function("piston", n_samples, random_state=1)
    benchmark.group = f"predict {n_samples} rows"
    benchmark(CALLS[name](X))


def natural_gradient_step(m, dtype):
    from sklearn_5d import _network
    from sklearn_5d._training import spring

    rng = np.random.RandomState(0)
    weights = _network.initial_weights(LAYER_SIZES, "tanh", dtype, rng)
    direction = _network.Weights(np.zeros_like(weights.vector), LAYER_SIZES)
    X = rng.standard_normal((m, 5)).astype(dtype)
    y = rng.standard_normal(m).astype(dtype)
    workspace = _network.gram_workspace(m, dtype)

    def step():
        A, f = _network.forward(weights, X, "tanh")
        D = _network.output_derivatives(weights, A, "tanh")
        spring.natural_gradient_step(A, D, y - f, direction, 0.1, 0.9, None, workspace)

    return step


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [96, 256, 512])
def test_step(benchmark, m, dtype):
    benchmark.group = f"step, {np.dtype(dtype).name}"
    benchmark(natural_gradient_step(m, dtype))
