"""What a function reads besides its arguments: closures, globals, defaults, attributes.

Captured arrays are arguments in disguise: the function that is traced is a copy that holds recorded
arrays in their place, and a replay reads them anew.  Everything else that its code names is
compared, object by object, before each replay.  An array out of reach of this (an attribute of a
class or a module) is compared by its contents.  Installed packages are taken not to change.

Read next: replace.py.
"""
import collections
import dis
import functools
import random
import sys
import types

import numpy as np

from ..device import on_gpu
from .replace import Copies, attribute_of, cell_of, item_of, length_of, members_of, names_of

_NOTHING = {"PRECALL", "PUSH_NULL", "CACHE", "NOP"}      # of Python's instructions
_SIMPLE = (bool, int, float, complex, str, bytes, type(None))


class Capture(Copies):
    """All that `roots` (a function, and objects among its arguments) read.

    guards: (read, holder, key, expected) of what must stay the same; slots: (read, holder, key) of
    arrays; watched: (array, bytes) of those that no copy of the function can be given.
    """

    def __init__(self, *roots):
        self.names = set()          # that the code reached so far uses, of attributes too
        known = -1
        while known < len(self.names):
            known = len(self.names)
            self.guards, self.watched, self.generators = [], [], []
            self._places, self._nodes = {}, []
            self._seen, self._parents, self._fixed = {}, {}, False
            for root in roots:
                self._visit(root, None)
        self.slots = list(self._places.values())
        self.guards = list({(id(guard[1]), guard[2]): guard for guard in self.guards}.values())
        self._changing = self._ancestors()

    # ------------------------------------------------------------ finding

    def _hold(self, node, read, holder, key, value):
        """`value`, which code finds at `key` of `holder`, a part of `node`."""
        elsewhere = device_array(value)
        if isinstance(value, np.ndarray) or elsewhere:
            if self._fixed or not (elsewhere or type(value) is np.ndarray) \
                    or value.dtype.kind not in "biufc":
                if not elsewhere:           # which no program holds: see Tape
                    self.watched.append((value, value.tobytes()))
                self.guards.append((read, holder, key, value))
            else:
                self._places[id(holder), key] = read, holder, key
                self._nodes.append(node)
            return
        if not isinstance(holder, tuple):              # which is what it was, or another object
            self.guards.append((read, holder, key, value))
        self._visit(value, node)

    def _visit(self, value, parent):
        if isinstance(value, _SIMPLE):
            return
        if parent is not None:
            self._parents.setdefault(id(value), set()).add(id(parent))
        if (id(value), self._fixed) in self._seen:
            return
        self._seen[id(value), self._fixed] = value
        kind = type(value)
        if kind is types.FunctionType:
            self._function(value)
        elif kind is types.MethodType:
            self._visit(value.__self__, value)
            self._visit(value.__func__, value)
        elif kind is functools.partial:
            for part in (value.func, value.args, value.keywords):
                self._visit(part, value)
        elif isinstance(value, (list, tuple)):
            if isinstance(value, list):
                self.guards.append((length_of, value, None, len(value)))
            for i, part in enumerate(value):
                self._hold(value, item_of, value, i, part)
        elif isinstance(value, dict):
            self.guards.append((length_of, value, None, len(value)))
            for key, part in value.items():
                self._hold(value, item_of, value, key, part)
        elif isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
            self.generators.append(value)
        elif kind is types.ModuleType:
            self._module(value)
        elif hasattr(kind, "__next__") and not hasattr(value, "read"):
            raise TypeError(f"a compiled function reads an iterator ({kind.__name__}), which a "
                            "replay would not advance: pass what it yields as an argument")
        elif hasattr(kind, "is_compiled"):
            self._visit(value.f, value)
        elif not _installed(kind.__module__) and not isinstance(value, type):
            self._object(value)
        elif isinstance(value, (set, frozenset)):
            self.guards.append((members_of, value, None, frozenset(value)))
        elif kind is types.SimpleNamespace:
            self._object(value)
        elif isinstance(value, collections.deque):
            raise TypeError("a compiled function reads a deque: make it a list")
        elif isinstance(value, (staticmethod, classmethod)):
            self._visit(value.__func__, value)
        elif isinstance(value, property):
            self._visit(value.fget, value)

    def _function(self, fn):
        if _installed(fn.__module__):
            return
        fixed, self._fixed = self._fixed, self._fixed or hasattr(fn, "_primitive")
        names = set(names_of(fn.__code__))
        self.names |= names
        if "default_rng" in names and draws_a_seed(fn.__code__):
            raise random_numbers()
        for cell in fn.__closure__ or ():
            try:
                self._hold(fn, cell_of, cell, None, cell.cell_contents)
            except ValueError:                        # an empty cell: a name not assigned yet
                pass
        self._visit(fn.__defaults__, fn)
        self._visit(fn.__kwdefaults__, fn)
        if not _ours(fn.__module__):
            for name in names & fn.__globals__.keys():
                self._hold(fn, item_of, fn.__globals__, name, fn.__globals__[name])
        self._fixed = fixed

    def _module(self, module):
        if _installed(module.__name__) or _ours(module.__name__):
            return
        fixed, self._fixed = self._fixed, True
        for name in self.names & vars(module).keys():
            self._hold(module, item_of, vars(module), name, vars(module)[name])
        self._fixed = fixed

    def _object(self, value):
        own = getattr(value, "__dict__", {})
        for name in self.names & own.keys():
            self._hold(value, item_of, own, name, own[name])
        fixed, self._fixed = self._fixed, True
        for kind in type(value).__mro__:
            if not _installed(kind.__module__):
                for name in (self.names | {"__call__"}) & vars(kind).keys():
                    found = vars(kind)[name]
                    if type(found) is not types.MemberDescriptorType:
                        self._hold(value, item_of, vars(kind), name, found)
                    elif hasattr(value, name):                      # of __slots__
                        self._hold(value, attribute_of, value, name, getattr(value, name))
        self._fixed = fixed

    def _ancestors(self):
        """ids of everything that leads to an array that is to be replaced."""
        stack, found = [id(node) for node in self._nodes], set()
        while stack:
            node = stack.pop()
            if node not in found:
                found.add(node)
                stack.extend(self._parents.get(node, ()))
        return found

    # ------------------------------------------------------------ comparing

    def read(self):
        """The captured arrays as they are now."""
        return [packed_there(read(holder, key)) for read, holder, key in self.slots]

    def holds(self):
        """Whether all that was compared is still the same."""
        try:
            for read, holder, key, expected in self.guards:
                found = read(holder, key)
                if found is not expected and not _equal(found, expected):
                    return False
        except (KeyError, IndexError, ValueError, AttributeError):
            return False
        return all(a.tobytes() == held for a, held in self.watched)

    def untouched(self):
        """Whether tracing wrote to nothing that is captured."""
        try:
            return self.holds() and all(read(holder, key) is expected or _equal(
                read(holder, key), expected) for read, holder, key, expected in self._placed)
        except (KeyError, IndexError, ValueError, AttributeError):
            return False

    def forget(self):
        """Let go of what only tracing needs: the copies hold recorded arrays."""
        self._copies = self._placed = self._stand_in = self._seen = self._parents = None

    def random_state(self):
        """The states of all random generators that the function can reach."""
        states = [repr(getattr(g, "bit_generator", g).state if hasattr(g, "bit_generator")
                       else g.get_state() if hasattr(g, "get_state") else g.getstate())
                  for g in self.generators]
        return [*states, repr(np.random.get_state()), random.getstate()]


