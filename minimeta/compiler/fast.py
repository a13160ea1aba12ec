"""Rules that round differently: the same numbers in another order, for fewer and larger calls.

What they replace is equal up to rounding; `compile(f, exact=True)` leaves them out.

Read next: repeats.py.
"""
import operator

import numpy as np

from .arrays import FILLED
from .exact import EXACT, ROOTS, factor, in_cache, made_by, rule, tame
from .program import Value, packed

FAST, SUMS = {}, {}      # SUMS come last: what they make hides what was summed


def _swapped(b, x):
    return b.emit(np.swapaxes, x, -1, -2)


def _matrices(*values):
    return all(type(a) is Value and isinstance(a.array, np.ndarray) and a.ndim >= 2
               and a.dtype.kind == "f" for a in values)


def _contiguous(a):
    return a.array.flags.c_contiguous and a.array.size > 0


def _single(b, x):
    return b.uses(x) <= 1


# ---------------------------------------------------------------- numbers

@rule(FAST, FILLED)
def repeated(b, x, shape):
    """Repeating numbers needs no memory; what is computed from them may be added up otherwise."""
    return b.emit(np.broadcast_to, x, shape)


@rule(FAST, np.multiply)
def times(b, x, y):
    """(x * c) * d is x * cd."""
    x, d, _ = factor(x, y)
    if d is None or not made_by(x, np.multiply, np.divide):
        return None
    z, c, _ = factor(*x.call.args)
    if c is None or (x.call.fn is np.divide and z is not x.call.args[0]) \
            or not (tame(c, z) and tame(d, z)):
        return None
    return b.emit(np.multiply, z, c * d if x.call.fn is np.multiply else d / c)


@rule(FAST, np.divide)
def divided(b, x, y):
    """x / c is x * 1/c for a number c."""
    z, c, _ = factor(x, y)
    if c is None or z is not x or not tame(c, x):
        return None
    return b.emit(np.multiply, x, 1 / c)


@rule(FAST, np.power)
def power(b, x, p):
    """x**2 is a square, which NumPy knows by itself."""
    if b.device is not None and type(p) in (int, float) and p in ROOTS \
            and getattr(x, "dtype", np.dtype(int)).kind in "fc":
        return b.emit(ROOTS[p], x)
    return None


@rule(FAST, np.add)
def plus(b, x, y):
    """x + 0 is x."""
    x, c, _ = factor(x, y)
    return x if c == 0 and c is not None else None


def with_number(fn):
    """max(x, 0) with an array of zeros: NumPy has faster code for two arrays (CuPy has not).

    They may differ in the sign of a zero.
    """
    @rule(FAST, fn)
    def filled(b, x, y):
        for a, c in ((x, y), (y, x)):
            if b.device is None and type(a) is Value \
                    and isinstance(a.array, np.ndarray) and a.dtype.kind == "f" \
                    and type(c) in (int, float) and packed(a.array) and in_cache(a):
                key = fn, c, a.dtype, a.shape, a.array.strides
                full = b.known.setdefault(key, Value(np.full_like(a.array, c)))
                return b.emit(fn, a, full)
        return None


for _fn in (np.maximum, np.minimum):
    with_number(_fn)


# ---------------------------------------------------------------- products of matrices

@rule(FAST, np.matmul)
def outer(b, x, y):
    """A product over an axis of length one is a multiplication."""
    if _matrices(x, y) and x.shape[-1] == 1:
        return b.emit(np.multiply, x, y)
    return None


@rule(FAST, np.matmul)
def shared(b, x, y):
    """One matrix for all tasks (T, n, k) @ (k, m): one product of all their rows."""
    if not _matrices(x, y) or x.ndim < 3 or not _contiguous(x):
        return None
    if any(y.array.strides[:-2]) and y.shape[:-2] != (1,) * (y.ndim - 2):
        return None
    if y.ndim > x.ndim or any(n not in (1, m) for n, m in zip(y.shape[-3::-1], x.shape[-3::-1])):
        return None
    one = y if y.ndim == 2 else b.emit(operator.getitem, y, (0,) * (y.ndim - 2))
    rows = b.emit(np.reshape, x, (-1, x.shape[-1]))
    return b.emit(np.reshape, b.emit(np.matmul, rows, one), x.shape[:-1] + y.shape[-1:])


