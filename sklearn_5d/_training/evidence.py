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
    """Return the prior variances to start from: those of a scaled random network."""
    coefs = [
        np.full((len(c) if layer == 0 else 1, 1), 1 / len(c))
        for layer, c in enumerate(weights.coefs)
    ]
    return Weights(coefs, [np.full(1, 0.3) for _ in coefs])


def _penalty(weights, prior):
    terms = weights.map(lambda w, v: np.sum(w * w / v), prior)
    return sum(terms.coefs) + sum(terms.intercepts)


def _prior_gram(A, outer, prior):
    """Compute J S J^T from the outer products D[l] D[l]^T."""
    return sum(
        ((a * v.T) @ a.T + v_bias) * dd
        for a, dd, v, v_bias in zip(A, outer, *prior, strict=True)
    )


def _update_variances(weights, A, outer, prior, precision):
    """Move each variance to its fixed point.

    Parameters
    ----------
    weights : Weights
        The weights at the posterior mode.
    A, outer : list of ndarray
        Layer inputs and outer products of the derivatives.
    prior : Weights
        The prior variances.
    precision : ndarray of shape (n_samples, n_samples)
        Inverse of the covariance J S J^T + s2 I.

    Returns
    -------
    prior : Weights
        The new variances.
    n_effective : float
        The effective number of parameters.
    """
    n_effective = 0.0
    coefs, intercepts = [], []
    for a, dd, coef, intercept, v, v_bias in zip(
        A, outer, *weights, *prior, strict=True
    ):
        weighted = precision * dd
        per_input = v * np.einsum("ij,ij->j", a, weighted @ a)[:, None]
        square = np.sum(coef**2, axis=1, keepdims=True)
        if len(v) == 1:
            per_input, square = per_input.sum(keepdims=True), square.sum(keepdims=True)
        bias = v_bias * weighted.sum()
        coefs.append(np.maximum(square / (per_input + MIN_VARIANCE), MIN_VARIANCE))
        intercepts.append(
            np.maximum(np.sum(intercept**2) / (bias + MIN_VARIANCE), MIN_VARIANCE)
        )
        n_effective += per_input.sum() + bias.sum()
    return Weights(coefs, intercepts), n_effective


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
    prior : Weights
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
        candidate = evaluate(
            point.weights.map(
                lambda w, v, g, shrink=shrink: (1 - shrink) * w + shrink * v * g,
                prior,
                jacobian_transpose_product(point.A, D, u),
            )
        )
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
        D = [d * root_weight[:, None] for d in D]
        outer = [d @ d.T for d in D]
        K = _prior_gram(point.A, outer, prior)
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
        # The outer products are those of the weights before the step: near the mode
        # the difference is small, and the next iteration removes it.
        prior, n_effective = _update_variances(
            point.weights, point.A, outer, prior, precision
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
