"""What is recorded: traced arrays, the graph that they form, and the table of derivative rules.

A `Traced` array answers NumPy's dispatch protocols (NEP 13 and 18), so that ordinary NumPy code
records itself.  A node of the graph is one call: the function, its operands and its value.

Read next: diff.py, which walks the graph backwards.
"""
import functools
import inspect
import itertools
import operator
import threading

import numpy as np

_SCALARS = {bool, int, float, complex, np.bool_, np.int32, np.int64, np.float32, np.float64,
            np.complex64, np.complex128, type(None), str}
_LARGE = 1 << 20          # bytes: up to here a captured array is copied, above it is fingerprinted
_NO_KEYWORDS = {}
_tick = itertools.count().__next__
_engine = threading.local()   # .busy while rules run: the arrays they touch are the engine's own


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

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method == "__call__" and not kwargs and ufunc in RULES:
            return record(ufunc, *inputs)
        return _call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        handler = FUNCTIONS.get(func)
        if handler is None:
            raise _no_rule(func)
        return handler(*args, **kwargs)

    def __array__(self, *args, **kwargs):
        raise TypeError("a traced array is not an ndarray: use np.stack or np.concatenate, not "
                        "np.array; minimeta.stop_gradient(x) gives its plain value")

    def __getitem__(self, index):
        return getitem(self, index)

    def __setitem__(self, index, value):
        raise TypeError("a traced array cannot be written to: build the result with np.where, "
                        "np.concatenate or np.stack instead of x[index] = value")

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self.value)

    def __bool__(self):
        return bool(self.value)

    def __float__(self):
        return float(self.value)

    def __complex__(self):
        return complex(self.value)

    def __contains__(self, item):
        return raw(item) in self.value

    def __format__(self, spec):
        return format(self.value if self.ndim else self.value[()], spec) if spec else str(self)

    def __repr__(self):
        return f"Traced({self.value!r})"

    def __str__(self):
        return str(self.value)

    __hash__ = object.__hash__

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError("a traced array belongs to the derivative being taken and cannot be "
                        "pickled or saved: use minimeta.stop_gradient(x), its plain value")

    def item(self, *index):
        return self.value.item(*index)

    def tolist(self):
        return self.value.tolist()

    def astype(self, dtype, copy=True):
        return FUNCTIONS[np.astype](self, dtype)

    def copy(self, order="C"):
        return self

    def reshape(self, *shape, **kwargs):
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes):
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order="C"):
        return np.ravel(self, order)


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


def _no_rule(fn):
    name = f"{getattr(fn, '__module__', None) or 'numpy'}.{fn.__name__}"
    if fn in WRITERS:
        return TypeError(f"{name} writes into an array, which a derivative cannot follow: "
                         f"use {WRITERS[fn]}")
    return NotImplementedError(
        f"no derivative rule for {name}: write it over NumPy functions that have one, "
        f"or add a rule with minimeta.defvjp({name}, ...)")


def _binder(fn, operands):
    """How positional and keyword arguments of `fn` become (operands, static keywords)."""
    if operands is None or isinstance(fn, np.ufunc):
        return lambda args, kwargs: (args, kwargs)
    names = list(inspect.signature(fn).parameters)

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
            raise _writes(fn.__name__)
    return record(fn, *args, **kwargs)


def item(values, i):
    """One output of a function that returns several."""
    return values[i]


def items(node):
    """The outputs of a node whose value is a tuple, each a node."""
    value = node.value
    parts = [Traced(v, item, (node,), {"i": i}, node.deps) for i, v in enumerate(value)]
    return value._make(parts) if hasattr(value, "_make") else tuple(parts)


class Watched:
    """A large plain array that a rule will need, and a fingerprint of what it held."""
    __slots__ = ("array", "mark")

    def __init__(self, array):
        self.array, self.mark = array, fingerprint(array)

    def check(self):
        if any((a != b).any() for a, b in zip(self.mark, fingerprint(self.array))):
            raise RuntimeError("an array was changed in place after it was used and before its "
                               "derivative was taken: change a copy instead")
        return self.array


def fingerprint(a):
    """Sums of the bits of `a` along the rows and the columns of a grid: order matters too."""
    words = np.ascontiguousarray(a).reshape(-1).view(np.uint8)
    words = np.pad(words, (0, -words.size % 4096)).view(np.uint64).reshape(-1, 512)
    return words.sum(0), words.sum(1)


