"""`compile(f)`: trace f once for given shapes and types, then replay it as a list of NumPy calls.

Read next: program.py.
"""
import copy
import functools
import types
import warnings

import numpy as np

from ..autodiff import Traced
from ..autodiff.guard import engine
from ..autodiff.trace import RECORDERS
from ..autodiff.tree import flatten
from .arrays import Number, Recorded
from .builder import count_uses, rebuild
from .capture import Capture
from .exact import EXACT
from .fast import FAST, SUMS
from .program import Changed, Program, Value
from .record import Tape
from .source import Source

PASSES = [EXACT, FAST, SUMS]
MANY = 8      # programs for arguments of the same shapes, from which on a warning is due
_STATIC = (bool, str, bytes, type(None), type, np.dtype, type(Ellipsis), slice, range)


def compile(f=None, *, exact=False):
    """f, traced once for given shapes and dtypes into a program of NumPy calls that is replayed.

    f is any function of arrays: a loss, a gradient of a gradient, a whole meta-step.  Arguments and
    results are arrays, numbers, or nested dicts, lists and tuples of them.  The program has dead
    and repeated work removed, constants folded, and buffers for its intermediate values, so that a
    call allocates its results and little else.  exact=True leaves out what changes the rounding:
    results then have the bits of f's.

    - Arrays and floats are inputs.  A new shape, dtype, memory order or structure traces anew.
    - bool, str and None are part of the program, and so is an int, until it changes: then it is an
      input too (Adam's step number), unless it decides a shape.
    - `if`, `int()` and the like on a value are guards, compared at each call; where one does not
      hold, f is traced anew.  float() raises.
    - Captured arrays are read at each call; rebinding or changing what else f reads traces anew.
    - f must be pure: drawing random numbers, or writing to anything captured, raises.
    - Results belong to the caller, arguments are never written to, and threads may share it.
    - Called with traced arrays, inside a derivative, or with arrays that are not NumPy's, f itself
      runs.

    print(compiled) shows the programs.
    """
    if f is None:
        return functools.partial(compile, exact=exact)
    return Compiled(f, exact)


class Compiled:
    """A function and its programs, one for each kind of arguments."""
    is_compiled = True

    def __init__(self, f, exact=False):
        functools.update_wrapper(self, f, updated=())
        self.f, self.exact = f, exact
        self.kinds = {}
        RECORDERS.update((Recorded, Number))

    def __call__(self, *args, **kwargs):
        parts = Parts()
        if not parts.take((args, kwargs)):
            return self.f(*args, **kwargs)
        key = tuple(parts.key)
        kind = self.kinds.get(key)
        if kind is None:
            kind = self.kinds.setdefault(key, Kind(parts))
        for trace in kind.traces:
            try:
                return trace(parts)
            except Changed:
                pass
        trace = self._trace(kind, parts, args, kwargs)
        kind.add(trace, self)
        return trace(parts)

    def _trace(self, kind, parts, args, kwargs):
        kind.note(parts.ints)
        if kind.varying:
            try:
                return Trace(self, parts, args, kwargs, frozenset(kind.varying))
            except Exception:      # an int that must be one: a program for each value, if it can be
                trace = Trace(self, parts, args, kwargs, frozenset())
                kind.varying, kind.given_up = set(), True
                return trace
        return Trace(self, parts, args, kwargs, frozenset())

    def __get__(self, instance, owner=None):
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self):
        return Compiled, (self.f, self.exact)

    def __str__(self):
        traces = [trace for kind in self.kinds.values() for trace in kind.traces]
        name = getattr(self, "__name__", "function")
        if not traces:
            return f"{name}: not called yet"
        return "\n\n".join(f"# {name}: {trace}" for trace in traces)


class Kind:
    """The programs for arguments of one structure, with the same shapes and types."""

    def __init__(self, parts):
        self.traces, self.ints = [], parts.ints
        self.varying, self.given_up, self.keep = set(), False, parts.objects

    def note(self, ints):
        """An int that has changed since the last trace is an input from now on."""
        if not self.given_up:
            self.varying |= {i for i, (a, b) in enumerate(zip(ints, self.ints)) if a != b}
        self.ints = ints

    def add(self, trace, compiled):
        self.traces = [trace, *self.traces[:MANY - 1]]      # replaced, never changed: see threads
        if len(self.traces) == MANY:
            warnings.warn(
                f"{getattr(compiled, '__name__', 'a compiled function')} was traced {MANY} times "
                "for arguments of the same shapes: a number or a captured object that changes "
                "from call to call is better passed as a float or an array", stacklevel=3)


