"""Matching Networks: a query's label is an attention-weighted vote of the support labels.

Vinyals, Blundell, Lillicrap, Kavukcuoglu, Wierstra 2016, "Matching Networks for One Shot
Learning".

Read next: ../run/methods.py.
"""
import numpy as np

from ..autodiff import ravel
from ..nn import Model, cross_entropy, log_softmax
from .bregman import pairwise, squared_norm
from .learner import Learner, as_targets, is_labels
from .protonet import one_hot


def cosine(queries, support, temperature=0.1):
    """cos(q_i, s_j) / temperature: (..., n_query, n_support).

    Without a temperature the attention cannot be confident: with N classes at one shot and
    non-negative features, no probability exceeds e / (e + N - 1).
    """
    return unit(queries) @ np.swapaxes(unit(support), -1, -2) / temperature


def squared_distance(queries, support, temperature=1.0):
    """-||q_i - s_j||^2 / temperature: (..., n_query, n_support)."""
    return -pairwise(squared_norm, queries, support) / temperature


def unit(x):
    """Rows of x (..., N, D) at length 1."""
    return x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True) + 1e-12)


def class_log_probabilities(scores, labels, n_way):
    """log sum_{i: y_i = k} a(q, x_i), (..., n_query, n_way), from attention scores
    (..., n_query, n_support) and labels (..., n_support): the log of equation 1."""
    attention = log_softmax(scores)
    members = np.swapaxes(one_hot(labels, n_way), -1, -2)[..., None, :, :]
    votes = np.where(members, attention[..., None, :], -1e30)   # log 0, with a derivative
    top = np.max(votes, axis=-1, keepdims=True)
    return (top + np.log(np.sum(np.exp(votes - top), axis=-1, keepdims=True)))[..., 0]


class MatchingNetwork(Learner):
    """Encoders f for queries and g for support examples (the same one if g is None).

    f and g are Models: images (..., N, H, W, C), channels-last, to embeddings (..., N, D).
    attention is `cosine` or `squared_distance`; temperature divides its scores.  For regression
    pass loss=mean_squared_error: the prediction is the attention-weighted mean of the targets.
    n_way, the number of classes, is by default the largest label plus one.
    """
    name = "Matching"

    def __init__(self, f, g=None, attention=cosine, temperature=None, outer_lr=1e-3,
                 loss=cross_entropy, clip=None, seed=0, n_way=None):
        self.f, self.g, self.attention, self.n_way = f, g, attention, n_way
        self.temperature = {} if temperature is None else {"temperature": temperature}
        super().__init__(f if g is None else _both(f, g), outer_lr, loss, clip, seed)
        if g is not None:
            sizes = [m.init(np.random.default_rng(seed)) for m in (f, g)]
            self._split = ravel(sizes)[1]

    def scores(self, theta, xs, xq):
        """Attention scores (..., n_query, n_support)."""
        if self.g is None:
            queries, support = self.f.apply(theta, xq), self.f.apply(theta, xs)
        else:
            theta_f, theta_g = self._split(theta)
            queries, support = self.f.apply(theta_f, xq), self.g.apply(theta_g, xs)
        return self.attention(queries, support, **self.temperature)

    def outputs(self, theta, xs, ys, xq):
        """log p (..., n_query, n_way) for labels ys, predictions (..., n_query, d) for numbers."""
        scores, ys = self.scores(theta, xs, xq), as_targets(ys)
        if is_labels(ys):
            return class_log_probabilities(scores, ys, self.n_way or int(np.max(ys)) + 1)
        return np.exp(log_softmax(scores)) @ ys

    def objective(self, theta, episode):
        """The mean loss over the queries, a number."""
        return np.mean(self.loss(self.outputs(theta, *episode[:3]), episode.yq))

    def predict(self, xs, ys, xq, steps=None):
        """log p (T, n_query, n_way), or predictions (T, n_query, d); `steps` is unused."""
        return self.outputs(self.theta, xs, ys, xq)


def _both(f, g):
    """The weights of two models as one vector."""
    def init(rng):
        return ravel([f.init(rng), g.init(rng)])[0]
    return Model(init, None)
