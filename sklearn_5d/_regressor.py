"""The estimator."""

from functools import wraps
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _export, _scaling
from ._evaluation import map_rows, mean_output
from ._model import Model
from ._training import defaults
from ._training.committee import (
    Task,
    fit_members,
    out_of_fold_outputs,
    teach_members,
)
from ._training.mlp import ScikitLearnSolver
from ._training.schedule import Settings
from ._training.selection import choose_transforms
from ._training.solver import NaturalGradient
from ._training.stream import Memory, learn
from ._uncertainty import Uncertainty
from ._validation import (
    check_parameters,
    validate_probabilities,
    validate_rows,
    validate_validation_rows,
)

MAX_CALIBRATION_ROWS = 10_000
# A stream may come row by row: so many residuals are kept from the calls before.
MIN_CALIBRATION_ROWS = 200
# The package's own arithmetic underflows and overflows where it is meant to, whatever
# the user's program has asked NumPy to do about it.
numpy_defaults = np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")


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
    @numpy_defaults
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None, groups=None):
        """Fit the committee.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training inputs, in any units.
        y : array-like of shape (n_samples,) or (n_samples, 1)
            Target, in any units.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. A row of weight two counts as two equal rows, in
            training, in the choice of what to keep and in the calibration; a row of
            weight zero is as if it were absent. Only the proportions matter.
        X_val : array-like of shape (n_val, n_features), default=None
            Inputs that replace the internal held-out rows: they decide when training
            stops and calibrate the intervals, and all of `X` trains.
        y_val : array-like of shape (n_val,), default=None
            Target at `X_val`.
        groups : array-like of shape (n_samples,), default=None
            Labels of the rows that belong together (a spectrum, a specimen, a
            geometry). Whole groups are held out, so that the intervals hold for new
            groups. Rows of equal inputs stay together in any case.

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
        check_parameters(self)
        given = validate_rows(self, X, y, sample_weight, groups)
        validation = validate_validation_rows(self, X_val, y_val)
        rows, place = given.distinct()
        model, starts = self._start(rows)
        train, setting = model.scaled(rows).settings()
        task = Task(
            self._solver(len(train)),
            train,
            self._splits(train, len(starts), validation),
            None if validation is None else model.scaled(validation),
            self._seeds(len(starts)),
            self.n_jobs,
        )
        model = model.with_members(self._train(task, starts))
        z = out_of_fold_outputs(model.members, task.splits, train.X)[setting]
        self.oof_prediction_ = model.target.inverse(z)[place]
        self._model, self._memory = model, None
        self._uncertainty = self._calibrate(rows, z, validation)
        return self

    @available_if(_has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    @all_or_nothing
    @numpy_defaults
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
        check_parameters(self)
        first = not self.__sklearn_is_fitted__()
        rows = validate_rows(self, X, y, sample_weight, reset=first)
        if first:
            model, members = self._start(rows)
            uncertainty, memory = Uncertainty.unknown(), None
        else:
            model, members = self._model.widened(rows.X), self._model.members
            prediction = mean_output(model.outputs(rows.X))
            n_kept = max(0, MIN_CALIBRATION_ROWS - len(rows))
            uncertainty = Uncertainty.calibrate(model, rows, prediction).joined(
                self._uncertainty, n_kept
            )
            memory = None if self._memory is None else Memory(*self._memory)
        members, memory = learn(
            self._solver(len(rows)),
            members,
            memory,
            model.scaled(rows),
            self._seeds(len(members)),
            self.n_jobs,
        )
        self._model, self._uncertainty = model.with_members(members), uncertainty
        self._memory = None if memory is None else tuple(memory)
        return self

    def _start(self, rows):
        """Return the scaling, and for each member what it starts from."""
        n_estimators = self.n_estimators
        if n_estimators == "auto":
            n_estimators = defaults.n_estimators(len(rows))
        if self.warm_start and self.__sklearn_is_fitted__():
            self._check_members(n_estimators)
            return self._model.widened(rows.X), self._model.members
        # A warm start has to find the same folds, or members meet rows they have seen.
        rng = check_random_state(self.random_state)
        self._fold_seed, seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        transforms = self.x_transform, self.y_transform
        if self.solver == "spring":
            network = {
                "hidden_layer_sizes": tuple(np.atleast_1d(self.hidden_layer_sizes)),
                "activation": self.activation,
            }
            settings, _ = rows.settings()
            transforms = choose_transforms(settings, *transforms, network, seed)
        self.x_transform_, self.y_transform_ = (
            "standard" if t == "auto" else t for t in transforms
        )
        precision = "float32" if self.precision == "float32" else "float64"
        model = Model.scaling(rows, self.x_transform_, self.y_transform_, precision)
        return model, [None] * n_estimators

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

    def _seeds(self, n_estimators):
        if n_estimators == 1:
            return [self.random_state]
        rng = check_random_state(self.random_state)
        return rng.randint(np.iinfo(np.int32).max, size=n_estimators)

    def _solver(self, n_samples):
        """Bind the parameters of the solver."""
        natural = self.solver == "spring"
        rate = self.learning_rate_init
        if rate == "auto":
            rate = defaults.LEARNING_RATE if natural else defaults.MLP_LEARNING_RATE
        network = {
            "hidden_layer_sizes": tuple(np.atleast_1d(self.hidden_layer_sizes)),
            "activation": self.activation,
            "alpha": self.alpha,
            "momentum": self.momentum,
            "tol": self.tol,
        }
        batch_size, max_steps = self.batch_size, self.max_steps
        if not natural:
            return ScikitLearnSolver(
                {
                    **network,
                    "solver": self.solver,
                    "learning_rate_init": rate,
                    "batch_size": (
                        defaults.MLP_BATCH_SIZE if batch_size == "auto" else batch_size
                    ),
                    "max_iter": self.max_iter,
                    "early_stopping": self.early_stopping and self.solver != "lbfgs",
                    "validation_fraction": self.validation_fraction,
                    "n_iter_no_change": self.n_iter_no_change,
                }
            )
        if max_steps == "auto":
            max_steps = defaults.max_steps(n_samples)
        return NaturalGradient(
            Settings(
                **network,
                max_steps=max_steps,
                damping=tuple(self.damping),
                batch_size=batch_size,
                precision=self.precision,
                learning_rate=rate,
                patience=self.patience,
            )
        )

    def _splits(self, train, n_estimators, validation):
        """Choose the rows of each member: all, where others are there to judge it."""
        # A single network of MLPRegressor's own solvers takes its validation rows.
        if validation is not None or (self.solver != "spring" and n_estimators == 1):
            return [(slice(None), np.arange(0))] * n_estimators
        return train.folds(n_estimators, self.validation_fraction, self._fold_seed)

    def _train(self, task, starts):
        """Train the members, and let a teacher add what it knows."""
        members = fit_members(task, starts, self.verbose)
        if self.solver != "spring":
            return members
        self.gaussian_process_share_ = 0.0
        has_teacher = self.gaussian_process
        if has_teacher == "auto":
            is_cheap = len(task.rows) <= defaults.MAX_PROCESS_ROWS
            has_teacher = is_cheap and len(members) > 1
        if has_teacher:
            members, self.gaussian_process_share_ = teach_members(task, members)
        return members

    def _calibrate(self, rows, z, validation):
        """Compare predictions with rows that did not train what predicted them."""
        held_out = np.flatnonzero(np.isfinite(z))
        if validation is not None:
            rows, z = validation, mean_output(self._model.outputs(validation.X))
            held_out = np.arange(len(z))
        if len(held_out) == 0:
            return Uncertainty.unknown()
        if len(held_out) > MAX_CALIBRATION_ROWS:
            rng = check_random_state(self.random_state)
            held_out = rng.choice(held_out, MAX_CALIBRATION_ROWS, replace=False)
        return Uncertainty.calibrate(self._model, rows.take(held_out), z[held_out])

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    def _validate_inputs(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    @numpy_defaults
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
            self._uncertainty.check_known()
            return tuple(self._map_rows(self._mean_and_std, X, 2).T)
        return self._map_rows(self._predictor.mean, X, 1)[:, 0]

    @property
    def _predictor(self):
        # Like n_jobs, precision may be another one in a prediction than in the fit.
        return self._model.in_precision(self.precision)

    def _mean_and_std(self, X):
        return self._uncertainty.mean_and_std(self._predictor, X)

    def _map_rows(self, function, X, n_outputs):
        return map_rows(function, X, n_outputs, self.n_jobs)

    @numpy_defaults
    def predict_interval(self, X, confidence_level=0.9):
        """Predict an interval that holds a new measurement with a given probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        confidence_level : float or array-like of shape (n_levels,), default=0.9
            The probability, between 0 and 1, or several.

        Returns
        -------
        ndarray of shape (n_samples, 2), or (n_samples, 2, n_levels) for several levels
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
        levels = validate_probabilities(confidence_level, "confidence_level")
        X = self._validate_inputs(X)
        self._uncertainty.check_known()
        widths = self._uncertainty.quantiles(levels)
        bounds = self._map_rows(
            lambda X: self._uncertainty.bounds(self._predictor, X, widths),
            X,
            2 * len(levels),
        ).reshape(len(X), 2, len(levels))
        return bounds[..., 0] if np.ndim(confidence_level) == 0 else bounds

    @numpy_defaults
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
        return self._map_rows(
            lambda X: self._predictor.gradient(X).T, X, self.n_features_in_
        )

    @numpy_defaults
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
        return self._map_rows(self._model.excess, X, 1)[:, 0] > 0

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
        check_is_fitted(self)
        return _export.to_sklearn(self._model, getattr(self, "feature_names_in_", None))

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
        check_is_fitted(self)
        return _export.to_onnx(
            self._model, path, getattr(self, "feature_names_in_", None)
        )

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

    @property
    def estimators_(self):
        """The fitted networks."""
        return self._model.members

    @property
    def x_scaler_(self):
        """The fitted scaling of the inputs."""
        return self._model.x_scaler

    @property
    def y_scaler_(self):
        """The fitted scaling of the target."""
        return self._model.y_scaler

    @property
    def data_min_(self):
        """The smallest training inputs."""
        return self._model.data_min

    @property
    def data_max_(self):
        """The largest training inputs."""
        return self._model.data_max

    @property
    def residual_scale_(self):
        """Root mean square of the out-of-fold residuals."""
        return self._uncertainty.residual_scale

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
