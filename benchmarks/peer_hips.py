"""The workloads without images in HIPS autograd, over a task axis; it has no fast convolution.

Read next: peer_hand.py.
"""
import autograd.numpy as anp
import numpy as np
from autograd import grad, hessian

from . import problems
from .problems import ALPHA, BETA, BIG, CHAIN, HIDDEN, SMALL, flat


def perceptron(weights, x, activation=lambda x: anp.maximum(x, 0)):
    for k in range(0, len(weights), 2):
        x = anp.matmul(x, weights[k]) + weights[k + 1]
        x = activation(x) if k + 2 < len(weights) else x
    return x


def cross_entropy(logits, chosen):
    """The mean loss of logits (N, C) and labels as rows of the identity, `chosen`."""
    top = anp.max(logits, axis=-1, keepdims=True)
    logp = logits - top - anp.log(anp.sum(anp.exp(logits - top), axis=-1, keepdims=True))
    return -anp.sum(chosen * logp) / len(logits)


def total(weights, x, y):
    return anp.sum((perceptron(weights, x) - y) ** 2) / problems.POINTS


def on_tasks(weights, tasks):
    """The weights of each task: (T, d, h), and biases (T, 1, h)."""
    return [anp.ones((tasks, 1, 1), w.dtype) * w for w in weights]


def descend(weights, x, y, steps):
    for _ in range(steps):
        gradients = grad(total)(weights, x, y)
        weights = [w - ALPHA * g for w, g in zip(weights, gradients)]
    return weights


def sinusoid(steps=1, order=2):
    weights, (xs, ys, xq, yq) = problems.perceptron((1, *HIDDEN, 1)), problems.sinusoids()
    means = [np.zeros_like(w) for w in weights]
    squares = [np.zeros_like(w) for w in weights]

    def objective(weights):
        return total(descend(on_tasks(weights, len(xs)), xs, ys, steps), xq, yq) / len(xs)

    def first_order(weights):
        gradients = grad(total)(descend(on_tasks(weights, len(xs)), xs, ys, steps), xq, yq)
        return [g.mean(axis=0).reshape(w.shape) for g, w in zip(gradients, weights)]
    gradient = grad(objective) if order == 2 else first_order

    def step():
        for w, g, m, v in zip(weights, gradient(weights), means, squares):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= BETA * m / (np.sqrt(v) + 1e-8)
    return {"task axis": (step, lambda: flat(gradient(weights)))}


def reptile(steps=5):
    weights, (xs, ys, _, _) = problems.perceptron((1, *HIDDEN, 1)), problems.sinusoids()

    def direction():
        ends = descend(on_tasks(weights, len(xs)), xs, ys, steps)
        return [w - e.mean(axis=0).reshape(w.shape) for w, e in zip(weights, ends)]

    def step():
        for w, d in zip(weights, direction()):
            w -= BETA * d
    return {"task axis": (step, lambda: flat(direction()))}


def classifier(network):
    weights, direction, x, labels = problems.classifier(network)
    chosen = np.eye(network[0][-1], dtype=x.dtype)[labels]
    return weights, direction, lambda w: cross_entropy(perceptron(w, x, anp.tanh), chosen)


def hvp(network):
    weights, direction, loss = classifier(network)
    product = grad(lambda w: sum(anp.sum(g * v) for g, v in zip(grad(loss)(w), direction)))
    return {"": (lambda: product(weights), lambda: flat(product(weights)))}


def full(network):
    weights, _, loss = classifier(network)
    theta, ends = flat(weights), np.cumsum([w.size for w in weights])

    def of(theta):
        return loss([anp.reshape(theta[end - w.size:end], w.shape)
                     for w, end in zip(weights, ends)])
    matrix = hessian(of)
    return {"": (lambda: matrix(theta), lambda: np.ravel(matrix(theta)))}


def chain(order):
    def f(x):
        y = x
        for _ in range(CHAIN):
            y = anp.tanh(y)
            y = y * x
        return anp.sum(y)
    g = grad(f) if order == 1 else grad(lambda x: anp.sum(grad(f)(x)))
    x = problems.chain_point()
    return {"": (lambda: g(x), lambda: g(x))}


WORKLOADS = {
    "W1": sinusoid,
    "W1_5": lambda: sinusoid(steps=5),
    "W2": lambda: sinusoid(order=1),
    "W2_reptile": reptile,
    "W3": lambda: hvp(SMALL),
    "W3_big": lambda: hvp(BIG),
    "W3_full": lambda: full(SMALL),
    "W7": lambda: chain(1),
    "W7_2": lambda: chain(2),
}
