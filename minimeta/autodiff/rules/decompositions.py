"""Decompositions of matrices: Cholesky, QR, eigenvalues, singular values.

Conventions.  cholesky and eigh read one triangle, and so do their derivatives: the other triangle's
is 0.  Eigenvectors and singular vectors have no derivative where their values coincide: it comes
out inf or nan, as division gives; the derivative of the values themselves stays right there, and
at singular value 0.  Complex vectors are determined up to a phase: a loss must not depend on it.

With C = V^-1 dA V and the like, the differentials are those of Giles, An extended collection of
matrix derivative results for forward and reverse mode algorithmic differentiation (2008); for
complex numbers, Boeddeker et al., On the computation of complex-valued gradients (2017).

Read next: norms.py.
"""
import numpy as np

from ..table import compose, defvjp
from ..trace import raw, record
from .inverses import masks
from .linalg import adjoint, conj, mT


def over(a, b):
    """a / b, and 0 where both are 0."""
    both = (raw(a) == 0) & (raw(b) == 0)
    return np.where(both, 0, a) / np.where(both, 1, b)


def _gaps(w, on):
    """w_j - w_i at [..., i, j], and 1 on the diagonal."""
    return _row(w) - np.expand_dims(w, -1) + on


def _row(w):
    return np.expand_dims(w, -2)


def _to_triangle(m, lower=True):
    """The cotangent of the triangle that a Hermitian matrix was read from, m the matrix's own."""
    s = m + adjoint(m)
    below, on = masks(m)
    return np.where(below if lower else mT(below), s, np.where(on, s * 0.5, 0))


def _refuse(what, a, cure):
    raise NotImplementedError(f"{what} of shape {a.shape} has no derivative: {cure}")


# ---------------------------------------------------------------- Cholesky

def _cholesky(g, y, a):
    """A = L L*: dL = L low(L^-1 dA L^-*), low the lower triangle with half the diagonal"""
    below, on = masks(a)
    p = mT(y) @ g
    p = np.linalg.solve(mT(y), np.where(below, p, np.where(on, p * 0.5, 0)))
    return _to_triangle(mT(np.linalg.solve(adjoint(y), mT(p))))


defvjp(np.linalg.cholesky, _cholesky)


@compose(np.linalg.cholesky)
def cholesky(a, /, *, upper=False):
    """L, a = L L*; or L*, which reads the upper triangle of a."""
    if upper:
        return adjoint(record(np.linalg.cholesky, adjoint(a)))
    return record(np.linalg.cholesky, a)


# ---------------------------------------------------------------- QR

def _qr(g, y, a):
    """A = Q R, at least as many rows as columns: dR R^-1 is the upper part of E = Q* dA R^-1, with
    the conjugates of the lower, and dQ = dA R^-1 - Q dR R^-1"""
    (gq, gr), (q, r) = g, y
    t = gr @ mT(r) - mT(q) @ gq
    below, on = masks(r)
    upper = np.where(mT(below), t, np.where(on, t * 0.5, 0))
    c = gq + conj(q) @ (upper + adjoint(upper))
    return mT(np.linalg.solve(r, mT(c)))


defvjp(np.linalg.qr, _qr)


@compose(np.linalg.qr)
def qr(a, mode="reduced"):
    """Q R = a of full rank; of a wide matrix, Q comes from its first columns."""
    m, n = a.shape[-2:]
    if mode == "r":
        return np.linalg.qr(a)[1]
    if mode not in ("reduced", "complete") or (mode == "complete" and m > n):
        _refuse(f"np.linalg.qr(mode={mode!r})", a, "use mode='reduced'")
    if m >= n:
        return record(np.linalg.qr, a)
    y = record(np.linalg.qr, a[..., :m])
    parts = y[0], np.concatenate([y[1], adjoint(y[0]) @ a[..., m:]], axis=-1)
    return y._make(parts) if hasattr(y, "_make") else parts


# ---------------------------------------------------------------- eigenvalues

