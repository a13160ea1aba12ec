"""An array that behaves as CuPy's does, with NumPy's numbers: on a machine without a GPU.

It computes through NEP 13 and 18 only, has the functions and attributes of cupy14.txt only, with
their arguments only, refuses arrays of the host, and gives 0-d arrays where NumPy gives scalars.
What would make a GPU wait, or send it an index array unasked, is written to the log.

Where CuPy would quietly copy an array of the host (np.append, a list assigned to entries, ...),
this one raises: it is meant to be stricter.

Read next: conftest.py.
"""
import operator
import types

import numpy as np

from minimeta.device import GPU

from . import fused
from .log import call, note
from .surface import CREATION, qualified, signature, table
from .waits import waits

SCALARS = (bool, int, float, complex, np.generic)
# NumPy answers with a bool or int, CuPy with an array
ANSWERS = {"allclose", "array_equal", "array_equiv", "count_nonzero", "any", "all"}
JOINING = {"concatenate", "stack", "vstack", "hstack", "dstack", "column_stack"}
COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
FOLDED = {("add", "reduce"), ("add", "accumulate"), ("multiply", "reduce"),
          ("multiply", "accumulate")}
REDUCE = ["array", "axis", "dtype", "out", "keepdims"]
ADDED_AT = {np.dtype(t) for t in ("i4", "u4", "u8", "f2", "f4", "f8")}
METHODS = ("all any argmax argmin argpartition argsort choose clip compress conj conjugate cumprod "
           "cumsum diagonal dot max mean min nonzero prod ptp ravel repeat round searchsorted "
           "squeeze std sum swapaxes take trace var").split()


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """The stand-in for cupy.ndarray."""
    __array_priority__ = 100
    __hash__ = None

    def __init__(self, a):
        self.a = a

    # ------------------------------------------------------------ NumPy's protocols

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        name = ufunc.__name__
        call(name)
        if not ({name, "special." + name} & table().keys()):
            return NotImplemented
        if name in COMPARISONS:
            inputs = [x.item() if type(x) is np.ndarray and not x.ndim else x for x in inputs]
        if not all(isinstance(x, (Array, np.ndarray, *SCALARS)) for x in inputs):
            return NotImplemented           # so also for an index that is a tuple or a slice
        _refuse_unknown(name, method, inputs, kwargs)
        if out and not all(isinstance(x, Array) for x in out):
            raise TypeError(f"np.{name}(out=) of a device array takes one")
        written = {"out": tuple(x.a for x in out)} if out else {}
        found = getattr(ufunc, method)(*_plain(inputs), **_plain(kwargs), **written)
        return out[0] if out else _device(found)

    def __array_function__(self, func, types, args, kwargs):
        name = qualified(func)
        call(name)
        if name not in table() or not all(issubclass(t, (Array, np.ndarray)) for t in types):
            return NotImplemented
        if signature(name) is not None:
            try:
                bound = signature(name).bind(*args, **kwargs).arguments
            except TypeError as error:
                raise TypeError(f"CuPy's {name}({table()[name]}): {error}") from None
            if waits(name, bound, lambda x: isinstance(x, Array)):
                note(f"synchronisation: np.{name}")
        if name in JOINING and not all(isinstance(x, Array) for x in args[0]):
            raise TypeError(f"np.{name} of device arrays takes nothing else")
        if name in ("take", "take_along_axis", "delete"):
            _index(args[1] if len(args) > 1 else kwargs.get("indices", 0))
            args = [_lists(x) for x in args]
        if name in CREATION:                    # with like=: what comes from the host is wanted
            args = [x.a if isinstance(x, Array) else x for x in args]
            return Array(np.asarray(func(*args, **kwargs)))
        found = func(*_plain(args), **_plain(kwargs))
        return Array(np.asarray(found)) if name in ANSWERS else _device(found)

    # ------------------------------------------------------------ entries

    def __getitem__(self, index):
        call("getitem")
        return Array(np.asarray(self.a[self._places(index)]))

    def __setitem__(self, index, value):
        call("setitem")
        if not isinstance(value, (Array, *SCALARS)):
            raise TypeError(f"a {type(value).__name__} of the host was assigned to entries of a "
                            "device array")
        self.a[self._places(index)] = _plain(value)

    def _places(self, index):
        """The index for NumPy, with integers beyond the end wrapped around."""
        parts = list(index) if type(index) is tuple else [index]
        parts = [_index(part) for part in parts]
        used = sum(p.ndim if isinstance(p, np.ndarray) and p.dtype == bool else p is not None
                   for p in parts if p is not Ellipsis)
        axis = 0
        for k, part in enumerate(parts):
            if part is None:
                continue
            if part is Ellipsis:
                axis += self.a.ndim - used
            elif isinstance(part, np.ndarray) and part.dtype == bool:
                note("synchronisation: a boolean index")
                axis += part.ndim
            else:
                if isinstance(part, np.ndarray) and self.a.shape[axis]:
                    parts[k] = part % self.a.shape[axis]
                axis += 1
        return tuple(parts) if type(index) is tuple else parts[0]

    def __iter__(self):
        if not self.a.ndim:
            raise TypeError("iteration over a 0-d array")
        note("synchronisation: iteration")
        return (self[i] for i in range(len(self.a)))

    def __len__(self):
        if not self.a.ndim:
            raise TypeError("len() of unsized object")
        return len(self.a)

    # ------------------------------------------------------------ what waits for the device

    def get(self, stream=None, order="C", out=None, blocking=True):
        note("synchronisation: get")
        return self.a.copy()

    def __bool__(self):
        note("synchronisation: bool")
        return bool(self.a)

    def __float__(self):
        note("synchronisation: float")
        return float(self.a)

    def __int__(self):
        note("synchronisation: int")
        return int(self.a)

    def __complex__(self):
        note("synchronisation: complex")
        return complex(self.a)

    def item(self):
        note("synchronisation: item")
        return self.a.item()

    def tolist(self):
        note("synchronisation: tolist")
        return self.a.tolist()

    def __repr__(self):
        note("synchronisation: repr")
        return repr(self.a)

    def __str__(self):
        note("synchronisation: str")
        return str(self.a)

    def __format__(self, spec):
        note("synchronisation: format")
        return format(self.a, spec)

    def __reduce__(self):
        note("synchronisation: pickle")
        return Array, (self.a,)

    # ------------------------------------------------------------ attributes

    shape = property(lambda self: self.a.shape)
    dtype = property(lambda self: self.a.dtype)
    ndim = property(lambda self: self.a.ndim)
    size = property(lambda self: self.a.size)
    nbytes = property(lambda self: self.a.nbytes)
    itemsize = property(lambda self: self.a.itemsize)
    strides = property(lambda self: self.a.strides)
    flags = property(lambda self: self.a.flags)
    base = property(lambda self: None if self.a.base is None else Array(self.a.base))
    T = property(lambda self: Array(self.a.T))
    mT = property(lambda self: Array(self.a.mT))
    real = property(lambda self: Array(self.a.real))
    imag = property(lambda self: Array(self.a.imag))

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        return Array(self.a.astype(dtype, order=order, copy=copy))

    def copy(self, order="C"):
        return Array(self.a.copy(order))

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def fill(self, value):
        self.a.fill(_plain(value))

    def flatten(self, order="C"):
        return Array(self.a.flatten(order))

    def reshape(self, *shape, order="C", copy=None):
        shape = shape[0] if len(shape) == 1 else shape
        return Array(self.a.reshape(tuple(map(operator.index, shape)) if np.iterable(shape)
                                    else operator.index(shape), order=order))

    def transpose(self, *axes):
        return Array(self.a.transpose(*axes))

    def view(self, dtype=None):
        return Array(self.a.view() if dtype is None else self.a.view(dtype))


