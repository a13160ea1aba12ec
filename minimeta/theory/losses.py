"""Losses to check theorems on: random, smooth, and with every derivative known in closed form.

    L(theta) = sum_i c_i log cosh(w_i . theta - b_i) + (theta - a)' A (theta - a) / 2

On quadratics alone every Hessian is equal, and mistakes of order hide; here each derivative of any
order differs from point to point.  The closed forms are a judge that shares no code with the
engine; the theorems themselves take any function of a flat vector.

Read next: slopes.py.
"""
from dataclasses import dataclass

import numpy as np

from ..autodiff import defvjp, primitive

LOG_2 = 0.6931471805599453


@primitive
def log_cosh(x):
    """log cosh x, elementwise, without overflow: |x| + log(1 + exp(-2 |x|)) - log 2."""
    positive = np.where(np.real(x) < 0, -x, x)       # |x|, and analytic, so complex steps work too
    return positive + np.log1p(np.exp(-2 * positive)) - LOG_2


defvjp(log_cosh, lambda g, y, x: g * np.tanh(x))


@dataclass(frozen=True, eq=False)
class SmoothLoss:
    """The loss above as a function of theta (P,): w (m, P), b and c (m,), A (P, P), a (P,)."""
    w: np.ndarray
    b: np.ndarray
    c: np.ndarray
    A: np.ndarray
    a: np.ndarray

    def __call__(self, theta):
        """L(theta), a number; ordinary NumPy code, which the engine differentiates."""
        d = theta - self.a
        return np.sum(self.c * log_cosh(self.w @ theta - self.b)) + 0.5 * np.sum(d * (self.A @ d))

    def gradient(self, theta):
        """grad L (P,), in closed form as all below."""
        t = np.tanh(self.w @ theta - self.b)
        return self.w.T @ (self.c * t) + self.A @ (theta - self.a)

    def hessian(self, theta):
        """H (P, P)."""
        t = np.tanh(self.w @ theta - self.b)
        return (self.w.T * (self.c * (1 - t * t))) @ self.w + self.A

    def third(self, theta, u, v):
        """T(u, v) (P,): the third derivative along two directions."""
        t = np.tanh(self.w @ theta - self.b)
        return self.w.T @ (self.c * -2 * t * (1 - t * t) * (self.w @ u) * (self.w @ v))

    def fourth(self, theta, u, v, x):
        """Q(u, v, x) (P,): the fourth derivative along three directions."""
        t = np.tanh(self.w @ theta - self.b)
        return self.w.T @ (self.c * (1 - t * t) * (6 * t * t - 2)
                           * (self.w @ u) * (self.w @ v) * (self.w @ x))


@dataclass(frozen=True, eq=False)
class Quadratic:
    """(theta - a)' H (theta - a) / 2 of theta (P,), H (P, P) symmetric, a (P,)."""
    H: np.ndarray
    a: np.ndarray

    def __call__(self, theta):
        """L(theta), a number."""
        d = theta - self.a
        return 0.5 * np.sum(d * (self.H @ d))

    def gradient(self, theta):
        """H (theta - a)."""
        return self.H @ (theta - self.a)

    def hessian(self, theta):
        """H, wherever theta is."""
        return self.H


def symmetric(rng, eigenvalues):
    """A random symmetric matrix (P, P) with the given eigenvalues (P,)."""
    q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))
    return (q * eigenvalues) @ q.T


def smooth_loss(rng, dim, terms=None) -> SmoothLoss:
    """A random SmoothLoss of dim weights, convex, its curvature of order 1."""
    terms = dim + 3 if terms is None else terms
    w = rng.standard_normal((terms, dim))
    w = w / np.linalg.norm(w, axis=1, keepdims=True)
    return SmoothLoss(w, 0.5 * rng.standard_normal(terms), rng.uniform(0.5, 1.5, terms),
                      symmetric(rng, rng.uniform(0.1, 0.5, dim)), rng.standard_normal(dim))


def quadratic_loss(rng, dim, rank=None) -> Quadratic:
    """A random Quadratic with `rank` (all, by default) eigenvalues in [0.3, 1], the rest 0."""
    eigenvalues = rng.uniform(0.3, 1.0, dim)
    if rank is not None:
        eigenvalues[rank:] = 0.0
    return Quadratic(symmetric(rng, eigenvalues), rng.standard_normal(dim))


def smooth_losses(rng, dim, count):
    """A family of tasks or minibatches: `count` independent smooth losses of dim weights."""
    return [smooth_loss(rng, dim) for _ in range(count)]


def quadratic_losses(rng, dim, count, rank=None):
    """A family of tasks: `count` independent quadratics of dim weights."""
    return [quadratic_loss(rng, dim, rank) for _ in range(count)]
