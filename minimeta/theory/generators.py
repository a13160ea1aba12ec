"""Convex functions that generate Bregman divergences, and points to try them on.

A user's own generator is any NumPy function of a vector, phi(x (d,)) -> number, differentiable on
a convex domain; a function of the last axis is one too.  grad phi and its Hessian are the engine's.

Read next: bregman_mean.py.
"""
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..autodiff import grad, hessian, stop_gradient
from ..meta import burg_entropy, negative_entropy, squared_norm


# four vectors in general position, for counterexamples that are the same every time
EXAMPLE = np.array([[0.3, 1.0, 1.9], [1.7, 0.4, 0.8], [0.9, 1.5, 0.3], [1.2, 0.6, 1.4]])


class Generator(NamedTuple):
    """A convex phi, a way to draw points of its domain, and whether it is strictly convex.

    draw(rng, *shape) gives coordinates.
    """
    name: str
    phi: Callable
    draw: Callable
    strict: bool = True


def mahalanobis(a):
    """x -> x'Ax, A (d, d) symmetric positive definite: D(x, y) = (x - y)' A (x - y)."""
    return lambda x: np.sum(x * (x @ a), axis=-1)


def logistic(x):
    """sum x log x + (1 - x) log(1 - x) on the open unit cube; D is the logistic loss."""
    return np.sum(x * np.log(x) + (1 - x) * np.log(1 - x), axis=-1)


def quartic(w, b):
    """x -> ||x||^2 + sum_j (w_j.x - b_j)^4, with w (m, d) and b (m,): convex for any w and b."""
    return lambda x: squared_norm(x) + np.sum((x @ w.T - b) ** 4, axis=-1)


def log_sum_exp(x):
    """log sum exp x: convex, but flat along (1, ..., 1), where it is affine."""
    top = np.max(stop_gradient(x), axis=-1, keepdims=True)
    return (top + np.log(np.sum(np.exp(x - top), axis=-1, keepdims=True)))[..., 0]


def anywhere(rng, *shape):
    """Standard normal numbers."""
    return rng.standard_normal(shape)


def positive(rng, *shape):
    """Numbers between 0.2 and 2."""
    return rng.uniform(0.2, 2.0, shape)


def inside(rng, *shape):
    """Numbers between 0.1 and 0.9."""
    return rng.uniform(0.1, 0.9, shape)


def definite(rng, d):
    """A random symmetric matrix (d, d) with eigenvalues of at least 1."""
    root = rng.standard_normal((d, d))
    return np.eye(d) + root @ root.T


def generators(rng, d):
    """The generators that the theorems are checked on, for vectors (d,)."""
    return [
        Generator("squared norm",      squared_norm,                   anywhere),
        Generator("Mahalanobis",       mahalanobis(definite(rng, d)),  anywhere),
        Generator("Kullback-Leibler",  negative_entropy,               positive),
        Generator("Itakura-Saito",     burg_entropy,                   positive),
        Generator("logistic",          logistic,                       inside),
        Generator("random quartic",    quartic(*(anywhere(rng, *s) for s in ((d, d), (d,)))),
                  anywhere),
        Generator("log-sum-exp",       log_sum_exp,                    anywhere, strict=False),
    ]


def weights(rng, n):
    """Positive weights (n,) that sum to 1."""
    w = rng.uniform(0.5, 1.5, n)
    return w / np.sum(w)


def inverse_gradient(phi, slopes, start, steps=100):
    """The point c (d,) with grad phi(c) = slopes (d,), from a point `start` of the domain.

    Newton's method on grad phi(c) - slopes; a step that leaves the domain (phi is not finite
    there) or brings no progress is halved.  Raises ValueError where it gets stuck.
    """
    slopes, c = np.asarray(slopes, float), np.asarray(start, float)

    def residual(c):
        with np.errstate(all="ignore"):
            # the gradient alone may be finite beyond the domain, as 1 / x is
            found = grad(phi)(c) - slopes if np.isfinite(phi(c)) else np.full(c.shape, np.nan)
        return found, np.max(np.abs(found))
    r, size = residual(c)
    scale = np.max(np.abs(slopes)) + size
    for _ in range(steps):
        try:
            step = np.linalg.solve(hessian(phi)(c), r)
        except np.linalg.LinAlgError:
            raise ValueError("the Hessian of phi is singular: phi must be strictly "
                             "convex") from None
        for halving in range(40):
            tried = c - step / 2 ** halving
            r_tried, size_tried = residual(tried)
            if size_tried < size:                       # never true of nan
                break
        else:
            break
        c, r, size = tried, r_tried, size_tried
    if not size <= 1e-9 * scale:
        raise ValueError(f"no point found where grad phi is {slopes}: phi must be strictly convex, "
                         "and slopes a mean of its gradients")
    return c
