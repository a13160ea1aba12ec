"""Samples of Fourier transforms.

Read next: ../test_fft.py.
"""
import numpy as np

from minimeta.autodiff.rules import fft

from .core import A


def _parts(fn, *args):
    """fn of complex numbers, its real and imaginary parts weighed."""
    def of(a):
        y = fn(a * (1 + 2j), *args)
        return np.real(y) + 0.5 * np.imag(y)
    return of


def _parts_of_half(fn, *args):
    """fn of real numbers, its real and imaginary parts weighed."""
    def of(a):
        y = fn(a, *args)
        return np.real(y) + 0.5 * np.imag(y)
    return of


SAMPLES = {
    np.fft.fftn: (_parts(np.fft.fftn, None, (0, 1), "ortho"), (A,)),
    np.fft.ifftn: (_parts(np.fft.ifftn, (4, 3), (0, 1)), (A,)),
    fft.half_spectrum._primitive: (_parts_of_half(fft.half_spectrum), (A,)),
    fft.from_half_spectrum._primitive: (
        lambda a: fft.from_half_spectrum(a * (1 + 2j), n=7, axis=1), (A,)),
}
# name -> (call, operands)
COMPOSITIONS = {
    "fft": (_parts(np.fft.fft, 6), (A,)),
    "fft2": (_parts(np.fft.fft2), (A,)),
    "ifft": (_parts(np.fft.ifft, 3, 1, "forward"), (A,)),
    "ifft2": (_parts(np.fft.ifft2), (A,)),
    "rfft": (_parts_of_half(np.fft.rfft), (A,)),
    "rfft2": (_parts_of_half(np.fft.rfft2), (A,)),
    "rfftn": (_parts_of_half(np.fft.rfftn, (4, 2), (0, 1)), (A,)),
    "irfft": (lambda a: np.fft.irfft(a * (1 + 2j)), (A,)),
    "irfft2": (lambda a: np.fft.irfft2(a * (1 + 2j)), (A,)),
    "irfftn": (lambda a: np.fft.irfftn(a * (1 + 2j), axes=(1, 0)), (A,)),
    "hfft": (lambda a: np.fft.hfft(a * (1 + 2j)), (A,)),
    "ihfft": (_parts_of_half(np.fft.ihfft), (A,)),
    "fftshift": (lambda a: np.fft.fftshift(a, axes=1), (A,)),
    "ifftshift": (np.fft.ifftshift, (A,)),
}
