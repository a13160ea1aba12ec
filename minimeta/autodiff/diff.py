"""What a derivative is: one backward pass over the recorded graph.

A backward pass is itself recorded exactly where another derivative is watching: the levels that
the output (or the cotangent) depends on, besides the one being taken.

Read next: transforms.py.
"""
import itertools
from heapq import heapify, heappop, heappush
from sys import getrefcount

import numpy as np

from .foreign import check_input
from .guard import Watched, engine, keep
from .table import RULES, bad_rule, defvjp, fit, no_rule
from .trace import Traced, item, items, raw


def _references():
    """What getrefcount says of an array that a dict and a name hold; it differs among Pythons."""
    pending = {0: np.zeros(1)}
    before = pending.get(0)
    return getrefcount(before)


_HELD_HERE = _references()
_free_bits, _new_bit = [], itertools.count().__next__


class Level:
    """One derivative being taken: a bit that marks what depends on its inputs.

    Every node that carries the bit leads back to an input, which holds the level: so the bit is
    free for others only when the last of them is gone, whichever thread or generator they are in.
    """
    __slots__ = ("bit", "leaves", "__weakref__")

    def __init__(self):
        try:
            self.bit = _free_bits.pop()      # atomic, as append and next are: no lock needed
        except IndexError:
            self.bit = 1 << _new_bit()

    def __del__(self):
        _free_bits.append(self.bit)

    def enter(self, x):
        """The input x, marked."""
        deps = self.bit
        if type(x) is Traced:
            deps, value, x = deps | x.deps, x.value, x
        else:
            check_input(x)
            if not hasattr(x, "dtype"):
                x = np.copy(x)
            if x.dtype.kind not in "fc":
                raise TypeError(f"cannot differentiate with respect to {x.dtype} input: "
                                "convert it to float first, x.astype(float), or pass it as an "
                                "argument that is not differentiated")
            x = keep(x)
            value = x.array if type(x) is Watched else x
        return Traced(value, identity, (x,), {"level": self}, deps)


def identity(x, level=None):
    """x"""
    return x


defvjp(identity, lambda g, y, x, level=None: g)


def lower(x, deps):
    """x as it depends on the levels `deps` only: plain, if it depends on none of them."""
    if type(x) is not Traced or x.deps & deps == x.deps:
        return x
    return Traced(x.value, identity, (x,), {}, x.deps & deps) if x.deps & deps else x.value


def backward(outputs, cotangents, inputs, bit, last=False):
    """The cotangents of `inputs`, entered at level `bit`; None where nothing depends on them.

    last: `outputs` is emptied, so that nodes are let go as soon as they are done.
    """
    outer, pending, latest = 0, {}, []
    for x in inputs:
        raw(x.args[0])              # a large input that was changed since raises here
    for y, g in zip(outputs, cotangents):
        if type(g) is Traced:
            outer |= g.deps
        if type(y) is Traced and y.deps & bit:
            outer |= y.deps
            if y.fn is item:
                y = Traced(y.value, identity, (y,), {}, y.deps)
            order = -y.order
            if order in pending:
                pending[order] = pending[order] + g
            else:
                pending[order] = g
                latest.append((order, y))
    outer &= ~bit
    y = last and outputs.clear()            # nor does this frame hold the last node
    was_busy, engine.busy = engine.busy, True
    try:
        _sweep(latest, pending, {-x.order for x in inputs}, bit, outer)
    finally:
        engine.busy = was_busy
    return [lower(pending.get(-x.order), outer) for x in inputs]


def _sweep(latest, pending, leaves, bit, outer):
    """Hand the cotangents in `pending` on, from the last node to the first.

    latest -- a heap of (-order, node), the nodes that have a cotangent; pending -- {-order: it}
    """
    heapify(latest)
    while latest:
        order, node = heappop(latest)
        if order in leaves:
            continue
        g, args, static = pending.pop(order), node.args, node.kwargs
        y = node if node.deps & outer else node.value
        if type(g) is list:
            g = [np.zeros_like(v) if c is None else c for v, c in zip(node.value, g)]
            y = items(node) if y is node else y
        rule, operands = RULES[node.fn], args
        if rule.reads:
            operands = []
            for a in args:
                operands.append((a if a.deps & outer else a.value) if type(a) is Traced
                                else a.check() if type(a) is Watched else a)
        vjps, together = rule.vjps, None
        if rule.together is not None:
            together = rule.together(g, y, *operands, **static)
        for i, a in enumerate(args):
            if type(a) is not Traced or not a.deps & bit:
                continue
            if together is not None:
                c = together[i]
            else:
                vjp = vjps[i] if i < len(vjps) else rule.vjp(i)
                if vjp is None:
                    raise _no_derivative(node.fn, i)
                if static:
                    c = vjp(g, y, *operands, **static)
                elif len(operands) == 2:              # faster than *operands
                    c = vjp(g, y, operands[0], operands[1])
                else:
                    c = vjp(g, y, *operands)
            if c is None:
                continue
            v, plain = a.value, c.value if type(c) is Traced else c
            try:
                if plain.dtype is not v.dtype or plain.shape != v.shape:
                    c = fit(c, v)
            except (AttributeError, ValueError) as error:
                raise bad_rule(node.fn, i, c, np.shape(v)) from error
            found, key = pending, -a.order
            if a.fn is item:             # one of several outputs: the others go with it
                whole, key = a.args[0], a.kwargs["i"]
                if -whole.order not in pending:
                    pending[-whole.order] = [None] * len(whole.value)
                    heappush(latest, (-whole.order, whole))
                found = pending[-whole.order]
                before = found[key]
            else:
                before = pending.get(key)
            if before is None:
                found[key] = c
                if found is pending:
                    heappush(latest, (key, a))
            elif type(c) is type(before) is np.ndarray and getrefcount(before) == _HELD_HERE \
                    and before.base is None and c.strides == before.strides:
                np.add(before, c, before)         # with other strides the sum is laid out anew
            else:
                found[key] = before + c


def _no_derivative(fn, i):
    error = no_rule(fn)
    return type(error)(f"operand {i} of {fn.__name__} has no derivative: {error}")
