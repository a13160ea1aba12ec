"""Fourier transforms: lengths, axes, norms, real and complex operands, against differences."""
import itertools

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from minimeta import defvjp, grad, vjp
from minimeta.autodiff.rules import fft as rules
from minimeta.autodiff.table import FUNCTIONS, RULES
from tests.autodiff.several import COMPLEX, REAL, check_function, check_value, draw

OF_COMPLEX = ["fft", "ifft", "irfft", "hfft"]
ONE = [(name, REAL) for name in (*OF_COMPLEX, "rfft", "ihfft")] + [(n, COMPLEX) for n in OF_COMPLEX]
MANY = [(name, kind) for name, kind in ONE if name[-4:] not in ("hfft",)]
NORMS = [None, "ortho", "forward", "backward"]


def transform(name, *args):
    return lambda x: getattr(np.fft, name)(x, *args)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name, kind", ONE)
def test_one_axis(name, kind, norm):
    """Even and odd lengths; as long as the operand, cut, and filled up with zeros."""
    for length, n in itertools.product((5, 6), (None, 4, 7, 8)):
        check_function(transform(name, n, 0, norm), draw(kind, length, 2))


@pytest.mark.parametrize("norm", NORMS[:3])
@pytest.mark.parametrize("name, kind", MANY)
def test_several_axes(name, kind, norm):
    x = draw(kind, 3, 4, 5)
    for s, axes in ((None, None), ((4, 3), (0, 2)), ((4, 6), (-2, -1)), ((4, -1), (2, 0)),
                    (None, (1, 0)), ((5,), (1,)), ((2, 4, 7), (0, 1, 2))):
        if name == "irfft" and s == (4, -1):
            continue                        # here -1 stands for another length in NumPy
        check_function(transform(name + "n", s, axes, norm), x)
    check_function(transform(name + "2", None, (-2, -1), norm), x, orders=3)
    check_function(transform(name + "2", (3, 6), (0, 1), norm), x)


@pytest.mark.parametrize("axes", [None, 1, (0, -1)], ids=str)
@pytest.mark.parametrize("shift", [np.fft.fftshift, np.fft.ifftshift], ids=["fft", "ifft"])
def test_shifts(shift, axes):
    for kind in (REAL, COMPLEX):
        check_function(lambda x: shift(x, axes), draw(kind, 3, 4))


def test_the_gradient_of_a_real_function_through_a_spectrum_is_real():
    """A circular convolution: the gradient is the correlation, another one."""
    x, w = draw(REAL, 8), draw(REAL, 8, seed=1)

    def convolved(x):
        return np.fft.ifft(np.fft.fft(x) * np.fft.fft(w)).real
    shifts = np.stack([np.roll(w, k) for k in range(8)])
    g = grad(lambda x: np.sum(convolved(x) ** 2))(x)
    assert g.dtype == np.float64
    np.testing.assert_allclose(g, 2 * shifts @ convolved(x), rtol=1e-12)
    halves = grad(lambda x: np.sum(np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(w)) ** 2))(x)
    np.testing.assert_allclose(halves, g, rtol=1e-12)


def test_the_convention_of_complex_cotangents():
    """By Parseval, L = |fft z|^2 = n |z|^2, and dL/dx - i dL/dy = 2 n conj z."""
    z = draw(COMPLEX, 6)
    g, = vjp(lambda z: np.sum(np.abs(np.fft.fft(z)) ** 2), z)[1](1.0)
    np.testing.assert_allclose(g, 12 * np.conj(z), rtol=1e-12)


@pytest.mark.parametrize("f, shape", [
    (lambda np, x: np.sum(np.abs(np.fft.fft(x)) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.abs(np.fft.fftn(x)) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.abs(np.fft.ifft2(x)) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.abs(np.fft.rfft(x)) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.abs(np.fft.rfftn(x)) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.fft.irfft(np.fft.rfft(x) ** 2) ** 3), (5, 4)),
    (lambda np, x: np.sum(np.abs(np.fft.fftshift(x)[1:]) ** 3), (5, 4))], ids=range(7))
def test_against_autograd(f, shape):
    x = draw(REAL, *shape)
    np.testing.assert_allclose(grad(lambda x: f(np, x))(x), autograd.grad(lambda x: f(anp, x))(x),
                               rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name, kind", ONE)
def test_single_precision_is_kept(name, kind):
    x = draw(kind, 4, 4).astype(np.float32 if kind == REAL else np.complex64)
    check_value(transform(name), x, rtol=1e-5)


def test_frequencies_are_plain_and_may_have_a_traced_spacing():
    check_function(lambda d: np.fft.fftfreq(6, d), np.asarray(0.7))


@pytest.mark.parametrize("call, error, words", [
    (lambda x: np.fft.fft(x, norm="orto"), ValueError, "'ortho'"),
    (lambda x: np.fft.rfft(x, norm="orto"), ValueError, "'ortho'"),
    (lambda x: np.fft.fft(x, 0), ValueError, "positive"),
    (lambda x: np.fft.irfft(x[..., :1]), ValueError, "Invalid number of"),
    (lambda x: np.fft.fftn(x, (4, 4, 4), (0, 1)), ValueError, "one length for each axis"),
    (lambda x: np.fft.fft(x, out=np.ones((4, 4), complex)), TypeError, "returned array"),
    (lambda x: np.fft.rfft(x * 1j), TypeError, "rfft")], ids=range(7))
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        vjp(call, draw(REAL, 4, 4))


@pytest.mark.parametrize("fn, name, wrong", [
    (np.fft.fftn, "fft", lambda g, *_, **static: np.fft.ifftn(g, **static)),
    (rules.half_spectrum._primitive, "rfft", lambda g, y, x, axis, norm: rules.from_half_spectrum(
        np.conj(g), n=x.shape[axis], axis=axis, norm="forward"))], ids=["fft", "rfft"])
def test_a_wrong_rule_is_caught(fn, name, wrong):
    """The inverse in place of the transpose; the entries that count twice, counted twice."""
    right = RULES[fn]
    handler = FUNCTIONS.get(fn)
    defvjp(fn, wrong)
    if handler is not None:
        FUNCTIONS[fn] = handler
    try:
        with pytest.raises(AssertionError):
            check_function(transform(name), draw(REAL, 5))
    finally:
        RULES[fn] = right
