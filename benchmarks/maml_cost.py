"""What MAML costs: time against the number of weights, and memory against the number of steps.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.maml_cost [SECONDS]

About so many seconds (10) go into each row of times.  Theorem A3 counts multiply-adds, and its
tests assert them; here is what the clock says, which nothing asserts.  Time: a gradient, FOMAML and
MAML of one inner step, on tanh networks of two hidden layers and 32 points, P from 1e5 to 1e7; the
least of several runs, in the processor's time, which other programs on the machine disturb less
than the clock's.  Memory: the peak that tracemalloc sees during MAML's gradient of K steps, with
the graph kept whole, with a checkpoint at each step, and in segments of sqrt(K) steps.

Read next: ../minimeta/theory/cost.py.
"""
import os
import platform
import sys
import time
import tracemalloc
from datetime import date
from math import isqrt

import numpy as np

from minimeta import checkpoint, grad
from minimeta.theory.cost import ALPHA, jobs, network
from minimeta.theory.descent import descend

POINTS = 32
WIDTHS = 316, 1000, 3160            # P about 1e5, 1e6 and 1e7
STEPS = 1, 4, 16, 64
MEMORY_WIDTH = 100                  # P about 1e4


def least_time(f, theta, seconds):
    """Processor seconds of one call of f(theta), the least of as many as there is time for.

    Two at least.
    """
    found, end = [], time.perf_counter() + seconds
    while len(found) < 2 or time.perf_counter() < end:
        start = time.process_time()
        f(theta)
        found.append(time.process_time() - start)
    return min(found)


def times(seconds=10.0):
    """Rows (P, gradient, FOMAML, MAML) in seconds, K = 1."""
    for width in WIDTHS:
        loss, theta = network(np.random.default_rng(0), width, POINTS)
        run = jobs(loss, 1)
        yield (theta.size, *(least_time(run[name], theta, seconds / 3)
                             for name in ("gradient", "FOMAML", "MAML")))


def peak_bytes(f, theta):
    """The most that f(theta) has allocated at a time."""
    f(theta)                           # what is allocated once does not count
    tracemalloc.start()
    f(theta)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def adaptations(loss, steps):
    """How phi_K is computed from theta (P,), by name."""
    def segment(length):
        return lambda phi: descend([loss] * length, phi, ALPHA)[-1]

    def in_segments(length):
        part, rest = checkpoint(segment(length)), segment(steps % length)

        def adapt(phi):
            for _ in range(steps // length):
                phi = part(phi)
            return rest(phi)
        return adapt
    return {"whole graph": segment(steps), "each step": in_segments(1),
            "sqrt(K) steps": in_segments(isqrt(steps))}


def memory():
    """Rows (K, bytes with the whole graph, each step a checkpoint, segments), and P."""
    loss, theta = network(np.random.default_rng(0), MEMORY_WIDTH, POINTS)
    rows = [(steps, *(peak_bytes(grad(lambda t, adapt=adapt: loss(adapt(t))), theta)
                      for adapt in adaptations(loss, steps).values())) for steps in STEPS]
    return rows, theta.size


def main(seconds=10.0):
    """Print both tables."""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, "
          f"{os.cpu_count()} processors, {date.today()}\n")
    print(f"Processor time, K = 1, {POINTS} points, float64\n")
    print(f"{'P':>12}{'gradient':>12}{'FOMAML':>12}{'MAML':>12}{'FOMAML':>14}{'MAML':>12}")
    print(f"{'':>12}{'[ms]':>12}{'[ms]':>12}{'[ms]':>12}{'[gradients]':>14}{'[gradients]':>12}")
    for size, gradient, fomaml, maml in times(seconds):
        print(f"{size:>12,}" + "".join(f"{1e3 * t:>12.2f}" for t in (gradient, fomaml, maml))
              + f"{fomaml / gradient:>14.2f}{maml / gradient:>12.2f}", flush=True)
    rows, size = memory()
    print(f"\nPeak memory of MAML's gradient, P = {size:,}, in MB; checkpoints at\n")
    print(f"{'K':>12}{'whole graph':>16}{'each step':>16}{'sqrt(K) steps':>16}")
    for steps, *found in rows:
        print(f"{steps:>12}" + "".join(f"{b / 1e6:>16.2f}" for b in found))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
