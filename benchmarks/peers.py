"""How do packages with an interface of their own look to scikit-learn?

Each class has ``fit`` and ``predict``, and ``predict(X, return_std=True)`` or
``predict_quantiles(X, quantiles)`` where the package predicts a distribution. Packages
are imported where they are used.
"""

import contextlib
import io
from itertools import combinations_with_replacement

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.interpolate import RBFInterpolator
from scipy.special import comb
from scores import LEVELS, QUANTILES
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler


class Peer(RegressorMixin, BaseEstimator):
    """Predicts by `model_`, where a class below says nothing else."""

    def predict(self, X):
        return self.model_.predict(X)


class RBFInterpolatorRegressor(Peer):
    """`scipy.interpolate.RBFInterpolator`: the thin plate spline through all rows."""

    def fit(self, X, y):
        self.interpolator_ = RBFInterpolator(X, y)
        return self

    def predict(self, X):
        return self.interpolator_(X)


def legendre_basis(X, degree):
    """Products of normalised Legendre polynomials on [-1, 1], up to a total degree."""
    values = legvander(X, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
    inputs = range(X.shape[1])
    terms = [np.ones(len(X))]
    for d in range(1, degree + 1):
        for chosen in combinations_with_replacement(inputs, d):
            powers = np.bincount(chosen, minlength=X.shape[1])
            terms.append(np.prod(values[:, inputs, powers], axis=1))
    return np.column_stack(terms[1:])


class PolynomialChaosRegressor(Peer):
    """Polynomial chaos in scikit-learn's own parts.

    Ridge regression on `legendre_basis`, of the penalty and degree with the least
    leave-one-out error. Degrees rise until two in a row have not lowered it, or there
    are more terms than rows or `max_terms`.
    """

    def __init__(self, max_terms=800):
        self.max_terms = max_terms

    def fit(self, X, y):
        n_samples, n_features = X.shape
        best, degree, since_best = -np.inf, 1, 0
        while since_best < 2 and (
            degree == 1
            or comb(n_features + degree, degree) <= min(self.max_terms, n_samples)
        ):
            basis = FunctionTransformer(legendre_basis, kw_args={"degree": degree})
            # Fresh rows may lie outside the range of the fitted ones.
            scaler = MinMaxScaler((-1, 1), clip=True)
            model = make_pipeline(scaler, basis, RidgeCV(np.logspace(-8, 2, 6)))
            score = model.fit(X, y)[-1].best_score_
            since_best += 1
            if score > best:
                self.model_, best, since_best = model, score, 0
            degree += 1
        return self


class HGBQuantileRegressor(Peer):
    """`HistGradientBoostingRegressor` of the mean, and one of each quantile."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        seed = {"random_state": self.random_state}
        self.model_ = HistGradientBoostingRegressor(**seed).fit(X, y)
        self.quantiles_ = [
            HistGradientBoostingRegressor(loss="quantile", quantile=q, **seed).fit(X, y)
            for q in QUANTILES
        ]
        return self

    def predict_quantiles(self, X, quantiles=QUANTILES):
        """Predict the quantiles that were fitted; crossed ones are sorted."""
        return np.sort([model.predict(X) for model in self.quantiles_], axis=0).T


class CQRRegressor(HGBQuantileRegressor):
    """The same, conformalised by MAPIE on a fifth of the rows."""

    def fit(self, X, y):
        from mapie.regression import ConformalizedQuantileRegressor

        X, X_rest, y, y_rest = train_test_split(
            X, y, test_size=0.2, random_state=self.random_state
        )
        super().fit(X, y)
        pairs = zip(self.quantiles_[4::-1], self.quantiles_[5:], strict=True)
        self.intervals_ = [
            ConformalizedQuantileRegressor(
                [*pair, self.model_], confidence_level=level, prefit=True
            ).conformalize(X_rest, y_rest)
            for level, pair in zip(LEVELS, pairs, strict=True)
        ]
        return self

    def predict_quantiles(self, X, quantiles=QUANTILES):
        """Predict the bounds of the intervals."""
        bounds = [each.predict_interval(X)[1][:, :, 0] for each in self.intervals_]
        return np.sort(np.hstack(bounds))


class CVPlusRegressor(Peer):
    """MAPIE's CV+ around `HistGradientBoostingRegressor`, five folds."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        from mapie.regression import CrossConformalRegressor

        self.model_ = CrossConformalRegressor(
            HistGradientBoostingRegressor(random_state=self.random_state),
            confidence_level=LEVELS,
            method="plus",
            cv=5,
            random_state=self.random_state,
        ).fit_conformalize(X, y)
        return self

    def predict_quantiles(self, X, quantiles=QUANTILES):
        """Predict the bounds of the intervals."""
        return np.sort(self.model_.predict_interval(X)[1].reshape(len(X), -1))


class OpenTURNSChaos(Peer):
    """OpenTURNS's functional chaos on uniform inputs, with its own choice of terms."""

    def fit(self, X, y):
        import openturns as ot

        ot.Log.Show(ot.Log.NONE)
        bounds = zip(X.min(axis=0), X.max(axis=0), strict=True)
        inputs = ot.JointDistribution([ot.Uniform(*map(float, b)) for b in bounds])
        algorithm = ot.FunctionalChaosAlgorithm(X, y[:, None], inputs)
        algorithm.run()
        self.model_ = algorithm.getResult().getMetaModel()
        return self

    def predict(self, X):
        return np.array(self.model_(X)).ravel()


class OpenTURNSKriging(Peer):
    """OpenTURNS's kriging of scaled inputs: Gaussian kernel, and a nugget."""

    def fit(self, X, y):
        import openturns as ot

        ot.Log.Show(ot.Log.NONE)
        n_features = X.shape[1]
        kernel = ot.SquaredExponential([3.0] * n_features, [1.0])
        kernel.setNuggetFactor(1e-2)
        kernel.activateNuggetFactor(True)
        trend = ot.ConstantBasisFactory(n_features).build()
        # Scaled, as the bounds of the nugget are.
        self.mean_, self.sd_ = y.mean(), y.std()
        y = (y - self.mean_) / self.sd_
        fitter = ot.GaussianProcessFitter(X, y[:, None], kernel, trend)
        low, high = [0.1] * n_features + [1e-10], [100.0] * n_features + [1.0]
        fitter.setOptimizationBounds(ot.Interval(low, high))
        fitter.setOptimizationAlgorithm(ot.NLopt("LN_BOBYQA"))
        fitter.run()
        algorithm = ot.GaussianProcessRegression(fitter.getResult())
        algorithm.run()
        self.result_ = algorithm.getResult()
        return self

    def predict(self, X, return_std=False):
        import openturns as ot

        mean = self.mean_ + self.sd_ * np.ravel(self.result_.getMetaModel()(X))
        if not return_std:
            return mean
        covariance = ot.GaussianProcessConditionalCovariance(self.result_)
        variance = covariance.getConditionalMarginalVariance(ot.Sample(X))
        return mean, self.sd_ * np.sqrt(np.maximum(np.ravel(variance), 1e-24))


class SMTKriging(Peer):
    """SMT's kriging with noise to be found."""

    def fit(self, X, y):
        from smt.surrogate_models import KRG

        self.model_ = KRG(eval_noise=True, n_start=2, print_global=False)
        self.model_.set_training_values(X, y)
        # It prints the eigenvalues of a matrix that cannot be factored.
        with contextlib.redirect_stdout(io.StringIO()):
            self.model_.train()
        return self

    def predict(self, X):
        return self.model_.predict_values(X).ravel()
