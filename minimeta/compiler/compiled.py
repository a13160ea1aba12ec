"""`compile(f)`: trace f once for given shapes and types, then replay it as a list of NumPy calls.

Read next: program.py.
"""
import copy
import functools
import threading
import types
import warnings

import numpy as np

from ..autodiff import Traced
from ..autodiff.guard import engine
from ..autodiff.trace import RECORDERS
from ..autodiff.tree import flatten
from ..device import device, to_host
from .arrays import Fresh, Number, Recorded
from .batch import batch
from .builder import count_uses, rebuild
from .capture import Capture, Drew, device_array, packed_there, random_numbers
from .chains import sum_chains
from .exact import EXACT
from .fast import SUMS
from .joined import join
from .program import Changed, Program, Unfit, Value, guarded
from .record import Tape
from .repeats import FAST
from .source import Source

PASSES = [EXACT, FAST, SUMS]
ATTEMPTS = 3  # to trace while other threads may draw random numbers
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
    - Arrays on a GPU are inputs as well: the program is then CuPy's, on buffers there, and as on a
      GPU without it, nothing looks at numbers unasked.
    - Called with traced arrays, inside a derivative, with arrays that are not NumPy's or CuPy's, or
      with some of both, f itself runs.

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
        RECORDERS.update((Recorded, Number, Fresh))

    def __call__(self, *args, **kwargs):
        parts = Parts()
        if not parts.take((args, kwargs)) or len(parts.sides) > 1:
            return self.f(*args, **kwargs)
        key = tuple(parts.key)
        kind = self.kinds.get(key)
        if kind is None:
            kind = self.kinds.setdefault(key, Kind(parts))
        if kind.unfit:
            return self.f(*args, **kwargs)
        for trace in kind.traces:
            try:
                return trace(parts)
            except Changed:
                pass
        try:
            trace = self._trace(kind, parts, args, kwargs)
            found = trace.first(parts)
        except Unfit as error:
            reason = str(error)
        else:
            kind.add(trace, self)
            return found
        found = self.f(*args, **kwargs)             # or what f raises
        kind.unfit = True
        warnings.warn(f"{getattr(self, '__name__', 'a compiled function')} is not compiled for "
                      f"the GPU: {reason}", stacklevel=2)
        return found

    def _trace(self, kind, parts, args, kwargs):
        for _ in range(ATTEMPTS):
            try:
                return self._traced(kind, parts, args, kwargs)
            except Drew:
                if threading.active_count() == 1:        # else it may have been another thread
                    raise
        return self._traced(kind, parts, args, kwargs)

    def _traced(self, kind, parts, args, kwargs):
        kind.note(parts.ints)
        if kind.varying:
            try:
                return Trace(self, parts, args, kwargs, frozenset(kind.varying))
            except Exception:      # an int that must be one: a program for each value, if it can be
                trace = Trace(self, parts, args, kwargs, frozenset())
                kind.varying, kind.given_up = set(), True
                return trace
        return Trace(self, parts, args, kwargs, frozenset())

    def free(self):
        """Let the buffers go; the next call makes new ones."""
        for kind in self.kinds.values():
            for trace in kind.traces:
                trace.idle.clear()

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
        self.unfit = False      # for a program: f runs as it is

    def note(self, ints):
        """An int that has changed since the last trace is an input from now on."""
        if not self.given_up:
            self.varying |= {i for i, (a, b) in enumerate(zip(ints, self.ints)) if a != b}
        self.ints = ints

    def add(self, trace, compiled):
        others = self.traces
        if trace.general:       # it serves in place of those for one value of an int
            others = [t for t in others if not t.varying < trace.varying]
        self.traces = [trace, *others[:MANY - 1]]           # replaced, never changed: see threads
        if len(self.traces) == MANY:
            warnings.warn(
                f"{getattr(compiled, '__name__', 'a compiled function')} was traced {MANY} times "
                "for arguments of the same shapes: a number or a captured object that changes "
                "from call to call is better passed as a float or an array", stacklevel=3)


