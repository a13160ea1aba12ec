"""The arguments of a function from the command line, by the names of its parameters.

Read next: check.py.
"""

from __future__ import annotations

import inspect
import math
import zipfile
from collections.abc import Callable, Sequence, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

MOST = 10 ** 8          # numbers drawn at most


class Call:
    """A function of some named parameters, as a function of positional arguments.

    names -- those of its parameters that are given, in the order of the signature
    """

    def __init__(self, f: Callable, title: str, given: Sequence[str], optional: Set[str] = set()):
        """`given` names must be parameters, unless they are `optional`."""
        self.f, self.title = f, title
        try:
            self.parameters = dict(inspect.signature(f).parameters)
        except (TypeError, ValueError):         # a function in C: positions are all there is
            self.parameters = None
            self.names = list(given)
            return
        named = {n: p for n, p in self.parameters.items() if p.kind not in (p.VAR_POSITIONAL,
                                                                            p.VAR_KEYWORD)}
        takes_any = any(p.kind == p.VAR_KEYWORD for p in self.parameters.values())
        unknown = [name for name in given if name not in named and (
            name not in optional or takes_any)]
        if unknown and not takes_any:
            folded = {name.casefold(): name for name in named}
            near = get_close_matches(unknown[0].casefold(), folded, 1)
            cure = f": did you mean {folded[near[0]]}?" if near else "" if named else \
                ": wrap it in a function whose parameters have names"
            raise click.ClickException(f"{self.signature()} has no parameter {unknown[0]}{cure}")
        missing = [n for n, p in named.items() if p.default is p.empty and n not in given]
        if missing:
            need = f"{self.signature()} needs {' and '.join(missing)}: give "
            need += " ".join(f"--shape {name}=3,4" for name in missing)
            need += f" (the file has {', '.join(sorted(optional))})" if optional else \
                ", or --inputs with an npz file"
            raise click.ClickException(need)
        self.names = [n for n in named if n in given] + unknown

    def signature(self) -> str:
        """The function as it is called, "loss(w, x, scale=1.0)"."""
        plain = [p.replace(annotation=p.empty) for p in self.parameters.values()]
        return f"{self.title}{inspect.Signature(plain)}"

    def split(self, args: Sequence) -> tuple[list, dict]:
        """Arguments, in the order of `names`, as positional ones and keywords."""
        values = dict(zip(self.names, args))
        if self.parameters is None:
            return list(args), {}
        front, by_name = [], set()
        for name, p in self.parameters.items():
            by_position = p.kind == p.POSITIONAL_ONLY or (
                p.kind == p.POSITIONAL_OR_KEYWORD and name in values and not by_name)
            if by_position and (name in values or self.needed_before(name, values)):
                front.append(values.get(name, p.default))
            else:
                by_name.add(name)
        left = {n: v for n, v in values.items() if n in by_name or n not in self.parameters}
        return front, left

    def needed_before(self, name: str, values: dict) -> bool:
        """Whether a positional-only parameter that is given comes after this one."""
        names = list(self.parameters)
        return any(n in values and self.parameters[n].kind == inspect.Parameter.POSITIONAL_ONLY
                   for n in names[names.index(name) + 1:])

    def positional(self, g: Callable | None = None) -> Callable:
        """g (the function itself by default) of arguments in the order of `names`.

        It is called as the function would be, anything behind the arguments at the end of the
        positional ones: hvp(*args, v).
        """
        g = self.f if g is None else g

        def called(*args):
            front, by_name = self.split(args[:len(self.names)])
            return g(*front, *args[len(self.names):], **by_name)
        called.__wrapped__ = g
        called.__name__ = getattr(g, "__name__", type(g).__name__)
        called.__signature__ = inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in self.names])
        return called


def argnums(chosen: str, names: Sequence[str]) -> tuple[int, ...]:
    """The places of parameters "w,x", or of numbers "0,1"."""
    found = []
    for text in filter(None, (part.strip() for part in chosen.split(","))):
        if text in names:
            found.append(names.index(text))
        elif text.isdecimal() and int(text) < len(names):
            found.append(int(text))
        else:
            raise click.ClickException(f"--argnums {text}: choose from {', '.join(names)}")
    if not found:
        raise click.ClickException(f"--argnums names nothing: choose from {', '.join(names)}")
    return tuple(dict.fromkeys(found))


def cast(tree: Any, dtype: str) -> Any:
    """A container with all its floating-point NumPy arrays in a dtype; complex ones likewise."""
    import numpy as np

    from ..autodiff.tree import tree_map

    def one(a):
        if not isinstance(a, (float, complex, np.ndarray, np.generic)):
            return a
        a = np.asarray(a)
        if a.dtype.kind not in "fc":
            return a
        return a.astype(np.result_type(dtype, np.complex64) if a.dtype.kind == "c" else dtype)
    return tree_map(one, tree)


def parse_shapes(given: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """{"x": (3, 4)} from "x=3,4"; "x=" and "x=()" are a number."""
    shapes: dict[str, tuple[int, ...]] = {}
    for text in given:
        name, equals, sizes = (part.strip() for part in text.partition("="))
        if not equals or not name.isidentifier():
            raise click.ClickException(f"--shape {text}: write --shape x=3,4 with the parameter's "
                                       "name, or --shape x= for a number")
        parts = [part.strip() for part in sizes.strip("()[]").rstrip(",").split(",")]
        parts = [] if parts == [""] else parts
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise click.ClickException(f"--shape {text}: sizes are whole numbers of at least 1, as "
                                       f"in --shape {name}=3,4")
        if name in shapes:
            raise click.ClickException(f"--shape {name} is given twice")
        shapes[name] = tuple(map(int, parts))
    return shapes


def draw(shapes: dict[str, tuple[int, ...]], seed: int, positive: bool) -> dict[str, Any]:
    """Arrays on the odd dyadic lattice: none is 0, no two of the same size, exact in float32.

    Entries are odd multiples of 2^-10 (finer if there are more than 1024 of them) below 2, of
    either sign in equal parts.
    """
    import numpy as np
    total = sum(map(math.prod, shapes.values()))
    if total > MOST:
        raise click.ClickException(f"--shape: {total} numbers are more than {MOST}")
    bits = max(10, math.ceil(math.log2(max(total, 1))))
    rng = np.random.default_rng(seed)
    entries = (2 * rng.permutation(2 ** bits)[:total] + 1) / 2 ** bits
    drawn, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        signs = 1.0 if positive else rng.permutation(np.resize((1.0, -1.0), size))
        drawn[name] = np.reshape(entries[start:start + size] * signs, shape)
        start += size
    return drawn


def read_npz(path: Path) -> dict[str, Any]:
    """The arrays of an npz file by name."""
    import numpy as np
    cure = "write it with numpy.savez(path, x=x, w=w)"
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise click.ClickException(f"{path} holds one array without a name: {cure}")
        with file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise click.ClickException(f"{path} is not there: {cure}") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise click.ClickException(f"{path} is no npz file of numbers: {cure}") from error
