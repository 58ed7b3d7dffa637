"""A fitted model: from raw inputs to the mean, the members' outputs and the gradient.

It is what `to_sklearn`, `to_onnx`, `save`, `partial_fit` and the calibration need, and
all that they need. Nothing in it depends on the parameters of the estimator, which may
change after a fit.
"""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.preprocessing import StandardScaler

from ._evaluation import (
    gradient_moments,
    last_layer_moments,
    map_rows,
    mean_and_gradient,
    mean_output,
    network_outputs,
    outputs_and_leverage,
)
from ._network import Weights
from ._rows import Rows
from ._scaling import (
    InputScaling,
    TargetScaling,
    column_range,
    fit_input_scaler,
    fit_target_scaler,
)

# What keeps the moments of a last layer invertible, as a share of their mean diagonal.
RIDGE = 1e-6
# A row this many training ranges outside is as far away as any.
MAX_EXCESS = 1e30


@dataclass(frozen=True, eq=False)
class Model:
    """Scaling and networks.

    Parameters
    ----------
    x_scaler, y_scaler : transformer
        The fitted scaling of the inputs and of the target.
    data_min, data_max : ndarray of shape (n_features,)
        The range of the training inputs.
    precision : {"float32", "float64"}
        The type of the numbers in a prediction.
    members : list of MLPRegressor, default=()
        The fitted networks. Their inputs and outputs are scaled.
    weights : ndarray of shape (n_members,), default=()
        Their weights in the mean, of sum 1.
    """

    x_scaler: StandardScaler
    y_scaler: StandardScaler
    data_min: np.ndarray
    data_max: np.ndarray
    precision: str
    members: list | tuple = ()
    weights: np.ndarray | tuple = ()

    @classmethod
    def scaling(cls, rows, x_transform, y_transform, precision):
        """Fit the scaling, for members to come.

        Parameters
        ----------
        rows : Rows
            The training rows.
        x_transform, y_transform : str
            The transformations.
        precision : {"float32", "float64"}
            The type of the numbers in a prediction.

        Returns
        -------
        Model
            A model without members.
        """
        return cls(
            fit_input_scaler(rows.X, rows.y, x_transform, rows.weight),
            fit_target_scaler(rows.y, y_transform, rows.weight),
            *column_range(rows.X),
            precision,
        )

    def with_members(self, members, weights=None):
        """Return the model with other members, of equal weights by default."""
        if weights is None:
            weights = np.full(len(members), 1 / len(members))
        return replace(self, members=members, weights=weights)

    def in_precision(self, precision):
        """Return the model in another precision; "auto" is that of its fit."""
        return self if precision == "auto" else replace(self, precision=precision)

    def widened(self, X):
        """Return the model with a range that takes further inputs in."""
        low, high = column_range(X)
        return replace(
            self,
            data_min=np.minimum(self.data_min, low),
            data_max=np.maximum(self.data_max, high),
        )

    @property
    def activation(self):
        """Activation of the members."""
        return self.members[0].activation

    @property
    def networks(self):
        """Weights of the members."""
        return [Weights.of(member) for member in self.members]

    @property
    def target(self):
        """The scaling of the target."""
        return TargetScaling(self.y_scaler)

    def scaled(self, rows):
        """Bring rows to the network's scale, but for an encoding of the inputs."""
        inputs = InputScaling(self.x_scaler)
        Z = map_rows(
            lambda X: inputs.before_encoding(X).T, rows.X, rows.X.shape[1], None
        )
        return Rows(Z, self.target.transform(rows.y), rows.weight, rows.groups)

    def encoded(self, rows):
        """Encode the inputs of scaled rows, if there is an encoding."""
        return replace(rows, X=InputScaling(self.x_scaler).encoded(rows.X))

    def outputs(self, X):
        """Compute the members' outputs at the network's scale.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        ndarray of shape (n_members, n_samples)
            The outputs.
        """
        return network_outputs(self.networks, self._scaled_inputs(X), self.activation)

    def _scaled_inputs(self, X):
        """Scale in float64, whatever the type that predicts."""
        return InputScaling(self.x_scaler).transform(X).astype(self.precision)

    def mean(self, X):
        """Predict the target, in its own units."""
        return self.target.inverse(self.average(self.outputs(X)))

    def average(self, outputs):
        """Average what the members say, of shape (n_members, ...)."""
        return mean_output(outputs, self.weights)

    def standardized(self, X):
        """Standardise inputs, whatever else the scaling does to them."""
        return InputScaling(self.x_scaler).steps[0].transform(X)

    def posterior(self, X):
        """Compute what the last layers know, from the inputs that trained them.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        ndarray of shape (n_members, width + 1, width + 1)
            What whitens the last layers' inputs: the inverse of a Cholesky factor of
            their moments.
        """
        moments = last_layer_moments(
            self.networks, self._scaled_inputs(X), self.activation
        )
        width = moments.shape[-1]
        diagonal = np.trace(moments, axis1=1, axis2=2) / width
        ridge = RIDGE * diagonal[:, None, None] * np.eye(width)
        return np.linalg.inv(np.linalg.cholesky(moments + ridge))

    def outputs_and_leverage(self, X, posterior):
        """Compute the members' outputs, and how well their last layers know a row.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.
        posterior : ndarray
            A result of `posterior`.

        Returns
        -------
        outputs, leverage : ndarray of shape (n_members, n_samples)
            The outputs at the network's scale, and their posterior variance.
        """
        return outputs_and_leverage(
            self.networks, self._scaled_inputs(X), self.activation, posterior
        )

    def gradient(self, X):
        """Compute the derivatives of the prediction by the inputs, in their own units.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The derivatives.
        """
        inputs = InputScaling(self.x_scaler)
        z, gradient = mean_and_gradient(
            self.networks, self.weights, self._scaled_inputs(X), self.activation
        )
        return inputs.pull_back(X, gradient) * self.target.slope(z)[..., None]

    def gradient_moments(self, X, posterior):
        """Tell how far the members agree on the derivatives, and know them.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.
        posterior : ndarray or None
            A result of `posterior`; without it the leverage is zero.

        Returns
        -------
        slope, variance, leverage : ndarray of shape (n_samples, n_features)
            What turns derivatives at the network's scale into those in the units of
            target and inputs; the variance between the members, and the posterior
            variance in the units of the leverage, both at the network's scale.
        """
        Z = self._scaled_inputs(X)
        z = self.average(network_outputs(self.networks, Z, self.activation))
        slope = InputScaling(self.x_scaler).slope(X)
        slope = slope * self.target.slope(z)[..., None]
        moments = gradient_moments(
            self.networks, self.weights, Z, self.activation, posterior
        )
        return slope, *moments

    @np.errstate(over="ignore")
    def excess(self, X):
        """Tell how far each row lies outside the training range, in ranges.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs in their own units.

        Returns
        -------
        ndarray of shape (n_samples,)
            The sum over the inputs, 0 inside.
        """
        width = self.data_max - self.data_min
        beyond = np.maximum(self.data_min - X, X - self.data_max)
        beyond /= np.where(width > 0, width, 1)
        return np.sum(beyond.clip(0, MAX_EXCESS), axis=1)
