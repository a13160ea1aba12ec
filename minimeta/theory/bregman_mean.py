"""C2. The mean is the best second argument of every Bregman divergence.

    D(x, y) = phi(x) - phi(y) - <grad phi(y), x - y>,   phi convex
    sum_i w_i D(x_i, c) - sum_i w_i D(x_i, mu) = D(mu, c),     mu = sum_i w_i x_i

Proof: in sum w_i D(x_i, c) the last term is linear in x_i, so it is <grad phi(c), mu - c>, and the
sum is E phi - phi(c) - <grad phi(c), mu - c>, with E phi = sum w_i phi(x_i).  At c = mu it is
E phi - phi(mu).  The difference is D(mu, c), which is >= 0 as phi is convex: the mean is a
minimiser.  It is the only one if phi is strictly convex, for then D(mu, c) > 0 elsewhere.

Counterexamples: log-sum-exp, not strictly convex, has a second minimiser; and for a concave phi the
identity holds, but the mean is the worst choice.  The order of the arguments matters, too: for the
first argument see first_argument.py.

Source: Banerjee, Merugu, Dhillon, Ghosh 2005, "Clustering with Bregman Divergences", theorem 1.

Read next: first_argument.py.
"""
import numpy as np

from ..autodiff import grad
from ..meta import bregman
from .generators import anywhere, generators, log_sum_exp, positive, weights
from .mean import check_weights, weighted_mean
from .theorem import counterexample, gap


def second_cost(phi, x, w, c):
    """sum_i w_i D(x_i, c), a number, of points x (n, d), weights w (n,) and c (d,).

    phi is any NumPy function of a vector, and D its Bregman divergence.
    """
    D = bregman(phi)
    return sum(w_i * D(x_i, c) for w_i, x_i in zip(check_weights(x, w), x))


def excess(phi, x, w, c):
    """sum_i w_i D(x_i, c) - sum_i w_i D(x_i, mu): what c costs more than the mean."""
    return second_cost(phi, x, w, c) - second_cost(phi, x, w, weighted_mean(x, w))


def divergence_from_mean(phi, x, w, c):
    """D(mu, c), the other side."""
    return bregman(phi)(weighted_mean(x, w), c)


def flat_direction(rng):
    """(mu, c, costs of both), c = mu + (1, ..., 1), another minimiser for log-sum-exp."""
    x, w = anywhere(rng, 6, 3), weights(rng, 6)
    mu = weighted_mean(x, w)
    other = mu + 1
    return mu, other, *(second_cost(log_sum_exp, x, w, c) for c in (mu, other))


def concave_excess(rng):
    """excess of a point where phi = sum log x is concave: negative, the mean is the worst."""
    return excess(lambda x: np.sum(np.log(x)), positive(rng, 6, 3), weights(rng, 6),
                  positive(rng, 3))


def verify(rng, loss=None):
    """Findings for every generator, on random weighted samples."""
    found = []
    for name, phi, draw, _ in generators(rng, 3):
        x, w, c = draw(rng, 6, 3), weights(rng, 6), draw(rng, 3)
        size = second_cost(phi, x, w, c)
        found.append(gap(f"{name}: cost at c less cost at the mean, against D(mu, c)",
                         excess(phi, x, w, c), divergence_from_mean(phi, x, w, c), 1e-11, size))
        found.append(gap(f"{name}: gradient in c at the mean",
                         grad(lambda c: second_cost(phi, x, w, c))(weighted_mean(x, w)),
                         np.zeros(3), 1e-11, size))
    mu, c, least, same = flat_direction(rng)
    return found + [
        gap("log-sum-exp: costs at mu + (1, ..., 1) and at mu", same, least, 1e-11),
        counterexample("log-sum-exp, not strictly convex: distance between two minimisers",
                       np.max(np.abs(c - mu)), 0.9),
        counterexample("concave phi: what the mean costs more than another point",
                       -concave_excess(rng), 1e-3),
    ]
