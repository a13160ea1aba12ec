"""Meta-objectives with gradients by hand, and the two mistakes that are made about them.

F(theta) = mean_i L_i(phi_i; query), phi <- phi - alpha grad L_i(phi; support), has the gradient
mean_i (I - alpha H_0) (I - alpha H_1) ... grad L_i(phi_i; query), H_k the Hessian at step k.

Read next: planted.py.
"""
import numpy as np

from minimeta import grad
from minimeta.meta import maml

from .functions import Function

TASKS, SHOTS, QUERIES, WEIGHTS = 3, 4, 6, 5


class Episode:
    """Regression tasks: xs (T, N, P), ys (T, N), xq, yq."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)

        def draw(*shape):
            return rng.standard_normal(shape).astype(np.float32)
        self.xs, self.ys = draw(TASKS, SHOTS, WEIGHTS), draw(TASKS, SHOTS)
        self.xq, self.yq = draw(TASKS, QUERIES, WEIGHTS), draw(TASKS, QUERIES)
        self.theta = draw(WEIGHTS) / 2


def losses(phi, x, y):
    """One number a task, shape (T,), of weights (T, P): half the mean squared error of a neuron."""
    outputs = np.tanh(np.matmul(x, phi[..., None])[..., 0])
    return np.mean(0.5 * (outputs - y) ** 2, axis=-1)


def loss_slope(w, x, y):
    """Its gradient (P,), for one task."""
    t = np.tanh(x @ w)
    return x.T @ ((t - y) * (1 - t * t)) / len(x)


def loss_hessian(w, x, y):
    """Its Hessian (P, P), for one task."""
    t = np.tanh(x @ w)
    bent = (1 - t * t) ** 2 - 2 * t * (1 - t * t) * (t - y)
    return x.T @ (bent[:, None] * x) / len(x)


def meta_function(episode, alpha, steps, reverse=False, first_order=False):
    """The meta-objective as a Function; its gradient in the right order, or not."""
    def paths(theta):
        for xs, ys in zip(episode.xs, episode.ys):
            path = [theta]
            for _ in range(steps):
                path.append(path[-1] - alpha * loss_slope(path[-1], xs, ys))
            yield path

    def value(theta):
        phi = np.stack([path[-1] for path in paths(theta)])
        return np.mean(losses(phi, episode.xq, episode.yq))

    def slope(theta):
        total = 0 * theta
        for i, (*path, phi) in enumerate(paths(theta)):
            g = loss_slope(phi, episode.xq[i], episode.yq[i])
            for w in () if first_order else path if reverse else reversed(path):
                g = g - alpha * (loss_hessian(w, episode.xs[i], episode.ys[i]) @ g)
            total = total + g
        return total / TASKS
    return Function(f"MAML, {steps} steps", value, slope, episode.theta)


def fomaml(episode, alpha, steps):
    """The first-order gradient that minimeta computes."""
    def slope(theta):
        return grad(maml, argnums=1)(losses, theta, episode, alpha, steps, 1)
    return slope


def meta_objectives(sizes):
    """(kind, right, wrong) for each size: FOMAML's gradient for MAML's; products reversed.

    The first mistake is about alpha times as large as the gradient, the other alpha^2.
    """
    for seed in range(2):
        episode = Episode(seed)
        for size in sizes:
            alpha = _alpha(episode, size, 1, lambda a: meta_function(episode, a, 1,
                                                                     first_order=True))
            right = meta_function(episode, alpha, 1)
            yield "FOMAML", right, Function(right.name, right.value, fomaml(episode, alpha, 1),
                                            right.x)
            alpha = _alpha(episode, size, 2, lambda a: meta_function(episode, a, 2, reverse=True))
            yield "reversed", meta_function(episode, alpha, 2), meta_function(episode, alpha, 2,
                                                                              reverse=True)


def _alpha(episode, size, power, wrong):
    """A power of two for which the mistake is about `size`, relative to the gradient."""
    trial, x = 2.0 ** -8, episode.theta.astype(float)
    right = meta_function(episode, trial, power).slope(x)
    off = np.max(np.abs(wrong(trial).slope(x) - right)) / np.max(np.abs(right))
    return 2.0 ** round(np.log2(trial * (size / off) ** (1 / power)))
