"""What convolution, batch norm and pooling do to one piece of a map, in NumPy.

A map is images (t, n, H, W, C), which fit in the processor's cache; numbers per channel are
(t, C), or (1, C) for all tasks.  What is called `out` is written; sums are returned, (t, C).
loops.py has the same functions for a compiler, and kernels.py chooses.

Read next: pooling.py.
"""
import functools

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..device import on_gpu, view
from ..pieces import buffer


def moments(x):
    """(mean, sum of squares of what differs from it) of a map.

    The mean is subtracted first: the mean of squares less the square of the mean loses all digits
    where the mean is large.
    """
    lines = x.reshape(len(x), -1, x.shape[-1])
    centred = buffer("centred", x, lines.shape)
    mean = (ones(lines) @ lines) / lines.shape[1]
    np.subtract(lines, mean, out=centred)
    centred *= centred
    return mean[:, 0], (ones(centred) @ centred)[:, 0]


def normalise(x, mean, a, b, rectify, out):
    """a (x - mean) + b; its positive part if rectify."""
    y = rows(out)
    np.subtract(rows(x), wide(mean, x), out=y)
    y *= wide(a, x)
    y += wide(b, x)
    if rectify:
        np.maximum(y, 0, out=y)


def normalise_back(g, y, x, mean, a, rectify, out):
    """g' a, where g' is g where y > 0, or all of g without rectify; returns the sums of g' and of
    g' (x - mean)."""
    back, given = rows(out), rows(g)
    if rectify:
        given = np.multiply(given, rows(y) > 0, out=back)
    total = channel_sums(given, x)
    product = np.subtract(rows(x), wide(mean, x), out=buffer("product", x, back.shape))
    product *= given
    np.multiply(given, wide(a, x), out=back)
    return total, channel_sums(product, x)


# ---------------------------------------------------------------- 2x2 windows

def pool(x, sign, out):
    """The entry of each window whose product with sign is largest; where sign is 0, the mean.
    Returns `moments`."""
    up, (height, width) = times(sign, x), out.shape[2:4]
    lines = flat_lines(up[:, :, :2 * height])
    top = buffer("top", x, x.shape[:2] + (height,) + x.shape[3:])
    np.maximum(lines[:, :, 0::2], lines[:, :, 1::2], out=flat_lines(top))
    np.maximum(top[..., 0:2 * width:2, :], top[..., 1:2 * width:2, :], out=out)
    if up is not x:
        out *= sign[:, None, None, None]
    if type(sign) is not np.ndarray or not sign.all():
        windows = inside(x, out).reshape(out.shape[:3] + (2, -1, 2) + out.shape[-1:])
        out += (sign[:, None, None, None] == 0) * np.mean(windows, axis=(3, 5))
    return moments(x)


def spread(g, x, a, b, pooled, sign, out):
    """S g + a x + b: S hands g out in each window by the entries' shares in its maximum."""
    np.multiply(rows(x), wide(a, x), out=rows(out))
    line = rows(out)
    line += wide(b, x)
    wins, ties = winners(times(sign, x), times(sign, pooled))
    given = g if ties is None else g / ties
    windows = inside(out, given)
    windows += np.multiply(doubled(given, "given"), wins, out=buffer("shares", x, wins.shape))


def gathered(h, x, mean, pooled, sign, out):
    """S' h; returns the sums of h and of h (x - mean)."""
    wins, ties = winners(times(sign, x), times(sign, pooled))
    kept = np.multiply(inside(h, out), wins, out=buffer("shares", x, wins.shape))
    top = kept[:, :, :, 0] + kept[:, :, :, 1]
    top = top.reshape(out.shape[:4] + (2,) + out.shape[4:])
    np.add(top[..., 0, :], top[..., 1, :], out=out)
    if ties is not None:
        out /= ties
    product = np.subtract(rows(x), wide(mean, x), out=buffer("product", x, rows(h).shape))
    product *= rows(h)
    return channel_sums(h, x), channel_sums(product, x)


# ---------------------------------------------------------------- patches

