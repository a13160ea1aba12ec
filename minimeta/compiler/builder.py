"""Programs built call by call: what is known is computed now, what repeats is made once.

A pass over a program is a `Builder` that is handed its calls in order, with rules that may put
other calls in the place of one.  Each call is made as it is emitted, on the arrays of the trace, so
a rule that replaces a call by an equal one is checked on the spot.

Read next: exact.py.
"""
import numpy as np

from .program import (Call, Guard, Program, Value, address, each, ghost, is_large, is_view,
                      on_device, run, shares)

_SMALL = 1 << 16        # bytes: constants up to here are compared, larger ones are taken to differ
_FEW = 1 << 12          # bytes of indices that are compared
_ORIGINAL = {np.sum: np.add.reduce, np.prod: np.multiply.reduce, np.max: np.maximum.reduce,
             np.min: np.minimum.reduce, np.any: np.logical_or.reduce,
             np.all: np.logical_and.reduce}
_ON_DEVICE = {np.sum: np.add.reduce, np.prod: np.multiply.reduce}      # all that CuPy has


class Builder:
    """A program in the making.

    rules maps a function to those that may replace its calls: rule(builder, *args, **kwargs)
    returns a value or None.  made holds what calls made before, so that they need not be made
    again, and alike the large arrays that calls on operands of the same layout made.  uses(value)
    is how often the program before used it.  device is the program's.
    """

    def __init__(self, rules, made=(), alike=(), device=None):
        self.device = device
        self.rules, self.calls, self.made, self.alike = rules, [], dict(made), dict(alike)
        self.known, self.views, self.counts, self.kept = {}, {}, {}, []

    def emit(self, fn, *args, **kwargs):
        """The value of fn(*args, **kwargs): a new call, an old one, or a constant."""
        key = (fn, frozen(args), frozen(kwargs))
        if key not in self.known:
            for rule in self.rules.get(fn, ()):
                if kwargs.keys() <= rule.keywords:
                    value = rule(self, *args, **kwargs)
                    if value is not None:
                        break
            else:
                value = self.append(fn, args, kwargs)
            self.known[key] = value
            self.kept.append((args, kwargs))      # while it lives, no other value has its id
        return self.known[key]

    def append(self, fn, args, kwargs):
        """A call as it is; of constants only, its value; a view that there is already, that."""
        call = Call(fn, args, kwargs)
        array = self.made.get((fn, _identities(args), _identities(kwargs)))
        constant = all(a.constant for a in call.operands())
        if array is None and not constant:      # of a large one the layout matters, and no more
            array = self.alike.get((fn, _layouts(args), _layouts(kwargs)))
            if array is not None:
                call.out = Value(None, call)
                call.out.array = ghost(array, call.out)
                self.calls.append(call)
                return call.out
        if array is None:
            with np.errstate(all="ignore"):
                array = run(fn, args, kwargs)
        root = next((a.root for a in call.operands() if shares(array, a.array)), None)
        if constant:
            return self.constant(array)
        if isinstance(array, np.generic) and fn is not number and (
                self.device is None or on_device(a.array for a in call.operands())):
            array = np.asarray(array)       # with memory of its own, which can be written to
        call.out = Value(array, call, root=root)
        if root is None:
            call.out.array = array = ghost(array, call.out)
        if root is not None and is_view(call):
            place = id(root), *_place(array)
            if place == (id(root), *_place(root.array)):
                return root
            if place in self.views:
                return self.views[place]
            self.views[place] = call.out
        self.calls.append(call)
        return call.out

    def constant(self, array):
        """A constant, one for all that hold the same."""
        if type(array) in (bool, int, float, complex):
            return array
        if not isinstance(array, (np.ndarray, np.generic)) or array.nbytes > _SMALL:
            return Value(array)
        key = (type(array), array.dtype, array.shape, getattr(array, "strides", ()),
               array.tobytes())
        return self.known.setdefault(key, Value(array))

    def guard(self, guard, value):
        """A guard of what is not known."""
        if type(value) is Value and not value.constant:
            key = (guard.what, frozen(guard.of), id(value))
            if key not in self.known:
                self.known[key] = call = Call(guard, (value,), {})
                call.out = Value(None, call)
                self.calls.append(call)

    def uses(self, value):
        """How often the program that is being rebuilt used this value."""
        return self.counts.get(id(value), 1)


def number(x):
    """The NumPy scalar in an array without axes: what functions return to their caller."""
    return x[()]


