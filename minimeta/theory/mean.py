"""C1. The mean minimises the squared Euclidean distance; the plain distance it does not.

    sum_i w_i ||x_i - c||^2 = sum_i w_i ||x_i - mu||^2 + ||mu - c||^2,     mu = sum_i w_i x_i

for weights w_i > 0 that sum to 1.  Proof: write x_i - c = (x_i - mu) + (mu - c) and square; the
cross terms add up to 2 <sum w_i x_i - mu, mu - c> = 0.  So the mean is best, and nothing else is.

Counterexample, the distance not squared: sum w_i ||x_i - c|| is least at the geometric median.  Its
gradient at the mean, sum w_i (mu - x_i) / ||mu - x_i||, is a sum of unit vectors, and not zero.

Source: Snell et al. 2017, section 2.3; the median at a point of the sample, and the step off it:
Vardi and Zhang 2000, "The multivariate L1-median and associated data depth".

Read next: bregman_mean.py, the same for other divergences.
"""
import numpy as np

from ..autodiff import grad, hessian
from .generators import anywhere, weights
from .theorem import Picture, counterexample, gap


def weighted_mean(x, w):
    """sum_i w_i x_i (d,), of points x (n, d) and weights w (n,)."""
    return check_weights(x, w) @ x


def check_weights(x, w):
    """The weights w, if they are positive, sum to 1 and are as many as the points x (n, d)."""
    w = np.asarray(w)
    if np.ndim(x) != 2 or w.shape != x.shape[:1]:
        raise ValueError(f"points (n, d) go with weights (n,): got {np.shape(x)} and {w.shape}")
    if not (w > 0).all() or abs(np.sum(w) - 1) > 1e-9:
        raise ValueError(f"weights are positive and sum to 1: got a sum of {np.sum(w):g} and a "
                         f"least one of {np.min(w):g}; divide by the sum")
    return w


def squared_cost(x, w, c):
    """sum_i w_i ||x_i - c||^2, a number, of points x (n, d), weights w (n,) and c (d,)."""
    return np.dot(w, np.sum((x - c) ** 2, axis=1))


def plain_cost(x, w, c):
    """sum_i w_i ||x_i - c||, a number: the distance is not squared."""
    return np.dot(w, np.sqrt(np.sum((x - c) ** 2, axis=1)))


def slope_at_mean(cost, x, w):
    """d cost(x, w, c) / dc (d,) at c = mu."""
    return grad(lambda c: cost(x, w, c))(weighted_mean(x, w))


def geometric_median(x, w, steps=100):
    """The point (d,) that minimises sum_i w_i ||x_i - c||, of points x (n, d), weights w (n,).

    The best point of the sample, if its weight holds it against the pull of the others (always so
    where all lie on a line); otherwise Newton's method from a step off it, so far that the cost
    goes down.  From there on no point of the sample, where the cost has a kink, is met again.
    """
    w = check_weights(x, w)
    c = x[np.argmin([plain_cost(x, w, x_i) for x_i in x])]
    distance = np.sqrt(np.sum((x - c) ** 2, axis=1))
    away = distance > 1e-14 * np.max(np.abs(x))
    pulls = w[away] / distance[away]
    force, held = pulls @ (x[away] - c), np.sum(w[~away])
    length = np.sqrt(np.sum(force ** 2))
    if length <= held * (1 + 1e-12):
        return c
    c = c + (1 - held / length) * force / np.sum(pulls)
    for _ in range(steps):
        g, H = (of(lambda c: plain_cost(x, w, c))(c) for of in (grad, hessian))
        step = np.linalg.solve(H, g)
        shorter = [c - step / 2 ** n for n in range(40)]
        best = next((t for t in shorter if plain_cost(x, w, t) < plain_cost(x, w, c)), None)
        if best is None:            # the cost is down to its last digit: the step is the rest
            return c - step
        c = best
    return c


def outlier():
    """(x (5, 1), w (5,)): numbers of which one lies far off; the mean is 3.2, the median 2."""
    return np.array([[0.0], [1.0], [2.0], [4.0], [9.0]]), np.full(5, 0.2)


def verify(rng, loss=None):
    """Findings on a random weighted sample, and on numbers with an outlier."""
    x, w, c = anywhere(rng, 7, 3), weights(rng, 7), anywhere(rng, 3)
    mu = weighted_mean(x, w)
    found = [
        gap("cost at c less cost at the mean, against ||mu - c||^2",
            squared_cost(x, w, c) - squared_cost(x, w, mu), np.sum((mu - c) ** 2), 1e-12,
            squared_cost(x, w, c)),
        gap("gradient of the squared cost at the mean",
            slope_at_mean(squared_cost, x, w), np.zeros(3), 1e-13, np.max(np.abs(x)))]
    x, w = outlier()
    mu, median = weighted_mean(x, w), geometric_median(x, w)
    return found + [
        counterexample("plain distance: gradient at the mean",
                       slope_at_mean(plain_cost, x, w)[0], 0.19),
        counterexample("plain distance: what the mean costs more than the median",
                       plain_cost(x, w, mu) - plain_cost(x, w, median), 0.2),
    ]


def picture(rng):
    """Both costs of five numbers, one of them an outlier, and where each cost is least."""
    x, w = outlier()
    c = np.linspace(-1.0, 10.0, 221)
    mean, median = weighted_mean(x, w), geometric_median(x, w)

    def root(c):
        return np.sqrt(squared_cost(x, w, c))
    return Picture(
        kind="plane", title="The mean is best for the squared distance only",
        xlabel="prototype c", ylabel="average distance to the points",
        lines=(("root of the mean squared distance", c, np.array([root(v) for v in c])),
               ("mean distance", c, np.array([plain_cost(x, w, v) for v in c]))),
        points=(("points", x[:, 0], np.zeros(5)),
                ("least at the mean", mean, np.array([root(mean)])),
                ("least at the median", median, np.array([plain_cost(x, w, median)]))),
        note="The outlier at 9 draws the mean to 3.2; the median is 2.")
