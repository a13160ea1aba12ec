"""What is timed: pure functions and their arguments, through the public API.

W1       sinusoid MAML, second order: 25 tasks of 10 + 10 points, network 1-40-40-1, a step of Adam
W1_5     the same with five inner steps
W2       the same with one step, first order;  W2_reptile: Reptile, five inner steps
W3       a Hessian-vector product of a small classifier (20-32-32-5), 64 examples
W3_big   the same, 784-256-256-10, 256 examples
W3_full  the Hessian of the small classifier, 1893 x 1893
W4       Omniglot's conv4, MAML: 4 tasks of 5 ways, 1 shot, 75 queries, second order, one step
W4_5     the same with five inner steps;  W4_1st: with one step, first order
W5a      a step of Prototypical Networks, 60 ways, 5 shots, 5 queries a class
W5b      the same, 5 ways, 1 shot, 15 queries a class
W6       the embeddings of 600 images
W7       the gradient of a chain of 100 elementwise operations on ten numbers;  W7_2: second order

Read next: __main__.py.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minimeta import grad, hessian, hvp, value_and_grad
from minimeta.meta.maml import maml
from minimeta.meta.protonet import compute_prototypes, log_probabilities
from minimeta.meta.reptile import reptile
from minimeta.nn import conv4, cross_entropy, mean_squared_error, mlp
from minimeta.optim import SGD, Adam
from minimeta.tasks import Episode

from . import problems
from .problems import POINTS, TASKS  # noqa: F401
from .problems import ALPHA, BETA, BIG, CHAIN, FEW, HIDDEN, IMAGE_ALPHA, MANY, SMALL, flat


class Workload(NamedTuple):
    """f(*args); what libraries must agree on; and how many operations it counts as.

    numbers(*args) is an array, f's own result if it is not given.
    """
    f: Callable[..., Any]
    args: tuple
    operations: int | None = None
    numbers: Callable[..., Any] | None = None


def meta_step(objective, theta, episode):
    """(loss, theta, state) of (theta, state, episode): a step of Adam down the objective."""
    adam = Adam(BETA)

    def step(theta, state, episode):
        value, g = value_and_grad(objective)(theta, episode)
        return value, *adam.update(theta, g, state)

    def numbers(theta, state, episode):
        return grad(objective)(theta, episode)
    return Workload(step, (theta, adam.init(theta), episode), None, numbers)


def sinusoid_maml(steps=1, order=2, dtype=np.float32):
    """A meta-step of MAML on sinusoids."""
    model = mlp((1, *HIDDEN, 1), dtype=dtype)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def objective(theta, episode):
        return maml(loss, theta, episode, ALPHA, steps, order)
    return meta_step(objective, flat(problems.perceptron((1, *HIDDEN, 1), dtype)),
                     Episode(*problems.sinusoids(dtype)))


def sinusoid_reptile(steps=5, dtype=np.float32):
    """A meta-step of Reptile: (loss, theta) of (theta, episode)."""
    model = mlp((1, *HIDDEN, 1), dtype=dtype)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def direction(theta, episode):
        return reptile(loss, theta, [(episode.xs, episode.ys)] * steps, SGD(ALPHA))

    def step(theta, episode):
        towards, value = direction(theta, episode)
        return value, theta - BETA * towards
    args = flat(problems.perceptron((1, *HIDDEN, 1), dtype)), Episode(*problems.sinusoids(dtype))
    return Workload(step, args, None, lambda *args: direction(*args)[0])


def classifier_loss(network, dtype):
    """The mean cross-entropy of a tanh network: (theta (..., P), x, labels) -> (...)."""
    model = mlp(network[0], activation=np.tanh, dtype=dtype)
    return lambda theta, x, labels: cross_entropy(model.apply(theta, x), labels)


def classifier_hvp(network, dtype=np.float32):
    """H v of (theta, v, x, labels), the Hessian of a tanh network's cross-entropy."""
    loss = classifier_loss(network, dtype)

    def product(theta, v, x, labels):
        return hvp(lambda theta: loss(theta, x, labels), theta, v)
    weights, direction, x, labels = problems.classifier(network, dtype)
    return Workload(product, (flat(weights), flat(direction), x, labels))


def classifier_hessian(network, dtype=np.float32):
    """The matrix H of (theta, x, labels)."""
    loss = classifier_loss(network, dtype)

    def matrix(theta, x, labels):
        return hessian(lambda theta: loss(theta, x, labels), batched=True)(theta)
    weights, _, x, labels = problems.classifier(network, dtype)
    return Workload(matrix, (flat(weights), x, labels))


def image_maml(steps=1, order=2, dtype=np.float32):
    """A meta-step of MAML on images."""
    model = conv4(problems.WAYS, dtype=dtype)

    def loss(phi, x, y):
        return cross_entropy(model.apply(phi, x), y)

    def objective(theta, episode):
        return maml(loss, theta, episode, IMAGE_ALPHA, steps, order)
    return meta_step(objective, flat(problems.conv4_weights(problems.WAYS, dtype)),
                     Episode(*problems.meta_images(dtype)))


def prototypical(ways, shots, queries, dtype=np.float32):
    """A step of Prototypical Networks; support and query images are normalised together."""
    model, count = conv4(dtype=dtype), ways * shots

    def objective(theta, episode):
        z = model.apply(theta, np.concatenate([episode.xs, episode.xq]))
        prototypes = compute_prototypes(z[:count], episode.ys, ways)
        return cross_entropy(log_probabilities(z[count:], prototypes), episode.yq)
    parts = problems.episode(1, ways, shots, queries, dtype)
    return meta_step(objective, flat(problems.conv4_weights(None, dtype)),
                     Episode(*(a[0] for a in parts)))


def embedding(ways, shots, queries, dtype=np.float32):
    """Embeddings (600, 64) of (theta, images)."""
    xs, _, xq, _ = problems.episode(1, ways, shots, queries, dtype)
    return Workload(conv4(dtype=dtype).apply, (flat(problems.conv4_weights(None, dtype)),
                                               np.concatenate([xs[0], xq[0]])))


def chain(order, dtype=np.float32):
    """The derivative of y <- tanh(y) x, repeated: 100 operations on ten numbers."""
    x = problems.chain_point(dtype)

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
    "W1": lambda **kw: sinusoid_maml(**kw),
    "W1_5": lambda **kw: sinusoid_maml(steps=5, **kw),
    "W2": lambda **kw: sinusoid_maml(order=1, **kw),
    "W2_reptile": lambda **kw: sinusoid_reptile(**kw),
    "W3": lambda **kw: classifier_hvp(SMALL, **kw),
    "W3_big": lambda **kw: classifier_hvp(BIG, **kw),
    "W3_full": lambda **kw: classifier_hessian(SMALL, **kw),
    "W4_1st": lambda **kw: image_maml(order=1, **kw),
    "W4": lambda **kw: image_maml(**kw),
    "W4_5": lambda **kw: image_maml(steps=5, **kw),
    "W5a": lambda **kw: prototypical(*MANY, **kw),
    "W5b": lambda **kw: prototypical(*FEW, **kw),
    "W6": lambda **kw: embedding(*MANY, **kw),
    "W7": lambda **kw: chain(1, **kw),
    "W7_2": lambda **kw: chain(2, **kw),
}