def keep(a):
    """A plain operand as the backward pass will need it, safe from later writing."""
    if not hasattr(a, "nbytes") or getattr(_engine, "busy", False):
        return np.array(a) if isinstance(a, (list, tuple)) else a
    if a.nbytes > _LARGE and type(a) is np.ndarray:
        return Watched(a)
    return a.copy()


# ---------------------------------------------------------------- ufuncs and operators

def _writes(name):
    return TypeError(f"{name}: a traced array cannot be written into an existing one (out=, "
                     "where=, +=, ufunc.at): use the returned array, x = x + y, or np.where")


def _call_ufunc(ufunc, method, inputs, kwargs):
    """The slow path: keyword arguments, and the methods of ufuncs."""
    if any(kwargs.get(k) is not None for k in ("out",)) or kwargs.get("where", True) is not True \
            or method in ("at", "reduceat"):
        raise _writes(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
    kwargs = {k: v for k, v in kwargs.items() if k not in ("out", "where") and v is not None}
    if method in ("reduce", "accumulate"):
        function = REDUCTIONS.get((ufunc, method))
        if function is None:
            raise NotImplementedError(f"no derivative rule for {ufunc.__name__}.{method}")
        for name, value in zip(("axis", "dtype", "out", "keepdims"), inputs[1:]):
            kwargs.setdefault(name, value)
        kwargs.setdefault("axis", 0)
        return function(inputs[0], **{k: v for k, v in kwargs.items() if v is not None
                                      or k == "axis"})
    if method == "outer":
        a, b = inputs
        return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **kwargs)
    if ufunc in PLAIN:
        return ufunc(*map(raw, inputs), **kwargs)
    if set(kwargs) <= {"dtype"} and ufunc in RULES and kwargs:
        return ufunc(*[np.astype(a, kwargs["dtype"]) if hasattr(a, "dtype") else a
                       for a in inputs])
    if ufunc in FUNCTIONS and not kwargs:
        return FUNCTIONS[ufunc](*inputs)
    if ufunc in RULES and kwargs:
        raise NotImplementedError(f"{ufunc.__name__}({', '.join(kwargs)}=...) has no derivative: "
                                  "leave the keyword out, or convert with x.astype")
    raise _no_rule(ufunc)


REDUCTIONS = {}   # (ufunc, "reduce" or "accumulate") -> the function of the same meaning


def _operator(fn):
    def forward(self, other):
        if type(other) is Traced:
            return Traced(fn(self.value, other.value), fn, (self, other), _NO_KEYWORDS,
                          self.deps | other.deps)
        return record(fn, self, other)

    def backward(self, other):
        return record(fn, other, self)
    return forward, backward


for _name in ("add", "subtract", "multiply", "matmul", "power", "mod:remainder",
              "truediv:divide"):
    _op, _, _fn = _name.partition(":")
    _op = {"subtract": "sub", "multiply": "mul", "power": "pow"}.get(_op, _op)
    _forward, _backward = _operator(getattr(np, _fn or _name))
    setattr(Traced, f"__{_op}__", _forward)
    setattr(Traced, f"__r{_op}__", _backward)
for _op, _fn in dict(neg=np.negative, pos=np.positive, abs=np.absolute).items():
    setattr(Traced, f"__{_op}__", lambda self, _fn=_fn: record(_fn, self))
for _op in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_op}__", lambda self, other, _op=getattr(operator, _op):
            _op(self.value, raw(other)))
Traced.__floordiv__ = lambda self, other: np.floor_divide(self.value, raw(other))
Traced.__rfloordiv__ = lambda self, other: np.floor_divide(raw(other), self.value)
Traced.__divmod__ = lambda self, other: (self // other, self % other)
Traced.__rdivmod__ = lambda self, other: (other // self, other % self)
Traced.__hash__ = object.__hash__
for _name in ("all any argmax argmin argpartition argsort clip conj cumprod cumsum diagonal dot "
              "max mean min nonzero prod ravel repeat searchsorted sort squeeze std sum "
              "swapaxes take trace var").split():
    setattr(Traced, _name, lambda self, *args, _fn=getattr(np, _name), **kwargs:
            _fn(self, *args, **kwargs))


# ---------------------------------------------------------------- indexing

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
