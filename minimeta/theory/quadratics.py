"""A4, A5.  MAML on quadratics, and the other fixed points of FOMAML and Reptile.

Tasks L_i(theta) = (theta - a_i)' H_i (theta - a_i) / 2, support and query alike.  The fixed
point of each method is a weighted mean of their optima,
    theta* = (sum_i M_i)^-1 sum_i M_i a_i,   with R_i = I - alpha H_i and
    MAML, K steps:     M_i = R_i^2K H_i,
    FOMAML, K steps:   M_i = R_i^K H_i,
    Reptile, K steps:  M_i = I - R_i^K.

Proof.  A step is phi - a_i = R_i (theta - a_i), so phi_K - a_i = R_i^K (theta - a_i), and
grad L_i(phi_K) = H_i R_i^K (theta - a_i): FOMAML.  A1 multiplies by R_i^K once more: MAML.  Reptile
moves by theta - phi_K = (I - R_i^K)(theta - a_i).  Set the sum over the tasks to 0.  []

One dimension, curvatures (4, 1), optima (0, 1), alpha = 0.2: MAML 0.8, FOMAML 0.5, Reptile of two
steps 0.2727.  First-order methods are not MAML with noise: they solve another problem.  Where all
curvatures are equal, all three are the mean of the optima.  Counterexamples: FOMAML or Reptile
taken for MAML; losses that are not quadratic, taken for the quadratics that they are at theta.

Source: the fixed points of Finn et al. 2017 and Nichol et al. 2018 on quadratics, computed;
compare Fallah, Mokhtari, Ozdaglar 2020, "On the Convergence Theory of Gradient-Based MAML".

Read next: implicit.py.
"""
import numpy as np

from ..autodiff import grad, jacobian
from .descent import descend
from .losses import Quadratic, quadratic_losses, smooth_losses
from .maml_gradient import unrolled
from .theorem import Picture, Theorem, counterexample, difference, gap

METHODS = "MAML", "FOMAML", "Reptile"
LIMIT = 1e-11


def weight(method, H, alpha, steps):
    """M (P, P) of a task of curvature H (P, P): the table above."""
    R = np.linalg.matrix_power(np.eye(len(H)) - alpha * H, steps)
    if method == "MAML":
        return R @ R @ H
    if method == "FOMAML":
        return R @ H
    if method == "Reptile":
        return np.eye(len(H)) - R
    raise ValueError(f"method={method!r}: one of {', '.join(METHODS)}")


def weighted_optimum(method, tasks, alpha, steps):
    """theta* (P,) of quadratic tasks, each with H (P, P) and a (P,): the one side."""
    M = [weight(method, task.H, alpha, steps) for task in tasks]
    return np.linalg.solve(sum(M), sum(m @ task.a for m, task in zip(M, tasks)))


def meta_direction(method, tasks, theta, alpha, steps):
    """The direction (P,) that a method descends at theta (P,), the mean over tasks, any losses."""
    if method == "MAML":
        each = [unrolled(task, task, theta, alpha, steps) for task in tasks]
    elif method == "FOMAML":
        each = [grad(task)(descend([task] * steps, theta, alpha)[-1]) for task in tasks]
    elif method == "Reptile":
        each = [theta - descend([task] * steps, theta, alpha)[-1] for task in tasks]
    else:
        raise ValueError(f"method={method!r}: one of {', '.join(METHODS)}")
    return sum(each) / len(each)


def fixed_point(method, tasks, theta, alpha, steps, iterations=20):
    """Where a method's direction vanishes, by Newton's method from theta (P,): the other side.

    Any smooth losses; on quadratics the first iteration is exact.
    """
    for _ in range(iterations):
        d = meta_direction(method, tasks, theta, alpha, steps)
        step = np.linalg.solve(
            jacobian(lambda t: meta_direction(method, tasks, t, alpha, steps))(theta), d)
        theta = theta - step
        if np.max(np.abs(step)) <= 1e-14 * np.max(np.abs(theta)):
            break
    return theta


