"""Reptile: train on each task for a few steps, then move towards where that led.

Nichol, Achiam, Schulman 2018, "On First-Order Meta-Learning Algorithms".

Read next: protonet.py.
"""
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import value_and_grad
from ..nn import cross_entropy
from ..optim import SGD
from .adapt import per_task_sum
from .learner import GradientLearner, as_episode, as_targets, is_single


def inner_loop(loss, theta, batches, optimizer):
    """(phi (T, P), loss at theta): an optimiser's path from theta (P,), a step for each batch.

    batches yields (x (T, B, ...), y (T, B, ...)); the optimiser sees each task on its own row.
    """
    phi, state, first = None, None, None
    for x, y in batches:
        if phi is None:
            phi = np.broadcast_to(theta, (len(x), theta.shape[-1]))
            state = optimizer.init(phi)
        value, g = value_and_grad(per_task_sum(loss, len(x)))(phi, x, y)
        first = value / len(x) if first is None else first
        phi, state = optimizer.update(phi, g, state)
    return phi, first


def reptile(loss, theta, batches, optimizer):
    """(theta - mean_i phi_i, loss): the direction that Reptile descends (Algorithm 2, batched).

    With a plain SGD inner loop it is alpha times a sum of gradients, not a gradient.
    """
    phi, first = inner_loop(loss, theta, batches, optimizer)
    return theta - np.mean(phi, axis=0), first


class Examples(NamedTuple):
    """A batch of tasks: x, y (T, N, ...), support and query alike, and the examples of each inner
    step, rows (steps, B); None: all of them."""
    x: Any
    y: Any
    rows: Any


class Reptile(GradientLearner):
    """theta <- theta + outer_lr mean_i (phi_i - theta), phi_i after inner_steps on task i.

    The inner loop sees support and query examples alike, batch_size of them a step (all of them by
    default), in an order drawn at `seed`.  inner_optimizer, SGD(inner_lr) by default, also adapts
    at test time.  outer_lr is a float, or a function of the step (the paper: linearly to 0).
    Images are channels-last: (N, H, W, C) a task.
    """
    name = "Reptile"

    def __init__(self, model, inner_lr=0.1, outer_lr=1.0, inner_steps=5, batch_size=None,
                 inner_optimizer=None, loss=cross_entropy, clip=None, seed=0):
        super().__init__(model, inner_lr, inner_steps, outer_lr, loss, clip, seed)
        self.inner_optimizer = inner_optimizer or SGD(inner_lr)
        self.optimizer = SGD(outer_lr)
        self.state = self.optimizer.init(self.theta)
        self.batch_size, self.rng = batch_size, np.random.default_rng(seed)

    def prepare(self, tasks):
        """Examples of a batch of tasks: every one is seen before any is seen again."""
        episode = as_episode(tasks)
        x = np.concatenate([episode.xs, episode.xq], axis=1)
        y = np.concatenate([episode.ys, episode.yq], axis=1)
        n, steps = x.shape[1], self.inner_steps
        size = min(self.batch_size or n, n)
        if size == n:
            return Examples(x, y, None)
        rows = np.resize(self.rng.permutation(n), (steps, size))
        return Examples(x, y, np.asarray(rows, like=x))

    def meta_gradient(self, theta, examples):
        """(loss before adaptation, theta - mean phi (P,)) of Examples."""
        x, y, rows = examples
        batches = [(x, y) if rows is None else (x[:, rows[k]], y[:, rows[k]])
                   for k in range(self.inner_steps)]
        step, loss = reptile(self.task_loss, theta, batches, self.inner_optimizer)
        return loss, step

    def adapt(self, xs, ys, steps=None):
        """Weights (T, P), or (P,) for a single task, after `steps` of the inner optimiser."""
        steps = self.inner_steps if steps is None else steps
        ys = as_targets(ys)
        single = is_single(ys)
        if single:
            xs, ys = xs[None], ys[None]
        if steps == 0:
            phi = np.broadcast_to(self.theta, (len(xs), self.theta.size))
        else:
            phi, _ = inner_loop(self.task_loss, self.theta, [(xs, ys)] * steps,
                                self.inner_optimizer)
        return phi[0] if single else phi
