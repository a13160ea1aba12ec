"""The workloads: a gradient each, of a model, its weights and a batch of tasks, made from a seed.

Images are random: how long a step takes does not depend on what they show.

Read next: measure.py.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..autodiff import hvp, value_and_grad
from ..meta import MAML, PrototypicalNetwork
from ..nn import conv4, cross_entropy, mean_squared_error, mlp
from ..tasks import Episode, EpisodeSampler, SinusoidSampler


class Problem(NamedTuple):
    """What is computed, by every library: NumPy arrays and plain numbers.

    kind is "maml", "protonet" or "hvp"; network is ("mlp", sizes) or ("conv4", filters, ways or
    None); theta (P,) are the weights, and episode the tasks (for "hvp" its support set alone, and v
    (P,) the vector); alpha is MAML's inner step.
    """
    kind: str
    about: str
    network: tuple
    theta: np.ndarray
    episode: Episode
    alpha: float = 0.0
    v: np.ndarray | None = None


def sinusoid(tasks):
    def make(rng, quick):
        sizes = (1, 40, 40, 1)
        n = min(tasks, 1000) if quick else tasks
        return Problem("maml", f"MAML on sinusoids, second order, {n} tasks of 10 points",
                       ("mlp", sizes), mlp(sizes).init(rng), SinusoidSampler(tasks=n).sample(rng),
                       alpha=0.01)
    return make


def omniglot(rng, quick):
    filters, tasks = (8, 4) if quick else (64, 32)
    return Problem("maml", f"MAML on 28x28 images, second order, conv4 of {filters} filters, "
                   f"{tasks} tasks, 5-way 1-shot", ("conv4", filters, 5),
                   _stirred(conv4(5, filters=filters), rng), _images(rng, 5, 1, 3, tasks), 0.4)


def prototypical(rng, quick):
    filters, ways = (8, 10) if quick else (64, 60)
    return Problem("protonet", f"Prototypical Networks, conv4 of {filters} filters, {ways}-way "
                   "5-shot, 5 queries", ("conv4", filters, None),
                   conv4(filters=filters).init(rng), _images(rng, ways, 5, 5, 1))


def hessian_vector(rng, quick):
    sizes, n = ((784, 32, 10), 100) if quick else ((784, 256, 256, 10), 1000)
    theta = mlp(sizes).init(rng)
    x = rng.random((n, sizes[0]), dtype=np.float32)
    return Problem("hvp", f"Hessian-vector product, mlp {'-'.join(map(str, sizes))}, {n} images",
                   ("mlp", sizes), theta, Episode(x, rng.integers(0, 10, n), None, None),
                   v=rng.standard_normal(theta.size).astype(np.float32))


# name -> make(rng, quick), a Problem
PROBLEMS = {"sinusoid": sinusoid(25), "sinusoid-large": sinusoid(10_000), "omniglot": omniglot,
            "prototypical": prototypical, "hvp": hessian_vector}


def _images(rng, ways, shots, queries, tasks):
    images = rng.integers(0, 256, (max(ways, 20), shots + queries, 28, 28), dtype=np.uint8)
    return EpisodeSampler(images, ways, shots, queries, tasks).sample(rng)


def _stirred(model, rng):
    """Weights whose last layer is not zero, so that all of them have a gradient."""
    theta = model.init(rng)
    return theta + 0.05 * rng.standard_normal(theta.size).astype(theta.dtype)


def ours(problem: Problem, device) -> Any:
    """step(): the gradient (P,) of the problem by minimeta, on a device."""
    kind, *sizes = problem.network
    model = mlp(sizes[0]) if kind == "mlp" else conv4(sizes[1], filters=sizes[0])
    theta, episode, v = device.put((problem.theta, problem.episode, problem.v))
    if problem.kind == "hvp":
        def loss(theta):
            return cross_entropy(model.apply(theta, episode.xs), episode.ys)
        return lambda: hvp(loss, theta, v)
    if problem.kind == "protonet":
        ways = int(problem.episode.ys.max()) + 1
        learner = PrototypicalNetwork(model, n_way=ways)
    else:
        regression = problem.episode.ys.dtype.kind == "f"
        learner = MAML(model, problem.alpha, 1,
                       loss=mean_squared_error if regression else cross_entropy)
    gradient = value_and_grad(learner.objective)
    return lambda: gradient(theta, episode)[1]
