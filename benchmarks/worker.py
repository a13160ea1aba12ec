"""One library in one warm process: it times a call when it is told to.

    python -m benchmarks.worker LIBRARY WORKLOAD THREADS FILE

Writes a line of JSON, {variant: {seconds, mib} or {error}}, and the results, as arrays, to FILE;
then, for each line `variant` that it reads, the seconds of a call.

Read next: ours.py.
"""
import contextlib
import ctypes
import gc
import importlib
import json
import os
import sys
import time

import numpy as np

GROUP = 0.004      # seconds: calls faster than this are timed several at a time
FIRST = "W1"       # the workload that every library has


def resident(field):
    """A field of this process's memory in MiB, such as VmRSS or VmHWM."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) / 1024


def give_back():
    """Return to the system what other variants have left in the allocator (glibc only)."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def peak(step, before):
    """MiB above `before` that a call reaches; None where the system does not say.

    Code that is read from files when it is first called is not counted.
    """
    give_back()
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")                        # the high-water mark starts anew
        step()
        return max(0.0, resident("VmHWM") - resident("RssFile") - before)
    except OSError:
        return None


def prepare(variants, before):
    """({variant: what the driver is told}, {variant: result})."""
    told, results = {}, {}
    for name, (step, result) in variants.items():
        try:
            results[name] = result()
            step()
            mib = peak(step, before)
            start = time.perf_counter()
            step()
            told[name] = {"seconds": time.perf_counter() - start, "mib": mib}
        except Exception as error:      # whatever a peer raises is told, not ours to handle
            told[name] = {"error": f"{type(error).__name__}: {error}"[:200]}
    return told, results


def arrive(module):
    """What a library imports and sets up at its first step is not the workload's memory."""
    getattr(module, "arrive", lambda: None)()
    for step, result in module.WORKLOADS[FIRST]().values():
        with contextlib.suppress(Exception):        # told where that workload is measured
            result()
            step()


def held():
    """MiB that the process holds, code apart; 0 where the system does not say."""
    give_back()
    return resident("VmRSS") - resident("RssFile") if os.path.exists("/proc/self/status") else 0.0


def main(library, workload, threads, file):
    with contextlib.redirect_stdout(sys.stderr):        # the driver reads our lines alone
        module = importlib.import_module(f"benchmarks.{library}")
    getattr(module, "threads", lambda n: None)(int(threads))
    arrive(module)
    before = held()
    variants = module.WORKLOADS[workload]()
    told, results = prepare(variants, before)
    np.savez(file, **{name or "_": np.asarray(a, float) for name, a in results.items()})
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        name = line.rstrip("\n")
        step, calls = variants[name][0], max(1, int(GROUP / told[name]["seconds"]))
        step()                                      # its caches are warm when it is timed
        start = time.perf_counter()
        for _ in range(calls):
            step()
        print((time.perf_counter() - start) / calls, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
