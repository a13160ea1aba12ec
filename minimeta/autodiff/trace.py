"""What is recorded: traced arrays, the graph that they form, and the table of derivative rules.

A `Traced` array answers NumPy's dispatch protocols (NEP 13 and 18), so that ordinary NumPy code
records itself.  A node of the graph is one call: the function, its operands and its value.

Read next: guard.py.
"""
import functools
import inspect
import itertools

import numpy as np

from .guard import Watched, keep

_SCALARS = {bool, int, float, complex, np.bool_, np.int32, np.int64, np.float32, np.float64,
            np.complex64, np.complex128, type(None), str}
NO_KEYWORDS = {}
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

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    nbytes = property(lambda self: self.value.nbytes)
    itemsize = property(lambda self: self.value.itemsize)
    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.swapaxes(self, -1, -2))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))
    flat = property(lambda self: iter(np.ravel(self)))

    def __array_function__(self, func, types, args, kwargs):
        handler = FUNCTIONS.get(func)
        if handler is None:
            raise no_rule(func)
        return handler(*args, **kwargs)

    __hash__ = object.__hash__


def raw(a):
    """The plain value of `a`, traced or not."""
    if type(a) is Traced:
        return a.value
    return a.check() if type(a) is Watched else a


# ---------------------------------------------------------------- the table of rules

class Rule:
    """Derivatives of one function: vjps[i](g, y, *operands, **static) for operand i."""
    __slots__ = ("vjps", "each", "reads", "bind")

    def __init__(self, fn, vjps, each):
        self.vjps, self.each = vjps, each
        # a rule written as `lambda g, *_` or `lambda g, y, *_` never looks at the operands
        self.reads = any(v is not None and v.__code__.co_argcount > 2 for v in (*vjps, each))
        self.bind = _binder(fn, None if each else len(vjps))

    def vjp(self, i):
        if self.each is not None:
            return functools.partial(self.each, i)
        return self.vjps[i] if i < len(self.vjps) else None


RULES = {}        # primitive -> Rule
FUNCTIONS = {}    # NumPy function -> what a traced array does when it is called
PLAIN = set()     # functions without a derivative: called on the plain values
REDUCTIONS = {}   # (ufunc, "reduce" or "accumulate") -> the function of the same meaning
WRITERS = {}      # functions that write into an argument -> what to use instead


def defvjp(fn, *vjps, argnums=None, each=None):
    """Add the derivative rule of `fn`, one function per operand.

    Each takes (g, y, *operands, **static): the cotangent, the output, the operands as they were
    passed, and the keyword arguments; it returns the operand's cotangent, up to broadcasting,
    which the engine undoes.  Written in differentiable operations, it is differentiable itself.
    None stands for "no derivative": asking for it raises.  `argnums` tells which operands the
    rules belong to (by default the first ones); `each(i, g, y, *operands)` serves any number.
    """
    if argnums is not None:
        rules = dict(zip(argnums, vjps, strict=True))
        vjps = tuple(rules.get(i) for i in range(max(argnums) + 1))
    fn = getattr(fn, "_primitive", fn)
    RULES[fn] = Rule(fn, vjps, each)
    if not isinstance(fn, np.ufunc):
        FUNCTIONS[fn] = functools.partial(call, fn)


def primitive(fn):
    """A function of arrays with a rule of its own (`defvjp`), recorded as one node when traced.

    Positional arguments are operands, keyword arguments are static.  Inside, arrays are plain.
    """
    @functools.wraps(fn)
    def recorded(*args, **kwargs):
        return call(fn, *args, **kwargs)
    recorded._primitive = fn
    return recorded


def compose(*functions):
    """Decorator: NumPy's `functions` are, on traced arrays, this composition of others."""
    def register(composition):
        for function in functions:
            FUNCTIONS[function] = composition
        return composition
    return register


def plain(*functions):
    """`functions` have no derivative (or a zero one): traced arrays hand them plain values."""
    for fn in functions:
        PLAIN.add(fn)
        FUNCTIONS[fn] = lambda *args, _fn=fn, **kwargs: _fn(*deep_raw(args), **deep_raw(kwargs))


def deep_raw(a):
    """`raw` through lists, tuples and dicts."""
    if isinstance(a, (list, tuple)):
        items = [deep_raw(b) for b in a]
        return a._make(items) if hasattr(a, "_make") else type(a)(items)
    if isinstance(a, dict):
        return {k: deep_raw(v) for k, v in a.items()}
    return raw(a)


def no_rule(fn):
    name = f"{getattr(fn, '__module__', None) or 'numpy'}.{fn.__name__}"
    if fn in WRITERS:
        return TypeError(f"{name} writes into an array, which a derivative cannot follow: "
                         f"use {WRITERS[fn]}")
    return NotImplementedError(
        f"no derivative rule for {name}: write it over NumPy functions that have one, "
        f"or add a rule with minimeta.defvjp({name}, ...)")


def writes(name):
    return TypeError(f"{name}: a traced array cannot be written into an existing one (out=, "
                     "where=, +=, ufunc.at): use the returned array, x = x + y, or np.where")


def _binder(fn, operands):
    """How positional and keyword arguments of `fn` become (operands, static keywords)."""
    if operands is None or isinstance(fn, np.ufunc):
        return lambda args, kwargs: (args, kwargs)
    try:
        names = list(inspect.signature(fn).parameters)
    except ValueError:       # a builtin that hides its signature takes its operands by position
        return lambda args, kwargs: (args, kwargs)

    def bind(args, kwargs):
        if len(args) > operands:
            kwargs = {**dict(zip(names[operands:], args[operands:])), **kwargs}
            args = args[:operands]
        elif len(args) < operands and kwargs:
            kwargs = dict(kwargs)
            for name in names[len(args):operands]:
                if name not in kwargs:
                    break
                args = (*args, kwargs.pop(name))
        return args, kwargs
    return bind


# ---------------------------------------------------------------- recording

def record(fn, *args, **kwargs):
    """fn of the plain operands; a node of the graph if any operand is traced."""
    deps = 0
    values = []
    for a in args:
        if type(a) is Traced:
            deps |= a.deps
            a = a.value
        values.append(a)
    value = fn(*values, **kwargs)
    if not deps:
        return value
    if RULES[fn].reads:
        args = tuple([a if type(a) is Traced or type(a) in _SCALARS else keep(a) for a in args])
    node = Traced(value, fn, args, kwargs, deps)
    return items(node) if isinstance(value, tuple) else node


def call(fn, *args, **kwargs):
    """`record`, with the arguments bound to the signature of fn first."""
    args, kwargs = RULES[fn].bind(args, kwargs)
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
    return record(_getitem, x, index=_keep_index(index))


def _getitem(x, index):
    return x[index]


def _keep_index(index):
    if type(index) in (int, slice):
        return index
    if type(index) is tuple:
        return tuple([_keep_index(i) for i in index])
    index = raw(index)
    if isinstance(index, list):
        index = np.asarray(deep_raw(index))
    return keep(index) if hasattr(index, "nbytes") else index
