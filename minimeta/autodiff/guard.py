"""Plain arrays that a backward pass will need again, kept safe from later writing.

A small array is copied when it is recorded; a large one is fingerprinted, and using it after a
change raises.  Arrays of the engine's own making are exempt.

Read next: foreign.py.
"""
import threading

import numpy as np

_LARGE = 1 << 20          # bytes: up to here an array is copied


class _Engine(threading.local):
    busy = False             # whether rules run: the arrays that they touch are the engine's own


engine = _Engine()


class Watched:
    """A large plain array that a rule will need, and a fingerprint of what it held."""
    __slots__ = ("array", "mark")

    def __init__(self, array):
        self.array, self.mark = array, fingerprint(array)

    def check(self):
        if any((a != b).any() for a, b in zip(self.mark, fingerprint(self.array))):
            raise RuntimeError("an array was changed in place after it was used and before its "
                               "derivative was taken: change a copy instead")
        return self.array


def fingerprint(a):
    """Sums of the bits of `a` along the rows and the columns of a grid: order matters too."""
    words = np.ascontiguousarray(a).reshape(-1).view(np.uint8)
    whole = words.size // 4096 * 4096
    grid = words[:whole].view(np.uint64).reshape(-1, 512)
    return grid.sum(0), grid.sum(1), words[whole:].copy()


def keep(a):
    """A plain operand as the backward pass will need it, safe from later writing."""
    if engine.busy or not hasattr(a, "nbytes"):
        return np.array(a) if isinstance(a, (list, tuple)) else a
    if a.nbytes > _LARGE and type(a) is np.ndarray:
        return Watched(a)
    return a.copy()
