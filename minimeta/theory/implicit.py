"""A6.  Implicit MAML: the meta-gradient from where adaptation ends, not from how it got there.

Adaptation solves phi*(theta) = argmin_phi L_S(phi) + lambda / 2 ||phi - theta||^2.  With H the
Hessian of L_S at phi*, not at theta, and I + H / lambda positive definite,
    d L_Q(phi*) / d theta = (I + H / lambda)^-1 grad L_Q(phi*).

Proof.  grad L_S(phi*) + lambda (phi* - theta) = 0; differentiate by theta:
(H + lambda I) d phi* / d theta = lambda I, a symmetric matrix.  []

The system is solved by conjugate gradients: a Hessian-vector product an iteration, no matrix, and
the solver's path to phi* is not kept, so memory does not grow with its steps.  After n iterations
the error in the norm of A = I + H / lambda is at most 2 ((sqrt c - 1) / (sqrt c + 1))^n of the
first, c the condition number of A; after P it is nothing but round-off.

Counterexamples: H at theta; and a hill with lambda below its curvature, where the formula gives a
finite slope though adaptation has no end.

Source: Rajeswaran, Finn, Kakade, Levine 2019, "Meta-Learning with Implicit Gradients", Lemma 1.

Read next: early_stopping.py.
"""
import numpy as np

from ..autodiff import grad, hessian, hvp
from .descent import curvature, starting_point
from .losses import Quadratic, smooth_loss
from .theorem import Picture, Theorem, counterexample, difference, gap

POLISH = 3


def proximal(loss, theta, lam):
    """L(phi) + lambda / 2 ||phi - theta||^2, a function of phi (P,)."""
    return lambda phi: loss(phi) + 0.5 * lam * np.sum((phi - theta) ** 2)


def proximal_point(loss, theta, lam):
    """phi* (P,) of theta (P,), to the last digits.

    Raises ArithmeticError where there is none, or I + H / lambda is not positive definite there.
    """
    from scipy.optimize import minimize
    objective = proximal(loss, theta, lam)
    phi = minimize(objective, theta, jac=grad(objective), hess=hessian(objective),
                   method="trust-exact").x
    for _ in range(POLISH):       # the minimiser stops at half the digits, Newton's method does not
        H = hessian(objective)(phi)
        if not np.linalg.eigvalsh(H)[0] > 0:
            raise ArithmeticError("no minimum with I + H / lambda positive definite: raise lambda")
        phi = phi - np.linalg.solve(H, grad(objective)(phi))
    return phi


def conjugate_gradients(loss, phi, v, lam, iterations=None):
    """[x_1, x_2, ...], each (P,): the iterates of CG on (I + H(phi) / lambda) x = v (P,)."""
    from scipy.sparse.linalg import LinearOperator, cg
    found, n = [], len(v)
    system = LinearOperator((n, n), lambda x: x + hvp(loss, phi, np.ravel(x)) / lam, dtype=v.dtype)
    cg(system, v, rtol=1e-14, maxiter=2 * n if iterations is None else iterations,
       callback=lambda x: found.append(x.copy()))
    return found or [np.zeros_like(v)]


def implicit_gradient(loss_s, loss_q, phi, lam, iterations=None):
    """d L_Q(phi*) / d theta (P,) at phi = phi* (P,), however that was found; by CG."""
    return conjugate_gradients(loss_s, phi, grad(loss_q)(phi), lam, iterations)[-1]


def solved_by_matrix(loss_s, loss_q, phi, lam, at=None):
    """(I + H / lambda)^-1 grad L_Q(phi) (P,), H as a matrix at phi, or at another point (P,)."""
    A = np.eye(len(phi)) + hessian(loss_s)(phi if at is None else at) / lam
    return np.linalg.solve(A, grad(loss_q)(phi))


def unrolled_proximal(loss_s, loss_q, theta, lam, alpha, steps):
    """d L_Q(phi_K) / d theta (P,) through K gradient steps towards phi*: the other side."""
    def after(t):
        phi = t
        for _ in range(steps):
            phi = phi - alpha * grad(proximal(loss_s, t, lam))(phi)
        return loss_q(phi)
    return grad(after)(theta)


