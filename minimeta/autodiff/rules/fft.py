"""Fourier transforms.

The transform is a symmetric matrix, so it is its own transpose, whatever the norm.  The transform
of real numbers keeps half of a spectrum; its transpose is the inverse one with weights: an entry
that stands for its conjugate too counts twice.  As in complex.py, cotangents are
dL/dx - i dL/dy, so nothing else is conjugated.

Read next: ravel.py.
"""
import numpy as np

from ..table import compose, defvjp, writes
from ..trace import call, primitive, raw
from .linalg import as_array, conj
from .shapes import scatter

_OTHER_WAY = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


@primitive
def half_spectrum(x, axis=-1, norm=None):
    """np.fft.rfft of the whole axis."""
    return np.fft.rfft(x, axis=axis, norm=norm)


@primitive
def from_half_spectrum(x, n=None, axis=-1, norm=None):
    """np.fft.irfft of n // 2 + 1 entries, to n."""
    return np.fft.irfft(x, n, axis=axis, norm=norm)


def _inner(x, n, axis):
    """1 at the entries of half a spectrum x that stand for their conjugates too, 0 at the rest."""
    k = np.arange(x.shape[axis], like=raw(x))
    return np.reshape((k > 0) & (2 * k < n), (-1,) + (1,) * (x.ndim - 1 - axis % x.ndim))


def _half_spectrum(g, y, x, axis=-1, norm=None):
    n = x.shape[axis]
    g = conj(g + g * ~_inner(g, n, axis)) * 0.5
    return from_half_spectrum(g, n=n, axis=axis, norm=_OTHER_WAY[norm])


def _from_half_spectrum(g, y, x, n=None, axis=-1, norm=None):
    g = conj(half_spectrum(g, axis=axis, norm=_OTHER_WAY[norm]))
    return g + g * _inner(g, n, axis)


defvjp(np.fft.fftn,        lambda g, *_, **static: np.fft.fftn(g, **static))
defvjp(np.fft.ifftn,       lambda g, *_, **static: np.fft.ifftn(g, **static))
defvjp(half_spectrum,      _half_spectrum)
defvjp(from_half_spectrum, _from_half_spectrum)


def _resize(x, n, axis):
    """x cut, or filled up with zeros, to n entries along the axis."""
    if n is None or n == x.shape[axis]:
        return x
    if n < 1:
        raise ValueError(f"a Fourier transform of {n} entries: n must be positive")
    axis %= x.ndim
    index = (slice(None),) * axis + (slice(0, min(n, x.shape[axis])),)
    if n < x.shape[axis]:
        return x[index]
    return scatter(x, index=index, shape=x.shape[:axis] + (n,) + x.shape[axis + 1:])


def _axes(x, s, axes):
    """(lengths, axes) of a transform of several axes, as NumPy understands them."""
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    s = [None] * len(axes) if s is None else [None if n == -1 else n for n in s]
    if len(s) != len(axes):
        raise ValueError(f"a Fourier transform of lengths {s} along axes {tuple(axes)}: give one "
                         "length for each axis")
    return s, tuple(k % x.ndim for k in axes)


def _check(x, out, norm):
    if out is not None:
        raise writes("fft(out=)")
    if norm not in _OTHER_WAY:
        raise ValueError(f"norm={norm!r}: it is None, 'backward', 'ortho' or 'forward'")
    return as_array(x)


def _define(name, fn):
    """fft and fft2 are fftn, along other axes by default."""
    def transform(a, s=None, axes=None, norm=None, out=None):
        a = _check(a, out, norm)
        lengths, axes = _axes(a, s, axes)
        for n, axis in zip(lengths, axes):
            a = _resize(a, n, axis)
        return call(fn, a, axes=axes, norm=norm) if axes else a

    @compose(getattr(np.fft, name + "n"))
    def transform_n(a, s=None, axes=None, norm=None, out=None):
        return transform(a, s, axes, norm, out)

    @compose(getattr(np.fft, name + "2"))
    def transform_2(a, s=None, axes=(-2, -1), norm=None, out=None):
        return transform(a, s, axes, norm, out)

    @compose(getattr(np.fft, name))
    def transform_1(a, n=None, axis=-1, norm=None, out=None):
        return transform(a, (-1 if n is None else n,), (axis,), norm, out)


_define("fft", np.fft.fftn)
_define("ifft", np.fft.ifftn)


# ---------------------------------------------------------------- real numbers

@compose(np.fft.rfft)
def rfft(a, n=None, axis=-1, norm=None, out=None):
    """The half with frequencies 0 to n / 2 of the transform of real numbers."""
    return half_spectrum(_resize(_check(a, out, norm), n, axis), axis=axis, norm=norm)


@compose(np.fft.irfft)
def irfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of rfft, n numbers."""
    a = _check(a, out, norm)
    n = 2 * (a.shape[axis] - 1) if n is None else n
    return from_half_spectrum(_resize(a, n // 2 + 1, axis), n=n, axis=axis, norm=norm)


@compose(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None, out=None):
    """The transform of numbers with Hermitian symmetry, given by half, which is real."""
    a = _check(a, out, norm)
    return irfft(conj(a), n, axis, _OTHER_WAY[norm])


@compose(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None, out=None):
    """The inverse of hfft."""
    a = _check(a, out, norm)
    return conj(rfft(a, n, axis, _OTHER_WAY[norm]))


@compose(np.fft.rfftn)
def rfftn(a, s=None, axes=None, norm=None, out=None):
    """rfft along the last of the axes, fft along the others."""
    a = _check(a, out, norm)
    (*lengths, n), (*axes, last) = _axes(a, s, axes)
    return _several(np.fft.fftn, rfft(a, n, last, norm), lengths, axes, norm)


@compose(np.fft.irfftn)
def irfftn(a, s=None, axes=None, norm=None, out=None):
    """The inverse of rfftn."""
    a = _check(a, out, norm)
    (*lengths, n), (*axes, last) = _axes(a, s, axes)
    return irfft(_several(np.fft.ifftn, a, lengths, axes, norm), n, last, norm)


def _several(fn, a, lengths, axes, norm):
    if not axes:
        return a
    lengths = [a.shape[k] if n is None else n for n, k in zip(lengths, axes)]
    return fn(a, lengths, axes, norm)


@compose(np.fft.rfft2)
def rfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """rfftn along two axes."""
    return rfftn(a, s, axes, norm, out)


@compose(np.fft.irfft2)
def irfft2(a, s=None, axes=(-2, -1), norm=None, out=None):
    """irfftn along two axes."""
    return irfftn(a, s, axes, norm, out)


# ---------------------------------------------------------------- order of frequencies

def _all_axes(x, axes):
    return tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else axes


@compose(np.fft.fftshift)
def fftshift(x, axes=None):
    """Frequency 0 in the middle."""
    axes = _all_axes(x, axes)
    return np.roll(x, tuple(x.shape[k] // 2 for k in axes), tuple(axes))


@compose(np.fft.ifftshift)
def ifftshift(x, axes=None):
    """Frequency 0 first."""
    axes = _all_axes(x, axes)
    return np.roll(x, tuple(-(x.shape[k] // 2) for k in axes), tuple(axes))
