"""Optimisers as pure functions: theta, state = adam.update(theta, g, state).

Read next: meta/adapt.py.
"""
from typing import Callable, NamedTuple

import numpy as np

from .device import on_host


class SGD(NamedTuple):
    """theta <- theta - lr g.  lr is a float, or a function of the step (0, 1, ...)."""
    lr: float | Callable = 0.01

    def at(self, state):
        """This optimiser with the learning rate that it has in that state, a number."""
        return self._replace(lr=rate(self.lr, state))

    def init(self, theta):
        """The state before the first update: the step number."""
        return 0

    def update(self, theta, g, state):
        """(theta, state) after one step along the gradient g, both of theta's shape."""
        return theta - rate(self.lr, state) * g, state + 1


class AdamState(NamedTuple):
    """Step number, and running means of g and g^2."""
    step: int
    m: np.ndarray
    v: np.ndarray


class Adam(NamedTuple):
    """Adam (Kingma and Ba 2015, Algorithm 1).  lr is a float, or a function of the step."""
    lr: float | Callable = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def at(self, state):
        """This optimiser with the learning rate that it has in that state, a number."""
        return self._replace(lr=rate(self.lr, state.step))

    def init(self, theta):
        """The state before the first update."""
        return AdamState(0, np.zeros_like(theta), np.zeros_like(theta))

    def update(self, theta, g, state):
        """(theta, state) after one step along the gradient g, both of theta's shape."""
        t = state.step + 1
        m = self.beta1 * state.m + (1 - self.beta1) * g
        v = self.beta2 * state.v + (1 - self.beta2) * g * g
        # m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps), with fewer passes over the weights
        scale = (1 - self.beta2 ** t) ** 0.5
        size = rate(self.lr, state.step) * scale / (1 - self.beta1 ** t)
        return theta - size * m / (np.sqrt(v) + self.eps * scale), AdamState(t, m, v)


def rate(lr, step):
    """The learning rate at a step."""
    return lr(step) if callable(lr) else lr


def linear_decay(start, steps, end=0.0):
    """A schedule: from `start` to `end` in `steps` steps, in a straight line."""
    return lambda step: end + (start - end) * max(0.0, 1 - step / steps)


def clip_norm(g, limit):
    """g, scaled down to norm `limit` if it is longer.

    Raises FloatingPointError if g is not finite; on a GPU, where looking would stop the pipeline,
    the result is not finite then.
    """
    norm = np.sqrt(np.sum(g * g))
    if on_host(norm) and not norm < float("inf"):
        raise FloatingPointError("the gradient is not finite: lower the inner learning rate, "
                                 "or take fewer inner steps")
    return g * (limit / np.maximum(norm, limit))
