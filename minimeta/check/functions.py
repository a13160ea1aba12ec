"""A function of any containers of arrays as numbers of numbers: its inputs, lines through them,
and the derivatives that are claimed for it.

Read next: grads.py.
"""
import inspect
import math

import numpy as np

from .. import device
from ..autodiff import Traced, grad, vjp
from ..autodiff.tree import flatten

UNDEFINED = (ArithmeticError, np.linalg.LinAlgError)    # what F may raise off its domain


def to_host(a):
    """An array of any library (NumPy, CuPy, PyTorch, JAX) as NumPy's."""
    for way in ("detach", "cpu"):                       # torch
        a = getattr(a, way)() if hasattr(a, way) and not isinstance(a, np.ndarray) else a
    return np.asarray(device.to_host(a))


def numbers(leaves):
    """All entries of some arrays as one float64 vector; complex ones as (real, imaginary)."""
    parts = []
    for a in leaves:
        a = to_host(a).reshape(-1)
        parts.append(a.view(a.real.dtype) if a.dtype.kind == "c" else a)
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


class Inputs:
    """The arrays that a function is checked in: its float arguments among `argnums`.

    names -- what each is called, "theta['w']"; scales -- a power of two as large as its entries;
    steps -- the same for each of its entries, an array
    """

    def __init__(self, f, args, argnums):
        if argnums is None:
            argnums = tuple(i for i, a in enumerate(args) if _floats(a))
            if not argnums:
                raise TypeError("no argument of floating-point numbers to differentiate in: "
                                "convert one, x.astype(float)")
        self.single = isinstance(argnums, int)
        chosen = (argnums,) if self.single else tuple(argnums)
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise ValueError(f"argnums={argnums}, but {len(args)} arguments")
        self.chosen = tuple(i % len(args) for i in chosen)
        self.args = list(args)
        leaves, self.rebuild = flatten(tuple(args[i] for i in self.chosen))
        self.leaves = [a if hasattr(a, "dtype") and not isinstance(a, np.generic)
                       else np.asarray(a) for a in leaves]
        for a in self.leaves:
            if np.dtype(str(a.dtype).removeprefix("torch.")).kind not in "fc":
                raise TypeError(f"cannot differentiate with respect to {a.dtype} input: convert it "
                                "to float first, x.astype(float), or leave it out with argnums")
        self.names = _names(f, [(i, args[i]) for i in self.chosen])
        self.shapes = [tuple(a.shape) for a in self.leaves]
        self.hosts = [to_host(a).copy() for a in self.leaves]
        self.scales = [_power_of_two(np.abs(a)) for a in self.hosts]
        self.steps = [self.entry_scales(leaf) for leaf in range(len(self.hosts))]

    def untouched(self):
        """Raise ValueError if a function has written into its arguments."""
        for name, a, host in zip(self.names, self.leaves, self.hosts):
            if not np.array_equal(to_host(a), host, equal_nan=True):
                raise ValueError(f"the function writes into its argument {name}: let it work on a "
                                 "copy, x = x.copy() (x -= y is such a write, x = x - y is none)")

    def call(self, f, leaves):
        """f at the arguments, these leaves in their places."""
        args = list(self.args)
        for i, x in zip(self.chosen, self.rebuild(list(leaves))):
            args[i] = x
        return f(*args)

    def units(self, leaf):
        """How many numbers a leaf has; a complex entry counts twice."""
        a = self.hosts[leaf]
        return a.size * (2 if a.dtype.kind == "c" else 1)

    def entry_scales(self, leaf):
        """How far each entry of a leaf moves, an array like it: powers of two.

        An entry much smaller than the rest moves by a compromise between both sizes, and one that
        is 0 like the largest.
        """
        host, all_of = self.hosts[leaf], self.scales[leaf]
        size = np.abs(host).astype(float)
        least = all_of * float(np.finfo(host.dtype).eps) ** 0.25
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = 2.0 ** np.round(np.log2(np.maximum(np.sqrt(size * all_of), least)))
        return np.where((size > 0) & np.isfinite(scale), scale, all_of)

    def index(self, leaf, unit):
        """The place of a number in its leaf, as a tuple (with "imag" behind it if it is that)."""
        size = self.hosts[leaf].size
        at = tuple(map(int, np.unravel_index(unit % size, self.shapes[leaf])))
        return at + ("imag",) if unit >= size else at


