"""The solver of one member of the committee, with its settings bound."""

from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.utils import check_random_state

from .._evaluation import output
from .._network import Weights
from .._scaling import Codes
from . import defaults
from .distillation import distil
from .evidence import refine
from .mlp import ScikitLearnSolver
from .schedule import Settings, make_schedule
from .spring import Result, finish, minimize, score
from .threads import single_threaded

SPRING_PARAMETERS = {"max_steps", "precision", "patience"}
MLP_PARAMETERS = {
    "solver",
    "learning_rate_init",
    "max_iter",
    "early_stopping",
    "validation_fraction",
    "n_iter_no_change",
}


def make_solver(parameters, choice, n_samples, n_members, is_stream=False):
    """Bind the parameters of the solver.

    Parameters
    ----------
    parameters : dict
        The parameters of `FiveDRegressor`.
    choice : Choice
        What the table wants where they are "auto".
    n_samples : int
        Number of training rows.
    n_members : int
        Number of networks.
    is_stream : bool, default=False
        Whether these are rows of a stream, of which more will come.

    Returns
    -------
    NaturalGradient or ScikitLearnSolver
        The solver.
    """
    natural = parameters["solver"] == "spring"
    is_single = parameters["n_estimators"] == 1
    n_first = n_members
    if has_open_budget(parameters, is_stream):
        n_first = defaults.n_first_members(n_samples, n_members, choice)
    automatic = {
        "alpha": defaults.ALPHA,
        "damping": defaults.damping(n_samples, choice, is_stream),
        "learning_rate_init": defaults.learning_rate(choice),
        "batch_size": defaults.batch_size(n_samples, choice, is_stream),
        "max_steps": defaults.max_steps(n_samples, n_first, choice, is_single),
    }
    if not natural:
        automatic |= {
            "alpha": defaults.MLP_ALPHA,
            "learning_rate_init": defaults.MLP_LEARNING_RATE,
            "batch_size": defaults.MLP_BATCH_SIZE,
        }
    chosen = parameters | {
        name: value
        for name, value in automatic.items()
        if isinstance(parameters[name], str)
    }
    names = {"alpha", "batch_size", "momentum", "tol"}
    names |= SPRING_PARAMETERS if natural else MLP_PARAMETERS
    settings = {name: chosen[name] for name in names}
    settings["activation"] = choice.activation
    settings["hidden_layer_sizes"] = tuple(np.atleast_1d(chosen["hidden_layer_sizes"]))
    if natural:
        settings["learning_rate"] = chosen["learning_rate_init"]
        settings["damping"] = tuple(chosen["damping"])
        settings["alpha"] = min(chosen["alpha"], defaults.MAX_DECAY)
        max_steps = settings["max_steps"]
        last_share = defaults.last_share(n_samples, choice, is_stream)
        others, n_further_steps = None, 0
        if n_first < n_members:
            n_further_steps = defaults.further_steps(max_steps, choice)
            if choice.noise == "none":
                noisy = choice._replace(noise="little")
                others = make_solver(parameters, noisy, n_samples, n_members)
        return NaturalGradient(
            Settings(**settings),
            defaults.shrinkage(chosen["alpha"]),
            int(last_share * max_steps),
            n_first,
            n_further_steps,
            others,
        )
    if chosen["solver"] == "lbfgs":
        settings["early_stopping"] = False
    return ScikitLearnSolver(settings)


def has_open_budget(parameters, is_stream=False):
    """Tell whether networks and steps are for us to choose, and to choose again.

    Parameters
    ----------
    parameters : dict
        The parameters of `FiveDRegressor`.
    is_stream : bool, default=False
        Whether these are rows of a stream, of which more will come.

    Returns
    -------
    bool
        Whether they are.
    """
    budget = (parameters[name] for name in ("n_estimators", "max_steps", "damping"))
    is_automatic = all(isinstance(value, str) for value in budget)
    return is_automatic and parameters["solver"] == "spring" and not is_stream


