"""The scaling of the inputs."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

from ._standard import fit_standard_scaler
from ._steps import steps_of

INPUT_TRANSFORMS = ("standard", "yeo-johnson")


def fit_input_scaler(X, transform, sample_weight=None):
    """Fit the scaling of the inputs.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The inputs.
    transform : {"standard", "yeo-johnson"}
        Standardisation alone, or followed by a Yeo-Johnson transformation.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows in the standardisation.

    Returns
    -------
    transformer
        A `StandardScaler`, or a pipeline of it and a `PowerTransformer`.
    """
    # Arrays inside, whatever the user has configured for outside.
    standard = fit_standard_scaler(X, sample_weight).set_output(transform="default")
    if transform == "standard":
        return standard
    power = PowerTransformer().set_output(transform="default")
    power.fit(standard.transform(X))
    return make_pipeline(standard, power)


class InputScaling:
    """From inputs in any units to those of the networks.

    Parameters
    ----------
    transformer : transformer
        A result of `fit_input_scaler`.
    """

    def __init__(self, transformer):
        self.steps = steps_of(transformer)

    def transform(self, X):
        """Scale rows, without the transformer's own checks.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs, float32 or float64.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Scaled inputs in float64, within the limits of what float32 holds after
            some layers.
        """
        for step in self.steps:
            X = step.transform(X)
        return X

    def pull_back(self, X, gradient):
        """Turn derivatives by the scaled inputs into those by the inputs.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs.
        gradient : ndarray of shape (n_samples, n_outputs)
            Derivatives by the scaled inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Derivatives by `X`.
        """
        slopes = []
        for step in self.steps:
            slopes.append(step.slope(X))
            X = step.transform(X)
        return gradient * np.prod(np.broadcast_arrays(*slopes), axis=0)
