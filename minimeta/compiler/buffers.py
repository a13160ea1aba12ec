"""Memory: every value that a call can write into memory it is given gets a place in a buffer.

A place is free again after the last use of the value, and of all views of it; an elementwise call
writes over an operand that it is the last to use.  So replaying allocates the outputs and no more.

Read next: source.py.
"""
import inspect

import numpy as np

from .arrays import FILLED, cast
from .program import Guard, Value, address, each, packed, run

_COPIED = 1 << 18      # bytes: an input up to here is copied, so that views of it are made once


class Layout:
    """Where the values of a program lie.

    place: id(root) -> number of its buffer; sizes: bytes of each buffer; last: id(root) -> the call
    that is the last to use it; copied: inputs that are copied into a buffer; fresh: ids of outputs
    that are made anew in every replay.
    """

    def __init__(self, program):
        self.program = program
        self.place, self.sizes, self.free, self.handed_on = {}, [], [], set()
        self.last = _last_uses(program)
        self.fresh = _fresh_outputs(program)
        self.copied = _copied_inputs(program)
        for value in self.copied:
            self._put(value)
        for i, call in enumerate(program.calls):
            self._allocate(call, i)
            self._release(i)

    def _allocate(self, call, i):
        out = call.out
        if call.joined:
            if id(out.root) not in self.place and id(out.root) not in self.fresh:
                self._put(out.root)
            return
        if id(out) in self.fresh or not takes_out(call, self.program.device):
            return
        if isinstance(call.fn, np.ufunc):
            for a in call.operands():
                if self._may_write_over(a, out, call, i):
                    self.place[id(out)] = self.place[id(a)]
                    self.handed_on.add(id(a))
                    return
        self._put(out)

    def _may_write_over(self, a, out, call, i):
        same = _same_layout(a, out) and id(a) in self.place and self.last[id(a)] == i \
            and call.fn.signature is None
        return same and all(b is a or b.root is not a.root for b in call.operands())

    def _put(self, value):
        size = max(value.array.nbytes, 1)
        fitting = [b for b in self.free if size <= self.sizes[b] <= 4 * size + 256]
        if fitting:
            best = min(fitting, key=lambda b: (self.sizes[b], -self.free.index(b)))
            self.free.remove(best)
        else:
            best = len(self.sizes)
            self.sizes.append(size)
        self.place[id(value)] = best

    def _release(self, i):
        used = {id(a.root): a.root for a in self.program.calls[i].operands()}
        used[id(self.program.calls[i].out.root)] = self.program.calls[i].out.root
        for key in used:
            if key in self.place and self.last[key] <= i and key not in self.handed_on:
                self.free.append(self.place[key])


def _same_layout(a, b):
    x, y = a.array, b.array
    return a.root is a and type(x) is type(y) is np.ndarray and x.dtype == y.dtype \
        and x.shape == y.shape and x.strides == y.strides


def _last_uses(program):
    last = {}
    for i, call in enumerate(program.calls):
        last[id(call.out.root)] = max(i, last.get(id(call.out.root), i))
        for a in call.operands():
            last[id(a.root)] = i
    end = len(program.calls)
    each(program.outputs, lambda a: last.update({id(a.root): end}) if type(a) is Value else None)
    return last


def _fresh_outputs(program):
    """ids of outputs that no view looks into: their call may allocate what the caller gets."""
    roots = {id(call.out.root) for call in program.calls
             if call.out.root is not call.out and not call.joined}
    fresh = set()
    scalars = program.device is None        # NumPy makes them where CuPy makes arrays
    each(program.outputs, lambda a: fresh.add(id(a)) if type(a) is Value and a.call is not None
         and a.root is a and id(a) not in roots and (np.ndim(a.array) or not scalars) else None)
    return fresh


def _copied_inputs(program):
    viewed = {id(call.out.root) for call in program.calls if call.out.root is not call.out}
    return [value for value in program.inputs if id(value) in viewed
            and packed(value.array) and value.array.nbytes <= _COPIED]


# ---------------------------------------------------------------- who can write where

_WRITES = {np.concatenate, np.stack, np.einsum, np.take, np.clip, np.cumsum, np.dot, np.mean}
# CuPy's counterparts take an out= where these do, and no others do for sure
_WRITES_THERE = _WRITES - {np.einsum} | {np.max, np.min, np.any, np.all}


def takes_out(call, device=None):
    """Whether the call can write its result into memory it is given."""
    out, fn = call.out.array, call.fn
    if type(fn) is Guard or not packed(out) or call.out.root is not call.out:
        return False
    if isinstance(fn, np.ufunc):
        return fn.nout == 1
    if fn in (cast, FILLED) or isinstance(getattr(fn, "__self__", None), np.ufunc):
        return True
    if device is not None:
        return fn in _WRITES_THERE
    if fn in _WRITES:
        return True
    try:
        if not fn.__module__.startswith("numpy") or "out" not in inspect.signature(fn).parameters:
            return False
        made = np.empty_like(out)
        with np.errstate(all="ignore"):      # tried out: some that say they do write elsewhere
            run(fn, call.args, {**call.kwargs, "out": made})
        return np.array_equal(made, out, equal_nan=out.dtype.kind in "fc")
    except (TypeError, ValueError, AttributeError):
        return False


def spots(layout):
    """id(value) -> (buffer, offset, shape, dtype, strides) of every value that has a place."""
    found = {}
    for value in layout.copied + [call.out for call in layout.program.calls]:
        a, root = value.array, value.root
        if id(root) in layout.place and isinstance(a, np.ndarray):
            found[id(value)] = (layout.place[id(root)], address(a) - address(root.array), a.shape,
                                a.dtype, a.strides)
    return found


def aligned(n):
    """n bytes that begin where a line of the cache does."""
    memory = np.empty(n + 64, np.uint8)
    start = -address(memory) % 64
    return memory[start:start + n]
