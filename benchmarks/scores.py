"""How good are a prediction and a predictive distribution?

A distribution is ten quantiles. They bound five central intervals, up to 90 %, and are
what every estimator with a distribution can give.
"""

import inspect

import numpy as np
from scipy.stats import norm
from sklearn.metrics import (
    mean_absolute_error,
    mean_pinball_loss,
    mean_squared_error,
    r2_score,
)

QUANTILES = np.linspace(0.05, 0.95, 10)
LEVELS = np.round(1 - 2 * QUANTILES[4::-1], 2).tolist()


def point_scores(truth, prediction):
    """Scores of a prediction; `error` is the RMSE divided by the sd of the truth."""
    mse, sd = mean_squared_error(truth, prediction), truth.std()
    return {
        "r2": r2_score(truth, prediction),
        "rmse": np.sqrt(mse),
        "mse": mse,
        "mae": mean_absolute_error(truth, prediction),
        "target_sd": sd,
        "error": np.sqrt(mse) / sd,
    }


def predictive_distribution(model, X):
    """Quantiles and, where the model predicts an sd, mean and sd.

    Returns
    -------
    quantiles : ndarray of shape (n_samples, 10) or None
        None where the model predicts no distribution.
    normal : tuple of two ndarrays or None
    """
    last = model[-1] if hasattr(model, "steps") else model
    normal = None
    if "return_std" in inspect.signature(last.predict).parameters:
        normal = model.predict(X, return_std=True)
    elif hasattr(last, "pred_dist"):  # NGBoost's name for it
        distribution = model.pred_dist(X)
        normal = distribution.loc, distribution.scale
    if hasattr(model, "predict_quantiles"):
        return model.predict_quantiles(X, QUANTILES), normal
    if hasattr(model, "predict_interval"):
        bounds = [model.predict_interval(X, confidence_level=each) for each in LEVELS]
        return np.sort(np.hstack(bounds)), normal
    if normal is None:
        return None, None
    mean, sd = (np.asarray(each)[:, None] for each in normal)
    return mean + sd * norm.ppf(QUANTILES), normal


def distribution_scores(y, quantiles, normal, sd):
    """Score a predictive distribution against noisy rows, all in units of `sd`.

    The CRPS is twice the pinball loss, averaged over the quantiles. The negative
    log-likelihood is that of the normal, or where there is none that of
    `quantile_density`.
    """
    lower, upper = quantiles[:, 0], quantiles[:, -1]
    crps = [
        2 * mean_pinball_loss(y, column, alpha=quantile)
        for quantile, column in zip(QUANTILES, quantiles.T, strict=True)
    ]
    if normal is None:
        density = quantile_density(y / sd, quantiles / sd)
    else:
        mean, scale = normal
        density = sd * norm.pdf(y, mean, scale)
    scores = {
        "crps": np.mean(crps) / sd,
        "nll": -np.log(np.maximum(density, np.finfo(float).tiny)).mean(),
        "interval_width_90": np.mean(upper - lower) / sd,
    }
    for k, level in enumerate(LEVELS):
        below, above = quantiles[:, 4 - k], quantiles[:, 5 + k]
        scores[f"coverage_{100 * level:.0f}"] = np.mean((below <= y) & (y <= above))
    # From the rows with the narrowest interval to those with the widest.
    order = np.argsort(upper - lower, kind="stable")
    covered = ((lower <= y) & (y <= upper))[order]
    for k, fifth in enumerate(np.array_split(covered, 5), start=1):
        scores[f"coverage_90_fifth_{k}"] = fifth.mean()
    return scores


def quantile_density(y, quantiles):
    """Density that is constant between quantiles and exponential beyond them.

    Quantiles closer than 1e-6 count as so far apart, or a target with few values would
    have an infinite density.
    """
    probability = np.diff(QUANTILES, prepend=0, append=1)
    width = np.maximum(np.diff(quantiles), 1e-6)
    between = probability[1:-1] / width
    # The tails continue the density beside them and hold the probability left.
    left, right = between[:, 0], between[:, -1]
    beyond = [y - quantiles[:, -1], quantiles[:, 0] - y]
    tails = [
        density * np.exp(-np.maximum(distance, 0) * density / mass)
        for density, distance, mass in zip(
            (right, left), beyond, (probability[-1], probability[0]), strict=True
        )
    ]
    position = (quantiles < y[:, None]).sum(axis=1)
    inside = between[np.arange(len(y)), np.clip(position - 1, 0, 8)]
    return np.select([beyond[0] > 0, beyond[1] > 0], tails, inside)
