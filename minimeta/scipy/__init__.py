"""SciPy's functions for traced arrays, by SciPy's names; importing this does not import SciPy.

SciPy's own ufuncs (scipy.special.erf) can be differentiated as they are.  Its other functions make
ndarrays of their arguments, which a traced array refuses: those have their counterparts here, which
give SciPy's own result on plain arrays.

Read next: mirror.py.
"""
import importlib

__all__ = ["linalg", "signal", "special", "stats"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it has "
                         + ", ".join(__all__))


def __dir__():
    return __all__
