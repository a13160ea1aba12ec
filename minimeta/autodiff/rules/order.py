"""Sorting and what follows from it: medians and quantiles.

Conventions: sort shares the cotangent equally among equal entries, and so do median and quantile;
partition follows the order of np.argpartition.

Read next: numerical.py.
"""
import numpy as np

from ..table import compose, defvjp
from ..trace import primitive, raw
from .reductions import flat
from .shapes import scatter


@primitive
def tied(x):
    """x, sorted on its last axis; cotangents of equal entries are averaged."""
    return x


def _averaged(g, y, *_):
    y = raw(y)
    first = np.concatenate([np.ones_like(y[..., :1], dtype=bool), y[..., 1:] != y[..., :-1]], -1)
    group = np.cumsum(np.ravel(first)) - 1         # a number for each run of equal entries
    total = scatter(np.ravel(g), index=(group,), shape=group.shape)[group]
    number = scatter(np.ones_like(np.ravel(y)), index=(group,), shape=group.shape)[group]
    return np.reshape(total / number, y.shape)


defvjp(tied, _averaged)


@compose(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """The entries along the axis in order."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    a = np.moveaxis(a, axis, -1)
    return np.moveaxis(tied(np.take_along_axis(a, np.argsort(raw(a), axis=-1), -1)), -1, axis)


@compose(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """The entries along the axis, the kth in its place in order."""
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    return np.take_along_axis(a, np.argpartition(raw(a), kth, axis=axis), axis)


def sorted_on_first(a, axis):
    """(entries to be reduced, sorted, on the first axis; the axes to put back with keepdims)."""
    merged, _ = flat(a, axis)
    return np.moveaxis(np.sort(merged, axis=-1), -1, 0)


def kept(y, a, axis, keepdims, lead=0):
    """y with the axes that were reduced, of length 1, after its `lead` first ones."""
    if not keepdims:
        return y
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(y, tuple(lead + i % a.ndim for i in axes))


def _or_nan(y, ordered):
    """y, and nan where the entries include one: it is the last in order."""
    return np.where(np.isnan(ordered[-1]), np.nan, y)


@compose(np.median)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The entry in the middle of the order, or the mean of the two there."""
    x = sorted_on_first(a, axis)
    n = x.shape[0]
    if n == 0:
        return np.mean(a, axis=axis, keepdims=keepdims)
    y = x[n // 2] if n % 2 else (x[n // 2 - 1] + x[n // 2]) / 2
    return kept(_or_nan(y, x), a, axis, keepdims)


def by_rank(a, axis):
    """(the entries in order on the first axis, nan last; how many numbers there are, kept)."""
    x = sorted_on_first(a, axis)
    return x, np.sum(~np.isnan(raw(x)), axis=0, keepdims=True)


@compose(np.nanmedian)
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The median of the numbers."""
    x, n = by_rank(a, axis)
    low, high = (np.take_along_axis(x, i, 0)[0] for i in ((n - 1) // 2, n // 2))
    return kept((low + high) / 2, a, axis, keepdims)


PLACES = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint,
          "midpoint": lambda at: (np.floor(at) + np.ceil(at)) / 2, "linear": lambda at: at}


def shares(a, q):
    """(q, where it is outside [0, 1]): a device is not asked, and nan is there."""
    q = np.asarray(q, like=raw(a)) if isinstance(q, (list, tuple)) else q
    outside = (raw(q) < 0) | (raw(q) > 1)
    if type(outside) in (bool, np.bool_, np.ndarray) and np.any(outside):
        raise ValueError("Quantiles must be in the range [0, 1]")
    return q, outside


@compose(np.quantile)
def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *,
             weights=None, **options):
    """The entry at the share q of the way through the order; q may be traced as well.

    Methods linear, lower, higher, nearest, midpoint.
    """
    if method not in PLACES or weights is not None or options:
        raise NotImplementedError(f"np.quantile(method={method!r}, weights=) has no derivative "
                                  f"rule: use one of {', '.join(PLACES)}, without weights")
    q, outside = shares(a, q)
    x = sorted_on_first(a, axis)
    at = PLACES[method](q * (x.shape[0] - 1))
    low, high = np.floor(raw(at)).astype(int), np.ceil(raw(at)).astype(int)
    part = at - low
    if np.ndim(q) == 0 and not hasattr(q, "dtype"):
        low, high, part = int(low), int(high), float(part)
    else:
        part = np.where(outside, np.nan, part.astype(q.dtype))
        part = np.reshape(part, q.shape + (1,) * (x.ndim - 1))
        low, high = (np.clip(i, 0, x.shape[0] - 1) for i in (low, high))
    y = _or_nan(x[low] + part * (x[high] - x[low]), x)
    return kept(y, a, axis, keepdims, np.ndim(q))


@compose(np.percentile)
def percentile(a, q, *args, **kwargs):
    """The quantile at q / 100."""
    q = np.asarray(q, like=raw(a)) if isinstance(q, (list, tuple)) else q
    return np.quantile(a, q / 100, *args, **kwargs)
