"""Choosing entries: by index, by condition, on diagonals and triangles.

Read next: order.py.
"""
import numpy as np

from ..table import FUNCTIONS, compose, defvjp
from ..trace import call, plain, raw
from .shapes import scatter

plain(np.argsort, np.argpartition, np.argwhere, np.nonzero, np.flatnonzero, np.searchsorted,
      np.digitize, np.lexsort, np.isin, np.ix_, np.unravel_index, np.ravel_multi_index,
      np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)

# the condition is read, and has no derivative
defvjp(np.where, None, lambda g, y, c, a, b: np.where(c, g, 0),
                       lambda g, y, c, a, b: np.where(c, 0, g))
FUNCTIONS[np.where] = lambda condition, *ab: (
    call(np.where, raw(condition), *ab) if ab else np.where(raw(condition)))


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


@compose(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """a[..., indices, ...]; indices that are too large wrap around or are clipped, if told so."""
    if axis is None:
        a, axis = np.ravel(a), 0
    if not hasattr(indices, "dtype"):
        indices = np.asarray(indices, None if np.size(indices) else int, like=raw(a))
    if mode != "raise":
        n = a.shape[axis]
        indices = indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)
    return a[(slice(None),) * (axis % a.ndim) + (indices,)]


@compose(np.compress)
def compress(condition, a, axis=None, out=None):
    """The entries along the axis where the condition holds."""
    return np.take(a, np.asarray(np.flatnonzero(raw(condition)), like=raw(a)), axis)


@compose(np.extract)
def extract(condition, arr):
    """The entries, flattened, where the condition holds."""
    return np.take(np.ravel(arr), np.flatnonzero(raw(condition)))


@compose(np.select)
def select(condlist, choicelist, default=0):
    """Entries of the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("np.select needs one choice a condition")
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        y = np.where(condition, choice, y)
    return y


@compose(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """Entries of choices[a]."""
    a, *choices = np.broadcast_arrays(raw(a), *choices)
    if mode != "raise":
        a = a % len(choices) if mode == "wrap" else np.clip(a, 0, len(choices) - 1)
    return np.take_along_axis(np.stack(choices), np.expand_dims(a, 0), 0)[0]


def _mask(condition):
    condition = raw(condition)
    return condition.astype(bool) if hasattr(condition, "dtype") else np.asarray(condition, bool)


@compose(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """funclist[i], a function or a number, of the entries of x where condlist[i] is the last."""
    several = isinstance(condlist, (list, tuple)) or np.ndim(raw(condlist))
    if not several or (np.ndim(raw(condlist[0])) == 0 and x.ndim):
        condlist = [raw(condlist)]
    masks = [np.broadcast_to(_mask(c), x.shape) for c in condlist]
    if len(funclist) == len(masks) + 1:
        masks.append(~np.any(np.stack(masks), axis=0))
    elif len(funclist) != len(masks):
        raise ValueError(f"np.piecewise: {len(masks)} conditions need as many functions, or one "
                         f"more, got {len(funclist)}")
    y, later = np.zeros_like(raw(x)), np.zeros_like(raw(x), dtype=bool)
    for mask, f in zip(reversed(masks), reversed(funclist)):
        mask, later = mask & ~later, mask | later
        part = x[mask]
        value = f(part, *args, **kw) if callable(f) else f
        y = y + scatter(np.ones_like(raw(part)) * value, index=mask, shape=x.shape)
    return y


# ---------------------------------------------------------------- diagonals and triangles

@compose(np.diag)
def diag(v, k=0):
    """The matrix with v on a diagonal, or the diagonal of a matrix."""
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    m, n = v.size, v.size + abs(k)
    start = k if k > 0 else -k * n
    index = (slice(start, start + m * (n + 1) - n if m else start, n + 1),)
    return np.reshape(scatter(v, index=index, shape=(n * n,)), (n, n))


@compose(np.diagflat)
def diagflat(v, k=0):
    """The matrix with the entries of v on a diagonal."""
    return np.diag(np.ravel(v), k)


def _triangle(m, k):
    rows, columns = m.shape[-2:] if m.ndim > 1 else 2 * m.shape
    return np.tri(rows, columns, k, dtype=bool, like=raw(m))


@compose(np.tril)
def tril(m, k=0):
    """The entries on and below a diagonal; 0 above."""
    return np.where(_triangle(m, k), m, 0)


@compose(np.triu)
def triu(m, k=0):
    """The entries on and above a diagonal; 0 below."""
    return np.where(_triangle(m, k - 1), 0, m)


@compose(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    """The weights, added up by the integers in x."""
    x = raw(x) if hasattr(x, "dtype") else np.asarray(x)
    if weights is None:
        return np.bincount(x, minlength=minlength)
    n = np.bincount(x, minlength=minlength).shape[0]
    x = np.asarray(x, like=raw(weights))
    return scatter(weights.astype(np.float64), index=(x,), shape=(n,))