@dataclass(frozen=True)
class NaturalGradient:
    """Trains one network by SPRING.

    Parameters
    ----------
    settings : Settings
        The parameters of the run.
    shrinkage : float, default=1.0
        What is left of the members' outputs in the end, see `committee.shrunk`.
    n_last_steps : int, default=0
        The steps that are kept for a last stage. It takes all that are left, where the
        damping tells that there is no noise to speak of.
    n_first : int or None, default=None
        How many members train first, and may be enough; None stands for all of them.
    n_further_steps : int, default=0
        The steps that the first members have in addition where they are, see `deepen`.
    others : NaturalGradient or None, default=None
        What trains the others, where it is not this solver.
    """

    settings: Settings
    shrinkage: float = 1.0
    n_last_steps: int = 0
    n_first: int | None = None
    n_further_steps: int = 0
    others: "NaturalGradient | None" = None

    @property
    def n_stages(self):
        """Number of stages that are planned."""
        return len(make_schedule(self.settings, n_samples=1)) + (self.n_last_steps > 0)

    def fit(self, train, validation, seed, start=None, verbose=False, report=None):
        """Train a member.

        Parameters
        ----------
        train, validation : Rows
            Training rows, and the rows that decide when to stop, at the network's
            scale.
        seed : int, RandomState instance or None
            Source of randomness.
        start : MLPRegressor, default=None
            The fitted member to go on from.
        verbose : bool, default=False
            Whether to print a line a stage.
        report : callable, default=None
            Called after each attempt with the number of stages that are done and with
            what makes the member as it is; training ends where it returns True.

        Returns
        -------
        MLPRegressor
            The member, with two attributes of our own: `n_steps_` and `damping_`.
        """
        weights = None if start is None else Weights.of(start)
        random_state = check_random_state(seed)
        is_stopped = False

        def after(stage, result, n_done):
            nonlocal is_stopped
            if verbose:
                _print_stage(stage, result)
            is_stopped = report is not None and report(
                n_done, partial(self._member, result, seed)
            )
            return is_stopped

        with single_threaded:
            result = minimize(
                train,
                validation,
                self._settings_before_last(),
                random_state,
                weights=weights,
                report=after,
            )
            if self._has_evidence(train, result):
                result = self._refined(result, train, validation, seed, weights)
            elif self._has_last_stage(result) and not is_stopped:
                result = finish(
                    result,
                    train,
                    validation,
                    self.settings,
                    random_state,
                    report=partial(after, n_done=self.n_stages),
                )
        return self._member(result, seed)

    def _settings_before_last(self):
        n_steps = self.settings.max_steps - self.n_last_steps
        return replace(self.settings, max_steps=n_steps)

    def _has_last_stage(self, result):
        """Tell whether there are steps left, and no noise that they could learn."""
        is_exact = result.damping <= defaults.NOISE_FREE_DAMPING
        return is_exact and result.n_steps < self.settings.max_steps

    def _has_evidence(self, train, result):
        """Tell whether the evidence can choose how much decay noisy weights want."""
        n_left = self.settings.max_steps - result.n_steps
        return (
            len(train) <= defaults.MAX_EVIDENCE_ROWS
            and not isinstance(train.X, Codes)  # too many inputs
            and result.damping > defaults.NOISE_FREE_DAMPING
            and n_left >= 2 * defaults.N_EVIDENCE_STEPS
        )

    def _refined(self, result, train, validation, seed, start):
        """Let the evidence choose, from weights that a strong decay has begun."""
        n_left = self.settings.max_steps - result.n_steps - defaults.N_EVIDENCE_STEPS
        begun = minimize(
            train,
            validation,
            replace(
                self.settings, alpha=defaults.EVIDENCE_START_ALPHA, max_steps=n_left
            ),
            check_random_state(seed),
            schedule=make_schedule(self._settings_before_last(), len(train))[:1],
            weights=start,
        )
        result = result._replace(n_steps=result.n_steps + begun.n_steps)
        return refine(
            result, begun.weights, train, validation, self.settings.activation
        )

    def has_noise(self, member):
        """Tell whether noise has kept a member from the end of its damping."""
        return member.damping_ > self.settings.damping[1] * (1 + 1e-6)

    def deepen(self, member, train, validation, seed, verbose=False):
        """Give a member without noise its further steps, and less damping.

        Parameters
        ----------
        member : MLPRegressor
            The fitted member; it is left as it was.
        train, validation : Rows
            Training rows and held-out rows at the network's scale.
        seed : int, RandomState instance or None
            Source of the batches.
        verbose : bool, default=False
            Whether to print a line.

        Returns
        -------
        MLPRegressor
            A new member.
        """
        result = Result(
            Weights.of(member),
            member.best_validation_score_,
            member.loss_curve_,
            member.validation_scores_,
            member.damping_,
            member.n_steps_,
        )
        settings = replace(
            self.settings,
            max_steps=member.n_steps_ + self.n_further_steps,
            damping=(member.damping_, defaults.EXACT_DAMPING_END),
        )
        with single_threaded:
            result = finish(
                result,
                train,
                validation,
                settings,
                continued_generator(seed, member.n_steps_),
                report=_print_stage if verbose else None,
            )
        return self._member(result, seed)

    def teach(
        self, member, teacher, share, train, validation, seed, *, max_error, afresh
    ):
        """Let a member learn what the blend of it and a teacher says.

        Parameters
        ----------
        member : MLPRegressor
            The fitted member; it is left as it was.
        teacher : Process or Polynomial
            What predicts, given the rows that trained the member.
        share : float
            The share of the teacher in the blend.
        train, validation : Rows
            Training rows and held-out rows at the network's scale.
        seed : int, RandomState instance or None
            Source of randomness.
        max_error : float
            The mean squared error at which the lesson ends, see `distil`.
        afresh : bool
            Whether to start from new weights: those of a member that has collapsed
            cannot be taught.

        Returns
        -------
        MLPRegressor
            A new member.
        """
        activation = self.settings.activation
        with single_threaded:
            result = distil(
                None if afresh else Weights.of(member),
                teacher,
                share,
                train.X,
                self.settings,
                continued_generator(seed, member.n_steps_),
                max_error=max_error,
            )
        loss = 0.5 * np.mean(
            (train.y - output(result.weights, train.X, activation)) ** 2
        )
        new_score = score(result.weights, validation, activation)
        result = result._replace(
            score=max(new_score, member.best_validation_score_),
            loss_curve=[*member.loss_curve_, float(loss)],
            validation_scores=[*member.validation_scores_, new_score],
            damping=member.damping_,
            n_steps=member.n_steps_ + result.n_steps,
        )
        return self._member(result, seed)

    def resume(self, member, train, validation, n_new, seed, verbose=False):
        """Go on with a member of a stream.

        Parameters
        ----------
        member : MLPRegressor or None
            The fitted member, None for the first call; it is left as it was.
        train, validation : Rows
            Rows to learn and held-out rows at the network's scale.
        n_new : int
            How many of the rows are new.
        seed : int, RandomState instance or None
            Source of the first weights and of the batches.
        verbose : bool, default=False
            Whether to print a line a stage.

        Returns
        -------
        MLPRegressor
            A new member.
        """
        highest, lowest = self.settings.damping
        n_steps = steps_taken(member)
        if member is None:
            weights, damping = None, 10 * highest
        else:
            weights = Weights.of(member)
            damping = getattr(member, "damping_", highest)
        high = min(highest, 10 * damping)
        low = min(high, max(lowest, damping / 100))
        batch_size = self.settings.batch_size
        settings = replace(
            self.settings,
            damping=(high, low),
            batch_size=(
                defaults.STREAM_BATCH_SIZE if batch_size == "auto" else batch_size
            ),
            max_steps=min(
                int(defaults.STREAM_STEP_FACTOR * np.sqrt(n_new)),
                self.settings.max_steps,
            ),
        )
        with single_threaded:
            result = minimize(
                train,
                validation,
                settings,
                continued_generator(seed, n_steps),
                weights=weights,
                report=_print_stage if verbose else None,
            )
        return self._member(result._replace(n_steps=n_steps + result.n_steps), seed)

    def _member(self, result, seed):
        """Give an `MLPRegressor` the weights and the history of a run."""
        member = MLPRegressor(
            hidden_layer_sizes=self.settings.hidden_layer_sizes,
            activation=self.settings.activation,
            alpha=self.settings.alpha,
            random_state=seed,
        )
        member.coefs_, member.intercepts_ = result.weights.to_mlp()
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


def steps_taken(member):
    """Count the steps of a member, which may be None or one of another solver."""
    return getattr(member, "n_steps_", 0)


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


def _print_stage(stage, result, _n_done=None):
    print(
        f"damping {stage.damping_end:.0e}, {stage.n_steps} steps of "
        f"{stage.batch_size} rows, {np.dtype(stage.dtype)}: "
        f"loss {result.loss_curve[-1]:.3e}, "
        f"validation R2 {result.validation_scores[-1]:.8f}"
    )