def _floats(a):
    leaves, _ = flatten(a)
    return bool(leaves) and all(isinstance(x, (float, complex)) or
                                "float" in str(getattr(x, "dtype", "")) or
                                "complex" in str(getattr(x, "dtype", "")) for x in leaves)


def _names(f, arguments):
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = []
    for i, a in arguments:
        plain = i < len(parameters) and parameters[i].kind in (0, 1)
        named += _paths(parameters[i].name if plain else f"argument {i}", a)
    return named


def _paths(name, tree):
    if isinstance(tree, dict):
        return [p for k, v in tree.items() for p in _paths(f"{name}[{k!r}]", v)]
    if hasattr(tree, "_fields"):
        return [p for k, v in zip(tree._fields, tree) for p in _paths(f"{name}.{k}", v)]
    if isinstance(tree, (list, tuple)):
        return [p for k, v in enumerate(tree) for p in _paths(f"{name}[{k}]", v)]
    return [] if tree is None else [name]


def _power_of_two(sizes):
    """The power of two next to the largest of some sizes, 1 if they are all 0."""
    largest = float(np.max(sizes, initial=0))
    return 2.0 ** round(math.log2(largest)) if 0 < largest < math.inf else 1.0


class Line:
    """x + t w along one leaf; called with t, it gives all leaves."""

    def __init__(self, inputs, leaf, unit=None, direction=None, base=None):
        self.inputs, self.leaf, self.unit = inputs, leaf, unit
        self.leaves = list(inputs.leaves if base is None else base)
        host = inputs.hosts[leaf]
        if unit is not None:
            self.scale = float(inputs.steps[leaf].reshape(-1)[unit % host.size])
            self.step = self.scale * (1j if unit >= host.size else 1)
            self.at = unit % host.size
        else:
            self.direction, self.scale = direction, inputs.scales[leaf]

    def __call__(self, t):
        """The leaves at t."""
        leaves, x = list(self.leaves), self.leaves[self.leaf]
        if self.unit is None:
            leaves[self.leaf] = x + self.as_leaf(t)
        else:
            immutable = hasattr(x, "at")                                    # jax
            moved = to_host(x).copy() if immutable else \
                x.clone().contiguous() if hasattr(x, "clone") else x.copy()
            moved.reshape(-1)[self.at] += t * self.step
            leaves[self.leaf] = like(moved, x) if immutable else moved
        return leaves

    def as_leaf(self, t=1.0):
        """t w, an array like the leaf that it moves."""
        host, x = self.inputs.hosts[self.leaf], self.leaves[self.leaf]
        if self.unit is None:
            w = self.scale * t * self.direction
        else:
            w = np.zeros(host.size, host.dtype)
            w[self.at] = t * self.step
        return like(np.asarray(w, host.dtype).reshape(host.shape), x)

    def taken(self, steps):
        """The steps as they were taken: half of the distance between the points on both sides."""
        if self.unit is None:
            return np.asarray(steps, float)
        x = to_host(self.leaves[self.leaf]).reshape(-1)[self.at]
        step = np.asarray(steps, x.dtype) * np.asarray(self.step).astype(x.dtype)
        return np.abs((x + step) - (x - step)).astype(float) / 2 / self.scale


def like(host, x):
    """A NumPy array as one of the library, dtype and device of x."""
    if isinstance(x, np.ndarray) or not hasattr(x, "shape"):
        return host
    if hasattr(x, "new_tensor"):                                            # torch
        return x.new_tensor(host)
    if hasattr(x, "__array_function__"):                                    # a GPU's, by NEP 35
        return np.asarray(host, like=x)
    return x * 0 + host                                                     # jax


def lattice(rng, size):
    """`size` random signs times odd sixteenths from 9/16 to 1: none small, all exact."""
    return rng.choice((-1.0, 1.0), size) * (2 * rng.integers(4, 8, size) + 1) / 16


