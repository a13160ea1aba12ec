"""What is recorded: traced arrays, and the graph that they form.

A `Traced` array answers NumPy's dispatch protocols (NEP 13 and 18), so that ordinary NumPy code
records itself.  A node of the graph is one call: the function, its operands and its value.

Read next: table.py.
"""
import functools
import itertools
import operator

import numpy as np

from ..device import lacking
from .guard import Watched, keep
from .table import FUNCTIONS, PLAIN, QUICK, RULES, as_output, no_rule, writes

_SCALARS = {bool, int, float, complex, np.bool_, np.int32, np.int64, np.float32, np.float64,
            np.complex64, np.complex128, type(None), str}
_FIXED = {int, slice, type(None), type(Ellipsis)}      # parts of an index that nobody can change
NO_KEYWORDS = {}
RECORDERS = set()    # types of arrays that note primitives down as one call each
_tick = itertools.count().__next__


class Traced:
    """An array that remembers how it was computed.

    deps is a bit mask of the derivative levels that the value depends on; creation order (`order`)
    is a topological order of the graph, which holds references to earlier nodes only.
    """
    __slots__ = ("value", "fn", "args", "kwargs", "deps", "order")

    def __init__(self, value, fn, args, kwargs, deps):
        self.value, self.fn, self.args, self.kwargs, self.deps = value, fn, args, kwargs, deps
        self.order = _tick()

    shape, dtype, ndim, size, nbytes, itemsize = [
        property(operator.attrgetter(f"value.{name}"))
        for name in ("shape", "dtype", "ndim", "size", "nbytes", "itemsize")]
    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.swapaxes(self, -1, -2))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))
    flat = property(lambda self: iter(np.ravel(self)))

    def __array_function__(self, func, types, args, kwargs):
        handler = FUNCTIONS.get(func)
        if handler is not None:
            if kwargs and kwargs.get("out") is not None and func not in PLAIN:
                raise writes(func.__name__)
            return handler(*args, **kwargs)
        if func not in RULES:
            raise no_rule(func)
        return call(func, *args, **kwargs)

    __hash__ = object.__hash__


def raw(a):
    """The plain value of `a`, traced or not."""
    if type(a) is Traced:
        return a.value
    return a.check() if type(a) is Watched else a


def record(fn, *args, **kwargs):
    """fn of the plain operands; a node of the graph if any operand is traced."""
    deps, values, known = 0, [], True
    for a in args:
        if type(a) is Traced:
            deps |= a.deps
            a = a.value
        elif type(a) not in _SCALARS:
            known = False
        values.append(a)
    run = QUICK.get(fn, fn) if type(a) is np.ndarray else fn
    try:
        value = run(*values, **kwargs)
    except (TypeError, AttributeError) as error:
        raise (lacking(fn, values) or error) from None
    if not deps:
        return value
    if not known and RULES[fn].reads:
        args = tuple([a if type(a) is Traced or type(a) in _SCALARS else keep(a) for a in args])
    node = Traced(value, fn, args, kwargs, deps)
    return items(node) if isinstance(value, tuple) else node


def primitive(fn=None, *, inline=False):
    """A function of arrays with a rule of its own (`defvjp`), recorded as one node when traced.

    Positional arguments are operands, keyword arguments are static.  Inside, arrays are plain.
    inline: it is made of NumPy functions alone, and `compile` may look inside; else a compiled
    program calls it as it is.
    """
    if fn is None:
        return functools.partial(primitive, inline=inline)

    @functools.wraps(fn)
    def opaque(*args, **kwargs):
        if RECORDERS:
            for a in (*args, *kwargs.values()):
                for b in a if type(a) is tuple else (a,):       # a tuple: an index
                    if type(b) in RECORDERS:
                        return b.primitive(fn, args, kwargs)
        return as_output(fn, fn(*args, **kwargs))
    inner = fn if inline else opaque

    @functools.wraps(fn)
    def recorded(*args, **kwargs):
        for a in args:
            if type(a) is Traced:
                if inline and len(args) == 1 and not kwargs and fn in RULES:
                    value = fn(a.value)          # the short way, for a function of one array
                    if type(value) is not tuple:
                        return Traced(value, fn, args, NO_KEYWORDS, a.deps)
                return call(inner, *args, **kwargs)
        if kwargs and any([type(a) is Traced for a in kwargs.values()]):
            return call(inner, *args, **kwargs)
        try:
            return inner(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            raise (lacking(inner, args) or error) from None
    recorded._primitive = inner
    return recorded


def call(fn, *args, **kwargs):
    """`record`, with the arguments bound to the signature of fn first."""
    rule = RULES.get(fn)
    if rule is None:
        if any(type(a) is Traced for a in (*args, *kwargs.values())):
            raise no_rule(fn)
        return fn(*args, **kwargs)
    if not kwargs and len(args) == len(rule.vjps):
        return record(fn, *args)
    args, kwargs = rule.bind(args, kwargs)
    for name, a in kwargs.items():
        if type(a) is Traced:
            raise TypeError(f"argument '{name}' of {fn.__name__} has no derivative rule: pass "
                            "minimeta.stop_gradient of it if it is a constant")
    if "out" in kwargs:
        kwargs = dict(kwargs)
        if kwargs.pop("out") is not None:
            raise writes(fn.__name__)
    return record(fn, *args, **kwargs)


def item(values, i):
    """One output of a function that returns several."""
    return values[i]


def items(node):
    """The outputs of a node whose value is a tuple, each a node."""
    value = node.value
    parts = [Traced(v, item, (node,), {"i": i}, node.deps) for i, v in enumerate(value)]
    return value._make(parts) if hasattr(value, "_make") else tuple(parts)


def getitem(x, index):
    """x[index]"""
    if type(x) is Traced:
        index = _keep_index(index, x)
        return Traced(x.value[index], _getitem, (x,), {"index": index}, x.deps)
    return record(_getitem, x, index=_keep_index(index, x))


def _getitem(x, index):
    return x[index]


def _keep_index(index, x):
    if type(index) in _FIXED:
        return index
    if type(index) is tuple:
        return tuple([i if type(i) in _FIXED else _keep_index(i, x) for i in index])
    index = raw(index)
    if isinstance(index, list):
        index = np.asarray(deep_raw(index), like=raw(x))
        index = index if index.size else index.astype(int)      # [] would be of floats
    return keep(index) if hasattr(index, "nbytes") else index


def plain(*functions):
    """`functions` have no derivative (or a zero one): traced arrays hand them plain values."""
    for fn in functions:
        PLAIN.add(fn)
        FUNCTIONS[fn] = functools.partial(on_plain, fn, "__call__")


def on_plain(fn, method, *args, **kwargs):
    """fn, or another method of it than __call__, of the plain values."""
    args, kwargs = deep_raw(args), deep_raw(kwargs)
    try:
        return getattr(fn, method)(*args, **kwargs)
    except TypeError as error:
        raise (lacking(fn, args) or error) from None


def deep_raw(a):
    """`raw` through lists, tuples and dicts."""
    if isinstance(a, (list, tuple)):
        items = [deep_raw(b) for b in a]
        return a._make(items) if hasattr(a, "_make") else type(a)(items)
    if isinstance(a, dict):
        return {k: deep_raw(v) for k, v in a.items()}
    return raw(a)
