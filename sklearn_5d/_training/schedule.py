"""The plan of a run: its settings, its stages, and what follows a failed attempt."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import defaults


@dataclass(frozen=True)
class Settings:
    """The parameters of the natural gradient, as in `FiveDRegressor`.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
        Widths of the hidden layers.
    activation : str
        Activation of the hidden layers.
    max_steps : int
        Budget of steps.
    alpha : float, default=0.0
        Decoupled weight decay, per unit of the learning rate and of the damping: a
        noise-free function bears none, and damping is low where the data say so.
    damping : tuple of two floats, default=(1.0, 1e-8)
        Where the damping starts and where it ends.
    batch_size : int or "auto", default="auto"
        Rows in a step.
    precision : {"auto", "float32", "float64"}, default="auto"
        Type of the numbers.
    learning_rate : float, default=0.6
        Length of a step at the start of each stage.
    momentum : float, default=0.9
        The share of the direction before that is kept.
    patience : int, default=1
        Number of attempts in a row without gain after which the run ends.
    tol : float, default=0.0
        The relative gain in validation error that counts as one.
    """

    hidden_layer_sizes: tuple
    activation: str
    max_steps: int
    alpha: float = 0.0
    damping: tuple = (1.0, 1e-8)
    batch_size: int | str = "auto"
    precision: str = "auto"
    learning_rate: float = defaults.LEARNING_RATE
    momentum: float = 0.9
    patience: int = 1
    tol: float = 0.0


class Stage(NamedTuple):
    """A part of the run: the damping falls from start to end over its steps."""

    damping_start: float
    damping_end: float
    batch_size: int
    n_steps: int
    dtype: type
    learning_rate: float


def make_schedule(settings, n_samples):
    """Divide the budget of steps into stages of one decade of damping each.

    A fifth of the budget is kept for stages that have to be tried again.

    With ``batch_size="auto"`` a batch has 96 rows, doubled every third stage up to 256.
    A stage of twice the batch size gets half of the steps: the noisier the data, the
    earlier the run ends, and the early stages are the ones that count. With
    ``precision="auto"`` the numbers are float32 down to a damping of 1e-5 and float64
    below.

    Parameters
    ----------
    settings : Settings
        The settings of the run.
    n_samples : int
        Number of training rows.

    Returns
    -------
    list of Stage
        The stages in their order.
    """
    start, end = settings.damping
    n_stages = max(1, round(np.log10(start / end)))
    dampings = np.geomspace(start, end, n_stages + 1)
    if settings.batch_size == "auto":
        doublings = np.arange(n_stages) // defaults.STAGES_PER_BATCH_SIZE
        batch_sizes = np.minimum(
            defaults.BATCH_SIZE * 2**doublings, defaults.MAX_BATCH_SIZE
        )
    else:
        batch_sizes = np.full(n_stages, settings.batch_size)
    shares = 1 / batch_sizes
    planned = defaults.PLANNED_SHARE * settings.max_steps
    steps = np.ceil(planned * shares / shares.sum()).astype(int)
    return [
        Stage(
            high,
            low,
            int(min(m, n_samples)),
            int(n),
            _dtype(low, settings.precision),
            settings.learning_rate,
        )
        for high, low, m, n in zip(
            dampings[:-1], dampings[1:], batch_sizes, steps, strict=True
        )
    ]


def make_last_stage(settings, damping, n_steps, n_samples, factor):
    """Plan the long stage that ends a run on exact rows.

    The damping falls from where it is to where it may end, and stays there where it has
    ended already. Steps are longer than before: what is left are fine features, and a
    large batch of exact rows says without noise where they are.

    Parameters
    ----------
    settings : Settings
        The settings of the run.
    damping : float
        Where the run stands.
    n_steps : int
        Number of steps.
    n_samples : int
        Number of training rows.
    factor : float
        The length of its steps beside those of the other stages.

    Returns
    -------
    Stage
        The stage.
    """
    end = min(damping, settings.damping[1])
    batch_size = settings.batch_size
    if batch_size == "auto":
        batch_size = defaults.MAX_BATCH_SIZE
    return Stage(
        damping,
        end,
        min(batch_size, n_samples),
        n_steps,
        _dtype(end, settings.precision),
        settings.learning_rate * factor,
    )


def _dtype(damping_end, precision):
    if precision == "auto":
        exact = damping_end < defaults.FLOAT32_DAMPING * (1 - 1e-6)
        return np.float64 if exact else np.float32
    return np.dtype(precision).type


class Progress(NamedTuple):
    """Where a run stands in its schedule, and how its attempts have ended.

    Parameters
    ----------
    position : int, default=0
        The stage that comes next.
    n_retries : int, default=0
        Attempts that did not gain, or broke down.
    stale : int, default=0
        Those of them since the last gain.
    n_breakdowns : int, default=0
        Attempts that broke down.
    has_completed : bool, default=False
        Whether any stage was completed.
    """

    position: int = 0
    n_retries: int = 0
    stale: int = 0
    n_breakdowns: int = 0
    has_completed: bool = False

    def after(self, event):
        """Return where the run stands after an attempt.

        Parameters
        ----------
        event : {"gain", "no gain", "overfit", "breakdown"}
            What became of it: "overfit" gained on the training rows alone, and counts
            as two without a gain. Less noise in its steps would not have helped.

        Returns
        -------
        Progress
            The new one.
        """
        if event == "gain":
            return self._replace(
                position=self.position + 1, stale=0, has_completed=True
            )
        retried = self._replace(n_retries=self.n_retries + 1)
        if event != "breakdown":
            lost = 2 if event == "overfit" else 1
            return retried._replace(stale=self.stale + lost, has_completed=True)
        return retried._replace(
            # Without any weights to keep there is nothing to be patient about.
            stale=self.stale + self.has_completed,
            n_breakdowns=self.n_breakdowns + 1,
        )

    def is_over(self, schedule, patience):
        """Tell whether no further attempt is due."""
        return (
            self.position == len(schedule)
            or self.stale >= patience
            or self.n_breakdowns == defaults.MAX_FAILURES
        )

    def next_stage(self, schedule, n_samples):
        """Return the stage to try: each retry is less noisy than the one before.

        Parameters
        ----------
        schedule : list of Stage
            The plan.
        n_samples : int
            Number of training rows.

        Returns
        -------
        Stage
            The next of the plan, with the batch size doubled and the learning rate
            reduced for each retry, and more damping for each breakdown.
        """
        stage = schedule[self.position]
        batch_size = min(
            stage.batch_size * 2**self.n_retries, defaults.MAX_BATCH_SIZE, n_samples
        )
        batch_size = max(batch_size, stage.batch_size)
        factor = float(defaults.BREAKDOWN_DAMPING**self.n_breakdowns)
        return stage._replace(
            damping_start=stage.damping_start * factor,
            damping_end=stage.damping_end * factor,
            batch_size=batch_size,
            n_steps=int(
                np.ceil(stage.n_steps * np.sqrt(stage.batch_size / batch_size))
            ),
            learning_rate=stage.learning_rate
            * defaults.RETRY_LEARNING_RATE**self.n_retries,
        )
