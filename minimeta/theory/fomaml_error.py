"""A2.  What first-order MAML leaves out.

FOMAML takes grad L_Q(phi_K) for MAML's gradient (A1).  With H the Hessian of the support loss L_S,
    FOMAML - MAML = alpha sum_{j<K} H(phi_j) grad L_Q(phi_K) + O(alpha^2)
                  = alpha K H(theta) grad L_Q(theta) + O(alpha^2),
    ||FOMAML - MAML|| <= ((1 + alpha L)^K - 1) ||grad L_Q(phi_K)||  where ||H|| <= L on the path,
so -FOMAML is a descent direction of MAML's objective if (1 + alpha L)^K < 2.

Proof.  Multiply out the product of A1: the terms with one H are the sum, and phi_j = theta +
O(alpha).  The terms with n of them are at most C(K, n) (alpha L)^n ||grad L_Q(phi_K)||; sum over
n >= 1.  If ||e|| < ||g||, then <g, g - e> > 0.  []

Counterexample beyond the condition, which is sharp at K = 1: on a parabola with alpha L > 1 FOMAML
climbs.

Source: the product of Finn et al. 2017, multiplied out; Nichol et al. 2018, section 5.

Read next: cost.py.
"""
import numpy as np

from ..autodiff import grad, hvp
from .descent import curvature, descend, starting_point, step_size
from .losses import Quadratic, smooth_loss
from .maml_gradient import maml_gradient
from .slopes import EPS, ladder, remainder, taylor
from .theorem import Picture, Theorem, counterexample, gap

STEPS = 3


def fomaml_gradient(loss_s, loss_q, theta, alpha, steps):
    """grad L_Q(phi_K) (P,), as if phi_K did not depend on theta (P,)."""
    return grad(loss_q)(descend([loss_s] * steps, theta, alpha)[-1])


def fomaml_error(loss_s, loss_q, theta, alpha, steps):
    """FOMAML - MAML (P,) at theta (P,): the left side."""
    return (fomaml_gradient(loss_s, loss_q, theta, alpha, steps)
            - maml_gradient(loss_s, loss_q, theta, alpha, steps))


def sum_on_path(loss_s, loss_q, theta, alpha, steps):
    """alpha sum_j H(phi_j) grad L_Q(phi_K) (P,)."""
    *points, last = descend([loss_s] * steps, theta, alpha)
    g = grad(loss_q)(last)
    return alpha * sum((hvp(loss_s, phi, g) for phi in points), np.zeros_like(g))


def leading_term(loss_s, loss_q, theta, alpha, steps):
    """alpha K H grad L_Q (P,), both at theta (P,)."""
    return alpha * steps * hvp(loss_s, theta, grad(loss_q)(theta))


def error_bound(loss_s, loss_q, theta, alpha, steps) -> float:
    """((1 + alpha L)^K - 1) ||grad L_Q(phi_K)||, L the largest curvature of L_S on the path."""
    *points, last = descend([loss_s] * steps, theta, alpha)
    largest = max((curvature(loss_s, phi) for phi in points), default=0.0)
    return ((1 + alpha * largest) ** steps - 1) * float(np.linalg.norm(grad(loss_q)(last)))


def cosine(loss_s, loss_q, theta, alpha, steps) -> float:
    """The cosine between FOMAML and MAML's gradient: positive where -FOMAML descends."""
    f = fomaml_gradient(loss_s, loss_q, theta, alpha, steps)
    m = maml_gradient(loss_s, loss_q, theta, alpha, steps)
    return float(f @ m / (np.linalg.norm(f) * np.linalg.norm(m)))


def climbing(share):
    """cosine where alpha L = share, K = 1, on one parabola: -1 as soon as share > 1."""
    bowl = Quadratic(np.eye(1), np.zeros(1))
    return cosine(bowl, bowl, np.ones(1), share, 1)


def errors(loss_s, loss_q, theta, steps, alphas):
    """Norms (n,) at step sizes alphas (n,): of the error, less the sum, less the leading term."""
    rows = []
    for alpha in alphas:
        at = (loss_s, loss_q, theta, alpha, steps)
        e = fomaml_error(*at)
        rows.append([e, e - sum_on_path(*at), e - leading_term(*at)])
    return np.linalg.norm(rows, axis=-1).T


def _problem(rng, loss, theta):
    theta = starting_point(rng, theta)
    if loss is not None:
        return loss, loss, theta
    return smooth_loss(rng, theta.size), smooth_loss(rng, theta.size), theta


def verify(rng, loss=None, theta=None):
    """Findings for K = 3 on random losses, or on the user's, support and query alike."""
    loss_s, loss_q, theta = _problem(rng, loss, theta)
    alphas = ladder(step_size(loss_s, theta, 0.25))
    noise = 4 * STEPS * EPS * float(np.linalg.norm(grad(loss_q)(theta)))
    whole, less_sum, less_leading = errors(loss_s, loss_q, theta, STEPS, alphas)
    found = [remainder("FOMAML - MAML", alphas, whole, noise, 1),
             remainder("less alpha sum H(phi_j) grad L_Q(phi_K)", alphas, less_sum, noise, 2),
             remainder("less alpha K H grad L_Q", alphas, less_leading, noise, 2)]
    measured = taylor(lambda a: fomaml_error(loss_s, loss_q, theta, a, STEPS), alphas[5], 1)
    found.append(gap("the coefficient of alpha, measured, and K H grad L_Q",
                     measured[1], leading_term(loss_s, loss_q, theta, 1.0, STEPS), 1e-6))
    for steps in (1, STEPS):
        at = (loss_s, loss_q, theta, step_size(loss_s, theta, 0.2), steps)
        size, bound = np.linalg.norm(fomaml_gradient(*at)), error_bound(*at)
        excess = np.linalg.norm(fomaml_error(*at)) - bound
        found.append(gap(f"K = {steps}: the error beyond its bound", max(excess, 0.0), 0.0,
                         1e-12, scale=size))
        if bound < size:                # (1 + alpha L)^K < 2
            found.append(gap(f"K = {steps}: (1 + alpha L)^K < 2, minus a negative cosine",
                             max(-cosine(*at), 0.0), 0.0, 1e-12, scale=1.0))
    if loss is None:
        found.append(counterexample("alpha L = 1.5: FOMAML climbs, minus the cosine",
                                    -climbing(1.5), 0.99))
    return found


def picture(rng):
    """Norms of FOMAML's error and of what is left of it, against alpha."""
    loss_s, loss_q, theta = _problem(rng, None, None)
    alphas = ladder(step_size(loss_s, theta, 0.25), 14)
    names = ("FOMAML - MAML: slope 1", "less the sum on the path: slope 2",
             "less alpha K H grad L_Q: slope 2")
    curves = errors(loss_s, loss_q, theta, STEPS, alphas)
    return Picture("loglog", "What FOMAML leaves out", "alpha", "norm",
                   lines=tuple((name, alphas, e) for name, e in zip(names, curves)),
                   note=f"K = {STEPS} steps on random smooth losses")


THEOREMS = [Theorem(
    "A2", "FOMAML's error",
    "FOMAML - MAML = alpha sum_j H(phi_j) grad L_Q(phi_K) + O(alpha^2), "
    "at most ((1 + alpha L)^K - 1) ||grad L_Q(phi_K)||",
    __name__, verify, generic=True, picture=picture)]
