"""The estimator."""

import warnings
from functools import partial, wraps
from numbers import Integral, Real

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from . import _export, _scaling
from ._committee import (
    fit_members,
    fit_mlp,
    fit_spring,
    out_of_fold_outputs,
    split_rows,
    teach_members,
)
from ._intervals import conformal_quantile, prediction_scale
from ._prediction import map_rows, mean_and_gradient, mean_output, member_outputs
from ._selection import choose_transforms
from ._stream import N_FOLDS, Memory, forget, pass_mlp, pass_spring, remember

N_INPUTS = 5
MAX_CALIBRATION_ROWS = 10_000
# From here on a fold costs a member few rows, and fewer members average as much.
MANY_ROWS = 4_000
# Up to here a Gaussian process costs less than the committee.
MAX_PROCESS_ROWS = 2_000
# A stream may come row by row: so many residuals are kept from the calls before.
MIN_CALIBRATION_ROWS = 200
# What is left of a constant target at the network's scale.
CONSTANT_RANGE = 1e-12
# Between these sizes no square overflows and none vanishes.
MIN_SIZE, MAX_SIZE = 1e-150, 1e150


def default_n_estimators(n_samples):
    """Choose the size of the committee: few rows want folds that hold out few."""
    return 8 if n_samples < MANY_ROWS else 3


def default_max_steps(n_samples):
    """Choose the budget of steps, which grows much slower than the rows."""
    if n_samples < MANY_ROWS:
        return 800
    return int(600 * max(1.0, n_samples / 10_000) ** 0.35)


def merge_equal_rows(X, y, sample_weight):
    """Make one row of equal ones, so that a copy of a training row is never held out.

    A row of weight 2 and two equal rows are then the same table, and equal weights are
    none. Without repetitions the rows stay as they are.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs.
    y : ndarray of shape (n_samples,)
        Target.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of the rows.

    Returns
    -------
    X, y, sample_weight : ndarray
        The distinct rows in the order of the target, then of the last input and so
        on, with the sums of their weights.
    place : ndarray or slice
        Where each of the given rows went.
    """
    if sample_weight is not None and np.ptp(sample_weight) == 0:
        sample_weight = None
    as_given = X, y, sample_weight, slice(None)
    # A sort of one column is cheap, and most tables end here.
    if sample_weight is None and len(np.unique(y)) == len(y):
        return as_given
    order = np.lexsort((*X.T, y))
    is_first = np.arange(len(y)) == 0
    for column in (*X.T, y):
        column = column[order]
        is_first[1:] |= column[1:] != column[:-1]
    first = order[is_first]
    if len(first) == 1 or (sample_weight is None and len(first) == len(y)):
        return as_given
    place = np.empty_like(order)
    place[order] = np.cumsum(is_first) - 1
    return X[first], y[first], np.bincount(place, weights=sample_weight), place


def _as_float64(y, name):
    # An object or a long double may turn out to be no number only by the conversion.
    y = y.astype(np.float64)
    assert_all_finite(y, input_name=name)
    return y


def check_size(values, name):
    """Raise an error where squares of the values would overflow or vanish.

    Parameters
    ----------
    values : ndarray
        Numbers, in columns where there are several.
    name : str
        What the message calls them.

    Raises
    ------
    ValueError
        Where the largest size in a column is neither 0 nor within the limits.
    """
    size = np.atleast_1d(np.maximum(values.max(axis=0), -values.min(axis=0)))
    outside = (size > MAX_SIZE) | ((size < MIN_SIZE) & (size > 0))
    if outside.any():
        column = f"column {outside.argmax()} of {name}" if len(size) > 1 else name
        raise ValueError(
            f"Got {size[outside][0]:.1e} as the largest size in {column}, expected 0 "
            f"or between {MIN_SIZE:.0e} and {MAX_SIZE:.0e}: rescale it."
        )


def all_or_nothing(method):
    """Let a method that fails or is interrupted leave the estimator as it was."""

    @wraps(method)
    def wrapper(self, *args, **kwargs):
        before = vars(self).copy()
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.__dict__ = before
            raise

    return wrapper


def _has_partial_fit(estimator):
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit has no meaning for solver='lbfgs'.")
    return True


