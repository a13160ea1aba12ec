"""Elementwise functions: a row each.

Conventions: maximum and minimum halve the cotangent at ties; abs, copysign and hypot have
derivative 0 at 0; x**2 is smooth at 0 to every order; x**0 is constant; nextafter(x, y) counts as
x.  Functions that are constant between jumps (floor, sign, round) have the derivative 0.

Read next: elementwise.py.
"""
import functools

import numpy as np

from ..table import PLAIN, defvjp
from ..trace import Traced, plain, primitive


def _power_x(g, y, x, p):
    # x**0 is constant, also where x is 0, inf or nan.  A traced exponent is replaced at 0**0 only:
    # elsewhere its own derivative must see p - 1
    if type(p) in (int, float):
        less = p - 1 if p else 0
    elif type(p) is Traced:
        less = np.where((p == 0) & (x == 0), 0, p - 1)
    else:
        less = np.where(p == 0, 0, p - 1)
    return g * (p * x ** less)


def _power_p(g, y, x, p):
    base = np.where(x == 0, 1, x)
    if y.dtype.kind == "c" != base.dtype.kind:
        base = base.astype(y.dtype)          # the logarithm of a negative number
    return g * (y * np.log(base))


def _share(g, first, tie):
    """g where `first`, half of it where `tie`, else nothing."""
    return np.where(tie, g * 0.5, g * first)


@functools.lru_cache(64)
def number(c, dtype):
    """c as an array: NumPy converts a Python number anew at each call."""
    return np.array(c, dtype)


def scaled(c, x):
    """c x, for a Python number c."""
    return np.multiply(number(c, x.dtype), x) if type(x) is np.ndarray else c * x


@primitive(inline=True)
def one_minus_square(y):
    """1 - y^2, the slope of tanh where its value is y."""
    square = y * y
    if type(square) is np.ndarray:
        return np.subtract(number(1, square.dtype), square, square)
    return 1 - square


def _nonzero(y):
    """y, and 1 where it is 0."""
    return y + (y == 0)


defvjp(np.add,         lambda g, *_: g,                  lambda g, *_: g)
defvjp(np.subtract,    lambda g, *_: g,                  lambda g, *_: -g)
defvjp(np.multiply,    lambda g, y, a, b: g * b,         lambda g, y, a, b: g * a)
defvjp(np.divide,      lambda g, y, a, b: g / b,         lambda g, y, a, b: -g * y / b)
defvjp(np.power,       _power_x,                         _power_p)
defvjp(np.float_power, _power_x,                         _power_p)
defvjp(np.remainder,   lambda g, *_: g,                  lambda g, y, a, b: -g * (a // b))
defvjp(np.fmod,        lambda g, *_: g,
                       lambda g, y, a, b: -g * np.rint((a - y) / b))
defvjp(np.arctan2,     lambda g, y, a, b: g * b / (a * a + b * b),
                       lambda g, y, a, b: -g * a / (a * a + b * b))
defvjp(np.hypot,       lambda g, y, a, b: g * a / _nonzero(y),
                       lambda g, y, a, b: g * b / _nonzero(y))
defvjp(np.logaddexp,   lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y))
defvjp(np.logaddexp2,  lambda g, y, a, b: g * np.exp2(a - y),
                       lambda g, y, a, b: g * np.exp2(b - y))
defvjp(np.maximum,     lambda g, y, a, b: _share(g, a > b, a == b),
                       lambda g, y, a, b: _share(g, b > a, a == b))
defvjp(np.minimum,     lambda g, y, a, b: _share(g, a < b, a == b),
                       lambda g, y, a, b: _share(g, b < a, a == b))
defvjp(np.fmax,        lambda g, y, a, b: _share(g, (a > b) | (b != b), a == b),
                       lambda g, y, a, b: _share(g, (b > a) | (a != a), a == b))
defvjp(np.fmin,        lambda g, y, a, b: _share(g, (a < b) | (b != b), a == b),
                       lambda g, y, a, b: _share(g, (b < a) | (a != a), a == b))
defvjp(np.copysign,    lambda g, y, a, b: g * np.sign(a) * np.copysign(1.0, b), lambda *_: None)
defvjp(np.heaviside,   lambda *_: None,                  lambda g, y, x, h: np.where(x == 0, g, 0))
defvjp(np.nextafter,   lambda g, *_: g,                  lambda *_: None)
defvjp(np.ldexp,       lambda g, y, x, e: np.ldexp(g, e))
defvjp(np.modf,        lambda g, *_: g[0])

defvjp(np.negative,    lambda g, *_: -g)
defvjp(np.positive,    lambda g, *_: g)
defvjp(np.fabs,        lambda g, y, x: g * np.sign(x))
defvjp(np.exp,         lambda g, y, x: g * y)
defvjp(np.exp2,        lambda g, y, x: g * y * 0.6931471805599453)
defvjp(np.expm1,       lambda g, y, x: g * (y + 1))
defvjp(np.log,         lambda g, y, x: g / x)
defvjp(np.log2,        lambda g, y, x: g / x * 1.4426950408889634)
defvjp(np.log10,       lambda g, y, x: g / x * 0.4342944819032518)
defvjp(np.log1p,       lambda g, y, x: g / (x + 1))
defvjp(np.sqrt,        lambda g, y, x: g * 0.5 / y)
defvjp(np.cbrt,        lambda g, y, x: g / (3 * y * y))
defvjp(np.square,      lambda g, y, x: g * scaled(2, x))
defvjp(np.reciprocal,  lambda g, y, x: -g * y * y)
defvjp(np.sin,         lambda g, y, x: g * np.cos(x))
defvjp(np.cos,         lambda g, y, x: -g * np.sin(x))
defvjp(np.tan,         lambda g, y, x: g * (1 + y * y))
defvjp(np.arcsin,      lambda g, y, x: g / np.sqrt(1 - x * x))
defvjp(np.arccos,      lambda g, y, x: -g / np.sqrt(1 - x * x))
defvjp(np.arctan,      lambda g, y, x: g / (1 + x * x))
defvjp(np.sinh,        lambda g, y, x: g * np.cosh(x))
defvjp(np.cosh,        lambda g, y, x: g * np.sinh(x))
defvjp(np.tanh,        lambda g, y, x: g * one_minus_square(y))
defvjp(one_minus_square, lambda g, s, y: g * scaled(-2, y))
defvjp(np.arcsinh,     lambda g, y, x: g / np.sqrt(x * x + 1))
defvjp(np.arccosh,     lambda g, y, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
defvjp(np.arctanh,     lambda g, y, x: g / (1 - x * x))
for _fn in (np.deg2rad, np.radians):
    defvjp(_fn,        lambda g, *_: g * 0.017453292519943295)
for _fn in (np.rad2deg, np.degrees):
    defvjp(_fn,        lambda g, *_: g * 57.29577951308232)

# a zero derivative, or none: rounding, comparisons, logic, tests of numbers
for _fn in (np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.isnan, np.isinf,
            np.isfinite, np.signbit, np.logical_and, np.logical_or, np.logical_xor,
            np.logical_not, np.greater, np.greater_equal, np.less, np.less_equal, np.equal,
            np.not_equal, np.spacing):
    PLAIN.add(_fn)
plain(np.round, np.around, np.fix, np.isclose, np.allclose, np.array_equal, np.array_equiv,
      np.iscomplexobj, np.isrealobj, np.isreal, np.iscomplex, np.isposinf, np.isneginf)
