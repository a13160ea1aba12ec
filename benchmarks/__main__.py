"""Time the workloads side by side: minimeta, other libraries, and NumPy by hand.

    python -m benchmarks [W1 W5a ...] [--threads 2] [--seconds 8] [--json]
                         [--write FILE] [--keep FILE]

Every library runs in a warm process of its own.  Their results are first compared with float64;
then they are timed in turn, a few calls each, so that a busy machine hits all alike, and a ratio
is the median of the ratios round by round.  A library that is not installed is left out, and so is
one whose numbers are wrong; the page says so.  At the end come the aims, reached or not.

--write writes the page after every workload.  --keep keeps what was measured in a file of JSON and
adds what earlier runs left there, so that a page can be made in pieces.

Read next: libraries.py.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from . import limits, tables
from .aims import AIMS, judge
from .libraries import LIBRARIES, asked, useful, versions
from .workloads import WORKLOADS

AGREE = 1e-2        # relative error against float64; ReLU's and pooling's kinks cost some of it
SLOW = 10           # times the fastest: such a variant is timed in every fifth round only


class Disagreement(RuntimeError):
    """minimeta's numbers are not those of float64."""


class Worker:
    """A process with one library and one workload, which times a call when it is told to."""

    def __init__(self, name, workload, threads, folder):
        self.name, file = name, os.path.join(folder, f"{name}.npz")
        library = LIBRARIES[name]
        one = {f"{blas}_NUM_THREADS": str(threads) for blas in ("OMP", "OPENBLAS", "MKL")}
        self.errors = open(os.path.join(folder, f"{name}.txt"), "w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", library.module, workload, str(threads),
             file], env={**os.environ, **one, "JAX_PLATFORMS": "cpu", **library.settings},
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


def title(name, variant):
    """What a row is called."""
    return f"{LIBRARIES[name].name} {variant}".rstrip()


def open_workers(workload, threads, names, folder):
    """(workers, {library: why it is left out})."""
    workers, missing = [], {}
    for name in asked(names, workload):
        try:
            workers.append(Worker(name, workload, threads, folder))
        except RuntimeError as error:
            if f"KeyError: '{workload}'" != str(error):      # it need not have every workload
                missing[LIBRARIES[name].name] = str(error)
    return workers, missing


def fault(result, reference):
    """(relative error, what is wrong or None) of a result."""
    if result.shape != reference.shape:
        return None, f"its shape is {result.shape}, not {reference.shape}"
    error = float(np.linalg.norm(result - reference) / np.linalg.norm(reference))
    return error, None if error < AGREE else f"off by {error:.2g} from float64"


def check(workers, reference):
    """({(name, variant): relative error}, {title: why it is left out}).

    Raises Disagreement where minimeta is the one that is wrong.
    """
    found, missing = {}, {}
    for worker in workers:
        for variant, result in worker.results.items():
            variant = "" if variant == "_" else variant
            error, wrong = fault(result, reference)
            if wrong and LIBRARIES[worker.name].module == "ours":
                raise Disagreement(f"{title(worker.name, variant)}: {wrong}")
            if wrong:
                missing[title(worker.name, variant)] = wrong
            else:
                found[worker.name, variant] = error
    return found, missing


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
    """The median of a / b, round by round; None where a was not timed."""
    return a and statistics.median(x / y for x, y in zip(a, b)
                                   if x is not None and y is not None)


def measure(workload, options, machine):
    """What is known of one workload: its rows, fastest first, and what is left out, and why."""
    w = WORKLOADS[workload](dtype=np.float64)
    reference = np.ravel((w.numbers or w.f)(*w.args))
    with tempfile.TemporaryDirectory() as folder:
        workers, missing = open_workers(workload, options.threads, options.libraries, folder)
        try:
            errors, wrong = check(workers, reference)
            told = {(worker.name, variant): (worker, heard) for worker in workers
                    for variant, heard in worker.variants.items()}
            missing |= wrong | {title(*key): heard["error"] for key, (_, heard) in told.items()
                                if "error" in heard}
            cases = {key: (lambda w=worker, v=key[1]: w.time(v), heard["seconds"])
                     for key, (worker, heard) in told.items()
                     if key in errors and "error" not in heard}
            times = rounds(cases, options.seconds) if cases else {}
        finally:
            for worker in workers:
                worker.close()
    rows = [{"workload": workload, "library": LIBRARIES[key[0]].name, "variant": key[1],
             "ms": 1e3 * statistics.median(t for t in found if t is not None),
             "eager_over_it": ratio(times.get(("ours", "eager")), found),
             "compiled_over_it": ratio(times.get(("ours", "compiled")), found),
             "mib": told[key][1].get("mib"), "error": errors[key],
             "rounds": len(found), "operations": w.operations} for key, found in times.items()]
    return {"workload": workload, "rows": sorted(rows, key=lambda row: row["ms"]),
            "without": missing, "bound": limits.bound(workload, machine),
            "machine": machine._asdict(), "versions": versions(), "threads": options.threads,
            "seconds": options.seconds,
            "date": datetime.datetime.now().isoformat(" ", "minutes")}


def parse(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), metavar="W",
                        help=", ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each workload")
    parser.add_argument("--libraries", default=",".join(useful()), type=lambda s: s.split(","),
                        help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="one line of JSON a row and an aim")
    parser.add_argument("--write", metavar="FILE", help="the page, in Markdown, to a file")
    parser.add_argument("--keep", metavar="FILE",
                        help="what was measured, in JSON; other workloads stay as they are there")
    options = parser.parse_args(argv)
    for name in options.workloads:
        if name not in WORKLOADS:
            parser.error(f"unknown workload {name}: choose from {', '.join(WORKLOADS)}")
    for name in options.libraries:
        if name not in LIBRARIES:
            parser.error(f"unknown library {name}: choose from {', '.join(LIBRARIES)}")
    return options


def read(file):
    """{workload: what was measured} that a file keeps; nothing if it is not there."""
    if not file or not os.path.exists(file):
        return {}
    with open(file) as kept:
        return json.load(kept)


def save(found, options):
    """Write what was asked for: the rows, the page."""
    found = {name: found[name] for name in WORKLOADS if name in found}
    for file, text in ((options.keep, json.dumps(found, indent=1) + "\n"),
                       (options.write, tables.page(found))):
        if file:
            with open(file, "w") as out:
                out.write(text)


def main(argv=None):
    options = parse(argv)
    machine, found = limits.measure(options.threads), read(options.keep)
    for workload in options.workloads:
        found[workload] = measure(workload, options, machine)
        save(found, options)
        if options.json:
            for row in found[workload]["rows"]:
                print(json.dumps(row), flush=True)
        else:
            print(tables.workload(found[workload]), flush=True)
        for name, why in found[workload]["without"].items():
            print(f"{workload}: without {name} ({why})", file=sys.stderr)
    rows = [row for result in found.values() for row in result["rows"]]
    if options.json:
        for aim in AIMS:
            _, measured, verdict = judge(aim, rows)
            print(json.dumps({**aim._asdict(), "ratio": measured, "verdict": verdict}))
    else:
        print(tables.heading(found[options.workloads[-1]]), tables.aims(rows), sep="\n")


if __name__ == "__main__":
    main()
