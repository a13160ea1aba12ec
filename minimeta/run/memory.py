"""The peak memory of one meta-step; read next: checkpoint.py."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from ..device import CPU


def peak_megabytes(step: Callable[[], object], device=CPU) -> float:
    """Megabytes (10^6 bytes) that one call of `step` holds at most, beyond what was held before.

    NumPy reports its arrays to tracemalloc; a step is slower while it is traced, so it is not one
    that is timed.  A GPU's memory is what its pool holds after the step.
    """
    if device.name != "cpu":
        return device.held(step) / 1e6
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        return (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        if not running:
            tracemalloc.stop()
