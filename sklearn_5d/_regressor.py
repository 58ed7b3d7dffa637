"""The estimator."""

from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from . import _scaling
from ._callbacks import CallbackSupportMixin, start_tasks
from ._documentation import DocumentationLinkMixin
from ._fitted import FittedCommittee, numpy_defaults
from ._model import Model
from ._training import defaults
from ._training.committee import Task, fit_members, judge, shrunk
from ._training.selection import Choice, choose
from ._training.solver import has_open_budget, make_solver
from ._training.stream import learn
from ._training.teaching import kinds_to_try, teach_members
from ._uncertainty import Uncertainty
from ._validation import (
    check_parameters,
    check_warm_start,
    trains,
    validate_rows,
    validate_validation_rows,
    where_it_can_go_on,
)

_AUTO = StrOptions({"auto"})
_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
# What tells of one fit, and not of the networks that go on from it.
_OF_ONE_FIT = ("oof_prediction_", "gaussian_process_share_", "polynomial_share_")


class FiveDRegressor(
    DocumentationLinkMixin,
    FittedCommittee,
    CallbackSupportMixin,
    RegressorMixin,
    BaseEstimator,
):
    r"""A committee of small networks for regression on five inputs.

    Each member is an `MLPRegressor`, by default trained with subsampled
    natural-gradient descent with momentum (SPRING): damped Gauss-Newton steps on
    batches, whose damping falls until the held-out rows stop gaining. Inputs and target
    are scaled inside.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(64, 32, 16)
        Widths of the hidden layers.

    activation : {"auto", "tanh", "logistic", "relu", "identity"}, default="auto"
        Activation of the hidden layers. "auto" is "relu" behind the encoding
        "piecewise-linear", and "tanh" elsewhere.

    solver : {"spring", "adam", "sgd", "lbfgs"}, default="spring"
        The training algorithm: the natural gradient of this package, or a solver of
        `MLPRegressor`.

    n_estimators : int or "auto", default="auto"
        Number of networks. Several train on the folds of a cross-validation and predict
        their mean; with 1 a single network holds out `validation_fraction` of the rows.
        "auto" takes 8 where rows are noisy; 6 below 500 rows, or below 4,000 if there
        is much noise, and 4 from there on, unless the inputs are encoded. Where a short
        run finds no noise to speak of, one or two of many steps are better: 2 below
        4,000 rows and 1 from there on, which hold out an eighth of the rows each. Where
        the first third of several come to the end of their damping, from 150 rows on,
        these alone go on; and where one of the one or two does not, from 500 rows
        on, others follow, up to 4.

    x_transform : str, default="auto"
        "auto", "standard", "yeo-johnson", "steps" or "piecewise-linear":
        standardise the inputs, make them more normal as well, or encode them for a
        target with steps: by piecewise linear functions of each input [3]_ that have
        knots at the steps which a regression tree finds, and with "piecewise-linear" at
        the quantiles as well. With "auto" skewed inputs try a Yeo-Johnson
        transformation in a short race, and from 500 rows on a table on which trees come
        close to the network tries both encodings; solvers of `MLPRegressor`
        standardise.

    y_transform : {"auto", "standard", "log", "arcsinh"}, default="auto"
        Standardise the target, or straighten it first by the logarithm of its distance
        to the minimum, or by the inverse hyperbolic sine of its distance to the median.
        With "auto" a skewed target tries them in a short race; solvers of
        `MLPRegressor` standardise.

    damping : tuple of two floats or "auto", default="auto"
        Where the damping starts and where it may end, in units of the mean diagonal of
        the Gram matrix. "auto" starts at 10 below 4,000 noisy rows, or 500 where there
        is no noise to speak of, and at 1 from there on and in `partial_fit`. It ends at
        1e-8, and in a fit to rows without noise to speak of at 1e-10, where networks
        that go on alone end as well. From 1e30 to 1e-30. Only for ``solver="spring"``.

    momentum : float, default=0.9
        Momentum of the natural gradient, and of ``solver="sgd"``.

    gaussian_process : bool or "auto", default="auto"
        Whether the members learn, after the rows themselves, from a teacher that was
        fitted to the same rows, as much as the held-out rows gain from it: a Gaussian
        process, or a polynomial (polynomial chaos) where its lesson is worth more.
        "auto" asks the process for two networks or more and up to 2,000 rows, and the
        polynomial wherever inputs are not encoded; with True both are asked, and the
        inputs are not encoded. Only for ``solver="spring"``.

    precision : {"auto", "float32", "float64"}, default="auto"
        Type of the numbers. "auto" trains in float32 down to a damping of 1e-5 and in
        float64 below, and predicts in float64. "float32" predicts two to three times
        as fast, and rounds to some 1e-6 of the standard deviation of the target, at
        worst 2e-5. In training only for ``solver="spring"``.

    max_steps : int or "auto", default="auto"
        Budget of steps of each network; what a teacher adds is at most a third of it
        more. A fifth of it is kept for stages that are tried again. "auto" takes 1,000
        up to 10,000 noisy rows; below 4,000 it takes 600 where there is much noise and
        inputs are not encoded, and 1,500 from 500 on where there is little. Where there
        is no noise to speak of all the networks together take 2,500 at 10,000 rows, in
        proportion to the fourth root of their number below them; with
        ``n_estimators=1`` it is 900, and the 0.15th power. From 500 rows on three
        tenths of it are kept for a last stage, and below them two networks take 1,000
        each. Networks that go on alone, see `n_estimators`, have 0.6 times as many in
        addition. Above 10,000 rows "auto" grows with the 0.35th power of their number.
        Only for ``solver="spring"``.

    patience : int, default=2
        Number of attempts in a row without a gain on the held-out rows after which
        training ends; one that gains on the training rows alone counts twice. Each
        takes twice the batch size of the one before, up to 256, and 0.7 of its learning
        rate. Only for ``solver="spring"``.

    learning_rate_init : float or "auto", default="auto"
        Length of the first steps. "auto" is 0.6 for ``solver="spring"``, or 0.3 behind
        an encoding or with relu, and 0.005 for the others.

    batch_size : int or "auto", default="auto"
        Rows in a step. "auto" is a quarter of the rows, from 96 to 256, for
        ``solver="spring"``; an eighth below 4,000 rows of much noise; and where there
        is no noise to speak of 96, from 500 rows on doubled every third decade of
        damping up to 256. It is 128 in `partial_fit`, and 256 for the others.

    alpha : float or "auto", default="auto"
        Weight decay. For ``solver="spring"`` it is decoupled and in proportion to the
        damping; above 0.1, more than networks can bear, it shrinks what they have
        learnt towards the mean instead, to a share of ``1 / (0.9 + alpha)``, while the
        validation scores are those of the whole. For the others it is the L2 term of
        `MLPRegressor`. "auto" is 0.01 for the first, and 1e-4 for the others.

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

    estimator_weights_ : ndarray of shape (n_estimators,)
        Their weights in the prediction: equal, but for networks whose squared typical
        error, of the rows that they held out, is more than twice that of the best. With
        `groups` all are equal.

    x_scaler_, y_scaler_ : transformer
        The fitted scaling of the inputs and of the target.

    x_transform_, y_transform_, activation_ : str
        The transformations and the activation that were chosen.

    oof_prediction_ : ndarray of shape (n_samples,)
        For each training row the prediction of the network that held it out, NaN where
        there is none. Rows of zero weight are left out. Not after `partial_fit`.

    noise_ : {"constant", "leverage", "heteroscedastic"}
        What was found of the scale of the residuals: the same everywhere, larger where
        the networks know little, or a function of the inputs and of the prediction.

    residual_scale_ : float
        Root mean square of the out-of-fold residuals, in y's units.

    damping_ : float, or list of one for each network
        The damping at which each network did best: large for noisy data. Only for
        ``solver="spring"``.

    gaussian_process_share_, polynomial_share_ : float
        The share of the Gaussian process, and of the polynomial, in what the networks
        have learnt, 0 where it was of no use; at most one of them is not. Only for
        ``solver="spring"``, and not after `partial_fit`.

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

    feature_names_in_ : ndarray of shape (n_features,)
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
    .. [3] Gorishniy, Rubachev and Babenko (2022). On embeddings for numerical features
       in tabular deep learning. arXiv:2203.05556.

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
        "hidden_layer_sizes": ["array-like", _AT_LEAST_ONE],
        "activation": [StrOptions({"auto", "identity", "logistic", "tanh", "relu"})],
        "solver": [StrOptions({"spring", "adam", "sgd", "lbfgs"})],
        "n_estimators": [_AUTO, _AT_LEAST_ONE],
        "x_transform": [StrOptions({"auto", *_scaling.INPUT_TRANSFORMS})],
        "y_transform": [StrOptions({"auto", *_scaling.TARGET_TRANSFORMS})],
        "damping": [_AUTO, "array-like"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "gaussian_process": [_AUTO, "boolean"],
        "precision": [StrOptions({"auto", "float32", "float64"})],
        "max_steps": [_AUTO, _AT_LEAST_ONE],
        "patience": [_AT_LEAST_ONE],
        "learning_rate_init": [_AUTO, Interval(Real, 0, None, closed="neither")],
        "batch_size": [_AUTO, _AT_LEAST_ONE],
        "alpha": [_AUTO, _NOT_NEGATIVE],
        "max_iter": [_AT_LEAST_ONE],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_AT_LEAST_ONE],
        "tol": [_NOT_NEGATIVE],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (64, 32, 16),
        *,
        activation: str = "auto",
        solver: str = "spring",
        n_estimators: int | str = "auto",
        x_transform: str = "auto",
        y_transform: str = "auto",
        damping: tuple[float, float] | str = "auto",
        momentum: float = 0.9,
        gaussian_process: bool | str = "auto",
        precision: str = "auto",
        max_steps: int | str = "auto",
        patience: int = 2,
        learning_rate_init: float | str = "auto",
        batch_size: int | str = "auto",
        alpha: float | str = "auto",
        max_iter: int = 100,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
    ) -> None:
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

    @trains
    @numpy_defaults
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
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
        self._forget_fit()
        rows, place = given.distinct()
        model, starts = self._start(rows)
        train, setting = model.scaled(rows).settings()
        train = model.encoded(train)
        tasks = start_tasks(self, model, len(starts), X, y, sample_weight)
        task = Task(
            self._make_solver(len(train), len(starts)),
            train,
            self._splits(train, len(starts), validation),
            None if validation is None else model.encoded(model.scaled(validation)),
            self._seeds(len(starts)),
            self.n_jobs,
            tasks,
        )
        members = self._train(task, starts)
        outputs, holder, weights = judge(task, members)
        model = model.with_members(members, weights)
        z, holder = outputs[setting], holder[setting]
        self.oof_prediction_ = model.target.inverse(z)[place]
        self._model, self._memory = model, None
        self._uncertainty = Uncertainty.of_fit(
            model, rows, z, holder, validation, self.random_state
        )
        if tasks is not None:
            tasks.end_all()
        return self

    @where_it_can_go_on
    @trains
    @numpy_defaults
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on from the networks as they are by learning further rows.

        For rows that come by and by or do not fit into memory: after ten calls the
        error is mostly within 1.5 times that of a `fit` on all the rows, or two to
        thirty times where they are free of noise, as long as they are not many more
        than the sample below. No encoding of the inputs is chosen. The first call fits
        the scaling, from two rows at least. Each later one first predicts its rows, one
        or more, which calibrates the intervals with residuals of rows that no network
        has seen, together with the latest ones before, up to 200; then it learns them.

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
            Weights of the rows. To the solvers of `MLPRegressor` only the proportions
            within a call matter.

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
        self._forget_fit()
        if first:
            model, members = self._start(rows, is_stream=True)
            memory, uncertainty = None, Uncertainty.unknown()
        else:
            check_warm_start(self, "partial_fit")
            model = self._model.widened(rows.X)
            members = shrunk(self._model.members, 1.0)
            memory, uncertainty = self._memory, self._uncertainty.updated(model, rows)
        solver = self._make_solver(len(rows), len(members), is_stream=True)
        members, self._memory = learn(
            solver,
            members,
            memory,
            model.encoded(model.scaled(rows)),
            self._seeds(len(members)),
            self.n_jobs,
            self.verbose,
        )
        weights = None if first else model.weights
        self._model = model.with_members(shrunk(members, solver.shrinkage), weights)
        self._uncertainty = uncertainty
        return self

    def _forget_fit(self):
        for name in _OF_ONE_FIT:
            vars(self).pop(name, None)

    def _start(self, rows, is_stream=False):
        """Return the scaling, and for each member what it starts from."""
        if self.warm_start and self.__sklearn_is_fitted__():
            check_warm_start(self)
            return self._model.widened(rows.X), shrunk(self._model.members, 1.0)
        # A warm start has to find the same folds, or members meet rows they have seen.
        rng = check_random_state(self.random_state)
        self._fold_seed, seed = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
        parameters = self.get_params(deep=False)
        if self.solver == "spring":
            settings, _ = rows.settings()
            may_encode = not is_stream and self.gaussian_process in ("auto", False)
            choice = choose(settings, parameters, may_encode, seed)
        else:
            choice = Choice.simplest(parameters)
        self.x_transform_, self.y_transform_, self.activation_, self._noise = choice
        precision = "float32" if self.precision == "float32" else "float64"
        model = Model.scaling(rows, self.x_transform_, self.y_transform_, precision)
        n_estimators = self._n_folds = self.n_estimators
        if n_estimators == "auto":
            is_open = has_open_budget(parameters, is_stream)
            n_estimators = defaults.n_estimators(len(rows), choice, is_open)
            self._n_folds = defaults.n_folds(n_estimators)
        return model, [None] * n_estimators

    @property
    def _choice(self):
        """What the table was found to want."""
        return Choice(
            self.x_transform_, self.y_transform_, self.activation_, self._noise
        )

    def _make_solver(self, n_samples, n_members, is_stream=False):
        parameters = self.get_params(deep=False)
        return make_solver(parameters, self._choice, n_samples, n_members, is_stream)

    def _seeds(self, n_estimators):
        if n_estimators == 1:
            return [self.random_state]
        rng = check_random_state(self.random_state)
        return rng.randint(np.iinfo(np.int32).max, size=n_estimators)

    def _splits(self, train, n_estimators, validation):
        """Choose the rows of each member: all, where others are there to judge it."""
        # A single network of MLPRegressor's own solvers takes its validation rows, and
        # knows of no groups.
        is_left_to_it = self.solver != "spring" and n_estimators == 1
        if validation is not None or (is_left_to_it and train.groups is None):
            return [(slice(None), np.arange(0))] * n_estimators
        folds = train.folds(self._n_folds, self.validation_fraction, self._fold_seed)
        return folds[:n_estimators]

    def _train(self, task, starts):
        """Train the members, and let a teacher add what it knows."""
        members = fit_members(task, starts, self.verbose)
        is_new = all(start is None for start in starts)
        if is_new and self._noise == "none" and len(members) > task.solver.n_first:
            self._noise = "little"  # as the first members have found
        if task.callbacks is not None:
            task.callbacks.begin_last()
        if self.solver != "spring":
            return members
        kinds = kinds_to_try(self.gaussian_process, self._choice, task)
        members, shares = teach_members(task, members, kinds)
        self.gaussian_process_share_ = shares["gaussian process"]
        self.polynomial_share_ = shares["polynomial"]
        return shrunk(members, task.solver.shrinkage)
