"""Sums of many rows of one stack, added one after the other, become one sum over the stack.

Read next: joined.py.
"""
import operator

import numpy as np

from .builder import count_uses, without_dead
from .program import Call, Program, Value

_MANY = 4       # rows


def sum_chains(program):
    """The program with chains of additions cut short; they may be added up in another order."""
    if program.device is not None:
        return program
    uses, calls = count_uses(program), []
    inner = {id(a) for call in program.calls if call.fn is np.add for a in call.args
             if _goes_on(a, call, uses)}
    for call in program.calls:
        if call.fn is np.add and not call.kwargs and id(call.out) not in inner:
            calls += _shortened(call, uses)
        calls.append(call)
    return without_dead(Program(program.inputs, calls, program.outputs))


def _goes_on(a, call, uses):
    """Whether a summand is a sum itself, which nothing else needs."""
    return type(a) is Value and a.call is not None and a.call.fn is np.add and not a.call.kwargs \
        and not call.kwargs and uses[id(a)] == 1 and a.shape == call.out.shape \
        and a.dtype == call.out.dtype


def _shortened(call, uses):
    """Calls after which `call` need only add two summands; none if its chain is short."""
    terms, todo = [], [call.out]
    while todo:
        a = todo.pop()
        if a is call.out or _goes_on(a, call, uses):
            todo += reversed(a.call.args)
        else:
            terms.append(a)
    rows = {}
    for a in terms:
        if _is_row(a, call.out):
            rows.setdefault(id(a.root), {})[a.call.args[1]] = a
    found = max(rows.values(), key=len, default={})
    first, last = min(found, default=0), max(found, default=0)
    if len(found) < _MANY or last - first + 1 != len(found):
        return []
    if len(found) == len(terms):        # the sum is added to something
        del found[first]
        first += 1
    for a in found.values():        # once: a row that is added twice is in the rest as well
        terms.remove(a)
    stack, new = found[first].root, []

    def made(fn, *args, **kwargs):
        new.append(Call(fn, args, kwargs))
        arrays = [a.array if type(a) is Value else a for a in args]
        new[-1].out = Value(fn(*arrays, **kwargs), new[-1],
                            root=stack if fn is operator.getitem else None)
        return new[-1].out
    part = made(operator.getitem, stack, slice(first, last + 1))
    total = terms[0]
    for a in terms[1:]:
        total = made(np.add, total, a)
    call.args = total, made(np.add.reduce, part, axis=0)
    return new


def _is_row(a, out):
    return type(a) is Value and a.call is not None and a.call.fn is operator.getitem \
        and type(a.call.args[1]) is int and a.root is a.call.args[0] and a.shape == out.shape \
        and a.dtype == out.dtype
