"""Linear algebra: products of arrays.

All are multilinear, so the rules hold for complex numbers as they stand: nothing is conjugated.

Read next: einsum.py.
"""
import math
import operator

import numpy as np

from ..table import compose, defvjp, writes
from ..trace import primitive, raw


def mT(x):
    """The transpose of the matrices x (..., m, n)."""
    return x.swapaxes(-1, -2)


def conj(x):
    """The complex conjugate; real numbers as they are."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def adjoint(x):
    """The conjugate transpose of the matrices x (..., m, n)."""
    return mT(conj(x))


def as_array(x):
    """x, or the array of a list or a number."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def matmul_a(g, y, a, b, *_):
    """g b'"""
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b if a.ndim > 1 else g * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return times_transposed(g, b)


def matmul_b(g, y, a, b, *_):
    """a' g"""
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2) if b.ndim > 1 else g * a
    if b.ndim == 1:
        return np.squeeze(mT(a) @ np.expand_dims(g, -1), -1)
    if b.ndim == 2 and a.ndim > 2:     # weights shared by all tasks: one product over all rows
        return np.reshape(a, (-1, a.shape[-1])).T @ np.reshape(g, (-1, g.shape[-1]))
    return transposed_times(a, g)


@primitive(inline=True)
def times_transposed(a, b):
    """a b' (..., m, n) of matrices a (..., m, k) and b (..., n, k)."""
    return product(a, b.swapaxes(-1, -2))


@primitive(inline=True)
def transposed_times(a, b):
    """a' b (..., m, n) of matrices a (..., k, m) and b (..., k, n)."""
    return product(a.swapaxes(-1, -2), b)


def product(a, b):
    """a b of matrices; an outer product by broadcasting, which is faster than many small ones."""
    return a * b if a.shape[-1] == 1 else np.matmul(a, b)


# three products that are each other's derivatives
defvjp(np.matmul,        matmul_a,                                   matmul_b)
defvjp(times_transposed, lambda g, y, a, b: g @ b,
                         lambda g, y, a, b: transposed_times(g, a))
defvjp(transposed_times, lambda g, y, a, b: times_transposed(b, g),
                         lambda g, y, a, b: a @ g)


@compose(np.linalg.matmul)
def matmul(x1, x2, /):
    """x1 @ x2"""
    return np.matmul(x1, x2)


@compose(np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    """The last two axes, swapped."""
    return mT(x)


# ---------------------------------------------------------------- vectors and matrices

@compose(np.dot)
def dot(a, b, out=None):
    """matmul, and multiplication by numbers; the last axis of a with the last but one of b."""
    if out is not None:
        raise writes("dot")
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim <= 2:
        return a @ b
    flat = np.reshape(np.moveaxis(b, -2, 0), (b.shape[-2], -1))
    return np.reshape(a @ flat, a.shape[:-1] + b.shape[:-2] + b.shape[-1:])


@compose(np.vdot)
def vdot(a, b, /):
    """sum conj(a) b"""
    return conj(np.ravel(as_array(a))) @ np.ravel(as_array(b))


@compose(np.inner)
def inner(a, b, /):
    """Sum of products over the last axis of both."""
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return np.dot(a, np.moveaxis(b, -1, -2) if b.ndim > 1 else b)


@compose(np.outer)
def outer(a, b, out=None):
    """a b'"""
    if out is not None:
        raise writes("outer")
    return np.expand_dims(np.ravel(a), 1) * np.ravel(b)


@compose(np.linalg.outer)
def outer_of_vectors(x1, x2, /):
    """a b', of vectors."""
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"np.linalg.outer takes vectors, got {np.ndim(x1)} and {np.ndim(x2)} "
                         "axes: use np.outer, which flattens")
    return np.outer(x1, x2)


def vecdot(x1, x2, /, *, axis=-1, keepdims=False):
    """sum conj(x1) x2 along an axis."""
    return np.sum(conj(as_array(x1)) * x2, axis=axis, keepdims=keepdims)


def matvec(x1, x2, /):
    """Matrices (..., m, n) by vectors (..., n)."""
    return np.squeeze(x1 @ np.expand_dims(x2, -1), -1)


def vecmat(x1, x2, /):
    """Conjugated vectors (..., m) by matrices (..., m, n)."""
    return np.squeeze(np.expand_dims(conj(as_array(x1)), -2) @ x2, -2)


compose(np.vecdot, np.linalg.vecdot)(vecdot)
if hasattr(np, "matvec"):        # from NumPy 2.2
    compose(np.matvec)(matvec)
    compose(np.vecmat)(vecmat)


# ---------------------------------------------------------------- more axes

