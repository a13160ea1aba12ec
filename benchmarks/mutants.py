"""A mutation run: is every operator, sign and constant of the theorems held by a test?

    python -m benchmarks.mutants [--write] [--again] [--jobs N] [FILE ...]

FILEs are those of minimeta/theory, all by default; N mutants run at a time, 2 by default.

One operator, sign, comparison, term or number of a file is changed at a time, and the file's own
test, tests/theory/test_FILE.py, is run against it.  A mutant that passes has survived: it is
printed, with its line, unless it stands among the explained ones below, which change nothing that
a test could see.  Each mutant is a forked child that imports the theory anew, so no source
is written and a mutant costs about as much as its test.  Exit code 1 if any survivor is
unexplained.  --write puts the counts into docs/results/mutants.md, each file's as it is done.
--again runs only what survived the last time and is not explained: enough where tests were added
since, and no more.

Read next: mutants_explained.py, mutants_page.py.
"""
import argparse
import ast
import contextlib
import copy
import hashlib
import importlib.abc
import importlib.machinery
import io
import json
import os
import re
import resource
import select
import signal
import sys
import time
from pathlib import Path

from . import mutants_page
from .mutants_explained import EXPLAINED

ROOT = Path(__file__).resolve().parent.parent
THEORY = ROOT / "minimeta" / "theory"
LAST = ROOT / ".mutants.json"        # survivors of the last run of each file; not in git
SWAPS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
         ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
         ast.And: ast.Or, ast.Or: ast.And}
COMPARISONS = {ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
               ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
               ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
               ast.NotIn: (ast.In,)}


# ---------------------------------------------------------------- the mutants of a tree

