"""A Gaussian process that teaches the networks where rows are few.

On some hundred rows a Gaussian process often knows a smooth function better than a
network does, and a network a kinked one. `distillation` passes its knowledge on.

References
----------
Rasmussen and Williams (2006). Gaussian Processes for Machine Learning. MIT Press.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel

from . import defaults


class Process(NamedTuple):
    """A Gaussian process, given the rows `X` of this mean variance of their noise."""

    kernel: Kernel
    X: np.ndarray
    coef: np.ndarray
    noise_variance: float

    def predict(self, X):
        """Compute the mean at other inputs."""
        return self.kernel(X, self.X) @ self.coef


def fit_kernel(rows, random_state):
    """Maximise the marginal likelihood of a kernel with one length scale an input.

    Parameters
    ----------
    rows : Rows
        Rows at the network's scale.
    random_state : numpy.random.RandomState
        Source of the rows that are used, where there are more than 300.

    Returns
    -------
    kernel : Kernel
        The covariance of the function.
    noise_variance : float
        The variance of the noise of a row of weight one: weights in another unit find
        another one, and the same process.
    """
    if len(rows) > defaults.MAX_LIKELIHOOD_ROWS:
        p = None if rows.weight is None else rows.weight / rows.weight.sum()
        rows = rows.take(
            random_state.choice(
                len(rows), defaults.MAX_LIKELIHOOD_ROWS, replace=False, p=p
            )
        )
    X, y = rows.X, rows.y
    weight = np.ones(len(y)) if rows.weight is None else rows.weight
    kernel = ConstantKernel(1.0, (1e-3, 1e5)) * RBF(np.ones(X.shape[1]), (1e-2, 1e3))
    theta = minimize(
        _negative_log_likelihood,
        np.append(kernel.theta, np.log(1e-2)),
        (X, y, weight / weight.mean()),
        method="L-BFGS-B",
        jac=True,
        bounds=[*kernel.bounds, np.log((1e-8, 1e1))],
        options={"maxiter": defaults.MAX_LIKELIHOOD_ITERATIONS},
    ).x
    return kernel.clone_with_theta(theta[:-1]), np.exp(theta[-1]) * weight.mean()


def _negative_log_likelihood(theta, X, y, weight):
    """Compute the negative log marginal likelihood, and its gradient.

    `GaussianProcessRegressor` takes five to seven times as long, most of it for one
    matrix a length scale, and that was half of the time of a fit to 300 exact rows.

    Parameters
    ----------
    theta : ndarray of shape (n_features + 2,)
        Logarithms of the variance of the function, of the length scales, and of the
        variance of the noise of a row of weight one.
    X, y : ndarray of shape (n_samples, n_features) and (n_samples,)
        The rows.
    weight : ndarray of shape (n_samples,)
        Their weights.

    Returns
    -------
    value : float
        The value; infinity where the covariance is singular.
    gradient : ndarray of shape (n_features + 2,)
        The gradient.
    """
    variance, noise_variance = np.exp(theta[[0, -1]])
    Z = X / np.exp(theta[1:-1])
    covariance = variance * np.exp(-0.5 * cdist(Z, Z, "sqeuclidean"))
    noise = noise_variance / weight
    try:
        factor = cho_factor(covariance + np.diag(noise), lower=True)
    except LinAlgError:
        return np.inf, np.zeros_like(theta)
    coef = cho_solve(factor, y)
    log_determinant = 2 * np.log(np.diag(factor[0])).sum()
    value = 0.5 * (y @ coef + log_determinant + len(y) * np.log(2 * np.pi))
    # The derivative by a covariance is half of this.
    slope = cho_solve(factor, np.eye(len(y))) - np.outer(coef, coef)
    by_noise = 0.5 * np.diag(slope) @ noise
    slope *= covariance
    total = slope.sum(axis=0)
    by_length = total @ Z**2 - np.sum(Z * (slope @ Z), axis=0)
    return value, np.r_[0.5 * total.sum(), by_length, by_noise]


def condition(kernel, noise_variance, rows):
    """Condition the process on rows, with more noise where the matrix is singular.

    Parameters
    ----------
    kernel, noise_variance
        A result of `fit_kernel`.
    rows : Rows
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
    covariance = kernel(rows.X)
    noise = np.full(len(rows), noise_variance)
    if rows.weight is not None:
        noise /= rows.weight
    for k in range(defaults.MAX_CONDITION_TRIES):
        noisy = covariance + np.diag(10**k * noise)
        try:
            factor = cho_factor(noisy, lower=True, overwrite_a=True)
        except LinAlgError:
            continue
        return Process(kernel, rows.X, cho_solve(factor, rows.y), noise.mean())
    raise LinAlgError(f"The covariance of {len(rows)} rows is singular.")
