"""Hypothesis strategies of numbers at which derivatives can be checked without flaking.

Floats that are drawn freely are 0, tiny, huge or equal sooner or later, and there a finite
difference is worth nothing.  These come from the odd dyadic lattice, (2 i + 1) / 1024 for whole i:
never 0, never tiny, below 2 in size, exact in every precision down to float16, and they shrink to
1 / 1024.  Zeros, infinities and ties belong to tests of values, and want no derivatives.

Read next: check/grads.py.
"""
import math

import numpy as np

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError("minimeta.testing needs Hypothesis: pip install hypothesis, or "
                              "minimeta[test]", name="hypothesis") from error

__all__ = ["arrays", "numbers", "shapes"]
HALF = 1024             # numbers of either sign


def numbers(positive=False):
    """Floats from the odd dyadic lattice in (-2, 2), or in (0, 2)."""
    least = 0 if positive else -HALF
    return st.integers(least, HALF - 1).map(lambda i: (2 * i + 1) / HALF)


def shapes(min_dims=0, max_dims=3, min_side=1, max_side=4):
    """Shapes of arrays, tuples of sizes."""
    return st.lists(st.integers(min_side, max_side), min_size=min_dims,
                    max_size=max_dims).map(tuple)


def arrays(shape, dtype=np.float64, unique=False, positive=False):
    """Arrays with entries from the odd dyadic lattice; complex ones have two each.

    shape    -- a tuple, a number, or a strategy of those: `shapes()`
    unique   -- no two entries have the same size, so that sort, max, abs and pooling have no ties
    positive -- for log, sqrt and powers

    ValueError if `unique` asks for more than 1024 numbers; TypeError for a dtype without fractions.
    """
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise TypeError(f"{dtype} has no derivatives: use a float or complex dtype")
    if isinstance(shape, st.SearchStrategy):
        return shape.flatmap(lambda one: arrays(one, dtype, unique, positive))
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    size = math.prod(shape) * (2 if dtype.kind == "c" else 1)
    if unique and size > HALF:
        raise ValueError(f"shape {shape} has {size} numbers, and {HALF} differ in size: take a "
                         "smaller shape, or unique=False")
    entries = st.lists(numbers(positive), min_size=size, max_size=size,
                       unique_by=abs if unique else None)

    def build(entries):
        a = np.array(entries, np.float64)
        return (a.view(np.complex128) if dtype.kind == "c" else a).reshape(shape).astype(dtype)
    return entries.map(build)
