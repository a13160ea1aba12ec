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
from ..pieces import cut, each_piece, of_tasks, run, strands_of
from .kernels import kernels
from .layers import check_images
from .norm import combined, image_bytes, normalise, one_task_axis, per_task, scale


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
    sign = per_task(sign, lead)
    height, width = x.shape[2] // 2, x.shape[3] // 2
    pooled = np.empty_like(x, shape=x.shape[:2] + (height, width, x.shape[-1]), order="C")
    work, (x, sign) = kernels(x, sign)

    def piece(t, n):
        return work.pool(cut(x, t, n), of_tasks(sign, t), cut(pooled, t, n))
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
    work, (g, x, a, b, pooled, sign) = kernels(g, x, a, b, pooled, sign)

    def piece(strand, t, n):
        work.spread(cut(g, t, n), cut(x, t, n), of_tasks(a, t), of_tasks(b, t),
                    cut(pooled, t, n), of_tasks(sign, t), cut(y, t, n))
    run(piece, strands_of(x, 2 * image_bytes(x)))
    return y.reshape(lead + y.shape[1:])


@primitive
def gathered(h, x, mean, pooled, sign):
    """(S' h, sum h, sum h (x - mean)) of images h (..., N, H, W, C): the adjoint of `spread`."""
    x, lead, sign, pooled, mean = _operands(x, sign, pooled, mean)
    h, shape = one_task_axis(h, lead)
    y = np.empty_like(pooled, order="C")
    work, (h, x, mean, pooled, sign) = kernels(h, x, mean, pooled, sign)

    def piece(t, n):
        return work.gathered(cut(h, t, n), cut(x, t, n), of_tasks(mean, t), cut(pooled, t, n),
                             of_tasks(sign, t), cut(y, t, n))
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


def _operands(x, sign, pooled, *vectors):
    lead = np.broadcast_shapes(x.shape[:-4], sign.shape[:-1], *(v.shape[:-1] for v in vectors))
    x, pooled = one_task_axis(x, lead)[0], one_task_axis(pooled, lead)[0]
    return (x, lead, per_task(sign, lead), pooled, *(per_task(v, lead) for v in vectors))
