"""The house in order: imports go one way, files are short, say what to read next, and are clean.

Each check has a test in which it finds a planted fault.
"""
import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minimeta"
SOURCES = sorted(PACKAGE.rglob("*.py"))
RANK = {"device": 0, "pieces": 0, "style": 0, "autodiff": 1, "optim": 2, "nn": 2, "scipy": 2,
        "check": 2, "compiler": 2, "tasks": 3, "meta": 4, "theory": 5, "minimeta": 6, "testing": 7,
        "run": 7, "bench": 7, "pytest_plugin": 8, "report": 8, "cli": 9,
        "__main__": 10}                                     # "minimeta": the public names
LONGEST = 400
TEXTS = [path for folder in ("minimeta", "tests", "examples", "docs")
         for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".md")]
TEXTS += [path for path in sorted(ROOT.iterdir()) if path.suffix in (".md", ".cfg", ".toml")]


def relative(path):
    return str(path.relative_to(ROOT))


# ---------------------------------------------------------------- imports go one way

def layer(module):
    """The layer of a dotted name under minimeta; that of minimeta itself is its public names."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in RANK else "minimeta"


def imported(source, package):
    """Dotted names of what the source of a module in `package` imports from minimeta."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[:len(package.split(".")) - node.level + 1]
            base = ".".join((parts if node.level else []) + ([node.module] if node.module else []))
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "minimeta")


def backward_arrows(source, package, module):
    """The imports of a module that lead to its own level or a higher one."""
    here, found = layer(module), []
    for name in imported(source, package):
        there = layer(name)
        if there != here and (RANK[there] >= RANK[here] or here == "tasks"):
            found.append(f"{here} imports {name}")
    return found


def names(path):
    """(package, module) of a source file, dotted."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    package = ".".join(parts[:-1])
    return package, package if parts[-1] == "__init__" else ".".join(parts)


def test_every_part_has_a_rank():
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    assert parts - {"__init__"} <= set(RANK)


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_go_one_way(path):
    assert not backward_arrows(path.read_text(), *names(path))


@pytest.mark.parametrize("source, package", [
    ("from ..meta import adapt", "minimeta.nn"),
    ("from .. import meta", "minimeta.autodiff"),
    ("from ...nn import relu", "minimeta.autodiff.rules"),
    ("import minimeta.nn.layers", "minimeta.autodiff"),
    ("import minimeta", "minimeta.meta"),
    ("from minimeta import grad", "minimeta.nn"),
    ("def f():\n    from ..report import table", "minimeta.run"),
    ("from ..autodiff import grad", "minimeta.tasks"),
    ("from .. import nn", "minimeta.optim"),
])
def test_a_backward_import_is_found(source, package):
    assert len(backward_arrows(source, package, f"{package}.planted")) == 1


@pytest.mark.parametrize("source, package", [
    ("from ..autodiff import grad", "minimeta.nn"),
    ("from .adapt import adapt\nimport numpy as np", "minimeta.meta"),
    ("from ..trace import defvjp", "minimeta.autodiff.rules"),
    ("from .. import __version__", "minimeta.cli"),
])
def test_a_forward_import_is_fine(source, package):
    assert not backward_arrows(source, package, f"{package}.planted")


# ---------------------------------------------------------------- importing is light

def brought_along(statement):
    """Third-party packages, NumPy apart, that a fresh interpreter has after `statement`."""
    code = ("import sys, numpy.random; before = set(sys.modules)\n" + statement + "\n"
            "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
            "print(*sorted(new - set(sys.stdlib_module_names) - {'numpy', 'minimeta'}))")
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                         check=True)
    return out.stdout.split()


def test_importing_minimeta_brings_numpy_alone():
    assert brought_along("import minimeta") == []


def test_a_heavy_import_is_found():
    assert "scipy" in brought_along("import minimeta, scipy.optimize")


def names_cupy(source):
    return bool(re.search(r"\bcupy\b", source))


def test_one_file_at_most_names_cupy():
    assert len([path for path in SOURCES if names_cupy(path.read_text())]) <= 1


def test_a_name_of_cupy_is_found():
    assert names_cupy("import cupy as cp") and names_cupy("np = importlib.import_module('cupy')")
    assert not names_cupy("NumPy or CuPy arrays")


# ---------------------------------------------------------------- files are short and lead on

def faults(source):
    """What is wrong with a module, apart from its imports."""
    found = []
    if len(source.splitlines()) >= LONGEST:
        found.append(f"{len(source.splitlines())} lines")
    if "ead next" not in (ast.get_docstring(ast.parse(source)) or ""):
        found.append("does not say what to read next")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_module_is_short_and_says_what_to_read_next(path):
    assert not faults(path.read_text())


@pytest.mark.parametrize("source, fault", [
    ('"""Read next: x.py."""\n' + "x = 1\n" * LONGEST, f"{LONGEST + 1} lines"),
    ('"""Nothing."""', "does not say what to read next"),
    ("# Read next: x.py", "does not say what to read next"),
])
def test_a_fault_is_found(source, fault):
    assert faults(source) == [fault]


# ---------------------------------------------------------------- no machine in the text

def machine_paths(text):
    """Absolute paths into somebody's machine."""
    return re.findall(r"(?<![\w.~/:])/(?:home|work|root|Users|mnt|tmp)/\w+|\b[A-Z]:\\+\w+", text)


@pytest.mark.parametrize("path", TEXTS, ids=relative)
def test_no_machine_paths(path):
    assert not machine_paths(path.read_text())


@pytest.mark.parametrize("path", ["/" + "home/me/data", "/" + "Users/me", "C:" + "\\Users"])
def test_a_machine_path_is_found(path):
    assert machine_paths(f"open('{path}')")
    assert not machine_paths("https://example.org/home/me and ../home/me and ~/work/me")


# ---------------------------------------------------------------- flake8, and lines of documents

def long_lines(text):
    """Numbers of the lines that are too long; a row of a table cannot be wrapped."""
    return [i for i, line in enumerate(text.splitlines(), 1)
            if len(line) > 100 and not (line.startswith("| ") and line.endswith(" |"))]


@pytest.mark.parametrize("path", [p for p in TEXTS if p.suffix == ".md"], ids=relative)
def test_lines_of_documents_are_short(path):
    assert not long_lines(path.read_text())


def test_a_long_line_is_found():
    assert long_lines("x\n" + 101 * "x" + "\n" + 100 * "x") == [2]
    assert long_lines("| " + 101 * "x" + "\n| " + 101 * "x" + " |") == [1]


def flake8(*arguments, cwd=ROOT):
    done = subprocess.run([sys.executable, "-m", "flake8", *map(str, arguments)], cwd=cwd,
                          capture_output=True, text=True)
    return done.stdout + done.stderr


def test_flake8_finds_nothing():
    assert flake8() == ""


def test_flake8_finds_a_planted_fault(tmp_path):
    (tmp_path / "planted.py").write_text('import os\nx = "' + "x" * 100 + '"\n')
    found = flake8("--config", ROOT / "setup.cfg", "planted.py", cwd=tmp_path)
    assert "F401" in found and "E501" in found
