"""Which estimators are measured, and with which parameters?

`FiveDRegressor` in three configurations, and what a user would otherwise take. Each is
one short entry of `ESTIMATORS`. All of them run on one core, so that what is compared
is work and not the number of threads.
"""

import json
from dataclasses import dataclass, field
from pkgutil import resolve_name

import numpy as np
from scipy.interpolate import RBFInterpolator
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import validate_data


class RBFInterpolatorRegressor(RegressorMixin, BaseEstimator):
    """`scipy.interpolate.RBFInterpolator` with fit and predict."""

    def fit(self, X, y):
        """Fit the thin plate spline through all rows."""
        X, y = validate_data(self, X, y)
        self.interpolator_ = RBFInterpolator(X, y)
        return self

    def predict(self, X):
        """Evaluate the spline."""
        return self.interpolator_(validate_data(self, X, reset=False))


@dataclass(frozen=True)
class Entry:
    """How one estimator is made.

    Parameters
    ----------
    name : str
        Name in the rows and in the report.
    target : str
        Where the class is found, ``"module:Class"``. It is imported when it is needed,
        so that a package that is not installed costs its own entry alone.
    params : dict, default={}
        Parameters that differ from the class's defaults.
    scale : {None, "X", "Xy"}, default=None
        What is standardised around the estimator.
    max_rows : int, default=10_000_000
        More rows than this are left out.
    intervals : bool, default=True
        Whether its prediction intervals are measured, where its class has any.
    """

    name: str
    target: str
    params: dict = field(default_factory=dict)
    scale: str | None = None
    max_rows: int = 10_000_000
    intervals: bool = True

    def make(self, seed):
        """Make the unfitted estimator.

        Parameters
        ----------
        seed : int
            Value of `random_state`, where the estimator has one.

        Returns
        -------
        estimator : estimator
            With the scaling around it.
        """
        estimator = self._bare()
        if "random_state" in estimator.get_params(deep=False):
            estimator.set_params(random_state=seed)
        if self.scale:
            estimator = make_pipeline(StandardScaler(), estimator)
        if self.scale == "Xy":
            estimator = TransformedTargetRegressor(
                estimator, transformer=StandardScaler()
            )
        return estimator

    def describe(self):
        """Describe the parameters as one line of JSON.

        Returns
        -------
        params : str
            All parameters but the seed, and what is standardised.
        """
        params = self._bare().get_params(deep=False)
        params.pop("random_state", None)
        scaling = {"standardised": self.scale} if self.scale else {}
        return json.dumps(params | scaling, default=str)

    def _bare(self):
        return resolve_name(self.target)(**self.params)


_REFERENCE = {
    "hidden_layer_sizes": (64, 32, 16),
    "learning_rate_init": 0.005,
    "max_iter": 100,
    "batch_size": 256,
    "early_stopping": True,
    "n_iter_no_change": 20,
}

BASELINE = "FiveDRegressor"
REFERENCE = "FiveDRegressor adam (reference configuration)"

_ENTRIES = (
    Entry(BASELINE, "sklearn_5d:FiveDRegressor", {"n_jobs": 1}),
    Entry(
        "FiveDRegressor single",
        "sklearn_5d:FiveDRegressor",
        {"n_estimators": 1, "n_jobs": 1},
    ),
    Entry(
        REFERENCE,
        "sklearn_5d:FiveDRegressor",
        {"solver": "adam", "activation": "relu", "n_estimators": 1, "n_jobs": 1},
        max_rows=100_000,
        # One network keeps no rows to calibrate with.
        intervals=False,
    ),
    Entry(
        "MLPRegressor defaults",
        "sklearn.neural_network:MLPRegressor",
        max_rows=30_000,
    ),
    Entry(
        "MLPRegressor scaled, reference configuration",
        "sklearn.neural_network:MLPRegressor",
        _REFERENCE,
        scale="Xy",
        max_rows=30_000,
    ),
    Entry(
        "MLPRegressor scaled, L-BFGS",
        "sklearn.neural_network:MLPRegressor",
        {
            "hidden_layer_sizes": (64, 32, 16),
            "activation": "tanh",
            "solver": "lbfgs",
            "max_iter": 500,
        },
        scale="Xy",
        max_rows=10_000,
    ),
    Entry(
        "HistGradientBoostingRegressor",
        "sklearn.ensemble:HistGradientBoostingRegressor",
        {"max_iter": 1000, "early_stopping": True},
    ),
    Entry(
        "RandomForestRegressor",
        "sklearn.ensemble:RandomForestRegressor",
        {"n_jobs": 1},
        max_rows=30_000,
    ),
    Entry(
        "GaussianProcessRegressor",
        "sklearn.gaussian_process:GaussianProcessRegressor",
        {
            "kernel": 1.0 * RBF(np.ones(5), (1e-2, 1e3))
            + WhiteKernel(1e-2, (1e-10, 1e1)),
            "normalize_y": True,
        },
        scale="X",
        max_rows=2_000,
    ),
    Entry(
        "KernelRidge",
        "sklearn.model_selection:GridSearchCV",
        {
            "estimator": KernelRidge(kernel="rbf"),
            "param_grid": {"alpha": [1, 1e-2, 1e-4], "gamma": [0.03, 0.1, 0.3]},
            "cv": 3,
        },
        scale="Xy",
        max_rows=2_000,
    ),
    Entry(
        "RBFInterpolator",
        "estimator:RBFInterpolatorRegressor",
        scale="X",
        max_rows=3_000,
    ),
    Entry(
        "LightGBM",
        "lightgbm:LGBMRegressor",
        {"n_estimators": 500, "n_jobs": 1, "verbosity": -1},
    ),
    Entry("XGBoost", "xgboost:XGBRegressor", {"n_estimators": 500, "n_jobs": 1}),
    Entry(
        "CatBoost",
        "catboost:CatBoostRegressor",
        {"thread_count": 1, "allow_writing_files": False, "verbose": False},
    ),
)

ESTIMATORS = {entry.name: entry for entry in _ENTRIES}
"""The entries by name, in the order of the report."""
