"""What a derivative is: one backward pass over the recorded graph.

A backward pass is itself recorded exactly where another derivative is watching: the levels that
the output (or the cotangent) depends on, besides the one being taken.

Read next: transforms.py.
"""
import itertools
from heapq import heapify, heappop, heappush

import numpy as np

from .foreign import check_input
from .guard import Watched, engine, keep
from .table import RULES, bad_rule, defvjp, no_rule
from .trace import Traced, item, items, raw

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


def backward(outputs, cotangents, inputs, bit):
    """The cotangents of `inputs`, entered at level `bit`; None where nothing depends on them."""
    outer, pending, nodes = 0, {}, {}
    for x in inputs:
        raw(x.args[0])              # a large input that was changed since raises here
    for y, g in zip(outputs, cotangents):
        if type(g) is Traced:
            outer |= g.deps
        if type(y) is Traced and y.deps & bit:
            outer |= y.deps
            if y.order in pending:
                pending[y.order] = pending[y.order] + g
            else:
                pending[y.order] = g
                nodes[y.order] = y
    outer &= ~bit
    was_busy, engine.busy = getattr(engine, "busy", False), True
    try:
        _sweep(nodes, pending, {x.order for x in inputs}, bit, outer)
    finally:
        engine.busy = was_busy
    return [lower(pending.get(x.order), outer) for x in inputs]


def _sweep(nodes, pending, leaves, bit, outer):
    """Hand the cotangents in `pending` on, from the last of `nodes` to the first; both by order."""
    mine = set()                     # nodes whose pending cotangent is a buffer of our own making
    latest = [-order for order in nodes]             # a heap
    heapify(latest)
    while latest:
        order = -heappop(latest)
        if order in leaves:
            continue
        node = nodes.pop(order)
        g, fn, args = pending.pop(order), node.fn, node.args
        if fn is item:               # one of several outputs: wait for the others
            whole, i = args[0], node.kwargs["i"]
            if whole.order not in pending:
                pending[whole.order] = [None] * len(whole.value)
                nodes[whole.order] = whole
                heappush(latest, -whole.order)
            parts = pending[whole.order]
            parts[i] = g if parts[i] is None else parts[i] + g
            continue
        y = node.value
        if isinstance(y, tuple):
            g = [np.zeros_like(v) if c is None else c for v, c in zip(y, g)]
            y = items(node) if node.deps & outer else y
        elif node.deps & outer:
            y = node
        if outer:
            operands = [a if type(a) is Traced and a.deps & outer else raw(a) for a in args]
        else:
            operands = [a.value if type(a) is Traced else a.check() if type(a) is Watched else a
                        for a in args]
        rule, static = RULES[fn], node.kwargs
        if rule.together is not None:
            together = rule.together(g, y, *operands, **static)
        for i, a in enumerate(args):
            if type(a) is not Traced or not a.deps & bit:
                continue
            if rule.together is not None:
                c = together[i]
            else:
                vjp = rule.vjp(i)
                if vjp is None:
                    raise _no_derivative(fn, i)
                c = vjp(g, y, *operands, **static) if static else vjp(g, y, *operands)
            if c is None:
                continue
            v = a.value
            try:
                if c.shape != v.shape or c.dtype != v.dtype:
                    c = fit(c, v)
            except (AttributeError, ValueError) as error:
                raise bad_rule(fn, i, c, np.shape(v)) from error
            order = a.order
            if order not in pending:
                pending[order], nodes[order] = c, a
                heappush(latest, -order)
            elif order in mine and type(c) is np.ndarray \
                    and c.strides == pending[order].strides:      # else the sum is laid out anew
                np.add(pending[order], c, out=pending[order])
            else:
                c = pending[order] = pending[order] + c
                if type(c) is np.ndarray:
                    mine.add(order)
                else:
                    mine.discard(order)


def _no_derivative(fn, i):
    error = no_rule(fn)
    return type(error)(f"operand {i} of {fn.__name__} has no derivative: {error}")


def fit(c, v):
    """The cotangent c summed over what was broadcast, in the shape and dtype of v."""
    shape = np.shape(v)
    if np.shape(c) != shape:
        lead = np.ndim(c) - len(shape)
        if lead < 0 or any(n != m and n != 1 for n, m in zip(shape, c.shape[lead:])):
            c = np.broadcast_to(c, shape)
        else:
            axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape)
                                              if n == 1 and c.shape[i + lead] != 1)
            c = np.reshape(np.sum(c, axis=axes), shape)
    if c.dtype != v.dtype:
        if c.dtype.kind == "c" and v.dtype.kind != "c":
            c = np.real(c)
        c = c.astype(v.dtype)
    return c
