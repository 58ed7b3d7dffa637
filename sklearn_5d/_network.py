"""Pure functions on the weights of a network with one output.

The rows of a table are the columns here, as in `_evaluation`: the input A[l] of a layer
has the shape (width + 1, n_samples), and its last row is one. A layer is a matrix of
the shape (width after, width before + 1), and its last column is the bias. The output
f(X) is linear in the last layer. With the derivatives D[l] = df/dz[l] of the output by
the pre-activations, column i of D[l] times column i of A[l], their outer product, is
the gradient of f at row i by the weights of the layer. So every product with the
Jacobian is a few matrix products, and the Jacobian is never formed.
"""

from itertools import pairwise

import numpy as np
from scipy.linalg.blas import dsyrk, ssyrk
from scipy.special import expit


class Weights:
    """Weights of a network, or a direction in the space of its weights.

    Parameters
    ----------
    vector : ndarray of shape (n_weights,)
        All the numbers, layer after layer.
    layer_sizes : tuple of int
        The number of inputs, the hidden widths and 1.

    Attributes
    ----------
    layers : list of ndarray of shape (width after, width before + 1)
        The layers: views of the vector.
    """

    def __init__(self, vector, layer_sizes):
        self.vector, self.layer_sizes = vector, layer_sizes
        self.layers, start = [], 0
        for before, after in pairwise(layer_sizes):
            stop = start + after * (before + 1)
            self.layers.append(vector[start:stop].reshape(after, before + 1))
            start = stop

    @classmethod
    def empty(cls, layer_sizes, dtype=np.float64):
        """Make weights that have yet to be filled in."""
        n_weights = sum(after * (before + 1) for before, after in pairwise(layer_sizes))
        return cls(np.empty(n_weights, dtype), layer_sizes)

    @classmethod
    def of(cls, member):
        """Copy those of a fitted `MLPRegressor`."""
        return cls.from_mlp(member.coefs_, member.intercepts_)

    @classmethod
    def from_mlp(cls, coefs, intercepts):
        """Make weights of the matrices and vectors that `MLPRegressor` has."""
        weights = cls.empty((len(coefs[0]), *map(len, intercepts)))
        for layer, coef, intercept in zip(
            weights.layers, coefs, intercepts, strict=True
        ):
            layer[:, :-1], layer[:, -1] = coef.T, intercept
        return weights

    def to_mlp(self):
        """Return copies of the matrices and of the vectors that `MLPRegressor` has."""
        coefs = [np.ascontiguousarray(layer[:, :-1].T) for layer in self.layers]
        return coefs, [layer[:, -1].copy() for layer in self.layers]

    def astype(self, dtype):
        """Return a copy in `dtype`."""
        return Weights(self.vector.astype(dtype), self.layer_sizes)


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
    weights = Weights.empty(tuple(layer_sizes), dtype)
    for layer, (fan_in, fan_out) in zip(
        weights.layers, pairwise(layer_sizes), strict=True
    ):
        bound = np.sqrt(factor / (fan_in + fan_out))
        layer[:, :-1] = random_state.uniform(-bound, bound, (fan_in, fan_out)).T
        layer[:, -1] = random_state.uniform(-bound, bound, fan_out)
    return weights


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
    A : list of ndarray of shape (width before + 1, n_samples)
        The layer inputs, that of `X` first.
    f : ndarray of shape (n_samples,)
        The output.
    """
    function, _ = ACTIVATIONS[activation]
    A = [np.empty((layer.shape[1], len(X)), X.dtype) for layer in weights.layers]
    for a in A:
        a[-1] = 1
    A[0][:-1] = X.T
    for layer, (a, following) in zip(weights.layers, pairwise(A), strict=False):
        function(np.matmul(layer, a, out=following[:-1]))
    return A, (weights.layers[-1] @ A[-1])[0]


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
    list of ndarray of shape (width after, n_samples)
        The derivatives.
    """
    _, derivative = ACTIVATIONS[activation]
    D = [np.ones((1, A[0].shape[1]), A[0].dtype)]
    for layer, a in zip(weights.layers[:0:-1], A[:0:-1], strict=True):
        d = layer[:, :-1].T @ D[0]
        d *= derivative(a[:-1])
        D.insert(0, d)
    return D


def gram_workspace(n_samples, dtype):
    """Allocate what `gram_matrix` works in, to be used again in each step."""
    return [np.zeros((n_samples, n_samples), dtype, order="F") for _ in range(3)]


def gram_matrix(A, D, workspace):
    """Compute the lower triangle of K = J J^T.

    K is the sum over the layers of ``(A[l].T @ A[l]) * (D[l].T @ D[l])``, elementwise.

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

    def inner(M, out):
        return syrk(1.0, M.T, beta=0.0, c=out, lower=1, overwrite_c=1)

    K, left, right = workspace
    inner(A[-1], K)  # the output is linear: D[-1] is one
    for a, d in zip(A[:-1], D[:-1], strict=True):
        inner(a, left)
        left *= inner(d, right)
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
        np.einsum("ij,ij->j", layer @ a, d)
        for layer, a, d in zip(direction.layers, A, D, strict=True)
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
    layer_sizes = (len(A[0]) - 1, *map(len, D))
    product = Weights.empty(layer_sizes, A[0].dtype)
    for layer, a, d in zip(product.layers, A, D, strict=True):
        np.matmul(d * u, a.T, out=layer)
    return product
