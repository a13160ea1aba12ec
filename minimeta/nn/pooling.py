"""ReLU, batch norm and 2x2 max pooling as one: pooled first, a quarter of the work remains.

Pooling and a rising function change places, and gamma (x - mean) / sqrt(var + eps) + beta rises
with gamma's sign times x.  So the maxima of sign x are taken first, and times sign again; where
gamma is zero all entries of a window tie, and what counts is their mean.

With s the share of an entry in its window (which the entries that tie have equally), and M the
number of entries of a channel, the three functions of a map x

    p = sum s x (over a window)    mean = sum x / M    var = sum (x - mean)^2 / M

have the derivative `spread` of (p', a, b), S p' + a (x - mean) + b, whose adjoint is `gathered`:
again three sums.  Each is the other's derivative, so every order is covered.

Read next: losses.py.
"""
import math

import numpy as np

from ..autodiff import defvjp, primitive, stop_gradient
from ..pieces import buffer, each_piece, run, strands_of
from .layers import check_images
from .norm import (channel_sums, combined, flat_rows, image_bytes, moments_of, normalise, of_tasks,
                   one_task_axis, rows, scale)


def norm_relu_pool(x, gamma, beta, stats=None, eps=1e-5):
    """(y, (mean, var)): max_pool(relu(batch_norm(x, gamma, beta, stats, eps))), and x's moments.

    Images x (..., N, H, W, C) become y (..., N, H//2, W//2, C); the rest is (..., C).
    """
    pooled, *own = pooled_moments(x, np.sign(stop_gradient(gamma)))
    mean, var = own if stats is None else stats
    return normalise(pooled, mean, gamma / np.sqrt(var + eps), beta, rectify=True), tuple(own)


@primitive
def pooled_moments(x, sign):
    """(p, mean, var) of images x (..., N, H, W, C): the entry of each 2x2 window whose product
    with sign (..., C) is largest, (..., N, H//2, W//2, C), and the moments (..., C)."""
    check_images("max_pool", x)
    lead = np.broadcast_shapes(x.shape[:-4], sign.shape[:-1])
    x, shape = one_task_axis(x, lead)
    sign = Sign(sign, lead, x.shape[-2])
    height, width = x.shape[2] // 2, x.shape[3] // 2
    pooled = np.empty_like(x, shape=x.shape[:2] + (height, width, x.shape[-1]), order="C")

    def piece(t, n):
        part, out = x[t, n], pooled[t, n]
        up = sign.times(part, t)
        lines = flat_lines(up[:, :, :2 * height])
        top = buffer("top", x, part.shape[:2] + (height,) + part.shape[3:])
        np.maximum(lines[:, :, 0::2], lines[:, :, 1::2], out=flat_lines(top))
        np.maximum(top[..., 0:2 * width:2, :], top[..., 1:2 * width:2, :], out=out)
        sign.restore(out, part, t)
        return moments_of(part)
    strands = strands_of(x, 2 * image_bytes(x))
    parts = each_piece(piece, strands)
    return (pooled.reshape(lead + pooled.shape[1:]),
            *(a.reshape(shape) for a in combined(*parts, x, strands)))


@primitive
def spread(g, x, mean, a, b, pooled, sign):
    """S g + a (x - mean) + b: images (..., N, H, W, C); g is like pooled, the rest is (..., C).

    S hands g out in each 2x2 window by the shares of the entries of x in its maximum.
    """
    x, lead, sign, pooled, mean, a, b = _operands(x, sign, pooled, mean, a, b)
    g, b = one_task_axis(g, lead)[0], b - a * mean      # a (x - mean) + b = a x + (b - a mean)
    y = np.empty_like(x, order="C")

    def piece(strand, t, n):
        out = y[t, n]
        np.multiply(flat_rows(x[t, n]), of_tasks(a, t), out=flat_rows(out))
        line = flat_rows(out)
        line += of_tasks(b, t)
        wins, ties = _wins(sign.times(x[t, n], t), sign.times(pooled[t, n], t))
        given = g[t, n] if ties is None else g[t, n] / ties
        inside = _inside(out, given)
        inside += np.multiply(_wide(given, "given"), wins, out=buffer("shares", x, wins.shape))
    run(piece, strands_of(x, 2 * image_bytes(x)))
    return y.reshape(lead + y.shape[1:])


