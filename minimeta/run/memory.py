"""The peak memory of one meta-step; read next: checkpoint.py."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def peak_megabytes(step: Callable[[], object]) -> float:
    """Megabytes (10^6 bytes) that one call of `step` holds at most, beyond what was held before.

    NumPy reports its arrays to tracemalloc; a step is slower while it is traced, so it is not one
    that is timed.
    """
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
