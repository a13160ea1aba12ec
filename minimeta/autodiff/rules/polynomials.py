"""Polynomials by their coefficients, the highest power first, and so numpy.poly1d.

Conventions: roots and poly of a matrix are differentiated through eigenvalues, which must differ.

Read next: statistics.py.
"""
import numpy as np

from ..table import compose
from ..trace import raw
from .linalg import as_array


@compose(np.vander)
def vander(x, N=None, increasing=False):
    """Columns x^(N - 1), ..., x, 1, or the other way round."""
    x = as_array(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    x = x.astype(np.promote_types(x.dtype, int))            # float64 of float32, as in NumPy
    n = x.shape[0] if N is None else N
    if n == 0:
        return np.zeros_like(raw(x), shape=(x.shape[0], 0))
    columns = [np.ones_like(x)]
    for _ in range(n - 1):
        columns.append(columns[-1] * x)
    return np.stack(columns if increasing else columns[::-1], axis=1)


@compose(np.polyval)
def polyval(p, x):
    """p[0] x^(n - 1) + ... + p[n - 1], by Horner's rule; x may be a polynomial as well."""
    y = 0 if isinstance(x, np.poly1d) else np.zeros_like(as_array(x))
    p = as_array(p)
    for i in range(p.shape[0]):
        y = y * x + p[i]
    return y


def _padded(p, n):
    """The coefficients p (..., of any number up to n) after zeros: n of them."""
    return np.concatenate([np.zeros_like(raw(p), shape=(n - p.shape[0],)), p])


def _termwise(fn):
    def termwise(a1, a2):
        """The sum or the difference of two polynomials."""
        p, q = (np.atleast_1d(getattr(a, "coeffs", a)) for a in (a1, a2))
        n = max(p.shape[0], q.shape[0])
        return _like(a1, a2, fn(_padded(p, n), _padded(q, n)))
    return termwise


def _like(a1, a2, y):
    """y, as a poly1d if one of the polynomials is."""
    return np.poly1d(y) if isinstance(a1, np.poly1d) or isinstance(a2, np.poly1d) else y


polyadd = compose(np.polyadd)(_termwise(np.add))
polysub = compose(np.polysub)(_termwise(np.subtract))


@compose(np.polymul)
def polymul(a1, a2):
    """The product, without leading zeros."""
    p, q = (np.poly1d(a).coeffs for a in (a1, a2))
    return _like(a1, a2, np.convolve(p, q))


@compose(np.polydiv)
def polydiv(u, v):
    """(quotient, remainder)"""
    p, q = (np.atleast_1d(getattr(a, "coeffs", a)) + 0.0 for a in (u, v))
    m, n = p.shape[0] - 1, q.shape[0] - 1
    parts, rest = [], p.astype(np.result_type(raw(p), raw(q)))
    for k in range(m - n + 1):
        parts.append(rest[k] / q[0])
        rest = np.concatenate([rest[:k], rest[k:k + n + 1] - parts[-1] * q, rest[k + n + 1:]])
    quotient = np.stack(parts) if parts else np.zeros_like(raw(rest), shape=(1,))
    big = ~np.isclose(raw(rest), 0, rtol=1e-14)             # NumPy's measure of a leading zero
    start = min(int(np.argmax(big)) if np.any(big) else len(big), len(big) - 1)
    return _like(u, v, quotient), _like(u, v, rest[start:])


@compose(np.polyder)
def polyder(p, m=1):
    """The m-th derivative."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    q = np.atleast_1d(getattr(p, "coeffs", p))
    for _ in range(int(m)):
        q = q[:-1] * np.arange(q.shape[0] - 1, 0, -1, like=raw(q)).astype(_wide(q))
    return _like(p, p, q)


@compose(np.polyint)
def polyint(p, m=1, k=None):
    """The m-th integral, with the constants k."""
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    q = np.atleast_1d(getattr(p, "coeffs", p))
    k = np.atleast_1d(0.0 if k is None else k)
    k = np.repeat(k, m) if k.shape[0] == 1 and m > 1 else k
    if k.ndim > 1 or k.shape[0] < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(int(m)):
        q = q / np.arange(q.shape[0], 0, -1, like=raw(q)).astype(_wide(q))
        q = np.concatenate([q, k[i:i + 1]])
    return _like(p, p, q)


def _wide(q):
    """The dtype of q times an integer, as in NumPy: float64 of float32."""
    return np.promote_types(q.dtype, int)


# ---------------------------------------------------------------- roots

@compose(np.roots)
def roots(p):
    """The eigenvalues of the companion matrix; the derivative needs roots that differ."""
    p = np.atleast_1d(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    p = np.trim_zeros(p, "f")
    n = p.shape[0]
    p = np.trim_zeros(p, "b")
    at_0, n = n - p.shape[0], p.shape[0]
    zeros = np.zeros_like(raw(p), shape=(at_0,))
    if n < 2:
        return zeros
    k = np.arange(n - 1, like=raw(p))
    below = (k[1:, None] == k + 1).astype(p.dtype)
    found = np.linalg.eigvals(np.concatenate([np.reshape(-p[1:] / p[0], (1, -1)), below]))
    if found.dtype.kind == "c" != p.dtype.kind and not np.any(np.imag(raw(found))):
        found = np.real(found)                  # from NumPy 2.5, eigenvalues are always complex
    return np.concatenate([found, zeros])


@compose(np.poly)
def poly(seq_of_zeros):
    """The coefficients of the product of x - zero; a matrix stands for its eigenvalues."""
    zeros = np.atleast_1d(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    if zeros.size == 0:
        return 1.0
    p = np.ones_like(raw(zeros), shape=(1,))
    for zero in zeros:
        p = np.convolve(p, np.stack([np.ones_like(raw(zero)), -zero]))
    values = raw(zeros)
    if np.iscomplexobj(values) and np.array_equal(np.sort(values), np.sort(np.conj(values))):
        return np.real(p)                                   # conjugate pairs
    return p


@compose(np.polyfit)
def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """The polynomial of degree `deg` that is nearest to the points, by least squares."""
    if full or cov:
        raise NotImplementedError("np.polyfit(full=True) and (cov=True) have no derivative rule: "
                                  "use np.linalg.lstsq of np.vander(x, deg + 1), or plain values")
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1 or y.ndim not in (1, 2) or x.shape[0] != y.shape[0] or x.size == 0:
        raise TypeError(f"np.polyfit takes vectors x (n,), and y (n,) or (n, k), of n > 0 points, "
                        f"got {x.shape} and {y.shape}")
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    a = np.vander(x, int(deg) + 1)
    if w is not None:
        w = as_array(w) + 0.0
        if w.ndim != 1 or w.shape != y.shape[:1]:
            raise TypeError(f"np.polyfit: weights {w.shape} for {y.shape[0]} points")
        a, y = a * w[:, None], (w[:, None] if y.ndim == 2 else w) * y
    scale = np.sqrt(np.sum(a * a, axis=0))
    c, _, rank, _ = np.linalg.lstsq(a / scale, y, float(rcond))
    if rank != int(deg) + 1:
        raise ValueError("np.polyfit: the points do not determine the polynomial, which has no "
                         "derivative there: lower deg")
    return (c.T / scale).T