def _eigh(g, y, a, UPLO="L"):
    """A = V W V*: dW = diag C, dV = V (C / gaps), C = V* dA V"""
    (gw, gv), (w, v) = g, y
    _, on = masks(v)
    c = np.where(on, _row(gw), over(mT(v) @ gv, _gaps(w, on)))
    return _to_triangle(conj(v) @ c @ mT(v), UPLO in ("L", "l"))


def _eig(g, y, a):
    """A V = V W: dW = diag C, dV = V (C / gaps), C = V^-1 dA V; the columns keep length 1"""
    (gw, gv), (w, v) = g, y
    _, on = masks(v)
    along = np.sum(gv * v, axis=-2)
    along = (along + conj(along)) * 0.5
    x = mT(v) @ (gv - conj(v) * _row(along))
    c = np.where(on, _row(gw), over(x, _gaps(w, on)))
    return np.linalg.solve(mT(v), c @ mT(v))


defvjp(np.linalg.eigh, _eigh)
defvjp(np.linalg.eig,  _eig)


@compose(np.linalg.eigvalsh)
def eigvalsh(a, UPLO="L"):
    """The eigenvalues of Hermitian matrices, ascending."""
    return np.linalg.eigh(a, UPLO)[0]


@compose(np.linalg.eigvals)
def eigvals(a):
    """The eigenvalues of square matrices."""
    return np.linalg.eig(a)[0]


# ---------------------------------------------------------------- singular values

def _svd(g, y, a, full_matrices=False):
    """A = U S V*, P = U* dA V: dS = diag P, dU = U (P S + S P*) / (s_j^2 - s_i^2) and likewise dV;
    what of dU and dV leaves the span of U and V comes from dA V / s and dA* U / s"""
    (gu, gs, gvh), (u, s, vh) = g, y
    gv, (m, n), k = adjoint(gvh), a.shape[-2:], s.shape[-1]
    qu, qv = mT(u) @ gu, conj(vh) @ gv
    row, column, (_, on) = _row(s), np.expand_dims(s, -1), masks(qu)
    gaps = (row - column) * (row + column) + on
    ku, kv = (np.where(on, 0, over(q, gaps)) for q in (qu, qv))
    p = (ku + adjoint(ku)) * row + column * (kv + adjoint(kv)) + np.where(on, _row(gs), 0)
    if a.dtype.kind == "c":
        p = p + over(np.where(on, (qu - conj(qu)) * 0.5, 0), row)
    p = conj(u) @ p
    if m > k:
        p = p + over(gu - conj(u) @ qu, row)
    p = p @ conj(vh)
    if n > k:
        p = p + conj(u) @ over(adjoint(gv - mT(vh) @ qv), column)
    return p


defvjp(np.linalg.svd, _svd)


@compose(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """(U, S, V*), reduced; or S alone."""
    if hermitian:
        y = _svd_of_hermitian(a)
    elif compute_uv and full_matrices and a.shape[-1] != a.shape[-2]:
        _refuse("np.linalg.svd(full_matrices=True)", a, "use full_matrices=False")
    else:
        y = record(np.linalg.svd, a, full_matrices=False)
    return y if compute_uv else y[1]


def _svd_of_hermitian(a):
    """A = V W V* = V |W| (V sign W)*, in descending order of |W|."""
    w, v = np.linalg.eigh(a)
    order = np.argsort(np.abs(raw(w)), axis=-1)[..., ::-1]
    w, v = np.take_along_axis(w, order, -1), np.take_along_axis(v, _row(order), -1)
    parts = v, np.abs(w), adjoint(v * _row(np.sign(raw(w))))
    kind = type(np.linalg.svd(raw(a), full_matrices=False))
    return kind(*parts) if hasattr(kind, "_make") else parts


@compose(np.linalg.svdvals)
def svdvals(x, /):
    """Singular values, descending."""
    return np.linalg.svd(x, compute_uv=False)
