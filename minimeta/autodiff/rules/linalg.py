"""Linear algebra: products of arrays.

Read next: ravel.py.
"""
import numpy as np

from ..table import compose, defvjp


def _mT(x):
    return np.swapaxes(x, -1, -2)


def _matmul_a(g, y, a, b):
    """g b'"""
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b if a.ndim > 1 else g * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return g @ _mT(b)


def _matmul_b(g, y, a, b):
    """a' g"""
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2) if b.ndim > 1 else g * a
    if b.ndim == 1:
        return np.squeeze(_mT(a) @ np.expand_dims(g, -1), -1)
    if b.ndim == 2 and a.ndim > 2:     # weights shared by all tasks: one product over all rows
        return np.reshape(a, (-1, a.shape[-1])).T @ np.reshape(g, (-1, g.shape[-1]))
    return _mT(a) @ g


defvjp(np.matmul, _matmul_a, _matmul_b)


@compose(np.dot)
def dot(a, b, out=None):
    """matmul, and multiplication by numbers; the last axis of a with the last but one of b."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if np.ndim(b) <= 2:
        return a @ b
    flat = np.reshape(np.moveaxis(b, -2, 0), (b.shape[-2], -1))
    return np.reshape(a @ flat, a.shape[:-1] + b.shape[:-2] + b.shape[-1:])


@compose(np.vdot)
def vdot(a, b, /):
    """sum conj(a) b"""
    a, b = np.ravel(a), np.ravel(b)
    return (np.conj(a) if np.iscomplexobj(a) else a) @ b


@compose(np.inner)
def inner(a, b, /):
    """Sum of products over the last axis of both."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return np.dot(a, np.moveaxis(b, -1, -2) if np.ndim(b) > 1 else b)


@compose(np.outer)
def outer(a, b, out=None):
    """a b'"""
    return np.expand_dims(np.ravel(a), 1) * np.ravel(b)


@compose(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """Sum of a diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


@compose(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The entries a[i, i + offset]."""
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = a.shape[-2:]
    n = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    first = np.arange(n)
    return a[..., first - min(offset, 0), first + max(offset, 0)]


defvjp(np.linalg.inv,   lambda g, y, a: -_mT(y) @ g @ _mT(y))
defvjp(np.linalg.solve, lambda g, y, a, b: _solve_a(g, y, a, b),
                        lambda g, y, a, b: np.linalg.solve(_mT(a), g))


def _solve_a(g, y, a, b):
    u = np.linalg.solve(_mT(a), g)
    if b.ndim == 1:
        return -np.expand_dims(u, -1) * np.expand_dims(y, -2)
    return -u @ _mT(y)
