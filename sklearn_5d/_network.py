"""Pure functions on the weights of a network with one output.

A network is `coefs`, the list of weight matrices (width of layer l, width of layer
l + 1), and `intercepts`, the list of bias vectors: the layout of `MLPRegressor`. The
output f(X) is linear in the last layer. With the layer inputs A[l], A[0] = X, and the
derivatives D[l] = df/dz[l] of the output by the pre-activations, row i of the Jacobian
of f by the weights of layer l is the outer product of A[l][i] and D[l][i]. So every
product with the Jacobian is a few matrix products, and the Jacobian is never formed.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dsyrk, ssyrk
from scipy.special import expit


class Weights(NamedTuple):
    """Weights of a network, or a direction in the space of its weights."""

    coefs: list
    intercepts: list

    @classmethod
    def of(cls, member):
        """Take those of a fitted `MLPRegressor`, without a copy."""
        return cls(member.coefs_, member.intercepts_)

    def map(self, function, *others):
        """Apply `function` array by array, together with those of `others`."""
        coefs = zip(self.coefs, *(o.coefs for o in others), strict=True)
        intercepts = zip(self.intercepts, *(o.intercepts for o in others), strict=True)
        return Weights(
            [function(*arrays) for arrays in coefs],
            [function(*arrays) for arrays in intercepts],
        )

    def astype(self, dtype):
        """Return a copy in `dtype`."""
        return self.map(lambda w: w.astype(dtype))

    def is_finite(self):
        """Tell whether every weight is a finite number."""
        return all(np.isfinite(w).all() for w in (*self.coefs, *self.intercepts))


def _tanh(z):
    return np.tanh(z, out=z)


def _logistic(z):
    return expit(z, out=z)


def _relu(z):
    return np.maximum(z, 0, out=z)


def _identity(z):
    return z


# The function, in place, and its derivative as a function of its value.
ACTIVATIONS = {
    "tanh": (_tanh, lambda a: 1 - a * a),
    "logistic": (_logistic, lambda a: a * (1 - a)),
    "relu": (_relu, lambda a: (a > 0).astype(a.dtype)),
    "identity": (_identity, np.ones_like),
}


def initial_weights(layer_sizes, activation, dtype, random_state):
    """Draw weights uniformly as Glorot and Bengio (2010), like `MLPRegressor`.

    Parameters
    ----------
    layer_sizes : sequence of int
        The number of inputs, the hidden widths and 1.
    activation : str
        A key of `ACTIVATIONS`.
    dtype : dtype
        The type of the weights.
    random_state : numpy.random.RandomState
        The source of randomness.

    Returns
    -------
    Weights
        The weights.
    """
    factor = 2.0 if activation == "logistic" else 6.0
    coefs, intercepts = [], []
    for fan_in, fan_out in pairwise(layer_sizes):
        bound = np.sqrt(factor / (fan_in + fan_out))
        coefs.append(random_state.uniform(-bound, bound, (fan_in, fan_out)))
        intercepts.append(random_state.uniform(-bound, bound, fan_out))
    return Weights(coefs, intercepts).astype(dtype)


def forward(weights, X, activation):
    """Compute the layer inputs and the output.

    Parameters
    ----------
    weights : Weights
        The network.
    X : ndarray of shape (n_samples, n_features)
        The inputs, in the type of the weights.
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    A : list of ndarray of shape (n_samples, width of layer l)
        The layer inputs, `X` first.
    f : ndarray of shape (n_samples,)
        The output.
    """
    function, _ = ACTIVATIONS[activation]
    *hidden, last = zip(*weights, strict=True)
    A = [X]
    for coef, intercept in hidden:
        z = A[-1] @ coef
        z += intercept
        A.append(function(z))
    coef, intercept = last
    return A, A[-1] @ coef[:, 0] + intercept[0]


def output_derivatives(weights, A, activation):
    """Compute D[l], the derivatives of the output by the pre-activations of layer l.

    Parameters
    ----------
    weights : Weights
        The network.
    A : list of ndarray
        The layer inputs of `forward`.
    activation : str
        A key of `ACTIVATIONS`.

    Returns
    -------
    list of ndarray of shape (n_samples, width of layer l + 1)
        The derivatives.
    """
    _, derivative = ACTIVATIONS[activation]
    D = [np.ones((len(A[0]), 1), dtype=A[0].dtype)]
    for coef, a in zip(weights.coefs[:0:-1], A[:0:-1], strict=True):
        d = D[0] @ coef.T
        d *= derivative(a)
        D.insert(0, d)
    return D


def gram_workspace(n_samples, dtype):
    """Allocate what `gram_matrix` works in, to be used again in each step."""
    return [np.zeros((n_samples, n_samples), dtype, order="F") for _ in range(3)]


def gram_matrix(A, D, workspace):
    """Compute the lower triangle of K = J J^T.

    K is the sum over the layers of ``(A[l] A[l]^T + 1) * (D[l] D[l]^T)``, elementwise;
    the one is the bias.

    Parameters
    ----------
    A, D : list of ndarray
        The layer inputs of `forward`, and the result of `output_derivatives`.
    workspace : list of ndarray
        A result of `gram_workspace`, overwritten.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
        The matrix in Fortran order, a part of the workspace. Only its lower triangle
        is meant.
    """
    syrk = ssyrk if A[0].dtype == np.float32 else dsyrk

    def outer(M, out):
        return syrk(1.0, M.T, beta=0.0, c=out, trans=1, lower=1, overwrite_c=1)

    K, left, right = workspace
    outer(A[-1], K)
    K += 1  # the output is linear: D[-1] is one
    for a, d in zip(A[:-1], D[:-1], strict=True):
        outer(a, left)
        left += 1
        left *= outer(d, right)
        K += left
    return K


def jacobian_product(A, D, direction):
    """Compute J p, the change of the output along a direction of the weights.

    Parameters
    ----------
    A, D : list of ndarray
        The layer inputs of `forward`, and the result of `output_derivatives`.
    direction : Weights
        The direction p.

    Returns
    -------
    ndarray of shape (n_samples,)
        The product.
    """
    return sum(
        np.einsum("ij,ij->i", a @ coef + intercept, d)
        for a, d, coef, intercept in zip(A, D, *direction, strict=True)
    )


def jacobian_transpose_product(A, D, u):
    """Compute J^T u, the gradient of ``f @ u`` by the weights.

    Parameters
    ----------
    A, D : list of ndarray
        The layer inputs of `forward`, and the result of `output_derivatives`.
    u : ndarray of shape (n_samples,)
        A number for each row.

    Returns
    -------
    Weights
        The product.
    """
    weighted = [d * u[:, None] for d in D]
    return Weights(
        [a.T @ w for a, w in zip(A, weighted, strict=True)],
        [w.sum(axis=0) for w in weighted],
    )