@primitive
def gathered(h, x, mean, pooled, sign):
    """(S' h, sum h, sum h (x - mean)) of images h (..., N, H, W, C): the adjoint of `spread`."""
    x, lead, sign, pooled, mean = _operands(x, sign, pooled, mean)
    h, shape = one_task_axis(h, lead)
    y = np.empty_like(pooled, order="C")

    def piece(t, n):
        out, given = y[t, n], h[t, n]
        wins, ties = _wins(sign.times(x[t, n], t), sign.times(pooled[t, n], t))
        kept = np.multiply(_inside(given, out), wins, out=buffer("shares", x, wins.shape))
        top = kept[:, :, :, 0] + kept[:, :, :, 1]
        top = top.reshape(out.shape[:4] + (2,) + out.shape[4:])
        np.add(top[..., 0, :], top[..., 1, :], out=out)
        if ties is not None:
            out /= ties
        product = np.subtract(flat_rows(x[t, n]), of_tasks(mean, t),
                              out=buffer("product", x, flat_rows(given).shape))
        product *= flat_rows(given)
        return channel_sums(given, x), channel_sums(product, x)
    parts = each_piece(piece, strands_of(x, 2 * image_bytes(x)))
    return (y.reshape(lead + y.shape[1:]),
            *(np.sum(p.reshape(len(x), -1, x.shape[-1]), axis=1).reshape(shape) for p in parts))


def _spread_rule(h, y, g, x, mean, a, b, pooled, sign):
    back, total, product = gathered(h, x, mean, pooled, sign)
    return back, scale(h, a), -a * total, product, total, None, None


def _gathered_rule(g, y, h, x, mean, pooled, sign):
    u, v, w = g
    return spread(u, x, mean, w, v, pooled, sign), scale(h, w), -w * y[1], None, None


def _zero(*_):
    """No cotangent: signs are piecewise constant."""


def _moments_rule(g, y, x, sign):
    count = math.prod(x.shape[-4:-1])
    return spread(g[0], x, y[1], 2 * g[2] / count, g[1] / count, y[0], sign)


defvjp(pooled_moments, _moments_rule, _zero)
defvjp(spread, *7 * [None], together=_spread_rule)
defvjp(gathered, *5 * [None], together=_gathered_rule)


# ---------------------------------------------------------------- windows

class Sign:
    """Signs per channel, and whether any of them makes a difference."""

    def __init__(self, sign, lead, width):
        """Of sign (..., C), for maps of that width."""
        self.row, host = rows(sign, lead, width), type(sign) is np.ndarray
        self.lead, self.sign = lead, rows(sign, lead, 1)[:, :, None, None]
        # a device is not looked at: that would stop its pipeline
        self.matters, self.zeros = (not (sign > 0).all(), not sign.all()) if host else (True, True)

    def times(self, part, t):
        """sign * part, images (t, n, H, W, C)."""
        return np.multiply(part, of_tasks(self.sign, t)) if self.matters else part

    def restore(self, out, part, t):
        """Make of sign * maximum, in `out`, the maximum; the mean of the windows of part, if 0."""
        if self.matters:
            out *= of_tasks(self.sign, t)
        if self.zeros:
            windows = _inside(part, out).reshape(out.shape[:3] + (2, -1, 2) + out.shape[-1:])
            out += (of_tasks(self.sign, t) == 0) * np.mean(windows, axis=(3, 5))


def _operands(x, sign, pooled, *vectors):
    lead = np.broadcast_shapes(x.shape[:-4], sign.shape[:-1], *(v.shape[:-1] for v in vectors))
    x, pooled = one_task_axis(x, lead)[0], one_task_axis(pooled, lead)[0]
    return (x, lead, Sign(sign, lead, x.shape[-2]), pooled,
            *(rows(v, lead, x.shape[-2]) for v in vectors))


def flat_lines(part):
    """(t, n, H, W * C) of images (t, n, H, W, C)."""
    return part.reshape(part.shape[:3] + (-1,))


def _inside(part, pooled):
    """The windows of images (t, n, H, W, C): a view (t, n, H//2, 2, (W//2) 2 C)."""
    (height, width), shape = pooled.shape[2:4], part.shape
    lines = flat_lines(part)[:, :, :2 * height, :2 * width * shape[-1]]
    # splitting an axis in two needs no copy
    return lines.reshape(shape[:2] + (height, 2, 2 * width * shape[-1]))


def _wide(pooled, name):
    """(t, n, H, 1, W 2 C) of pooled (t, n, H, W, C): each entry twice, as wide as its window."""
    wide = buffer(name, pooled, pooled.shape[:4] + (2,) + pooled.shape[4:])
    wide[...] = pooled[..., None, :]
    return wide.reshape(pooled.shape[:3] + (1, -1))


def _wins(up, pooled):
    """(which entries are the largest of their window, as `_inside` has them; how many tie, or
    None if no entries do)."""
    wins = np.equal(_inside(up, pooled), _wide(pooled, "pooled"))
    if type(wins) is np.ndarray and np.count_nonzero(wins) == pooled.size:
        return wins, None
    each = wins[:, :, :, 0].astype(pooled.dtype) + wins[:, :, :, 1].astype(pooled.dtype)
    each = each.reshape(pooled.shape[:4] + (2,) + pooled.shape[4:])
    return wins, each[..., 0, :] + each[..., 1, :]
