"""Arrays of other libraries, and other things, that a traced array may meet in an operation.

xarray's and others' speak NumPy's protocols themselves and have the first word (NEP 13), so that
a traced array may lie inside them.  numpy.matrix, masked arrays and sparse ones give operators
another meaning, which no rule knows, and of other objects NumPy would make an array of objects:
they are refused.

Read next: surface.py.
"""
import numpy as np

from ..device import on_gpu
from .trace import RECORDERS, Traced

KNOWN = {Traced, np.ndarray, bool, int, float, complex, list, tuple, type(None), np.bool_,
         np.float32, np.float64, np.complex64, np.complex128}     # types that are at home here
CURES = {"numpy.matrix": "np.asarray of it", "numpy.ma.": "np.where, and its .filled()",
         "pandas.": "the array of a Series or DataFrame, s.to_numpy()",
         "scipy.sparse.": "its .toarray(), or a minimeta.primitive times(x, S=S) whose rule is "
         "times(g, S=S.T)"}


def foreign(a):
    """Whether `a` is an array of another library, to which an operation is left."""
    kind = type(a)
    if kind in KNOWN:
        return False
    cure = _cure(kind)
    if cure is None and not _at_home(a):
        if hasattr(a, "__array_ufunc__"):
            return True
        if np.asarray(a).dtype == object:
            cure = "a float or an array of floats"
    if cure is not None:
        raise TypeError(f"a traced array met a {kind.__module__}.{kind.__name__}, which its "
                        f"operators do not take: use {cure}")
    KNOWN.add(kind)
    return False


def check_input(x):
    """Raise where x is an array of another library."""
    kind = type(x)
    cure = None if kind in KNOWN else _cure(kind)
    if cure is None and hasattr(x, "__array_ufunc__") and not _at_home(x):
        cure = "its array, np.asarray(x)"
    if cure is not None:
        raise TypeError("cannot differentiate with respect to a "
                        f"{kind.__module__}.{kind.__name__}: use {cure}")


def _cure(kind):
    """What to use in place of a kind that is refused, or None."""
    for base in kind.__mro__:
        for name, cure in CURES.items():
            if f"{base.__module__}.{base.__name__}".startswith(name):
                return cure
    return None


def _at_home(a):
    return (isinstance(a, (Traced, np.ndarray, np.generic)) or on_gpu(a)
            or type(a) in RECORDERS)
