"""What CuPy has: the names and arguments in cupy14.txt, which `survey` read off CuPy 14.2 itself.

    PYTHONPATH=. python -m tests.device.surface > tests/device/cupy14.txt

CuPy can be imported, and so be asked for its names, on a machine without a GPU.

Read next: standin.py.
"""
import functools
import importlib
import inspect
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("cupy14.txt")
# NumPy dispatches them only with like=
CREATION = "arange array asarray empty eye full fromfunction identity ones tri zeros".split()
BUILTIN = {"size": "a, axis=None", "min_scalar_type": "a"}      # they hide their arguments


def survey(cupy):
    """{name: its arguments}: functions and ufuncs, methods as ndarray.name, special.name."""
    found = {}
    for home in ("", "linalg", "fft"):
        numpys = functools.reduce(getattr, filter(None, [home]), np)
        for name in sorted(dir(numpys)):
            fn = getattr(numpys, name)
            if not name.startswith("_") and _dispatches(fn, name, home):
                theirs = counterpart(fn, cupy)
                if theirs is not None:
                    found[qualified(fn)] = _arguments(fn, theirs)
    for name in dir(cupy.ndarray):
        if not name.startswith("_"):
            found["ndarray." + name] = "attribute"
    special = importlib.import_module("cupyx.scipy.special")
    for name in sorted(dir(special)):
        if callable(getattr(special, name)) and not name.startswith("_"):
            found["special." + name] = "function"
    return found


def _dispatches(fn, name, home):
    return (isinstance(fn, np.ufunc) or type(fn).__name__ == "_ArrayFunctionDispatcher"
            or not home and name in CREATION)


def counterpart(fn, cupy):
    """CuPy's function that a call of NumPy's fn with a CuPy array arrives at, or None."""
    try:
        home = [] if isinstance(fn, np.ufunc) else fn.__module__.split(".")[1:]
        theirs = getattr(functools.reduce(getattr, home, cupy), fn.__name__)
    except AttributeError:
        return None
    return None if theirs is fn else theirs


def qualified(fn):
    """numpy.linalg.inv as "linalg.inv"."""
    home = "" if isinstance(fn, np.ufunc) else ".".join(fn.__module__.split(".")[1:])
    return f"{home}.{fn.__name__}" if home else fn.__name__


def _arguments(fn, theirs):
    if type(theirs).__name__ == "ufunc" or "gufunc" in str(type(theirs)).lower():
        return "ufunc"
    if fn.__name__ in BUILTIN:
        return BUILTIN[fn.__name__]
    parameters = [p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else None)
                  for p in inspect.signature(theirs).parameters.values()]
    return str(inspect.Signature(parameters))[1:-1]


@functools.cache
def table():
    """{name: its arguments} of cupy14.txt."""
    lines = (line.partition(": ") for line in TABLE.read_text().splitlines())
    return {name: arguments for name, _, arguments in lines}


@functools.cache
def signature(name):
    """The inspect.Signature of a function of the table; None where it takes what NumPy's takes."""
    arguments = table()[name]
    if arguments == "ufunc":
        return None
    return inspect.signature(eval(f"lambda {arguments}: None"))


if __name__ == "__main__":
    for line in survey(importlib.import_module("cupy")).items():
        print(*line, sep=": ")
