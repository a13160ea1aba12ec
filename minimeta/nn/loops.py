"""The functions of maps.py as loops, which Numba compiles: each entry is read once, in a register.

NumPy goes over a map five to eight times for what one loop does.  The first call of each compiles
it, for a second or two, and keeps the code on the disk.  Sums are added up a line at a time, so
their last digits are not NumPy's.  An inner loop runs over the channels and names arrays by all
their indices: of views the compiler does not see that they do not overlap, and leaves the
processor's vectors unused.

Read next: pooling.py.
"""
import numba
import numpy as np


def compiled(loop):
    """Compiled on its first call: without Python's lock, and with NumPy's infinities and nan."""
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(loop)
    except RuntimeError:                # no directory to keep the code in
        return numba.njit(**options)(loop)


@compiled
def moments(x):
    tasks, images, height, width, channels = x.shape
    mean, squares = np.zeros((tasks, channels), x.dtype), np.zeros((tasks, channels), x.dtype)
    line = np.empty(channels, x.dtype)
    for t in range(tasks):
        for n in range(images):
            for i in range(height):
                for c in range(channels):
                    line[c] = 0
                for j in range(width):
                    for c in range(channels):
                        line[c] += x[t, n, i, j, c]
                for c in range(channels):
                    mean[t, c] += line[c]
        for c in range(channels):
            mean[t, c] /= images * height * width
        for n in range(images):
            for i in range(height):
                for c in range(channels):
                    line[c] = 0
                for j in range(width):
                    for c in range(channels):
                        line[c] += (x[t, n, i, j, c] - mean[t, c]) ** 2
                for c in range(channels):
                    squares[t, c] += line[c]
    return mean, squares


@compiled
def normalise(x, mean, a, b, rectify, out):
    number = x.dtype.type
    tasks, images, height, width, channels = x.shape
    for t in range(tasks):
        of_mean, of_a, of_b = _row(mean, t), _row(a, t), _row(b, t)
        for n in range(images):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        y = (x[t, n, i, j, c] - mean[of_mean, c]) * a[of_a, c] + b[of_b, c]
                        out[t, n, i, j, c] = _larger(y, number(0)) if rectify else y


@compiled
def normalise_back(g, y, x, mean, a, rectify, out):
    tasks, images, height, width, channels = x.shape
    total, product = np.zeros((tasks, channels), x.dtype), np.zeros((tasks, channels), x.dtype)
    line, products = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    number = x.dtype.type
    for t in range(tasks):
        of_mean, of_a = _row(mean, t), _row(a, t)
        for n in range(images):
            for i in range(height):
                for c in range(channels):
                    line[c] = products[c] = 0
                for j in range(width):
                    for c in range(channels):
                        on = number(not rectify or y[t, n, i, j, c] > 0)
                        given = g[t, n, i, j, c] * on
                        out[t, n, i, j, c] = given * a[of_a, c]
                        line[c] += given
                        products[c] += (x[t, n, i, j, c] - mean[of_mean, c]) * given
                for c in range(channels):
                    total[t, c] += line[c]
                    product[t, c] += products[c]
    return total, product


# ---------------------------------------------------------------- 2x2 windows

@compiled
def pool(x, sign, out):
    tasks, images, height, width, channels = out.shape
    for t in range(tasks):
        of_sign = _row(sign, t)
        for n in range(images):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        u = sign[of_sign, c]
                        p, q = x[t, n, 2 * i, 2 * j, c], x[t, n, 2 * i, 2 * j + 1, c]
                        r, s = x[t, n, 2 * i + 1, 2 * j, c], x[t, n, 2 * i + 1, 2 * j + 1, c]
                        most = u * _larger(_larger(u * p, u * r), _larger(u * q, u * s))
                        out[t, n, i, j, c] = most if u != 0 else (p + q + r + s) / 4
    return moments(x)


