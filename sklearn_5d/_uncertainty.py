"""How wrong a prediction may be: calibrated on rows that did not train it.

Everything is at the network's scale until the end: where the target was straightened
by a logarithm, a bound is asymmetric and stays inside the range of the logarithm.
"""

from dataclasses import dataclass

import numpy as np

from ._model import mean_and_spread


def conformal_quantile(scores, level, weight=None):
    """Compute the quantile of the scores with the finite-sample correction.

    With equal weights and n + 1 exchangeable scores the last is at most the k-th
    smallest of the others, k = ceil((n + 1) * level), with at least the probability
    asked. With weights each score counts as its weight says, and the new one as the
    mean of the others.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Scores of rows that did not train.
    level : float
        The probability asked, between 0 and 1.
    weight : ndarray of shape (n_samples,), default=None
        Weights of the rows; None where they are equal.

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

    Tibshirani et al. (2019). Conformal prediction under covariate shift.
    arXiv:1904.06019.
    """
    n_samples = len(scores)
    rank = np.round((n_samples + 1) * level, 9)
    if np.ceil(rank) > n_samples:
        raise ValueError(
            f"An interval at confidence_level={level} needs at least "
            f"{required_rows(level)} held-out rows, got {n_samples}."
        )
    if weight is None:
        k = int(np.ceil(rank)) - 1
        return float(np.partition(scores, k)[k])
    order = np.argsort(scores)
    reached = np.cumsum(weight[order]) / weight.mean()
    k = np.searchsorted(np.round(reached, 9), rank)
    return float(scores[order[min(k, n_samples - 1)]])


def required_rows(level):
    """Compute how many held-out rows a level needs for a finite interval."""
    return int(np.ceil(np.round(level / (1 - level), 9)))


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What held-out rows have told about a model.

    Parameters
    ----------
    residual : ndarray of shape (n_samples,)
        Target minus prediction of rows that did not train what predicted them, at the
        network's scale, the latest first.
    spread : ndarray of shape (n_samples,)
        Standard deviation of the members' outputs there.
    weight : ndarray of shape (n_samples,) or None
        Weights of these rows.
    residual_scale : float
        Root mean square of the residuals in the units of the target.
    """

    residual: np.ndarray
    spread: np.ndarray
    weight: np.ndarray | None
    residual_scale: float

    @classmethod
    def calibrate(cls, model, rows, prediction):
        """Compare predictions of held-out rows with their targets.

        Parameters
        ----------
        model : Model
            The fitted model.
        rows : Rows
            Rows in the units of the user.
        prediction : ndarray of shape (n_samples,)
            What networks that have not seen a row say of it, at the network's scale.

        Returns
        -------
        Uncertainty
            The residuals of these rows.
        """
        residual = model.target.transform(rows.y) - prediction
        _, spread = mean_and_spread(model.outputs(rows.X))
        error = rows.y - model.target.inverse(prediction)
        scale = np.sqrt(np.average(error**2, weights=rows.weight))
        return cls(residual, spread, rows.weight, float(scale))

    @classmethod
    def unknown(cls):
        """Return what is known without any held-out rows."""
        return cls(np.empty(0), np.empty(0), None, np.nan)

    def check_known(self):
        """Raise an error where no rows were held out."""
        if len(self.residual) == 0:
            raise ValueError(
                "No rows were held out to calibrate an uncertainty with: a single "
                "network of MLPRegressor's own solvers keeps its validation rows to "
                "itself, and the first partial_fit has none. Fit with X_val and y_val, "
                "with n_estimators of at least 2, or call partial_fit again."
            )

    def joined(self, before, n_kept):
        """Return the residuals together with the latest of those before."""
        latest = slice(n_kept)
        n, n_before = len(self.residual), len(before.residual[latest])
        if n_before == 0:
            return self
        squares = self.residual_scale**2, before.residual_scale**2
        return Uncertainty(
            np.r_[self.residual, before.residual[latest]],
            np.r_[self.spread, before.spread[latest]],
            None,
            float(np.sqrt(np.average(squares, weights=[n, n_before]))),
        )

    @property
    def scale(self):
        """Root mean square of the residuals at the network's scale."""
        return np.sqrt(np.average(self.residual**2, weights=self.weight))

    def predict_scaled(self, model, X):
        """Predict mean and standard deviation at the network's scale.

        Parameters
        ----------
        model : Model
            The fitted model.
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        mean, std : ndarray of shape (n_samples,)
            The standard deviation joins the spread of the members and the scale of the
            residuals, which grows outside the training range, by a rule.
        """
        mean, spread = mean_and_spread(model.outputs(X))
        return mean, np.hypot(spread, self.scale * (1 + model.excess(X)))

    def mean_and_std(self, model, X):
        """Predict mean and standard deviation in the units of the target."""
        mean, std = self.predict_scaled(model, X)
        return model.target.inverse(mean), std * model.target.slope(mean)

    def quantiles(self, levels):
        """Compute how many standard deviations hold a share of the residuals."""
        std = np.hypot(self.spread, self.scale)
        scores = np.abs(self.residual) / np.where(std > 0, std, 1)
        return [conformal_quantile(scores, level, self.weight) for level in levels]

    def bounds(self, model, X, widths):
        """Compute the lower bounds, and after them the upper ones.

        Parameters
        ----------
        model : Model
            The fitted model.
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.
        widths : list of float
            Half the widths of the intervals, in standard deviations.

        Returns
        -------
        ndarray of shape (2 * n_widths, n_samples)
            The bounds in the units of the target.
        """
        mean, std = self.predict_scaled(model, X)
        signed = np.r_[np.negative(widths), widths][:, None]
        return model.target.inverse(mean + signed * std)
