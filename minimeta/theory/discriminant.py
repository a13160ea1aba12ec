"""C6. Prototypical networks are linear discriminant analysis, with the covariance I/2.

    softmax_k -||z - c_k||^2 = p(k | z)   where   z | k ~ N(c_k, I/2)   and all p(k) are equal

Proof: the log of the density N(z; c_k, S) is -(z - c_k)' S^-1 (z - c_k) / 2 plus a constant.  With
S = I/2 the quadratic form is ||z - c_k||^2; the constant and the equal log-priors are common to all
classes, and cancel in Bayes' rule.  With S = A^-1 / 2 it is the Mahalanobis divergence of x'Ax.

Counterexamples: with S = I the answers are the same, but not the probabilities, since the logits
are half as large; unequal priors, or a covariance for each class, break even the answers.

Source: Snell et al. 2017, section 2.3, on mixture densities; Mensink et al. 2013, "Distance-Based
Image Classification".

Read next: proto_maml.py.
"""
import numpy as np

from ..meta import log_probabilities
from ..nn import log_softmax
from .generators import anywhere, definite, mahalanobis
from .theorem import counterexample, gap


def log_density(z, mean, covariance):
    """log N(z; mean, covariance) (n,) of points z (n, d), mean (d,), covariance (d, d)."""
    d = z - mean
    squared = np.sum(d * np.linalg.solve(covariance, d.T).T, axis=1)
    return -0.5 * (squared + np.linalg.slogdet(2 * np.pi * covariance)[1])


def discriminant(z, means, covariances, priors):
    """log p(k | z) (n, m) by Bayes' rule, of points z (n, d), means (m, d), covariances (m, d, d)
    and priors (m,), which sum to 1."""
    if abs(np.sum(priors) - 1) > 1e-9:
        raise ValueError(f"priors sum to 1: got {np.sum(priors):g}; divide them by their sum")
    joint = [log_density(z, mean, covariance) + np.log(prior)
             for mean, covariance, prior in zip(means, covariances, priors, strict=True)]
    return log_softmax(np.stack(joint, axis=1))


def shared(covariance, count):
    """The covariance (d, d) for each of `count` classes: (count, d, d)."""
    return np.broadcast_to(covariance, (count, *np.shape(covariance)))


def largest_difference(a, b):
    """max |exp a - exp b|, of log-probabilities."""
    return np.max(np.abs(np.exp(a) - np.exp(b)))


def verify(rng, loss=None):
    """Findings on random points and class means."""
    a, z, c, equal = definite(rng, 3), anywhere(rng, 20, 3), anywhere(rng, 4, 3), np.full(4, 1 / 4)
    ours = log_probabilities(z, c)
    half, whole = (discriminant(z, c, shared(s, 4), equal) for s in (np.eye(3) / 2, np.eye(3)))
    own = np.stack([np.eye(3) * s for s in (0.2, 0.4, 0.6, 0.8)])
    return [
        gap("covariance I/2: log-probabilities", half, ours, 1e-12),
        gap("covariance A^-1 / 2: log-probabilities against the Mahalanobis divergence",
            discriminant(z, c, shared(np.linalg.inv(2 * a), 4), equal),
            log_probabilities(z, c, mahalanobis(a)), 1e-12),
        gap("covariance I: the same answers",
            np.argmax(whole, axis=1), np.argmax(ours, axis=1), 0.0),
        counterexample("covariance I: difference of probabilities",
                       largest_difference(whole, ours), 0.005),
        counterexample("unequal priors: difference of probabilities", largest_difference(
            discriminant(z, c, shared(np.eye(3) / 2, 4), np.array([0.1, 0.2, 0.3, 0.4])), ours),
            0.005),
        counterexample("a covariance for each class: difference of probabilities",
                       largest_difference(discriminant(z, c, own, equal), ours), 0.005),
    ]
