"""Copies of functions and objects with recorded arrays in the place of those they capture.

Read next: builder.py.
"""
import copy
import functools
import types

from ..device import to_host


def cell_of(cell, _):
    return cell.cell_contents


def item_of(container, key):
    return container[key]


def attribute_of(holder, name):
    return getattr(holder, name)


def length_of(container, _):
    return len(container)


def members_of(container, _):
    return frozenset(container)


def names_of(code):
    """The global and attribute names in a code object and those inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_of(constant)


class Copies:
    """What `Capture` adds to: copies of all that leads to a captured array, and of nothing else.

    slots are the captured arrays, _changing the ids of what leads to them.
    """

    def replace(self, value, captured, stand_in):
        """`value` with stand_in(array) in the place of every captured array, and nothing else."""
        self._copies, self._placed = {}, []
        self._stand_in = {(id(holder), key): stand_in(to_host(a))
                          for (_, holder, key), a in zip(self.slots, captured)}
        return self.replaced(value)

    def _at(self, holder, key, value):
        found = self._stand_in.get((id(holder), key))
        return self.replaced(value) if found is None else found

    def replaced(self, value):
        """`value`, or the copy of it that `replace` has begun to make."""
        if id(value) not in self._changing:
            return value
        if id(value) in self._copies:
            return self._copies[id(value)]
        kind = type(value)
        if kind is types.FunctionType:
            return self._copy_function(value)
        if kind is types.MethodType:
            new = types.MethodType(value.__func__, self.replaced(value.__self__))
        elif kind is functools.partial:
            new = functools.partial(self.replaced(value.func), *self.replaced(value.args),
                                    **self.replaced(value.keywords))
        elif kind is list or isinstance(value, dict):
            new = self._copies[id(value)] = copy.copy(value)
            for key in range(len(value)) if kind is list else value:
                new[key] = part = self._at(value, key, value[key])
                self._placed.append((item_of, new, key, part))
            self._placed.append((length_of, new, None, len(new)))
        elif isinstance(value, (list, tuple)):
            parts = [self._at(value, i, part) for i, part in enumerate(value)]
            new = value._make(parts) if hasattr(value, "_make") else kind(parts)
        else:
            new = self._copies[id(value)] = (kind() if kind is types.SimpleNamespace
                                             else object.__new__(kind))
            for name, part in vars(value).items():
                vars(new)[name] = part = self._at(vars(value), name, part)
                self._placed.append((item_of, vars(new), name, part))
        self._copies[id(value)] = new
        return new

    def _copy_function(self, fn):
        cells = tuple(types.CellType() for _ in fn.__closure__ or ())
        names = dict(fn.__globals__)
        new = types.FunctionType(fn.__code__, names, fn.__name__, None, cells or None)
        self._copies[id(fn)] = new
        new.__dict__.update(fn.__dict__)
        new.__defaults__ = self.replaced(fn.__defaults__)
        new.__kwdefaults__ = self.replaced(fn.__kwdefaults__)
        for cell, old in zip(cells, fn.__closure__ or ()):
            try:
                cell.cell_contents = self._at(old, None, old.cell_contents)
                self._placed.append((cell_of, cell, None, cell.cell_contents))
            except ValueError:
                pass
        for name in set(names_of(fn.__code__)) & names.keys():
            names[name] = self._at(fn.__globals__, name, names[name])
            self._placed.append((item_of, names, name, names[name]))
        return new
