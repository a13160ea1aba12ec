"""Norms of vectors and matrices, and condition numbers.

Conventions: where a norm has no derivative because its argument, an entry of it or a singular value
is 0, the derivative is 0 there; at ties, the largest and the smallest share.

Read next: fft.py.
"""
import math

import numpy as np

from ..table import compose, defvjp
from ..trace import call, raw
from .linalg import as_array, conj


def _length(g, y, x, axis=None, keepdims=False):
    """g x* / |x|, and 0 where x is 0"""
    if axis is not None and not keepdims:
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    some = y != 0
    return conj(x) * (g * some / np.where(some, y, 1))


defvjp(np.linalg.norm, _length)


def length(x, axis=None, keepdims=False):
    """sqrt(sum |x|^2) over one axis, two, or all."""
    return call(np.linalg.norm, x, axis=axis, keepdims=keepdims)


@compose(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors along an axis, or of matrices along a pair of axes."""
    x = as_array(x)
    if ord is None and (axis is None or isinstance(axis, int) or len(axis) <= 2):
        return length(x, axis, keepdims)
    if axis is None:
        if x.ndim not in (1, 2):
            raise ValueError(f"norm(ord={ord!r}) of {x.ndim} axes: give the axis, or the pair")
        axis = tuple(range(x.ndim))
    axis = (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axis) == 1:
        return _of_vectors(x, ord, axis[0], keepdims)
    if len(axis) != 2:
        raise ValueError(f"norm(axis={axis}): give one axis (vectors) or two (matrices)")
    y = _of_matrices(np.moveaxis(x, axis, (-2, -1)), ord)
    return np.expand_dims(y, tuple(k % x.ndim for k in axis)) if keepdims else y


def _of_vectors(x, p, axis, keepdims):
    """Norms (sum |x|^p)^(1/p) along an axis, and their limits."""
    if p is None or p == 2:
        return length(x, axis, keepdims)
    if isinstance(p, str):
        raise ValueError(f"norm(ord={p!r}) is a norm of matrices: give a number")
    if p == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdims, dtype=np.real(raw(x)).dtype)
    if p in (np.inf, -np.inf):
        return (np.max if p > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    if p == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if p > 0 and p % 2 == 0 and x.dtype.kind != "c":
        power = x ** p                        # without abs, smooth at 0
    else:
        zero = x == 0
        power = np.where(zero, 0 if p > 0 else np.inf, np.abs(np.where(zero, 1, x)) ** p)
    total = np.sum(power, axis=axis, keepdims=keepdims)
    some = total != 0
    return some * np.where(some, total, 1) ** (1 / p)


def _of_matrices(x, p):
    """Norms of the matrices x (..., m, n)."""
    if p in (None, "fro", "f"):
        return length(x, (-2, -1))
    if p == "nuc" or p in (2, -2):
        # of the modulus, which changes nothing but the derivative at 0
        s = np.abs(np.linalg.svd(x, compute_uv=False))
        return (np.sum if p == "nuc" else np.max if p == 2 else np.min)(s, axis=-1)
    if p not in (1, -1, np.inf, -np.inf):
        raise ValueError(f"norm(ord={p!r}) of a matrix: ord is None, 'fro', 'nuc', 1, -1, 2, -2, "
                         "inf or -inf")
    sums = np.sum(np.abs(x), axis=-2 if abs(p) == 1 else -1)
    return (np.max if p > 0 else np.min)(sums, axis=-1)


@compose(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norm of all entries along the axes, as one vector."""
    x = as_array(x)
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = tuple(k % x.ndim for k in axes)
    rest = [k for k in range(x.ndim) if k not in axes]
    flat = np.transpose(x, (*rest, *axes))
    shape = flat.shape[:len(rest)] + (math.prod(flat.shape[len(rest):]),)
    y = _of_vectors(np.reshape(flat, shape), ord, -1, False)
    return np.expand_dims(y, axes) if keepdims else y


@compose(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """The norm of the matrices x (..., m, n)."""
    return np.linalg.norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)


@compose(np.linalg.cond)
def cond(x, p=None):
    """|x| |x^-1|: of singular values, or of other norms."""
    if p in (None, 2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return (np.linalg.norm(x, p, axis=(-2, -1))
            * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1)))
