"""Which estimators are measured, and with which parameters?

`FiveDRegressor` in three configurations, and what a user would otherwise take. Each is
one short entry of `ESTIMATORS`. All of them run on one core, so that what is compared
is work and not the number of threads.
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from pkgutil import resolve_name

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BASELINE = "FiveDRegressor"
SINGLE = "FiveDRegressor single"
REFERENCE = "FiveDRegressor adam (reference configuration)"


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
    max_rows : int, default=1_000_000
        More rows than this are left out.
    package : str, default=None
        What has to be installed; None is the package of `target`.
    """

    name: str
    target: str
    params: dict = field(default_factory=dict)
    scale: str | None = None
    max_rows: int = 1_000_000
    package: str | None = None

    def is_installed(self):
        """Tell whether the package is there, without importing it."""
        package = self.package or self.target.partition(":")[0].partition(".")[0]
        return find_spec(package) is not None

    def make(self, seed):
        """Make the unfitted estimator; `seed` is its `random_state`, if it has one."""
        estimator = self.bare()
        if "random_state" in estimator.get_params(deep=False):
            estimator.set_params(random_state=seed)
        if self.scale:
            estimator = make_pipeline(StandardScaler(), estimator)
        if self.scale == "Xy":
            estimator = TransformedTargetRegressor(
                estimator, transformer=StandardScaler()
            )
        return estimator

    def bare(self):
        """Make the estimator without seed and scaling."""
        return resolve_name(self.target)(**self.params)


_TORCH = {"device": "cpu", "n_threads": 1}

_ENTRIES = (
    Entry(BASELINE, "sklearn_5d:FiveDRegressor", {"n_jobs": 1}),
    Entry(SINGLE, "sklearn_5d:FiveDRegressor", {"n_estimators": 1, "n_jobs": 1}),
    Entry(
        REFERENCE,
        "sklearn_5d:FiveDRegressor",
        {"solver": "adam", "activation": "relu", "n_estimators": 1, "n_jobs": 1},
        max_rows=100_000,
    ),
    Entry(
        "MLPRegressor defaults", "sklearn.neural_network:MLPRegressor", max_rows=10_000
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
    Entry("RealMLP", "pytabkit:RealMLP_TD_Regressor", _TORCH, max_rows=10_000),
    Entry("TabM", "pytabkit:TabM_D_Regressor", _TORCH, max_rows=10_000),
    Entry(
        "HistGradientBoostingRegressor",
        "sklearn.ensemble:HistGradientBoostingRegressor",
        {"max_iter": 1000, "early_stopping": True},
    ),
    Entry(
        "ExtraTreesRegressor",
        "sklearn.ensemble:ExtraTreesRegressor",
        {"n_jobs": 1},
        max_rows=30_000,
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
        max_rows=100_000,
    ),
    Entry(
        "NGBoost",
        "ngboost:NGBRegressor",
        {"n_estimators": 500, "verbose": False},
        max_rows=10_000,
    ),
    Entry("HGB quantiles", "peers:HGBQuantileRegressor", max_rows=30_000),
    Entry(
        "HGB quantiles, MAPIE CQR",
        "peers:CQRRegressor",
        max_rows=30_000,
        package="mapie",
    ),
    Entry("HGB, MAPIE CV+", "peers:CVPlusRegressor", max_rows=20_000, package="mapie"),
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
        "RBFInterpolator", "peers:RBFInterpolatorRegressor", scale="X", max_rows=3_000
    ),
    Entry("Polynomial chaos", "peers:PolynomialChaosRegressor", max_rows=30_000),
    Entry(
        "OpenTURNS chaos", "peers:OpenTURNSChaos", max_rows=30_000, package="openturns"
    ),
    Entry(
        "OpenTURNS kriging",
        "peers:OpenTURNSKriging",
        scale="X",
        max_rows=1_000,
        package="openturns",
    ),
    Entry("SMT kriging", "peers:SMTKriging", scale="X", max_rows=300, package="smt"),
)

ESTIMATORS = {entry.name: entry for entry in _ENTRIES}
"""The entries by name, in the order of the report."""
