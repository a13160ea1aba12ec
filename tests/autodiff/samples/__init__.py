"""Samples, gathered from all files here: a call and its operands, all of them differentiated.

SAMPLES[primitive] for every rule, COMPOSITIONS[name] for functions that are written over others.

Read next: core.py.
"""
import importlib
import pkgutil

SAMPLES, COMPOSITIONS = {}, {}
for _name in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    _module = importlib.import_module(f"{__name__}.{_name}")
    SAMPLES |= _module.SAMPLES
    COMPOSITIONS |= getattr(_module, "COMPOSITIONS", {})
ALL = {getattr(fn, "__name__", fn): sample for fn, sample in SAMPLES.items()} | COMPOSITIONS
