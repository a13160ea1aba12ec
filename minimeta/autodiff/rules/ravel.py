"""A tree of arrays as one flat vector, and back: one primitive each.

Slicing a vector of length P into pieces would make a zero vector of length P for every piece in
the backward pass; `pieces` and `joined` are each other's transposes instead.

Read next: complex.py.
"""
import numpy as np

from ..table import defvjp
from ..trace import primitive
from ..tree import flatten


@primitive(inline=True)
def pieces(theta, shapes=None):
    """theta (..., P), cut into arrays (..., *shape), whose sizes add up to P."""
    lead, parts, start = theta.shape[:-1], [], 0
    for shape in shapes:
        n = _size(shape)
        parts.append(theta[..., start:start + n].reshape(lead + shape))
        start += n
    return tuple(parts)


@primitive(inline=True)
def joined(*arrays, shapes=None):
    """Arrays (..., *shape), flattened and joined: (..., P)."""
    lead, parts = arrays[0].shape[:arrays[0].ndim - len(shapes[0])], []
    if any([a.shape != lead + s for a, s in zip(arrays, shapes)]):
        lead = np.broadcast_shapes(*[a.shape[:a.ndim - len(s)] for a, s in zip(arrays, shapes)])
        arrays = [np.broadcast_to(a, lead + s) for a, s in zip(arrays, shapes)]
    for a, s in zip(arrays, shapes):
        parts.append(a if len(s) == 1 else a.reshape(lead + (_size(s),)))
    return np.concatenate(parts, axis=-1)


defvjp(pieces, lambda g, y, theta, shapes: joined(*g, shapes=shapes))
defvjp(joined, together=lambda g, y, *arrays, shapes: pieces(g, shapes=shapes))


def _size(shape):
    n = 1
    for k in shape:
        n *= k
    return n


def ravel(tree):
    """(theta, unravel): the arrays of a tree as one vector (P,), and its inverse.

    unravel takes leading axes, (..., P), and gives every leaf those leading axes.  The vector has
    the arrays' common dtype.
    """
    leaves, rebuild = flatten(tree)
    leaves = [a if hasattr(a, "dtype") else np.asarray(a) for a in leaves]
    if not leaves:
        raise ValueError("ravel of a tree without arrays")
    shapes = tuple(tuple(a.shape) for a in leaves)
    total = sum(map(_size, shapes))

    def unravel(theta):
        """The tree whose arrays are cut from theta (..., P)."""
        if theta.shape[-1] != total:
            raise ValueError(f"expected {total} numbers on the last axis, got {theta.shape[-1]}")
        return rebuild(list(pieces(theta, shapes=shapes)))
    return joined(*leaves, shapes=shapes), unravel
