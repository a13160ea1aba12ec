"""Memory that stays with the process, so that a step does not ask the system for it each time.

glibc gives the memory of large arrays back to the system when they are freed, and fresh memory
costs page faults: half the time of a meta-step on sinusoids, a third of one on images.  It is told
to keep up to a gigabyte.  Other systems' allocators are left as they are; so is glibc's if the
environment sets one of its own variables, MALLOC_TRIM_THRESHOLD_ or MALLOC_MMAP_THRESHOLD_.

Read next: trace.py.
"""
import ctypes
import os

KEPT = 1 << 30                               # bytes
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3      # glibc's names for them, in malloc.h


def keep_memory():
    """Whether glibc was told."""
    if {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & set(os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    # glibc before 2.35 takes 32 MB at most
    largest = mallopt(MMAP_THRESHOLD, KEPT) or mallopt(MMAP_THRESHOLD, 1 << 25)
    return bool(largest and mallopt(TRIM_THRESHOLD, KEPT))


keep_memory()
