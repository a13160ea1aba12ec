"""C8. Cosine attention without a temperature cannot be confident.

With non-negative features, N classes and one shot, no probability exceeds e / (e + N - 1):
0.405 for N = 5, 0.125 for N = 20.

Proof: all cosines are between 0 and 1, so the largest share of a softmax of N of them is had by
one cosine of 1 and N - 1 of 0: a query equal to one support example and orthogonal to the others.

A temperature T makes it e^(1/T) / (e^(1/T) + N - 1), as near to 1 as one likes.  Hence the
temperature in meta/matching.py; without it the loss is log(1 + (N - 1) / e) at the very least.
Counterexamples: such a temperature; and features of both signs, with cosines down to -1, which
reach e / (e + (N - 1) / e).

Source: Vinyals et al. 2016, section 2.1.1 (the attention); non-negative features: any embedding
that ends in a ReLU, as theirs does.

Read next: geometry.py.
"""
import numpy as np

from ..meta import cosine
from .matching_prototypes import matching
from .theorem import Picture, counterexample, gap, slope


def cap(n_way, temperature=1.0):
    """e^(1/T) / (e^(1/T) + N - 1), which no probability of N classes exceeds."""
    return 1 / (1 + (n_way - 1) * np.exp(-1 / temperature))


def largest_probability(queries, support, temperature=1.0):
    """The largest probability, over queries (n, d) and classes, that cosine attention gives;
    support (N, d) has one example a class."""
    n_way = len(support)
    return np.exp(np.max(matching(queries, support, np.arange(n_way), n_way, cosine,
                                  temperature)))


def orthogonal(n_way, temperature=1.0):
    """The largest probability where support examples are orthogonal and a query is one of them."""
    return largest_probability(np.eye(n_way), np.eye(n_way), temperature)


def non_negative(rng, n_way):
    """The largest probability of random features, half of them 0, as after a ReLU."""
    support = np.maximum(rng.standard_normal((n_way, 3 * n_way)), 0)
    queries = support + 0.3 * np.maximum(rng.standard_normal(support.shape), 0)
    return largest_probability(queries, support)


def opposite(n_way):
    """The largest probability with features of both signs: the other examples point away."""
    towards = np.ones((1, 1))
    return largest_probability(towards, np.concatenate([towards] + (n_way - 1) * [-towards]))


def verify(rng, loss=None):
    """Findings for 5 and 20 classes."""
    found = []
    for n_way, expected in ((5, 0.405), (20, 0.125)):
        most = cap(n_way)
        found += [
            slope(f"{n_way} classes: the cap, to three digits", most, expected, 0.0005),
            gap(f"{n_way} classes: attained by orthogonal examples", orthogonal(n_way), most,
                1e-11),
            gap(f"{n_way} classes: the cap against the larger of it and what random features reach",
                max(most, non_negative(rng, n_way)), most, 1e-11),
            gap(f"{n_way} classes, temperature 0.1: attained", orthogonal(n_way, 0.1),
                cap(n_way, 0.1), 1e-10),
            counterexample(f"{n_way} classes, temperature 0.1: above the cap by",
                           orthogonal(n_way, 0.1) - most, 0.5),
            counterexample(f"{n_way} classes, features of both signs: above the cap by",
                           opposite(n_way) - most, 0.1),
        ]
    return found


def picture(rng):
    """The cap against the number of classes, and what cosine attention reaches."""
    n_way, some = np.arange(2, 65), np.array([2, 3, 5, 8, 13, 20, 34, 64])
    return Picture(
        kind="plane", title="Cosine attention cannot be confident without a temperature",
        xlabel="classes N", ylabel="largest probability",
        lines=(("e / (e + N - 1)", n_way, cap(n_way)),
               ("temperature 0.1", n_way, cap(n_way, 0.1)),
               ("chance, 1 / N", n_way, 1 / n_way)),
        points=(("orthogonal examples", some, np.array([orthogonal(n) for n in some])),
                ("random non-negative features", some,
                 np.array([non_negative(rng, n) for n in some]))),
        note=f"{cap(5):.3f} for 5 classes, {cap(20):.3f} for 20.")
