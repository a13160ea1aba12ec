"""B2.  Reptile's update on a quadratic, in closed form for any number of steps.

With gradient g and Hessian H at theta, H invertible:
    phi_k - theta = - (I - (I - alpha H)^k) H^-1 g      (- alpha sum_{j<k} (I - alpha H)^j g always)

Proof.  The gradient at phi_j is (I - alpha H)^j g, by induction; B0 adds them up, and the geometric
sum is (I - R^k)(I - R)^-1 with R = I - alpha H.  []  Its powers of alpha are those of B1 without T
and Q: C(k,n) (-alpha)^n H^(n-1) g.  On any other loss the third derivative enters at alpha^3: the
counterexample, with slope 3.

Source: Nichol et al. 2018, section 5, on quadratics; the geometric sum.

Read next: minibatches.py.
"""
import numpy as np

from ..autodiff import grad, hessian
from .descent import step_size
from .losses import quadratic_loss, smooth_loss
from .reptile_update import telescoped
from .slopes import EPS, ladder, remainder
from .theorem import Theorem, counterexample, difference, gap

LIMIT = 1e-12


def quadratic_update(loss, theta, alpha, steps):
    """- (I - (I - alpha H)^k) H^-1 g (P,), with the g and H of any loss at theta (P,)."""
    g, H = grad(loss)(theta), hessian(loss)(theta)
    one = np.eye(theta.size)
    return -(one - np.linalg.matrix_power(one - alpha * H, steps)) @ np.linalg.solve(H, g)


def geometric_sum(loss, theta, alpha, steps):
    """- alpha sum_{j<k} (I - alpha H)^j g (P,): the same where H is not invertible, too."""
    v, H = grad(loss)(theta), hessian(loss)(theta)
    total = np.zeros_like(theta)
    for _ in range(steps):
        total, v = total - alpha * v, v - alpha * (H @ v)
    return total


def verify(rng, loss=None, theta=None):
    """Findings for k = 1 to 10 on quadratics, singular ones too, and on a curved loss."""
    theta, found = rng.standard_normal(5), []
    bowl, valley = quadratic_loss(rng, 5), quadratic_loss(rng, 5, rank=3)
    for k in (1, 2, 3, 10):
        left = telescoped([bowl] * k, theta, 0.7)
        found += [gap(f"k = {k}: descent and closed form", left,
                      quadratic_update(bowl, theta, 0.7, k), LIMIT),
                  gap(f"k = {k}: descent and geometric sum, H singular",
                      telescoped([valley] * k, theta, 0.7),
                      geometric_sum(valley, theta, 0.7, k), LIMIT)]
    curved = smooth_loss(rng, 5)
    alphas = ladder(step_size(curved, theta, 0.25), 14)
    left = [telescoped([curved] * 3, theta, a) for a in alphas]
    right = [quadratic_update(curved, theta, a, 3) for a in alphas]
    noise = 64 * EPS * np.linalg.norm(np.linalg.solve(hessian(curved)(theta), grad(curved)(theta)))
    errors = [np.linalg.norm(a - b) for a, b in zip(left, right)]
    found += [remainder("a loss that is not quadratic: the gap's order in alpha", alphas, errors,
                        noise, 3),
              counterexample("a loss that is not quadratic", difference(left[0], right[0]), 1e-3)]
    return found


THEOREMS = [Theorem(
    "B2", "Reptile on quadratics", "phi_k - theta = - (I - (I - alpha H)^k) H^-1 g", __name__,
    verify)]
