"""Checks of functions with any number of operands and outputs, real or complex."""
import numpy as np

from minimeta import vjp
from minimeta.autodiff.tree import flatten
from tests.differences import check_orders

REAL, COMPLEX = "real", "complex"


def draw(kind, *shape, seed=0):
    """Normal numbers, real or complex."""
    rng = np.random.default_rng((seed, *shape))
    x = rng.standard_normal(shape)
    return x if kind == REAL else x + 1j * rng.standard_normal(shape)


def real_loss(y):
    """A number that every part of every output goes into, differently."""
    total, rng = 0, np.random.default_rng(5)
    for a in flatten(y)[0]:
        for part in (np.real(a), np.imag(a)) if a.dtype.kind == "c" else (a,):
            total = total + np.sum(np.sin(1.1 * part) * rng.standard_normal(np.shape(a)))
    return total


def joined_parts(x):
    """Real numbers that stand for x: its real and its imaginary parts."""
    return np.stack([x.real, x.imag]) if x.dtype.kind == "c" else x


def check_function(f, *operands, orders=2, rtol=1e-6, step=2e-4):
    """The value, and derivatives to order `orders` with respect to every operand in turn."""
    check_value(f, *operands)
    for i, x in enumerate(operands):
        def loss(parts, i=i, x=x):
            x = parts[0] + 1j * parts[1] if x.dtype.kind == "c" else parts
            return real_loss(f(*operands[:i], x, *operands[i + 1:]))
        check_orders(loss, joined_parts(x), orders, rtol, step)


def check_value(f, *operands, rtol=1e-10):
    """Recorded, f has NumPy's value, its shape and its dtype; cotangents have the operands'."""
    (y, pullback), plain = vjp(f, *operands), f(*operands)
    ours, theirs = flatten(y)[0], flatten(plain)[0]
    assert type(y) is type(plain) or not isinstance(plain, tuple)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
    for c, x in zip(pullback(y), operands):
        assert c.shape == x.shape and c.dtype == x.dtype
