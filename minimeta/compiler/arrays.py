"""What stands in for the arguments while a function is traced: arrays that write a program.

`Recorded` is an array as far as NumPy's protocols go (NEP 13 and 18), like those of a device: the
engine's traced arrays hold it as they hold any other, so every rule, of whatever order, ends in
NumPy functions of recorded arrays, and each is noted down.  What needs a value now, such as `if`,
becomes a guard, or raises.

Read next: record.py, the tape that notes them down.
"""
import operator

import numpy as np

from ..autodiff import Traced
from ..autodiff.rules.reductions import filled
from .program import each

# answers that depend on shapes and types alone
_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type,
           np.common_type, np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory}
# new arrays that do not depend on what their argument holds: a plain array, which may be written to
_FRESH = {np.zeros_like, np.ones_like, np.empty_like, np.arange, np.zeros, np.ones, np.empty,
          np.eye, np.identity, np.tri, np.full}


def plain(tree):
    """`tree` with recorded arrays as they are in the trace."""
    return each(tree, lambda a: a.array if type(a) in (Recorded, Number) else _values(a))


def no_value(name):
    return TypeError(
        f"{name}() of a number that changes from call to call, inside a compiled function: keep "
        "it an array (np.sqrt, not math.sqrt; np.where, np.minimum), or compute it outside and "
        "pass it as an argument")


def writes(name):
    return TypeError(f"{name} writes into an array, inside a compiled function: use the returned "
                     "array, x = x + y, or np.where")


FILLED = filled.__wrapped__         # the function itself, as a tape notes it down


def cast(x, dtype):
    """x in another type."""
    return x.astype(dtype)


def numbers(x):
    """An array as Python's numbers."""
    return x.tolist()


def fresh(made):
    """What was made of constants on a device: arrays, also where NumPy makes scalars."""
    return np.asarray(made).view(Fresh) if isinstance(made, (np.ndarray, np.generic)) else made


def _values(a):
    return a.view(np.ndarray) if type(a) is Fresh else a


class Fresh(np.ndarray):
    """An array that f makes on a device, of nothing but constants; it may be written to."""
    on_gpu = True

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(type(a) in (Recorded, Number, Traced) for a in inputs):
            return NotImplemented
        return fresh(getattr(ufunc, method)(*plain(inputs), **plain(kwargs)))

    def __array_function__(self, func, types, args, kwargs):
        found = super().__array_function__(func, types, args, kwargs)
        return found if found is NotImplemented else each(found, fresh)

    def primitive(self, fn, args, kwargs):
        """A primitive: a call of the program if there is more than constants to it."""
        others = []
        each((args, kwargs), lambda a: others.append(a) if type(a) in (Recorded, Number) else None)
        if others:
            return others[0].primitive(fn, args, kwargs)
        return each(fn(*plain(args), **plain(kwargs)), fresh)

    def get(self, *args, **kwargs):
        return np.array(self)


class Recorded:
    """An array of the program, in the place of an array."""
    __slots__ = ("tape", "value", "array")
    __hash__ = None
    on_gpu = property(lambda self: self.tape.device is not None)
    on_host = property(lambda self: self.tape.device is None)

    def __init__(self, tape, value, array):
        self.tape, self.value, self.array = tape, value, array

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    nbytes = property(lambda self: self.array.nbytes)
    itemsize = property(lambda self: self.array.itemsize)
    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.swapaxes(self, -1, -2))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))
    flat = property(lambda self: iter(np.ravel(self)))

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if any(type(a) is Traced for a in inputs):
            return NotImplemented
        if out is not None or kwargs.get("where", True) is not True or method == "at":
            raise writes(ufunc.__name__)
        fn = ufunc if method == "__call__" else getattr(ufunc, method)
        return self.tape.call(fn, *inputs, **kwargs)

    def __array_function__(self, func, types, args, kwargs):
        if any(issubclass(t, Traced) for t in types):
            return NotImplemented
        if func in _STATIC:
            return func(*plain(args), **plain(kwargs))
        if func in _FRESH:
            made = func(*plain(args), **{k: plain(a) for k, a in kwargs.items() if k != "like"})
            return fresh(made) if self.on_gpu else made
        if kwargs.get("out") is not None or func in (np.copyto, np.put, np.place, np.putmask,
                                                     np.fill_diagonal, np.put_along_axis):
            raise writes(func.__name__)
        return self.tape.call(func, *args, **kwargs)

    def primitive(self, fn, args, kwargs):
        """A primitive, as one call of the program."""
        return self.tape.call(fn, *args, **kwargs)

    def __array__(self, *args, **kwargs):
        raise TypeError("inside a compiled function an array has no values yet: use np.stack, not "
                        "np.array, and np.where, not x[...] = y")

    def __getitem__(self, index):
        parts = index if type(index) is tuple else (index,)
        if self.on_gpu and all(isinstance(i, (int, np.integer)) for i in parts):
            index = *parts, Ellipsis        # a view without axes, as it is there: not a scalar
        return self.tape.call(operator.getitem, self, index)

    def __setitem__(self, index, value):
        raise writes("x[index] = y")

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self.array)

    def __contains__(self, item):
        return self.tape.call(operator.contains, self, item)

    def __bool__(self):
        return self.tape.guard(bool, self)

    def __int__(self):
        if self.dtype.kind == "f":
            raise no_value("int")
        return self.tape.guard(int, self)

    def __index__(self):
        return self.tape.guard(operator.index, self)

    def __float__(self):
        raise no_value("float")

    def __complex__(self):
        raise no_value("complex")

    def item(self, *index):
        return self.tolist() if not index else self[index if len(index) > 1 else index[0]].item()

    def tolist(self):
        if self.dtype.kind not in "iub":
            raise no_value("tolist")
        return self.tape.guard(numbers, self)

    def get(self, *args, **kwargs):
        raise no_value("get")

    def __repr__(self):
        return f"Recorded({self.dtype}, {self.shape})"

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError("inside a compiled function an array has no values yet: it cannot be "
                        "pickled or saved")

    def copy(self, order="C"):
        return self

    def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
        return self.tape.call(cast, self, np.dtype(dtype))

    def reshape(self, *shape, **kwargs):
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes):
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order="C"):
        return np.ravel(self, order)