def variants(node):
    """Replacements of one node, each a new node; the node itself stays as it is."""
    def changed(**fields):
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    def minus(operand):
        return ast.UnaryOp(ast.USub(), operand)

    if isinstance(node, ast.BinOp):
        if type(node.op) in SWAPS:
            yield changed(op=SWAPS[type(node.op)]())
        if isinstance(node.op, ast.MatMult):
            yield changed(left=node.right, right=node.left)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield node.left
            yield node.right
            yield changed(left=minus(node.left))
    elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
        yield changed(op=SWAPS[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield changed(op=SWAPS[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield changed(ops=[*node.ops[:i], other(), *node.ops[i + 1:]])
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
        yield changed(value=node.value + 1)


def places(tree):
    """(container, field, index or None, node, function) of all nodes; labels are left out."""
    def walk(node, function):
        if isinstance(node, ast.JoinedStr):
            return
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}" if function else node.name
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                yield node, field, None, value, function
                yield from walk(value, function)
            elif isinstance(value, list):
                for i, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        yield node, field, i, child, function
                        yield from walk(child, function)
    yield from walk(tree, "")


def mutants(source):
    """(line, function, "before -> after", code) of every mutant of a module."""
    tree, same = ast.parse(source), set()
    same.add(ast.unparse(tree))
    for container, field, index, node, function in list(places(tree)):
        for new in variants(node):
            ast.copy_location(new, node)
            what = f"{short(node)} -> {short(new)}"
            put(container, field, index, new)
            try:
                text = ast.unparse(tree)
                if text in same:
                    continue
                same.add(text)
                code = compile(text, "<mutant>", "exec", dont_inherit=True)
            finally:
                put(container, field, index, node)
            yield getattr(node, "lineno", 0), function, what, code


def put(container, field, index, node):
    if index is None:
        setattr(container, field, node)
    else:
        getattr(container, field)[index] = node


def short(node):
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 70 else text[:67] + "..."


# ---------------------------------------------------------------- one mutant, one child

class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from the given code, and every other as always."""

    def __init__(self, name, path, code):
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path))
        if self.path.stem == "__init__":
            spec.submodule_search_locations = [str(self.path.parent)]
        return spec

    def exec_module(self, module):
        module.__file__ = str(self.path)
        exec(self.code, module.__dict__)


def passes(path, test, code, profile):
    """Whether the test passes with `code` for the module at path; spoils the process for more."""
    import pytest
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    package = ".".join(parts[:2])
    for loaded in list(sys.modules):
        if loaded == package or loaded.startswith((package + ".", "tests")):
            del sys.modules[loaded]
    sys.meta_path.insert(0, Planted(name, path, code))
    # plain asserts: where minimeta is installed, its plugin makes pytest import all of it itself
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return pytest.main(["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "--no-header",
                            "--tb=no", f"--hypothesis-profile={profile}", "-W", "ignore",
                            str(test)], plugins=[VerifyFirst()]) == 0


class VerifyFirst:
    """Orders tests for pytest: those of `verify` meet most of a file in a moment."""

    @staticmethod
    def pytest_collection_modifyitems(items):
        items.sort(key=lambda item: not item.name.startswith(("test_verify", "test_findings")))


class Child:
    """A forked run of one mutant, of `limit` seconds of CPU; its verdict is one byte on a pipe."""

    def __init__(self, path, test, what, limit, profile):
        read, write = os.pipe()
        self.what, self.read, self.deadline = what, read, time.monotonic() + 60 * limit
        self.profile = profile
        self.pid = os.fork()
        if not self.pid:
            os.close(read)
            verdict = b"k"
            try:
                # of CPU: a machine that is busy with other things slows a mutant, it stops none
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 1))
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1), os.dup2(null, 2)
                verdict = b"s" if passes(path, test, what[3], profile) else b"k"
            except BaseException:         # a mutant that breaks the run itself is found as well
                pass
            finally:
                os.write(write, verdict)
                os._exit(0)
        os.close(write)

    def end(self, killed=False):
        """b"s" if the mutant survived, b"k" if not; b"" if it was stopped.  Sets self.seconds."""
        if killed:
            os.kill(self.pid, signal.SIGKILL)
        verdict = os.read(self.read, 1)
        os.close(self.read)
        used = os.wait4(self.pid, 0)[2]
        self.seconds = used.ru_utime + used.ru_stime
        return verdict


def run(path, test, jobs, only=None):
    """(number of mutants, survivors, number stopped) of a file; raises if its test fails as it is.

    A survivor is (line, function, what).  Each mutant first meets a few examples of every
    property, and those that pass meet all; those that are explained, all at once.  `only`:
    earlier survivors, and no other mutant is run.
    """
    unchanged = compile(path.read_text(), "<unchanged>", "exec")
    child = Child(path, test, (0, "", "unchanged", unchanged), 600, "all")
    if child.end() != b"s":
        raise SystemExit(f"{test.relative_to(ROOT)} fails without any mutant: mend that first")
    limit = 10 + 5 * child.seconds
    waiting = [(m, "all" if reason(path.stem, *m[1:3]) else "few")
               for m in mutants(path.read_text())]
    count, running, survivors, stopped = len(waiting), {}, [], 0
    if only is not None:        # known to pass the few examples
        waiting = [(m, "all") for m, _ in waiting if m[:3] in only]
    waiting.reverse()
    while waiting or running:
        while waiting and len(running) < jobs:
            what, profile = waiting.pop()
            child = Child(path, test, what, limit, profile)
            running[child.read] = child
        ready, _, _ = select.select(list(running), [], [], 0.2)
        late = [fd for fd, child in running.items() if time.monotonic() > child.deadline]
        for fd in {*ready, *late}:
            child = running.pop(fd)
            verdict = child.end(killed=fd not in ready)
            stopped += verdict == b""
            if verdict == b"s" and child.profile == "few":
                waiting.append((child.what, "all"))
            elif verdict == b"s":
                survivors.append(child.what[:3])
    return count, sorted(survivors), stopped


def reason(name, function, what):
    """Why a survivor is one, or None."""
    for stem, where, pattern, why in EXPLAINED:
        if re.fullmatch(stem, name) and re.fullmatch(where, function) and re.search(pattern, what):
            return why
    return None


def remembered(path):
    """[(line, function, what)] that survived the last run of this very source; None if none ran."""
    last = json.loads(LAST.read_text()) if LAST.exists() else {}
    source, survivors = last.get(path.stem, (None, []))
    return [tuple(s) for s in survivors] if source == digest(path) else None


def remember(path, survivors):
    """Write down what survived, for --again."""
    last = json.loads(LAST.read_text()) if LAST.exists() else {}
    LAST.write_text(json.dumps({**last, path.stem: (digest(path), survivors)}, indent=0))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(names, jobs=2, write=False, again=False):
    """Run the files by name (maml_gradient or a path); the number of unexplained survivors."""
    from hypothesis import Phase, settings
    import minimeta.tasks  # noqa: F401  what children would import each for itself
    import scipy.optimize, scipy.sparse.linalg  # noqa: E401,F401
    for profile, examples in (("few", 6), ("all", 60)):
        settings.register_profile(profile, settings.get_profile("default"), deadline=None,
                                  derandomize=True, database=None, max_examples=examples,
                                  phases=[Phase.explicit, Phase.generate])   # no shrinking
    paths = [THEORY / f"{Path(name).stem}.py" for name in names]
    total = unexplained = 0
    for path in paths or sorted(THEORY.glob("*.py")):
        test = ROOT / "tests" / "theory" / f"test_{path.stem}.py"
        if not test.exists():
            if path.stem != "__init__":
                print(f"{path.stem}: no test file", flush=True)
                unexplained += 1
            continue
        start = time.monotonic()
        before = remembered(path) if again else None
        held = [s for s in before or () if reason(path.stem, *s[1:])]
        only = None if before is None else [s for s in before if s not in held]
        count, survivors, stopped = run(path, test, jobs, only)
        survivors = sorted([*survivors, *held])
        remember(path, survivors)
        known = [reason(path.stem, function, what) for _, function, what in survivors]
        for (line, function, what), why in zip(survivors, known):
            print(f"{path.relative_to(ROOT)}:{line}: {function}: {what}"
                  + (f"   [{why}]" if why else ""), flush=True)
        open_ = known.count(None)
        total, unexplained = total + count, unexplained + open_
        if write:
            mutants_page.write(path.stem, count, len(survivors), known)
        print(f"{path.stem}: {count} mutants, {count - len(survivors)} caught ({stopped} of them "
              f"stopped for time), {len(survivors) - open_} explained, {open_} survivors, "
              f"{time.monotonic() - start:.0f} s", flush=True)
    print(f"all: {total} mutants, {unexplained} unexplained", flush=True)
    return unexplained


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants")
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sys.exit(1 if main(options.files, options.jobs, options.write, options.again) else 0)
