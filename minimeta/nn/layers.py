"""Layers: functions of arrays, with their weights as arguments and no state.

Each acts on the last axes and broadcasts over the leading ones, as NumPy's gufuncs do, so that one
call serves T tasks, with one set of weights or T.  Images are (..., N, H, W, C), channels last.

Read next: norm.py.
"""
import functools
import math

import numpy as np

from ..autodiff import defvjp, primitive
from ..autodiff.rules.linalg import matmul_a, matmul_b, product
from ..autodiff.rules.reductions import spread


def linear(x, w, b):
    """Outputs (..., N, h) of inputs x (..., N, d), weights w (..., d, h) and biases b (..., h)."""
    inputs, weights, biases = x.shape, w.shape, b.shape
    if len(inputs) < 2 or len(weights) < 2 or inputs[-1] != weights[-2] \
            or biases[-1] != weights[-1]:
        raise ValueError(f"linear takes x (..., N, d), w (..., d, h) and b (..., h): got "
                         f"{inputs}, {weights} and {biases}")
    return affine(x, w, b)


@primitive(inline=True)
def affine(x, w, b):
    """x w + b, as one call; the arguments are those of `linear`."""
    if w.ndim == 2 and x.ndim > 2:      # one large product in place of one for each leading index
        y = product(x.reshape((-1, x.shape[-1])), w).reshape(x.shape[:-1] + w.shape[-1:])
    else:
        y = product(x, w)
    return y + b[..., None, :]


@primitive(inline=True)
def row_sums(g):
    """Sums (..., h) of g (..., N, h) over its rows: a product with ones, faster than np.sum."""
    n = g.shape[-2]
    ones = _ones(n, g.dtype) if type(g) is np.ndarray else np.ones_like(g, shape=(1, n))
    return np.matmul(ones, g)[..., 0, :]


@functools.lru_cache(64)
def _ones(n, dtype):
    return np.ones((1, n), dtype)


defvjp(affine, matmul_a, matmul_b, lambda g, y, x, w, b: row_sums(g))
defvjp(row_sums, lambda h, y, g: spread(h, g, -2, False))


@primitive(inline=True)
def relu(x):
    """max(x, 0), elementwise, in the shape of x; the derivative at 0 is 0."""
    return np.maximum(x, 0)


defvjp(relu, lambda g, y, *_: g * (y > 0))


def flatten(x):
    """Vectors (..., N, H*W*C) of images (..., N, H, W, C)."""
    check_images("flatten", x)
    return x.reshape(x.shape[:-3] + (math.prod(x.shape[-3:]),))


# ---------------------------------------------------------------- 2x2 max pooling

@primitive
def max_pool(x):
    """Maxima (..., N, H//2, W//2, C) over the 2x2 windows of images (..., N, H, W, C).

    An odd last row or column is left out.  Entries of a window that tie share its cotangent
    equally.
    """
    check_images("max_pool", x)
    a, b, c, d = _corners(x)
    y = np.maximum(a, b)
    for corner in (c, d):
        y = np.maximum(y, corner, out=y)
    return y


@primitive
def spread_to_windows(g, share):
    """Adjoint of `sum_windows`: g (..., H//2, W//2, C), handed to 2x2 windows by their share."""
    x = np.zeros_like(share, dtype=g.dtype, shape=g.shape[:-3] + share.shape[-3:])
    for under, part in zip(_corners(x), _corners(share)):
        np.multiply(g, part, out=under)
    return x


@primitive
def sum_windows(x, share):
    """Sums (..., H//2, W//2, C) of x (..., H, W, C), weighted by share, over 2x2 windows."""
    a, b, c, d = (under * part for under, part in zip(_corners(x), _corners(share)))
    return a + b + (c + d)


@primitive
def winners(x, y):
    """The share of each entry of x in the maximum y of its 2x2 window: (..., H, W, C), sums 1."""
    wins = [corner == y for corner in _corners(x)]
    count = sum(win.astype(y.dtype) for win in wins)
    share = np.zeros_like(x)
    for part, win in zip(_corners(share), wins):
        np.divide(win, count, out=part)
    return share


def _zero(*_):
    """No cotangent: the shares are piecewise constant."""


defvjp(max_pool,
       lambda g, y, x: spread_to_windows(g, winners(x, y)))
defvjp(winners,
       _zero, _zero)
defvjp(spread_to_windows,
       lambda h, x, g, share: sum_windows(h, share), _zero)
defvjp(sum_windows,
       lambda h, y, x, share: spread_to_windows(h, share), _zero)


def _corners(x):
    """The four entries of each 2x2 window: views (..., H//2, W//2, C)."""
    rows, cols = x.shape[-3] // 2 * 2, x.shape[-2] // 2 * 2
    return [x[..., i:rows:2, j:cols:2, :] for i in (0, 1) for j in (0, 1)]


def check_images(name, x):
    """Raise unless x (..., N, H, W, C) has the axes of images."""
    if x.ndim < 4:
        raise ValueError(f"{name} takes images (..., N, H, W, C), channels last: got shape "
                         f"{x.shape}")
