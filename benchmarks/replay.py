"""Eager against compiled: microseconds a call, and the number of NumPy calls of the program.

    python -m benchmarks.replay [W1 W7 ...] [--exact] [--print]

They take turns, each of a few calls after one that warms the caches; medians are shown.

Read next: by_hand.py.
"""
import argparse
import time

import numpy as np

from minimeta import compile

from .workloads import WORKLOADS

TURN = 4        # calls


def rounds(functions, seconds):
    """Medians, in microseconds, of functions timed in turn for `seconds` in all."""
    times, end = [[] for _ in functions], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for f, found in zip(functions, times):
            f()
            for _ in range(TURN):
                start = time.perf_counter()
                f()
                found.append(time.perf_counter() - start)
    return [1e6 * float(np.median(found)) for found in times]


def calls(compiled):
    """How many calls the program makes."""
    kind, = compiled.kinds.values()
    return len(kind.traces[0].source.lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--exact", action="store_true", help="programs with the bits of eager")
    parser.add_argument("--print", action="store_true", help="show the programs")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each workload")
    options = parser.parse_args()
    from .by_hand import BY_HAND
    print(f"{'':12s}{'eager':>10s}{'compiled':>10s}{'ratio':>8s}{'calls':>7s}{'by hand':>10s}"
          f"{'an operation':>15s}")
    for name in options.workloads:
        f, args, operations, _ = WORKLOADS[name]()
        compiled = compile(f, exact=options.exact)
        hand = BY_HAND[name](*args) if name in BY_HAND else None
        found = rounds([lambda: f(*args), lambda: compiled(*args)] + ([hand] if hand else []),
                       options.seconds)
        print(f"{name:12s}{found[0]:10.1f}{found[1]:10.1f}{found[1] / found[0]:8.2f}"
              f"{calls(compiled):7d}" + (f"{found[2]:10.1f}" if hand else f"{'':10s}")
              + (f"{found[1] / operations:15.2f}" if operations else ""), flush=True)
        if options.print:
            print(compiled)


if __name__ == "__main__":
    main()
