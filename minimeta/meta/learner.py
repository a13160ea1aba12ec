"""What the learners share: weights, an optimiser, a training step, an evaluation.

Images are channels-last, (N, H, W, C) a task.  A batch of tasks is an Episode, arrays with a
leading task axis T, or a list of single tasks (xs, ys, xq, yq).

Read next: adapt.py.
"""
from typing import NamedTuple

import numpy as np

from ..autodiff import value_and_grad
from ..compiler import compile
from ..nn import accuracy
from ..optim import Adam, clip_norm
from ..tasks.episodes import Episode
from .adapt import adapt


class Evaluation(NamedTuple):
    """One number a task, each (T,): the loss on the query set, and the accuracy (None for
    regression)."""
    loss: np.ndarray
    accuracy: np.ndarray | None


class Learner:
    """Weights theta (P,), trained by steps on batches of tasks."""
    name = "learner"
    _compiled = None

    def __init__(self, model, outer_lr, loss, clip, seed):
        self.model, self.loss, self.clip = model, loss, clip
        self.theta = model.init(np.random.default_rng(seed))
        self.optimizer = Adam(outer_lr)
        self.state = self.optimizer.init(self.theta)

    def to(self, device):
        """This learner with its weights and its optimiser's state on a minimeta.Device."""
        self.theta, self.state = device.put(self.theta), device.put(self.state)
        return self

    def compiled(self, exact=False):
        """This learner, its training steps replayed as a list of NumPy calls (minimeta.compile).

        They do the same up to rounding; exact: bit for bit.  The first two trace, and so does one
        after a setting or a shape has changed.  On a GPU the calls are CuPy's.
        """
        self._compiled = compile(self.step, exact=exact)
        return self

    steps_compiled = property(lambda self: self._compiled is not None)

    def free(self):
        """Let the memory go that compiled steps keep from one to the next."""
        if self._compiled is not None:
            self._compiled.free()

    def objective(self, theta, episode):
        """The loss of a batch of tasks, a number."""
        raise NotImplementedError

    def meta_gradient(self, theta, episode):
        """(loss, what the optimiser descends (P,)) of a batch of tasks."""
        return value_and_grad(self.objective)(theta, episode)

    def prepare(self, tasks):
        """What a step sees of a batch of tasks; if a method draws at random, it is done here."""
        return as_episode(tasks)

    def step(self, theta, state, episode, optimizer):
        """(theta, state, loss): weights and optimiser's state after a step, the loss before it.

        Pure: all that changes from step to step is an argument; episode comes from `prepare`.
        """
        loss, g = self.meta_gradient(theta, episode)
        if self.clip is not None:
            g = clip_norm(g, self.clip)
        return *optimizer.update(theta, g, state), loss

    def meta_train_step(self, tasks):
        """One step of the outer optimiser on a batch of tasks; the loss before it, a number.

        tasks is an Episode or a list of (xs, ys, xq, yq); images are channels-last.  On a GPU the
        loss is an array there, of shape (), and nothing waits for it.
        """
        step, optimizer = self._compiled or self.step, self.optimizer
        if hasattr(optimizer, "at"):        # a schedule may be any function: it is not compiled
            optimizer = optimizer.at(self.state)
        self.theta, self.state, loss = step(self.theta, self.state, self.prepare(tasks), optimizer)
        return loss

    def evaluate(self, outputs, targets):
        """Evaluation of outputs (T, N, ...) against targets."""
        loss = self.loss(outputs, targets)
        return Evaluation(loss, accuracy(outputs, targets) if is_labels(targets) else None)

    def predict(self, xs, ys, xq, steps=None):
        """Outputs (T, N, ...) for queries xq, given the support set (xs, ys) of each task."""
        raise NotImplementedError

    def adapt_and_evaluate(self, tasks, steps=None):
        """Evaluation on the query sets of a batch of tasks, given their support sets."""
        episode = as_episode(tasks)
        return self.evaluate(self.predict(episode.xs, episode.ys, episode.xq, steps), episode.yq)


class GradientLearner(Learner):
    """A learner that adapts by gradient steps of size inner_lr on the support set."""

    def __init__(self, model, inner_lr, inner_steps, outer_lr, loss, clip, seed):
        super().__init__(model, outer_lr, loss, clip, seed)
        self.inner_lr, self.inner_steps = inner_lr, inner_steps

    def task_loss(self, phi, x, y):
        """Losses (T,) of weights phi (T, P) on x (T, N, ...), y (T, N, ...)."""
        return self.loss(self.model.apply(phi, x), y)

    def adapt(self, xs, ys, steps=None):
        """Weights (T, P), or (P,) for a single task, adapted to the support set.

        xs is (T, N, ...), images channels-last (T, N, H, W, C), and ys (T, N); without T for a
        single task.
        """
        ys = as_targets(ys)
        single = is_single(ys)
        if single:
            xs, ys = xs[None], ys[None]
        steps = self.inner_steps if steps is None else steps
        phi = adapt(self.task_loss, self.theta, xs, ys, self.inner_lr, steps, order=1)
        return phi[0] if single else phi

    def predict(self, xs, ys, xq, steps=None):
        """Outputs (T, N, ...), or (N, ...) for a single task: adapt to (xs, ys), apply to xq.

        Images are channels-last: (T, N, H, W, C), or (N, H, W, C).
        """
        return self.model.apply(self.adapt(xs, ys, steps), xq)


def as_episode(tasks):
    """A batch of tasks (an Episode, or a list of single tasks) as one Episode."""
    if isinstance(tasks, Episode):
        return tasks
    if isinstance(tasks, tuple) and len(tasks) == 4 and hasattr(tasks[0], "ndim"):
        if not is_single(as_targets(tasks[1])):
            return Episode(*tasks)
        tasks = [tasks]
    try:
        return Episode(*(np.stack(parts) for parts in zip(*tasks, strict=True)))
    except (TypeError, ValueError) as error:
        raise ValueError("tasks are an Episode, or a list of (xs, ys, xq, yq) whose arrays have "
                         f"the same shapes in every task ({error})") from None


def as_targets(y):
    """Labels or numbers to predict, as an array if they come as a list."""
    return y if hasattr(y, "dtype") else np.asarray(y)


def is_labels(y):
    """Whether y holds class labels rather than numbers to predict."""
    return y.dtype.kind in "iu"


def is_single(y):
    """Whether targets y are of one task: labels (N,) or numbers (N, d)."""
    return y.ndim == (1 if is_labels(y) else 2)
