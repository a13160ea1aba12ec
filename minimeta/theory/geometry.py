"""C9. What prototypical networks see of an embedding's geometry.

Rigid motions, z -> z R' + t with R orthogonal: nothing changes.  Scaling, z -> s z: the logits
-||z - c||^2 are multiplied by s^2, so the length of embeddings is an inverse temperature.
Attention whose logits are scaled without bound is 1-nearest-neighbour:
    1 - a(q, nearest) <= (n - 1) exp(-s margin),
n support examples, margin the gap between the two best scores.

Proof: a mean moves along with its points, and R keeps lengths; ||s z - s c||^2 = s^2 ||z - c||^2.
In the softmax of s times the scores, every example but the nearest has a share of at most
exp(-s margin).

Counterexamples: a shear, which is no rigid motion, changes the answers; and at a tie the margin is
0, and no scale decides it.

Source: Snell et al. 2017 (the distance is Euclidean); the limit: Boyd and Vandenberghe 2004,
section 3.1.5, on log-sum-exp and the maximum.

Read next: averaging.py.
"""
import numpy as np

from ..meta import squared_distance
from ..nn import log_softmax
from .generators import anywhere
from .matching_prototypes import largest_difference, prototypical
from .theorem import counterexample, gap


def orthogonal_matrix(rng, d):
    """A random rotation or reflection (d, d)."""
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def rigid(R, t):
    """The motion z -> R z + t of rows z (n, d), R (d, d) and t (d,)."""
    return lambda z: z @ R.T + t


def moved(log_p, motion, queries, support, labels, n_way):
    """log p (n_query, n_way) after the same motion of queries and support, (n, d) -> (n, d)."""
    return log_p(motion(queries), motion(support), labels, n_way)


def misses(scores, scale):
    """1 - a(q, nearest) (n_query,), of attention scores (n_query, n) multiplied by `scale`."""
    return -np.expm1(np.max(log_softmax(scale * scores), axis=1))


def miss_bound(scores, scale):
    """(n - 1) exp(-scale margin) (n_query,), which the misses do not exceed."""
    best = np.sort(scores, axis=1)
    return (scores.shape[1] - 1) * np.exp(-scale * (best[:, -1] - best[:, -2]))


def verify(rng, loss=None):
    """Findings on random embeddings of three classes."""
    q, x, labels = anywhere(rng, 6, 3), anywhere(rng, 6, 3), np.array([0, 0, 1, 1, 2, 2])
    R, t = orthogonal_matrix(rng, 3), anywhere(rng, 3)
    still, scores = prototypical(q, x, labels, 3), squared_distance(q, x)
    shear, tie = np.eye(3) + np.diag([2.0, 2.0], k=1), np.array([[-1.0, -1.0, -9.0]])
    found = [
        gap("rigid motion: log-probabilities",
            moved(prototypical, rigid(R, t), q, x, labels, 3), still, 1e-12),
        gap("embeddings times 3: logits times 9", squared_distance(3 * q, 3 * x), 9 * scores,
            1e-13),
        counterexample("shear: difference of probabilities", largest_difference(
            moved(prototypical, lambda z: z @ shear, q, x, labels, 3), still), 0.005),
        counterexample("a tie: what the nearest misses at scale 1000", misses(tie, 1000.0)[0],
                       0.499),
    ]
    for scale in (1.0, 10.0, 100.0):
        bound = miss_bound(scores, scale)
        found.append(gap(f"scale {scale:g}: the larger of the misses and of (n - 1) "
                         "exp(-scale margin), against the latter",
                         np.maximum(misses(scores, scale), bound), bound, 1e-13))
    return found
