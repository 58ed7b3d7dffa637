"""The committee: folds, members trained in parallel, out-of-fold predictions.

Every member is a plain, fitted `MLPRegressor`. Everything here happens at the network's
scale.
"""

from copy import deepcopy
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from scipy.linalg import LinAlgError
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.neural_network import MLPRegressor
from sklearn.utils import check_random_state

from . import _gaussian_process, _spring
from ._evidence import refine
from ._network import Weights, output
from ._threads import mlp_training, single_threaded_blas

# Up to so many rows the evidence is asked, which costs the cube of their number; not
# where the damping could fall so far that there is no noise to speak of.
FEW_ROWS = 400
NOISE_FREE_DAMPING = 1e-5
STRONG_DECAY = 0.1


def member_weights(member):
    """Return the weights of a fitted `MLPRegressor`."""
    return Weights(member.coefs_, member.intercepts_)


def continued_generator(seed, n_steps):
    """Make a generator that differs from call to call, but not from run to run.

    Parameters
    ----------
    seed : int, RandomState instance or None
        Source of randomness.
    n_steps : int
        Steps that were taken in the calls before.

    Returns
    -------
    numpy.random.RandomState
        The generator.
    """
    if isinstance(seed, Integral):
        return np.random.RandomState([seed, n_steps])
    return check_random_state(seed)


def split_rows(n_samples, n_estimators, validation_fraction, random_state):
    """Choose the rows that train each member, and the rows held out from it.

    Parameters
    ----------
    n_samples : int
        Number of rows, at least 2.
    n_estimators : int
        Number of members. Several members hold out every row once between them.
    validation_fraction : float
        The share of the rows that a single member holds out.
    random_state : int, RandomState instance or None
        Source of the shuffle.

    Returns
    -------
    list of (ndarray, ndarray)
        Training rows and held-out rows of each member.
    """
    rows = np.empty((n_samples, 0))
    if n_estimators == 1:
        n_held_out = max(1, int(validation_fraction * n_samples))
        folds = ShuffleSplit(1, test_size=n_held_out, random_state=random_state)
        return list(folds.split(rows))
    n_splits = min(n_estimators, n_samples)
    folds = list(KFold(n_splits, shuffle=True, random_state=random_state).split(rows))
    # Fewer rows than members: the folds come round again.
    return [folds[k % n_splits] for k in range(n_estimators)]


def fit_spring(train, validation, seed, start, verbose, *, network, solver):
    """Train one member by `_spring.minimize`.

    Parameters
    ----------
    train, validation : tuple of (X, y, sample_weight)
        Training rows, and the rows that decide when to stop.
    seed : int, RandomState instance or None
        Source of randomness.
    start : MLPRegressor or None
        The fitted member to go on from.
    verbose : bool
        Whether to print a line a stage.
    network : dict
        Parameters that `MLPRegressor` shares.
    solver : dict
        Further arguments of `_spring.make_schedule` and `_spring.minimize`.

    Returns
    -------
    MLPRegressor
        The member, with two attributes of our own: `n_steps_` and `damping_`.
    """
    n_samples = len(train[1])
    solver = dict(solver)
    schedule = _spring.make_schedule(
        n_samples,
        *(solver.pop(k) for k in ("damping", "batch_size", "max_steps", "precision")),
    )

    def minimize(schedule, network):
        return _spring.minimize(
            *train,
            *validation,
            **network,
            **solver,
            schedule=schedule,
            random_state=check_random_state(seed),
            weights=None if start is None else member_weights(start),
            report=_print_stage if verbose else None,
        )

    result = minimize(schedule, network)
    if n_samples <= FEW_ROWS and result.damping > NOISE_FREE_DAMPING:
        strong = minimize(schedule[:1], {**network, "alpha": STRONG_DECAY})
        activation = network["activation"]
        result = refine(result, strong.weights, train, validation, activation)
    return fitted_member(MLPRegressor(**network, random_state=seed), result)


def _print_stage(stage, loss, score):
    print(
        f"damping {stage.damping_end:.0e}, {stage.n_steps} steps of "
        f"{stage.batch_size} rows, {np.dtype(stage.dtype)}: "
        f"loss {loss:.3e}, validation R2 {score:.8f}"
    )


def fitted_member(member, result):
    """Give an `MLPRegressor` the weights and the history of a natural-gradient run."""
    member.coefs_, member.intercepts_ = result.weights
    member.n_features_in_ = len(member.coefs_[0])
    member.n_layers_ = len(member.coefs_) + 1
    member.n_outputs_ = 1
    member.out_activation_ = "identity"
    member.loss_curve_ = result.loss_curve
    member.loss_ = result.loss_curve[-1]
    member.n_iter_ = len(result.loss_curve)
    member.validation_scores_ = result.validation_scores
    member.best_validation_score_ = result.score
    member.best_loss_ = min(result.loss_curve)
    member._no_improvement_count = 0
    member.t_ = member.n_steps_ = result.n_steps
    member.damping_ = result.damping
    return member


def fit_mlp(train, validation, seed, start, verbose, *, network, solver):
    """Train one member by a solver of `MLPRegressor`; arguments as in `fit_spring`.

    Without validation rows `MLPRegressor` takes its own for early stopping.
    """
    X, y, sample_weight = train
    n_held_out = int(np.ceil(solver["validation_fraction"] * len(y)))
    if validation is None and n_held_out < 2:
        # MLPRegressor refuses to stop early on a single row.
        solver = {**solver, "early_stopping": False}
    if validation is not None or not solver["early_stopping"]:
        n_held_out = 0
    member = MLPRegressor() if start is None else deepcopy(start)
    member.set_params(
        **network,
        **{**solver, "batch_size": min(solver["batch_size"], len(y) - n_held_out)},
        random_state=seed,
        verbose=verbose,
        warm_start=start is not None,
    )
    with mlp_training():
        if validation is None or solver["solver"] == "lbfgs":
            return member.fit(X, y, sample_weight)
        return _stop_early(member, train, validation)


