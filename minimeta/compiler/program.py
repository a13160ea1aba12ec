"""A program: a straight line of calls of NumPy functions, each on values made before it.

Every value keeps the array that it had when the function was traced, so a pass over the program
knows shapes, dtypes, strides and what shares memory with what without being told.

Read next: arrays.py.
"""
import mmap
import operator

import numpy as np

_LARGE = 1 << 18        # bytes of an array that is not kept for as long as its program
# pages that are not written to take no memory
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


class Value:
    """What a call made; an input, if `call` is None and `slot` is set; else a constant.

    array is what it was in the trace: an array, a NumPy scalar, a Python number or a tuple.  root
    is the value whose memory it lies in: itself, unless it is a view.  start is where that memory
    was, if `array` stands in for a large one that is gone.
    """
    __slots__ = ("array", "call", "slot", "root", "start")

    def __init__(self, array, call=None, slot=None, root=None):
        self.array, self.call, self.slot, self.start = array, call, slot, None
        self.root = root or self

    constant = property(lambda self: self.call is None and self.slot is None)
    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)


class Call:
    """fn(*args, **kwargs), values among the arguments wherever they are nested.

    joined: what it makes is a part of a larger array, and is written there.
    """
    __slots__ = ("fn", "args", "kwargs", "out", "joined")

    def __init__(self, fn, args, kwargs):
        self.fn, self.args, self.kwargs, self.joined = fn, args, kwargs, False

    def operands(self):
        """The values among the arguments, in order."""
        found = []
        each((self.args, self.kwargs), lambda a: found.append(a) if type(a) is Value else None)
        return found


class Changed(Exception):
    """A guard failed: the arguments take another path through the function than the trace."""


class Unfit(Exception):
    """A function that no program can stand for on a device: it runs as it is."""


class Guard:
    """What a program takes for granted of a value: where it does not hold, it says nothing."""

    def __init__(self, what, of):
        self.what, self.of = what, of
        self.__name__ = f"check_{what.__name__}"

    def __call__(self, x):
        if self.what(x) != self.of:
            raise Changed


class Program:
    """Inputs, calls in order, outputs: values, or Python objects that are the same every time.

    device is where arrays lie, None if that is the host.
    """

    def __init__(self, inputs, calls, outputs, dead=(), device=None):
        self.inputs, self.calls, self.outputs, self.dead = inputs, calls, outputs, dead
        self.device = device

    def forget(self):
        """Let the arrays of the trace go, now and not when a collector finds calls and values."""
        for call in (*self.calls, *self.dead):
            call.out.array = None


def guarded(program, inputs):
    """Whether a guard looks at what depends on one of these inputs."""
    reached = {id(value) for value in inputs}
    for call in program.calls:
        if any(id(a) in reached for a in call.operands()):
            if type(call.fn) is Guard:
                return True
            reached.add(id(call.out))
    return False


def each(tree, f):
    """`tree`, nested lists, tuples, dicts and slices, with f applied to every leaf."""
    kind = type(tree)
    if kind is tuple or kind is list:
        return kind([each(a, f) for a in tree])
    if kind is dict:
        return {k: each(a, f) for k, a in tree.items()}
    if kind is slice:
        return slice(each(tree.start, f), each(tree.stop, f), each(tree.step, f))
    if isinstance(tree, tuple):
        return tree._make([each(a, f) for a in tree]) if hasattr(tree, "_make") else f(tree)
    return f(tree)


def is_view(call):
    """Whether the call makes a view, the same one every time: it computes nothing."""
    return call.out.root is not call.out and isinstance(call.out.array, np.ndarray) \
        and len(call.operands()) == 1 and not call.joined \
        and (call.fn is operator.getitem or call.fn.__module__ == "numpy")


def run(fn, args, kwargs):
    """What a call of values makes of their arrays."""
    def array(a):
        return a.array if type(a) is Value else a
    return fn(*each(args, array), **each(kwargs, array))


def shares(a, b):
    """Whether arrays (or tuples of them) may lie in the same memory."""
    if isinstance(a, tuple):
        return any(shares(part, b) for part in a)
    if isinstance(b, tuple):
        return any(shares(a, part) for part in b)
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)


def on_device(arrays):
    """Whether what is made of these lies where arrays do: numbers alone make numbers."""
    return any(isinstance(a, (np.ndarray, tuple)) for a in arrays)


def packed(a):
    """Whether an array fills its memory without gaps, in some order of its axes."""
    return isinstance(a, np.ndarray) and a.strides == np.empty_like(a).strides


def address(a):
    """Where the first entry of an array is."""
    return a.__array_interface__["data"][0]


def is_large(a):
    """Whether `a` is so large that a trace keeps its layout alone."""
    return packed(a) and a.nbytes > _LARGE and a.dtype.kind in "fc"


def ghost(made, value):
    """`made`, or for a large one memory of the same layout that is never touched.

    The program outlives the trace: it would keep every array alive that f has freed by then.
    """
    root = value.root
    if root is not value:
        if root.start is None or not isinstance(made, np.ndarray):
            return made
        return np.ndarray(made.shape, made.dtype, root.array.base, address(made) - root.start,
                          made.strides)
    if not is_large(made):
        return made
    value.start = address(made)
    pages = mmap.mmap(-1, made.nbytes, **_PRIVATE)
    return np.ndarray(made.shape, made.dtype, pages, 0, made.strides)
