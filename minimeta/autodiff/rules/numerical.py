"""Differences, integrals, grids and one-dimensional convolution.

Read next: polynomials.py.
"""
import math

import numpy as np

from ..table import compose, defvjp
from ..trace import primitive, raw
from .joins import along


def _array(a):
    return a if hasattr(a, "dtype") else np.asarray(a)


def _as_in(a, number):
    """A plain number as an array where `a` is, on the host or a device."""
    if hasattr(number, "dtype") or np.ndim(number):
        return _array(number)
    return np.full_like(raw(a), number, shape=(), dtype=np.asarray(number).dtype)


# ---------------------------------------------------------------- differences and integrals

@compose(np.diff)
def diff(a, n=1, axis=-1, prepend=None, append=None):
    """a[1:] - a[:-1] along the axis, n times."""
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if n == 0:
        return a
    a = _array(a)
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis %= a.ndim
    shape = a.shape[:axis] + (1,) + a.shape[axis + 1:]
    ends = [e if e is None or np.ndim(e) else np.broadcast_to(_as_in(a, e), shape)
            for e in (prepend, append)]
    if prepend is not None or append is not None:
        a = np.concatenate([e for e in (ends[0], a, ends[1]) if e is not None], axis)
    for _ in range(n):
        a = a[along(axis, slice(1, None), a.ndim)] - a[along(axis, slice(None, -1), a.ndim)]
    return a


@compose(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2 * math.pi):
    """p and whole periods, so that neighbours differ by at most half of one."""
    p = _array(p)
    dtype = np.result_type(raw(p), raw(period))
    turns = (np.unwrap(raw(p), raw(discont), axis, period=raw(period)) - raw(p)) / raw(period)
    return (p + np.rint(turns).astype(dtype) * period).astype(dtype)


