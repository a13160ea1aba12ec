"""What a traced array does as an array: operators, methods, the ways of ufuncs, and refusals.

Read next: diff.py.
"""
import dis
import functools
import opcode
import operator
import sys

import numpy as np

from .foreign import CURES, KNOWN, foreign
from .guard import keep
from .table import FUNCTIONS, PLAIN, REDUCTIONS, RULES, no_rule, writes
from .trace import NO_KEYWORDS, Traced, getitem, on_plain, raw, record


def on_traced(method):
    """Give traced arrays this method."""
    setattr(Traced, method.__name__, method)
    return method


# ---------------------------------------------------------------- operators

_NUMBERS = {int, float}


def _operator(fn):
    def forward(self, other):
        kind = type(other)
        if kind is Traced:
            return Traced(fn(self.value, other.value), fn, (self, other), NO_KEYWORDS,
                          self.deps | other.deps)
        if kind in _NUMBERS:
            return Traced(fn(self.value, other), fn, (self, other), NO_KEYWORDS, self.deps)
        if kind is np.ndarray and type(self.value) is np.ndarray:
            return Traced(fn(self.value, other), fn,
                          (self, keep(other) if RULES[fn].reads else other), NO_KEYWORDS, self.deps)
        if kind not in KNOWN and foreign(other):
            return NotImplemented
        return record(fn, self, other)

    def backward(self, other):
        if type(other) in _NUMBERS:
            return Traced(fn(other, self.value), fn, (other, self), NO_KEYWORDS, self.deps)
        if type(other) not in KNOWN and foreign(other):
            return NotImplemented
        return record(fn, other, self)
    return forward, backward


# ufuncs of one array that every device has, and that take any array of numbers
_UNARY = {np.negative, np.exp, np.log, np.sqrt, np.square, np.sin, np.cos, np.tanh, np.log1p,
          np.expm1, np.sinh, np.cosh}
_BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
           "matmul": np.matmul, "pow": np.power, "mod": np.remainder}
for _op, _fn in _BINARY.items():
    _forward, _backward = _operator(_fn)
    setattr(Traced, f"__{_op}__", _forward)
    setattr(Traced, f"__r{_op}__", _backward)
for _op, _fn in dict(neg=np.negative, pos=np.positive, abs=np.absolute).items():
    setattr(Traced, f"__{_op}__", lambda self, _fn=_fn: Traced(
        _fn(self.value), _fn, (self,), NO_KEYWORDS, self.deps))
for _op in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_op}__", lambda self, other, _op=getattr(operator, _op):
            _op(self.value, raw(other)))