Array.__module__, Array.__name__ = "cupy.standin", "ndarray"


def _method(name):
    return lambda self, *args, **kwargs: getattr(np, name)(self, *args, **kwargs)


for _name in METHODS:
    setattr(Array, _name, _method(_name))


def _refuse_unknown(name, method, inputs, kwargs):
    """Raise for the ways of ufuncs, and their arguments, that CuPy has not."""
    known = {"casting", "dtype"}
    if method in ("reduce", "accumulate"):
        if (name, method) not in FOLDED:
            raise NotImplementedError(f"`cupy_{name}.{method}` is not supported yet")
        known = set(REDUCE)
    elif method == "at":
        if name not in ("add", "subtract", "maximum", "minimum"):
            raise NotImplementedError(f"`cupy_{name}.at` is not supported yet")
        if inputs[0].dtype not in ADDED_AT:
            raise TypeError("scatter_add only supports int32, float16, float32, float64, uint32, "
                            "uint64, as data type")
        for part in inputs[1] if type(inputs[1]) is tuple else (inputs[1],):
            _index(part)
    elif method == "reduceat":
        raise NotImplementedError(f"`cupy_{name}.reduceat` is not supported yet")
    if name == "matmul":
        known |= {"axes", "axis", "keepdims", "signature", "order"}
    if not kwargs.keys() <= known:
        raise TypeError(f"CuPy's {name}.{method} takes no {', '.join(kwargs.keys() - known)}")


