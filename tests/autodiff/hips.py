"""HIPS autograd as an independent judge of plain NumPy code.

autograd differentiates calls of autograd.numpy.  A `Judged` array answers NumPy's dispatch
protocols with the function of the same name there, so code that calls plain NumPy can be judged.

Read next: test_against_hips.py.
"""
import autograd
import autograd.numpy
import numpy as np
from autograd.extend import Box


class Lacking(Exception):
    """autograd has no such function, or cannot differentiate this call."""


class Judged(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose NumPy calls are autograd's."""

    def __init__(self, box):
        self.box = box

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__":
            raise Lacking(f"{ufunc.__name__}.{method}")
        return self._ask(autograd.numpy, ufunc.__name__, inputs, kwargs)

    def __array_function__(self, func, types, args, kwargs):
        home = autograd.numpy
        for part in (func.__module__ or "numpy").split(".")[1:]:
            home = getattr(home, part, None)
        return self._ask(home, func.__name__, args, kwargs)

    def _ask(self, home, name, args, kwargs):
        function = getattr(home, name, None)
        if function is None:
            raise Lacking(name)
        return judged(function(*boxes(args), **boxes(kwargs)))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("shape", "ndim", "size", "dtype", "T"):
            return judged(getattr(self.box, name))
        method = getattr(self.box, name, None)
        if method is None:
            raise Lacking(f"method {name}")
        return lambda *args, **kwargs: judged(method(*boxes(args), **boxes(kwargs)))

    def __getitem__(self, index):
        return Judged(self.box[boxes(index)])

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __len__(self):
        return len(self.box)


def boxes(a):
    """autograd's values in a tree of arguments."""
    if isinstance(a, Judged):
        return a.box
    if type(a) in (list, tuple):
        return type(a)(map(boxes, a))
    return {k: boxes(v) for k, v in a.items()} if isinstance(a, dict) else a


def judged(a):
    """A result of autograd, as an array that goes on asking it."""
    if isinstance(a, (list, tuple)):
        return type(a)(map(judged, a)) if type(a) in (list, tuple) else tuple(map(judged, a))
    return Judged(a) if isinstance(a, Box) else a


def grad(f):
    """The gradient of f, written in plain NumPy, by autograd; f may call grad(...) itself."""
    def run(x):
        g = autograd.grad(lambda box: boxes(f(judged(box))))(boxes(x))
        return judged(g)
    return run