def device_array(a):
    """Whether a is an array on a GPU: not one of CuPy's other objects."""
    return on_gpu(a) and hasattr(a, "strides")


def packed_there(a):
    """a; in C order if it is on a GPU, for copies on the host are."""
    return a.copy() if device_array(a) and not a.flags.c_contiguous else a


class Drew(TypeError):
    """Random numbers were drawn while f was traced."""


def random_numbers():
    return Drew("a compiled function drew random numbers, which a replay would repeat: draw them "
                "outside and pass them as an argument")


def draws_a_seed(code):
    """Whether code calls default_rng(), whose seed is another one each time."""
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NOTHING]
    return any(step.argval == "default_rng" and then.opname.startswith("CALL") and then.arg == 0
               for step, then in zip(steps, steps[1:])) \
        or any(draws_a_seed(c) for c in code.co_consts if isinstance(c, types.CodeType))


@functools.cache
def _installed(name):
    """Whether a module belongs to Python or an installed package: those are taken not to change."""
    package = (name or "").split(".")[0]
    if package == "minimeta":
        return False
    if package in sys.stdlib_module_names and package != "__main__":
        return True
    path = str(getattr(sys.modules.get(package), "__file__", ""))
    return "site-packages" in path or "dist-packages" in path


def _ours(name):
    """Whether a module is of this package, whose globals hold no settings."""
    return (name or "").split(".")[0] == "minimeta"


def _equal(a, b):
    return type(a) is type(b) and (isinstance(a, _SIMPLE) and a == b and repr(a) == repr(b)
                                   or type(a) is frozenset and a == b)