class FiveDRegressor(RegressorMixin, BaseEstimator):
    r"""A committee of small networks for regression on five inputs.

    Each member is an `MLPRegressor`, by default trained with subsampled
    natural-gradient descent with momentum (SPRING): damped Gauss-Newton steps on
    batches, whose damping falls until the held-out rows stop gaining. Inputs and target
    are scaled inside.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(64, 32, 16)
        Widths of the hidden layers.

    activation : {"tanh", "logistic", "relu", "identity"}, default="tanh"
        Activation of the hidden layers.

    solver : {"spring", "adam", "sgd", "lbfgs"}, default="spring"
        The training algorithm: the natural gradient of this package, or a solver of
        `MLPRegressor`.

    n_estimators : int or "auto", default="auto"
        Number of networks. Several train on the folds of a cross-validation and predict
        their mean; with 1 a single network holds out `validation_fraction` of the rows.
        "auto" takes 8 below 4,000 rows, and 3 from there on.

    x_transform : {"auto", "standard", "yeo-johnson"}, default="auto"
        Standardise the inputs, or make them more normal as well. With "auto" skewed
        inputs try both in a short race; solvers of `MLPRegressor` standardise.

    y_transform : {"auto", "standard", "log", "arcsinh"}, default="auto"
        Standardise the target, or straighten it first by the logarithm of its distance
        to the minimum, or by the inverse hyperbolic sine of its distance to the median.
        With "auto" a skewed target tries them in a short race; solvers of
        `MLPRegressor` standardise.

    damping : tuple of two floats, default=(1.0, 1e-8)
        Where the damping starts and where it may end, in units of the mean diagonal of
        the Gram matrix. Only for ``solver="spring"``.

    momentum : float, default=0.9
        Momentum of the natural gradient, and of ``solver="sgd"``.

    gaussian_process : bool or "auto", default="auto"
        Whether the members learn, after the rows themselves, from a Gaussian process
        that was fitted to the same rows, as much as the held-out rows gain from it.
        "auto" does so for two networks or more and up to 2,000 rows. Only for
        ``solver="spring"``.

    precision : {"auto", "float32", "float64"}, default="auto"
        Type of the numbers. "auto" trains in float32 down to a damping of 1e-5 and in
        float64 below, and predicts in float64. "float32" predicts two to three times
        as fast, and rounds to some 1e-6 of the standard deviation of the target, at
        worst 2e-5. In training only for ``solver="spring"``.

    max_steps : int or "auto", default="auto"
        Budget of steps of each network. "auto" takes 800 below 4,000 rows, 600 to
        10,000 and ``600 * (n_samples / 10_000) ** 0.35`` above. Only for
        ``solver="spring"``.

    patience : int, default=2
        Number of attempts in a row without a gain on the held-out rows after which
        training ends. Each takes twice the batch size of the one before, up to 256, and
        0.7 of its learning rate. Only for ``solver="spring"``.

    learning_rate_init : float or "auto", default="auto"
        Length of the first steps. "auto" is 0.6 for ``solver="spring"`` and 0.005 for
        the others.

    batch_size : int or "auto", default="auto"
        Rows in a step. "auto" is 96, doubled every third decade of damping up to 256,
        for ``solver="spring"``, which takes 128 in `partial_fit`, and 256 for the
        others.

    alpha : float, default=1e-4
        Weight decay. For ``solver="spring"`` it is decoupled and in proportion to the
        damping, for the others it is the L2 term of `MLPRegressor`.

    max_iter : int, default=100
        Largest number of epochs, or of iterations of ``solver="lbfgs"``. Not for
        ``solver="spring"``, which has `max_steps`.

    early_stopping : bool, default=True
        Whether ``solver="adam"`` and ``solver="sgd"`` end where the validation score
        does; ``solver="spring"`` always does.

    validation_fraction : float, default=0.1
        The share of the rows that a single network holds out.

    n_iter_no_change : int, default=20
        Number of epochs without a gain after which ``solver="adam"`` and
        ``solver="sgd"`` end.

    tol : float, default=1e-4
        What counts as a gain: for ``solver="spring"`` a relative one in the mean
        squared error of the held-out rows, for the others as in `MLPRegressor`.

    warm_start : bool, default=False
        Whether `fit` goes on from the networks and the scaling of the fit before.

    random_state : int, RandomState instance or None, default=None
        Source of the folds, of the first weights and of the batches. An int gives the
        same bits at each call, for any `n_jobs`.

    n_jobs : int, default=None
        Number of members that train at a time, as in joblib, and of threads that
        predict a large table. Each member takes one thread.

    verbose : bool, default=False
        Whether to print the progress of training.

    Attributes
    ----------
    estimators_ : list of MLPRegressor
        The fitted networks. Their inputs and outputs are scaled.

    x_scaler_, y_scaler_ : transformer
        The fitted scaling of the inputs and of the target.

    x_transform_, y_transform_ : str
        The transformations that were chosen.

    oof_prediction_ : ndarray of shape (n_samples,)
        For each training row the prediction of the network that held it out, NaN where
        there is none. Rows of zero weight are left out.

    residual_scale_ : float
        Root mean square of the out-of-fold residuals, in y's units.

    damping_ : float, or list of one for each network
        The damping at which each network did best: large for noisy data. Only for
        ``solver="spring"``.

    gaussian_process_share_ : float
        The share of the Gaussian process in what the networks have learnt, 0 where it
        was of no use. Only for ``solver="spring"``.

    n_steps_ : int, or list of one for each network
        Steps that were taken. Only for ``solver="spring"``.

    n_iter_ : ndarray of int
        Number of epochs, iterations, or stages of the natural gradient.

    loss_curve_, validation_scores_ : list, or list of lists
        Training loss, and R2 on the held-out rows, after each iteration at the
        network's scale. As in `MLPRegressor`, not for ``solver="lbfgs"``.

    best_validation_score_ : float
        Best of the validation scores, mean over the networks.

    data_min_, data_max_ : ndarray of shape (n_features,)
        The range of the training inputs.

    n_features_in_ : int
        Number of inputs.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the inputs, where `X` has names that are all strings.

    Warns
    -----
    DataDimensionalityWarning
        Where `X` has another number of columns than five.

    See Also
    --------
    sklearn.neural_network.MLPRegressor : The network.
    sklearn.gaussian_process.GaussianProcessRegressor : As accurate where rows are few
        and the function is analytic.

    Notes
    -----
    For a batch with Jacobian J of the outputs by the weights and residual r, a step is

    .. math::

        u &= (J J^T + \lambda \, \overline{\mathrm{diag}}(J J^T) \, I)^{-1}
             (r - \mu J p) \\
        p &\leftarrow J^T u + \mu p, \qquad w \leftarrow w + \eta p

    with damping :math:`\lambda`, momentum :math:`\mu` and learning rate
    :math:`\eta` [1]_ [2]_. The system has the size of the batch, and its matrix is a
    sum over the layers of elementwise products of two Gram matrices, so that the
    Jacobian is never formed.

    References
    ----------
    .. [1] Goldshlager, Abrahamsen and Lin (2024). A Kaczmarz-inspired approach to
       accelerate the optimization of neural network wavefunctions. arXiv:2401.10190.
    .. [2] Cai et al. (2019). Gram-Gauss-Newton method: learning overparameterized
       neural networks for regression problems. arXiv:1905.11675.

    Examples
    --------
    >>> from sklearn_5d import FiveDRegressor
    >>> from sklearn_5d.datasets import make_function
    >>> X, y = make_function("friedman1", 500, noise=0.1, random_state=0)
    >>> model = FiveDRegressor(random_state=0).fit(X[:400], y[:400])
    >>> print(f"{model.score(X[400:], y[400:]):.2f}")
    1.00
    >>> model.predict_interval(X[400:]).shape
    (100, 2)
    """

    _parameter_constraints = {  # noqa: RUF012
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions({"identity", "logistic", "tanh", "relu"})],
        "solver": [StrOptions({"spring", "adam", "sgd", "lbfgs"})],
        "n_estimators": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "x_transform": [StrOptions({"auto", *_scaling.INPUT_TRANSFORMS})],
        "y_transform": [StrOptions({"auto", *_scaling.TARGET_TRANSFORMS})],
        "damping": ["array-like"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "gaussian_process": [StrOptions({"auto"}), "boolean"],
        "precision": [StrOptions({"auto", "float32", "float64"})],
        "max_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [
            StrOptions({"auto"}),
            Interval(Real, 0, None, closed="neither"),
        ],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        hidden_layer_sizes=(64, 32, 16),
        *,
        activation="tanh",
        solver="spring",
        n_estimators="auto",
        x_transform="auto",
        y_transform="auto",
        damping=(1.0, 1e-8),
        momentum=0.9,
        gaussian_process="auto",
        precision="auto",
        max_steps="auto",
        patience=2,
        learning_rate_init="auto",
        batch_size="auto",
        alpha=1e-4,
        max_iter=100,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=20,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        n_jobs=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.n_estimators = n_estimators
        self.x_transform = x_transform
        self.y_transform = y_transform
        self.damping = damping
        self.momentum = momentum
        self.gaussian_process = gaussian_process
        self.precision = precision
        self.max_steps = max_steps
        self.patience = patience
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.alpha = alpha
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    @all_or_nothing
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None):
        """Fit the committee.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training inputs, in any units.
        y : array-like of shape (n_samples,) or (n_samples, 1)
            Target, in any units.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. A row of weight zero is as if it were absent.
        X_val : array-like of shape (n_val, n_features), default=None
            Inputs that replace the internal held-out rows: they decide when training
            stops and calibrate the intervals, and all of `X` trains.
        y_val : array-like of shape (n_val,), default=None
            Target at `X_val`.

        Returns
        -------
        FiveDRegressor
            The fitted estimator.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(n_estimators=2, random_state=0)
        >>> model.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
        FiveDRegressor(n_estimators=2, random_state=0)
        >>> len(model.estimators_)
        2
        """
        self._check_parameters()
        self._memory = None
        X, y, sample_weight = self._validate_rows(X, y, sample_weight)
        X, y, sample_weight, place = merge_equal_rows(X, y, sample_weight)
        validation = self._validate_validation_rows(X_val, y_val)
        n_estimators = self._n_members(len(y))
        starts = [None] * n_estimators
        if self.warm_start and hasattr(self, "estimators_"):
            self._check_members(n_estimators)
            starts = self.estimators_
            self._widen_range(X)
        else:
            self._fit_scaling(X, y, sample_weight)
        data = self._scaled(X, y, sample_weight)
        if validation is not None:
            validation = self._scaled(*validation, None)
        splits = self._fit_members(data, validation, starts)
        self._calibrate(data, validation, splits)
        self.oof_prediction_ = self.oof_prediction_[place]
        return self

    @available_if(_has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Go on from the networks as they are by learning further rows.

        For rows that come by and by or do not fit into memory: after ten calls the
        error is mostly within 1.5 times that of a `fit` on all the rows, as long as
        these are not many more than the sample below. The first call fits the
        scaling, from two rows at least. Each later one first predicts its rows, one or
        more, which calibrates the intervals with residuals of rows that no network has
        seen, together with the latest ones before, up to 200; then it learns them.

        The natural gradient learns them together with a random sample of the rows of
        the calls before, up to 10,000, which the estimator keeps for that. The other
        solvers keep none, and pass over the new rows once. Rows of an earlier `fit` are
        not kept.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        FiveDRegressor
            The estimator.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 3000, random_state=0)
        >>> model = FiveDRegressor(random_state=0)
        >>> for start in range(0, 3000, 500):
        ...     rows = slice(start, start + 500)
        ...     model = model.partial_fit(X[rows], y[rows])
        >>> model.score(X, y) > 0.9
        True
        """
        self._check_parameters()
        first = not hasattr(self, "estimators_")
        if first:
            self._memory = None
        X, y, sample_weight = self._validate_rows(X, y, sample_weight, reset=first)
        if first:
            self._fit_scaling(X, y, sample_weight)
            members = [None] * self._n_members(len(y))
        else:
            members = self.estimators_
            self._widen_range(X)
        data = self._scaled(X, y, sample_weight)
        if first:
            self._set_calibration(y[:0], y[:0], y[:0])
        else:
            prediction, spread = self._mean_and_spread(data[0])
            n_kept = max(0, MIN_CALIBRATION_ROWS - len(y))
            latest = self._conformity_scores[:n_kept]
            self._set_calibration(prediction, spread, y, latest)
        seeds = self._seeds(len(members))
        bound = self._member_fit(len(y)).keywords
        if self.solver == "spring":
            n_steps = 0 if first else members[0].n_steps_
            memory = None if self._memory is None else Memory(*self._memory)
            memory = remember(memory, data, seeds[0], n_steps)
            passes = [
                delayed(pass_spring)(member, memory, len(y), k % N_FOLDS, seed, **bound)
                for k, (member, seed) in enumerate(zip(members, seeds, strict=True))
            ]
            self._memory = tuple(forget(memory))
        else:
            passes = [
                delayed(pass_mlp)(member, data, seed, **bound)
                for member, seed in zip(members, seeds, strict=True)
            ]
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(passes)
        return self

    def _check_parameters(self):
        """Check what a constraint on a single value cannot tell."""
        if np.any(np.atleast_1d(self.hidden_layer_sizes) < 1):
            raise ValueError(
                f"Got hidden_layer_sizes={self.hidden_layer_sizes}, expected widths of "
                "at least 1."
            )
        if np.shape(self.damping) != (2,) or not self.damping[0] >= self.damping[1] > 0:
            raise ValueError(
                f"Got damping={self.damping}, expected a start and a positive end that "
                "is no larger."
            )

    @np.errstate(over="ignore")
    def _validate_rows(self, X, y, sample_weight, reset=True):
        """Check the rows; what overflows as a double is infinite, and an error."""
        # A pass over a single row is one, but its spread is no scale.
        min_samples = 2 if reset else 1
        X, y = validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            order="C",
            y_numeric=True,
            multi_output=True,
            reset=reset,
            ensure_min_samples=min_samples,
        )
        if issparse(y):
            raise TypeError("y is sparse, expected a dense array.")
        if y.ndim == 2 and y.shape[1] > 1:
            raise ValueError(
                f"y has {y.shape[1]} columns, expected one target; "
                "sklearn.multioutput.MultiOutputRegressor fits one model a column."
            )
        y = _as_float64(column_or_1d(y, warn=True), "y")
        if reset and X.shape[1] != N_INPUTS:
            warnings.warn(
                f"X has {X.shape[1]} columns; the defaults of FiveDRegressor are "
                f"tuned for {N_INPUTS}.",
                DataDimensionalityWarning,
                stacklevel=6,
            )
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            check_size(sample_weight, "sample_weight")
            # What rounding would swallow in a sum is as good as zero.
            kept = sample_weight > np.finfo(np.float64).eps * sample_weight.max()
            if kept.sum() < min_samples:
                raise ValueError(
                    f"sample_weight is positive on {kept.sum()} rows, expected at "
                    f"least {min_samples}."
                )
            if not kept.all():
                X, y, sample_weight = X[kept], y[kept], sample_weight[kept]
        check_size(X, "X")
        check_size(y, "y")
        return X, y, sample_weight

    @np.errstate(over="ignore")
    def _validate_validation_rows(self, X_val, y_val):
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"X_val and y_val go together, got {missing}=None.")
        X_val, y_val = validate_data(
            self,
            X_val,
            y_val,
            dtype=[np.float64, np.float32],
            y_numeric=True,
            reset=False,
        )
        y_val = _as_float64(y_val, "y_val")
        check_size(X_val, "X_val")
        check_size(y_val, "y_val")
        return X_val, y_val

    def _n_members(self, n_samples):
        if self.n_estimators == "auto":
            return default_n_estimators(n_samples)
        return self.n_estimators

    def _seeds(self, n_estimators):
        if n_estimators == 1:
            return [self.random_state]
        rng = check_random_state(self.random_state)
        return rng.randint(np.iinfo(np.int32).max, size=n_estimators)

    def _check_members(self, n_estimators):
        shape = (self.n_features_in_, *np.atleast_1d(self.hidden_layer_sizes), 1)
        fitted = [
            (len(m.coefs_[0]), *(c.shape[1] for c in m.coefs_))
            for m in self.estimators_
        ]
        if len(fitted) != n_estimators or fitted[0] != shape:
            raise ValueError(
                f"warm_start needs the fitted committee of {len(fitted)} networks of "
                f"layers {fitted[0]}, got n_estimators={n_estimators} and layers "
                f"{shape}."
            )

    def _fit_scaling(self, X, y, sample_weight):
        # A warm start has to find the same folds, or members meet rows they have seen.
        rng = check_random_state(self.random_state)
        self._fold_seed, seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        transforms = self.x_transform, self.y_transform
        if self.solver == "spring":
            transforms = choose_transforms(
                X,
                y,
                *transforms,
                hidden_layer_sizes=np.atleast_1d(self.hidden_layer_sizes),
                activation=self.activation,
                random_state=seed,
            )
        self.x_transform_, self.y_transform_ = (
            "standard" if t == "auto" else t for t in transforms
        )
        self.x_scaler_ = _scaling.fit_input_scaler(X, self.x_transform_, sample_weight)
        self.y_scaler_ = _scaling.fit_target_scaler(y, self.y_transform_, sample_weight)
        self.data_min_, self.data_max_ = _scaling.column_range(X)

    def _widen_range(self, X):
        low, high = _scaling.column_range(X)
        self.data_min_ = np.minimum(self.data_min_, low)
        self.data_max_ = np.maximum(self.data_max_, high)

    def _scaled(self, X, y, sample_weight):
        Z = map_rows(self._scaled_columns, X, X.shape[1], None)
        return Z, _scaling.from_target(self.y_scaler_, y), sample_weight

    def _scaled_columns(self, X):
        return _scaling.scale_inputs(self.x_scaler_, X).T

    def _member_fit(self, n_samples):
        """Bind the parameters of the solver."""
        network = {
            "hidden_layer_sizes": tuple(np.atleast_1d(self.hidden_layer_sizes)),
            "activation": self.activation,
            "alpha": self.alpha,
        }
        natural = self.solver == "spring"
        rate = self.learning_rate_init
        if rate == "auto":
            rate = 0.6 if natural else 0.005
        if natural:
            max_steps = self.max_steps
            if max_steps == "auto":
                max_steps = default_max_steps(n_samples)
            solver = {
                "damping": self.damping,
                "batch_size": self.batch_size,
                "max_steps": max_steps,
                "precision": self.precision,
                "learning_rate": rate,
                "momentum": self.momentum,
                "patience": self.patience,
                "tol": self.tol,
            }
            return partial(fit_spring, network=network, solver=solver)
        solver = {
            "solver": self.solver,
            "learning_rate_init": rate,
            "momentum": self.momentum,
            "batch_size": 256 if self.batch_size == "auto" else self.batch_size,
            "max_iter": self.max_iter,
            "early_stopping": self.early_stopping and self.solver != "lbfgs",
            "validation_fraction": self.validation_fraction,
            "n_iter_no_change": self.n_iter_no_change,
            "tol": self.tol,
        }
        return partial(fit_mlp, network=network, solver=solver)

    def _fit_members(self, data, validation, starts):
        """Train the members and keep the rows that each of them held out."""
        n_samples = len(data[1])
        n_estimators = len(starts)
        seeds = self._seeds(n_estimators)
        if validation is None and (self.solver == "spring" or n_estimators > 1):
            validation = "held out"
            splits = split_rows(
                n_samples, n_estimators, self.validation_fraction, self._fold_seed
            )
        else:
            splits = [(slice(None), slice(0))] * n_estimators
        self.estimators_ = fit_members(
            self._member_fit(n_samples),
            data,
            validation,
            splits,
            seeds,
            starts,
            self.n_jobs,
            self.verbose,
        )
        if self.solver == "spring":
            self.gaussian_process_share_ = 0.0
            if self._has_teacher(n_samples, n_estimators):
                settings = self._member_fit(n_samples).keywords
                self.estimators_, self.gaussian_process_share_ = teach_members(
                    self.estimators_,
                    data,
                    validation,
                    splits,
                    seeds,
                    self.n_jobs,
                    network=settings["network"],
                    max_steps=max(1, settings["solver"]["max_steps"] // 5),
                )
        if np.ptp(data[1]) < CONSTANT_RANGE:
            for member in self.estimators_:
                member.coefs_[-1][:] = member.intercepts_[-1][:] = 0
        return splits

    def _has_teacher(self, n_samples, n_estimators):
        if self.gaussian_process == "auto":
            return n_estimators > 1 and n_samples <= MAX_PROCESS_ROWS
        return self.gaussian_process

    def _calibrate(self, data, validation, splits):
        """Compare predictions with rows that did not train what predicted them."""
        X, y, _ = data
        z = out_of_fold_outputs(self.estimators_, splits, X, self.activation)
        self.oof_prediction_ = _scaling.to_target(self.y_scaler_, z)
        held_out = np.flatnonzero(np.isfinite(z))
        if validation is not None:
            X, y, _ = validation
            z = member_outputs(self.estimators_, X, self.activation).mean(axis=0)
            held_out = np.arange(len(y))
        if len(held_out) > MAX_CALIBRATION_ROWS:
            rng = check_random_state(self.random_state)
            held_out = rng.choice(held_out, MAX_CALIBRATION_ROWS, replace=False)
        prediction, target = (
            _scaling.to_target(self.y_scaler_, v[held_out]) for v in (z, y)
        )
        _, spread = self._mean_and_spread(X[held_out])
        self._set_calibration(prediction, spread, target)

    def _set_calibration(self, prediction, spread, target, before=()):
        """Keep the absolute residuals in units of their scale, the latest first."""
        residual = np.abs(target - prediction)
        if len(residual) == 0:
            self.residual_scale_ = np.nan
            self._conformity_scores = residual
            return
        square = np.mean(residual**2)
        if len(before):
            squares = self.residual_scale_**2, square
            square = np.average(squares, weights=[len(before), len(residual)])
        self.residual_scale_ = float(np.sqrt(square))
        scale = prediction_scale(spread, self.residual_scale_, 0.0)
        scores = residual / np.where(scale > 0, scale, 1)
        self._conformity_scores = np.r_[scores, before]

    def _mean_and_spread(self, Z):
        """Predict from scaled inputs, with the sd of the members, in y's units."""
        outputs = member_outputs(self.estimators_, Z, self.activation)
        mean = mean_output(outputs)
        spread = outputs.std(axis=0, ddof=min(1, len(outputs) - 1))
        slope = _scaling.target_slope(self.y_scaler_, mean)
        return _scaling.to_target(self.y_scaler_, mean), spread * slope

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimators_")

    def _validate_inputs(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _network_inputs(self, X):
        """Scale rows in float64, and return them in the type that predicts."""
        Z = _scaling.scale_inputs(self.x_scaler_, X)
        return Z.astype(np.float32) if self.precision == "float32" else Z

    def predict(self, X, return_std=False):
        """Predict the target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        return_std : bool, default=False
            Whether to return the standard deviation of the prediction as well.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,)
            Mean of the members, in y's units.
        y_std : ndarray of shape (n_samples,)
            Spread of the members joined with the scale of the out-of-fold residuals.
            Only with ``return_std=True``.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2).fit(X, y)
        >>> y_mean, y_std = model.predict(X[:3], return_std=True)
        >>> bool((y_std > 0).all())
        True
        """
        X = self._validate_inputs(X)
        if return_std:
            self._check_calibrated()
            return tuple(map_rows(self._mean_and_scale, X, 2, self.n_jobs).T)
        return map_rows(self._mean, X, 1, self.n_jobs)[:, 0]

    def _mean(self, X):
        Z = self._network_inputs(X)
        outputs = member_outputs(self.estimators_, Z, self.activation)
        return _scaling.to_target(self.y_scaler_, mean_output(outputs))

    def _mean_and_scale(self, X):
        prediction, spread = self._mean_and_spread(self._network_inputs(X))
        scale = prediction_scale(spread, self.residual_scale_, self._excess(X))
        return prediction, scale

    def _check_calibrated(self):
        if np.isnan(self.residual_scale_):
            raise ValueError(
                "No rows were held out to calibrate an uncertainty with: a single "
                "network of MLPRegressor's own solvers keeps its validation rows to "
                "itself, and the first partial_fit has none. Fit with X_val and y_val, "
                "with n_estimators of at least 2, or call partial_fit again."
            )

    @np.errstate(over="ignore")
    def _excess(self, X):
        """Tell how far each row lies outside the training range, in ranges."""
        width = self.data_max_ - self.data_min_
        beyond = np.maximum(self.data_min_ - X, X - self.data_max_)
        beyond /= np.where(width > 0, width, 1)
        return np.sum(beyond.clip(0, _scaling.MAX_SCALED), axis=1)

    def predict_interval(self, X, confidence_level=0.9):
        """Predict an interval that holds a new measurement with a given probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        confidence_level : float, default=0.9
            The probability, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper bound, in y's units.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2).fit(X, y)
        >>> lower, upper = model.predict_interval(X, confidence_level=0.8).T
        >>> bool((lower < upper).all())
        True
        """
        if not (isinstance(confidence_level, Real) and 0 < confidence_level < 1):
            raise ValueError(
                f"Got confidence_level={confidence_level!r}, expected a number "
                "between 0 and 1."
            )
        X = self._validate_inputs(X)
        self._check_calibrated()
        quantile = conformal_quantile(self._conformity_scores, confidence_level)

        def bounds(X):
            prediction, scale = self._mean_and_scale(X)
            return prediction - quantile * scale, prediction + quantile * scale

        return map_rows(bounds, X, 2, self.n_jobs)

    def predict_gradient(self, X):
        """Compute the derivatives of the prediction by the inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The exact gradient, in y's units per unit of each input.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2).fit(X, y)
        >>> gradient = model.predict_gradient(X)
        >>> bool(abs(gradient[:, 3].mean() - 10) < 1)
        True
        """
        X = self._validate_inputs(X)
        return map_rows(self._gradient, X, self.n_features_in_, self.n_jobs)

    def _gradient(self, X):
        Z = self._network_inputs(X)
        z, gradient = mean_and_gradient(self.estimators_, Z, self.activation)
        gradient *= _scaling.input_slope(self.x_scaler_, X)
        return gradient.T * _scaling.target_slope(self.y_scaler_, z)

    def is_extrapolation(self, X):
        """Tell which rows lie outside the range of the training inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,), dtype=bool
            Whether any input is below its minimum or above its maximum in training.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2).fit(X, y)
        >>> model.is_extrapolation([[0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 2, 0.5, 0.5]])
        array([False,  True])
        """
        X = self._validate_inputs(X)
        return map_rows(self._excess, X, 1, self.n_jobs)[:, 0] > 0

    def to_sklearn(self):
        """Build the fitted model out of scikit-learn objects alone.

        Returns
        -------
        Pipeline
            A fitted pipeline with the same predictions, which pickles and loads where
            sklearn_5d is not installed. It is made to predict: another fit would train
            as scikit-learn does.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2).fit(X, y)
        >>> model.to_sklearn().predict(X).shape
        (200,)
        """
        return _export.to_sklearn(self)

    def to_onnx(self, path=None):
        """Build one ONNX model of everything between raw inputs and predictions.

        Parameters
        ----------
        path : str or path-like, default=None
            Where to write the model as well.

        Returns
        -------
        onnx.ModelProto
            The model: from "X", double of shape (n_samples, n_features), to "y", double
            of shape (n_samples,).

        Raises
        ------
        ImportError
            Without the package onnx.

        Examples
        --------
        >>> import onnxruntime  # doctest: +SKIP
        >>> model.to_onnx("model.onnx")  # doctest: +SKIP
        >>> session = onnxruntime.InferenceSession("model.onnx")  # doctest: +SKIP
        >>> (y,) = session.run(["y"], {"X": X})  # doctest: +SKIP
        """
        return _export.to_onnx(self, path)

    def save(self, path):
        """Save the fitted estimator to a file that holds no code.

        Parameters
        ----------
        path : str or path-like
            The file. It is replaced only once the new one is complete.

        Raises
        ------
        ImportError
            Without the package skops.
        ValueError
            Where the estimator holds something that `load` would not trust.

        Examples
        --------
        >>> model.save("model.skops")  # doctest: +SKIP
        """
        _export.save(self, path)

    @staticmethod
    def load(path):
        """Load an estimator from a file that `save` has written.

        No code from the file runs: what it may name is a short list, and all else is
        an error.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        FiveDRegressor
            The fitted estimator.

        Raises
        ------
        ImportError
            Without the package skops.
        ValueError
            Where the file was cut short or changed, was not written by `save`, or comes
            from another minor version of sklearn_5d or scikit-learn.

        Examples
        --------
        >>> model = FiveDRegressor.load("model.skops")  # doctest: +SKIP
        """
        return _export.load(path)

    def _of_members(self, name):
        """Collect an attribute: itself for one network, a list for several."""
        check_is_fitted(self)
        values = [getattr(member, name) for member in self.estimators_]
        return values[0] if len(values) == 1 else values

    @property
    def n_iter_(self):
        """Epochs, iterations of L-BFGS, or stages of the natural-gradient solver."""
        return np.asarray(self._of_members("n_iter_"))

    @property
    def loss_curve_(self):
        """Training loss at each iteration, at the network's scale."""
        return self._of_members("loss_curve_")

    @property
    def validation_scores_(self):
        """R2 on the validation rows after each iteration."""
        return self._of_members("validation_scores_")

    @property
    def best_validation_score_(self):
        """The best of the validation scores, mean of the members."""
        return float(np.mean(self._of_members("best_validation_score_")))

    @property
    def damping_(self):
        """The damping at the end of the stage that gave the weights."""
        return self._of_members("damping_")

    @property
    def n_steps_(self):
        """Steps that were taken."""
        return self._of_members("n_steps_")
