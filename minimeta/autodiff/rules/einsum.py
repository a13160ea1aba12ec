"""Sums of products, as Einstein wrote them: one primitive, `contract`, whose derivative is another.

Read next: inverses.py.
"""
import math
import string

import numpy as np

from ..table import compose, defvjp, writes
from ..trace import plain, primitive, raw
from .linalg import as_array

# in NumPy's order of implicit outputs: the labels 0, 1, ... of lists are A, B, ...
_LETTERS = string.ascii_uppercase + string.ascii_lowercase
_MUCH = 1 << 13      # products, from where looking for a good way to contract pays


@primitive(inline=True)
def contract(*operands, subscripts=None, optimize=False):
    """np.einsum with explicit letters only: "ij,jk->ik"."""
    return np.einsum(subscripts, *operands, optimize=optimize)


def _contract_vjp(i, g, y, *operands, subscripts, optimize=False):
    """The cotangent of operand i: g and the other operands, contracted to the letters of i.

    A letter that comes twice in i (a diagonal) is tied by an identity; one that is nowhere else
    (it was summed) is spread.
    """
    left, output = subscripts.split("->")
    terms, x = left.split(","), operands[i]
    arrays, others = [g], [output]
    for k, (a, term) in enumerate(zip(operands, terms)):
        if k != i:
            arrays.append(a)
            others.append(term)
    unused, target = iter([c for c in _LETTERS if c not in subscripts]), ""
    for letter, n in zip(terms[i], x.shape):
        if letter in target:
            twin = _next_letter(unused)
            arrays.append(np.eye(n, dtype=g.dtype, like=raw(x)))
            others.append(letter + twin)
            letter = twin
        target += letter
    known = set().union(*others)
    result = "".join(c for c in target if c in known)
    c = contract(*arrays, subscripts=",".join(others) + "->" + result,
                 optimize=bool(optimize) or len(arrays) > 2 or _work(arrays, others) > _MUCH)
    missing = tuple(k for k, c in enumerate(target) if c not in known)
    c = np.expand_dims(c, missing) if missing else c
    shape = tuple(n if m == 1 else m for m, n in zip(c.shape, x.shape))
    return c if shape == c.shape else np.broadcast_to(c, shape)


def _work(arrays, terms):
    """The number of products that a loop over all letters makes."""
    sizes = {}
    for a, term in zip(arrays, terms):
        for letter, n in zip(term, a.shape):
            sizes[letter] = max(n, sizes.get(letter, 1))
    return math.prod(sizes.values())


defvjp(contract, each=_contract_vjp)
plain(np.einsum_path)


def _next_letter(unused):
    letter = next(unused, None)
    if letter is None:
        raise ValueError(f"einsum has {len(_LETTERS)} letters, and these operands need more")
    return letter


@compose(np.einsum)
def einsum(*operands, out=None, optimize=False, dtype=None, order="K", casting="safe"):
    """`contract`, of subscripts in any of NumPy's forms."""
    if out is not None:
        raise writes("einsum")
    if dtype is not None:
        raise TypeError("np.einsum(dtype=) of traced arrays: convert the operands with x.astype")
    if isinstance(operands[0], str):
        subscripts, *arrays = operands
    else:
        subscripts, arrays = _from_lists(operands)
    arrays = [as_array(a) for a in arrays]
    return contract(*arrays, subscripts=_explicit(subscripts, [a.ndim for a in arrays]),
                    optimize=optimize)


def _from_lists(operands):
    """(subscripts, arrays) of the form einsum(a, [0, 1], b, [1, 2], [0, 2])."""
    pairs = len(operands) // 2
    arrays, lists = operands[:2 * pairs:2], [*operands[1:2 * pairs:2], *operands[2 * pairs:]]
    terms = ["".join("..." if k is Ellipsis else _LETTERS[k] for k in ks) for ks in lists]
    left = ",".join(terms[:pairs])
    return (f"{left}->{terms[pairs]}" if len(terms) > pairs else left), arrays


def _explicit(subscripts, ndims):
    """The subscripts with an output, and letters in place of every ellipsis."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum {subscripts!r} names {len(terms)} operands, got {len(ndims)}")
    if not arrow:
        once = sorted(c for c in set(left) - set(".,") if left.count(c) == 1)
        output = "..." * ("..." in left) + "".join(once)
    widths = [n - len(term.replace("...", "")) for term, n in zip(terms, ndims)]
    for term, n, width in zip(terms, ndims, widths):
        if width < 0 or (width and "..." not in term):
            raise ValueError(f"einsum {subscripts!r}: {term!r} stands for an array of {n} axes")
    width = max([w for w, term in zip(widths, terms) if "..." in term], default=0)
    if width and "..." not in output:
        raise ValueError(f"einsum {subscripts!r}: the output must have the ellipsis, too")
    unused = iter([c for c in _LETTERS if c not in subscripts])
    dots = "".join(_next_letter(unused) for _ in range(width))
    terms = [term.replace("...", dots[width - w:]) for term, w in zip(terms, widths)]
    return ",".join(terms) + "->" + output.replace("...", dots)