def _index(part):
    """One part of an index for NumPy; an array or list of the host is copied, and logged."""
    if isinstance(part, Array):
        return part.a
    if part is None or part is Ellipsis or isinstance(part, (slice, int, np.integer)):
        return part
    if isinstance(part, (np.ndarray, list, tuple, bool, np.bool_)):
        note("host index")
        part = np.asarray(_plain(list(part)) if isinstance(part, (list, tuple)) else part)
        return part if part.size else part.astype(int)
    raise IndexError(f"a {type(part).__name__} is no index")


def _lists(a):
    """Lists of numbers as device arrays, as CuPy makes them; they have been logged."""
    host = isinstance(a, (list, np.ndarray)) and not any(isinstance(x, Array) for x in a)
    return Array(np.asarray(a)) if host else a


def _plain(a):
    """The NumPy arrays behind; arrays of the host raise."""
    if isinstance(a, Array):
        return a.a
    if isinstance(a, np.ndarray):
        raise TypeError(f"Unsupported type {type(a)}: an array of the host met a device array")
    if isinstance(a, (tuple, list)):
        return type(a)([_plain(x) for x in a])
    return {k: _plain(v) for k, v in a.items()} if type(a) is dict else a


def _device(a):
    """Results on the device; several as plain tuples or lists."""
    if isinstance(a, (np.ndarray, np.generic)):
        return Array(np.asarray(a))
    if isinstance(a, (tuple, list)):
        return (list if type(a) is list else tuple)([_device(x) for x in a])
    return a


class Pool:
    """A memory pool that is always empty."""

    def free_all_blocks(self):
        pass

    def total_bytes(self):
        return 0


def blank(n, dtype):
    """Memory that holds what nobody wants: a program that reads it first is seen."""
    a = np.empty(n, dtype)
    a.view(np.uint8)[...] = 0xff            # nan, as floats
    return a


def module():
    """A module in CuPy's place, with what minimeta/device.py asks of it."""
    cupy = types.ModuleType("cupy")
    cupy.__version__, cupy.is_available = "14.2.0", lambda: True
    cupy.asarray = lambda a: a if isinstance(a, Array) else Array(np.array(a))
    cupy.empty = lambda n, dtype: Array(blank(n, dtype))
    cupy.get_default_memory_pool, cupy.fuse = Pool, fused.fuse
    cupy.maximum, cupy.sqrt = fused.function(np.maximum), fused.function(np.sqrt)
    runtime = types.SimpleNamespace(
        getDeviceProperties=lambda _: {"name": b"a stand-in for CuPy"})
    null = types.SimpleNamespace(synchronize=lambda: None, ptr=0)
    cupy.cuda = types.SimpleNamespace(runtime=runtime, Stream=types.SimpleNamespace(null=null),
                                      Device=lambda: types.SimpleNamespace(id=0),
                                      get_current_stream=lambda: null)
    return cupy


def stride_tricks():
    """A module in the place of cupy.lib.stride_tricks."""
    tricks = types.ModuleType("cupy.lib.stride_tricks")
    tricks.as_strided = lambda x, shape=None, strides=None: Array(
        np.lib.stride_tricks.as_strided(x.a, shape, strides))
    return tricks


class StandIn(GPU):
    """The minimeta.Device whose arrays are stand-ins."""

    def __init__(self):
        super().__init__(module())