@compose(np.tensordot, np.linalg.tensordot)
def tensordot(a, b, axes=2):
    """Sum of products over `axes`: a number of last and first axes, or a pair of lists."""
    a, b = as_array(a), as_array(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        n = operator.index(axes)
        axes = range(a.ndim - n, a.ndim), range(n)
    ours, theirs = ([k % x.ndim for k in ([ks] if isinstance(ks, int) else ks)]
                    for x, ks in zip((a, b), axes))
    if [a.shape[k] for k in ours] != [b.shape[k] for k in theirs]:
        raise ValueError(f"tensordot of shapes {a.shape} and {b.shape}: axes {ours} of the first "
                         f"and {theirs} of the second must have the same lengths")
    rows = [k for k in range(a.ndim) if k not in ours]
    columns = [k for k in range(b.ndim) if k not in theirs]
    above, right = (tuple(x.shape[k] for k in ks) for x, ks in ((a, rows), (b, columns)))
    n = math.prod(a.shape[k] for k in ours)
    a = np.reshape(np.transpose(a, rows + ours), (math.prod(above), n))
    b = np.reshape(np.transpose(b, theirs + columns), (n, math.prod(right)))
    return np.reshape(a @ b, above + right)


@compose(np.kron)
def kron(a, b):
    """Blocks a[i, j] b; the shorter shape gets ones in front."""
    a, b = as_array(a), as_array(b)
    n = max(a.ndim, b.ndim)
    a_shape, b_shape = ((1,) * (n - x.ndim) + x.shape for x in (a, b))
    wide = [k for pair in zip(a_shape, (1,) * n) for k in pair]
    tall = [k for pair in zip((1,) * n, b_shape) for k in pair]
    return np.reshape(np.reshape(a, wide) * np.reshape(b, tall),
                      tuple(i * j for i, j in zip(a_shape, b_shape)))


# lengths of the vectors that np.cross takes
_CROSSED = {3} if np.lib.NumpyVersion(np.__version__) >= "2.5.0" else {2, 3}


@compose(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector product along an axis of length 3 (before NumPy 2.5 or 2: then with a third 0)."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    if not {a.shape[-1], b.shape[-1]} <= _CROSSED:
        raise ValueError(f"cross of vectors of lengths {a.shape[-1]} and {b.shape[-1]}: "
                         f"both must be {' or '.join(map(str, sorted(_CROSSED)))}")
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (x if x.shape[-1] == 3 else np.concatenate([x, np.zeros_like(x[..., :1])], -1)
            for x in (a, b))
    c = np.roll(a, -1, -1) * np.roll(b, 1, -1) - np.roll(a, 1, -1) * np.roll(b, -1, -1)
    return np.moveaxis(c, -1, axisc)


@compose(np.linalg.cross)
def cross_of_threes(x1, x2, /, *, axis=-1):
    """The vector product along an axis of length 3."""
    x1, x2 = as_array(x1), as_array(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"np.linalg.cross of vectors of lengths {x1.shape[axis]} and "
                         f"{x2.shape[axis]}: both must be 3")
    return np.cross(x1, x2, axis=axis)


# ---------------------------------------------------------------- products of many

@compose(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    """The product of matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors.  The order is found by dynamic programming: Cormen,
    Leiserson, Rivest, Stein, Introduction to Algorithms, section on matrix-chain multiplication.
    """
    if out is not None:
        raise writes("linalg.multi_dot")
    arrays = [as_array(a) for a in arrays]
    if len(arrays) < 2:
        raise ValueError("multi_dot takes two arrays at least")
    first = (1,) if arrays[0].ndim == 1 else ()
    sizes = [*first, *(a.shape[0] for a in arrays), *arrays[-1].shape[1:]]
    sizes += [1] * (arrays[-1].ndim == 1)
    best = {(i, i + 1): (0, None) for i in range(len(arrays))}
    for width in range(2, len(arrays) + 1):
        for i in range(len(arrays) - width + 1):
            k = i + width
            best[i, k] = min((best[i, j][0] + best[j, k][0] + sizes[i] * sizes[j] * sizes[k], j)
                             for j in range(i + 1, k))

    def product(i, k):
        j = best[i, k][1]
        return arrays[i] if j is None else product(i, j) @ product(j, k)
    return product(0, len(arrays))


@compose(np.linalg.matrix_power)
def matrix_power(a, n):
    """a multiplied by itself n times, by repeated squaring; by its inverse if n is negative."""
    n = operator.index(n)
    if n == 0:
        return np.linalg.matrix_power(raw(a), 0)       # constant
    square, power = np.linalg.inv(a) if n < 0 else a, None
    n = abs(n)
    while n:
        n, odd = divmod(n, 2)
        if odd:
            power = square if power is None else power @ square
        if n:
            square = square @ square
    return power


# ---------------------------------------------------------------- diagonals

@compose(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """Sum of a diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


@compose(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The entries a[i, i + offset]."""
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = a.shape[-2:]
    n = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    i, j = -min(offset, 0), max(offset, 0)
    return np.einsum("...ii->...i", a[..., i:i + n, j:j + n])


@compose(np.linalg.trace)
def trace_of_matrices(x, /, *, offset=0, dtype=None):
    """Sum of a diagonal of the matrices x (..., m, n)."""
    return np.trace(x, offset, -2, -1, dtype)


@compose(np.linalg.diagonal)
def diagonal_of_matrices(x, /, *, offset=0):
    """A diagonal of the matrices x (..., m, n)."""
    return np.diagonal(x, offset, -2, -1)
