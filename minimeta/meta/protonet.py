"""Prototypical Networks: a class is the mean of its support examples, in a learned space.

Snell, Swersky, Zemel 2017, "Prototypical Networks for Few-shot Learning".

Read next: matching.py.
"""
import numpy as np

from ..device import on_gpu
from ..nn import cross_entropy, log_softmax
from .bregman import pairwise, squared_norm
from .learner import Learner, as_targets


def one_hot(labels, n_way):
    """Indicators (..., N, n_way) of labels (..., N), as booleans."""
    return labels[..., None] == np.arange(n_way, like=labels)


def compute_prototypes(embeddings, labels, n_way):
    """Class means (..., n_way, D) of embeddings (..., N, D) with labels (..., N) (equation 1).

    Raises ValueError if a class has no example; on a GPU its prototype is NaN then.
    """
    members = one_hot(as_targets(labels), n_way)
    counts = np.sum(members, axis=-2)
    if not on_gpu(counts) and not counts.all():             # looking would stop a GPU's pipeline
        empty = sorted({int(k) for k in np.argwhere(counts == 0)[:, -1]})
        raise ValueError(f"class {', '.join(map(str, empty))} of {n_way} has no support example: "
                         "labels must run from 0 to n_way - 1, each used at least once")
    # c_k = mean of the embeddings labelled k
    sums = np.swapaxes(members, -1, -2).astype(embeddings.dtype) @ embeddings
    return sums / counts[..., None].astype(embeddings.dtype)


def log_probabilities(queries, prototypes, phi=squared_norm):
    """log p(y = k | x) (..., n_query, n_way) = log softmax_k -D(f(x), c_k) (equation 2)."""
    return log_softmax(-pairwise(phi, queries, prototypes))


class PrototypicalNetwork(Learner):
    """An encoder trained so that the nearest prototype is the right one.

    encoder is a Model: images (..., N, H, W, C), channels-last, to embeddings (..., N, D).
    generator is the convex function of the Bregman divergence: squared_norm gives the squared
    Euclidean distance.  The support set and the query set are normalised each by its own batch.
    n_way, the number of classes, is by default the largest label plus one, which a GPU would have
    to be waited for.
    """
    name = "Prototypical"

    def __init__(self, encoder, outer_lr=1e-3, generator=squared_norm, clip=None, seed=0,
                 n_way=None):
        super().__init__(encoder, outer_lr, cross_entropy, clip, seed)
        self.generator, self.n_way = generator, n_way

    compute_prototypes = staticmethod(compute_prototypes)

    def log_probabilities(self, xs, ys, xq, n_way=None, theta=None):
        """log p (..., n_query, n_way) of queries xq, given support images xs with labels ys.

        n_way is the number of classes, by default the learner's.
        """
        theta, ys = self.theta if theta is None else theta, as_targets(ys)
        n_way = n_way or self.n_way or int(np.max(ys)) + 1
        prototypes = compute_prototypes(self.model.apply(theta, xs), ys, n_way)
        return log_probabilities(self.model.apply(theta, xq), prototypes, self.generator)

    def objective(self, theta, episode):
        """The mean of -log p(y | x) over the queries, a number (Algorithm 1)."""
        logp = self.log_probabilities(episode.xs, episode.ys, episode.xq, theta=theta)
        return np.mean(cross_entropy(logp, episode.yq))

    def predict(self, xs, ys, xq, steps=None):
        """log p (T, n_query, n_way), or (n_query, n_way) for a single task; `steps` is unused."""
        return self.log_probabilities(xs, ys, xq)
