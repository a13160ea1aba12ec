"""Time the workloads side by side: minimeta, other libraries, and NumPy by hand.

    python -m benchmarks [W1 W5a ...] [--threads 2] [--seconds 8] [--json] [--write FILE]

Every library runs in a warm process of its own.  Their results are first compared with float64;
then they are timed in turn, a few calls each, so that a busy machine hits all alike, and a ratio
is the median of the ratios round by round.  A library that is not installed is left out.

Read next: worker.py.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from . import limits, tables
from .workloads import WORKLOADS

LIBRARIES = {"ours": "minimeta", "ours_avx512": "minimeta, AVX-512", "peer_torch": "PyTorch",
             "peer_jax": "JAX", "peer_hips": "HIPS autograd", "peer_hand": "NumPy by hand"}
# OpenBLAS takes some processors with AVX-512 for older ones
SETTINGS = {"ours_avx512": {"OPENBLAS_CORETYPE": "SkylakeX"}}
AGREE = 1e-2        # relative error against float64; ReLU's and pooling's kinks cost some of it
SLOW = 10           # times the fastest: such a variant is timed in every fifth round only


class Disagreement(RuntimeError):
    """A library's numbers are not those of float64."""


class Worker:
    """A process with one library and one workload, which times a call when it is told to."""

    def __init__(self, library, workload, threads, folder):
        self.library, file = library, os.path.join(folder, f"{library}.npz")
        one = {f"{blas}_NUM_THREADS": str(threads) for blas in ("OMP", "OPENBLAS", "MKL")}
        self.errors = open(os.path.join(folder, f"{library}.txt"), "w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library.partition("_avx512")[0], workload,
             str(threads), file],
            env={**os.environ, **one, "JAX_PLATFORMS": "cpu", **SETTINGS.get(library, {})},
            text=True, stderr=self.errors, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines() or ["it ended without a word"]
            self.close()
            raise RuntimeError(said[-1])
        self.variants = json.loads(line)
        self.results = dict(np.load(file))

    def time(self, variant):
        """Seconds of a call."""
        self.process.stdin.write(variant + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def open_workers(workload, threads, libraries, folder):
    """(workers, {library: why it is left out})."""
    workers, missing = [], {}
    for library in libraries:
        try:
            workers.append(Worker(library, workload, threads, folder))
        except RuntimeError as error:
            if workload not in str(error):      # a library need not have every workload
                missing[LIBRARIES[library]] = str(error)
    return workers, missing


def check(workers, reference):
    """{(library, variant): relative error}; raises Disagreement where it is not small."""
    found = {}
    for worker in workers:
        for variant, result in worker.results.items():
            variant = "" if variant == "_" else variant
            if result.shape != reference.shape:
                raise Disagreement(f"{worker.library} {variant} has {result.shape} numbers, "
                                   f"expected {reference.shape}")
            error = np.linalg.norm(result - reference) / np.linalg.norm(reference)
            if not error < AGREE:
                raise Disagreement(f"{worker.library} {variant} is off by {error:.2g}")
            found[worker.library, variant] = float(error)
    return found


def rounds(cases, seconds, least=5):
    """{case: [seconds of a call or None, round by round]} of cases {key: (time it, estimate)}."""
    fastest = min(estimate for _, estimate in cases.values())
    times, spent, k = {key: [] for key in cases}, 0.0, 0
    while k < least or spent < seconds and k < 1000:
        for key, (timed, estimate) in cases.items():
            due = k % 5 == 0 or estimate < SLOW * fastest
            times[key].append(timed() if due else None)
            spent += 2 * (times[key][-1] or 0.0)        # each is preceded by a call to warm up
        k += 1
    return times


def ratio(a, b):
    """The median of a / b, round by round."""
    return statistics.median(x / y for x, y in zip(a, b) if x is not None and y is not None)


def measure(workload, options):
    """The rows of one workload, dicts, fastest first; what is left out is said on stderr."""
    w = WORKLOADS[workload](dtype=np.float64)
    reference = np.ravel((w.numbers or w.f)(*w.args))
    with tempfile.TemporaryDirectory() as folder:
        workers, missing = open_workers(workload, options.threads, options.libraries, folder)
        try:
            errors = check(workers, reference)
            for worker in workers:
                for variant, told in worker.variants.items():
                    if "error" in told:
                        missing[f"{worker.library} {variant}"] = told["error"]
            cases = {(worker.library, variant): (lambda w=worker, v=variant: w.time(v),
                                                 told["seconds"])
                     for worker in workers for variant, told in worker.variants.items()
                     if "error" not in told}
            times = rounds(cases, options.seconds)
        finally:
            for worker in workers:
                worker.close()
    for name, why in missing.items():
        print(f"{workload}: without {name} ({why})", file=sys.stderr)
    mine = times.get(("ours", "eager")) or next(iter(times.values()))
    memory = {(worker.library, variant): told.get("mib") for worker in workers
              for variant, told in worker.variants.items()}
    rows = [{"workload": workload, "library": LIBRARIES[key[0]], "variant": key[1],
             "ms": 1e3 * statistics.median(t for t in found if t is not None),
             "eager_over_it": ratio(mine, found), "mib": memory[key], "error": errors[key],
             "rounds": len(found), "operations": w.operations} for key, found in times.items()]
    return sorted(rows, key=lambda row: row["ms"])


def libraries():
    """The libraries that make a difference here."""
    left_out = set() if limits.held_back() else {"ours_avx512"}
    return ",".join(name for name in LIBRARIES if name not in left_out)


def parse(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), metavar="W",
                        help=", ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each workload")
    parser.add_argument("--libraries", default=libraries(), type=lambda s: s.split(","),
                        help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one line of JSON a row")
    parser.add_argument("--write", metavar="FILE", help="the tables, in Markdown, to a file")
    options = parser.parse_args(argv)
    for name in options.workloads:
        if name not in WORKLOADS:
            parser.error(f"unknown workload {name}: choose from {', '.join(WORKLOADS)}")
    for name in options.libraries:
        if name not in LIBRARIES:
            parser.error(f"unknown library {name}: choose from {', '.join(LIBRARIES)}")
    return options


def main(argv=None):
    options = parse(argv)
    machine = limits.measure(options.threads)
    pages = [tables.heading(machine, options)]
    if not options.json:
        print(pages[0], flush=True)
    for workload in options.workloads:
        rows = measure(workload, options)
        if options.json:
            for row in rows:
                print(json.dumps(row), flush=True)
        pages.append(tables.workload(rows, limits.bound(workload, machine)))
        if not options.json:
            print(pages[-1], flush=True)
    if options.write:
        with open(options.write, "w") as file:
            file.write("\n".join(pages))


if __name__ == "__main__":
    main()
