"""The solvers of `MLPRegressor` for one member of the committee."""

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
from sklearn.neural_network import MLPRegressor

from . import defaults
from .spring import r2
from .threads import mlp_training, single_threaded

# Rows and target are standardised: a weight of this size is one on its way to infinity.
MAX_WEIGHT = 1e10


@dataclass(frozen=True)
class ScikitLearnSolver:
    """Trains one network by Adam, stochastic gradient descent or L-BFGS.

    Parameters
    ----------
    parameters : dict
        Parameters of `MLPRegressor`.
    """

    parameters: dict
    # MLPRegressor has no stages to tell of.
    n_stages = 0
    # Its L2 term shrinks by itself.
    shrinkage = 1.0

    def fit(self, train, validation, seed, start=None, verbose=False, report=None):
        """Train a member; arguments as in `NaturalGradient.fit`, `report` unused.

        Without validation rows `MLPRegressor` takes its own for early stopping.
        """
        train, parameters = _of_mean_weight_one(train), self.parameters
        fraction = parameters["validation_fraction"]
        n_held_out = int(np.ceil(fraction * len(train)))
        if validation is None and n_held_out < 2:
            # MLPRegressor refuses to stop early on a single row.
            parameters = {**parameters, "early_stopping": False}
        if validation is not None or not parameters["early_stopping"]:
            n_held_out = 0
        batch_size = min(parameters["batch_size"], len(train) - n_held_out)
        member = MLPRegressor() if start is None else _continued(start, parameters)
        member.set_params(
            **{**parameters, "batch_size": batch_size},
            random_state=seed,
            verbose=verbose,
            warm_start=start is not None,
        )
        with self._training(member, train):
            if validation is None or parameters["solver"] == "lbfgs":
                return member.fit(train.X, train.y, train.weight)
            return _stop_early(member, train, validation)

    def resume(self, member, train, seed, verbose=False):
        """Go on with a member by one pass over new rows.

        Parameters
        ----------
        member : MLPRegressor or None
            The fitted member, None for the first call; it is left as it was.
        train : Rows
            The new rows at the network's scale.
        seed : int, RandomState instance or None
            Source of randomness.
        verbose : bool, default=False
            Whether to print a line.

        Returns
        -------
        MLPRegressor
            A new member.
        """
        train = _of_mean_weight_one(train)
        batch_size = min(self.parameters["batch_size"], len(train))
        parameters = {**self.parameters, "early_stopping": False}
        if member is None:
            member = MLPRegressor(random_state=seed)
        else:
            member = _continued(member, parameters)
        member.set_params(**{**parameters, "batch_size": batch_size}, verbose=verbose)
        with self._training(member, train):
            return member.partial_fit(train.X, train.y, train.weight)

    @contextmanager
    def _training(self, member, train):
        """Let a training that diverges end in an error that says what is too large."""
        cause = None
        with single_threaded, mlp_training(), np.errstate(all="ignore"):
            try:
                yield
                weights = [*member.coefs_, *member.intercepts_]
                is_bounded = max(np.abs(w).max() for w in weights) < MAX_WEIGHT
                if is_bounded and _is_of_use(member, train):
                    return
            except ValueError as error:
                if "non-finite" not in str(error):
                    raise
                cause = error
        raise ArithmeticError(
            "Training with solver={solver!r} diverged: learning_rate_init="
            "{learning_rate_init:g} or alpha={alpha:g} is too large.".format(
                **self.parameters
            )
        ) from cause


def _continued(start, parameters):
    """Copy a member with what its solver goes on with, and no more.

    Another solver may have left none of that, and a score on other rows is not to be
    beaten.
    """
    member, solver = deepcopy(start), parameters["solver"]
    foreign = ["n_steps_", "damping_"] + ["_optimizer"] * (start.solver != solver)
    for name in foreign:
        vars(member).pop(name, None)
    losses = getattr(start, "loss_curve_", None) or []
    member.loss_curve_ = None if solver == "lbfgs" else losses.copy()
    member.best_loss_, member._no_improvement_count = np.inf, 0
    stops_early = parameters["early_stopping"]
    member.validation_scores_ = [] if stops_early else None
    member.best_validation_score_ = -np.inf if stops_early else None
    return member


def _of_mean_weight_one(rows):
    """Let only the proportions of the weights matter beside the L2 term."""
    if rows.weight is None:
        return rows
    return replace(rows, weight=rows.weight / rows.weight.mean())


def _is_of_use(member, train):
    """Tell whether the loss is anywhere near that of the mean, which is a half.

    Of weighted rows those that hardly weigh may be far off, and all of them where the
    scaling was fitted to others.
    """
    if train.weight is not None:
        return True
    return member.loss_ < defaults.DIVERGED_LOSS * max(1, np.mean(train.y**2))


def _stop_early(member, train, validation):
    """Pass over the rows until the validation score has stopped improving."""
    stopping, member.early_stopping = member.early_stopping, False
    best_score, best, scores, stale = -np.inf, [], [], 0
    for _ in range(member.max_iter):
        member.partial_fit(train.X, train.y, train.weight)
        score = r2(validation.y, member.predict(validation.X), validation.weight)
        scores.append(score)
        stale = 0 if score > best_score + member.tol else stale + 1
        if score > best_score:
            best_score = score
            best = [c.copy() for c in member.coefs_ + member.intercepts_]
        if stopping and stale > member.n_iter_no_change:
            break
    if stopping and best:
        n_layers = len(member.coefs_)
        member.coefs_, member.intercepts_ = best[:n_layers], best[n_layers:]
    member.early_stopping = stopping
    member.n_iter_ = len(scores)
    member.validation_scores_, member.best_validation_score_ = scores, best_score
    return member
