"""A Gaussian process that teaches the networks where rows are few.

On some hundred rows a Gaussian process often knows a smooth function better than a
network does, and a network a kinked one. The out-of-fold rows tell how much of each the
best blend of the two has. The members of the committee then learn that blend at many
more inputs than were measured (distillation): what is fitted stays a list of networks,
which predict, differentiate and travel as before.

References
----------
Rasmussen and Williams (2006). Gaussian Processes for Machine Learning. MIT Press.

Hinton, Vinyals and Dean (2015). Distilling the knowledge in a neural network.
arXiv:1503.02531.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel, WhiteKernel

from . import _spring
from ._network import output

# The likelihood costs the cube of its rows many times over, conditioning only once.
MAX_LIKELIHOOD_ROWS = 400
MAX_ITERATIONS = 50
MAX_TRIES = 6
# What the blend has to take off the mean squared error to be worth a training run.
MIN_GAIN = 0.05
N_SYNTHETIC = 4000


class Process(NamedTuple):
    """A Gaussian process, given the rows `X`."""

    kernel: Kernel
    X: np.ndarray
    coef: np.ndarray

    def predict(self, X):
        """Compute the mean at other inputs."""
        return self.kernel(X, self.X) @ self.coef


def fit_kernel(X, y, sample_weight, random_state):
    """Maximise the marginal likelihood of a kernel with one length scale an input.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs at the network's scale.
    y : ndarray of shape (n_samples,)
        Target at the network's scale.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.
    random_state : numpy.random.RandomState
        Source of the rows that are used, where there are more than 400.

    Returns
    -------
    kernel : Kernel
        The covariance of the function.
    noise_variance : float
        The variance of the noise.
    """
    if len(y) > MAX_LIKELIHOOD_ROWS:
        p = None if sample_weight is None else sample_weight / sample_weight.sum()
        rows = random_state.choice(len(y), MAX_LIKELIHOOD_ROWS, replace=False, p=p)
        X, y = X[rows], y[rows]
    kernel = ConstantKernel(1.0, (1e-3, 1e5)) * RBF(np.ones(X.shape[1]), (1e-2, 1e3))
    kernel += WhiteKernel(1e-2, (1e-8, 1e1))
    process = GaussianProcessRegressor(kernel, optimizer=None).fit(X, y)

    def objective(theta):
        value, gradient = process.log_marginal_likelihood(
            theta, eval_gradient=True, clone_kernel=False
        )
        return -value, -gradient

    theta = minimize(
        objective,
        kernel.theta,
        method="L-BFGS-B",
        jac=True,
        bounds=kernel.bounds,
        options={"maxiter": MAX_ITERATIONS},
    ).x
    kernel = kernel.clone_with_theta(theta)
    return kernel.k1, kernel.k2.noise_level


def condition(kernel, noise_variance, X, y, sample_weight):
    """Condition the process on rows, with more noise where the matrix is singular.

    Parameters
    ----------
    kernel, noise_variance
        A result of `fit_kernel`.
    X, y, sample_weight : ndarray
        The rows, as in `fit_kernel`; a weight divides the variance of the noise.

    Returns
    -------
    Process
        The process, given the rows.

    Raises
    ------
    LinAlgError
        Where six tries with ever more noise have failed.
    """
    covariance = kernel(X)
    noise = np.full(len(y), noise_variance)
    if sample_weight is not None:
        noise *= sample_weight.mean() / sample_weight
    for k in range(MAX_TRIES):
        noisy = covariance + np.diag(10**k * noise)
        try:
            factor = cho_factor(noisy, lower=True, overwrite_a=True)
        except LinAlgError:
            continue
        return Process(kernel, X, cho_solve(factor, y))
    raise LinAlgError(f"The covariance of {len(y)} rows is singular.")


def best_share(process, network, y, sample_weight):
    """Compute the share of the process in the blend of least squared error.

    Parameters
    ----------
    process, network : ndarray of shape (n_samples,)
        Predictions for rows that trained neither.
    y, sample_weight : ndarray of shape (n_samples,)
        Target and weights of the rows.

    Returns
    -------
    float
        Between 0, the network alone, and 1, the process alone; 0 as well where the
        gain is small.
    """

    def mean_square(values):
        return np.average(values**2, weights=sample_weight)

    variance = mean_square(process - network)
    error = mean_square(y - network)
    if not variance > 0:
        return 0.0
    share = np.clip(0.5 + 0.5 * (error - mean_square(y - process)) / variance, 0, 1)
    blend = network + share * (process - network)
    return float(share) if mean_square(y - blend) < (1 - MIN_GAIN) * error else 0.0


def synthetic_inputs(X, n_samples, random_state):
    """Draw inputs whose columns are distributed as those of X, but independent.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The inputs that were measured.
    n_samples : int
        How many to draw.
    random_state : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The inputs, between the smallest and the largest of each column.
    """
    ranks = random_state.uniform(size=(X.shape[1], n_samples))
    return np.column_stack(
        [np.quantile(column, rank) for column, rank in zip(X.T, ranks, strict=True)]
    )


def distil(weights, process, share, X, *, network, max_steps, random_state):
    """Train a network on what the blend of it and the process says at new inputs.

    Parameters
    ----------
    weights : Weights
        The network, where training starts.
    process : Process
        The process, given the rows that trained the network.
    share : float
        The share of the process in the blend.
    X : ndarray of shape (n_samples, n_features)
        The inputs that were measured, at the network's scale.
    network : dict
        `hidden_layer_sizes`, `activation` and `alpha`.
    max_steps : int
        Budget of steps.
    random_state : numpy.random.RandomState
        Source of the new inputs and of the batches.

    Returns
    -------
    Result
        The result of `_spring.minimize`.
    """
    inputs = synthetic_inputs(X, N_SYNTHETIC, random_state)
    target = share * process.predict(inputs)
    target += (1 - share) * output(weights, inputs, network["activation"])
    held_out, train = slice(N_SYNTHETIC // 10), slice(N_SYNTHETIC // 10, None)
    return _spring.minimize(
        inputs[train],
        target[train],
        None,
        inputs[held_out],
        target[held_out],
        None,
        **network,
        learning_rate=0.5,
        momentum=0.9,
        schedule=_spring.make_schedule(
            N_SYNTHETIC, (1e-4, 1e-8), _spring.MAX_BATCH_SIZE, max_steps, "auto"
        ),
        patience=1,
        tol=1e-4,
        random_state=random_state,
        weights=weights,
    )
