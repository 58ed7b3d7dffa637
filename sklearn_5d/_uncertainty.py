"""How wrong a prediction may be: calibrated on rows that did not train it.

Everything is at the network's scale until the end: where the target was straightened
by a logarithm, a bound is asymmetric and stays inside the range of the logarithm.
"""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state

from ._evaluation import MIN_SQUARED_SHARE, spread, variance_share
from ._noise import MIN_ROWS, NoiseScale, fit_noise_scale
from ._rows import sample
from ._training.threads import single_threaded

# Of more rows than this a sample tells.
MAX_CALIBRATION_ROWS = 10_000
# A stream may come row by row: so many residuals are kept from the calls before.
MIN_CALIBRATION_ROWS = 200


def conformal_quantile(scores, level, weight=None, n_groups=None):
    """Compute the quantile of the scores with the finite-sample correction.

    With equal weights and n + 1 exchangeable scores the last is at most the k-th
    smallest of the others, k = ceil((n + 1) * level), with at least the probability
    asked. With weights each score counts as its weight says, and the new one as the
    mean of the others. The scores of a group may all be one, so that with groups it is
    these that are counted; the largest score is the answer where they are too few.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Scores of rows that did not train.
    level : float
        The probability asked, between 0 and 1.
    weight : ndarray of shape (n_samples,), default=None
        Weights of the rows; None where they are equal.
    n_groups : int, default=None
        Number of groups; None where each row stands for itself.

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
    if n_groups is not None:
        rank = min(np.round(n_samples * (1 + 1 / n_groups) * level, 9), n_samples)
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


def interpolated_quantiles(scores, quantiles, weight=None):
    """Compute quantiles of a new score, linear between those that were seen.

    The k-th smallest of n exchangeable scores stands at k / (n + 1). Beyond the
    outermost ones there is nothing to go by, and they are the answer.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Scores of rows that did not train.
    quantiles : ndarray of shape (n_quantiles,)
        Probabilities between 0 and 1.
    weight : ndarray of shape (n_samples,), default=None
        Weights of the rows; None where they are equal.

    Returns
    -------
    ndarray of shape (n_quantiles,)
        The quantiles.
    """
    order = np.argsort(scores)
    weight = np.ones(len(scores)) if weight is None else weight[order]
    reached = np.cumsum(weight) / (weight.sum() + weight.mean())
    return np.interp(quantiles, reached, scores[order])


def _sizes(model):
    """Tell what brings the errors of each member to the size of those of all.

    Weights are in inverse proportion to squares of the errors.
    """
    return np.sqrt(len(model.weights) * model.weights)


def _doubt(model, train, posterior, error, seen):
    """Calibrate the variance of the model's own error.

    On rows that it has learnt its squared error is too small by as much as it is too
    large on others: half of the difference is the variance of what it has learnt
    (Mallows 1973). Members that share most of their rows differ by less, and the last
    layers alone know of less, so both grow until their mean is that.
    """
    outputs, leverage = model.outputs_and_leverage(train.X, posterior)
    residual = model.target.transform(train.y) - outputs
    learnt = np.average(model.average(residual**2), weights=train.weight)
    variance = (error - learnt) / (2 * seen)
    of_leverage = error / len(train)
    between = spread(outputs, model.weights)
    known = np.average(
        between + of_leverage * model.average(leverage), weights=train.weight
    )
    factor = max(1.0, float(variance / known)) if known > 0 else 1.0
    return factor, factor * float(of_leverage)


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What held-out rows have told about a model.

    Parameters
    ----------
    residual : ndarray of shape (n_samples,)
        Target minus prediction of rows that did not train what predicted them, as
        large as with the mean of the members, at the network's scale, the latest first.
    scale : ndarray of shape (n_samples,)
        What `noise` would say of the sizes of these residuals without them.
    weight : ndarray of shape (n_samples,) or None
        Weights of these rows.
    residual_scale : float
        Root mean square of the residuals in the units of the target.
    noise : NoiseScale or None
        The scale of the residuals as a function of the inputs; None without residuals.
    posterior : ndarray or None
        A result of `Model.posterior`; None where the training rows are not known.
    doubt : tuple of two floats, default=(1.0, 0.0)
        The variance of the model's own error is the first times the variance between
        the members, and the second times the leverage.
    n_groups : int or None, default=None
        Number of groups among the rows; None where each stands for itself.
    """

    residual: np.ndarray
    scale: np.ndarray
    weight: np.ndarray | None
    residual_scale: float
    noise: NoiseScale | None = None
    posterior: np.ndarray | None = None
    doubt: tuple = (1.0, 0.0)
    n_groups: int | None = None

    @classmethod
    def unknown(cls):
        """Return what is known without any held-out rows."""
        return cls(np.empty(0), np.empty(0), None, np.nan)

    @classmethod
    def of_fit(cls, model, rows, out_of_fold, holder, validation, random_state):
        """Calibrate by the held-out rows of a fit.

        Parameters
        ----------
        model : Model
            The fitted model.
        rows : Rows
            The rows that it was fitted to, in the units of the user.
        out_of_fold : ndarray of shape (n_samples,)
            For each row the output of the member that held it out, else NaN.
        holder : ndarray of shape (n_samples,)
            Which member that is, -1 for none.
        validation : Rows or None
            Rows that no member has seen, which tell in place of those held out.
        random_state : int, RandomState instance or None
            Which rows tell, where there are many.

        Returns
        -------
        Uncertainty
            What they tell, if there are any.
        """
        rng = check_random_state(random_state)
        known = sample(np.arange(len(rows)), MAX_CALIBRATION_ROWS, rng)
        train, holder_of_train = rows.take(known), holder[known]
        held_out = np.flatnonzero(np.isfinite(out_of_fold))
        seen = 1 - len(held_out) / (len(rows) * len(model.members))
        if validation is not None:
            rows, out_of_fold = validation, model.average(model.outputs(validation.X))
            held_out, holder = np.arange(len(rows)), None
        if len(held_out) == 0:
            return cls.unknown()
        held_out = sample(held_out, MAX_CALIBRATION_ROWS, rng)
        told = rows.take(held_out), out_of_fold[held_out]
        size = 1.0 if holder is None else _sizes(model)[holder[held_out]]
        with single_threaded:
            result = cls.calibrate(model, *told, train, seen, size)
            # Groups are few, and the quantile of so few is none too large.
            is_certain = len(held_out) >= MIN_ROWS and rows.groups is None
            if len(model.members) == 1 or holder is None or not is_certain:
                return result
            share = result._share_of_mean(model, train, holder_of_train)
            return replace(result, residual=share * result.residual)

    @classmethod
    def calibrate(cls, model, rows, prediction, train=None, seen=1.0, size=1.0):
        """Compare predictions of held-out rows with their targets.

        Parameters
        ----------
        model : Model
            The fitted model.
        rows : Rows
            Held-out rows in the units of the user.
        prediction : ndarray of shape (n_samples,)
            What networks that have not seen a row say of it, at the network's scale.
        train : Rows, default=None
            Rows that trained the networks, in the units of the user. Without them the
            scale is a constant.
        seen : float, default=1.0
            The share of the training rows that a member has seen.
        size : float or ndarray of shape (n_samples,), default=1.0
            What brings residuals of members of unequal weights to one size.

        Returns
        -------
        Uncertainty
            The residuals of these rows, and their scale.
        """
        residual = size * (model.target.transform(rows.y) - prediction)
        error = rows.y - model.target.inverse(prediction)
        rms = float(np.sqrt(np.average(error**2, weights=rows.weight)))
        if train is None:
            noise = NoiseScale.constant(rows.X.shape[1])
            return cls(residual, np.ones(len(rows)), rows.weight, rms, noise)
        posterior = model.posterior(train.X)
        each = model.outputs_and_leverage(rows.X, posterior)
        mean, leverage = map(model.average, each)
        known = model.standardized(rows.X), mean, leverage
        noise, scale = fit_noise_scale(*known, residual, rows.weight, rows.groups)
        error = np.average(residual**2, weights=rows.weight)
        doubt = _doubt(model, train, posterior, error, seen)
        n_groups = None if rows.groups is None else len(np.unique(rows.groups))
        return cls(residual, scale, rows.weight, rms, noise, posterior, doubt, n_groups)

    def _share_of_mean(self, model, train, holder):
        """Tell how large the error of the members' mean is beside that of one."""
        outputs, scale = self._outputs_and_scale(model, train.X)
        residual = model.target.transform(train.y) - outputs
        row_weight = scale**-2 if train.weight is None else train.weight / scale**2
        has_learnt = np.arange(len(residual))[:, None] != holder
        weights = model.weights[:, None] * has_learnt
        weights /= weights.sum(axis=0)
        of_many = variance_share(residual, weights, row_weight)
        share = 1 - of_many * np.sum(model.weights * (1 - model.weights))
        return np.sqrt(max(share, 1 / len(residual), MIN_SQUARED_SHARE))

    def updated(self, model, rows):
        """Calibrate by the next rows of a stream, together with the latest before.

        Parameters
        ----------
        model : Model
            The model that has not learnt these rows yet.
        rows : Rows
            The rows in the units of the user.

        Returns
        -------
        Uncertainty
            The residuals of these rows, and of as many as are kept.
        """
        new = self.calibrate(model, rows, model.average(model.outputs(rows.X)))
        latest = slice(max(0, MIN_CALIBRATION_ROWS - len(rows)))
        weights = new._weights(), self._weights()[latest]
        if len(weights[1]) == 0:
            return new
        squares = new.residual_scale**2, self.residual_scale**2
        mean_square = np.average(squares, weights=[w.sum() for w in weights])
        weight = np.concatenate(weights)
        return replace(
            new,
            residual=np.r_[new.residual, self.residual[latest]],
            scale=np.r_[new.scale, self.scale[latest]],
            weight=None if np.ptp(weight) == 0 else weight,
            residual_scale=float(np.sqrt(mean_square)),
        )

    def _weights(self):
        return np.ones(len(self.residual)) if self.weight is None else self.weight

    def check_known(self):
        """Raise an error where no rows were held out."""
        if len(self.residual) == 0:
            raise NotFittedError(
                "No rows were held out to calibrate an uncertainty with: a single "
                "network of MLPRegressor's own solvers keeps its validation rows to "
                "itself, and the first partial_fit has none. Fit with X_val and y_val, "
                "with n_estimators of at least 2, or call partial_fit again."
            )

    def check_gradient_known(self, model):
        """Raise an error where nothing tells how wrong a gradient is."""
        self.check_known()
        if self.posterior is None and len(model.members) == 1:
            raise ValueError(
                "A single network that has learnt by partial_fit cannot tell how wrong "
                "its gradient is. Fit, or use n_estimators of at least 2."
            )

    @property
    def scores(self):
        """The residuals in units of their scale."""
        return self.residual / self.scale

    @property
    def unit_std(self):
        """Root mean square of the scores."""
        return float(np.sqrt(np.average(self.scores**2, weights=self.weight)))

    def half_widths(self, levels):
        """List half the widths of intervals in units of the scale."""
        sizes = np.abs(self.scores)
        return [
            conformal_quantile(sizes, level, self.weight, self.n_groups)
            for level in levels
        ]

    def mean_and_scale(self, model, X):
        """Predict, and tell the scale of the residual, at the network's scale.

        Parameters
        ----------
        model : Model
            The fitted model.
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        mean, scale : ndarray of shape (n_samples,)
            The scale grows outside the training range, by a rule.
        """
        outputs, scale = self._outputs_and_scale(model, X)
        return model.average(outputs), scale

    def _outputs_and_scale(self, model, X):
        if self.noise.kind == "constant":
            outputs, scale = model.outputs(X), 1.0
        else:
            outputs, leverage = model.outputs_and_leverage(X, self.posterior)
            known = map(model.average, (outputs, leverage))
            scale = self.noise.predict(model.standardized(X), *known)
        return outputs, scale * (1 + model.excess(X))

    def mean_and_std(self, model, X):
        """Predict mean and standard deviation in the units of the target.

        Parameters
        ----------
        model, X
            As in `mean_and_scale`.

        Returns
        -------
        ndarray of shape (2, n_samples)
            Mean and standard deviation.
        """
        mean, scale = self.mean_and_scale(model, X)
        # Below the smallest target a logarithm has next to no slope, but errors.
        slope = model.target.slope(np.maximum(mean, model.target.lowest))
        std = scale * self.unit_std * slope
        return np.stack([model.target.inverse(mean), std])

    def gradient_std(self, model, X):
        """Compute the standard deviation of the gradient's own error.

        Parameters
        ----------
        model, X
            As in `mean_and_scale`.

        Returns
        -------
        ndarray of shape (n_features, n_samples)
            The standard deviation in the units of target and inputs.
        """
        slope, variance, leverage = model.gradient_moments(X, self.posterior)
        of_variance, of_leverage = self.doubt
        std = np.sqrt(of_variance * variance + of_leverage * leverage)
        return (std * np.abs(slope)).T * (1 + model.excess(X))

    def interval(self, model, X, levels):
        """Compute the lower bounds of intervals, and after them the upper ones.

        Parameters
        ----------
        model, X
            As in `mean_and_scale`.
        levels : ndarray of shape (n_levels,)
            The probabilities.

        Returns
        -------
        ndarray of shape (2 * n_levels, n_samples)
            The bounds in the units of the target.
        """
        widths = self.half_widths(levels)
        return self._at(model, X, np.r_[np.negative(widths), widths])

    def quantiles(self, model, X, quantiles):
        """Compute quantiles of the target.

        Parameters
        ----------
        model, X
            As in `mean_and_scale`.
        quantiles : ndarray of shape (n_quantiles,)
            The probabilities.

        Returns
        -------
        ndarray of shape (n_quantiles, n_samples)
            The quantiles in the units of the target.
        """
        scores = interpolated_quantiles(self.scores, quantiles, self.weight)
        return self._at(model, X, scores)

    def _at(self, model, X, scores):
        mean, scale = self.mean_and_scale(model, X)
        return model.target.inverse(mean + scores[:, None] * scale)
