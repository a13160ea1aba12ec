"""C7. Matching against Prototypical Networks: the same at one shot, if the attention is right.

One shot: the support example is the prototype.  Attention -||q - x_k||^2 then gives the
prototypical softmax; cosine attention gives another, except on embeddings of length 1, where
    -||q - x_k||^2 = 2 cos(q, x_k) - 2,
so that the prototypical softmax is cosine attention with its logits times 2 (temperature 1/2).

K shots, mu_k the mean of the class's examples x_i:
    mean_i ||q - x_i||^2 = ||q - mu_k||^2 + mean_i ||x_i - mu_k||^2
(theorem C1 with c = q).  The mean distance to a class is the distance to its mean plus its
variance, so voting by mean distance penalises wide classes.

Proof: the mean of one example is the example; ||q - x||^2 = ||q||^2 + ||x||^2 - 2 <q, x>, where
both lengths are 1; and C1.  Counterexamples: cosine attention at any length, or with its logits not
doubled; and at K shots Matching Networks, which sum exp(-||q - x_i||^2) over the class.

Source: Snell et al. 2017, section 2.5; Vinyals et al. 2016, equation 1.

Read next: confidence.py.
"""
import numpy as np

from ..meta import compute_prototypes, cosine, log_probabilities, squared_distance
from ..meta.matching import class_log_probabilities, unit
from .generators import anywhere
from .theorem import counterexample, gap


def prototypical(queries, support, labels, n_way):
    """log p (n_query, n_way) of a prototypical network, from embeddings (n, d)."""
    return log_probabilities(queries, compute_prototypes(support, labels, n_way))


def matching(queries, support, labels, n_way, attention=squared_distance, temperature=1.0):
    """log p (n_query, n_way) of a matching network, from embeddings (n, d)."""
    return class_log_probabilities(attention(queries, support, temperature), labels, n_way)


def mean_distance(queries, support):
    """mean_i ||q - x_i||^2 (n_query,) of a class's examples (K, d): the one side."""
    return np.mean(np.sum((queries[:, None] - support) ** 2, axis=2), axis=1)


def distance_plus_variance(queries, support):
    """||q - mu||^2 + mean_i ||x_i - mu||^2 (n_query,), the other side."""
    mu = np.mean(support, axis=0)
    return np.sum((queries - mu) ** 2, axis=1) + np.mean(np.sum((support - mu) ** 2, axis=1))


def largest_difference(a, b):
    """max |exp a - exp b|, of log-probabilities."""
    return np.max(np.abs(np.exp(a) - np.exp(b)))


def verify(rng, loss=None):
    """Findings on random embeddings: five classes, one shot and three."""
    q, x, one_shot = anywhere(rng, 8, 4), anywhere(rng, 5, 4), np.arange(5)
    many, labels = anywhere(rng, 15, 4), np.repeat(one_shot, 3)
    proto, on_sphere = prototypical(q, x, one_shot, 5), (unit(q), unit(x), one_shot, 5)
    # `unit` adds 1e-12 under its root, so lengths are 1 to 1e-12 only
    return [
        gap("one shot, squared distance: log-probabilities",
            matching(q, x, one_shot, 5), proto, 1e-12),
        gap("one shot, length 1: prototypical against cosine attention, logits times 2",
            matching(*on_sphere, cosine, 1 / 2), prototypical(*on_sphere), 1e-10),
        gap("three shots: mean distance against distance to the mean plus variance",
            mean_distance(q, many[:3]), distance_plus_variance(q, many[:3]), 1e-13),
        counterexample("one shot, cosine, any length: difference of probabilities",
                       largest_difference(matching(q, x, one_shot, 5, cosine, 1 / 2), proto), 0.01),
        counterexample("one shot, length 1, logits not doubled: difference of probabilities",
                       largest_difference(matching(*on_sphere, cosine), prototypical(*on_sphere)),
                       0.01),
        counterexample("three shots, squared distance: difference of probabilities",
                       largest_difference(matching(q, many, labels, 5),
                                          prototypical(q, many, labels, 5)), 0.01),
    ]
