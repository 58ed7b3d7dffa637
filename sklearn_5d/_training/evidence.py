"""Bayesian regularisation: whole-data Gauss-Newton steps that maximise the evidence.

Where rows are few and noisy, held-out rows are too few to find the right amount of
regularisation, and the marginal likelihood of all the training rows is the better judge
(MacKay 1992). The weights have a Gaussian prior, with a variance of its own for the
weights of each input, for those of each further layer and for the biases of each layer
(automatic relevance determination); the residuals have a noise variance. Around the
current weights w, with residual r and Jacobian J, the posterior mode is

    w' = S J^T (J S J^T + s2 I)^-1 (r + J w),

S the prior variances and s2 that of the noise: a system of the size of the rows. The
variances follow from their fixed point, weight by effective number of parameters.

References
----------
MacKay (1992). A practical Bayesian framework for backpropagation networks. Neural
Computation 4, 448-472.

Foresee and Hagan (1997). Gauss-Newton approximation to Bayesian learning. International
Conference on Neural Networks, 1930-1935.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._evaluation import output
from .._network import (
    Weights,
    forward,
    jacobian_product,
    jacobian_transpose_product,
    output_derivatives,
)
from . import defaults
from .spring import root_weights, score

MIN_VARIANCE = 1e-12
# Dampings that are tried in a step.
MAX_TRIES = 8
# The variances stay for so many steps: their fixed point is one at the mode.
N_FIXED = 2


def initial_prior(weights):
    """Return the prior variances to start from: those of a scaled random network.

    Parameters
    ----------
    weights : Weights
        The network.

    Returns
    -------
    list of ndarray of shape (width before + 1,)
        For each layer the variance of the weights of each of its inputs, the bias last.
    """
    widths = [layer.shape[1] - 1 for layer in weights.layers]
    return [np.append(np.full(width, 1 / width), 0.3) for width in widths]


def _penalty(weights, prior):
    return sum(
        np.sum(layer * layer / v)
        for layer, v in zip(weights.layers, prior, strict=True)
    )


def _prior_gram(A, inner, prior):
    """Compute J S J^T from the inner products D[l]^T D[l]."""
    return sum(((a.T * v) @ a) * dd for a, dd, v in zip(A, inner, prior, strict=True))


def _update_variances(weights, A, inner, prior, precision):
    """Move each variance to its fixed point.

    Parameters
    ----------
    weights : Weights
        The weights at the posterior mode.
    A, inner : list of ndarray
        Layer inputs and inner products of the derivatives.
    prior : list of ndarray
        The prior variances.
    precision : ndarray of shape (n_samples, n_samples)
        Inverse of the covariance J S J^T + s2 I.

    Returns
    -------
    prior : list of ndarray
        The new variances.
    n_effective : float
        The effective number of parameters.
    """
    n_effective = 0.0
    variances = []
    for layer, a, dd, v in zip(weights.layers, A, inner, prior, strict=True):
        effective = v * np.einsum("ij,ij->i", a, a @ (precision * dd))
        square = np.sum(layer**2, axis=0)
        n_effective += effective.sum()
        if variances:  # only inputs of the network have variances of their own
            effective[:-1], square[:-1] = effective[:-1].sum(), square[:-1].sum()
        variances.append(np.maximum(square / (effective + MIN_VARIANCE), MIN_VARIANCE))
    return variances, n_effective


class _Point(NamedTuple):
    """Weights, with the layer inputs and the weighted residual that they give."""

    weights: Weights
    A: list
    residual: np.ndarray

    @classmethod
    def at(cls, weights, rows, root_weight, activation):
        A, f = forward(weights, rows.X, activation)
        return cls(weights, A, root_weight * (rows.y - f))

    def objective(self, prior, noise_variance):
        """Minus twice the logarithm of the posterior, up to a constant."""
        misfit = self.residual @ self.residual / noise_variance
        return misfit + _penalty(self.weights, prior)


def _damped_step(point, D, K, prior, noise_variance, damping, evaluate):
    """Take a Gauss-Newton step that lowers the objective, or none.

    Parameters
    ----------
    point : _Point
        Where to start.
    D : list of ndarray
        Derivatives of the output there, weighted as the residual is.
    K : ndarray of shape (n_samples, n_samples)
        J S J^T there.
    prior : list of ndarray
        The prior variances.
    noise_variance : float
        The variance of the residuals.
    damping : float
        How strong a second prior around these weights is beside the first, which
        shortens the step (Levenberg-Marquardt). It grows until a step succeeds.
    evaluate : callable
        Makes a point of weights.

    Returns
    -------
    point : _Point
        Where the step has led.
    damping : float
        The damping for the next one.
    """
    Jw = jacobian_product(point.A, D, point.weights)
    objective = point.objective(prior, noise_variance)
    for _ in range(MAX_TRIES):
        shrink = 1 / (1 + damping)
        covariance = shrink * K + noise_variance * np.eye(len(K))
        try:
            factor = cho_factor(covariance, lower=True, overwrite_a=True)
        except (LinAlgError, ValueError):
            damping *= 4
            continue
        u = cho_solve(factor, point.residual + shrink * Jw)
        gradient = jacobian_transpose_product(point.A, D, u)
        for layer, v in zip(gradient.layers, prior, strict=True):
            layer *= v
        vector = (1 - shrink) * point.weights.vector + shrink * gradient.vector
        candidate = evaluate(Weights(vector, gradient.layer_sizes))
        if candidate.objective(prior, noise_variance) < objective:
            return candidate, max(0.2 * damping, 1e-4)
        damping *= 4
    return point, damping


@np.errstate(over="ignore", invalid="ignore")
def maximize_evidence(weights, rows, noise_variance, n_iterations, activation):
    """Take Gauss-Newton steps towards the posterior mode and re-estimate the variances.

    Parameters
    ----------
    weights : Weights
        Where to start: weights that are about right.
    rows : Rows
        Training rows at the network's scale.
    noise_variance : float
        A first guess of the variance of the residuals.
    n_iterations : int
        Number of steps.
    activation : str
        Activation of the hidden layers.

    Returns
    -------
    Weights
        The posterior mode.
    """
    n_samples = len(rows)
    root_weight = root_weights(rows)
    if root_weight is None:
        root_weight = np.ones(n_samples)

    def evaluate(weights):
        return _Point.at(weights, rows, root_weight, activation)

    point, prior, damping = evaluate(weights), initial_prior(weights), 1.0
    for iteration in range(n_iterations):
        D = output_derivatives(point.weights, point.A, activation)
        D = [d * root_weight for d in D]
        inner = [d.T @ d for d in D]
        K = _prior_gram(point.A, inner, prior)
        point, damping = _damped_step(
            point, D, K, prior, noise_variance, damping, evaluate
        )
        if iteration < N_FIXED:
            continue
        try:
            factor = cho_factor(K + noise_variance * np.eye(n_samples), lower=True)
        except (LinAlgError, ValueError):
            break
        precision = cho_solve(factor, np.eye(n_samples))
        # The inner products are those of the weights before the step: near the mode
        # the difference is small, and the next iteration removes it.
        prior, n_effective = _update_variances(
            point.weights, point.A, inner, prior, precision
        )
        n_free = max(n_samples - n_effective, 0.01 * n_samples)
        noise_variance = max(point.residual @ point.residual / n_free, MIN_VARIANCE)
    return point.weights


def refine(result, start, train, validation, activation):
    """Let the evidence decide about the weights, unless the held-out rows object.

    Parameters
    ----------
    result : Result
        What `spring.minimize` found.
    start : Weights
        Strongly regularised weights to start from.
    train, validation : Rows
        Training rows and held-out rows.
    activation : str
        Activation of the hidden layers.

    Returns
    -------
    Result
        The result, with the weights of largest evidence if they are as good.
    """
    noise_variance = np.mean(
        (validation.y - output(start, validation.X, activation)) ** 2
    )
    weights = maximize_evidence(
        start,
        train,
        max(noise_variance, MIN_VARIANCE),
        defaults.N_EVIDENCE_STEPS,
        activation,
    )
    new_score = score(weights, validation, activation)
    if not 1 - new_score <= defaults.EVIDENCE_TOLERANCE * (1 - result.score):
        return result
    loss = 0.5 * np.mean((train.y - output(weights, train.X, activation)) ** 2)
    return result._replace(
        weights=weights,
        score=new_score,
        loss_curve=[*result.loss_curve, float(loss)],
        validation_scores=[*result.validation_scores, new_score],
        n_steps=result.n_steps + defaults.N_EVIDENCE_STEPS,
    )