@compiled
def spread(g, x, a, b, pooled, sign, out):
    tasks, images, height, width, channels = pooled.shape
    number, given = x.dtype.type, np.empty(channels, x.dtype)
    for t in range(tasks):
        of_a, of_b, of_sign = _row(a, t), _row(b, t), _row(sign, t)
        for n in range(images):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        ties = number(0)
                        for k in range(2):
                            for m in range(2):
                                ties += number(_wins(sign[of_sign, c], pooled[t, n, i, j, c],
                                                     x[t, n, 2 * i + k, 2 * j + m, c]))
                        given[c] = g[t, n, i, j, c] / ties
                    for k in range(2):
                        for m in range(2):
                            for c in range(channels):
                                e = x[t, n, 2 * i + k, 2 * j + m, c]
                                share = given[c] * number(_wins(
                                    sign[of_sign, c], pooled[t, n, i, j, c], e))
                                out[t, n, 2 * i + k, 2 * j + m, c] = \
                                    a[of_a, c] * e + b[of_b, c] + share
            for i in range(x.shape[2]):             # what no window covers
                for j in range(2 * width if i < 2 * height else 0, x.shape[3]):
                    for c in range(channels):
                        out[t, n, i, j, c] = a[of_a, c] * x[t, n, i, j, c] + b[of_b, c]


@compiled
def gathered(h, x, mean, pooled, sign, out):
    tasks, images, height, width, channels = pooled.shape
    number = x.dtype.type
    ties, kept = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    for t in range(tasks):
        of_sign = _row(sign, t)
        for n in range(images):
            for i in range(height):
                for j in range(width):
                    for c in range(channels):
                        ties[c] = kept[c] = 0
                    for k in range(2):
                        for m in range(2):
                            for c in range(channels):
                                share = number(_wins(sign[of_sign, c], pooled[t, n, i, j, c],
                                                     x[t, n, 2 * i + k, 2 * j + m, c]))
                                ties[c] += share
                                kept[c] += share * h[t, n, 2 * i + k, 2 * j + m, c]
                    for c in range(channels):
                        out[t, n, i, j, c] = kept[c] / ties[c]
    return _sums(h, x, mean)


# ---------------------------------------------------------------- patches

@compiled
def gather(x, stride, pads, out):
    tasks, images, height, width, channels = x.shape
    places, size = out.shape[2:4], out.shape[4:6]
    for t in range(tasks):
        for n in range(images):
            for i in range(places[0]):
                for j in range(places[1]):
                    for k in range(size[0]):
                        for m in range(size[1]):
                            y, z = stride * i + k - pads[0], stride * j + m - pads[1]
                            if 0 <= y < height and 0 <= z < width:
                                for c in range(channels):
                                    out[t, n, i, j, k, m, c] = x[t, n, y, z, c]
                            else:
                                for c in range(channels):
                                    out[t, n, i, j, k, m, c] = 0


# ---------------------------------------------------------------- parts of them

@compiled
def _row(a, t):
    """The row of a that is task t's: all may share one."""
    return t if len(a) > 1 else 0


@compiled
def _larger(a, b):
    """As np.maximum, which hands nan on."""
    return a if (a >= b) | (a != a) else b


@compiled
def _wins(sign, top, entry):
    """Whether an entry is the largest of its window, whose largest is top."""
    return sign * entry == sign * top


@compiled
def _sums(h, x, mean):
    """The sums of h and of h (x - mean)."""
    tasks, images, height, width, channels = x.shape
    total, product = np.zeros((tasks, channels), x.dtype), np.zeros((tasks, channels), x.dtype)
    line, products = np.empty(channels, x.dtype), np.empty(channels, x.dtype)
    for t in range(tasks):
        of_mean = _row(mean, t)
        for n in range(images):
            for i in range(height):
                for c in range(channels):
                    line[c] = products[c] = 0
                for j in range(width):
                    for c in range(channels):
                        line[c] += h[t, n, i, j, c]
                        products[c] += (x[t, n, i, j, c] - mean[of_mean, c]) * h[t, n, i, j, c]
                for c in range(channels):
                    total[t, c] += line[c]
                    product[t, c] += products[c]
    return total, product
