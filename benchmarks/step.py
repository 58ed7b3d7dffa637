"""How far is one step of the natural gradient from what the machine can do?

Counts the floating-point operations of a step, times it, and compares the rate with
that of a square matrix product of the same type, both on one thread and in turns. A
symmetric product counts half of a full one, because BLAS computes one triangle.

Run it with ``python benchmarks/step.py``.
"""

import time
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from sklearn_5d._network import (
    forward,
    gram_workspace,
    initial_weights,
    output_derivatives,
)
from sklearn_5d._spring import natural_gradient_step

LAYER_SIZES = (5, 64, 32, 16, 1)
REPETITIONS = 15


def count_flops(m, layer_sizes=LAYER_SIZES):
    """Count the operations of a step on m rows, elementwise functions left out.

    Parameters
    ----------
    m : int
        Rows of the batch.
    layer_sizes : sequence of int, default=(5, 64, 32, 16, 1)
        Inputs, hidden widths, output.

    Returns
    -------
    dict of str to float
        The operations by part.
    """
    pairs = list(pairwise(layer_sizes))
    products = sum(2 * m * i * o for i, o in pairs)
    # One triangle of A A^T and of D D^T of each layer; D is one in the last.
    widths = sum(i + o for i, o in pairs) - layer_sizes[-1]
    return {
        "forward": products,
        "backward": products - 2 * m * pairs[0][0] * pairs[0][1],
        "Gram matrix": m * m * widths + 3 * m * m * (len(pairs) - 1),
        "Cholesky and solve": m**3 / 3 + 2 * m * m,
        "J p and J^T u": 2 * products,
    }


def median_time_s(functions):
    """Time functions in turns and return the median of each.

    Parameters
    ----------
    functions : list of callable
        What to time.

    Returns
    -------
    ndarray of shape (n_functions,)
        Seconds a call.
    """
    times = np.empty((REPETITIONS, len(functions)))
    for row in times:
        for k, function in enumerate(functions):
            start = time.perf_counter()
            for _ in range(20):
                function()
            row[k] = (time.perf_counter() - start) / 20
    return np.median(times[1:], axis=0)


def measure(m, dtype):
    """Measure the rate of a step and of a matrix product.

    Parameters
    ----------
    m : int
        Rows of the batch.
    dtype : dtype
        Type of the numbers.

    Returns
    -------
    tuple of three floats
        Seconds a step, Gflop/s of the step, Gflop/s of the product.
    """
    rng = np.random.RandomState(0)
    weights = initial_weights(LAYER_SIZES, "tanh", dtype, rng)
    direction = weights.map(np.zeros_like)
    X = rng.standard_normal((m, 5)).astype(dtype)
    y = rng.standard_normal(m).astype(dtype)
    workspace = gram_workspace(m, dtype)
    square = rng.standard_normal((1024, 1024)).astype(dtype)
    out = np.empty_like(square)

    def step():
        A, f = forward(weights, X, "tanh")
        D = output_derivatives(weights, A, "tanh")
        natural_gradient_step(A, D, y - f, direction, 0.1, 0.9, None, workspace)

    def product():
        np.matmul(square, square, out=out)

    step_s, product_s = median_time_s([step, product])
    return (
        step_s,
        sum(count_flops(m).values()) / step_s / 1e9,
        2 * 1024**3 / product_s / 1e9,
    )


def main():
    """Print the table."""
    print(" rows     type      step  Gflop/s  product  share")
    with threadpool_limits(1):
        for dtype in (np.float32, np.float64):
            for m in (96, 256, 512):
                step_s, rate, peak = measure(m, dtype)
                print(
                    f"{m:5d} {np.dtype(dtype).name:>8} {1e3 * step_s:6.2f} ms"
                    f" {rate:8.1f} {peak:8.1f} {rate / peak:6.0%}"
                )


if __name__ == "__main__":
    main()
