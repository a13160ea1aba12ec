"""One command on a machine with a GPU: timings, the device tests, and a page of both.

    python -m benchmarks.on_gpu [--quick]

Writes docs/results/gpu.md, with the date and the device, anew after each part, so that a machine
that is taken away leaves what was finished.  Needs minimeta with an extra of CUDA and `test`
installed, and nothing else; PyTorch and JAX are timed too, where they are.  The CPU that it is
compared with has two cores: the process keeps to as many.

Read next: ../minimeta/bench/__init__.py.
"""
import datetime
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import minimeta
from minimeta.device import DeviceError

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "results" / "gpu.md"
LONGEST = 40                # lines of the tests' output that are kept
CORES = 2                   # of the CPU that the GPU is compared with
ASKED = 30                  # times that MAML on images is to be as fast as on those
TESTS = "pytest tests/device --device gpu --nightly"


def output(*arguments):
    """(exit code, lines) of python -m arguments, in the project's root."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True,
                          text=True)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def two_cores():
    """Keep this process and its children to CORES cores; how many they have then."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def speedup(timings):
    """How many times as fast as the CPU MAML on images is, read off the lines; None if nowhere."""
    text = "\n".join(timings).partition("\nomniglot:")[2].partition("\n\n|")[2]
    found = re.search(r"\| minimeta, GPU \| [^|]+ \| ([^|]+) \|", text.partition("\n\n")[0])
    return float(found[1]) if found and found[1].strip() != "-" else None


def verdict(timings):
    """A line on the speed that is asked for."""
    ratio = speedup(timings)
    if ratio is None:
        return f"MAML on images was not timed; {ASKED} times as fast as the CPU is asked."
    return (f"MAML on images is {ratio:.3g} times as fast as on {CORES} cores, {ASKED} are asked: "
            f"{'reached' if ratio >= ASKED else 'NOT REACHED'}.")


def page(about, when, cores, timings=None, parts=None, tests=None):
    """The page, Markdown; the last three are (exit code, lines), or None if not run yet."""
    def said(part):
        return ["Not run yet."] if part is None else \
            [f"FAILED, exit code {part[0]}.", ""] * bool(part[0]) + part[1]
    passed = "not run yet" if tests is None else "passed" if not tests[0] else \
        f"FAILED, exit code {tests[0]}"
    ended = [] if tests is None else ["", "```", *[line[:100] for line in tests[1][-LONGEST:]],
                                      "```"]
    return "\n".join([
        "# On a GPU", "",
        f"Written by `python -m benchmarks.on_gpu` on {when:%Y-%m-%d}: {about},",
        f"{cores} cores of {platform.processor() or platform.machine()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__},",
        f"minimeta {minimeta.__version__}.",
        "", "## Timings", "", "`minimeta bench --device gpu`; medians of single steps.", "",
        *said(timings), "", verdict(timings[1] if timings else []),
        "", "## What a step consists of", "", "`python -m benchmarks.gpu_parts`.", "",
        *said(parts),
        "", "## Tests", "", f"`{TESTS}`: {passed}.", *ended, ""])


def main():
    device = minimeta.device("gpu")             # one line, and the cure, where there is none
    quick = ["--quick"] if "--quick" in sys.argv else []
    cores, found, today = two_cores(), {}, datetime.date.today()
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    for part, command in (("timings", ["minimeta", "bench", "--device", "gpu", *quick]),
                          ("parts", ["benchmarks.gpu_parts", *quick]),
                          ("tests", TESTS.split())):
        found[part] = output(*command)
        PAGE.write_text(page(device.about, today, cores, **found))
        print(f"{part}: exit code {found[part][0]}; written to {PAGE.relative_to(ROOT)}",
              flush=True)
    print(verdict(found["timings"][1]))
    return max(code for code, _ in found.values())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DeviceError as error:
        sys.exit(f"on_gpu: {error}")
