"""What a fitted estimator does: predict, tell how it was fitted, leave the package."""

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _export
from ._evaluation import map_rows
from ._validation import validate_probabilities

if TYPE_CHECKING:
    from onnx import ModelProto
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import Pipeline

    from ._regressor import FiveDRegressor

FloatArray = NDArray[np.float64]

# The package's own arithmetic underflows and overflows where it is meant to, whatever
# the user's program has asked NumPy to do about it.
numpy_defaults = np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")


class FittedCommittee:
    """Mixin of `FiveDRegressor`: all that needs a fitted model and its uncertainty."""

    _model: Any
    _uncertainty: Any
    _memory: Any
    n_features_in_: int

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    def _validate_inputs(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = ...) -> FloatArray: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: Literal[True]
    ) -> tuple[FloatArray, FloatArray]: ...
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
            Weighted mean of the members, in y's units.
        y_std : ndarray of shape (n_samples,)
            Standard deviation of a new measurement: the scale of the out-of-fold
            residuals, which grows where the networks know little, and with the noise
            where that depends on the inputs (`noise_`). Only with ``return_std=True``.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
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
    def predict_interval(
        self, X: ArrayLike, confidence_level: ArrayLike = 0.9
    ) -> FloatArray:
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
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
        >>> lower, upper = model.predict_interval(X, confidence_level=0.8).T
        >>> bool((lower < upper).all())
        True
        """
        levels = validate_probabilities(confidence_level, "confidence_level")
        X = self._validate_inputs(X)
        self._uncertainty.check_known()
        bounds = self._map_rows(
            lambda X: self._uncertainty.interval(self._predictor, X, levels),
            X,
            2 * len(levels),
        ).reshape(-1, 2, len(levels))
        return bounds[..., 0] if np.ndim(confidence_level) == 0 else bounds

    @numpy_defaults
    def predict_quantiles(
        self, X: ArrayLike, quantiles: ArrayLike = (0.05, 0.25, 0.5, 0.75, 0.95)
    ) -> FloatArray:
        """Predict quantiles of a new measurement: the calibrated distribution.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        quantiles : float or array-like of shape (n_quantiles,), \
                default=(0.05, 0.25, 0.5, 0.75, 0.95)
            Probabilities, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles), or (n_samples,) for a single one
            The quantiles, in y's units. Those that lie beyond all the held-out
            residuals are the outermost of these.

        See Also
        --------
        predict_interval : Intervals with a guarantee, symmetric at the network's scale.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
        >>> low, median, high = model.predict_quantiles(X, [0.1, 0.5, 0.9]).T
        >>> bool(((low < median) & (median < high)).all())
        True
        """
        probabilities = validate_probabilities(quantiles, "quantiles")
        X = self._validate_inputs(X)
        self._uncertainty.check_known()
        result = self._map_rows(
            lambda X: self._uncertainty.quantiles(self._predictor, X, probabilities),
            X,
            len(probabilities),
        )
        return result[:, 0] if np.ndim(quantiles) == 0 else result

    @overload
    def predict_gradient(
        self, X: ArrayLike, return_std: Literal[False] = ...
    ) -> FloatArray: ...
    @overload
    def predict_gradient(
        self, X: ArrayLike, return_std: Literal[True]
    ) -> tuple[FloatArray, FloatArray]: ...
    @numpy_defaults
    def predict_gradient(self, X, return_std=False):
        """Compute the derivatives of the prediction by the inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        return_std : bool, default=False
            Whether to return the standard deviation of the gradient as well.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features)
            The exact gradient, in y's units per unit of each input; at a knot of an
            encoding that from above.
        gradient_std : ndarray of shape (n_samples, n_features)
            Standard deviation of its difference from the gradient of what the
            measurements are noise around. It joins the spread of the members and what
            their last layers do not know, is scaled so that the same two explain how
            much less the errors are on training than on held-out rows, and grows
            outside the training range. That of a single network is about half of what
            it should be. Only with ``return_std=True``.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, noise=0.1, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
        >>> gradient = model.predict_gradient(X)
        >>> bool(abs(gradient[:, 3].mean() - 10) < 1)
        True
        >>> gradient, gradient_std = model.predict_gradient(X, return_std=True)
        >>> gradient_std.shape
        (200, 5)
        """
        X = self._validate_inputs(X)
        n_features = self.n_features_in_
        if return_std:
            self._uncertainty.check_gradient_known(self._model)
        gradient = self._map_rows(
            lambda X: self._predictor.gradient(X).T, X, n_features
        )
        if not return_std:
            return gradient
        std = self._map_rows(
            lambda X: self._uncertainty.gradient_std(self._predictor, X), X, n_features
        )
        return gradient, std

    @numpy_defaults
    def is_extrapolation(self, X: ArrayLike) -> NDArray[np.bool_]:
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
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
        >>> model.is_extrapolation([[0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 2, 0.5, 0.5]])
        array([False,  True])
        """
        X = self._validate_inputs(X)
        return self._map_rows(self._model.excess, X, 1)[:, 0] > 0

    def to_sklearn(self) -> "Pipeline":
        """Build the fitted model out of scikit-learn objects alone.

        Returns
        -------
        Pipeline
            A fitted pipeline with the same predictions, which pickles and loads where
            sklearn_5d is not installed. It is made to predict: another fit would train
            as scikit-learn does. What scikit-learn has no method for stays behind, the
            gradient, the range of the training inputs and all of the uncertainty;
            ``predict(X, return_std=True)`` of the pipeline is a `TypeError`. `to_onnx`
            takes the gradient and the bounds along. Inputs that are scaled to more than
            1e30 are predicted otherwise, or are an error.

        Examples
        --------
        >>> from sklearn_5d import FiveDRegressor
        >>> from sklearn_5d.datasets import make_function
        >>> X, y = make_function("friedman1", 200, random_state=0)
        >>> model = FiveDRegressor(solver="lbfgs", n_estimators=2, random_state=0)
        >>> model = model.fit(X, y)
        >>> model.to_sklearn().predict(X).shape
        (200,)
        """
        check_is_fitted(self)
        return _export.to_sklearn(self._model, getattr(self, "feature_names_in_", None))

    def to_onnx(
        self,
        path: str | PathLike[str] | None = None,
        outputs: Sequence[str] = ("y",),
        confidence_level: float = 0.9,
    ) -> "ModelProto":
        """Build one ONNX model of everything between raw inputs and predictions.

        Parameters
        ----------
        path : str or path-like, default=None
            Where to write the model as well.
        outputs : sequence of str, default=("y",)
            What the model computes, in this order: "y" and "y_std" of `predict`,
            "lower" and "upper" of `predict_interval`, "gradient" of `predict_gradient`.
        confidence_level : float, default=0.9
            The probability that "lower" and "upper" hold a new measurement.

        Returns
        -------
        onnx.ModelProto
            The model: from "X", double of shape (n_samples, n_features), to the
            outputs, double of shape (n_samples,), and of shape (n_samples, n_features)
            for "gradient".

        Raises
        ------
        ImportError
            Without the package onnx.
        ValueError
            Where an output is none of these, or where no rows were held out that could
            tell an uncertainty.

        Examples
        --------
        >>> import onnxruntime  # doctest: +SKIP
        >>> model.to_onnx("model.onnx", outputs=("y", "y_std"))  # doctest: +SKIP
        >>> session = onnxruntime.InferenceSession("model.onnx")  # doctest: +SKIP
        >>> y, y_std = session.run(None, {"X": X})  # doctest: +SKIP
        """
        check_is_fitted(self)
        if np.ndim(confidence_level) > 0:
            raise ValueError(
                f"Got confidence_level={confidence_level!r}, expected one number: the "
                "bounds of the model are those of one level."
            )
        (level,) = validate_probabilities(confidence_level, "confidence_level")
        return _export.to_onnx(
            self._model,
            self._uncertainty,
            path,
            getattr(self, "feature_names_in_", None),
            outputs,
            level,
        )

    def save(self, path: str | PathLike[str]) -> None:
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
    def load(path: str | PathLike[str]) -> "FiveDRegressor":
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
    def estimators_(self) -> "list[MLPRegressor]":
        """The fitted networks."""
        return self._model.members

    @property
    def estimator_weights_(self) -> FloatArray:
        """The weights of the networks in the prediction."""
        return self._model.weights

    @property
    def x_scaler_(self) -> Any:
        """The fitted scaling of the inputs."""
        return self._model.x_scaler

    @property
    def y_scaler_(self) -> Any:
        """The fitted scaling of the target."""
        return self._model.y_scaler

    @property
    def data_min_(self) -> FloatArray:
        """The smallest training inputs."""
        return self._model.data_min

    @property
    def data_max_(self) -> FloatArray:
        """The largest training inputs."""
        return self._model.data_max

    @property
    def noise_(self) -> str:
        """What was found of the scale of the residuals."""
        self._uncertainty.check_known()
        return self._uncertainty.noise.kind

    @property
    def residual_scale_(self) -> float:
        """Root mean square of the out-of-fold residuals."""
        return self._uncertainty.residual_scale

    def _of_members(self, name):
        """Collect an attribute: itself for one network, a list for several."""
        check_is_fitted(self)
        values = [getattr(member, name, None) for member in self.estimators_]
        if any(value is None for value in values):
            raise AttributeError(f"The training of the networks has left no {name}.")
        return values[0] if len(values) == 1 else values

    @property
    def n_iter_(self) -> NDArray[np.int_]:
        """Epochs, iterations of L-BFGS, or stages of the natural-gradient solver."""
        return np.asarray(self._of_members("n_iter_"))

    @property
    def loss_curve_(self) -> list[Any]:
        """Training loss at each iteration, at the network's scale."""
        return self._of_members("loss_curve_")

    @property
    def validation_scores_(self) -> list[Any]:
        """R2 on the validation rows after each iteration."""
        return self._of_members("validation_scores_")

    @property
    def best_validation_score_(self) -> float:
        """The best of the validation scores, mean of the members."""
        return float(np.mean(self._of_members("best_validation_score_")))

    @property
    def damping_(self) -> float | list[float]:
        """The damping at the end of the stage that gave the weights."""
        return self._of_members("damping_")

    @property
    def n_steps_(self) -> int | list[int]:
        """Steps that were taken."""
        return self._of_members("n_steps_")
