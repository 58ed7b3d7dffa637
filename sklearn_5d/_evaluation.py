"""The outputs of networks, and their derivatives by the inputs, on any number of rows.

The rows of a table are the columns here, as in `_network`, and all the networks take
part in one product: the inputs of a layer have the shape (n_networks, width + 1,
n_rows). Blocks of rows share buffers that stay in the processor's cache.

The type of the scaled inputs is that of all the numbers. In float64 the result is that
of the plain networks to rounding. In float32 it differs by 1e-7 to 5e-6 of the sd of
the target in the root mean square, most where the weights are large, and by up to 2e-5
in a single row.
"""

from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs

from ._network import ACTIVATIONS
from ._scaling import Codes
from ._training.threads import single_threaded

# What a thread takes at a time.
CHUNK_ROWS = 16_384
# Numbers in the widest layer of a block, unless too few rows would be worth a call.
BLOCK_SIZE, MIN_BLOCK_ROWS = 2**15, 256
# BLAS computes groups of columns of so many bytes, and those left over in another
# order: with whole groups alone a row has the same result in any batch, with most BLAS
# kernels to the last bit and with all to some units of rounding.
GROUP_BYTES = 64
# On so few rows the products are too small for BLAS to spread them over threads, and
# changes of the weights take longer than they save.
FEW_ROWS = 100
# The squared error of the networks' mean is no smaller than this share of that of one:
# those of an exact table err at few inputs, and seldom at the same.
MIN_SQUARED_SHARE = 0.3
# Of what networks differ by on rows that they have learnt, beside their residuals, so
# much is there on others. With all of it intervals of 90 % cover 0.883 of measured
# tables, with this 0.899; inputs between the rows, where tables of places and years
# have none, cover down to 0.75.
VARIANCE_ON_OTHERS = 0.75


def _falling_logistic(z):
    np.exp(z, out=z)
    z += 1
    np.divide(1, z, out=z)


# The chain rule in place: derivatives `D` by the values `a` of an activation become
# those by its arguments, and `a` is lost.
def _tanh_chain(D, a):
    a *= a
    np.subtract(1, a, out=a)
    D *= a


def _logistic_chain(D, a):
    D *= a
    np.subtract(1, a, out=a)
    D *= a


def _falling_logistic_chain(D, a):
    D *= a
    a -= 1
    D *= a


def _relu_chain(D, a):
    D *= a > 0


def _identity_chain(D, a):
    pass


CHAIN_RULES = {
    "tanh": _tanh_chain,
    "logistic": _logistic_chain,
    "relu": _relu_chain,
    "identity": _identity_chain,
}


def blocks(n_samples, size):
    """Yield slices of a size."""
    for start in range(0, n_samples, size):
        yield slice(start, start + size)


def stack_layers(networks, dtype):
    """Put each layer of all the networks into one array.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    dtype : dtype
        The type of the arrays.

    Returns
    -------
    list of ndarray of shape (n_networks, width after, width before + 1)
        The layers.
    """
    layers = zip(*(network.layers for network in networks), strict=True)
    return [np.array(layer, dtype) for layer in layers]


class _Prepared(NamedTuple):
    """Layers and functions for some rows; `restore` undoes a change of activation."""

    layers: list
    function: Callable
    chain_rule: Callable
    restore: Callable


def _unchanged(a):
    return a


def _tanh_of_falling_logistic(a):
    return 2 * a - 1


def _prepare(networks, X, activation):
    """Stack the layers, and choose the activation and its chain rule.

    NumPy's exp takes less time than its tanh in float64, and less than expit. So where
    rows are many both activations become r(s) = 1 / (1 + exp(s)), with
    logistic(z) = r(-z) and tanh(z) = 2 r(-2 z) - 1, and the constants go into the
    weights.
    """
    layers = stack_layers(networks, X.dtype)
    is_tanh = activation == "tanh" and X.dtype == np.float64
    is_costly = len(X) > FEW_ROWS and len(layers) > 1
    if not (is_costly and (is_tanh or activation == "logistic")):
        function, chain_rule = ACTIVATIONS[activation][0], CHAIN_RULES[activation]
        return _Prepared(layers, function, chain_rule, _unchanged)
    if is_tanh:
        for layer in layers[1:]:
            layer[..., -1] -= layer[..., :-1].sum(axis=-1)
            layer[..., :-1] *= 2
    for layer in layers[:-1]:
        layer *= -2 if is_tanh else -1
    restore = _tanh_of_falling_logistic if is_tanh else _unchanged
    return _Prepared(layers, _falling_logistic, _falling_logistic_chain, restore)


