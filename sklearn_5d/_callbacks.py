"""What the callbacks of scikit-learn 1.9 are told of a fit.

A fit has a task for each network, which has one for each stage of the schedule, and a
last task: what a teacher adds, and the calibration. Networks may train in other
processes; these objects travel there with them.
"""

from functools import partial

from ._uncertainty import Uncertainty

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands for that of scikit-learn 1.9 where there is an older one."""


class FitTask:
    """The fit as a whole.

    Parameters
    ----------
    estimator : FiveDRegressor
        The estimator that has callbacks.
    model : Model
        The scaling, without networks.
    n_members : int
        Number of networks.
    X, y : array-like
        The rows as the user gave them.
    sample_weight : array-like or None
        Weights of the rows.
    """

    def __init__(self, estimator, model, n_members, X, y, sample_weight):
        self.estimator, self.model = estimator, model
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.known = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self.n_members = n_members
        self.context = estimator._init_callback_context(
            max_subtasks=n_members + 1, sequential_subtasks=False
        )
        self.context.call_on_fit_task_begin(**self.known)

    def begin(self, parent, name, task_id=None, n_subtasks=0):
        """Begin a task below another one, and return its context."""
        context = parent.subcontext(name, task_id, n_subtasks)
        return context.call_on_fit_task_begin(**self.known)

    def end(self, context, member=None):
        """End a task, and tell whether a callback wants no further one.

        Parameters
        ----------
        context : CallbackContext
            The context of the task.
        member : callable, default=None
            Makes the network as it is; by default the estimator is complete.

        Returns
        -------
        bool
            Whether to stop.
        """
        attributes = {} if member is None else partial(self._attributes, member)
        return context.call_on_fit_task_end(
            reconstruction_attributes=attributes, **self.known
        )

    def _attributes(self, member):
        """Return what makes the estimator predict by one network alone."""
        return {
            "_model": self.model.with_members([member()]),
            "_uncertainty": Uncertainty.unknown(),
        }

    def begin_last(self):
        """Begin what follows after the networks."""
        self.last = self.begin(self.context, "calibration", self.n_members)

    def end_all(self):
        """End what follows after the networks, and the fit."""
        self.end(self.last)
        self.end(self.context)

    def network(self, k, n_stages):
        """Begin the task of a network.

        Parameters
        ----------
        k : int
            Which network.
        n_stages : int
            Number of stages that are planned.

        Returns
        -------
        NetworkTask
            The task.
        """
        return NetworkTask(self, k, n_stages)


class NetworkTask:
    """The training of one network; the parameters are those of `FitTask.network`."""

    def __init__(self, fit, k, n_stages):
        self.fit, self.n_stages, self.n_done = fit, n_stages, 0
        self.context = fit.begin(fit.context, "network", k, n_stages)
        self.stage = self._next_stage()

    def _next_stage(self):
        if self.n_done < self.n_stages:
            return self.fit.begin(self.context, "stage")
        return None

    def report(self, n_done, member):
        """Note how many stages are done; retries belong to the stage that is tried.

        Parameters
        ----------
        n_done : int
            Stages that are done.
        member : callable
            Makes the network as it is.

        Returns
        -------
        bool
            Whether a callback wants no further stage.
        """
        if n_done == self.n_done:
            return False
        self.n_done = n_done
        stop = self.fit.end(self.stage, member)
        self.stage = None if stop else self._next_stage()
        return stop

    def end(self, member):
        """End the task with a trained network."""
        if self.stage is not None:
            self.fit.end(self.stage, lambda: member)
        self.fit.end(self.context, lambda: member)


def start_tasks(estimator, *args):
    """Begin the tasks of a fit, where the estimator has callbacks.

    Parameters
    ----------
    estimator : FiveDRegressor
        The estimator.
    *args
        The other parameters of `FitTask`.

    Returns
    -------
    FitTask or None
        The task.
    """
    return FitTask(estimator, *args) if hasattr(estimator, "_skl_callbacks") else None