def cg_errors(loss_s, loss_q, phi, lam, iterations):
    """(errors, bounds), each (iterations + 1,), from none on, in the norm of A."""
    A = np.eye(len(phi)) + hessian(loss_s)(phi) / lam
    exact, c = solved_by_matrix(loss_s, loss_q, phi, lam), np.linalg.cond(A)
    iterates = [np.zeros_like(phi)]
    iterates += conjugate_gradients(loss_s, phi, grad(loss_q)(phi), lam, iterations)
    errors = np.array([np.sqrt((x - exact) @ A @ (x - exact)) for x in iterates])
    rate = (np.sqrt(c) - 1) / (np.sqrt(c) + 1)
    return errors, 2 * rate ** np.arange(len(errors)) * errors[0]


def dome(lam):
    """The claim on L_S = -phi^2 / 2, L_Q = phi^2 / 2 at theta = 1: the slope that it gives there.

    phi* = lambda / (lambda - 1) is stationary; for lambda < 1 it is no minimum, and the formula
    gives (lambda / (lambda - 1))^2, while adaptation runs away.
    """
    hill, bowl = Quadratic(-np.eye(1), np.zeros(1)), Quadratic(np.eye(1), np.zeros(1))
    return float(solved_by_matrix(hill, bowl, np.array([lam / (lam - 1)]), lam)[0])


def verify(rng, loss=None, theta=None):
    """Findings on random losses, or on the user's, support and query alike."""
    theta = starting_point(rng, theta)
    loss_s = loss_q = loss
    if loss is None:
        loss_s, loss_q = smooth_loss(rng, theta.size), smooth_loss(rng, theta.size)
    largest = curvature(loss_s, theta) or 1.0
    # lambda well above the curvature for a user's loss, which need not be convex
    lam = 0.5 * largest if loss is None else 4 * largest
    phi = proximal_point(loss_s, theta, lam)
    exact = solved_by_matrix(loss_s, loss_q, phi, lam)
    loop = unrolled_proximal(loss_s, loss_q, theta, lam, 0.6 / (lam + largest), 100)
    errors, bounds = cg_errors(loss_s, loss_q, phi, lam, theta.size)
    found = [
        gap("100 unrolled steps and (I + H / lambda)^-1 grad L_Q", loop, exact, 1e-8),
        gap("conjugate gradients and the matrix", implicit_gradient(loss_s, loss_q, phi, lam),
            exact, 1e-11),
        gap("CG's errors beyond their bounds", np.maximum(errors - bounds, 0), 0 * errors,
            1e-11, scale=errors[0])]
    if loss is None:
        away = solved_by_matrix(loss_s, loss_q, phi, lam, at=theta)
        found += [counterexample("H at theta", difference(away, exact), 1e-3),
                  counterexample("I + H / lambda not positive: the formula and the truth, infinite",
                                 abs(dome(0.5) - loop_on_dome(0.5)), 1e3)]
    return found


def loop_on_dome(lam, steps=40):
    """What unrolled steps say on the same hill: no limit, where lambda is below its curvature."""
    hill, bowl = Quadratic(-np.eye(1), np.zeros(1)), Quadratic(np.eye(1), np.zeros(1))
    return float(unrolled_proximal(hill, bowl, np.ones(1), lam, 0.5, steps)[0])


def picture(rng):
    """CG's error against its iterations, for a small and a large lambda."""
    loss_s, loss_q, theta = smooth_loss(rng, 20), smooth_loss(rng, 20), rng.standard_normal(20)
    lines = []
    for lam in (0.02, 1.0):
        phi = proximal_point(loss_s, theta, lam)
        for name, y in zip(("error", "bound"), cg_errors(loss_s, loss_q, phi, lam, 20)):
            lines.append((f"{name}, lambda = {lam}", np.arange(1, len(y)), y[1:]))
    return Picture("semilog", "Implicit MAML: conjugate gradients", "iterations",
                   "error in the norm of I + H / lambda", lines=tuple(lines), note="P = 20")


THEOREMS = [Theorem(
    "A6", "Implicit MAML",
    "d L_Q(phi*)/d theta = (I + H / lambda)^-1 grad L_Q(phi*), H at phi*, by conjugate gradients",
    __name__, verify, generic=True, picture=picture)]
