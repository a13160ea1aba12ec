"""Shapes: functions that move entries about and compute nothing.

Read next: joins.py.
"""
import math

import numpy as np

from ..table import FUNCTIONS, QUICK, WRITERS, compose, defvjp
from ..trace import Traced, _getitem, getitem, on_plain, plain, primitive, raw, record


@primitive
def scatter(g, index=None, shape=None):
    """Zeros of `shape` with g added at `index`: the transpose of indexing."""
    if type(g) is np.ndarray or _no_repeats(index):
        out = np.zeros_like(g, shape=shape)
        if _no_repeats(index):
            out[index] = g
        else:
            np.add.at(out, index, g)
        return out
    # CuPy adds at one array of integers, and real numbers only
    if g.dtype.kind == "c":
        return scatter(g.real, index=index, shape=shape) + 1j * scatter(g.imag, index=index,
                                                                       shape=shape)
    places = np.arange(math.prod(shape), like=g).reshape(shape)[index]
    out = np.zeros_like(g, shape=(math.prod(shape),))
    np.add.at(out, places.reshape(-1), np.broadcast_to(g, places.shape).reshape(-1))
    return out.reshape(shape)


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
def spread_to(x, shape=None):
    """np.broadcast_to"""
    return np.broadcast_to(x, shape)


@primitive
def reshaped(x, shape=None):
    """np.reshape, whose argument CuPy calls newshape."""
    return np.reshape(x, shape)


def _as_given(g, y, x, *_, **__):
    return g.reshape(x.shape)


def _transpose_vjp(g, y, x, axes=None):
    # plain integers: an argsort by NumPy would be an array on the wrong device
    axes = axes and [a % x.ndim for a in axes]
    return np.transpose(g, axes and sorted(range(len(axes)), key=axes.__getitem__))


defvjp(_getitem,       lambda g, y, x, index: scatter(g, index=index, shape=x.shape))
defvjp(scatter,        lambda g, y, x, index, shape: getitem(g, index))
defvjp(astype,         lambda g, *_, dtype: g)
defvjp(spread_to,      lambda g, *_, shape: g)
defvjp(reshaped,       _as_given)
defvjp(np.ravel,       _as_given)
defvjp(np.squeeze,     _as_given)
defvjp(np.expand_dims, _as_given)
defvjp(np.transpose,   _transpose_vjp)
defvjp(np.swapaxes,    lambda g, y, x, axis1, axis2: g.swapaxes(axis1, axis2))
defvjp(np.moveaxis,    lambda g, y, x, source, destination: np.moveaxis(g, destination, source))
defvjp(np.flip,        lambda g, y, x, axis=None: np.flip(g, axis))
defvjp(np.roll,        lambda g, y, x, shift, axis=None: np.roll(g, _negated(shift), axis))

QUICK[np.swapaxes] = lambda x, axis1, axis2: x.swapaxes(axis1, axis2)

plain(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.result_type,
      np.can_cast, np.min_scalar_type, np.common_type, np.array2string, np.array_repr,
      np.array_str, np.may_share_memory, np.shares_memory)
# asked for so often that it pays to ask the array itself
FUNCTIONS[np.shape] = lambda a: a.shape if type(a) is Traced else on_plain(np.shape, "__call__", a)
FUNCTIONS[np.ndim] = lambda a: a.ndim if type(a) is Traced else on_plain(np.ndim, "__call__", a)
WRITERS.update({np.copyto: "np.where, or np.full_like of a plain number times the traced one",
                np.put: "np.where", np.place: "np.where", np.putmask: "np.where",
                np.fill_diagonal: "np.where, or x + np.diag(...)",
                np.put_along_axis: "np.where"})


def _negated(shift):
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


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


def _rows_first(order, a):
    """Whether the entries of a are read row by row, and not column by column."""
    if order in ("A", "K"):                     # as it lies in memory
        flags = raw(a).flags
        if order == "K" and not flags.c_contiguous and not flags.f_contiguous:
            raise NotImplementedError("order='K' of an array that is a view has no derivative "
                                      "rule: use 'C' or 'F'")
        return flags.c_contiguous or not flags.f_contiguous
    return order == "C"