def gather(x, stride, pads, out):
    """Patches (t, n, H', W', kh, kw, C): what lies under a kernel in each of its places."""
    places, size = out.shape[2:4], out.shape[4:6]
    x = pad(x, pads) if any(pads) else x
    steps = x.strides
    if stride == 1 and x.shape[-1] > 1 and type(x) is np.ndarray and x.flags.c_contiguous:
        # a row of the kernel is one piece of memory: fewer and longer copies
        rows = out.reshape(out.shape[:5] + (-1,))
        rows[...] = as_strided(x, rows.shape, steps[:4] + (steps[2], steps[4]))
    elif on_gpu(x):                                     # one kernel, not one for each tap
        out[...] = view(x, out.shape, steps[:2] + (
            steps[2] * stride, steps[3] * stride) + steps[2:])
    else:
        for i, j, under in taps(x, size, places, stride):
            out[..., i, j, :] = under


def pad(x, pads):
    """Images with pads[0] lines of zeros above and below, and pads[1] on either side."""
    high, wide, (height, width) = *pads, x.shape[2:4]
    shape = x.shape[:2] + (height + 2 * high, width + 2 * wide) + x.shape[4:]
    if on_gpu(x):
        padded = np.zeros_like(x, shape=shape)
    else:
        padded = buffer("padded", x, shape)
        padded[:, :, :high] = padded[:, :, high + height:] = 0
        padded[..., :wide, :] = padded[..., wide + width:, :] = 0
    padded[:, :, high:high + height, wide:wide + width] = x
    return padded


def taps(x, size, places, stride):
    """(i, j, the pixels under entry i, j of the kernel, wherever it is placed)."""
    rows, cols = stride * (places[0] - 1) + 1, stride * (places[1] - 1) + 1
    for i in range(size[0]):
        for j in range(size[1]):
            yield i, j, x[:, :, i:i + rows:stride, j:j + cols:stride]


# ---------------------------------------------------------------- layouts

def rows(part):
    """(t, n * H, W * C) of images (t, n, H, W, C): long rows are faster than short ones."""
    if type(part) is not np.ndarray:
        return part
    return part.reshape(len(part), -1, part.shape[-2] * part.shape[-1])


def wide(a, part):
    """Numbers per channel (t, C) as what broadcasts with `rows` of part."""
    if type(part) is not np.ndarray:
        return a[:, None, None, None]
    return np.tile(a, part.shape[-2])[:, None]


def times(sign, part):
    """sign * part: part itself if all signs are known to be 1."""
    # a device is not looked at: that would stop its pipeline
    if type(sign) is np.ndarray and (sign > 0).all():
        return part
    return part * sign[:, None, None, None]


def flat_lines(part):
    """(t, n, H, W * C) of images (t, n, H, W, C)."""
    return part.reshape(part.shape[:3] + (-1,))


def inside(part, pooled):
    """The windows of images (t, n, H, W, C): a view (t, n, H//2, 2, (W//2) 2 C)."""
    (height, width), shape = pooled.shape[2:4], part.shape
    lines = flat_lines(part)[:, :, :2 * height, :2 * width * shape[-1]]
    # splitting an axis in two needs no copy
    return lines.reshape(shape[:2] + (height, 2, 2 * width * shape[-1]))


def doubled(pooled, name):
    """(t, n, H, 1, W 2 C) of pooled (t, n, H, W, C): each entry twice, as wide as its window."""
    twice = buffer(name, pooled, pooled.shape[:4] + (2,) + pooled.shape[4:])
    twice[...] = pooled[..., None, :]
    return twice.reshape(pooled.shape[:3] + (1, -1))


def winners(up, pooled):
    """(which entries are the largest of their window, as `inside` has them; how many tie, or
    None if no entries do)."""
    wins = np.equal(inside(up, pooled), doubled(pooled, "pooled"))
    if type(wins) is np.ndarray and np.count_nonzero(wins) == pooled.size:
        return wins, None
    each = wins[:, :, :, 0].astype(pooled.dtype) + wins[:, :, :, 1].astype(pooled.dtype)
    each = each.reshape(pooled.shape[:4] + (2,) + pooled.shape[4:])
    return wins, each[..., 0, :] + each[..., 1, :]


# ---------------------------------------------------------------- sums

def channel_sums(part, like):
    """(t, C), the sums of part (t, ...) over all axes but the first and the last, C channels."""
    part = part.reshape(len(part), -1, like.shape[-1])
    return (ones(part) @ part)[:, 0]


def ones(part):
    """(1, n) of part (t, n, C): a product with it is the fastest sum."""
    if type(part) is np.ndarray:
        return _ones(part.shape[1], part.dtype)
    return np.ones_like(part, shape=(1, part.shape[1]))


@functools.lru_cache(32)
def _ones(n, dtype):
    return np.ones((1, n), dtype)
