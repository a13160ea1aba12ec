"""Rules that keep every bit: what is known without computing, and cheaper calls that are equal.

A rule takes the builder and the arguments of a call, and returns a value in its place, or None.
-0.0 and NaN count: x + 0 is not x where x is -0.0, so that rule is in fast.py.

Read next: fast.py.
"""
import inspect
import math
import operator

import numpy as np

from ..autodiff.rules.shapes import scatter
from .arrays import cast
from .builder import number
from .program import Value

EXACT = {}
ROOTS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}        # what some powers are
_CACHE = 1 << 20        # bytes


def rule(table, *functions):
    """Decorator: the rule may replace calls of these functions that have no other keywords."""
    def register(f):
        f.keywords = inspect.signature(f).parameters.keys()
        for fn in functions:
            table.setdefault(fn, []).append(f)
        return f
    return register


def made_by(value, *functions):
    """The call that made `value`, if it is one of these functions without keywords."""
    call = value.call if type(value) is Value else None
    return call if call is not None and call.fn in functions and not call.kwargs else None


def scalar(a, like):
    """The Python number that `a` is, or is full of, if it does not widen floats `like`; or None."""
    if type(a) in (int, float):
        return a
    if type(a) is Value and a.constant and isinstance(a.array, np.ndarray) and a.array.size \
            and a.dtype.kind == "f" and np.result_type(a.dtype, like.dtype) == like.dtype:
        first = a.array.flat[0]
        return float(first) if (a.array == first).all() and first != 0 else None
    return None


def factor(a, b):
    """(x, c, as it stood) if one of a and b is a number and x, the other, fills the result."""
    for x, c in ((a, b), (b, a)):
        if _floats(x):
            number = scalar(c, x)
            if number is not None and (type(c) is not Value or _fills(x, c) and _as_laid(x, c)):
                return x, number, c
    return None, None, None


def tame(c, x):
    """Whether the number c, and its products with such numbers, are in the range of x's dtype."""
    limits = np.finfo(x.dtype)
    return float(limits.smallest_normal) ** 0.5 <= abs(c) <= float(limits.max) ** 0.5


def in_cache(x):
    """Whether an array is so small that reading another like it costs next to nothing."""
    return x.array.nbytes <= _CACHE


def _floats(x):
    return type(x) is Value and isinstance(x.array, np.ndarray) and x.dtype.kind == "f"


def _fills(x, c):
    return np.broadcast_shapes(x.shape, c.shape) == x.shape


def _as_laid(x, c):
    """Whether the result lies in memory as x does, whose sums may round otherwise elsewhere."""
    return not any(c.array.strides) or x.array.flags.c_contiguous and c.array.flags.c_contiguous


@rule(EXACT, np.multiply)
def times(b, x, y):
    """x * 1 is x, x * -1 is -x, -x * c is x * -c; an array full of c is c."""
    x, c, given = factor(x, y)
    if c is None:
        return None
    if c == 1:
        return x
    if c == -1:
        return b.emit(np.negative, x)
    if made_by(x, np.negative):
        return b.emit(np.multiply, x.call.args[0], -c)
    return b.emit(np.multiply, x, c) if type(given) is Value else None


@rule(EXACT, np.multiply)
def masked(b, x, y):
    """A mask that is used several times becomes floats once: NumPy would convert it each time."""
    for a, m in ((x, y), (y, x)):
        if b.device is None and _floats(a) and in_cache(a) \
                and isinstance(getattr(m, "array", None), np.ndarray) \
                and m.dtype == bool and m.shape == a.shape and b.uses(m) > 1:
            return b.emit(np.multiply, a, b.emit(cast, m, a.dtype))
    return None


@rule(EXACT, np.divide)
def divided(b, x, y):
    """x / 1 is x; division by a power of two is a multiplication."""
    if not _floats(x):
        return None
    c = scalar(y, x)
    if c is None or (type(y) is Value and not (_fills(x, y) and _as_laid(x, y))):
        return None
    if tame(c, x) and abs(math.frexp(c)[0]) == 0.5:
        return b.emit(np.multiply, x, 1 / c)
    return b.emit(np.divide, x, c) if type(y) is Value else None


@rule(EXACT, np.negative)
def negated(b, x):
    """-(-x) is x, -(x * c) is x * -c."""
    if made_by(x, np.negative):
        return x.call.args[0]
    if made_by(x, np.multiply):
        y, c, _ = factor(*x.call.args)
        if c is not None:
            return b.emit(np.multiply, y, -c)
    return None


@rule(EXACT, np.add)
def plus(b, x, y):
    """x + (-y) is x - y."""
    if made_by(y, np.negative):
        return b.emit(np.subtract, x, y.call.args[0])
    if made_by(x, np.negative):
        return b.emit(np.subtract, y, x.call.args[0])
    return None


@rule(EXACT, np.subtract)
def minus(b, x, y):
    """x - (-y) is x + y; x - 0 is x."""
    if made_by(y, np.negative):
        return b.emit(np.add, x, y.call.args[0])
    if _floats(x) and type(y) in (int, float) and y == 0 and math.copysign(1, y) > 0:
        return x
    return None


@rule(EXACT, operator.pow)
def power(b, x, p):
    """x**2 of an array is its square, as NumPy has it; CuPy has not."""
    if not isinstance(getattr(x, "array", None), np.ndarray):
        return None
    if b.device is None and type(p) in (int, float) and x.dtype.kind in "fc":
        if p in ROOTS:
            return b.emit(ROOTS[p], x)
    return b.emit(np.power, x, p)


@rule(EXACT, np.positive, np.copy)
def same(b, x):
    """+x is x: a program writes into nothing that it was given."""
    return x if _floats(x) else None


@rule(EXACT, scatter.__wrapped__)
def scattered(b, g, index=None, shape=None):
    """Scattering to every place once, in order, is a reshape."""
    places = np.arange(math.prod(shape)).reshape(shape)
    try:
        chosen = places[index]
    except (IndexError, TypeError):
        return None
    whole = chosen.size == places.size and chosen.shape == g.shape \
        and (chosen.ravel() == places.ravel()).all()
    return b.emit(np.reshape, g, shape) if whole else None


@rule(EXACT, np.broadcast_to)
def broadcast(b, x, shape):
    """x in its own shape is x."""
    return x if getattr(x, "shape", None) == tuple(np.atleast_1d(shape)) else None


def unrepeated(fn):
    """f(x, y) of an x that is repeated is f of x as it is, where y has the shape of the result."""
    def once(a):
        call = made_by(a, np.broadcast_to)
        return call.args[0] if call and type(call.args[0]) is Value else a

    @rule(EXACT, fn)
    def repeated(b, x, y):
        for pair in ((once(x), y), (x, once(y))):
            if pair != (x, y) and type(x) is type(y) is Value \
                    and _joint_shape(*pair) == _joint_shape(x, y):
                return b.emit(fn, *pair)
        return None


def _joint_shape(x, y):
    return np.broadcast_shapes(np.shape(x.array), np.shape(y.array))


for _fn in (np.add, np.subtract, np.multiply, np.divide):
    unrepeated(_fn)


@rule(EXACT, number)
def scalar_of_scalar(b, x):
    return x if isinstance(getattr(x, "array", None), np.generic) else None
