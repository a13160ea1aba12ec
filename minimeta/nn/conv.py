"""Convolution of images: one trilinear form and its two adjoints.

Let a kernel w (kh, kw, C, O) slide over images x (N, H, W, C), and pair the result with g:

    F(x, w, g) = sum x[n, s*i + a - p, s*j + b - p, c] w[a, b, c, o] g[n, i, j, o]

F is linear in each of its three arguments, so its derivative with respect to one of them is a
bilinear function of the other two: `conv2d` (of x and w), `conv2d_input` (of g and w) and
`conv2d_kernel` (of x and g).  The derivatives of each are the other two: every order is covered.

All three gather the patches under the kernel as the rows of a matrix and leave the work to matmul,
in pieces that stay in the processor's cache.

Read next: ../pieces.py, which runs them, or layers.py.
"""
import math

import numpy as np

from ..autodiff import defvjp, primitive
from ..pieces import buffer, cut, of_tasks, run, strands_of, tasks_first
from . import maps
from .kernels import kernels


@primitive
def conv2d(x, w, stride=1, padding=1):
    """Images (..., N, H', W', O) of images x (..., N, H, W, C) and kernels w (..., kh, kw, C, O).

    A cross-correlation, as everywhere in deep learning: the kernel is not flipped.  Leading axes
    broadcast: w of shape (kh, kw, C, O) serves every task, w (T, kh, kw, C, O) has one kernel a
    task.  H' = (H + 2 padding - kh) // stride + 1, and the same for W'.
    """
    _check(x, w)
    (kh, kw, channels, out), (height, width) = w.shape[-4:], x.shape[-3:-1]
    pads = _pair(padding)
    rows, cols = _sizes((height, width), (kh, kw), stride, pads)
    lead, x, w = _tasks(x, w, share=w.ndim == 4)
    y = np.empty_like(x, shape=x.shape[:2] + (rows, cols, out), order="C")
    w = w.reshape(len(w), -1, out)

    def piece(strand, t, n):
        patches = _patches(cut(x, t, n), (kh, kw), stride, pads)
        part = cut(y, t, n)
        np.matmul(patches, of_tasks(w, t), out=part.reshape(len(part), -1, out))
    run(piece, strands_of(x, rows * cols * (kh * kw * channels + out) * x.itemsize))
    return y.reshape(lead + (-1,) + y.shape[-3:])


@primitive
def conv2d_input(g, w, shape, stride=1, padding=1):
    """Adjoint of `conv2d` in x: images (..., N, H, W, C) of g (..., N, H', W', O) and kernels w.

    shape is (H, W), which stride and padding alone do not determine.
    """
    kh, kw, channels, out = w.shape[-4:]
    (height, width), pads = shape, _pair(padding)
    if stride == 1 and pads[0] < kh and pads[1] < kw:     # no scattering: the flipped convolution
        return conv2d(g, np.swapaxes(w[..., ::-1, ::-1, :, :], -1, -2),
                      padding=(kh - 1 - pads[0], kw - 1 - pads[1]))
    lead, g, w = _tasks(g, w, share=w.ndim == 4)
    x = np.empty_like(g, shape=g.shape[:2] + (height, width, channels), order="C")
    w = np.swapaxes(w.reshape(len(w), -1, out), -1, -2)

    def piece(strand, t, n):
        part = cut(g, t, n)
        rows = part.reshape(len(part), -1, out)
        patches = buffer("patches", g, part.shape[:4] + (kh, kw, channels))
        np.matmul(rows, of_tasks(w, t), out=patches.reshape(rows.shape[:2] + (-1,)))
        padded = buffer("padded", g, part.shape[:2] + (
            height + 2 * pads[0], width + 2 * pads[1], channels))
        padded[...] = 0
        for i, j, under in maps.taps(padded, (kh, kw), part.shape[2:4], stride):
            under += patches[..., i, j, :]
        x[t, n] = padded[:, :, pads[0]:pads[0] + height, pads[1]:pads[1] + width]
    run(piece, strands_of(g, math.prod(g.shape[2:4]) * (kh * kw * channels + out) * g.itemsize))
    return x.reshape(lead + (-1,) + x.shape[-3:])


