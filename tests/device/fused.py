"""A stand-in for cupy.fuse: the functions that it takes see variables, not arrays.

Operators work on those, and CuPy's own functions; NumPy's do not, for fuse's variables answer no
protocol of NumPy's.

Read next: standin.py.
"""
import numpy as np

OPERATORS = {"add", "subtract", "multiply", "divide", "negative", "power", "true_divide"}


class Variable(np.lib.mixins.NDArrayOperatorsMixin):
    """What a fused function is called with."""

    def __init__(self, array):
        self.array = array

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if ufunc.__name__ not in OPERATORS:
            raise TypeError(f"np.{ufunc.__name__} of a variable of cupy.fuse: use CuPy's")
        return function(ufunc)(*inputs)


def function(ufunc):
    """CuPy's counterpart of a ufunc, of arrays or variables."""
    def call(*inputs):
        found = ufunc(*(x.array if isinstance(x, Variable) else x for x in inputs))
        return Variable(found) if any(isinstance(x, Variable) for x in inputs) else found
    return call


def fuse(f):
    """f, of arrays, run on variables."""
    return lambda *args: f(*map(Variable, args)).array
