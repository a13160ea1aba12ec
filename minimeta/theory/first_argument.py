"""C3. The best first argument of a Bregman divergence is the mean of the gradients, mapped back.

    c* = (grad phi)^-1 (sum_i w_i grad phi(x_i))
    sum_i w_i D(c, x_i) - sum_i w_i D(c*, x_i) = D(c, c*),     phi strictly convex

Proof: with s = sum w_i grad phi(x_i), the part of sum w_i D(c, x_i) that depends on c is
phi(c) - <s, c>, which is strictly convex with gradient grad phi(c) - s, zero at c* alone.  The
difference is phi(c) - phi(c*) - <s, c - c*> = D(c, c*), as s = grad phi(c*).

c* is the arithmetic mean for the squared norm and Mahalanobis' distance, the geometric mean for
Kullback and Leibler's (phi = sum x log x), the harmonic mean for Itakura and Saito's
(phi = -sum log x).  Counterexamples: the mean, taken for the best first argument; and log-sum-exp,
not strictly convex, with two minimisers.

Source: Banerjee et al. 2005, section 3; Nielsen and Nock 2009, "Sided and Symmetrized Bregman
Centroids".

Read next: converse.py.
"""
import numpy as np

from ..autodiff import grad
from ..meta import bregman, burg_entropy, negative_entropy, squared_norm
from .bregman_mean import second_cost
from .generators import anywhere, generators, inverse_gradient, log_sum_exp, positive, weights
from .mean import check_weights, weighted_mean
from .theorem import Picture, counterexample, gap


def first_cost(phi, x, w, c):
    """sum_i w_i D(c, x_i), a number, of points x (n, d), weights w (n,) and c (d,)."""
    D = bregman(phi)
    return sum(w_i * D(c, x_i) for w_i, x_i in zip(check_weights(x, w), x))


def first_minimiser(phi, x, w):
    """c* (d,), the point of least sum_i w_i D(c, x_i); phi must be strictly convex."""
    mu = weighted_mean(x, w)
    return inverse_gradient(phi, w @ np.stack([grad(phi)(x_i) for x_i in x]), start=mu)


def excess_of_first(phi, x, w, c):
    """sum_i w_i D(c, x_i) - sum_i w_i D(c*, x_i): what c costs more than the best."""
    return first_cost(phi, x, w, c) - first_cost(phi, x, w, first_minimiser(phi, x, w))


def divergence_from_minimiser(phi, x, w, c):
    """D(c, c*), the other side."""
    return bregman(phi)(c, first_minimiser(phi, x, w))


def distance_from_mean(phi, x, w):
    """||c* - mu||: 0 for the squared norm alone and its like."""
    return np.sqrt(np.sum((first_minimiser(phi, x, w) - weighted_mean(x, w)) ** 2))


def flat_direction(rng):
    """(c, c', costs of both), c' = c + (1, ..., 1), two minimisers for log-sum-exp."""
    x, w = anywhere(rng, 6, 3), weights(rng, 6)
    s = w @ np.stack([grad(log_sum_exp)(x_i) for x_i in x])
    c = np.log(s)                       # grad log-sum-exp is softmax
    other = c + 1
    return c, other, *(first_cost(log_sum_exp, x, w, at) for at in (c, other))


def verify(rng, loss=None):
    """Findings for every strictly convex generator, on random weighted samples."""
    found = []
    for name, phi, draw, strict in generators(rng, 3):
        if not strict:
            continue
        x, w, c = draw(rng, 6, 3), weights(rng, 6), draw(rng, 3)
        size = first_cost(phi, x, w, c)
        found.append(gap(f"{name}: cost at c less cost at c*, against D(c, c*)",
                         excess_of_first(phi, x, w, c), divergence_from_minimiser(phi, x, w, c),
                         1e-11, size))
        found.append(gap(f"{name}: gradient in c at c*",
                         grad(lambda c: first_cost(phi, x, w, c))(first_minimiser(phi, x, w)),
                         np.zeros(3), 1e-11, size))
    x, w = positive(rng, 6, 3), weights(rng, 6)
    c, other, least, same = flat_direction(rng)
    return found + [
        gap("squared norm: c* is the mean",
            first_minimiser(squared_norm, x, w), weighted_mean(x, w), 1e-13),
        counterexample("Kullback-Leibler: distance of c* from the mean",
                       distance_from_mean(negative_entropy, x, w), 0.01),
        counterexample("Itakura-Saito: distance of c* from the mean",
                       distance_from_mean(burg_entropy, x, w), 0.01),
        gap("log-sum-exp: costs at c + (1, ..., 1) and at c", same, least, 1e-11),
        counterexample("log-sum-exp, not strictly convex: distance between two minimisers",
                       np.max(np.abs(other - c)), 0.9),
    ]


def picture(rng):
    """Costs of numbers under Kullback and Leibler's and Itakura and Saito's divergence, in either
    order, and the prototypes that each order makes best."""
    x, w = np.array([[0.2], [0.4], [1.0], [2.4]]), np.full(4, 0.25)
    c, mean = np.linspace(0.15, 2.4, 226), weighted_mean(x, w)
    lines, points = [], [("points", x[:, 0], np.zeros(4))]
    for name, phi in (("Kullback-Leibler", negative_entropy), ("Itakura-Saito", burg_entropy)):
        for order, cost, best in (("D(x, c)", second_cost, mean),
                                  ("D(c, x)", first_cost, first_minimiser(phi, x, w))):
            lines.append((f"{name}, mean of {order}", c,
                          np.array([cost(phi, x, w, v[None]) for v in c])))
            points.append((f"{name}, {order}: best c", best, np.array([cost(phi, x, w, best)])))
    return Picture(kind="plane", title="The mean is the best second argument, not the best first",
                   xlabel="prototype c", ylabel="average divergence",
                   lines=tuple(lines), points=tuple(points),
                   note="As first argument the geometric mean is best for Kullback-Leibler, the "
                        "harmonic mean for Itakura-Saito.")
