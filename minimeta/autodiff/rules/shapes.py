"""Shapes and indexing: functions that move entries about and compute nothing.

Read next: linalg.py.
"""
import numpy as np

from ..table import FUNCTIONS, WRITERS, compose, defvjp
from ..trace import Traced, _getitem, call, getitem, plain, primitive, raw, record


@primitive
def scatter(g, index=None, shape=None):
    """Zeros of `shape` with g added at `index`: the transpose of indexing."""
    out = np.zeros_like(g, shape=shape)
    if _no_repeats(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def _no_repeats(index):
    """Whether `index` names no entry twice: slices, integers, one boolean mask."""
    parts = index if type(index) is tuple else (index,)
    arrays = [i for i in parts if hasattr(i, "dtype") and i.ndim]
    return not arrays or (len(arrays) == 1 and arrays[0].dtype == bool)


@primitive(inline=True)
def astype(x, dtype=None):
    """x in another floating-point type; its cotangent goes back to x's own."""
    return x.astype(dtype)


@primitive(inline=True)
def join(*arrays, axis=0):
    """np.concatenate, an operand each."""
    return np.concatenate(arrays, axis=axis)


def _join_vjp(i, g, y, *arrays, axis=0):
    start = sum(a.shape[axis] for a in arrays[:i])
    index = [slice(None)] * g.ndim
    index[axis] = slice(start, start + arrays[i].shape[axis])
    return g[tuple(index)]


@primitive(inline=True)
def spread_to(x, shape=None):
    """np.broadcast_to"""
    return np.broadcast_to(x, shape)


def _as_given(g, y, x, *_, **__):
    return np.reshape(g, x.shape)


def _transpose_vjp(g, y, x, axes=None):
    # plain integers: an argsort by NumPy would be an array on the wrong device
    axes = axes and [a % x.ndim for a in axes]
    return np.transpose(g, axes and sorted(range(len(axes)), key=axes.__getitem__))


defvjp(_getitem,       lambda g, y, x, index: scatter(g, index=index, shape=x.shape))
defvjp(scatter,        lambda g, y, x, index, shape: getitem(g, index))
defvjp(astype,         lambda g, *_, dtype: g)
defvjp(join,           each=_join_vjp)
defvjp(spread_to,      lambda g, *_, shape: g)
defvjp(np.reshape,     _as_given)
defvjp(np.ravel,       _as_given)
defvjp(np.squeeze,     _as_given)
defvjp(np.expand_dims, _as_given)
defvjp(np.transpose,   _transpose_vjp)
defvjp(np.swapaxes,    lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
defvjp(np.moveaxis,    lambda g, y, x, source, destination: np.moveaxis(g, destination, source))
defvjp(np.flip,        lambda g, y, x, axis=None: np.flip(g, axis))
defvjp(np.roll,        lambda g, y, x, shift, axis=None: np.roll(g, _negated(shift), axis))

plain(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.argsort,
      np.argpartition, np.nonzero, np.flatnonzero, np.searchsorted, np.result_type,
      np.array2string, np.array_repr, np.array_str, np.may_share_memory, np.shares_memory)
WRITERS.update({np.copyto: "np.where, or np.full_like of a plain number times the traced one",
                np.put: "np.where", np.place: "np.where", np.putmask: "np.where",
                np.fill_diagonal: "np.where, or x + np.diag(...)",
                np.put_along_axis: "np.where"})


def _negated(shift):
    return tuple(-s for s in shift) if isinstance(shift, tuple) else -shift


def _astype(x, dtype, /, order="K", casting="unsafe", subok=True, copy=True, *, device=None):
    """x.astype(dtype): plain where dtype is not a floating-point type."""
    dtype = np.dtype(dtype)
    if dtype == x.dtype:
        return x
    if dtype.kind not in "fc":          # integers and booleans have no derivative
        return raw(x).astype(dtype)
    return astype(x, dtype=dtype)


Traced.astype = _astype
if hasattr(np, "astype"):        # from NumPy 2.1
    FUNCTIONS[np.astype] = _astype


@compose(np.broadcast_to)
def broadcast_to(array, shape, subok=False):
    """array, repeated to shape."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return array if shape == array.shape else spread_to(array, shape=shape)


@compose(np.concatenate)
def concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """`join` of the arrays, flattened first if axis is None."""
    if out is not None or dtype is not None:
        raise TypeError("np.concatenate(out=, dtype=) of traced arrays: convert the result")
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    return join(*arrays, axis=axis)


@compose(np.stack)
def stack(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """concatenate, with a new axis each."""
    arrays = [a if hasattr(a, "dtype") else np.asarray(a) for a in arrays]
    if len({a.shape for a in arrays}) != 1:
        raise ValueError("all input arrays must have the same shape")
    return np.concatenate([np.expand_dims(a, axis) for a in arrays], axis, out=out, dtype=dtype)


@compose(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    """arr[..., indices, ...] along one axis."""
    if axis is None:
        return np.ravel(arr)[indices]
    axis %= arr.ndim
    index = []
    for i, n in enumerate(arr.shape):
        shape = [1] * arr.ndim
        shape[i] = n
        index.append(indices if i == axis else np.arange(n, like=raw(arr)).reshape(shape))
    return arr[tuple(index)]


@compose(np.repeat)
def repeat(a, repeats, axis=None):
    """Every entry along the axis, `repeats` times (an integer, or one for each)."""
    if axis is None:
        a, axis = np.ravel(a), 0
    if np.ndim(repeats):
        index = np.repeat(np.arange(a.shape[axis]), repeats)
        return np.take(a, index, axis=axis)
    axis %= a.ndim
    wide = a.shape[:axis + 1] + (repeats,) + a.shape[axis + 1:]
    tall = a.shape[:axis] + (a.shape[axis] * repeats,) + a.shape[axis + 1:]
    return np.reshape(np.broadcast_to(np.expand_dims(a, axis + 1), wide), tall)


@compose(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """a[..., indices, ...]"""
    if out is not None or mode != "raise":
        raise TypeError("np.take(out=, mode=) of a traced array: wrap the indices yourself")
    if axis is None:
        return np.ravel(a)[indices]
    return a[(slice(None),) * (axis % a.ndim) + (indices,)]


FUNCTIONS[np.where] = lambda *args: call(np.where, *args) if len(args) == 3 else np.nonzero(*args)
FUNCTIONS[np.full_like] = lambda a, fill_value, **kwargs: (
    np.ones_like(raw(a), **kwargs) * fill_value if type(fill_value) is Traced
    else np.full_like(raw(a), fill_value, **kwargs))
FUNCTIONS[np.copy] = lambda a, *args, **kwargs: record(np.positive, a)
