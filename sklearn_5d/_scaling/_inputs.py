"""The scaling of the inputs."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer

from ._encoding import ENCODINGS, Codes, fit_encoder
from ._standard import fit_standard_scaler
from ._steps import Selection, steps_of

SMOOTH_TRANSFORMS = ("standard", "yeo-johnson")
INPUT_TRANSFORMS = (*SMOOTH_TRANSFORMS, *ENCODINGS)


def fit_input_scaler(X, y, transform, sample_weight=None):
    """Fit the scaling of the inputs.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The inputs.
    y : ndarray of shape (n_samples,)
        The target, which knows where an encoding has its knots.
    transform : {"standard", "yeo-johnson", "steps", "piecewise-linear"}
        Standardisation alone, or followed by a Yeo-Johnson transformation or by an
        encoding.
    sample_weight : ndarray of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    transformer
        A `StandardScaler`, or a pipeline of it and a `PowerTransformer` or what
        `fit_encoder` returns.
    """
    # Arrays inside, whatever the user has configured for outside.
    standard = fit_standard_scaler(X, sample_weight).set_output(transform="default")
    if transform == "standard":
        return standard
    if transform in ENCODINGS:
        encoder = fit_encoder(standard.transform(X), y, transform, sample_weight)
        return make_pipeline(standard, *encoder)
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
        is_first = [isinstance(step, Selection) for step in self.steps]
        n_smooth = is_first.index(True) if any(is_first) else len(self.steps)
        self.encoding = self.steps[n_smooth:]
        self.smooth = self.steps[:n_smooth]

    def transform(self, X):
        """Scale rows, without the transformer's own checks.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs, float32 or float64.

        Returns
        -------
        ndarray or Codes of shape (n_samples, n_outputs)
            Scaled inputs in float64, within the limits of what float32 holds after
            some layers.
        """
        return self.encoded(self.before_encoding(X))

    def before_encoding(self, X):
        """Scale rows, but for the encoding."""
        for step in self.smooth:
            X = step.transform(X)
        return X

    def encoded(self, Z):
        """Encode what `before_encoding` returns, if there is an encoding."""
        return Codes(Z, self.encoding) if self.encoding else Z

    def pull_back(self, X, gradient):
        """Turn derivatives by the scaled inputs into those by the inputs.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Inputs.
        gradient : ndarray of shape (..., n_samples, n_outputs)
            Derivatives by the scaled inputs.

        Returns
        -------
        ndarray of shape (..., n_samples, n_features)
            Derivatives by `X`.
        """
        return _pull_back(self.steps, X, gradient)

    def slope(self, X):
        """Compute the derivatives of the inputs before the encoding by `X`."""
        return _pull_back(self.smooth, X, np.ones(X.shape))


def _pull_back(steps, X, gradient):
    values = [X]
    for step in steps[:-1]:
        values.append(step.transform(values[-1]))
    for step, value in zip(steps[::-1], values[::-1], strict=True):
        gradient = step.pull_back(value, gradient)
    return gradient
