"""The workloads in minimeta: as they are written, and compiled.

Read next: peer_torch.py.
"""
import numpy as np

import minimeta

from . import workloads


def variants(name):
    w = workloads.WORKLOADS[name]()

    def result(f=None):
        return np.ravel((w.numbers or w.f if f is None else f)(*w.args))
    found = {"eager": (lambda: w.f(*w.args), result)}
    compile = getattr(minimeta, "compile", None)
    if compile is not None:
        step = compile(w.f)             # the other program and its buffers go when it is done
        found["compiled"] = (lambda: step(*w.args), lambda: result(compile(w.numbers or w.f)))
    return found


WORKLOADS = {name: lambda name=name: variants(name) for name in workloads.WORKLOADS}
