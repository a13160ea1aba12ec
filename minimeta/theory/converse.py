"""C4. If the mean is best for every distribution, the divergence is Bregman: the converse of C2.

Let F(x, c) >= 0 be smooth and F(x, x) = 0.  If sum_i w_i F(x_i, c) is least at c = mu for all
points and weights, then F(x, c) = phi(x) - phi(c) - <grad phi(c), x - c> for a convex phi.

Proof: at every c, all distributions of mean c give sum w_i h(x_i) = 0, h(x) = grad_c F(x, c).  Put
for a point between x and x', in any of them, these two: h is affine, and h(c) = 0, so that h(x) =
A(c) (c - x).  It is a gradient in c for every x, so A and the derivative of A are symmetric: A is a
Hessian, of phi.  Integrate from F(x, x) = 0; phi is convex, since F >= 0.

Two tests follow, for anyone's F.  The *affine defect*
    grad_c F((1 - t) x + t x', c) - (1 - t) grad_c F(x, c) - t grad_c F(x', c)
is zero for a Bregman divergence (its gradient in c is -(Hessian of phi at c)(x - c)).  And phi can
be *recovered*: x -> F(x, b), for any b, is phi plus an affine function, which no Bregman divergence
feels; so F is Bregman if and only if it is the divergence of its own F(., b).

Counterexamples: four divergences that are not Bregman.  "Every" distribution is needed: for
||x - c||^4, one of the four, the mean is best for all symmetric ones.

Source: Banerjee, Guo, Wang 2005, "On the Optimality of Conditional Expectation as a Bregman
Predictor", theorem 3; Banerjee, Merugu, Dhillon, Ghosh 2005.

Read next: linear_classifier.py.
"""
import numpy as np

from ..autodiff import grad
from ..meta import bregman, negative_entropy
from .generators import EXAMPLE, anywhere, generators, positive, weights
from .mean import weighted_mean
from .theorem import counterexample, gap


def affine_defect(F, x0, x1, c, t=0.3):
    """How far grad_c F(x, c) (d,) is from affine in x, on the way from x0 to x1 (d,).

    F is any NumPy function of two vectors; zero for Bregman divergences.
    """
    def slope(x):
        return grad(lambda c: F(x, c))(c)
    return slope((1 - t) * x0 + t * x1) - (1 - t) * slope(x0) - t * slope(x1)


def recovered(F, base):
    """The divergence of phi = F(., base), a function of two vectors; F itself if F is Bregman."""
    return bregman(lambda x: F(x, base))


def pull(F, x, w):
    """The gradient (d,) of sum_i w_i F(x_i, c) at the mean: zero where the mean may be best."""
    def cost(c):
        return sum(w_i * F(x_i, c) for w_i, x_i in zip(w, x))
    return grad(cost)(weighted_mean(x, w))


def plain_distance(x, c):
    """||x - c||, a number."""
    return np.sqrt(np.sum((x - c) ** 2))


def fourth_power(x, c):
    """||x - c||^4, a number."""
    return np.sum((x - c) ** 2) ** 2


def hellinger(x, c):
    """sum (sqrt x - sqrt c)^2, a number, for positive vectors."""
    return np.sum((np.sqrt(x) - np.sqrt(c)) ** 2)


def swapped(x, c):
    """Kullback and Leibler's divergence with its arguments swapped, D(c, x)."""
    return bregman(negative_entropy)(c, x)


OTHERS = {"plain distance": plain_distance, "fourth power": fourth_power,
          "Hellinger": hellinger, "Kullback-Leibler, swapped": swapped}


def symmetric_sample(rng):
    """(x (6, 3), w (6,)): pairs of points and weights that mirror each other at their mean."""
    centre, offsets, w = positive(rng, 3), anywhere(rng, 3, 3), weights(rng, 3) / 2
    return np.concatenate([centre + offsets, centre - offsets]), np.concatenate([w, w])


def largest(v):
    """max |v|."""
    return np.max(np.abs(v))


def verify(rng, loss=None):
    """Findings for the Bregman divergences, and for four that are not."""
    found = []
    for name, phi, draw, _ in generators(rng, 3):
        D, (x0, x1, c, base), t = bregman(phi), draw(rng, 4, 3), rng.uniform(0.2, 0.8)
        sizes = [largest(grad(lambda c: D(x, c))(c)) for x in (x0, x1)]
        found.append(gap(f"{name}: affine defect", affine_defect(D, x0, x1, c, t),
                         np.zeros(3), 1e-11, sum(sizes)))
        found.append(gap(f"{name}: D against the divergence of D(., b)",
                         recovered(D, base)(x0, x1), D(x0, x1), 1e-10,
                         sum((D(x0, x1), D(x0, base), D(x1, base)))))
    (x0, x1, c, base), w = EXAMPLE, np.array([0.1, 0.2, 0.3, 0.4])
    for name, F in OTHERS.items():
        found.append(counterexample(f"{name}, not Bregman: affine defect",
                                    largest(affine_defect(F, x0, x1, c)), 0.01))
        found.append(counterexample(f"{name}, not Bregman: difference from that of F(., b)",
                                    abs(recovered(F, base)(x0, x1) - F(x0, x1)), 0.01))
        found.append(counterexample(f"{name}, not Bregman: gradient at the mean",
                                    largest(pull(F, EXAMPLE, w)), 0.01))
    x, w = symmetric_sample(rng)
    return found + [
        gap("fourth power, symmetric samples only: gradient at the mean", pull(fourth_power, x, w),
            np.zeros(3), 1e-11, largest(pull(fourth_power, x[:3], 2 * w[:3])))]