class Values:
    """F: the output of a function as a float64 vector (m,), nan where it is not defined."""

    def __init__(self, inputs, f):
        self.inputs, self.f = inputs, f
        result = inputs.call(f, inputs.leaves)
        inputs.untouched()
        leaves, _ = flatten(result)
        if not leaves or any(to_host(a).dtype.kind not in "fciub" for a in leaves):
            raise TypeError(f"the function returned {type(result).__name__}, no numbers: return a "
                            "number, an array, or containers of them")
        self.outputs = leaves
        self.count = len(numbers(leaves))

    def __call__(self, leaves, strict=False):
        try:
            result = self.inputs.call(self.f, leaves)
            if isinstance(result, float):           # as often as not, and np.float64 is one
                return np.array([result], np.float64)
            return numbers(flatten(result)[0])
        except UNDEFINED:
            if strict:
                raise
            return np.full(self.count, np.nan)


def real_dot(a, b):
    """<a, b>, the real part of the sum of products, of two lists of arrays."""
    total = 0.0
    for p, q in zip(a, b):
        if not any(hasattr(v, "__array_function__") for v in (p, q)):
            p, q = to_host(p), to_host(q)
        s = np.sum(p * q)
        total = total + (np.real(s) if np.iscomplexobj(q) or np.iscomplexobj(p) else s)
    return total


def derivative_along(gradient, direction, traced=None):
    """The function of the leaves that gives the gradient of <gradient, direction>.

    `traced`, a list, is told whether minimeta could follow the gradient.
    """
    def slope(leaves):
        found = gradient(leaves)
        if traced is not None:
            traced.append(any(isinstance(a, Traced) for a in found))
        return real_dot(found, direction)

    def along(leaves):
        return grad(slope)(list(leaves))
    return along


def cotangents(outputs, u):
    """A vector u (m,), like the numbers of some outputs, as the cotangent of each of them."""
    found, start = [], 0
    for out in outputs:
        host = to_host(out.value if type(out) is Traced else out)
        n = host.size * (2 if host.dtype.kind == "c" else 1)
        part, start = u[start:start + n], start + n
        part = part[0::2] - 1j * part[1::2] if host.dtype.kind == "c" else part
        found.append(like(part.reshape(host.shape).astype(host.dtype), out))
    return found


def rows(inputs, f, u):
    """Our own derivatives of <u_k, f>, u (k, m): a function of the leaves that gives an array
    (k, units) for each of them, a backward pass a row."""
    def claimed(leaves):
        y, pullback = vjp(lambda leaves: inputs.call(f, leaves), list(leaves))
        outputs, rebuild = flatten(y)
        found = [pullback(rebuild(cotangents(outputs, one)))[0] for one in u]
        return [np.stack([as_units(g) for g in column]) for column in zip(*found)]
    return claimed


def given_rows(inputs, df, shapes, u):
    """The same from somebody's df: a gradient like the arguments, or a pair (value, gradient).

    For a function of several numbers, of output `shapes`, df returns Jacobians (*out, *in).
    Returns (rows, value): value is None where df gives none.
    """
    def claimed(leaves):
        gradients, value = split(inputs, inputs.call(df, leaves), shapes)
        found = []
        for g, shape in zip(gradients, inputs.shapes):
            if shapes == [()]:
                found.append(as_units(g)[None])
            else:
                g = to_host(g).reshape(-1, math.prod(shape))
                found.append(u @ g)
        return found, value
    return claimed


def split(inputs, result, shapes):
    """(gradient's leaves, value or None) of what df returned; ValueError if it fits neither."""
    out = shapes[0] if len(shapes) == 1 else None
    if out is None:
        raise ValueError("df is for a function with one output: let f return one array")
    expected = [out + s for s in inputs.shapes]
    for gradient, value in ((result, None), *([(result[1], result[0])] if isinstance(result, tuple)
                                              and len(result) == 2 else [])):
        leaves = flatten(gradient)[0]
        if [tuple(np.shape(g)) for g in leaves] == expected:
            return leaves, value
    found = [tuple(np.shape(g)) for g in flatten(result)[0]]
    raise ValueError(f"df returned shapes {found}; expected {expected}, like the arguments"
                     + (", or (value, gradient)" if out == () else " (a Jacobian each)"))


def as_units(g):
    """A gradient array as derivatives by its leaf's numbers (complex: real, then imaginary).

    The convention is that of `vjp`: dL/dRe - i dL/dIm.
    """
    g = to_host(g).reshape(-1)
    if g.dtype.kind == "c":
        g = np.concatenate([g.real, -g.imag])
    return g.astype(np.float64)
