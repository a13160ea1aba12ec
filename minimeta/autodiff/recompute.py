"""Recomputation: a function whose derivative keeps its arguments only, and runs it again.

The pullback of such a function is such a function itself, so the same holds for every order.

Read next: rules/, the calculus itself.
"""
import functools

import numpy as np

from ..device import on_gpu
from .transforms import vjp
from .guard import engine, keep
from .table import defvjp
from .trace import Traced, items, raw
from .tree import flatten


def checkpoint(f):
    """f, whose derivative stores the arguments of a call, and runs f again when it needs more.

    Of a chain of K calls that leaves K arguments and the inside of one call; in segments of
    sqrt(K) steps a call, memory grows as sqrt(K), for one more run of f (Griewank 1992; Chen et
    al. 2016).  For any containers and keyword arguments, at any order.  Traced arrays that f reads
    must be arguments (TypeError), and it must give the same result again (RuntimeError; on a GPU,
    where looking would stop the pipeline, nobody looks).
    """
    @functools.wraps(f)
    def run(*args, **kwargs):
        leaves, rebuild = flatten((args, kwargs))

        def of(leaves):
            args, kwargs = rebuild(leaves)
            return f(*args, **kwargs)
        return _record(of, leaves)
    return run


def _record(f, leaves):
    """f(leaves), a container; one node of the graph if any leaf is traced."""
    deps = 0
    for a in leaves:
        if type(a) is Traced:
            deps |= a.deps
    if not deps:
        return f(leaves)
    outputs, rebuild = flatten(f([raw(a) for a in leaves]))
    if any(type(y) is Traced for y in outputs):
        raise TypeError("checkpoint(f): f reads a traced array that is not among its arguments: "
                        "pass it to f, so that it is there when f is run again")
    chosen = [i for i, y in enumerate(outputs) if hasattr(y, "dtype") and y.dtype.kind in "fc"]

    def run(leaves):
        again = flatten(f(leaves))[0]
        return tuple([again[i] for i in chosen])
    node = Traced(tuple([outputs[i].copy() for i in chosen]), _segment,
                  tuple([a if type(a) is Traced else keep(a) for a in leaves]),
                  {"run": run, "wanted": [type(a) is Traced for a in leaves]}, deps)
    for i, y in zip(chosen, items(node)):
        outputs[i] = y
    return rebuild(outputs)


def _segment(*leaves, run, wanted):
    """What a node of a checkpoint stands for."""
    return run(leaves)


def _pull_back(g, y, *leaves, run, wanted):
    """Cotangents of the wanted leaves; f is run again only if and when they are differentiated."""
    before = [raw(v) for v in y]

    def pull(arrays):
        g, leaves = arrays[:len(before)], arrays[len(before):]

        def of(*chosen):
            rest = iter(chosen)
            return run([next(rest) if w else a for a, w in zip(leaves, wanted)])
        was_busy, engine.busy = engine.busy, False      # f is the user's: its writes are guarded
        try:
            again, pullback = vjp(of, *[a for a, w in zip(leaves, wanted) if w])
        finally:
            engine.busy = was_busy
        _compare(again, before)
        return pullback(g)
    found = iter(_record(pull, [*g, *leaves]))
    return [next(found) if w else None for w in wanted]


defvjp(_segment, together=_pull_back)


def _compare(again, before):
    """Raise unless f gave the same values, up to round-off."""
    for a, b in zip(map(raw, again), before):
        if on_gpu(b):
            return
        if a.shape != b.shape or not (np.array_equal(a, b, equal_nan=True) or _close(a, b)):
            raise RuntimeError("checkpoint(f): f gave another result when it was run again: let it "
                               "depend on its arguments only, and change no array that it reads")


def _close(a, b):
    tolerance = float(np.finfo(b.dtype).eps) ** 0.5
    size = np.max(np.abs(np.where(np.isfinite(b), b, 0)))
    return np.allclose(a, b, rtol=0, atol=tolerance * size, equal_nan=True)