def _stop_early(member, train, validation):
    """Pass over the rows until the validation score has stopped improving."""
    X, y, sample_weight = train
    X_val, y_val, sample_weight_val = validation
    stopping, member.early_stopping = member.early_stopping, False
    best_score, best, scores, stale = -np.inf, [], [], 0
    for _ in range(member.max_iter):
        member.partial_fit(X, y, sample_weight)
        score = _spring.r2(y_val, member.predict(X_val), sample_weight_val)
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


def _take(data, rows):
    return tuple(None if a is None else a[rows] for a in data)


def _fit_member(fit, data, validation, train, held_out, *args):
    # The copies of the rows live as long as the training.
    if validation == "held out":
        validation = _take(data, held_out)
    with single_threaded_blas:
        return fit(_take(data, train), validation, *args)


def fit_members(fit, data, validation, splits, seeds, starts, n_jobs, verbose):
    """Train the members, in parallel through joblib.

    Parameters
    ----------
    fit : callable
        `fit_spring` or `fit_mlp` with its parameters bound.
    data : tuple of (X, y, sample_weight)
        All the rows.
    validation : tuple of (X, y, sample_weight), None or "held out"
        The rows that decide when to stop, the same for all the members; with
        "held out", the rows that each member does not train on.
    splits : list of (ndarray or slice, ndarray)
        Training rows and held-out rows of each member.
    seeds, starts : list
        Seed and start of each member.
    n_jobs : int or None
        Number of jobs, as in joblib.
    verbose : bool
        Whether to print a line a stage.

    Returns
    -------
    list of MLPRegressor
        The members.
    """
    return Parallel(n_jobs=n_jobs)(
        delayed(_fit_member)(fit, data, validation, *rows, seed, start, verbose)
        for rows, seed, start in zip(splits, seeds, starts, strict=True)
    )


def teach_members(
    members, data, validation, splits, seeds, n_jobs, *, network, max_steps
):
    """Let a Gaussian process teach the members, if the held-out rows gain from it.

    Parameters
    ----------
    members : list of MLPRegressor
        The members that `fit_spring` has trained.
    data, validation, splits, seeds, n_jobs
        As in `fit_members`.
    network : dict
        As in `fit_spring`.
    max_steps : int
        Budget of further steps of each member.

    Returns
    -------
    members : list of MLPRegressor
        New members, or those given.
    share : float
        The share of the process in what they have learnt.
    """
    activation = network["activation"]
    held_out = [
        _take(data, rows) if validation == "held out" else validation
        for _, rows in splits
    ]
    rng = check_random_state(seeds[0])
    with single_threaded_blas:
        kernel, noise_variance = _gaussian_process.fit_kernel(*data, rng)
        try:
            processes = [
                _gaussian_process.condition(kernel, noise_variance, *_take(data, rows))
                for rows, _ in splits
            ]
        except LinAlgError:
            return members, 0.0
        process = [
            p.predict(X) for p, (X, _, _) in zip(processes, held_out, strict=True)
        ]
    outputs = [
        output(member_weights(member), X, activation)
        for member, (X, _, _) in zip(members, held_out, strict=True)
    ]
    _, y, sample_weight = (
        None if arrays[0] is None else np.concatenate(arrays)
        for arrays in zip(*held_out, strict=True)
    )
    share = _gaussian_process.best_share(
        np.concatenate(process), np.concatenate(outputs), y, sample_weight
    )
    if share == 0:
        return members, 0.0
    taught = Parallel(n_jobs=n_jobs)(
        delayed(_teach_member)(
            member,
            process,
            share,
            _take(data, rows),
            rows_held_out,
            seed,
            network,
            max_steps,
        )
        for member, process, (rows, _), rows_held_out, seed in zip(
            members, processes, splits, held_out, seeds, strict=True
        )
    )
    gains = [
        new.validation_scores_[-1] - old.best_validation_score_
        for new, old in zip(taught, members, strict=True)
    ]
    return (taught, share) if np.mean(gains) > 0 else (members, 0.0)


def _teach_member(member, process, share, train, validation, seed, network, max_steps):
    X, y, _ = train
    X_val, y_val, sample_weight_val = validation
    activation = network["activation"]
    with single_threaded_blas:
        result = _gaussian_process.distil(
            member_weights(member),
            process,
            share,
            X,
            network=network,
            max_steps=max_steps,
            random_state=continued_generator(seed, member.n_steps_),
        )
    loss = 0.5 * np.mean((y - output(result.weights, X, activation)) ** 2)
    prediction = output(result.weights, X_val, activation)
    score = _spring.r2(y_val, prediction, sample_weight_val)
    result = result._replace(
        score=max(score, member.best_validation_score_),
        loss_curve=[*member.loss_curve_, float(loss)],
        validation_scores=[*member.validation_scores_, score],
        damping=member.damping_,
        n_steps=member.n_steps_ + result.n_steps,
    )
    return fitted_member(MLPRegressor(**network, random_state=seed), result)


def out_of_fold_outputs(members, splits, X, activation):
    """Compute for each row the output of the member that held it out, else NaN."""
    outputs = np.full(len(X), np.nan)
    for member, (_, held_out) in zip(members, splits, strict=True):
        outputs[held_out] = output(member_weights(member), X[held_out], activation)
    return outputs
