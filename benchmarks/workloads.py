"""What is timed: pure functions and their arguments, through the public API.

W1       sinusoid MAML, second order: 25 tasks of 10 + 10 points, network 1-40-40-1, a step of Adam
W1_5     the same with five inner steps
W2       the same with one step, first order;  W2_reptile: Reptile, five inner steps
W3       a Hessian-vector product of a small classifier (20-32-32-5), 64 examples
W3_big   the same, 784-256-256-10, 256 examples
W7       the gradient of a chain of 100 elementwise operations on ten numbers;  W7_2: second order

Read next: replay.py.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minimeta import grad, hvp, value_and_grad
from minimeta.meta.maml import maml
from minimeta.meta.reptile import reptile
from minimeta.nn import cross_entropy, mean_squared_error, mlp
from minimeta.optim import SGD, Adam
from minimeta.tasks import SinusoidSampler

ALPHA, BETA = 0.01, 1e-6        # so small a beta that every repetition does the same work
POINTS, TASKS, HIDDEN = 10, 25, (40, 40)
CHAIN = 50                      # pairs of operations


class Workload(NamedTuple):
    """f(*args), and how many operations it counts as where a cost for each is of interest."""
    f: Callable[..., Any]
    args: tuple
    operations: int | None = None


def sinusoid_maml(steps=1, order=2):
    """A meta-step: (loss, theta, state) of (theta, state, episode)."""
    rng = np.random.default_rng(0)
    model, adam = mlp((1, *HIDDEN, 1)), Adam(BETA)
    theta = model.init(rng)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def objective(theta, episode):
        return maml(loss, theta, episode, ALPHA, steps, order)

    def step(theta, state, episode):
        value, g = value_and_grad(objective)(theta, episode)
        return value, *adam.update(theta, g, state)
    return Workload(step, (theta, adam.init(theta), sinusoids(rng)))


def sinusoid_reptile(steps=5):
    """A meta-step: (loss, theta) of (theta, episode)."""
    rng = np.random.default_rng(0)
    model = mlp((1, *HIDDEN, 1))

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def step(theta, episode):
        direction, value = reptile(loss, theta, [(episode.xs, episode.ys)] * steps, SGD(ALPHA))
        return value, theta - BETA * direction
    return Workload(step, (model.init(rng), sinusoids(rng)))


def sinusoids(rng):
    """An episode of the sinusoid workloads."""
    return SinusoidSampler(shots=POINTS, queries=POINTS, tasks=TASKS).sample(rng)


def classifier_hvp(sizes, examples):
    """H v of (theta, v), the Hessian of a tanh network's cross-entropy."""
    rng = np.random.default_rng(0)
    model = mlp(sizes, activation=np.tanh)
    theta = model.init(rng)
    x = rng.standard_normal((examples, sizes[0])).astype(theta.dtype)
    labels = rng.integers(0, sizes[-1], examples)

    def loss(theta, x, labels):
        return cross_entropy(model.apply(theta, x), labels)

    def product(theta, v, x, labels):
        return hvp(lambda theta: loss(theta, x, labels), theta, v)
    return Workload(product, (theta, rng.standard_normal(theta.shape).astype(theta.dtype), x,
                              labels))


def chain(order):
    """The derivative of y <- tanh(y) x, repeated: 100 operations on ten numbers."""
    x = np.linspace(0.5, 1.5, 10, dtype=np.float32)

    def f(x):
        y = x
        for _ in range(CHAIN):
            y = np.tanh(y)
            y = y * x
        return np.sum(y)
    if order == 1:
        return Workload(grad(f), (x,), 2 * CHAIN)
    return Workload(lambda x, v: hvp(f, x, v), (x, np.ones_like(x)), 2 * CHAIN)


WORKLOADS = {
    "W1": lambda: sinusoid_maml(),
    "W1_5": lambda: sinusoid_maml(steps=5),
    "W2": lambda: sinusoid_maml(order=1),
    "W2_reptile": lambda: sinusoid_reptile(),
    "W3": lambda: classifier_hvp((20, 32, 32, 5), 64),
    "W3_big": lambda: classifier_hvp((784, 256, 256, 10), 256),
    "W7": lambda: chain(1),
    "W7_2": lambda: chain(2),
}
