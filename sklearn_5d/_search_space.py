"""Which parameters are worth a search, and over which values."""

from typing import Any

SEARCH_SPACE: dict[str, list[Any]] = {
    "hidden_layer_sizes": [(64, 32, 16), (32, 32, 32), (64, 64), (128, 64)],
    "activation": ["auto", "logistic"],
    "learning_rate_init": ["auto", 1.0],
    "alpha": ["auto", 1e-4, 1e-1],
}


def search_space(prefix: str = "") -> dict[str, list[Any]]:
    """List the values worth trying of the parameters worth tuning.

    They are for `FiveDRegressor` with ``solver="spring"``, and the defaults are among
    them. Each parameter is a list, so that the space is a grid of 48 candidates as well
    as a distribution to draw from. What is not in it decides less, or is found while
    training: the damping, the length of the training and the transformations.

    Parameters
    ----------
    prefix : str, default=""
        What the names begin with: ``"fivedregressor__"`` for a step of a pipeline,
        ``"regressor__"`` inside a `TransformedTargetRegressor`.

    Returns
    -------
    dict of str to list
        Values of each parameter. It may be changed.

    Notes
    -----
    Search with ``n_estimators=1``, which takes a fraction of the time, and fit the
    winner with ``n_estimators="auto"``.

    `GridSearchCV`, `RandomizedSearchCV` and `HalvingRandomSearchCV` take the space as
    it is. Halving may give its candidates few steps instead of few rows:
    ``resource="max_steps", min_resources=100, max_resources=1000``.

    Optuna stores numbers and strings, not tuples: let it choose places in the lists, as
    the last example does.

    Examples
    --------
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sklearn_5d import FiveDRegressor, search_space
    >>> from sklearn_5d.datasets import make_function
    >>> X, y = make_function("friedman1", 150, noise=0.1, random_state=0)
    >>> search = RandomizedSearchCV(
    ...     FiveDRegressor(n_estimators=1, random_state=0),
    ...     search_space(),
    ...     n_iter=2,
    ...     cv=2,
    ...     scoring="neg_root_mean_squared_error",
    ...     refit=False,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model = FiveDRegressor(random_state=0, **search.best_params_)

    With a prefix, in a pipeline:

    >>> list(search_space("fivedregressor__"))[0]
    'fivedregressor__hidden_layer_sizes'

    With Optuna:

    >>> def objective(trial):
    ...     parameters = {
    ...         name: values[trial.suggest_categorical(name, range(len(values)))]
    ...         for name, values in search_space().items()
    ...     }
    ...     model = FiveDRegressor(n_estimators=1, random_state=0, **parameters)
    ...     return cross_val_score(model, X, y, cv=3).mean()
    >>> study = optuna.create_study(direction="maximize")  # doctest: +SKIP
    >>> study.optimize(objective, n_trials=50)  # doctest: +SKIP
    """
    return {prefix + name: list(values) for name, values in SEARCH_SPACE.items()}