def _place(a):
    return (address(a), a.shape, a.strides, a.dtype) if isinstance(a, np.ndarray) else ()


def _identities(tree):
    """A key that tells arguments apart by the arrays of the trace."""
    return frozen(each(tree, lambda a: ("array", id(a.array)) if type(a) is Value else a))


def _layouts(tree):
    """A key that tells arguments apart by the layout of their arrays."""
    def layout(a):
        a = a.array if type(a) is Value else a
        if not isinstance(a, np.ndarray):
            return a
        held = None          # of integers that may be indices; of many, the array itself
        if a.dtype.kind in "iub":
            held = a.tobytes() if a.nbytes <= _FEW else id(a)
        return "array", a.shape, a.strides, a.dtype, held
    return frozen(each(tree, layout))


def frozen(tree):
    """A key that tells arguments apart: values by identity, 0.0 from -0.0, 1 from True."""
    kind = type(tree)
    if kind is Value:
        return id(tree)
    if kind in (tuple, list):
        return (kind, *map(frozen, tree))
    if kind is dict:
        return (kind, *((k, frozen(v)) for k, v in sorted(tree.items())))
    if kind is slice:
        return (kind, frozen(tree.start), frozen(tree.stop), frozen(tree.step))
    if kind in (float, complex):
        return kind, repr(tree)
    if isinstance(tree, np.generic):
        return kind, tree.tobytes()
    return (kind, tree) if kind.__hash__ else (kind, id(tree))


def rebuild(program, rules):
    """The program with the rules applied, nothing made twice, and nothing that is not used."""
    made, alike = {}, {}
    originals = _ORIGINAL if program.device is None else _ON_DEVICE
    for call in program.calls:
        if type(call.fn) is not Guard:
            (fn, *args), kwargs = normal(call.fn, call.args, call.kwargs, originals)
            args, out = tuple(args), call.out
            made[fn, _identities(args), _identities(kwargs)] = out.array
            if out.root is out and is_large(out.array):
                alike[fn, _layouts(args), _layouts(kwargs)] = out.array
    builder, new = Builder(rules, made, alike, program.device), {}
    new.update((id(value), value) for value in program.inputs)
    counts = count_uses(program)

    def leaf(a):
        if type(a) is not Value:
            return a
        if id(a) not in new:                                      # a constant
            new[id(a)] = builder.constant(a.array)
        return new[id(a)]
    for call in program.calls:
        args, kwargs = each(call.args, leaf), each(call.kwargs, leaf)
        if type(call.fn) is Guard:
            builder.guard(call.fn, *args)
            continue
        args, kwargs = normal(call.fn, args, kwargs, originals)
        value = builder.emit(*args, **kwargs)
        new[id(call.out)] = value
        builder.counts[id(value)] = builder.counts.get(id(value), 0) + counts.get(id(call.out), 0)

    def output(a):
        made = leaf(a)
        scalar = type(a) is Value and isinstance(a.array, np.generic)
        return builder.emit(number, made) if scalar and made.array.__class__ is np.ndarray else made
    outputs = each(program.outputs, output)
    return without_dead(Program(program.inputs, builder.calls, outputs, (), program.device))


def normal(fn, args, kwargs, originals):
    """((fn, *args), kwargs), in one way of the several that a call can be written."""
    if fn in originals:
        names = ("axis", "dtype", "out", "keepdims")
        kwargs = {**dict(zip(names, args[1:])), **kwargs}
        axis = kwargs.pop("axis", None)
        kwargs = {k: v for k, v in kwargs.items() if v is not None and v is not np._NoValue
                  and not (k == "keepdims" and v is False)}
        return (originals[fn], args[0]), {"axis": axis, **kwargs}
    return (fn, *args), kwargs


def count_uses(program):
    """id(value) -> how often calls and outputs use it."""
    counts = {}
    for call in program.calls:
        for a in call.operands():
            counts[id(a)] = counts.get(id(a), 0) + 1
    each(program.outputs, lambda a: counts.update({id(a): counts.get(id(a), 0) + 1}))
    return counts


def without_dead(program):
    """The program without calls whose value nothing uses; guards stay."""
    needed, calls, dead = set(), [], []
    each(program.outputs, lambda a: needed.add(id(a)))
    for call in reversed(program.calls):
        if type(call.fn) is Guard or id(call.out) in needed:
            calls.append(call)
            needed.update(id(a) for a in call.operands())
        else:
            dead.append(call)
    return Program(program.inputs, calls[::-1], program.outputs, dead, program.device)
