"""A program as Python source: one line a call, run by NumPy on buffers that are there already.

Read next: ../nn/layers.py, or ../meta/adapt.py.
"""
import re

import numpy as np

from .arrays import FILLED, cast
from .buffers import Layout, aligned, spots
from .joined import joined
from .program import Guard, Value, address, each, is_view

# functions of two arrays that convert a Python number to the type of the other operand
_WEAK = {np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.greater,
         np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal}
_LARGE = 1 << 16      # bytes of an array that is let go as soon as nothing needs it


class Source:
    """The text of a program: `lines`, a note on what each writes, and what their names stand for.

    spots: name -> where in the buffers its array is.  The program and its arrays are let go.
    """

    def __init__(self, program):
        self._layout = layout = Layout(program)
        self.device = program.device
        self._names, self.constants, self.functions = {}, {}, {"copyto": np.copyto}
        self._numbers = {}
        self.lines, self.notes, self.sizes = [], [], layout.sizes
        self.inputs = [f"in{i}" for i in range(len(program.inputs))]
        self._names.update((id(value), name) for value, name in zip(program.inputs, self.inputs))
        for value in layout.copied:
            name = self._names[id(value)]
            self._names[id(value)] = f"{name}_"
            self._line(f"copyto({name}_, {name})", value)
        dying = self._dying(program)
        self._views(program)
        for i, call in enumerate(program.calls):
            self._call(call)
            names = [self._names[id(value)] for value in dying.get(i, ())]
            if names:
                self._line(f"del {', '.join(names)}")
        self.result = self._result(program.outputs)
        self.spots = {self._names[key]: spot for key, spot in spots(layout).items()}
        del self._layout, self._names, self._numbers

    def _views(self, program):
        """Views of inputs come first, each made in one call.

        Products leave nothing in the cache: after one, a view takes ten times as long.
        """
        used = {id(a) for call in program.calls if not is_view(call) for a in call.operands()}
        each(program.outputs, lambda a: used.add(id(a)))
        for call in program.calls:
            out, root = call.out, call.out.root
            if is_view(call) and root.slot is not None and id(root) not in self._layout.place \
                    and self.device is None and root.array.flags.c_contiguous and out.array.size:
                name = self._names[id(out)] = f"x{len(self._names)}"
                if id(out) in used:
                    self._line(f"{name} = {self._view(out)}", out)

    def _dying(self, program):
        """Call number -> large values without a place that it is the last to use."""
        found = {}
        for call in program.calls:
            out = call.out
            if id(out.root) not in self._layout.place and getattr(out.array, "nbytes", 0) > _LARGE \
                    and out.root.slot is None:
                found.setdefault(self._layout.last[id(out.root)], []).append(out)
        return found

    def _line(self, text, value=None):
        self.lines.append(text)
        if value is None:
            return self.notes.append("")
        a, place = value.array, self._layout.place.get(id(value.root))
        made = f"{a.dtype} {a.shape}" if hasattr(a, "dtype") else type(a).__name__
        self.notes.append(f"# {made}" + ("" if place is None else f", buffer {place}"))

    def _call(self, call):
        out = call.out
        if id(out) in self._names:
            return
        fixed = id(out.root) in self._layout.place
        if call.joined and not fixed:
            self._part(out)
        if call.fn is joined:
            self._names.setdefault(id(out), f"b{len(self._names)}")
            return
        if id(out) not in self._names:
            self._names[id(out)] = ("b" if fixed else "x") + str(len(self._names))
        if is_view(call) and fixed:
            return
        name, args, kwargs = self._function(call.fn), list(call.args), dict(call.kwargs)
        if call.fn in _WEAK and not kwargs and self.device is None:
            args = self._strong(args)
        if type(call.fn) is Guard:
            return self._line(f"{name}({self._text(args[0])})")
        target = self._names[id(out)]
        if id(out) not in self._layout.place and not call.joined:
            return self._line(f"{target} = {self._arguments(name, args, kwargs)}", out)
        if call.fn is cast:
            name = self._function(np.copyto)
            text = f"{name}({target}, {self._text(args[0])}, 'unsafe')"
        elif call.fn is FILLED:
            text = f"{self._function(np.copyto)}({target}, {self._text(args[0])})"
        elif isinstance(call.fn, np.ufunc) and call.fn not in (np.maximum, np.minimum):
            text = self._arguments(name, [*args, out], kwargs)
        elif call.fn.__name__ == "reduce" and set(kwargs) <= {"axis"}:
            text = self._arguments(name, [*args, kwargs.get("axis"), None, out], {})
        else:
            text = self._arguments(name, args, {**kwargs, "out": out})
        self._line(text, out)

    def _part(self, out):
        """A part of a result that is made anew: a view of it, and itself before the first one."""
        root = out.root
        if id(root) not in self._names:
            name = self._names[id(root)] = f"x{len(self._names)}"
            self._line(f"{name} = {self._function(np.empty)}({root.shape}, "
                       f"{root.dtype.str!r})", root)
        if out is not root:
            name = self._names[id(out)] = f"x{len(self._names)}"
            self._line(f"{name} = {self._view(out)}", out)

    def _view(self, value):
        """A call that makes a view of an array without gaps."""
        a, root = value.array, value.root
        return (f"{self._function(np.ndarray)}({a.shape}, {a.dtype.str!r}, "
                f"{self._names[id(root)]}, {address(a) - address(root.array)}, {a.strides})")

    def _strong(self, args):
        """Operands of a ufunc, a Python number among them as an array of the other one's type.

        That is what NumPy makes of it at every call, in as much time as ten numbers take.
        """
        types = {a.array.dtype for a in args if type(a) is Value and hasattr(a.array, "dtype")}
        if len(args) != 2 or len(types) != 1 or (dtype := types.pop()).kind != "f":
            return args
        return [self._number(a, dtype) if type(a) in (int, float) else a for a in args]

    def _number(self, a, dtype):
        with np.errstate(over="ignore"):
            found = np.array(a, dtype)
        key = found.tobytes(), dtype
        if key not in self._numbers:
            self._numbers[key] = value = Value(found)
            self._names[id(value)] = f"n{len(self._numbers)}"
            self.constants[self._names[id(value)]] = found
        return self._numbers[key]

    def _arguments(self, name, args, kwargs):
        if name == "getitem":
            return f"{self._text(args[0])}[{self._text(args[1])}]"
        parts = [self._text(a) for a in args]
        parts += [f"{k}={self._text(a)}" for k, a in kwargs.items()]
        return f"{name}({', '.join(parts)})"

    def _function(self, fn):
        name = fn.__name__
        owner = getattr(fn, "__self__", None)
        if isinstance(owner, np.ufunc):
            name = f"{owner.__name__}_{name}"
        name = name if name.isidentifier() else "function"
        known, i = name, 1
        while self.functions.setdefault(known, fn) != fn:
            i, known = i + 1, f"{name}{i}"
        return known

    def _text(self, tree):
        """An argument as source."""
        kind = type(tree)
        if kind is Value:
            if tree.constant and id(tree) not in self._names:
                self._names[id(tree)] = f"c{len(self.constants)}"
                self.constants[self._names[id(tree)]] = tree.array
            return self._names[id(tree)]
        if kind is tuple or kind is list:
            inside = ", ".join(map(self._text, tree)) + ("," if kind is tuple and tree else "")
            return f"({inside})" if kind is tuple else f"[{inside}]"
        if kind is slice:
            return f"slice({', '.join(map(self._text, (tree.start, tree.stop, tree.step)))})"
        if tree is None or tree is Ellipsis or kind in (bool, int, str) \
                or kind is float and np.isfinite(tree):
            return repr(tree)
        name = f"c{len(self.constants)}"
        self.constants[name] = tree
        return name

    def _result(self, outputs):
        """The outputs, as a caller may keep them and write to them."""
        given = set()

        def leaf(a):
            if type(a) is not Value:
                return self._text(a)
            own = id(a) in self._layout.fresh and id(a) not in given \
                or not isinstance(a.array, np.ndarray)
            given.add(id(a))
            return self._text(a) if own else f"{self._text(a)}.copy()"
        return "[" + ", ".join(leaf(a) for a in outputs) + "]"

    def __str__(self):
        head = f"def replay({', '.join(self.inputs)}):"
        return "\n".join([head, *("    " + line for line in self.lines),
                          f"    return {self.result}"])

    def describe(self):
        """The text, with the shape, the dtype and the buffer that each line writes."""
        head, *_ = str(self).splitlines()
        lines = [re.sub(r"\bn\d+\b", lambda name: f"{self.constants[name[0]][()]:g}", line)
                 for line in self.lines]
        return "\n".join([head, *(f"    {line:56s}  {note}".rstrip() for line, note in
                                  zip(lines, self.notes)), f"    return {self.result}"])

    def make(self):
        """A function of the inputs that returns the list of outputs, with buffers of its own."""
        here = self.device is None
        blocks = [aligned(n) if here else self.device.empty(n) for n in self.sizes]
        place = _place if here else self.device.place
        names = {name: place(blocks[block], *spot) for name, (block, *spot) in self.spots.items()}
        constants = self.constants if here else {
            name: self.device.put(a) if isinstance(a, np.ndarray) else a
            for name, a in self.constants.items()}
        names = {**self.functions, **constants, **names}
        used = set(compile(str(self), "<compiled>", "exec").co_consts[0].co_names)
        names = {name: a for name, a in names.items() if name in used}
        text = [f"def make({', '.join(names)}):", *("    " + s for s in str(self).splitlines()),
                "    return replay"]
        space = {}
        exec(compile("\n".join(text), "<compiled>", "exec"), space)
        return space["make"](**names)


def _place(block, start, shape, dtype, strides):
    """The array in a block that begins at byte `start`."""
    return np.ndarray(shape, dtype, block, start, strides)