@compose(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """Differences of the flattened array, between given ends."""
    ary = _array(ary)
    parts = (to_begin, np.diff(np.ravel(ary)), to_end)
    parts = [np.ravel(_as_in(ary, p)).astype(ary.dtype) for p in parts if p is not None]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@compose(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """Differences of second order inside, one-sided at the edges; one array an axis."""
    f = _array(f)
    axes = range(f.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    steps = [1.0] * len(axes) if not varargs else varargs * (len(axes) if len(varargs) == 1 else 1)
    if len(steps) != len(axes):
        raise TypeError("invalid number of arguments")
    if edge_order not in (1, 2):
        raise ValueError("np.gradient: edge_order is 1 or 2")
    found = [_gradient(f, step, i % f.ndim, edge_order) for i, step in zip(axes, steps)]
    return found[0] if len(found) == 1 else tuple(found)


def _gradient(f, step, axis, edge_order):
    f = np.moveaxis(f, axis, -1)
    n = f.shape[-1]
    if n <= edge_order:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least "
                         "(edge_order + 1) elements are required.")
    if np.ndim(step):
        h = np.diff(step)
        if h.shape != (n - 1,):
            raise ValueError("when 1d, distances must match the length of the corresponding "
                             "dimension")
        slope = np.diff(f) / h
        # the parabola through three points, at the one in the middle
        left, right = h[:-1] / (h[:-1] + h[1:]), h[1:] / (h[:-1] + h[1:])
    else:
        slope = np.diff(f) / step
        left = right = 0.5
    inner = right * slope[..., :-1] + left * slope[..., 1:]
    first, last = slope[..., :1], slope[..., -1:]
    if edge_order == 2:
        # and at its ends: the chord's slope twice, less the one in the middle
        first, last = 2 * first - inner[..., :1], 2 * last - inner[..., -1:]
    return np.moveaxis(np.concatenate([first, inner, last], -1), -1, axis)


@compose(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """sum of h (y[i] + y[i + 1]) / 2"""
    y, x = _array(y), x if x is None else _array(x)
    if x is not None:
        dx = np.diff(x, axis=axis) if x.ndim > 1 else np.reshape(
            np.diff(x), (-1,) + (1,) * (y.ndim - 1 - axis % y.ndim))
    ends = y[along(axis, slice(1, None), y.ndim)] + y[along(axis, slice(None, -1), y.ndim)]
    return np.sum(dx * ends, axis=axis) / 2


# ---------------------------------------------------------------- grids

@compose(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Vectors as coordinates of a grid: an array of the grid's shape each."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n, grids = len(xi), []
    for i, x in enumerate(xi):
        place = 1 - i if indexing == "xy" and n > 1 and i < 2 else i
        grids.append(np.reshape(x, (1,) * place + (-1,) + (1,) * (n - place - 1)))
    return tuple(grids) if sparse else np.broadcast_arrays(*grids)


def _steps(start, stop, num, endpoint):
    """num fractions from 0 to 1 on the first axis, for ends of these shapes."""
    like = np.ravel(raw(start) if hasattr(start, "dtype") else raw(stop))     # of 0-d too
    dtype = np.result_type(raw(start), raw(stop), float(num))
    t = np.arange(num, like=like).astype(dtype) / max(num - 1 if endpoint else num, 1)
    return t.reshape((-1,) + (1,) * max(np.ndim(start), np.ndim(stop)))


@compose(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0, *, device=None):
    """start + t (stop - start), t from 0 to 1."""
    start, stop = (np.asarray(a) if isinstance(a, (list, tuple)) else a for a in (start, stop))
    y = start + _steps(start, stop, num, endpoint) * (stop - start)
    y = np.moveaxis(y if dtype is None else y.astype(dtype), 0, axis)
    steps = num - 1 if endpoint else num
    return (y, (stop - start) / steps if steps > 0 else np.nan) if retstep else y


@compose(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """base ** linspace(start, stop)"""
    y = base ** np.linspace(start, stop, num, endpoint, axis=axis)
    return y if dtype is None else y.astype(dtype)


@compose(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """start (stop / start) ** t, t from 0 to 1; ends of one sign; float64, as in NumPy."""
    start, stop = (np.asarray(a) if isinstance(a, (list, tuple)) else a for a in (start, stop))
    y = np.moveaxis(start * (stop / start) ** _steps(start, stop, num, endpoint), 0, axis)
    return y.astype(np.result_type(y.dtype, np.float64) if dtype is None else dtype)


# ---------------------------------------------------------------- convolution

@primitive
def polynomial_product(a, v):
    """sum_j a[j] v[i - j]: vectors of lengths n and m, to n + m - 1."""
    return np.convolve(a, v)


def _lag(g, a, v):
    """sum_j g[i + j] v[j], as long as a."""
    m = v.shape[0]
    return polynomial_product(g, np.flip(v, 0))[m - 1:m - 1 + a.shape[0]]


defvjp(polynomial_product, lambda g, y, a, v: _lag(g, a, v), lambda g, y, a, v: _lag(g, v, a))


def _overlap(full, n, m, mode, start):
    if mode == "full":
        return full
    if mode == "valid":
        return full[min(n, m) - 1:max(n, m)]
    if mode == "same":
        return full[start:start + max(n, m)]
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full', got {mode!r}")


def _vectors(a, v):
    a, v = np.atleast_1d(a, v)
    if a.ndim > 1 or v.ndim > 1 or a.size == 0 or v.size == 0:
        raise ValueError(f"convolution of vectors that are not empty, got shapes {a.shape} and "
                         f"{v.shape}")
    return a, v


@compose(np.convolve)
def convolve(a, v, mode="full"):
    """sum_j a[j] v[i - j]"""
    a, v = _vectors(a, v)
    n, m = a.size, v.size
    return _overlap(polynomial_product(a, v), n, m, mode, (min(n, m) - 1) // 2)


@compose(np.correlate)
def correlate(a, v, mode="valid"):
    """sum_j a[i + j] conj(v[j])"""
    a, v = _vectors(a, v)
    n, m = a.size, v.size
    v = np.flip(np.conj(v) if np.iscomplexobj(v) else v, 0)
    start = (m - 1) // 2 if n >= m else n // 2
    return _overlap(polynomial_product(a, v), n, m, mode, start)


@compose(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """func1d of every vector along the axis."""
    moved = np.moveaxis(_array(arr), axis, -1)
    lead = moved.shape[:-1]
    rows = [func1d(moved[i], *args, **kwargs) for i in np.ndindex(lead)]
    y = np.reshape(np.stack(rows), lead + np.shape(rows[0]))
    n, axis = len(lead), axis % arr.ndim
    order = [*range(axis), *range(n, y.ndim), *range(axis, n)]
    return np.transpose(y, order)


@compose(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    """func(a, axis) for one axis after another; an axis that it takes away is put back."""
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        axis %= a.ndim
        y = func(a, axis)
        a = y if y.ndim == a.ndim else np.expand_dims(y, axis)
    return a
