"""Sums, means, extrema: functions that take axes away.

Conventions: max and min share the cotangent equally among ties.

Read next: shapes.py.
"""
import numpy as np

from ..table import REDUCTIONS, compose, defvjp
from ..trace import plain


def spread(g, x, axis, keepdims):
    """A reduction's cotangent (or output) g, over the entries of x that went into it."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


def _extremum(g, y, x, axis=None, keepdims=False):
    at = x == spread(y, x, axis, keepdims)
    return spread(g / np.sum(at, axis=axis, keepdims=keepdims, dtype=y.dtype),
                  x, axis, keepdims) * at


defvjp(np.sum,    lambda g, y, x, axis=None, dtype=None, keepdims=False:
                      spread(g, x, axis, keepdims))
defvjp(np.cumsum, lambda g, y, x, axis=None, dtype=None: _reverse_cumsum(g, x, axis))
defvjp(np.max,    _extremum)
defvjp(np.min,    _extremum)

REDUCTIONS.update({
    (np.add, "reduce"): np.sum, (np.maximum, "reduce"): np.max, (np.minimum, "reduce"): np.min,
    (np.add, "accumulate"): np.cumsum})

plain(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)


def _reverse_cumsum(g, x, axis):
    if axis is None:
        return np.reshape(np.flip(np.cumsum(np.flip(g, 0), 0), 0), x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def count(x, axis):
    """How many entries of x go into one of a reduction over `axis`."""
    if axis is None:
        return x.size
    n = 1
    for i in axis if isinstance(axis, tuple) else (axis,):
        n *= x.shape[i]
    return n


@compose(np.mean)
def mean(a, axis=None, dtype=None, out=None, keepdims=False):
    """sum / n"""
    return np.sum(a, axis=axis, dtype=dtype, out=out, keepdims=keepdims) / count(a, axis)


@compose(np.var)
def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    """sum |a - mean|^2 / (n - ddof)"""
    d = a - np.mean(a, axis=axis, dtype=dtype, keepdims=True)
    squares = np.real(d * np.conj(d)) if np.iscomplexobj(d) else d * d
    return np.sum(squares, axis=axis, out=out, keepdims=keepdims) / (count(a, axis) - ddof)


@compose(np.std)
def std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    """sqrt(var)"""
    return np.sqrt(np.var(a, axis=axis, dtype=dtype, out=out, ddof=ddof, keepdims=keepdims))
