"""Sums, products, means, extrema: functions that take axes away.

Conventions: max and min share the cotangent equally among ties; std of equal numbers has the
derivative 0, as a norm at 0.

Read next: running.py.
"""
import functools

import numpy as np

from ...device import on_host
from ..table import QUICK, REDUCTIONS, compose, defvjp
from ..trace import Traced, call, plain, primitive, raw, record

SMALL = 1 << 14         # numbers: so few are copied in less time than np.broadcast_to takes


def spread(g, x, axis, keepdims):
    """A reduction's cotangent (or output) g, over the entries of x that went into it."""
    if axis is not None and not keepdims and x.ndim:        # NumPy takes axis=0 of a number, too
        g = g.reshape(kept(x.shape, axis))
    if x.size <= SMALL and type(g) is not Traced:
        if type(g) is np.ndarray or isinstance(g, np.generic):
            return fill(g, x.shape)
        if on_host(g):
            return filled(g, x.shape)
    return np.broadcast_to(g, x.shape)


def fill(g, shape):
    """g, repeated to shape in memory of its own."""
    out = np.empty(shape, g.dtype)
    out[...] = g
    return out


filled = primitive(fill)        # one call of a compiled program


def kept(shape, axis):
    """The shape of a reduction with keepdims=True."""
    shape = list(shape)
    for i in axis if isinstance(axis, tuple) else (axis,):
        shape[i] = 1
    return tuple(shape)


def flat(x, axis):
    """(x with the axes `axis` merged and last, the function that undoes it)."""
    if axis is None or not x.ndim:
        return np.ravel(x), lambda y: np.reshape(y, x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    ends = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, ends)
    shape = moved.shape
    merged = np.reshape(moved, shape[:x.ndim - len(axes)] + (count(x, axes),))
    return merged, lambda y: np.moveaxis(np.reshape(y, shape), ends, axes)


def count(x, axis):
    """How many entries of x go into one of a reduction over `axis`."""
    if axis is None:
        return x.size
    n = 1
    for i in axis if isinstance(axis, tuple) else (axis,):
        n *= x.shape[i]
    return n


def chosen(a, where, fill):
    """a where `where`, else `fill`."""
    return a if where is True else np.where(where, a, fill)


def _sum_vjp(g, y, x, axis=None, dtype=None, keepdims=False):
    return spread(g, x, axis, keepdims)


def _prod_vjp(g, y, x, axis=None, dtype=None, keepdims=False):
    x = x if dtype is None else x.astype(dtype)
    merged, undo = flat(x, axis)
    return spread(g, x, axis, keepdims) * undo(_others(merged))


def _others(x):
    """The product of all other entries of the last axis, zeros or not."""
    one = np.ones_like(x[..., :1])

    def before(x):
        return np.cumprod(np.concatenate([one, x[..., :-1]], axis=-1), axis=-1)
    return before(x) * np.flip(before(np.flip(x, -1)), -1)


def _extremum_vjp(g, y, x, axis=None, keepdims=False):
    at = x == spread(y, x, axis, keepdims)
    return spread(g / np.sum(at, axis=axis, keepdims=keepdims, dtype=y.dtype),
                  x, axis, keepdims) * at


defvjp(np.sum,  _sum_vjp)
defvjp(np.prod, _prod_vjp)
defvjp(np.max,  _extremum_vjp)
defvjp(np.min,  _extremum_vjp)

plain(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)