def _blocks(layers, X, with_derivatives=False):
    """Yield slices of the rows, and for each layer two buffers that they share.

    One holds the layer's input, with `X` in the first, the other, on demand, is empty
    for the derivatives by it.
    """
    widest = max(layer.shape[1] for layer in layers)
    size = max(BLOCK_SIZE // (len(layers[0]) * widest), MIN_BLOCK_ROWS)
    group = GROUP_BYTES // X.dtype.itemsize
    size = min(size, len(X) + group)
    size -= size % group
    inputs = [
        np.ones((len(layer), layer.shape[2], size), layer.dtype)
        for layer in (layers[0][:1], *layers[1:])
    ]
    derivatives = [
        np.empty((len(layer), layer.shape[2] - 1, size), layer.dtype)
        for layer in (layers if with_derivatives else ())
    ]
    for rows in blocks(len(X), size):
        block = np.asarray(X[rows]).T
        n_rows = block.shape[1]
        columns = slice(n_rows + -n_rows % group)
        A, D = ([b[..., columns] for b in each] for each in (inputs, derivatives))
        A[0][0, :-1, :n_rows] = block
        yield rows, n_rows, A, D


def _forward(layers, A, function):
    """Fill the layer inputs in and return the outputs of the networks."""
    for layer, (a, following) in zip(layers, pairwise(A), strict=False):
        z = following[:, :-1]
        np.matmul(layer, a, out=z)
        function(z)
    return np.matmul(layers[-1], A[-1])[:, 0]


@np.errstate(over="ignore")
def network_outputs(networks, X, activation):
    """Compute the output of each network.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    X : ndarray of shape (n_samples, n_features)
        Scaled inputs.
    activation : str
        Their activation.

    Returns
    -------
    ndarray of shape (n_networks, n_samples)
        The outputs, in float64.
    """
    layers, function, *_ = _prepare(networks, X, activation)
    outputs = np.empty((len(networks), len(X)))
    for rows, n_rows, A, _ in _blocks(layers, X):
        outputs[:, rows] = _forward(layers, A, function)[:, :n_rows]
    return outputs


@np.errstate(over="ignore")
def last_layer_moments(networks, X, activation):
    """Compute the mean outer product of each network's last layer inputs and the one.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    X : ndarray of shape (n_samples, n_features)
        Scaled inputs.
    activation : str
        Their activation.

    Returns
    -------
    ndarray of shape (n_networks, width + 1, width + 1)
        The mean over the rows.
    """
    layers, function, _, restore = _prepare(networks, X, activation)
    # Without a hidden layer all the networks share the last layer's inputs.
    total = np.zeros((len(networks), 1, 1), X.dtype)
    for _, n_rows, A, _ in _blocks(layers, X):
        _forward(layers, A, function)
        last = restore(A[-1][..., :n_rows])
        total = total + last @ last.transpose(0, 2, 1)
    return total / len(X)


@np.errstate(over="ignore")
def outputs_and_leverage(networks, X, activation, whitening):
    """Compute the output of each network, and how far off its last layer knows a row.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    X : ndarray of shape (n_samples, n_features)
        Scaled inputs.
    activation : str
        Their activation.
    whitening : ndarray of shape (n_networks, width + 1, width + 1)
        What turns the moments of the training rows, as of `last_layer_moments`, into
        the identity: a sum of squares is exact where their inverse would cancel.

    Returns
    -------
    outputs, leverage : ndarray of shape (n_networks, n_samples)
        The outputs, and the posterior variance of a linear last layer in units of the
        noise variance and the number of training rows.
    """
    layers, function, _, restore = _prepare(networks, X, activation)
    outputs, leverage = np.empty((2, len(networks), len(X)))
    whitening = whitening.astype(X.dtype)
    for rows, n_rows, A, _ in _blocks(layers, X):
        outputs[:, rows] = _forward(layers, A, function)[:, :n_rows]
        squares = (whitening @ restore(A[-1])) ** 2
        leverage[:, rows] = squares.sum(axis=1)[:, :n_rows]
    return outputs, leverage


def output(weights, X, activation):
    """Compute the output of one network; arguments as in `network_outputs`."""
    return network_outputs([weights], X, activation)[0]


def mean_output(outputs, weights):
    """Average over the networks in their order, which NumPy leaves for a single row.

    Parameters
    ----------
    outputs : ndarray of shape (n_networks, ...)
        What the networks say.
    weights : ndarray of shape (n_networks,)
        Their weights, of sum 1.

    Returns
    -------
    ndarray of shape (...)
        The mean.
    """
    return sum(map(np.multiply, weights, outputs))


def spread(outputs, weights):
    """Compute the variance between the networks, zero for a single one.

    Parameters
    ----------
    outputs, weights
        As in `mean_output`.

    Returns
    -------
    ndarray of shape (...)
        The variance, unbiased where the weights are equal.
    """
    squares = (outputs - mean_output(outputs, weights)) ** 2
    return mean_output(squares, weights) * (len(outputs) / max(1, len(outputs) - 1))


def variance_share(residual, weights, row_weight):
    """Tell which share of the squared error of networks is variance between them.

    It is what the mean of many does not have (Krogh and Vedelsby 1995). Learning a row
    makes both smaller, by much the same factor, so that learnt rows tell their ratio.

    Parameters
    ----------
    residual : ndarray of shape (n_networks, n_samples)
        The residuals of the networks.
    weights : ndarray of shape (n_networks, n_samples)
        The weights of the networks that have learnt a row, of sum 1, and else 0.
    row_weight : ndarray of shape (n_samples,)
        The weights of the rows.

    Returns
    -------
    float
        The share on rows that none has learnt.
    """
    mean = np.sum(weights * residual, axis=0)
    between = np.sum(weights * (residual - mean) ** 2, axis=0)
    # Few networks differ by less from their own mean, a single one by nothing.
    error = np.sum(weights * residual**2, axis=0)
    error *= np.sum(weights * (1 - weights), axis=0)
    ratio = (between @ row_weight) / max(error @ row_weight, np.finfo(float).tiny)
    return VARIANCE_ON_OTHERS * ratio


@np.errstate(over="ignore")
def mean_and_gradient(networks, weights, X, activation):
    """Compute the mean output of the networks and its derivatives by the inputs.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    weights : ndarray of shape (n_networks,)
        Their weights in the mean.
    X : ndarray of shape (n_samples, n_features)
        Scaled inputs.
    activation : str
        Their activation.

    Returns
    -------
    mean : ndarray of shape (n_samples,)
        The mean output, in float64.
    gradient : ndarray of shape (n_samples, n_features)
        Its gradient, in float64.
    """
    layers, function, chain_rule, _ = _prepare(networks, X, activation)
    backward = [layer[..., :-1].transpose(0, 2, 1) for layer in layers]
    mean, gradient = np.empty(len(X)), np.empty(X.shape[::-1])
    for rows, n_rows, A, D in _blocks(layers, X, with_derivatives=True):
        mean[rows] = mean_output(_forward(layers, A, function), weights)[:n_rows]
        D[-1][:] = backward[-1]
        for i in range(len(D) - 1, 0, -1):
            chain_rule(D[i], A[i][:, :-1])
            np.matmul(backward[i - 1], D[i], out=D[i - 1])
        gradient[:, rows] = mean_output(D[0], weights)[:, :n_rows]
    return mean, gradient.T


@np.errstate(over="ignore")
def gradient_moments(networks, weights, X, activation, whitening):
    """Compute how far the networks agree on the derivatives, and know them.

    The derivatives of the last layer's inputs go forward through the layers, one
    direction for each input.

    Parameters
    ----------
    networks : list of Weights
        Networks of one shape.
    weights : ndarray of shape (n_networks,)
        Their weights in the mean.
    X : ndarray or Codes of shape (n_samples, n_inputs)
        Scaled inputs; the derivatives are by those before an encoding.
    activation : str
        Their activation.
    whitening : ndarray of shape (n_networks, width + 1, width + 1) or None
        As in `outputs_and_leverage`; without it the leverage is zero.

    Returns
    -------
    variance, leverage : ndarray of shape (n_samples, n_features)
        The variance of the derivatives between the networks, zero for a single one, and
        the mean of their posterior variance in the units of the leverage.
    """
    layers = stack_layers(networks, X.dtype)
    function, derivative = ACTIVATIONS[activation]
    last = layers[-1][:, None, :, :-1]
    is_encoded = isinstance(X, Codes)
    n_features = (X.X if is_encoded else X).shape[1]
    moments = np.zeros((2, n_features, len(X)))
    for rows in blocks(len(X), MIN_BLOCK_ROWS):
        block = X[rows]
        a, tangents = np.asarray(block).T, np.eye(n_features, dtype=X.dtype)[..., None]
        if is_encoded:
            tangents = block.tangents()
        for layer in layers[:-1]:
            coef, intercept = layer[..., :-1], layer[..., -1:]
            a = function(coef @ a + intercept)
            tangents = coef[:, None] @ tangents * derivative(a)[:, None]
        moments[0, :, rows] = spread((last @ tangents)[:, :, 0], weights)
        if whitening is not None:
            white = whitening[:, None, :, :-1].astype(X.dtype) @ tangents
            moments[1, :, rows] = mean_output(np.sum(white**2, axis=2), weights)
    return moments.transpose(0, 2, 1)


def map_rows(function, X, n_outputs, n_jobs):
    """Apply a function to the rows chunk by chunk, in threads.

    Parameters
    ----------
    function : callable
        Takes rows of `X` and returns an array of shape (n_outputs, n_rows).
    X : ndarray of shape (n_samples, n_features)
        The rows.
    n_outputs : int
        Numbers for each row.
    n_jobs : int or None
        Number of threads, as in joblib. The result is the same for any number.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        The results.
    """
    result = np.empty((len(X), n_outputs))

    def fill(rows):
        result.T[:, rows] = function(X[rows])

    chunks = list(blocks(len(X), CHUNK_ROWS))
    with single_threaded if len(X) > FEW_ROWS else nullcontext():
        if len(chunks) == 1 or effective_n_jobs(n_jobs) == 1:
            for rows in chunks:
                fill(rows)
        else:
            Parallel(n_jobs=n_jobs, require="sharedmem")(map(delayed(fill), chunks))
    return result
