"""Every example runs, is short, and checks itself."""
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# the arrays are small: more threads would only wait for each other
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def faults(source):
    """What is wrong with an example's form."""
    tree, found = ast.parse(source), []
    if len(source.splitlines()) >= 60:
        found.append("60 lines or more")
    if not isinstance(tree.body[-1], ast.Assert):
        found.append("does not end in an assert")
    if "Read next" not in (ast.get_docstring(tree) or ""):
        found.append("does not say what to read next")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "default_rng":
            break
    else:
        if "random" in source:
            found.append("random, but not from a seeded generator")
    if "default_rng()" in source:
        found.append("an unseeded generator")
    return found


def test_examples_are_numbered():
    assert [path.name[:3] for path in EXAMPLES] == [f"{i:02d}_" for i, _ in enumerate(EXAMPLES, 1)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_has_the_form(path):
    assert not faults(path.read_text())


@pytest.mark.parametrize("source, fault", [
    ("'''Read next'''\nx = 1\n" * 30 + "assert True", "60 lines or more"),
    ("'''Read next'''\nassert True\nx = 1", "does not end in an assert"),
    ("assert True", "does not say what to read next"),
    ("'''Read next'''\nimport numpy as np\nassert np.random.rand() < 1",
     "random, but not from a seeded generator"),
    ("'''Read next'''\nx = np.random.default_rng()\nassert x", "an unseeded generator"),
])
def test_a_fault_is_found(source, fault):
    assert fault in faults(source)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, tmp_path):
    done = subprocess.run([sys.executable, path], cwd=tmp_path, env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())
