"""The mutation run: what it changes, that it catches and that it lets through."""
import ast
import os
import re

import numpy as np
import pytest

from benchmarks import mutants as tool, mutants_page
from benchmarks.mutants_explained import EXPLAINED


def changes(source):
    return [what for _, _, what, _ in tool.mutants(source)]


@pytest.mark.parametrize("source, expected", [
    ("a + b", {"a - b", "a", "b", "-a + b"}), ("a - b", {"a + b", "a", "b", "-a - b"}),
    ("a * b", {"a / b"}), ("a / b", {"a * b"}), ("a @ b", {"b @ a"}), ("a ** b", {"a * b"}),
    ("a // b", {"a * b"}), ("a % b", {"a * b"}), ("-a", {"a"}), ("not a", {"a"}),
    ("a < b", {"a <= b", "a >= b"}), ("a == b", {"a != b"}), ("a is b", {"a is not b"}),
    ("a in b", {"a not in b"}), ("a and b", {"a or b"}), ("f(2)", {"2 -> 3"}),
    ("f(0.5)", {"0.5 -> 1.5"}), ("f(True)", set()), ("f('x')", set()), ("f(f'{a + 1}')", set()),
    ("a += b", {"a -= b"}), ("def f(a=1):\n    '''a + 1'''", {"1 -> 2"})])
def test_what_is_changed(source, expected):
    found = {what if source.startswith(("f(", "def")) else what.split(" -> ")[1]
             for what in changes(source)}
    assert found == expected


def test_each_mutant_differs_from_the_source_by_one_change():
    source = "def f(a, b):\n    return a * (b + 2) - a @ b\n"
    found = list(tool.mutants(source))
    assert len({ast.unparse(ast.parse(source)), *(what for _, _, what, _ in found)}) == len(
        found) + 1
    assert all(line == 2 and function == "f" for line, function, _, _ in found)


def test_a_mutant_is_caught_and_the_unchanged_module_is_not():
    """In children of this process, as in a run."""
    from hypothesis import settings
    settings.register_profile("few", settings.get_profile("ci"), max_examples=5)
    path = tool.THEORY / "theorem.py"
    test = tool.ROOT / "tests" / "theory" / "test_theorem.py"
    source = path.read_text()
    wrong = source.replace("self.limit <= self.found", "self.limit < self.found")
    assert wrong != source
    for text, verdict in ((source, b"s"), (wrong, b"k"), ("1 / 0", b"k")):
        code = compile(text, "<planted>", "exec")
        assert tool.Child(path, test, (0, "", "", code), 60, "few").end() == verdict


def test_survivors_are_remembered_for_one_source_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(tool, "LAST", tmp_path / "last.json")
    path, other = tmp_path / "a.py", tmp_path / "b.py"
    path.write_text("1 + 2"), other.write_text("1 + 2")
    assert tool.remembered(path) is None
    tool.remember(path, [(3, "f", "1 -> 2")])
    tool.remember(other, [])
    assert tool.remembered(path) == [(3, "f", "1 -> 2")] and tool.remembered(other) == []
    path.write_text("1 + 3")
    assert tool.remembered(path) is None


def test_only_survivors_are_run_again_and_all_are_counted(monkeypatch, tmp_path):
    path, test = tmp_path / "a.py", tmp_path / "test_a.py"
    path.write_text("x = 1 + 2\ny = 3\n")
    ran = []

    class Child:
        def __init__(self, path, test, what, limit, profile):
            ran.append((what[2], profile))
            self.what, self.profile, self.deadline = what, profile, np.inf
            self.read, write = os.pipe()
            self.seconds = 1.0
            os.write(write, b"s")

        def end(self, killed=False):
            os.close(self.read)
            return b"s"
    monkeypatch.setattr(tool, "Child", Child)
    count, survivors, stopped = tool.run(path, test, 1)
    assert count == len(survivors) == len(list(tool.mutants(path.read_text()))) == 7
    assert stopped == 0 and len(ran) == 1 + 2 * 7
    del ran[:]
    assert tool.run(path, test, 1, only=[(2, "", "3 -> 4")]) == (7, [(2, "", "3 -> 4")], 0)
    assert ran == [("unchanged", "all"), ("3 -> 4", "all")]


def test_a_mutant_that_does_not_end_is_stopped(tmp_path):
    path, test = tool.THEORY / "theorem.py", tool.ROOT / "tests" / "theory" / "test_theorem.py"
    endless = compile("while True: pass", "<endless>", "exec")
    child = tool.Child(path, test, (0, "", "", endless), 1, "few")
    assert child.end() == b"" and 0.5 < child.seconds < 5


def test_explanations_match_names_only_where_they_say():
    """Each is for one file, and for functions that are in it."""
    functions = {}
    for path in tool.THEORY.glob("*.py"):
        functions[path.stem] = {"", *(function for *_, function in tool.places(
            ast.parse(path.read_text())))}
    for stem, where, pattern, why in EXPLAINED:
        assert any(re.fullmatch(where, f) for f in functions[stem]), (stem, where)
        assert not re.fullmatch(where, "some_other") and not re.search(pattern, "a + b -> a - b")
        assert len(why) > 10
    assert tool.reason("losses", "nowhere", "0 -> 1") is None


def test_the_page_gathers_the_rows_of_files(monkeypatch, tmp_path):
    monkeypatch.setattr(mutants_page, "PAGE", tmp_path / "results" / "mutants.md")
    mutants_page.write("slopes", 1200, 3, ["any will do", None, "any will do"])
    mutants_page.write("losses", 10, 0, [])
    mutants_page.write("slopes", 1100, 2, ["any will do", "symmetric"])
    text = mutants_page.PAGE.read_text()
    found = mutants_page.rows(text)
    assert [row[:5] for row in found["losses"]] == [["`losses`", "10", "10", "0", "0"]]
    assert found["slopes"][0][:5] == ["`slopes`", "1100", "1098", "2", "0"]
    assert found["slopes"][1:] == [["`slopes`", "any will do", "1"], ["`slopes`", "symmetric", "1"]]
    assert "| all | 1,110 | 1,108 | 2 | 0 | |" in text


def test_the_page_has_all_files_and_no_survivor_without_a_reason():
    found = mutants_page.rows(mutants_page.PAGE.read_text())
    assert set(found) == {path.stem for path in tool.THEORY.glob("*.py")
                          if (tool.ROOT / "tests" / "theory" / f"test_{path.stem}.py").exists()}
    reasons = {why for *_, why in EXPLAINED}
    for (_, count, caught, explained, unexplained, _), *rest in found.values():
        assert int(count) == int(caught) + int(explained) and unexplained == "0"
        assert int(explained) == sum(int(n) for *_, n in rest)
        assert {why for _, why, _ in rest} <= reasons
