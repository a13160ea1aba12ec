"""The theorems, computed one after the other; read next: ../report/theorems.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..theory import THEOREMS, Finding, Theorem
from .settings import SettingsError, known


@dataclass(frozen=True)
class Outcome:
    """What one theorem's check found, in how many seconds; `error` where the check itself broke."""

    theorem: Theorem
    findings: tuple[Finding, ...]
    seconds: float
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether every finding is what the theorem says."""
        return bool(self.findings) and not self.error and all(f.passed for f in self.findings)


def chosen(names: Iterable[str], generic: bool = False) -> list[Theorem]:
    """The theorems of these keys ("A1"; "B" for all of part B), or all of them.

    generic: only those that take any loss.  Raises SettingsError for others.
    """
    names = [name.upper() for name in names]
    for name in names:
        if name not in {key[0] for key in THEOREMS}:
            known("theorem", name, tuple(THEOREMS))
    found = [t for key, t in THEOREMS.items() if not names or key in names or key[0] in names]
    if generic:
        able = [t.key for t in THEOREMS.values() if t.generic]
        fixed = [t.key for t in found if not t.generic and t.key in names]
        # a letter stands for those of its part that can be checked; of C there are none
        fixed += [name for name in names if len(name) == 1
                  and not any(key[0] == name for key in able)]
        if fixed:
            raise SettingsError(f"{', '.join(fixed)} cannot be checked on a loss of yours, nor on "
                                f"a GPU; those that can are {', '.join(able)}")
        found = [t for t in found if t.generic]
    return found


def generator(theorem: Theorem, seed: int) -> np.random.Generator:
    """The random numbers of one theorem, whichever others are checked."""
    return np.random.default_rng((seed, list(THEOREMS).index(theorem.key)))


def verify(theorem: Theorem, seed: int = 0, loss: Callable | None = None,
           theta: Any = None) -> Outcome:
    """The Outcome of one theorem, on random losses or around theta (P,) of a loss of yours."""
    start = time.perf_counter()
    rng = generator(theorem, seed)
    own = () if loss is None else (loss,) if theta is None else (loss, theta)
    findings, error = (), ""
    try:
        with np.errstate(**{} if loss is None else {"all": "ignore"}):
            findings = tuple(theorem.verify(rng, *own))
    except Exception as trouble:                # anybody's loss can raise anything
        if loss is None:
            raise
        error = f"{type(trouble).__name__}: {' '.join(str(trouble).split())}"
    return Outcome(theorem, findings, time.perf_counter() - start, error)