@rule(FAST, np.swapaxes)
def transposed(b, x, axis1, axis2):
    """(x y)' is y' x'."""
    call = made_by(x, np.matmul, np.multiply)
    if call is None or {axis1 % x.ndim, axis2 % x.ndim} != {x.ndim - 1, x.ndim - 2} \
            or not _matrices(*call.args) or not _single(b, x):
        return None
    x, y = (_swapped(b, a) for a in call.args)
    return b.emit(np.matmul, y, x) if call.fn is np.matmul else b.emit(np.multiply, x, y)


# ---------------------------------------------------------------- sums

def _axes(x, axis):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(a % x.ndim for a in axes))


@rule(FAST, np.add.reduce)
def sum_of_sum(b, x, axis=0, keepdims=False):
    """A sum over the leading axis, taken before what it is a sum of is put together."""
    if type(x) is not Value or keepdims or _axes(x, axis) != (0,) or x.ndim < 2 \
            or x.call is None or not _single(b, x):
        return None
    fn, args, kwargs = x.call.fn, x.call.args, x.call.kwargs

    def inner(a):
        return b.emit(np.add.reduce, a, axis=(0,))
    if fn is np.add and all(type(a) is Value and a.shape == x.shape for a in args):
        return b.emit(np.add, *map(inner, args))
    if fn is np.concatenate and kwargs.get("axis", 0) % x.ndim != 0:
        parts = [inner(a) for a in args[0]]
        return b.emit(np.concatenate, parts, axis=kwargs["axis"] % x.ndim - 1)
    if fn is np.multiply:
        y, c, given = factor(*args)
        if c is not None:
            return b.emit(np.multiply, inner(y), c)
    if fn == np.add.reduce and not kwargs.get("keepdims"):
        y = args[0]
        axes = _axes(y, kwargs.get("axis", 0))
        if 0 not in axes and set(kwargs) <= {"axis"}:
            return b.emit(np.add.reduce, y, axis=(0, *axes))
    if fn is np.reshape and type(args[0]) is Value and args[0].shape[:1] == x.shape[:1]:
        return b.emit(np.reshape, inner(args[0]), x.shape[1:])
    if fn is np.matmul:
        return _sum_of_products(b, *args)
    return None


def _sum_of_products(b, x, y):
    """sum_t x_t y_t: one product over t and the inner axis, if both lie in memory that way."""
    if not _matrices(x, y) or not x.ndim == y.ndim == 3 or len(x.array) != len(y.array):
        return None
    turned = _swapped(b, x)
    if not _contiguous(turned) or not _contiguous(y):
        return None
    left = b.emit(np.reshape, turned, (-1, x.shape[-2]))
    return b.emit(np.matmul, _swapped(b, left), b.emit(np.reshape, y, (-1, y.shape[-1])))


@rule(SUMS, np.add.reduce)
def sum_of_rows(b, x, axis=0, keepdims=False):
    """Sums over the rows of matrices, weighted by a column if there is one, are products."""
    if not _matrices(x) or keepdims:
        return None
    axes = _axes(x, axis)
    if axes[-1] != x.ndim - 2 or not _contiguous(x) or x.shape[-1] < 2:
        return None
    lead = x.ndim - 2 - len(axes) + 1
    if axes != tuple(range(lead, x.ndim - 1)):
        return None
    shape = x.shape[:lead]
    call = made_by(x, np.multiply)
    if call and _single(b, x) and _matrices(*call.args):
        for a, w in (call.args, call.args[::-1]):
            if a.shape == x.shape == w.shape[:-1] + x.shape[-1:] and w.shape[-1] == 1 \
                    and _contiguous(a) and _contiguous(w):
                w = b.emit(np.reshape, w, shape + (1, -1))
                a = b.emit(np.reshape, a, shape + (-1, x.shape[-1]))
                return b.emit(np.reshape, b.emit(np.matmul, w, a), shape + x.shape[-1:])
    rows = b.emit(np.reshape, x, shape + (-1, x.shape[-1]))
    ones = b.constant(np.ones((1, rows.shape[-2]), x.dtype))
    return b.emit(np.reshape, b.emit(np.matmul, ones, rows), shape + x.shape[-1:])


for _table in (FAST, SUMS):
    for _fn, _rules in EXACT.items():
        _table.setdefault(_fn, []).extend(_rules)
