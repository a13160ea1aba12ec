"""The command: fetch autograd's source distribution, run its tests on minimeta, count.

13 of them run where xarray is installed (pip install xarray).

Read next: ../../autodiff/hips.py, autograd's gradients as a judge of ours.
"""
import argparse
import collections
import datetime
import fnmatch
import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import numpy
import scipy

import minimeta

from .expected import FAIL, LEFT_OUT

ROOT = Path(__file__).resolve().parents[3]
Result = collections.namedtuple("Result", "test outcome spelled message")


def fetch(folder):
    """The newest source distribution on the index of packages, downloaded by pip."""
    done = subprocess.run([sys.executable, "-m", "pip", "download", "--no-binary", ":all:",
                           "--no-deps", "--dest", str(folder), "autograd"],
                          capture_output=True, text=True)
    found = sorted(Path(folder).glob("autograd-*.tar.gz"))
    if done.returncode or not found:
        raise SystemExit("autograd's source distribution could not be downloaded: check the "
                         "network (pip download autograd), or give a file with --sdist FILE")
    return found[0]


def unpack(sdist, folder):
    """(the unpacked folder, the version)."""
    try:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise SystemExit(f"--sdist {sdist}: {error}") from None
    inside = [path.parent for path in Path(folder).glob("*/tests")]
    if not inside:
        raise SystemExit(f"--sdist {sdist}: no folder of tests in it; give autograd-VERSION.tar.gz")
    return inside[0], inside[0].name.partition("-")[2]


def run(folder, choose=None):
    """Results of the tests in `folder`, with minimeta under autograd's names."""
    report, settings = folder / "report.xml", folder / "settings.ini"
    settings.write_text("[pytest]\n")
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.judges.hips.modules",
         "-p", "no:cacheprovider", "-c", str(settings), "--rootdir", str(folder),
         "--junitxml", str(report), *(["-k", choose] if choose else []), str(folder / "tests")],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return [_result(case) for case in ElementTree.parse(report).iter("testcase")]


def _result(case):
    what = [child for child in case if child.tag in ("failure", "error", "skipped")]
    outcome = what[0].tag if what else "passed"
    return Result(f"{case.get('classname').rpartition('.')[2]}.py::{case.get('name')}",
                  "failed" if outcome in ("failure", "error") else outcome,
                  [p.get("value") for p in case.iter("property") if p.get("name") == "spelled"],
                  what[0].get("message", "").split("\n")[0] if what else "")


def reason(test, table):
    """Why a test is in the table, or None."""
    return next((why for pattern, why in table.items() if fnmatch.fnmatchcase(
        test, pattern.replace("[", "[[]"))), None)


def sort(results):
    """{passed, failed, unexplained, left out, skipped: results}, each result once."""
    groups = {name: [] for name in ("passed", "failed", "unexplained", "left out", "skipped")}
    for r in results:
        if r.outcome == "skipped":
            groups["skipped"].append(r)
        elif reason(r.test, LEFT_OUT):
            groups["left out"].append(r)
        elif r.outcome == "failed":
            groups["failed" if reason(r.test, FAIL) else "unexplained"].append(r)
        else:
            groups["passed"].append(r)
    return groups


def page(groups, version):
    """The counts and the names, in Markdown."""
    n = {name: len(rs) for name, rs in groups.items()}
    failed = n["failed"] + n["unexplained"]
    spelled = sum(bool(r.spelled) for r in groups["passed"])
    return "\n".join([
        "# autograd's own tests, on minimeta", "",
        f"Made by `python -m tests.judges.hips` on {datetime.date.today()}: the tests of HIPS",
        f"autograd {version}, with minimeta {minimeta.__version__} under autograd's names, NumPy "
        f"{numpy.__version__} and",
        f"SciPy {scipy.__version__} on Python {sys.version.split()[0]}, "
        f"with{'' if importlib.util.find_spec('xarray') else 'out'} xarray.", "",
        "| tests | number |", "| --- | --- |",
        f"| passed | {n['passed']} |", f"| failed | {failed} |",
        f"| share that passed | {100 * n['passed'] / max(n['passed'] + failed, 1):.1f} % |",
        f"| left out | {n['left out']} |", f"| skipped by their own conditions | {n['skipped']} |",
        "", f"{spelled} of those that passed make arrays of traced numbers by `np.array`, `np.r_` "
        "or `np.c_`. NumPy", "does not ask an array what these do, so minimeta raises an error, "
        "which names `np.stack`; here", "they stand for `np.stack` and `np.concatenate`.",
        *_section("Failed", groups["failed"], lambda r: reason(r.test, FAIL)),
        *_section("Failed, unexplained", groups["unexplained"], lambda r: r.message),
        *_section("Left out: about autograd itself", groups["left out"],
                  lambda r: reason(r.test, LEFT_OUT)),
        *_section("Skipped by their own conditions", groups["skipped"], lambda r: r.message), ""])


def _section(title, results, why):
    """A heading, and the tests under their reasons."""
    by_reason = {}
    for r in results:
        by_reason.setdefault(why(r), []).append(r.test)
    lines = ["", f"## {title}", ""] if by_reason else []
    for cause, tests in by_reason.items():
        lines += textwrap.wrap(f"- {cause}:", 98, subsequent_indent="  ")
        lines += [f"  - `{test}`" for test in tests]
    return lines


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.judges.hips", description=__doc__)
    parser.add_argument("--sdist", help="autograd-VERSION.tar.gz, instead of a download")
    parser.add_argument("-k", metavar="EXPR", help="only tests that match, as pytest -k")
    parser.add_argument("--write", metavar="FILE", help="write the page there as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        sdist = options.sdist or fetch(folder)
        inside, version = unpack(sdist, folder)
        groups = sort(run(inside, options.k))
    text = page(groups, version)
    print(text)
    if options.write:
        Path(options.write).write_text(text)
    return 1 if groups["unexplained"] else 0


if __name__ == "__main__":
    sys.exit(main())
