"""One command on a machine with a GPU: the device tests, the timings, and a page of both.

    python -m benchmarks.on_gpu [--quick]

Writes docs/results/gpu.md, with the date and the device.  Needs minimeta with an extra of CUDA and
`test` installed, and nothing else; PyTorch and JAX are timed too, where they are.

Read next: ../minimeta/bench/__init__.py.
"""
import datetime
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

import minimeta
from minimeta.device import DeviceError

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "results" / "gpu.md"
LONGEST = 40                # lines of the tests' output that are kept


def output(*arguments):
    """(exit code, lines) of python -m arguments, in the project's root."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True,
                          text=True)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def page(about, tests, timings, when):
    """The page, Markdown; tests and timings are (exit code, lines)."""
    code, lines = tests
    passed = "passed" if code == 0 else f"FAILED, exit code {code}"
    body = ["```", *[line[:100] for line in lines[-LONGEST:]], "```"]
    return "\n".join([
        "# On a GPU", "",
        f"Written by `python -m benchmarks.on_gpu` on {when:%Y-%m-%d}: {about},",
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"minimeta {minimeta.__version__}.",
        "", "## Tests", "", f"`pytest tests/device --device gpu --nightly` {passed}.", "", *body,
        "", "## Timings", "", "`minimeta bench --device gpu`; medians of single steps.", "",
        *timings[1], ""])


def main():
    device = minimeta.device("gpu")             # one line, and the cure, where there is none
    tests = output("pytest", "tests/device", "--device", "gpu", "--nightly")
    options = ["--quick"] if "--quick" in sys.argv else []
    timings = output("minimeta", "bench", "--device", "gpu", *options)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(device.about, tests, timings, datetime.date.today()))
    print(f"written to {PAGE.relative_to(ROOT)}; tests: exit code {tests[0]}, timings: exit code "
          f"{timings[0]}")
    return tests[0] or timings[0]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DeviceError as error:
        sys.exit(f"on_gpu: {error}")
