"""A sample for every rule: SAMPLES[primitive] = (call, operands), gathered from all files here.

Read next: core.py.
"""
import importlib
import pkgutil

SAMPLES = {}
for _module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    SAMPLES |= importlib.import_module(f"{__name__}.{_module}").SAMPLES