@primitive
def conv2d_kernel(x, g, size, stride=1, padding=1):
    """Adjoint of `conv2d` in w: kernels (..., kh, kw, C, O) of x and g (..., N, H', W', O).

    size is (kh, kw).  The sum runs over the images N: one kernel for each leading index.
    """
    (kh, kw), pads, channels, out = size, _pair(padding), x.shape[-1], g.shape[-1]
    lead, x, g = _tasks(x, g)
    strands = strands_of(x, math.prod(g.shape[2:4]) * (kh * kw * channels + out) * x.itemsize,
                       sums=True)
    # a sum for each strand if they share one task
    sums = np.zeros_like(x, shape=(len(strands) if len(x) == 1 else 1, len(x),
                                   kh * kw * channels, out))

    def piece(strand, t, n):
        patches = _patches(cut(x, t, n), size, stride, pads)
        part = cut(g, t, n)
        sums[strand % len(sums), t] += np.matmul(np.swapaxes(patches, -1, -2),
                                                 part.reshape(len(part), -1, out))
    run(piece, strands)
    total = sums[0] if len(sums) == 1 else np.sum(sums, axis=0)
    return total.reshape(lead + (kh, kw, channels, out))


def _kernel_cotangent(x, g, w, **static):
    """`conv2d_kernel`, summed right away over the tasks that share one kernel w."""
    if w.ndim == 4 and x.ndim > 4:
        x, g = x.reshape((-1,) + x.shape[-3:]), g.reshape((-1,) + g.shape[-3:])
    return conv2d_kernel(x, g, size=w.shape[-4:-2], **static)


defvjp(conv2d,
       lambda g, y, x, w, **static: conv2d_input(g, w, shape=x.shape[-3:-1], **static),
       lambda g, y, x, w, **static: _kernel_cotangent(x, g, w, **static))
defvjp(conv2d_input,
       lambda h, x, g, w, shape, **static: conv2d(h, w, **static),
       lambda h, x, g, w, shape, **static: _kernel_cotangent(h, g, w, **static))
defvjp(conv2d_kernel,
       lambda v, w, x, g, size, **static: conv2d_input(g, v, shape=x.shape[-3:-1], **static),
       lambda v, w, x, g, size, **static: conv2d(x, v, **static))


# ---------------------------------------------------------------- patches

def _patches(x, size, stride, pads):
    """Rows (t, n*H'*W', kh*kw*C), one for each place of the kernel, of images (t, n, H, W, C)."""
    tasks, images, *image, channels = x.shape
    places = _sizes(image, size, stride, pads)
    patches = buffer("patches", x, (tasks, images, *places, *size, channels))
    work, (x,) = kernels(x) if channels > 1 else (maps, (x,))       # a loop over one is none
    work.gather(x, stride, pads, patches)
    return patches.reshape(tasks, -1, size[0] * size[1] * channels)


# ---------------------------------------------------------------- shapes

def _check(x, w):
    if x.ndim < 4 or w.ndim < 4 or x.shape[-1] != w.shape[-2]:
        raise ValueError(f"conv2d takes images (..., N, H, W, C), channels last, and kernels "
                         f"(..., kh, kw, C, O), with the same C: got {x.shape} and {w.shape}")


def _pair(padding):
    return tuple(padding) if isinstance(padding, (tuple, list)) else (padding, padding)


def _sizes(image, kernel, stride, pads):
    places = tuple((a + 2 * p - k) // stride + 1 for a, k, p in zip(image, kernel, pads))
    if min(places) < 1:
        raise ValueError(f"a kernel of {kernel} does not fit on images of {image} padded by "
                         f"{pads}: use larger images, more padding or fewer layers")
    return places


def _tasks(x, w, share=False):
    """The broadcast leading axes, and x and w with one leading axis (of length 1 to share w)."""
    dtype = np.result_type(x.dtype, w.dtype)
    lead = np.broadcast_shapes(x.shape[:-4], w.shape[:-4])
    if share:
        x, w = x.reshape((1, -1) + x.shape[-3:]), w.reshape((1,) + w.shape)
    else:
        x, w = tasks_first(x, lead, 4), tasks_first(w, lead, 4)
    return lead, x.astype(dtype, copy=False), w.astype(dtype, copy=False)
