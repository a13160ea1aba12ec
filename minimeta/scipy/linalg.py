"""scipy.linalg: triangular and banded systems, and functions of matrices.

Read next: stats.py.
"""
import numpy as np
from scipy import linalg

from ..autodiff import defvjp, primitive
from ..autodiff.trace import raw
from ..device import science
from .mirror import absent, mirror


def __getattr__(name):
    raise absent("linalg", name)


def _mT(x):
    return np.swapaxes(x, -1, -2)


# ---------------------------------------------------------------- triangular systems

@primitive
def _solve(a, b, trans=0, lower=False, unit=False):
    """X of a X = b, or a' X = b if trans; a (..., n, n) triangular, b (..., n, m)."""
    return science("linalg", a).solve_triangular(a, b, trans=trans, lower=lower,
                                                 unit_diagonal=unit)


def _solve_a(g, y, a, b, trans, lower, unit):
    """-(op(a)^-T g) y', transposed back and cut to the triangle that is read"""
    u = _solve(a, g, trans=1 - trans, lower=lower, unit=unit)
    full = -y @ _mT(u) if trans else -u @ _mT(y)
    n = a.shape[-1]
    rows = np.arange(n, like=raw(a))[:, None]
    ahead = (rows - rows.T) * (1 if lower else -1)      # how far from the diagonal, to the inside
    read = ahead >= int(unit)
    return np.where(read, full, 0)


defvjp(_solve, _solve_a, lambda g, y, a, b, trans, lower, unit: _solve(
    a, g, trans=1 - trans, lower=lower, unit=unit))


@mirror(linalg.solve_triangular)
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False,
                     check_finite=True):
    """x of op(a) x = b; op is nothing, the transpose, or the conjugate transpose."""
    trans = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if trans == 2:
        a, trans = np.conj(a), 1
    if np.ndim(b) == 1:
        return _solve(a, np.expand_dims(b, 1), trans=trans, lower=bool(lower),
                      unit=bool(unit_diagonal))[..., 0]
    return _solve(a, b, trans=trans, lower=bool(lower), unit=bool(unit_diagonal))


@mirror(linalg.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    """x of A x = b, from A = L L* or U* U: two triangular systems."""
    c, lower = c_and_lower
    half = solve_triangular(c, b, trans=0 if lower else 2, lower=lower)
    return solve_triangular(c, half, trans=2 if lower else 0, lower=lower)


# ---------------------------------------------------------------- banded systems

@primitive
def _solve_banded(ab, b, l_and_u):
    """x of A x = b; A (n, n) has its diagonals in the rows of ab: A[i, j] = ab[u + i - j, j]."""
    return linalg.solve_banded(l_and_u, ab, b)


def _rows(l_and_u, n):
    """(i (l + u + 1, n), whether it is a row of A) of the entries of ab."""
    below, above = l_and_u
    i = np.arange(-above, below + 1)[:, None] + np.arange(n)
    inside = (i >= 0) & (i < n)
    return np.where(inside, i, 0), inside


def _transposed(ab, l_and_u):
    """The diagonals of A', of which there are u below and l above."""
    below, above = l_and_u
    i, inside = _rows((above, below), ab.shape[1])
    return np.where(inside, ab[np.arange(below + above, -1, -1)[:, None], i], 0)


def _banded_b(g, x, ab, b, l_and_u):
    return _solve_banded(_transposed(ab, l_and_u), g, l_and_u=l_and_u[::-1])


def _banded_ab(g, x, ab, b, l_and_u):
    """-(A^-T g) x', on the diagonals"""
    u = _banded_b(g, x, ab, b, l_and_u)
    i, inside = _rows(l_and_u, ab.shape[1])
    products = u[i] * x
    return -np.where(inside, products if x.ndim == 1 else np.sum(products, axis=-1), 0)


defvjp(_solve_banded, _banded_ab, _banded_b)


@mirror(linalg.solve_banded)
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    """x of A x = b, where A has l diagonals below and u above the main one: the rows of ab."""
    return _solve_banded(ab, b, l_and_u=tuple(l_and_u))


# ---------------------------------------------------------------- functions of matrices

@primitive
def _expm(a):
    return science("linalg", a).expm(a)


def _expm_vjp(g, y, a):
    """The Frechet derivative at a' along g: a corner of exp [[a', g], [0, a']].

    Mathias 1996, "A chain rule for matrix functions", theorem 2.1.
    """
    n, at = a.shape[-1], _mT(a)
    block = np.concatenate([np.concatenate([at, g], -1),
                            np.concatenate([np.zeros_like(at), at], -1)], -2)
    return _expm(block)[..., :n, n:]


defvjp(_expm, _expm_vjp)
expm = mirror(linalg.expm)(_expm)


@primitive
def _solve_sylvester(a, b, q):
    """X of a X + X b = q."""
    return science("linalg", a).solve_sylvester(a, b, q)


defvjp(_solve_sylvester,
       lambda g, x, a, b, q: -_solve_sylvester(a.T, b.T, g) @ x.T,
       lambda g, x, a, b, q: -x.T @ _solve_sylvester(a.T, b.T, g),
       lambda g, x, a, b, q: _solve_sylvester(a.T, b.T, g))
solve_sylvester = mirror(linalg.solve_sylvester)(_solve_sylvester)


@primitive
def _sqrtm(a):
    return science("linalg", a).sqrtm(a)


# Y Y = A, so Y dY + dY Y = dA
defvjp(_sqrtm, lambda g, y, a: _solve_sylvester(y.T, y.T, g))


@mirror(linalg.sqrtm)
def sqrtm(A):
    """The principal square root of a matrix (n, n)."""
    if A.ndim != 2:
        raise ValueError(f"sqrtm of a traced array of shape {A.shape}: one matrix at a time")
    return _sqrtm(A)
