"""Fake modules for cupyx.scipy: SciPy's functions on stand-in arrays, where CuPy has the name."""
import sys
import types

import scipy.linalg
import scipy.signal
import scipy.special

from .standin import Array, _device, _plain
from .surface import table

OTHERS = {"linalg": (scipy.linalg, ["solve_triangular", "expm"]),
          "signal": (scipy.signal, ["convolve"])}


def modules():
    """{name: module} for sys.modules."""
    names = [name.partition(".")[2] for name in table() if name.startswith("special.")]
    homes = {"special": (scipy.special, names), **OTHERS}
    found = {"cupyx": types.ModuleType("cupyx"), "cupyx.scipy": types.ModuleType("cupyx.scipy")}
    for home, (scipys, names) in homes.items():
        module = found[f"cupyx.scipy.{home}"] = types.ModuleType(f"cupyx.scipy.{home}")
        for name in names:
            if hasattr(scipys, name):
                setattr(module, name, _on_device(getattr(scipys, name)))
    return found


def _on_device(fn):
    def call(*args, **kwargs):
        if not any(isinstance(a, Array) for a in args):
            raise TypeError(f"{fn.__name__} of cupyx takes device arrays")
        return _device(fn(*_plain(args), **_plain(kwargs)))
    return call


def install(monkeypatch):
    """cupyx.scipy, until the test ends."""
    for name, module in modules().items():
        monkeypatch.setitem(sys.modules, name, module)