class Parts:
    """Arguments taken apart: what is an input, and a key of all the rest."""

    def __init__(self):
        self.inputs, self.ints, self.key, self.objects = [], [], [], []

    def take(self, a):
        """Whether all of `a` is known; fills in its parts."""
        kind = type(a)
        if kind is np.ndarray:
            self.key.append((a.shape, a.dtype, a.strides))
            self.inputs.append(a)
            return a.dtype.kind in "biufc"
        if kind is float or kind is complex:
            self.key.append(kind)
            self.inputs.append(a)
            return True
        if kind is int:
            self.key.append(kind)
            self.ints.append(a)
            return True
        if kind is tuple or kind is list or isinstance(a, tuple):
            self.key.append((kind, len(a)))
            return all([self.take(b) for b in a])
        if isinstance(a, dict):
            self.key.append((kind, tuple(a)))
            return all([self.take(b) for b in a.values()])
        if isinstance(a, _STATIC):
            self.key.append((kind, repr(a) if kind is slice else a))
            return True
        if isinstance(a, np.generic):
            self.key.append((kind, a.dtype))
            self.inputs.append(a)
            return a.dtype.kind in "biufc"
        if hasattr(a, "dtype") or kind is Number or kind is Traced:
            return False
        if hasattr(kind, "__next__"):
            raise TypeError(f"a compiled function was given an iterator ({kind.__name__}), which "
                            "a replay would not advance: pass a list of what it yields")
        self.key.append((kind, id(a)))
        self.objects.append(a)
        return True


class Trace:
    """One program, the conditions under which it is right, and buffers for each thread."""

    def __init__(self, compiled, parts, args, kwargs, varying):
        f = compiled.f
        self.varying, self.ints = varying, parts.ints
        self.capture = Capture(f, *parts.objects)
        tape = Tape()
        stand_ins = [tape.input(a) for a in parts.inputs]
        counts = [tape.input(n) if i in varying else n for i, n in enumerate(parts.ints)]
        f = self.capture.replace(f, tape.input)
        args, kwargs = _put(iter(stand_ins), iter(counts), self.capture.replaced, (args, kwargs))
        out = self._run(f, args, kwargs)
        leaves, self.rebuild = flatten(out)
        passes = [Program(tape.inputs, tape.calls, [_output(a) for a in leaves])]
        for rules in PASSES[:1] if compiled.exact else PASSES:
            passes.append(rebuild(passes[-1], rules))
        self._drop_unused(passes[-1], len(tape.inputs) - len(self.capture.slots))
        self.source = Source(passes[-1])
        for traced in (*passes, self.capture):
            traced.forget()
        self.idle = []

    def _drop_unused(self, program, first):
        """Read those captured arrays alone that the program uses."""
        used = count_uses(program)
        kept = [(slot, value) for slot, value in zip(self.capture.slots, program.inputs[first:])
                if id(value) in used]
        self.capture.slots = [slot for slot, _ in kept]
        program.inputs[first:] = [value for _, value in kept]
        self.signatures = [(value.shape, value.dtype, value.array.strides) for _, value in kept]

    def _run(self, f, args, kwargs):
        before = self.capture.random_state()
        # recorded arrays never change: the engine need not copy them
        busy, engine.busy = getattr(engine, "busy", False), True
        try:
            out = f(*args, **kwargs)
        finally:
            engine.busy = busy
        if self.capture.random_state() != before:
            raise TypeError("a compiled function drew random numbers, which a replay would repeat: "
                            "draw them outside and pass them as an argument")
        if not self.capture.untouched():
            raise TypeError("a compiled function changed something that it captures, which a "
                            "replay would not do: return the new value instead")
        return out

    def __call__(self, parts):
        for i, (a, b) in enumerate(zip(parts.ints, self.ints)):
            if a != b and i not in self.varying:
                raise Changed
        inputs = parts.inputs
        if self.varying:
            inputs = inputs + [n for i, n in enumerate(parts.ints) if i in self.varying]
        if not self.capture.holds():
            raise Changed
        if self.signatures:
            captured = self.capture.read()
            for a, signature in zip(captured, self.signatures):
                if type(a) is not np.ndarray or (a.shape, a.dtype, a.strides) != signature:
                    raise Changed
            inputs = inputs + captured
        try:
            replay = self.idle.pop()          # atomic: no two threads get the same buffers
        except IndexError:
            replay = self.source.make()
        try:
            out = replay(*inputs)
        finally:
            self.idle.append(replay)
        return self.rebuild(out)

    def __str__(self):
        return self.source.describe()


def _put(inputs, counts, replaced, a):
    """The arguments with stand-ins for the inputs, in the order of `Parts.take`."""
    kind = type(a)
    if kind in (np.ndarray, float, complex) or isinstance(a, np.generic):
        return next(inputs)
    if kind is int:
        return next(counts)
    if isinstance(a, dict):
        new = copy.copy(a)
        new.update((k, _put(inputs, counts, replaced, b)) for k, b in a.items())
        return new
    if isinstance(a, (list, tuple)):
        parts = [_put(inputs, counts, replaced, b) for b in a]
        return a._make(parts) if hasattr(a, "_make") else kind(parts)
    return a if isinstance(a, _STATIC) else replaced(a)


def _output(a):
    if type(a) in (Recorded, Number):
        return a.value
    if type(a) is Traced:
        raise TypeError("a compiled function returned a traced array that outlived its "
                        "derivative: return its plain value, minimeta.stop_gradient(x)")
    return Value(a.copy()) if type(a) is np.ndarray else a
