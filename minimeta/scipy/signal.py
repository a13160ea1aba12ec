"""scipy.signal: convolution, a bilinear form whose derivatives are convolutions again.

Read next: ../optim.py.
"""
import numpy as np
from scipy import signal

from ..autodiff import defvjp, primitive
from .mirror import absent, mirror


def __getattr__(name):
    raise absent("signal", name)


@primitive
def _convolve(a, b, mode="full", method="auto"):
    """full: every sum a[i] b[k - i]; valid: those without an edge, b within a."""
    return signal.convolve(a, b, mode=mode, method=method)


def _flip(x):
    return np.flip(x)


def _convolve_a(g, y, a, b, mode, method):
    return _convolve(g, _flip(b), mode="valid" if mode == "full" else "full", method=method)


def _convolve_b(g, y, a, b, mode, method):
    if mode == "full":
        return _convolve(g, _flip(a), mode="valid", method=method)
    return _flip(_convolve(a, _flip(g), mode="valid", method=method))


defvjp(_convolve, _convolve_a, _convolve_b)


@mirror(signal.convolve)
def convolve(in1, in2, mode="full", method="auto"):
    """The convolution of two arrays of as many axes: full, same (as in1), or valid."""
    if np.ndim(in1) != np.ndim(in2):
        raise ValueError("convolve: the arrays have to have the same number of axes")
    if mode == "same":
        return _convolve(in1, in2, mode="full", method=method)[tuple(
            slice((n - 1) // 2, (n - 1) // 2 + m) for m, n in zip(in1.shape, in2.shape))]
    if mode not in ("full", "valid"):
        raise ValueError(f"mode={mode!r}: 'full', 'same' or 'valid'")
    if mode == "valid" and all(m <= n for m, n in zip(in1.shape, in2.shape)):
        in1, in2 = in2, in1
    return _convolve(in1, in2, mode=mode, method=method)


@mirror(signal.correlate)
def correlate(in1, in2, mode="full", method="auto"):
    """The convolution with in2, flipped and conjugated."""
    return convolve(in1, _flip(np.conj(in2) if np.iscomplexobj(in2) else in2), mode, method)