def _folded(fn, pairwise, identity):
    def folded(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
        """The sum or product, among `initial` and the entries where `where`."""
        static = {} if axis is None else {"axis": axis}
        if type(axis) is Traced:
            return call(fn, a, **static)                # which raises
        if dtype is not None:
            static["dtype"] = dtype
        if keepdims:
            static["keepdims"] = keepdims
        y = record(fn, a if where is True else np.where(where, a, identity), **static)
        return y if initial is None else pairwise(y, initial)
    return folded


QUICK[np.sum] = lambda a, axis=None, **static: np.add.reduce(a, axis, **static)
sum_ = compose(np.sum)(_folded(np.sum, np.add, 0))
prod = compose(np.prod)(_folded(np.prod, np.multiply, 1))


def _extremum(fn, pairwise):
    def extremum(a, axis=None, out=None, keepdims=False, initial=None, where=True):
        """The extremum, among `initial` and the entries where `where`."""
        if where is not True:
            if initial is None:
                raise ValueError(f"np.{fn.__name__}(where=) needs initial=: an extremum has no "
                                 "identity")
            a = np.where(where, a, initial)
        if initial is None:
            return record(fn, a, axis=axis, keepdims=keepdims)
        if count(a, axis) == 0:
            return np.sum(a, axis=axis, keepdims=keepdims) + initial
        return pairwise(record(fn, a, axis=axis, keepdims=keepdims), initial)
    return extremum


amax = compose(np.max, np.amax)(_extremum(np.max, np.maximum))
amin = compose(np.min, np.amin)(_extremum(np.min, np.minimum))


@compose(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """max - min"""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _number(a, axis, keepdims, where):
    """`count`, of the entries where `where`: then an array."""
    if where is True:
        return count(a, axis)
    return np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=keepdims, dtype=a.dtype)


@compose(np.mean)
def mean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    """sum / n"""
    total = sum_(a, axis, dtype, keepdims=keepdims, where=where)
    return total / _number(a, axis, keepdims, where)


@compose(np.var)
def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=None,
        correction=None):
    """sum |a - mean|^2 / (n - ddof)"""
    if mean is None:
        mean = np.mean(a, axis=axis, dtype=dtype, keepdims=True, where=where)
    d = chosen(a - mean, where, 0)
    square = np.real(np.conj(d) * d) if np.iscomplexobj(d) else d * d
    n = _number(a, axis, keepdims, where) - (ddof if correction is None else correction)
    n = max(n, 0) if where is True else np.maximum(n, 0)
    return np.sum(square, axis=axis, keepdims=keepdims) / n


@compose(np.std)
def std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, **options):
    """sqrt(var)"""
    return root(np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **options))


def root(v):
    """sqrt(v), with the derivative 0 where v is 0"""
    zero = v == 0
    return np.where(zero, 0, np.sqrt(np.where(zero, 1, v)))


@compose(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """sum w a / sum w.  Weights that add up to 0 give NumPy's warning, and inf or nan."""
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        return (y, np.full_like(raw(y), count(a, axis))) if returned else y
    a, w = (x if hasattr(x, "dtype") else np.asarray(x) for x in (a, weights))
    if w.shape != a.shape:
        if axis is None:
            raise TypeError("np.average: axis must be given when weights and array differ in shape")
        axes = [i % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
        if w.shape != tuple(a.shape[i] for i in axes):
            raise ValueError(f"np.average: weights of shape {w.shape} for axes {axis} of {a.shape}")
        w = np.transpose(w, sorted(range(len(axes)), key=axes.__getitem__))
        w = np.reshape(w, tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))
    w = np.broadcast_to(w, a.shape)
    total = np.sum(w, axis=axis, keepdims=keepdims)
    y = np.sum(a * w, axis=axis, keepdims=keepdims) / total
    return (y, total) if returned else y


# ---------------------------------------------------------------- reductions of ufuncs

def _log_sum(pairwise, log, exp, x, axis=0, dtype=None, keepdims=False, initial=None, where=True):
    """log sum exp(x - m) + m, where m is the largest entry, a constant of the derivative."""
    x = chosen(x if dtype is None else x.astype(dtype), where, -np.inf)
    m = 0
    if count(x, axis):
        m = np.max(raw(x), axis=axis, keepdims=True)
        m = np.where(np.isfinite(m), m, 0)
    y = log(np.sum(exp(x - m), axis=axis, keepdims=True)) + m
    y = y if keepdims else np.squeeze(y, axis)
    return y if initial is None else pairwise(y, initial)


REDUCTIONS.update({
    (np.add, "reduce"): np.sum, (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max, (np.minimum, "reduce"): np.min,
    (np.add, "accumulate"): np.cumsum, (np.multiply, "accumulate"): np.cumprod,
    (np.logaddexp, "reduce"): functools.partial(_log_sum, np.logaddexp, np.log, np.exp),
    (np.logaddexp2, "reduce"): functools.partial(_log_sum, np.logaddexp2, np.log2, np.exp2)})
