"""Samples of Fourier transforms.

Read next: ../test_fft.py.
"""
import numpy as np

from minimeta.autodiff.rules import fft

from .core import A

SAMPLES = {
    np.fft.fftn: (lambda a: np.real(np.fft.fftn(a * (1 + 2j), axes=(0, 1), norm="ortho")), (A,)),
    np.fft.ifftn: (lambda a: np.imag(np.fft.ifftn(a * (1 + 2j), axes=(1,))), (A,)),
    fft.half_spectrum._primitive: (lambda a: np.imag(np.fft.rfft(a, axis=0) * (1 + 2j)), (A,)),
    fft.from_half_spectrum._primitive: (lambda a: np.fft.irfft(a * (1 + 2j), 7, axis=1), (A,)),
}
