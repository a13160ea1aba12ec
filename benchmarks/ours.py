"""The workloads in minimeta: as they are written, and compiled.

Read next: peer_torch.py.
"""
import numpy as np

import minimeta

from . import workloads


def arrive():
    """Have Numba load what it has compiled: code, which is not a workload's memory."""
    model = minimeta.nn.conv4(ways=2, filters=2, image_size=16)
    x = np.ones((2, 16, 16, 1), np.float32)
    minimeta.grad(lambda theta: np.sum(model.apply(theta, x)))(model.init(np.random.default_rng(0)))


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
