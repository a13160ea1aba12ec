"""Joining, splitting, repeating and padding.

Read next: indexing.py.
"""
import functools

import numpy as np

from ..table import compose, defvjp
from ..trace import Traced, primitive, raw
from .shapes import scatter


@primitive(inline=True)
def join(*arrays, axis=0):
    """np.concatenate, an operand each."""
    return np.concatenate(arrays, axis=axis)


def _join_vjp(i, g, y, *arrays, axis=0):
    start = sum(a.shape[axis] for a in arrays[:i])
    return g[along(axis, slice(start, start + arrays[i].shape[axis]), g.ndim)]


def along(axis, index, ndim):
    """The index that applies `index` to one axis."""
    return (slice(None),) * (axis % ndim) + (index,)


@primitive(inline=True)
def cut(x, at=(), axis=0):
    """x cut before the places `at`, which do not decrease, along one axis: a tuple."""
    ends = zip((0, *at), (*at, x.shape[axis]))
    return tuple([x[along(axis, slice(a, b), x.ndim)] for a, b in ends])


defvjp(join, each=_join_vjp)
defvjp(cut,  lambda g, *_, at, axis: join(*g, axis=axis))


# ---------------------------------------------------------------- joining

def _arrays(arrays):
    return [a if hasattr(a, "dtype") else np.asarray(a) for a in arrays]


@compose(np.concatenate)
def concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """`join` of the arrays, flattened first if axis is None."""
    arrays = list(arrays)
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    y = join(*arrays, axis=axis)
    return y if dtype is None else y.astype(dtype)


@compose(np.stack)
def stack(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """concatenate, with a new axis each."""
    arrays = _arrays(arrays)
    if len({a.shape for a in arrays}) != 1:
        raise ValueError("all input arrays must have the same shape")
    return np.concatenate([np.expand_dims(a, axis) for a in arrays], axis, dtype=dtype)


@compose(np.vstack)
def vstack(tup, *, dtype=None, casting="same_kind"):
    """Joined along the first axis of two."""
    return np.concatenate([np.atleast_2d(a) for a in tup], 0, dtype=dtype)


@compose(np.hstack)
def hstack(tup, *, dtype=None, casting="same_kind"):
    """Joined along the second axis; vectors along their only one."""
    arrays = [np.atleast_1d(a) for a in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1, dtype=dtype)


@compose(np.dstack)
def dstack(tup):
    """Joined along the third axis."""
    return np.concatenate([np.atleast_3d(a) for a in tup], 2)


@compose(np.column_stack)
def column_stack(tup):
    """Joined along the second axis; vectors as columns."""
    return np.concatenate([a if a.ndim >= 2 else np.reshape(a, (-1, 1)) for a in _arrays(tup)], 1)


@compose(np.append)
def append(arr, values, axis=None):
    """concatenate of two, flattened first if axis is None."""
    return np.concatenate(_arrays([arr, values]), axis)


@compose(np.insert)
def insert(arr, obj, values, axis=None):
    """arr with values inserted before the places `obj`."""
    arr, values = _arrays([arr, values])
    arr, axis = (np.ravel(arr), 0) if axis is None else (arr, axis % arr.ndim)
    n = arr.shape[axis]
    values = np.reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        values = np.moveaxis(values, 0, axis)
    new = np.insert(np.arange(n), obj, 0).size - n
    new = values.shape[axis] if new == 1 else new
    index = np.insert(np.arange(n), obj, np.arange(n, n + new))
    values = np.broadcast_to(values, arr.shape[:axis] + (new,) + arr.shape[axis + 1:])
    return np.take(np.concatenate([arr, values], axis), index, axis)


@compose(np.delete)
def delete(arr, obj, axis=None):
    """arr without the entries at the places `obj`."""
    arr, axis = (np.ravel(arr), 0) if axis is None else (arr, axis)
    return np.take(arr, np.delete(np.arange(arr.shape[axis], like=raw(arr)), obj), axis)


@compose(np.block)
def block(arrays):
    """Nested lists of arrays, joined: the innermost along the last axis."""
    def depth(a):
        return 1 + max(map(depth, a)) if isinstance(a, list) else 0

    def ndim(a):
        return max(map(ndim, a)) if isinstance(a, list) else np.ndim(a)
    levels = depth(arrays)
    axes = max(levels, ndim(arrays))

    def build(a, level):
        if isinstance(a, list):
            return np.concatenate([build(b, level - 1) for b in a], -level)
        if level:
            raise ValueError(f"np.block: a list of depth {levels} with an array at depth "
                             f"{levels - level}")
        return np.reshape(a, (1,) * (axes - np.ndim(a)) + np.shape(a))
    return build(arrays, levels)


# ---------------------------------------------------------------- splitting

@compose(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    """A list of parts: as many as said, about equally long, or cut before the places given."""
    n = ary.shape[axis]
    if np.ndim(indices_or_sections):
        at = tuple([int(i) for i in indices_or_sections])
    else:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        short, longer = divmod(n, sections)
        at = tuple([i * short + min(i, longer) for i in range(1, sections)])
    if all(0 <= a <= b for a, b in zip((0, *at), (*at, n))):
        return list(cut(ary, at=at, axis=axis))
    ends = zip((0, *at), (*at, n))                  # negative places, or parts that overlap
    return [ary[along(axis, slice(a, b), ary.ndim)] for a, b in ends]


@compose(np.split)
def split(ary, indices_or_sections, axis=0):
    """array_split into parts of one length, or cut before the places given."""
    if np.ndim(indices_or_sections) == 0 and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return np.array_split(ary, indices_or_sections, axis)


def _split_along(least, axis_of):
    def split_along(ary, indices_or_sections):
        """split along the axis of the name."""
        if ary.ndim < least:
            raise ValueError(f"this split needs {least} axes, got shape {ary.shape}")
        return np.split(ary, indices_or_sections, axis_of(ary))
    return split_along


compose(np.vsplit)(_split_along(2, lambda ary: 0))
compose(np.hsplit)(_split_along(1, lambda ary: 0 if ary.ndim == 1 else 1))
compose(np.dsplit)(_split_along(3, lambda ary: 2))


@compose(getattr(np, "unstack", None))      # from NumPy 2.1
def unstack(x, /, *, axis=0):
    """The subarrays along an axis: a tuple."""
    if x.shape[axis] == 0:
        return ()
    return tuple([np.squeeze(part, axis) for part in np.split(x, x.shape[axis], axis)])


# ---------------------------------------------------------------- repeating

@compose(np.repeat)
def repeat(a, repeats, axis=None):
    """Every entry along the axis, `repeats` times (an integer, or one for each)."""
    if axis is None:
        a, axis = np.ravel(a), 0
    if np.ndim(repeats):
        index = np.repeat(np.arange(a.shape[axis], like=raw(a)), repeats)
        return np.take(a, index, axis=axis)
    axis %= a.ndim
    wide = a.shape[:axis + 1] + (repeats,) + a.shape[axis + 1:]
    tall = a.shape[:axis] + (a.shape[axis] * repeats,) + a.shape[axis + 1:]
    return np.reshape(np.broadcast_to(np.expand_dims(a, axis + 1), wide), tall)


@compose(np.tile)
def tile(A, reps):
    """A, laid side by side reps times along each axis."""
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    n = max(A.ndim, len(reps))
    shape, reps = (1,) * (n - A.ndim) + A.shape, (1,) * (n - len(reps)) + reps
    wide = [k for pair in zip(reps, shape) for k in pair]
    thin = [k for size in shape for k in (1, size)]
    return np.reshape(np.broadcast_to(np.reshape(A, thin), wide),
                      tuple([r * size for r, size in zip(reps, shape)]))


# ---------------------------------------------------------------- padding

@compose(np.pad)
def pad(array, pad_width, mode="constant", **options):
    """array with entries added before and after, along each axis.

    Modes constant, edge, reflect, symmetric, wrap, linear_ramp, mean, maximum and minimum.
    """
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, 0)) for i in range(array.ndim)]
        pad_width = [(w, w) if np.ndim(w) == 0 else w for w in pad_width]
    widths = _pairs(pad_width, array.ndim)
    if mode == "constant":
        return _pad_constant(array, widths, **options)
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        if options.get("reflect_type", "even") != "even":
            raise NotImplementedError("np.pad(reflect_type='odd') has no derivative rule: write it "
                                      "with np.flip and np.concatenate")
        for axis, width in enumerate(widths):
            if any(width):
                index = np.pad(np.arange(array.shape[axis], like=raw(array)), width, mode)
                array = np.take(array, index, axis)
        return array
    if mode not in _SIDES:
        raise NotImplementedError(f"np.pad(mode={mode!r}) has no derivative rule: write it with "
                                  "np.concatenate")
    for axis, (before, after) in enumerate(widths):
        if before or after:
            array = _SIDES[mode](array, axis, before, after, **options)
    return array


