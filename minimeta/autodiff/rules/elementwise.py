"""Elementwise functions that are compositions of others.

Conventions: clip halves the cotangent at a bound; sinc and i0 are smooth to every order, also at 0;
interp has the slope to the right of a knot.

Read next: reductions.py.
"""
import math

import numpy as np

from ..table import compose
from ..trace import raw

_clip_ufunc = np._core.umath.clip       # what the method ndarray.clip calls


@compose(np.clip)
def clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None):
    """minimum(maximum(a, low), high), where given."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


@compose(_clip_ufunc)
def clip_ufunc(a, low, high):
    """clip, as the ufunc behind it."""
    return np.clip(a, low, high)


@compose(np.divmod)
def divmod_(a, b):
    """(a // b, a % b)"""
    return np.floor_divide(a, b), np.remainder(a, b)


@compose(np.frexp)
def frexp(x):
    """(x / 2**e, e)"""
    _, e = np.frexp(raw(x))
    return np.ldexp(x, -e), e


@compose(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """x, with other numbers in place of nan and the infinities."""
    if not copy:
        raise TypeError("np.nan_to_num(copy=False) writes into an array: use the returned one")
    if x.dtype.kind == "c":
        parts = [np.nan_to_num(part, True, nan, posinf, neginf) for part in (x.real, x.imag)]
        return (parts[0] + 1j * parts[1]).astype(x.dtype)
    largest = float(np.finfo(x.dtype).max)
    x = np.where(np.isnan(x), nan, x)
    x = np.where(np.isposinf(x), largest if posinf is None else posinf, x)
    return np.where(np.isneginf(x), -largest if neginf is None else neginf, x)


@compose(np.sinc)
def sinc(x):
    """sin(u) / u at u = pi x; near 0 its Taylor series, sum_k (-u^2)^k / (2k + 1)!"""
    u = np.pi * x
    near = np.abs(u) < 2
    inside, outside = np.where(near, u, 0), np.where(near, 1, u)
    square, series = inside * inside, 1 / math.factorial(33)
    for k in range(15, -1, -1):
        series = 1 / math.factorial(2 * k + 1) - square * series
    return np.where(near, series, np.sin(outside) / outside)


@compose(np.i0)
def i0(x):
    """The mean over theta of cosh(x cos theta): the Bessel function I_0.

    The midpoint rule of a periodic function: with 64 points in (0, pi / 2) it is exact in double
    precision wherever I_0 is finite (Abramowitz and Stegun, 9.6.16).
    """
    theta = (np.arange(64, like=np.ravel(raw(x))) + 0.5) * (np.pi / 128)
    return np.mean(np.cosh(np.expand_dims(x, -1) * np.cos(theta).astype(x.dtype)), axis=-1)


@compose(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """Linear interpolation of the points (xp, fp), xp increasing, at x; float64, as in NumPy."""
    if period is not None:
        raise NotImplementedError("np.interp(period=...) has no derivative rule: reduce x with "
                                  "np.remainder, and repeat the points, first")
    x, xp, fp = (a if hasattr(a, "dtype") else np.asarray(a) for a in (x, xp, fp))
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(xp.shape[0] - 2, 0))
    j = np.minimum(i + 1, xp.shape[0] - 1)
    step = xp[j] - xp[i]
    y = fp[i] + (x - xp[i]) / (step + (step == 0)) * (fp[j] - fp[i])
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    y = np.where(x >= xp[-1], fp[-1], y)
    if right is not None:
        y = np.where(x > xp[-1], right, y)
    return y.astype(np.float64)
