"""Running sums and products, and the reductions of any ufunc, entry by entry.

Conventions: an entry-by-entry maximum halves the cotangent at each tie.

Read next: nans.py.
"""
import functools

import numpy as np

from ..table import REDUCTIONS, RULES, compose, defvjp
from ..trace import raw
from . import ufuncs  # noqa: F401  (its rules are read below)


def _reverse_cumsum(g, x, axis):
    if axis is None:
        return np.reshape(np.flip(np.cumsum(np.flip(g, 0), 0), 0), x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


defvjp(np.cumsum, lambda g, y, x, axis=None, dtype=None: _reverse_cumsum(g, x, axis))


@compose(np.cumprod)
def cumprod(a, axis=None, dtype=None, out=None):
    """Running products, in log n rounds of multiplication: zeros are nothing special.

    After the round of step s, entry i is the product of the 2 s entries that end there (Hillis
    and Steele 1986).
    """
    a, axis = (np.ravel(a), 0) if axis is None or not a.ndim else (a, axis)
    x = np.moveaxis(a if dtype is None else a.astype(dtype), axis, -1)
    step = 1
    while step < x.shape[-1]:
        x = np.concatenate([x[..., :step], x[..., step:] * x[..., :-step]], axis=-1)
        step *= 2
    return np.moveaxis(x, -1, axis)


def _cumulative(running, first):
    def cumulative(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        """cumsum or cumprod, from the empty one on with include_initial."""
        if axis is None and x.ndim > 1:
            raise ValueError("for arrays of more than one axis, axis= must be given")
        axis = 0 if axis is None else axis
        y = running(np.atleast_1d(x), axis=axis, dtype=dtype)
        if not include_initial:
            return y
        shape = list(y.shape)
        shape[axis] = 1
        return np.concatenate([np.full_like(raw(y), first, shape=tuple(shape)), y], axis=axis)
    return cumulative


compose(getattr(np, "cumulative_sum", None))(_cumulative(np.cumsum, 0))     # from NumPy 2.1
compose(getattr(np, "cumulative_prod", None))(_cumulative(np.cumprod, 1))


def fold(ufunc, collect, x, axis=0, dtype=None, keepdims=False, initial=None, where=True):
    """ufunc.reduce, or accumulate if `collect`, along one axis, entry by entry."""
    if where is not True or (axis is None and x.ndim > 1) or isinstance(axis, tuple):
        raise NotImplementedError(f"{ufunc.__name__}.reduce of a traced array takes one axis and "
                                  "no where=: reduce axis after axis")
    axis = 0 if axis is None else axis
    x = x if dtype is None else x.astype(dtype)
    n = x.shape[axis]
    if n == 0:
        return getattr(ufunc, "accumulate" if collect else "reduce")(raw(x), axis=axis)
    parts = [np.squeeze(part, axis) for part in np.split(x, n, axis)]
    if initial is not None:
        parts.insert(0, initial)
    seen = [parts[0]]
    for part in parts[1:]:
        seen.append(ufunc(seen[-1], part))
    if collect:
        return np.stack(seen, axis)
    return np.expand_dims(seen[-1], axis) if keepdims else seen[-1]


for _fn in [fn for fn in RULES if isinstance(fn, np.ufunc) and not fn.signature]:
    if _fn.nin == 2 and _fn.nout == 1:
        REDUCTIONS.setdefault((_fn, "reduce"), functools.partial(fold, _fn, False))
        REDUCTIONS.setdefault((_fn, "accumulate"), functools.partial(fold, _fn, True))