Traced.__floordiv__ = lambda self, other: np.floor_divide(self.value, raw(other))
Traced.__rfloordiv__ = lambda self, other: np.floor_divide(raw(other), self.value)
Traced.__divmod__ = lambda self, other: (self // other, self % other)
Traced.__rdivmod__ = lambda self, other: (other // self, other % self)
for _name in ("all any argmax argmin argpartition argsort choose clip conj conjugate cumprod "
              "cumsum diagonal dot max mean min nonzero prod ravel repeat round searchsorted "
              "squeeze std sum swapaxes take trace var").split():
    setattr(Traced, _name, lambda self, *args, _fn=getattr(np, _name), **kwargs:
            self.__array_function__(_fn, (), (self, *args), kwargs))
for _name in "byteswap fill partition put resize setfield setflags sort view".split():
    setattr(Traced, _name, lambda self, *args, _name=_name, **kwargs: _in_place(_name))


def _in_place(name):
    raise TypeError(f"x.{name}() works in the memory of an array, which a traced array has not: "
                    "use functions that return arrays, such as np.sort or np.where")


# ---------------------------------------------------------------- NumPy's ufuncs

@on_traced
def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
    if ufunc in _UNARY and method == "__call__" and not kwargs:
        return Traced(ufunc(self.value), ufunc, inputs, NO_KEYWORDS, self.deps)
    if not KNOWN.issuperset(map(type, inputs)) and any(map(foreign, inputs)):
        return NotImplemented
    if method == "__call__" and not kwargs and ufunc in RULES:
        return record(ufunc, *inputs)
    return _call_ufunc(ufunc, method, inputs, kwargs)


def _call_ufunc(ufunc, method, inputs, kwargs):
    """The slow path: keyword arguments, and the methods of ufuncs."""
    masked = method == "__call__" and kwargs.get("where", True) is not True
    if kwargs.get("out") is not None or masked or method in ("at", "reduceat"):
        raise writes(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
    if ufunc in PLAIN:
        return on_plain(ufunc, method, *inputs, **kwargs)
    kwargs = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
    kwargs.pop("out", None)
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
    kwargs.pop("where", None)
    if not kwargs and ufunc in RULES:
        return record(ufunc, *inputs)
    if set(kwargs) <= {"dtype"} and ufunc in RULES and kwargs:
        return ufunc(*[a.astype(kwargs["dtype"]) if hasattr(a, "dtype") else a for a in inputs])
    if ufunc in FUNCTIONS:
        return FUNCTIONS[ufunc](*inputs, **kwargs)
    if ufunc in RULES and kwargs:
        raise NotImplementedError(f"{ufunc.__name__}({', '.join(kwargs)}=...) has no derivative: "
                                  "leave the keyword out, or convert with x.astype")
    if ufunc not in RULES and "scipy.special" in sys.modules:
        from .rules import special  # noqa: F401
        if ufunc in RULES:
            return ufunc(*inputs, **kwargs)
    raise no_rule(ufunc)


# ---------------------------------------------------------------- Python's protocols

@on_traced
def __array__(self, *args, **kwargs):
    caller, frame = "", sys._getframe(1)
    while frame.f_globals.get("__name__", "").startswith(("scipy.", "pandas.")):
        caller, frame = f"{frame.f_globals['__name__']}.{frame.f_code.co_name}", frame.f_back
    for library, cure in CURES.items():
        if caller.startswith(library):
            raise TypeError(f"a traced array is not an ndarray, which {caller} wants: use {cure}")
    if caller:
        raise TypeError(f"a traced array is not an ndarray, which {caller} wants: use the function "
                        "of that name in minimeta.scipy, such as minimeta.scipy.special.softmax")
    raise TypeError("a traced array is not an ndarray: use np.stack or np.concatenate, not "
                    "np.array; minimeta.stop_gradient(x) gives its plain value")


@on_traced
def __getitem__(self, index):
    return getitem(self, index)


@on_traced
def __setitem__(self, index, value):
    raise TypeError("a traced array cannot be written to: build the result with np.where, "
                    "np.concatenate or np.stack instead of x[index] = value")


@on_traced
def __iter__(self):
    if not self.ndim:
        raise TypeError("iteration over a 0-d array")
    return (self[i] for i in range(len(self)))


@on_traced
def __len__(self):
    return len(self.value)


@on_traced
def __bool__(self):
    return bool(self.value)


@on_traced
def __float__(self):
    _asked_for("float", sys._getframe(1))
    return float(self.value)


@on_traced
def __complex__(self):
    _asked_for("complex", sys._getframe(1))
    return complex(self.value)


@on_traced
def __int__(self):
    raise TypeError("int of a traced array: use int(float(x)) if a constant is what you want, or "
                    "np.floor, np.rint or np.trunc, whose derivative is 0")


@functools.lru_cache
def _says(code, at, name):
    """Whether the call at an instruction is that of `name`, or names it as the function of a map.

    A call begins where its function is named; a map may also be read by a loop, or unpacked.
    """
    where = list(code.co_positions())
    line, last, column, stop = where[at // 2]
    if line is None or column is None:              # Python was told to drop positions
        return name in code.co_names
    if "CALL" not in opcode.opname[code.co_code[at]]:       # PRECALL, CALL, CALL_KW, ...
        return {name, "map"} <= set(code.co_names)
    named = {(where[i.offset // 2][0], where[i.offset // 2][2]): i.argval
             for i in dis.get_instructions(code) if i.argval in (name, "map")}
    within = {word for place, word in named.items() if (line, column) <= place < (last, stop)}
    return named.get((line, column)) == name or within == {name, "map"}


def _asked_for(name, frame):
    """Raise unless the caller says float(x), or complex(x), or formats x with %.

    Python and NumPy also read a number in math.sin(x), a[0] = x and a.fill(x), which would make
    a constant of it unasked.
    """
    code = frame.f_code
    operation = opcode.opname[code.co_code[frame.f_lasti]]
    if operation == "STORE_SUBSCR":
        raise TypeError("a traced array cannot be written into an existing one: build the result "
                        f"with np.stack, or store {name}(x) to keep the number alone")
    if not operation.startswith("BINARY") and not _says(code, frame.f_lasti, name):
        raise TypeError("this reads a traced array as a plain number, which has no derivative: "
                        f"use NumPy's function (np.sin, not math.sin), or {name}(x) if a constant "
                        "is what you want")


@on_traced
def sort(self, *args, **kwargs):
    raise TypeError("x.sort() writes into a traced array: use np.sort(x), which returns a new one")


@on_traced
def __contains__(self, item):
    return raw(item) in self.value


@on_traced
def __format__(self, spec):
    return format(self.value if self.ndim else self.value[()], spec) if spec else str(self)


@on_traced
def __repr__(self):
    return f"Traced({self.value!r})"


@on_traced
def __str__(self):
    return str(self.value)


@on_traced
def __copy__(self):
    return self


@on_traced
def __deepcopy__(self, memo):
    return self


@on_traced
def __reduce_ex__(self, protocol):
    raise TypeError("a traced array belongs to the derivative being taken and cannot be "
                    "pickled or saved: use minimeta.stop_gradient(x), its plain value")


@on_traced
def item(self, *index):
    return self.value.item(*index)


@on_traced
def tolist(self):
    return self.value.tolist()


@on_traced
def copy(self, order="C"):
    return self


@on_traced
def reshape(self, *shape, **kwargs):
    return FUNCTIONS[np.reshape](self, shape[0] if len(shape) == 1 else shape, **kwargs)


@on_traced
def transpose(self, *axes):
    return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)


@on_traced
def compress(self, condition, axis=None, out=None):
    return np.compress(condition, self, axis, out)


@on_traced
def flatten(self, order="C"):
    return np.ravel(self, order)
