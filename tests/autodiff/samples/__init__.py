"""Samples, gathered from all files here: a call and its operands, all of them differentiated.

SAMPLES[primitive] for every rule, COMPOSITIONS[name] for functions that are written over others.

Read next: core.py.
"""
import importlib
import pkgutil

import numpy as np

SAMPLES, COMPOSITIONS = {}, {}
for _name in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    _module = importlib.import_module(f"{__name__}.{_name}")
    SAMPLES |= _module.SAMPLES
    COMPOSITIONS |= getattr(_module, "COMPOSITIONS", {})
if np.lib.NumpyVersion(np.__version__) < "2.1.0":
    for _name in ("clip, keywords", "cumulative_prod", "cumulative_sum", "unstack"):
        del COMPOSITIONS[_name]
ALL = {}
for _fn, _sample in SAMPLES.items():
    _name = getattr(_fn, "__name__", _fn)           # SciPy has some names of NumPy's
    ALL[f"scipy.{_name}" if _name in ALL else _name] = _sample
ALL |= {name + ", again" * (name in ALL): sample for name, sample in COMPOSITIONS.items()}
assert len(ALL) == len(SAMPLES) + len(COMPOSITIONS)
