"""Batch normalisation, with no hidden state.

A network spends its time here reading and writing whole maps, so the two bilinear operations on a
map and a number per channel are primitives that make no temporary map.

Read next: losses.py.
"""
import math

import numpy as np

from ..autodiff import defvjp, primitive

from .layers import check_images


def batch_norm(x, gamma, beta, stats=None, eps=1e-5):
    """gamma (x - mean) / sqrt(var + eps) + beta: images (..., N, H, W, C), and the rest (..., C).

    stats=None takes mean and variance of the batch that is passed ("transductive" when it is a
    query set: its images see each other); stats=(mean, var), each (..., C), are constants from
    elsewhere ("inductive").  There is no running average.
    Source: Ioffe and Szegedy 2015, algorithm 1.
    """
    if stats is None:
        _, var, centred = _moments(x)
    else:
        mean, var = stats
        centred = x + per_channel(-mean)
    return scale(centred, gamma / np.sqrt(var + eps)) + per_channel(beta)


def moments(x):
    """(mean, variance), each (..., C), of images (..., N, H, W, C) over N, H and W.

    The variance is the biased one, a mean of squares.
    """
    return _moments(x)[:2]


def _moments(x):
    check_images("batch_norm", x)
    count = math.prod(x.shape[-4:-1])
    mean = np.sum(x, axis=(-4, -3, -2)) / count
    centred = x + per_channel(-mean)
    return mean, sum_of_squares(centred) / count, centred


def per_channel(a):
    """(..., 1, 1, 1, C) of a (..., C), to broadcast with images."""
    return a[..., None, None, None, :]


@primitive(inline=True)
def scale(x, a):
    """Images a x, (..., N, H, W, C), of images x and a number per channel, a (..., C)."""
    return x * per_channel(a)


@primitive(inline=True)
def sum_of_products(x, z):
    """Sums (..., C) of x z over N, H and W, of images (..., N, H, W, C)."""
    return np.einsum("...nhwc,...nhwc->...c", x, z)


@primitive(inline=True)
def sum_of_squares(x):
    """Sums (..., C) of x^2 over N, H and W, of images (..., N, H, W, C)."""
    return np.einsum("...nhwc,...nhwc->...c", x, x)


defvjp(scale,
       lambda g, y, x, a: scale(g, a), lambda g, y, x, a: sum_of_products(g, x))
defvjp(sum_of_products,
       lambda g, y, x, z: scale(z, g), lambda g, y, x, z: scale(x, g))
defvjp(sum_of_squares,
       lambda g, y, x: scale(x, 2 * g))
