"""A time budget, shared over methods, made into numbers of steps; read next: evaluate.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

SPARE = 0.08                # of a method's time is not planned: a busy machine slows down
REHEARSAL = 0.03            # of it is spent on timing


class Budget:
    """`seconds` from now on (None: without end), told by `clock`."""

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.perf_counter):
        self.clock = clock
        self.end = None if seconds is None else clock() + seconds

    def share(self, methods_left: int) -> float | None:
        """Seconds for the next of `methods_left` methods: what is left, in equal parts."""
        return None if self.end is None else (self.end - self.clock()) / methods_left


class Plan(NamedTuple):
    """Meta-steps to take, and the time of the clock at which to stop in any case (or None)."""

    iterations: int
    deadline: float | None


def plan(step: float, checks: float, after: float, now: float, end: float) -> Plan:
    """How many steps of `step` seconds fit between `now` and `end`, times of one clock.

    checks, after: seconds that validation takes on the way, and testing after training.  At least
    one step is taken.
    """
    free = (1 - SPARE) * (end - after - now) - checks
    return Plan(max(1, int(free / step)), end - after)


def time_steps(step: Callable[[], None], clock: Callable[[], float], seconds: float = 0.0,
               least: int = 3) -> float:
    """Mean seconds of a call of `step`, called for `seconds` and at least `least` times.

    A first call, which may load and allocate, is not counted.
    """
    step()
    start, calls = clock(), 0
    while calls < least or clock() - start < seconds:
        step()
        calls += 1
    return (clock() - start) / calls
