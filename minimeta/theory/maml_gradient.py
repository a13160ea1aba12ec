"""A1.  The MAML gradient is a product, in this order.

K steps phi_{j+1} = phi_j - alpha grad L_S(phi_j) from phi_0 = theta, H the Hessian of L_S:
    d L_Q(phi_K) / d theta
        = (I - alpha H(phi_0)) (I - alpha H(phi_1)) ... (I - alpha H(phi_{K-1})) grad L_Q(phi_K).

Proof.  d phi_{j+1} / d phi_j = I - alpha H(phi_j), a symmetric matrix.  By the chain rule
d phi_K / d theta = (I - alpha H(phi_{K-1})) ... (I - alpha H(phi_0)); the gradient is its transpose
times grad L_Q(phi_K), which turns the order round.  []

For K = 1 it is (I - alpha H(theta)) grad L_Q(phi_1): H at theta, not at phi_1.  Counterexamples:
the product reversed, every H at theta, every H a step late.  On one quadratic all Hessians are
equal, the factors commute, and none of these mistakes can be seen.

Source: Finn, Abbeel, Levine 2017, "Model-Agnostic Meta-Learning", section 2.2.

Read next: fomaml_error.py.
"""
from ..autodiff import grad, hvp
from .descent import descend, starting_point, step_size
from .losses import smooth_loss
from .theorem import Theorem, counterexample, difference, gap

LIMIT = 1e-12


def unrolled(loss_s, loss_q, theta, alpha, steps):
    """d L_Q(phi_K) / d theta (P,) at theta (P,), through the whole loop: the left side."""
    return grad(lambda t: loss_q(descend([loss_s] * steps, t, alpha)[-1]))(theta)


def maml_gradient(loss_s, loss_q, theta, alpha, steps):
    """The product (P,) at theta (P,), by Hessian-vector products: the right side."""
    *points, last = descend([loss_s] * steps, theta, alpha)
    return product(loss_s, points, grad(loss_q)(last), alpha)


def product(loss, points, v, alpha):
    """(I - alpha H(points[0])) ... (I - alpha H(points[-1])) v: the last factor acts first."""
    for phi in reversed(points):
        v = v - alpha * hvp(loss, phi, v)
    return v


def misread(loss_s, loss_q, theta, alpha, steps):
    """The product (P,), misread in three ways, by name: counterexamples where Hessians differ."""
    *points, last = descend([loss_s] * steps, theta, alpha)
    g = grad(loss_q)(last)
    return {"the product reversed": product(loss_s, points[::-1], g, alpha),
            "every Hessian at theta": product(loss_s, [theta] * steps, g, alpha),
            "every Hessian a step late": product(loss_s, [*points[1:], last], g, alpha)}


def verify(rng, loss=None, theta=None):
    """Findings for K = 0 to 5 on random losses; or on the user's, support and query alike."""
    theta = starting_point(rng, theta)
    loss_s = loss_q = loss
    if loss is None:
        loss_s, loss_q = smooth_loss(rng, theta.size), smooth_loss(rng, theta.size)
    alpha, found = step_size(loss_s, theta, 0.5), []
    for steps in range(6):
        left, right = (f(loss_s, loss_q, theta, alpha, steps) for f in (unrolled, maml_gradient))
        found.append(gap(f"K = {steps}: the loop's gradient and the product", left, right, LIMIT))
        if loss is None and steps > 1:
            found += [counterexample(f"K = {steps}: {name}", difference(wrong, left), 1e-4)
                      for name, wrong in misread(loss_s, loss_q, theta, alpha, steps).items()]
    return found


THEOREMS = [Theorem(
    "A1", "The MAML gradient",
    "d L_Q(phi_K)/d theta = (I - alpha H(phi_0)) ... (I - alpha H(phi_{K-1})) grad L_Q(phi_K)",
    __name__, verify, generic=True)]
