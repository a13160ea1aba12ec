"""Complex numbers: parts, conjugate, modulus and argument.

Convention: the cotangent of z = x + iy is dL/dx - i dL/dy, for which the rule of a holomorphic f is
g * f'(z), with no conjugation; so rules written for real numbers hold as they stand, and a real
operand takes the real part, which the engine does.  A step of descent is z - alpha * conj(g).
The derivatives of abs, sign and angle at 0 are 0.

Read next: ../../nn/conv.py, or ../../meta/adapt.py.
"""
import numpy as np

from ..table import FUNCTIONS, PLAIN, compose, defvjp
from ..trace import plain, raw


def _is_complex(x):
    return np.iscomplexobj(raw(x))


def _ratio(a, b):
    """a / b, and 0 where b is 0."""
    return np.where(b == 0, 0, a) / np.where(b == 0, 1, b)


def _absolute(g, y, z):
    """dL/dx - i dL/dy = g (x - i y) / |z|"""
    return g * _ratio(np.conj(z), y) if _is_complex(z) else g * np.sign(z)


def _angle(g, y, z, deg=False):
    """angle = Im log z, and (log z)' = 1 / z"""
    if not _is_complex(z):
        return np.zeros_like(z)
    g = g * 57.29577951308232 if deg else g
    return _ratio(g, z) * -1j


defvjp(np.absolute,    _absolute)
defvjp(np.conjugate,   lambda g, *_: np.conj(g))
defvjp(np.real,        lambda g, *_: g)
defvjp(np.imag,        lambda g, *_: g * -1j)
defvjp(np.angle,       _angle)

plain(np.isreal, np.iscomplex)


def _sign(x, /):
    """z / |z|, and 0 at 0; piecewise constant on real numbers."""
    if not _is_complex(x):
        return np.sign(raw(x))
    return _ratio(x, np.abs(x))


PLAIN.discard(np.sign)
FUNCTIONS[np.sign] = _sign


@compose(np.real_if_close)
def real_if_close(a, tol=100):
    """The real part of a, if all imaginary parts are close to 0; otherwise a."""
    if _is_complex(a) and not np.iscomplexobj(np.real_if_close(raw(a), tol)):
        return np.real(a)
    return a