@compose(np.reshape)
def reshape(a, /, shape=None, order="C", *, newshape=None, copy=None):
    """The entries in another shape."""
    shape = newshape if shape is None else shape
    if _rows_first(order, a):
        return reshaped(a, shape=shape)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return np.transpose(reshaped(np.transpose(a), shape=shape[::-1]))


@compose(np.ravel)
def ravel(a, order="C"):
    """The entries as a vector."""
    return record(np.ravel, a if _rows_first(order, a) else np.transpose(a))


@compose(np.broadcast_to)
def broadcast_to(array, shape, subok=False):
    """array, repeated to shape."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return array if shape == array.shape else spread_to(array, shape=shape)


@compose(np.broadcast_arrays)
def broadcast_arrays(*arrays, subok=False):
    """All arrays, repeated to their common shape: a tuple."""
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple([np.broadcast_to(a, shape) for a in arrays])


@compose(np.matrix_transpose)
def matrix_transpose(x, /):
    """The last two axes, exchanged."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose needs two axes, got shape {x.shape}")
    return np.swapaxes(x, -1, -2)


@compose(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """x[i:i + w] for every i, the windows on axes of their own at the end."""
    widths = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) != len(widths):
        raise ValueError(f"windows of {len(widths)} axes for {len(axes)} axes of x")
    for width, k in zip(widths, axes):
        k, n = k % x.ndim, x.shape[k] - width + 1
        if width < 0 or n < 1:
            raise ValueError("window shape cannot be larger than input array shape")
        i = np.arange(n, like=raw(x))[:, None] + np.arange(width, like=raw(x))
        x = np.moveaxis(np.take(x, i, k), k + 1, -1)
    return x


@compose(np.rollaxis)
def rollaxis(a, axis, start=0):
    """The axis moved until it lies before the axis `start`."""
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@compose(np.fliplr)
def fliplr(m):
    """Columns in reverse."""
    if m.ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return np.flip(m, 1)


@compose(np.flipud)
def flipud(m):
    """Rows in reverse."""
    return np.flip(m, 0)


@compose(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    """k quarter turns in the plane of two axes."""
    if m.ndim < 2 or len(axes) != 2 or axes[0] % m.ndim == axes[1] % m.ndim:
        raise ValueError(f"rot90 needs two axes, got {axes} of shape {m.shape}")
    first, second = (i % m.ndim for i in axes)
    k %= 4
    if k == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    if k == 3:
        return np.flip(np.swapaxes(m, first, second), second)
    return np.flip(m, (first, second)) if k else m


def _at_least(n, place):
    def at_least(*arrays):
        """Each array with the axes that it lacks; a tuple for several."""
        arrays = [a if hasattr(a, "dtype") else np.asarray(a) for a in arrays]
        arrays = [a if a.ndim >= n else np.reshape(a, place(a.shape)) for a in arrays]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)
    return at_least


compose(np.atleast_1d)(_at_least(1, lambda shape: (1,)))
compose(np.atleast_2d)(_at_least(2, lambda shape: (1, *shape) if shape else (1, 1)))
compose(np.atleast_3d)(_at_least(3, lambda shape: (*(1, *shape)[-2:], 1) if shape else (1, 1, 1)))


@compose(np.resize)
def resize(a, new_shape):
    """The entries of a in turn, again and again, in the new shape."""
    a = np.ravel(a)
    new_shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    n = int(np.prod(new_shape))
    if a.size == 0:
        return np.zeros_like(raw(a), shape=new_shape)
    return np.reshape(np.tile(a, -(-n // a.size))[:n], new_shape)


FUNCTIONS[np.full_like] = lambda a, fill_value, *args, **kwargs: (
    np.ones_like(raw(a), *args, **kwargs) * fill_value if type(fill_value) is Traced
    else np.full_like(raw(a), fill_value, *args, **kwargs))
FUNCTIONS[np.copy] = lambda a, *args, **kwargs: record(np.positive, a)
