"""A fitted model out of scikit-learn objects alone."""

from copy import deepcopy

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

from .._scaling import MAX_EXPONENT, transformers_of


def to_sklearn(model, feature_names=None):
    """Build the fitted model out of scikit-learn objects alone.

    Parameters
    ----------
    model : Model
        The fitted model.
    feature_names : ndarray of str, default=None
        Names of the inputs.

    Returns
    -------
    Pipeline
        The scaling of the inputs, and a `TransformedTargetRegressor` around the
        network, or around a `VotingRegressor` of several. It shares nothing with
        `model`, and predicts the same but for inputs that are scaled to more than 1e30,
        where nothing stops them.
    """
    # Trees and all else in them would lengthen the import of the package.
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import VotingRegressor

    x_scaler, y_scaler, members = deepcopy(
        (model.x_scaler, model.y_scaler, model.members)
    )
    network = members[0]
    if len(members) > 1:
        named = [(f"member{i}", member) for i, member in enumerate(members)]
        network = VotingRegressor(named, weights=model.weights.tolist())
        network.estimators_ = members
        network.named_estimators_ = Bunch(**dict(network.estimators))
    if isinstance(y_scaler, Pipeline):
        limits = {"a_min": -MAX_EXPONENT, "a_max": MAX_EXPONENT}
        limit = FunctionTransformer(inverse_func=np.clip, inv_kw_args=limits)
        limit.set_output(transform="default")
        first, function, last = transformers_of(y_scaler)
        y_scaler = make_pipeline(first, function, limit, last)
    target = TransformedTargetRegressor(network, transformer=y_scaler)
    target.regressor_, target.transformer_ = network, y_scaler
    target._training_dim = 1
    steps = transformers_of(x_scaler)
    for step in steps:
        # The networks have seen no names: whatever the configuration, give them arrays.
        step.set_output(transform="default")
    if feature_names is not None:
        steps[0].feature_names_in_ = feature_names.copy()
    return Pipeline([*make_pipeline(*steps).steps, ("regressor", target)])
