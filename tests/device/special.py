"""Fake modules for cupy and cupyx.scipy: SciPy's functions on stand-in arrays, where CuPy has them.

Read next: conftest.py.
"""
import sys
import types

import scipy.linalg
import scipy.signal
import scipy.special

from .log import note
from .standin import Array, _device, _plain, module, stride_tricks
from .surface import table
from .waits import SCIENCE

OTHERS = {"linalg": (scipy.linalg, ["solve_triangular", "expm"]),
          "signal": (scipy.signal, ["convolve"])}


def modules():
    """{name: module} for sys.modules."""
    names = [name.partition(".")[2] for name in table() if name.startswith("special.")]
    homes = {"special": (scipy.special, names), **OTHERS}
    found = {"cupy": module(), "cupy.lib": types.ModuleType("cupy.lib"),
             "cupy.lib.stride_tricks": stride_tricks(), "cupyx": types.ModuleType("cupyx"),
             "cupyx.scipy": types.ModuleType("cupyx.scipy")}
    for home, (scipys, names) in homes.items():
        fake = found[f"cupyx.scipy.{home}"] = types.ModuleType(f"cupyx.scipy.{home}")
        for name in names:
            if hasattr(scipys, name):
                setattr(fake, name, _on_device(getattr(scipys, name)))
    return found


def _on_device(fn):
    def call(*args, **kwargs):
        if not any(isinstance(a, Array) for a in args):
            raise TypeError(f"{fn.__name__} of cupyx takes device arrays")
        if fn.__name__ in SCIENCE:
            note(f"synchronisation: {fn.__name__}")
        if fn.__name__ == "expm" and args[0].ndim != 2:
            raise ValueError("CuPy's expm takes one matrix, not a stack")
        if fn.__name__ == "solve_triangular" and args[0].shape[:-2] != args[1].shape[:-2]:
            raise ValueError("incompatible batch count")
        return _device(fn(*_plain(args), **_plain(kwargs)))
    return call


def install(monkeypatch):
    """Put them where CuPy would be, until the test ends: minimeta.device("gpu") works then."""
    for name, fake in modules().items():
        monkeypatch.setitem(sys.modules, name, fake)