def two_parabolas():
    """The tasks in one dimension: curvatures (4, 1), optima (0, 1)."""
    return [Quadratic(np.array([[4.0]]), np.zeros(1)), Quadratic(np.array([[1.0]]), np.ones(1))]


def linearised(tasks, theta, alpha, steps, method="MAML"):
    """The fixed point (P,) if curved losses are taken for the quadratics that they are at theta.

    The counterexample: off quadratics the closed form is only as good as the approximation.
    """
    bowls = []
    for task in tasks:
        H = jacobian(grad(task))(theta)
        bowls.append(Quadratic(H, theta - np.linalg.solve(H, grad(task)(theta))))
    return weighted_optimum(method, bowls, alpha, steps)


def verify_optimum(rng, loss=None, theta=None):
    """A4 for K = 0 to 4 on random quadratics, and how it fails on curved losses."""
    tasks, start, found = quadratic_losses(rng, 4, 3), rng.standard_normal(4), []
    for steps in range(5):
        left = fixed_point("MAML", tasks, start, 0.4, steps)
        found.append(gap(f"K = {steps}: MAML's optimum and the weighted mean",
                         left, weighted_optimum("MAML", tasks, 0.4, steps), LIMIT))
    curved = smooth_losses(rng, 4, 3)
    left = fixed_point("MAML", curved, start, 0.1, 1)
    found.append(counterexample("losses that are not quadratic",
                                difference(left, linearised(curved, start, 0.1, 1)), 1e-3))
    return found


def verify_fixed_points(rng, loss=None, theta=None):
    """A5: the three numbers, and the three closed forms on random quadratics."""
    found, parabolas = [], two_parabolas()
    for method, steps, value in zip(METHODS, (1, 1, 2), (0.8, 0.5, 3 / 11)):
        left = fixed_point(method, parabolas, np.array([0.6]), 0.2, steps)
        found.append(gap(f"two parabolas: fixed point of {method}, {value:.4f}", left,
                         np.array([value]), 1e-14))
    tasks, start = quadratic_losses(rng, 4, 3), rng.standard_normal(4)
    for method in METHODS:
        for steps in (1, 2, 3):
            left = fixed_point(method, tasks, start, 0.4, steps)
            found.append(gap(f"{method}, K = {steps}: fixed point and weighted mean",
                             left, weighted_optimum(method, tasks, 0.4, steps), LIMIT))
    optimum = fixed_point("MAML", tasks, start, 0.4, 2)
    found += [counterexample(f"{method} taken for MAML", difference(
        fixed_point(method, tasks, start, 0.4, 2), optimum), 1e-3) for method in METHODS[1:]]
    return found


def picture(rng):
    """The meta-objective of MAML on the two parabolas, and the fixed points of the three."""
    tasks, x = two_parabolas(), np.linspace(-0.2, 1.2, 141)
    before = [np.mean([task(np.array([t])) for task in tasks]) for t in x]
    after = [np.mean([task(descend([task], np.array([t]), 0.2)[-1]) for task in tasks]) for t in x]
    fixed = [(method, weighted_optimum(method, tasks, 0.2, steps))
             for method, steps in zip(METHODS, (1, 1, 2))]
    points = tuple((f"fixed point of {method}, {at[0]:.4f}", at,
                    np.array([np.mean([task(descend([task], at, 0.2)[-1]) for task in tasks])]))
                   for method, at in fixed)
    return Picture("plane", "Three methods, three fixed points", "theta", "mean loss",
                   lines=(("before adaptation", x, np.array(before)),
                          ("after one step, alpha = 0.2", x, np.array(after))), points=points,
                   note="two tasks: curvatures 4 and 1, optima 0 and 1")


THEOREMS = [
    Theorem("A4", "MAML on quadratics",
            "theta* = (sum M_i)^-1 sum M_i a_i with M_i = (I - alpha H_i)^2K H_i",
            __name__, verify_optimum),
    Theorem("A5", "FOMAML and Reptile have other fixed points",
            "weights h (1 - alpha h)^2 (MAML), h (1 - alpha h) (FOMAML), "
            "1 - (1 - alpha h)^2 (Reptile): 0.8, 0.5, 0.2727",
            __name__, verify_fixed_points, picture=picture)]