def _pairs(a, n):
    """`a` as n pairs of numbers."""
    return np.broadcast_to(a, (n, 2)).tolist()


def _pad_constant(x, widths, constant_values=0):
    if any(type(c) is Traced for c in np.ravel(np.asarray(constant_values, object))):
        raise TypeError("np.pad: constant_values has no derivative rule: use np.concatenate")
    inner = tuple([slice(a, a + n) for (a, _), n in zip(widths, x.shape)])
    shape = tuple([a + n + b for (a, b), n in zip(widths, x.shape)])
    y = scatter(x, index=inner, shape=shape)
    if np.ndim(constant_values) == 0 and constant_values == 0:
        return y
    return y + np.pad(np.zeros_like(raw(x)), widths, constant_values=constant_values)


def _statistic(fn, x, axis, before, after, stat_length=None):
    """The statistic of the `stat_length` first or last entries, repeated."""
    n = x.shape[axis]
    lengths = (n, n) if stat_length is None else _pairs(stat_length, x.ndim)[axis]
    first, last = min(lengths[0], n), min(lengths[1], n)
    sides = []
    for part, width in ((slice(0, first), before), (slice(n - last, n), after)):
        y = fn(x[along(axis, part, x.ndim)], axis=axis, keepdims=True)
        sides.append(np.repeat(y, width, axis))
    return np.concatenate([sides[0], x, sides[1]], axis)


def _ramp(x, axis, before, after, end_values=0):
    """Straight lines from the end values to the edges."""
    ends = _pairs(end_values, x.ndim)[axis]
    shape = [1] * x.ndim
    shape[axis] = -1
    sides = []
    for edge, width, end in ((slice(0, 1), before, ends[0]), (slice(-1, None), after, ends[1])):
        t = np.arange(width, like=raw(x), dtype=x.dtype).reshape(shape) / max(width, 1)
        sides.append(end + (x[along(axis, edge, x.ndim)] - end) * t)
    return np.concatenate([sides[0], x, np.flip(sides[1], axis)], axis)


_SIDES = {"linear_ramp": _ramp, "mean": functools.partial(_statistic, np.mean),
          "maximum": functools.partial(_statistic, np.max),
          "minimum": functools.partial(_statistic, np.min)}