class Parts:
    """Arguments taken apart: what is an input, and a key of all the rest.

    sides: where their arrays lie, "cpu", "gpu" or both.
    """

    def __init__(self):
        self.inputs, self.ints, self.key, self.objects, self.sides = [], [], [], [], set()

    def take(self, a):
        """Whether all of `a` is known; fills in its parts."""
        kind = type(a)
        if kind is np.ndarray:
            self.key.append((a.shape, a.dtype, a.strides))
            self.inputs.append(a)
            self.sides.add("cpu")
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
        if device_array(a):
            self.key.append((a.shape, a.dtype, "gpu"))
            self.inputs.append(packed_there(a))
            self.sides.add("gpu")
            return a.dtype.kind in "biufc"
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
        captured = self.capture.read()
        # where the program runs; it is traced on the host, on copies
        there = "gpu" in parts.sides or not parts.sides and any(map(device_array, captured))
        self.device = device("gpu") if there else None
        tape = Tape(self.device)
        stand_ins = [tape.input(to_host(a)) for a in parts.inputs]
        counts = [tape.input(n) if i in varying else n for i, n in enumerate(parts.ints)]
        f = self.capture.replace(f, captured, tape.input)
        args, kwargs = _put(iter(stand_ins), iter(counts), self.capture.replaced, (args, kwargs))
        out = self._run(f, args, kwargs)
        leaves, self.rebuild = flatten(out)
        if there and any(type(a) is np.ndarray for a in leaves):
            raise Unfit("it returns an array of the host")
        passes = [Program(tape.inputs, tape.calls, [_output(a) for a in leaves],
                          device=self.device)]
        for rules in PASSES[:1] if compiled.exact else PASSES:
            passes.append(rebuild(passes[-1], rules))
        passes.append(batch(passes[-1]))
        if not compiled.exact:
            passes.append(sum_chains(passes[-1]))
        passes.append(join(passes[-1]))
        self._drop_unused(passes[-1], captured)
        # whether it is right for any value of the ints that are inputs
        self.general = not guarded(passes[-1], [a.value for a in counts if type(a) is Number])
        self.source = Source(passes[-1])
        for traced in (*passes, self.capture):
            traced.forget()
        self.idle = {}

    def _drop_unused(self, program, captured):
        """Read those captured arrays alone that the program uses."""
        used, first = count_uses(program), len(program.inputs) - len(captured)
        kept = [(slot, value, _signature(a)) for slot, value, a in
                zip(self.capture.slots, program.inputs[first:], captured) if id(value) in used]
        self.capture.slots = [slot for slot, *_ in kept]
        program.inputs[first:] = [value for _, value, _ in kept]
        self.signatures = [signature for *_, signature in kept]

    def _run(self, f, args, kwargs):
        before = self.capture.random_state()
        # recorded arrays never change: the engine need not copy them
        busy, engine.busy = getattr(engine, "busy", False), True
        try:
            out = f(*args, **kwargs)
        except TypeError as error:
            if self.device is not None and __package__ in str(error):   # CuPy's own functions
                raise Unfit(f"it calls CuPy itself ({error})") from None
            raise
        finally:
            engine.busy = busy
        if self.capture.random_state() != before:
            raise random_numbers()
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
                if _signature(a) != signature:
                    raise Changed
            inputs = inputs + captured
        idle = self.idle.setdefault(self.device and self.device.lane(), [])
        try:
            replay = idle.pop()               # atomic: no two threads get the same buffers
        except IndexError:
            replay = self.source.make()
        try:
            out = replay(*inputs)
        finally:
            idle.append(replay)
        return self.rebuild(out)

    def first(self, parts):
        """The first call; Unfit if CuPy refuses what NumPy takes."""
        try:
            return self(parts)
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            if self.device is None:
                raise
            raise Unfit(f"{type(error).__name__}: {error}") from error

    def __str__(self):
        return self.source.describe()


def _put(inputs, counts, replaced, a):
    """The arguments with stand-ins for the inputs, in the order of `Parts.take`."""
    kind = type(a)
    if kind in (np.ndarray, float, complex) or isinstance(a, np.generic) or device_array(a):
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


def _signature(a):
    """What must not change of a captured array; None for anything else."""
    if type(a) is np.ndarray:
        return a.shape, a.dtype, a.strides
    return (a.shape, a.dtype, "gpu") if device_array(a) else None


def _output(a):
    if type(a) in (Recorded, Number):
        return a.value
    if type(a) is Traced:
        raise TypeError("a compiled function returned a traced array that outlived its "
                        "derivative: return its plain value, minimeta.stop_gradient(x)")
    return Value(np.array(a, order="C")) if type(a) in (np.ndarray, Fresh) else a
