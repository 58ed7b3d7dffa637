"""Conformal calibration of prediction intervals."""

import numpy as np


def required_rows(confidence_level):
    """Compute how many residuals a level needs for a finite interval."""
    return int(np.ceil(np.round(confidence_level / (1 - confidence_level), 9)))


def conformal_quantile(scores, confidence_level):
    """Compute the quantile of the scores with the finite-sample correction.

    Of n + 1 exchangeable scores the last is at most the k-th smallest of the others,
    k = ceil((n + 1) * confidence_level), with at least the probability asked.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Absolute residuals of rows that did not train, in units of their scale.
    confidence_level : float
        The coverage asked, between 0 and 1.

    Returns
    -------
    float
        The quantile.

    Raises
    ------
    ValueError
        Where the scores are too few for the level.

    References
    ----------
    Lei et al. (2018). Distribution-free predictive inference for regression. Journal of
    the American Statistical Association 113, 1094-1111.
    """
    n_samples = len(scores)
    rank = int(np.ceil(np.round((n_samples + 1) * confidence_level, 9)))
    if rank > n_samples:
        raise ValueError(
            f"An interval at confidence_level={confidence_level} needs at least "
            f"{required_rows(confidence_level)} held-out rows, got {n_samples}."
        )
    return float(np.partition(scores, rank - 1)[rank - 1])


def prediction_scale(spread, residual_scale, excess):
    """Compute the standard deviation of a prediction.

    Parameters
    ----------
    spread : ndarray of shape (n_samples,)
        Standard deviation of the members' predictions.
    residual_scale : float
        Root mean square of the out-of-fold residuals.
    excess : ndarray of shape (n_samples,)
        How far a row lies outside the training range, in units of that range.

    Returns
    -------
    ndarray of shape (n_samples,)
        The two sources of error joined; the second grows outside the range.
    """
    return np.hypot(spread, residual_scale * (1 + excess))
