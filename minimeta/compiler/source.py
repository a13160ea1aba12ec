"""A program as Python source: one line a call, run by NumPy on buffers that are there already.

Read next: capture.py.
"""
import numpy as np

from .buffers import Layout, arrays
from .program import Guard, Value, each, is_view
from .record import cast


class Source:
    """The text of a program: `lines` with a comment each, and what their names stand for."""

    def __init__(self, program):
        self.program = program
        self.layout = Layout(program)
        self.names, self.constants, self.functions = {}, {}, {}
        self.lines = []
        for i, value in enumerate(program.inputs):
            self.names[id(value)] = f"in{i}"
        for value in self.layout.copied:
            name = self.names[id(value)]
            self.names[id(value)] = f"{name}_"
            self._line(f"copyto({name}_, {name})", value)
            self.functions["copyto"] = np.copyto
        for call in program.calls:
            self._call(call)
        self.result = self._result(program.outputs)

    def _line(self, text, value=None):
        self.lines.append((text, value))

    def _call(self, call):
        out = call.out
        fixed = id(out.root) in self.layout.place
        self.names[id(out)] = ("b" if fixed else "x") + str(len(self.names))
        if is_view(call) and fixed:
            return
        name, args, kwargs = self._function(call.fn), list(call.args), dict(call.kwargs)
        if type(call.fn) is Guard:
            return self._line(f"{name}({self._text(args[0])})")
        target = self.names[id(out)]
        if id(out) not in self.layout.place:
            return self._line(f"{target} = {self._arguments(name, args, kwargs)}", out)
        if call.fn is cast:
            name = self._function(np.copyto)
            text = f"{name}({target}, {self._text(args[0])}, 'unsafe')"
        elif isinstance(call.fn, np.ufunc) and call.fn not in (np.maximum, np.minimum):
            text = self._arguments(name, [*args, out], kwargs)
        elif call.fn.__name__ == "reduce" and set(kwargs) <= {"axis"}:
            text = self._arguments(name, [*args, kwargs.get("axis"), None, out], {})
        else:
            text = self._arguments(name, args, {**kwargs, "out": out})
        self._line(text, out)

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
        while self.functions.setdefault(known, fn) is not fn:
            i, known = i + 1, f"{name}{i}"
        return known

    def _text(self, tree):
        """An argument as source."""
        kind = type(tree)
        if kind is Value:
            if tree.constant and id(tree) not in self.names:
                self.names[id(tree)] = f"c{len(self.constants)}"
                self.constants[self.names[id(tree)]] = tree.array
            return self.names[id(tree)]
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
            own = id(a) in self.layout.fresh and id(a) not in given \
                or not isinstance(a.array, np.ndarray)
            given.add(id(a))
            return self._text(a) if own else f"{self._text(a)}.copy()"
        return "[" + ", ".join(leaf(a) for a in outputs) + "]"

    def __str__(self):
        head = f"def replay({', '.join(f'in{i}' for i in range(len(self.program.inputs)))}):"
        return "\n".join([head, *(f"    {text}" for text, _ in self.lines),
                          f"    return {self.result}"])

    def describe(self):
        """The text, with the shape, the dtype and the buffer that each line writes."""
        def note(value):
            if value is None:
                return ""
            a, place = value.array, self.layout.place.get(id(value.root))
            made = f"{a.dtype} {a.shape}" if hasattr(a, "dtype") else type(a).__name__
            return f"# {made}" + ("" if place is None else f", buffer {place}")
        head, *_ = str(self).splitlines()
        return "\n".join([head, *(f"    {text:56s}  {note(value)}".rstrip()
                                  for text, value in self.lines), f"    return {self.result}"])

    def make(self):
        """A function of the inputs that returns the list of outputs, with buffers of its own."""
        fixed = arrays(self.layout, self.layout.sizes)
        names = {self.names[key]: a for key, a in fixed.items() if key in self.names}
        names = {**self.functions, **self.constants, **names}
        used = set(compile(str(self), "<compiled>", "exec").co_consts[0].co_names)
        names = {name: a for name, a in names.items() if name in used}
        text = [f"def make({', '.join(names)}):", *("    " + s for s in str(self).splitlines()),
                "    return replay"]
        space = {}
        exec(compile("\n".join(text), "<compiled>", "exec"), space)
        return space["make"](**names)
