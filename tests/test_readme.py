"""The documents are true: their Python runs, their commands are the real ones, their links lead
somewhere."""
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md",
         *sorted((ROOT / "docs").rglob("*.md"))]
JOB = "python3 -m venv .venv && .venv/bin/python -m pip install . && .venv/bin/minimeta compare"
TESTS = ('python3 -m venv .venv && .venv/bin/python -m pip install ".[test]" '
         "&& .venv/bin/python -m pytest")


def blocks(text, language):
    """(line number, code) of every fenced block of a language."""
    return [(text[:m.start()].count("\n") + 1, m[1])
            for m in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)]


def run(text):
    """Run a page's Python blocks, in order, in one namespace.

    A line `print(...)  # result` claims what it prints.
    """
    namespace = {"__name__": "page"}
    for line, code in blocks(text, "python"):
        claims = re.findall(r"^ *print\(.*\)  +# (.*)$", code, re.M)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, f"block at line {line}", "exec"), namespace)
        if claims:
            assert out.getvalue().splitlines() == claims, f"block at line {line}"


def dead_links(page):
    """The links of a page to files that are not there."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    return [t for t in targets if "://" not in t and not (page.parent / t).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page):
    run(page.read_text())


@pytest.mark.parametrize("code", ["1 / 0", "assert 1 == 2", "print(1 + 1)  # 3"])
def test_a_false_block_is_caught(code):
    with pytest.raises((AssertionError, ZeroDivisionError)):
        run(f"Text.\n\n```python\n{code}\n```\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert not dead_links(page)


def test_a_dead_link_is_caught(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("[a](page.md) ![b](nowhere.png) [c](https://example.org/x) [d](page.md#e)")
    assert dead_links(page) == ["nowhere.png"]


def test_readme_has_two_commands():
    text = (ROOT / "README.md").read_text()
    commands = [line for _, code in blocks(text, "(?:sh|bash|console)")
                for line in code.splitlines() if line]
    assert commands == [JOB, TESTS]


def test_the_automatic_run_is_the_readme_command():
    assert TESTS in (ROOT / ".ci" / "run").read_text().splitlines()


def test_readme_shows_gradients_in_five_lines_and_maml_in_eight():
    code = [code for _, code in blocks((ROOT / "README.md").read_text(), "python")]
    lengths = [sum(1 for line in block.splitlines() if line.strip()) for block in code]
    assert lengths[:2] == [5, 8]


def test_maml_by_hand_is_what_readme_shows():
    """The same statements, docstrings and comments left out."""
    import ast

    def functions(source):
        found = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                if ast.get_docstring(node) is not None:
                    del node.body[0]
                found[node.name] = ast.unparse(node)
        return found
    readme = functions(blocks((ROOT / "README.md").read_text(), "python")[1][1])
    example = functions((ROOT / "examples" / "06_maml_by_hand.py").read_text())
    assert readme and readme.items() <= example.items()


def test_the_reading_order_names_files_that_exist():
    text = (ROOT / "README.md").read_text().partition("## Reading order")[2].partition("\n## ")[0]
    paths = re.findall(r"\]\((minimeta/[^)]+)\)", text)
    assert len(paths) > 8 and len(set(paths)) == len(paths)
    assert all((ROOT / path).exists() for path in paths)


def test_the_command_is_there():
    done = subprocess.run([sys.executable, "-m", "minimeta", "compare", "--help"],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--data" in done.stdout, done.stderr
