"""C10. ProtoMAML: a linear head made of prototypes starts as the prototypical network.

    w_k = 2 c_k,  b_k = -||c_k||^2   =>   softmax(w z + b) = softmax_k -||z - c_k||^2

Proof: theorem C5; the missing -||z||^2 is common to all classes.  The two agree in their gradients
too, as long as the head is differentiated through its prototypes.

Counterexamples: prototypes taken as constants give the same probabilities, but another gradient for
the embedding; and after an inner step on the head the two part.

Source: Triantafillou et al. 2020, "Meta-Dataset", section 2 (Proto-MAML).

Read next: matching_prototypes.py.
"""
import numpy as np

from ..autodiff import grad, stop_gradient
from ..meta import compute_prototypes, log_probabilities
from ..nn import cross_entropy, linear, log_softmax
from .generators import anywhere
from .linear_classifier import linear_head
from .theorem import counterexample, gap

LABELS = np.array([0, 0, 1, 1, 2, 2])


def head(support, labels, n_way):
    """(w (d, n_way), b (n_way,)): the linear layer of the prototypes of embeddings (n, d)."""
    w, b = linear_head(compute_prototypes(support, labels, n_way))
    return w.T, b


def head_log_probabilities(queries, weights):
    """log p (n_query, n_way) of embeddings (n_query, d) under a head (w, b)."""
    return log_softmax(linear(queries, *weights))


def step(weights, support, labels, alpha):
    """The head after a gradient step: (w, b) <- (w, b) - alpha grad L(w, b; support)."""
    g = grad(lambda weights: cross_entropy(linear(support, *weights), labels))(weights)
    return tuple(v - alpha * g_v for v, g_v in zip(weights, g))


def embedding_gradient(log_p, theta, xs, xq):
    """d/dtheta (p, d) of the loss of log_p(support, queries) on labels as those of the support,
    where x theta embeds x: xs and xq are (n, p)."""
    return grad(lambda theta: cross_entropy(log_p(xs @ theta, xq @ theta), LABELS))(theta)


def by_prototypes(support, queries):
    """log p (n_query, n_way) of a prototypical network."""
    return log_probabilities(queries, compute_prototypes(support, LABELS, 3))


def by_head(support, queries):
    """log p (n_query, n_way) of the head, differentiated through its prototypes."""
    return head_log_probabilities(queries, head(support, LABELS, 3))


def by_constant_head(support, queries):
    """The same numbers, the head a constant of the derivative."""
    return head_log_probabilities(queries, stop_gradient(head(support, LABELS, 3)))


def verify(rng, loss=None):
    """Findings on random embeddings of three classes."""
    xs, xq, theta = anywhere(rng, 6, 4), anywhere(rng, 6, 4), anywhere(rng, 4, 3) / 6
    support, queries = xs @ theta, xq @ theta
    ours, expected = by_head(support, queries), by_prototypes(support, queries)
    adapted = step(head(support, LABELS, 3), support, LABELS, 1.0)
    gradient = embedding_gradient(by_prototypes, theta, xs, xq)
    return [
        gap("log-probabilities of the head and of the prototypes", ours, expected, 1e-12),
        gap("gradient for the embedding, through the head",
            embedding_gradient(by_head, theta, xs, xq), gradient, 1e-12),
        counterexample("head as a constant: relative difference of the gradient", np.max(np.abs(
            embedding_gradient(by_constant_head, theta, xs, xq) - gradient))
            / np.max(np.abs(gradient)), 0.005),
        counterexample("after an inner step: difference of log-probabilities", np.max(np.abs(
            head_log_probabilities(queries, adapted) - expected)), 0.0005),
    ]
