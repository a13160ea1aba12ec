"""C11. Averaging reduces noise, and is not robust.

    Var(c_k) = sigma^2 / K

for the mean c_k of K independent examples of variance sigma^2.  Proof: variances of independent
numbers add up, and 1/K comes out squared: K sigma^2 / K^2.  Here nothing is sampled: all n^K
samples of K from n points are listed.

Counterexamples, not independent: of K drawn without replacement the variance is sigma^2 / K times
(n - K) / (n - 1); of K copies of one example it is sigma^2.

And one outlier moves the mean without bound, by distance / K: its breakdown point is 0.  The median
stays among the good examples as long as they are more than half.

Source: Donoho and Huber 1983, "The notion of breakdown point".

Read next: ../run/train.py.
"""
import itertools

import numpy as np

from .generators import anywhere
from .theorem import Picture, counterexample, gap, slope


def variance(x):
    """sigma^2, the mean of ||x_i - mu||^2, of equally likely points x (n, d)."""
    return np.mean(np.sum((x - np.mean(x, axis=0)) ** 2, axis=1))


def independent(n, K):
    """All samples (n^K, K) of K indices below n, each index free of the others."""
    return np.array(list(itertools.product(range(n), repeat=K)))


def without_replacement(n, K):
    """All samples of K different indices below n."""
    return np.array(list(itertools.permutations(range(n), K)))


def copies(n, K):
    """The n samples of K times the same index."""
    return np.repeat(np.arange(n)[:, None], K, axis=1)


def variance_of_mean(x, samples):
    """The variance of c = mean of K examples, over equally likely samples of indices (m, K)."""
    return variance(np.mean(x[samples], axis=1))


def with_outliers(x, distance, count=1):
    """x (K, d), its first `count` examples moved by `distance` along the first axis."""
    away = np.zeros_like(x)
    away[:count, 0] = distance
    return x + away


def shift(center, x, distance, count=1):
    """How far center, a function (K, d) -> (d,), moves because of the outliers."""
    return np.sqrt(np.sum((center(with_outliers(x, distance, count)) - center(x)) ** 2))


def mean(x):
    """The prototype (d,) of examples x (K, d)."""
    return np.mean(x, axis=0)


def median(x):
    """The medians (d,) of the coordinates of x (K, d)."""
    return np.median(x, axis=0)


def reach(x):
    """How far the examples x (K, d) lie from their median, at most, along the first axis."""
    return np.max(np.abs(x - median(x))[:, 0])


def verify(rng, loss=None):
    """Findings on random examples: all samples from 4 points, and outliers among 5."""
    x, found = anywhere(rng, 4, 2), []
    for K in (1, 2, 3, 4):
        found.append(gap(f"K = {K}: variance of the mean, against sigma^2 / K",
                         variance_of_mean(x, independent(4, K)), variance(x) / K, 1e-13))
    without, copied = (variance_of_mean(x, samples(4, 3)) for samples in
                       (without_replacement, copies))
    good, far = anywhere(rng, 5, 2), np.geomspace(10.0, 1e6, 6)
    moved = [shift(mean, good, distance) for distance in far]
    return found + [
        gap("3 of 4 without replacement: sigma^2 / 3 times (4 - 3) / (4 - 1)",
            without, variance(x) / 9, 1e-13),
        counterexample("3 of 4 without replacement: share of sigma^2 / 3 that is missing",
                       1 - without / (variance(x) / 3), 0.5),
        counterexample("3 copies of one example: excess over sigma^2 / 3, relative to it",
                       copied / (variance(x) / 3) - 1, 1.9),
        gap("one outlier of 5: the mean moves by distance / 5", moved, far / 5, 1e-12),
        slope("one outlier of 5: the mean's shift against the distance, in log-log",
              np.polyfit(np.log(far), np.log(moved), 1)[0], 1.0, 1e-9),
        gap("two outliers of 5: the larger of the median's shift and of the good examples' reach, "
            "against the latter", max(shift(median, good, 1e6, 2), reach(good)),
            reach(good), 0.0),
        counterexample("three outliers of 5: how far the median moves",
                       shift(median, good, 1e6, 3), 1e5),
    ]


def picture(rng):
    """How far one outlier of five moves the mean, and the median, against its distance."""
    x, distances = anywhere(rng, 5, 2), np.geomspace(0.1, 1000.0, 41)
    return Picture(
        kind="loglog", title="One outlier of five moves the mean without bound",
        xlabel="distance of the outlier from its place", ylabel="shift of the prototype",
        lines=tuple((name, distances, np.array([shift(center, x, r) for r in distances]))
                    for name, center in (("mean", mean), ("median", median))),
        note="The mean moves by a fifth of the distance; the median stays among the good examples.")
