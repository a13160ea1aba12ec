"""What a theorem is to the program: a statement, a check that computes it, perhaps a picture.

A check gives `Finding`s: numbers, each beside what the theorem says that it is.

Read next: losses.py.
"""
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Finding:
    """One check of a theorem: what was found, and whether that is what the theorem says.

    kind "gap": two sides of an identity differ by `found`, relative to their size, and by `limit`
    at most (expected is 0).  "slope": a remainder's slope in log-log is `found`, within `limit` of
    `expected`.  "counterexample": a hypothesis is broken, and the sides differ by `found`, which
    is `limit` at least (expected is the same).
    """
    name: str
    kind: str
    found: float
    expected: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the finding is what the theorem says; a number that is not finite never is."""
        if self.kind == "counterexample":
            return bool(self.limit <= self.found < np.inf)
        return bool(abs(self.found - self.expected) <= self.limit)


def gap(name, left, right, limit, scale=None) -> Finding:
    """An identity: left and right, arrays of one shape, differ by `limit` times their size at most.

    Their size is the largest absolute entry of both, or `scale`: that of the largest term, where
    the sides are small differences of large terms.
    """
    return Finding(name, "gap", difference(left, right, scale), 0.0, float(limit))


def slope(name, found, expected, limit) -> Finding:
    """A remainder's slope, or a measured coefficient: `found` is within `limit` of `expected`."""
    return Finding(name, "slope", float(found), float(expected), float(limit))


def counterexample(name, found, least) -> Finding:
    """Without its hypothesis the identity fails: by `found`, which is `least` at least."""
    return Finding(name, "counterexample", float(found), float(least), float(least))


def difference(left, right, scale=None) -> float:
    """max |left - right| / scale, scale being the largest absolute entry of both by default."""
    left, right = np.asarray(left), np.asarray(right)
    if left.shape != right.shape:
        raise ValueError(f"the sides have shapes {left.shape} and {right.shape}: an identity is "
                         "between arrays of one shape")
    if not left.size:
        return 0.0
    if scale is None:
        scale = max(np.max(np.abs(left)), np.max(np.abs(right)))
    largest = float(np.max(np.abs(left - right)))
    return largest / float(scale) if largest != 0 else 0.0


@dataclass(frozen=True)
class Picture:
    """Plain data of a figure; it is drawn elsewhere.

    kind is "loglog", "semilog" (the second axis only) or "plane"; equal: one scale for both axes,
    so that right angles are seen.  lines are curves and points are markers, each (label, x, y).
    """
    kind: str
    title: str
    xlabel: str
    ylabel: str
    lines: tuple = ()
    points: tuple = ()
    note: str = ""
    equal: bool = False


@dataclass(frozen=True)
class Theorem:
    """A theorem in the table: verify(rng, loss=None) gives its findings, picture(rng) a Picture.

    generic: verify takes a loss of the user's, a function of a flat float64 vector.
    """
    key: str
    title: str
    statement: str
    module: str
    verify: Callable
    generic: bool = False
    picture: Callable | None = None
