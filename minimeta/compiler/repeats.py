"""What is the same all along the first axis is computed once, and repeated in no memory.

Rows of a Hessian share their activations.  The shape that sums are taken in changes, and so may
their rounding.

Read next: batch.py.
"""
import operator

import numpy as np

from .exact import in_cache, made_by, rule
from .fast import FAST
from .program import Value

_EACH = (np.add, np.subtract, np.multiply, np.divide, np.negative, np.exp, np.tanh, np.square,
         np.maximum, np.greater, np.where)


def _once(b, values, least):
    """(the values with a first axis of one, how long it was), if they are the same along it."""
    ndim = max((a.ndim for a in values if _is_array(a)), default=0)
    long = [a for a in values if _is_array(a) and a.ndim == ndim >= least and a.shape[0] > 1]
    if not long or not all(_same(a) for a in sorted(long, key=lambda a: a.constant)):
        return None, 0
    return [_first(b, a) if a in long else a for a in values], long[0].shape[0]


def _first(b, a):
    call = made_by(a, np.broadcast_to)
    if call and getattr(call.args[0], "shape", None) == (1, *a.shape[1:]):
        return call.args[0]
    return b.emit(operator.getitem, a, slice(0, 1))


def _is_array(a):
    return type(a) is Value and isinstance(a.array, np.ndarray)


def _same(a):
    """Whether an array is the same along its first axis, in every call."""
    return a.array.strides[0] == 0 or a.constant and in_cache(a) \
        and bool((a.array == a.array[:1]).all())


def _repeated(b, value, length):
    return b.emit(np.broadcast_to, value, (length, *value.shape[1:]))


def each_once(fn, least):
    """f of what is repeated along the first of at least `least` axes."""
    @rule(FAST, fn)
    def once(b, x, y=None, z=None):
        values = [a for a in (x, y, z) if a is not None]
        found, length = _once(b, values, least)
        return _repeated(b, b.emit(fn, *found), length) if found else None


def sum_once(fn):
    """A sum, or the like, along other axes than the first."""
    @rule(FAST, fn)
    def once(b, x, axis=0, keepdims=False):
        found, length = _once(b, [x], 2)
        axes = axis if type(axis) is tuple else (axis,)
        if not found or None in axes or 0 in [a % x.ndim for a in axes]:
            return None
        more = {"keepdims": True} if keepdims else {}
        return _repeated(b, b.emit(fn, *found, axis=axis, **more), length)


for _fn in _EACH:
    each_once(_fn, 2)
each_once(np.matmul, 3)
for _fn in (np.add.reduce, np.maximum.reduce):
    sum_once(_fn)
