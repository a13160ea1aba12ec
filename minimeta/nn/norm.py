"""Batch normalisation, with no hidden state.

A network spends its time here reading and writing whole maps, so what is done to a map and some
numbers per channel is one primitive, which works in pieces that stay in the cache.

Read next: kernels.py.
"""
import math

import numpy as np

from ..autodiff import defvjp, primitive
from ..pieces import cut, each_piece, of_tasks, run, strands_of, tasks_first
from .kernels import kernels
from .layers import check_images


def batch_norm(x, gamma, beta, stats=None, eps=1e-5):
    """gamma (x - mean) / sqrt(var + eps) + beta: images (..., N, H, W, C), and the rest (..., C).

    stats=None takes mean and variance of the batch that is passed ("transductive" when it is a
    query set: its images see each other); stats=(mean, var), each (..., C), are constants from
    elsewhere ("inductive").  There is no running average.
    Source: Ioffe and Szegedy 2015, algorithm 1.
    """
    mean, var = moments(x) if stats is None else stats
    return normalise(x, mean, gamma / np.sqrt(var + eps), beta)


def norm_relu(x, gamma, beta, stats=None, eps=1e-5):
    """(relu(batch_norm(x, gamma, beta, stats, eps)), (mean, var) of x)."""
    own = moments(x)
    mean, var = own if stats is None else stats
    return normalise(x, mean, gamma / np.sqrt(var + eps), beta, rectify=True), own


@primitive
def moments(x):
    """(mean, variance), each (..., C), of images (..., N, H, W, C) over N, H and W.

    The variance is the biased one, a mean of squares.
    """
    check_images("batch_norm", x)
    x, shape = one_task_axis(x)
    work, (x,) = kernels(x)

    def piece(t, n):
        return work.moments(cut(x, t, n))
    strands = strands_of(x, 2 * image_bytes(x))
    parts = each_piece(piece, strands)
    return tuple(a.reshape(shape) for a in combined(*parts, x, strands))


@primitive
def normalise(x, mean, a, b, rectify=False):
    """a (x - mean) + b: images (..., N, H, W, C), and numbers per channel (..., C).

    rectify: its positive part, ReLU.
    """
    lead = np.broadcast_shapes(x.shape[:-4], mean.shape[:-1], a.shape[:-1], b.shape[:-1])
    x, _ = one_task_axis(x, lead)
    mean, a, b = (per_task(v, lead) for v in (mean, a, b))
    y = np.empty_like(x, order="C")
    work, (x, mean, a, b) = kernels(x, mean, a, b)

    def piece(strand, t, n):
        work.normalise(cut(x, t, n), of_tasks(mean, t), of_tasks(a, t), of_tasks(b, t), rectify,
                       cut(y, t, n))
    run(piece, strands_of(x, 2 * image_bytes(x)))
    return y.reshape(lead + y.shape[1:])


@primitive
def normalise_back(g, y, x, mean, a, rectify=False):
    """(g' a, sum g', sum g' (x - mean)), g' being g where y > 0, or all of g without rectify.

    The cotangents of `normalise` in x, b and a: images (..., N, H, W, C), and twice (..., C).
    """
    lead = np.broadcast_shapes(g.shape[:-4], mean.shape[:-1], a.shape[:-1])
    (g, shape), (x, _) = one_task_axis(g, lead), one_task_axis(x, lead)
    y = one_task_axis(y, lead)[0] if rectify else x      # where it is not looked at
    mean, a = per_task(mean, lead), per_task(a, lead)
    back = np.empty_like(g, order="C")
    work, (g, y, x, mean, a) = kernels(g, y, x, mean, a)

    def piece(t, n):
        return work.normalise_back(cut(g, t, n), cut(y, t, n), cut(x, t, n),
                                   of_tasks(mean, t), of_tasks(a, t), rectify, cut(back, t, n))
    parts = each_piece(piece, strands_of(x, 2 * image_bytes(x)))
    return (back.reshape(lead + back.shape[1:]),
            *(np.sum(p.reshape(len(x), -1, x.shape[-1]), axis=1).reshape(shape) for p in parts))


@primitive(inline=True)
def scale(x, a):
    """Images a x, (..., N, H, W, C), of images x and a number per channel, a (..., C)."""
    return x * a[..., None, None, None, :]


@primitive(inline=True)
def sum_of_products(x, z):
    """Sums (..., C) of x z over N, H and W, of images (..., N, H, W, C)."""
    return np.einsum("...nhwc,...nhwc->...c", x, z)


def _normalise_rule(g, y, x, mean, a, b, rectify=False):
    dx, total, product = normalise_back(g, y, x, mean, a, rectify=rectify)
    return dx, -a * total, product, total


def _normalise_back_rule(g, y, h, z, x, mean, a, rectify=False):
    """Cotangents of h, z, x, mean and a, from those of h' a, sum h' and sum h' (x - mean)."""
    u, v, w = g
    on = z > 0 if rectify else None
    h = h * on if rectify else h
    dh = normalise(x, mean, w, v) + scale(u, a)
    return dh * on if rectify else dh, None, scale(h, w), -w * y[1], sum_of_products(h, u)


defvjp(moments,
       # d mean / dx = 1 / count, d var / dx = 2 (x - mean) / count
       lambda g, y, x: normalise(x, y[0], *(k * c / math.prod(x.shape[-4:-1])
                                            for k, c in ((2, g[1]), (1, g[0])))))
defvjp(normalise, None, None, None, None, together=_normalise_rule)
defvjp(normalise_back, None, None, None, None, None, together=_normalise_back_rule)
defvjp(scale,
       lambda g, y, x, a: scale(g, a), lambda g, y, x, a: sum_of_products(g, x))
defvjp(sum_of_products,
       lambda g, y, x, z: scale(z, g), lambda g, y, x, z: scale(x, g))


# ---------------------------------------------------------------- pieces of maps

def one_task_axis(x, lead=None):
    """(x as (T, N, H, W, C), the shape (..., C)), x being broadcast to leading axes first."""
    lead = x.shape[:-4] if lead is None else lead
    return tasks_first(x, lead, 4), lead + x.shape[-1:]


def per_task(a, lead):
    """(T or 1, C) of a (..., C)."""
    return tasks_first(a, lead if math.prod(a.shape[:-1]) > 1 else a.shape[:-1], 1)


def image_bytes(x):
    return math.prod(x.shape[2:]) * x.itemsize


def combined(means, squares, x, strands):
    """(mean, variance), each (T, C), of what `moments` says of the pieces (Chan et al. 1979)."""
    means, squares = (a.reshape(len(x), -1, a.shape[-1]) for a in (means, squares))
    images, size = x.shape[1], math.prod(x.shape[2:4])
    if means.shape[1] == 1:
        return means[:, 0], squares[:, 0] / (images * size)
    most = strands[0][0][1].stop
    counts = [size * min(most, images - start) for start in range(0, images, most)]
    counts = np.array(counts, x.dtype)[:, None]
    mean = np.sum(counts * means, axis=1) / (images * size)
    between = counts * np.square(means - mean[:, None])
    return mean, np.sum(squares + between, axis=1) / (images * size)
