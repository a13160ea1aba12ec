"""Inverses, solutions of linear equations, determinants.

Conventions: the derivative of det is right at singular matrices too; its own derivative, and the
derivatives of inv, solve and slogdet, need a matrix that has an inverse.  pinv and lstsq are
differentiated at constant rank.

Read next: decompositions.py.
"""
import math

import numpy as np

from ..table import compose, defvjp
from ..trace import call, plain, primitive, raw
from .linalg import adjoint, as_array, conj, mT


def masks(x):
    """(below, on): which entries of matrices x (..., m, n) lie below the diagonal, and on it."""
    rows = np.arange(x.shape[-2], like=raw(x))[:, None]
    columns = np.arange(x.shape[-1], like=raw(x))
    return rows > columns, rows == columns


def from_lower(a):
    """The Hermitian matrices whose lower triangles are those of a (..., n, n)."""
    below, on = masks(a)
    half = np.where(below, a, np.where(on, a * 0.5, 0))
    return half + adjoint(half)


def _column(x):
    """Numbers x (...) as (..., 1, 1)."""
    return np.expand_dims(x, (-2, -1))


# ---------------------------------------------------------------- inv, solve

def _solve_b(g, y, a, b):
    """u, the solution of a' u = g: a matrix, or a vector if b is one."""
    if b.ndim == 1:
        return np.squeeze(np.linalg.solve(mT(a), np.expand_dims(g, -1)), -1)
    return np.linalg.solve(mT(a), g)


def _solve_a(g, y, a, b):
    """-u y'"""
    u = _solve_b(g, y, a, b)
    if b.ndim == 1:
        return -np.expand_dims(u, -1) * np.expand_dims(y, -2)
    return -u @ mT(y)


defvjp(np.linalg.inv,   lambda g, y, a: -mT(y) @ g @ mT(y))
defvjp(np.linalg.solve, _solve_a, _solve_b)


@compose(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """The inverse of a as a map from its last axes to its first `ind`."""
    if ind <= 0:
        raise ValueError(f"tensorinv(ind={ind}): ind must be positive")
    rows = math.prod(a.shape[:ind])
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, -1))), a.shape[ind:] + a.shape[:ind])


@compose(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """x with tensordot(a, x, x.ndim) = b; `axes` of a are moved to the end first."""
    a, b = as_array(a), as_array(b)
    if axes is not None:
        axes = [k % a.ndim for k in axes]
        a = np.transpose(a, [k for k in range(a.ndim) if k not in axes] + axes)
    shape = a.shape[b.ndim:]
    if math.prod(shape) != math.prod(b.shape):
        raise ValueError(f"tensorsolve of shapes {a.shape} and {b.shape}: the axes of a after the "
                         f"first {b.ndim} must have {math.prod(b.shape)} entries")
    square = np.reshape(a, (math.prod(b.shape), math.prod(shape)))
    return np.reshape(np.linalg.solve(square, np.ravel(b)), shape)


# ---------------------------------------------------------------- least squares

def _pinv(g, y, a, **_):
    """Golub and Pereyra 1973, eq. 4.12: dP = -P dA P + P P* dA* (1 - A P) + (1 - P A) dA* P* P"""
    gt = mT(g)
    left = (gt - a @ (y @ gt)) @ y @ adjoint(y)
    right = adjoint(y) @ y @ (gt - (gt @ y) @ a)
    return conj(left + right) - mT(y) @ g @ mT(y)


defvjp(np.linalg.pinv, _pinv)


@compose(np.linalg.pinv)
def pinv(a, rcond=None, hermitian=False, **rtol):
    """The pseudo-inverse; of the Hermitian matrix with the lower triangle of a, if hermitian."""
    cutoff = rtol if rcond is None else {"rcond": rcond, **rtol}
    return call(np.linalg.pinv, from_lower(a) if hermitian else a, **cutoff)


@compose(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """(x, residuals, rank, singular values) of min |a x - b|: x = pinv(a) b."""
    a, b = as_array(a), as_array(b)
    eps = np.finfo(np.result_type(raw(a), raw(b))).eps
    rcond = max(a.shape) * eps if rcond is None else eps if rcond < 0 else rcond
    x, s = np.linalg.pinv(a, rcond) @ b, np.linalg.svd(a, compute_uv=False)
    rank = np.sum(raw(s) > rcond * raw(s)[:1], dtype=np.int32)
    if rank < a.shape[1] or a.shape[0] <= a.shape[1]:
        return x, np.zeros_like(raw(s), shape=(0,)), rank, s
    r = b - a @ x
    residuals = np.sum(np.abs(r) ** 2, axis=0)
    return x, residuals if b.ndim > 1 else np.reshape(residuals, (1,)), rank, s


# ---------------------------------------------------------------- determinants

@primitive
def cofactor(a):
    """det(a) times the inverse transpose of a (..., n, n), which is a polynomial: also if det is 0.

    Cofactors are multiplicative, so they follow from the singular value decomposition; those of
    a diagonal matrix are the products of the other entries.
    """
    u, s, vh = np.linalg.svd(a)
    _, on = masks(a)
    others = np.prod(np.where(on, 1, np.expand_dims(s, -2)), axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return _column(sign) * (np.conjugate(u) * np.expand_dims(others, -2)) @ np.conjugate(vh)


def _cofactor(g, y, a):
    """(<g, C> C - C g' C) / det, C the cofactors"""
    return (_column(np.sum(g * y, axis=(-2, -1))) * y - y @ mT(g) @ y) / _column(np.linalg.det(a))


def _slogdet(g, y, a):
    """d log det(a) = <a^-T, da>; its imaginary part turns the sign."""
    g_sign, g = g
    if a.dtype.kind == "c":
        turn = g_sign * y[0]
        g = g + (turn - conj(turn)) * 0.5
    return _column(g) * mT(np.linalg.inv(a))


defvjp(np.linalg.det,     lambda g, y, a: _column(g) * cofactor(a))
defvjp(cofactor,          _cofactor)
defvjp(np.linalg.slogdet, _slogdet)

plain(np.linalg.matrix_rank)
