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
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel, WhiteKernel

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


class RowNoise(WhiteKernel):
    """Noise whose variance is divided by the weight of each row.

    Parameters
    ----------
    noise_level, noise_level_bounds
        As in `WhiteKernel`, for a row of weight one.
    weight : ndarray of shape (n_samples,)
        Weights of the rows that the process is fitted to.
    """

    def __init__(self, noise_level, noise_level_bounds, weight):
        super().__init__(noise_level, noise_level_bounds)
        self.weight = weight

    def __call__(self, X, Y=None, eval_gradient=False):
        """Compute the covariance of the rows, and its gradient by the logarithm."""
        covariance = np.diag(self.noise_level / self.weight)
        return (covariance, covariance[..., None]) if eval_gradient else covariance


def fit_kernel(rows, random_state):
    """Maximise the marginal likelihood of a kernel with one length scale an input.

    Parameters
    ----------
    rows : Rows
        Rows at the network's scale.
    random_state : numpy.random.RandomState
        Source of the rows that are used, where there are more than 250.

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
    kernel += RowNoise(1e-2, (1e-8, 1e1), weight / weight.mean())
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
        options={"maxiter": defaults.MAX_LIKELIHOOD_ITERATIONS},
    ).x
    kernel = kernel.clone_with_theta(theta)
    return kernel.k1, kernel.k2.noise_level * weight.mean()


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