class Number:
    """A Python number of the program: a weak scalar, as Python numbers are in NumPy (NEP 50)."""
    __slots__ = ("tape", "value", "array")
    __class__ = property(lambda self: type(self.array))      # isinstance(a, float) is what it was
    __array_ufunc__ = Recorded.__array_ufunc__
    __array_function__ = Recorded.__array_function__
    __array__, primitive = Recorded.__array__, Recorded.primitive

    def __init__(self, tape, value, array):
        self.tape, self.value, self.array = tape, value, array

    def _guarded(self, what=lambda x: x):
        return self.tape.guard(what, self)

    def __bool__(self):
        return self._guarded(bool)

    def __index__(self):
        return self._guarded(operator.index)

    def __int__(self):
        if type(self.array) is not int:
            raise no_value("int")
        return self._guarded(int)

    def __float__(self):
        raise no_value("float")

    def __hash__(self):
        return self._guarded(hash)

    def __str__(self):
        return self._guarded(str)

    def __format__(self, spec):
        return format(self._guarded(), spec)

    def __repr__(self):
        return f"Number({self.array!r})"


def _operator(self, other, fn, ufunc):
    """Which function an operator of `self` is, given the other operand."""
    if type(self) is Number and type(other) in (int, float, complex, bool, Number):
        return fn
    return fn if fn is operator.pow else ufunc


def _binary(fn, ufunc):
    def forward(self, other):
        if type(other) is Traced:
            return NotImplemented
        if type(self) is Number and isinstance(other, (list, tuple, str)):
            return fn(self._guarded(), other)
        return self.tape.call(_operator(self, other, fn, ufunc), self, other)

    def backward(self, other):
        if type(self) is Number and isinstance(other, (list, tuple, str)):
            return fn(other, self._guarded())
        return self.tape.call(_operator(self, other, fn, ufunc), other, self)
    return forward, backward


for _name, _ufunc in dict(
        add=np.add, sub=np.subtract, mul=np.multiply, truediv=np.divide, floordiv=np.floor_divide,
        mod=np.remainder, pow=np.power, matmul=np.matmul, lt=np.less, le=np.less_equal,
        gt=np.greater, ge=np.greater_equal, eq=np.equal, ne=np.not_equal, and_=np.bitwise_and,
        or_=np.bitwise_or, xor=np.bitwise_xor, lshift=np.left_shift,
        rshift=np.right_shift).items():
    _forward, _backward = _binary(getattr(operator, _name), _ufunc)
    for _class in (Recorded, Number):
        setattr(_class, f"__{_name.strip('_')}__", _forward)
        if _name not in ("lt", "le", "gt", "ge", "eq", "ne"):
            setattr(_class, f"__r{_name.strip('_')}__", _backward)
for _name, _ufunc in dict(neg=np.negative, pos=np.positive, abs=np.absolute,
                          invert=np.invert).items():
    setattr(Recorded, f"__{_name}__", lambda self, _fn=_ufunc: self.tape.call(_fn, self))
    setattr(Number, f"__{_name}__",
            lambda self, _fn=getattr(operator, _name): self.tape.call(_fn, self))
for _name in ("all any argmax argmin argpartition argsort clip conj conjugate cumprod cumsum "
              "diagonal dot max mean min nonzero prod ravel repeat round searchsorted sort squeeze "
              "std sum swapaxes take trace var").split():
    setattr(Recorded, _name, lambda self, *args, _fn=getattr(np, _name), **kwargs:
            _fn(self, *args, **kwargs))


def _in_place(self, other):
    raise writes("x += y")


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    setattr(Recorded, f"__i{_name}__", _in_place)
