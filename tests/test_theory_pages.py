"""docs/theory: a page for each theorem, none of them stale; `python docs/fill.py` renews them."""
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from minimeta.theory import THEOREMS

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("fill", ROOT / "docs" / "fill.py")
fill = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fill)
TEXTS = {page.name: page.read_text() for page in sorted(fill.PAGES.glob("*.md"))}


def page_of(key):
    """The one page whose name begins with the key."""
    [name] = [name for name in TEXTS if name.startswith(f"{key.lower()}-")]
    return name


def without_numbers(table):
    """The rows of a table without the column of what was found, which differs in its last digits
    from machine to machine."""
    return [re.split(r"(?<!\\)\|", row)[:2] + re.split(r"(?<!\\)\|", row)[3:]
            for row in table.splitlines() if row.startswith("|")]


def faults(text, key=None):
    """What is stale on a page, and what the page of theorem `key` lacks."""
    found, places = [], fill.PLACE.findall(text)
    if len(places) != len(re.findall(r"<!-- (?:code|findings|picture):", text)):
        found.append("a place without its end")
    for _, kind, what, content, _ in places:
        if kind == "code":
            stale = content != fill.code(what)
        elif kind == "findings":
            stale = without_numbers(content) != without_numbers(fill.findings(what))
        else:
            drawn = THEOREMS[what].picture(np.random.default_rng(0))
            stale = content != fill.shown(what, drawn)
            if not (fill.PAGES / "images" / f"{what}.png").is_file():
                found.append(f"no image of {what}")
        if stale:
            found.append(f"stale {kind} of {what}")
    if key is not None:
        needed = {("code", THEOREMS[key].module.replace(".", "/") + ".py"), ("findings", key)}
        if THEOREMS[key].picture is not None:
            needed.add(("picture", key))
        have = {(kind, what) for _, kind, what, _, _ in places}
        found += [f"no {kind} of {what}" for kind, what in sorted(needed - have)]
        if not text.startswith(f"# {key}. "):
            found.append("another title")
        found += [f"no {part}" for part in ("$$", "Proof", "Source") if part not in text]
    return found


def test_each_theorem_has_a_page_and_each_page_a_theorem():
    assert {page_of(key) for key in THEOREMS} == set(TEXTS) - {"index.md", "textbooks.md"}


def test_the_index_and_the_package_lead_to_each_page():
    for key in THEOREMS:
        assert re.search(rf"^\| {key} \| \[[^]]+\]\({page_of(key)}\)", TEXTS["index.md"], re.M)


@pytest.mark.parametrize("key", THEOREMS)
def test_the_page_of_a_theorem_is_whole_and_fresh(key):
    assert not faults(TEXTS[page_of(key)], key)


def test_the_page_of_corrections_is_fresh():
    text = TEXTS["textbooks.md"]
    assert not faults(text) and len(fill.PLACE.findall(text)) >= 6
    for _, kind, what, content, _ in fill.PLACE.findall(text):
        assert kind == "findings" and content.count("\n| ") > 1, what     # the head, and rows
    for k, value in enumerate((0, 1, 3, 6, 10), 1):
        assert f"| k = {k}: coefficient of Hg | {value:.3f} |" in text
    for picture in re.findall(r"\(images/(\w+)\.png\)", text):
        assert fill.shown(picture, THEOREMS[picture].picture(np.random.default_rng(0))) in text


def test_images_are_small_and_each_is_shown():
    images = sorted((fill.PAGES / "images").iterdir())
    assert {path.stem for path in images} == {k for k, t in THEOREMS.items() if t.picture}
    assert all(path.stat().st_size < 40_000 for path in images)


@pytest.mark.parametrize("before, after, fault", [
    ("return np.dot(w, np.sum((x - c) ** 2, axis=1))", "return 0", "stale code of"),
    ("gradient of the squared cost at the mean", "gradient of the cost", "stale findings of C1"),
    ("| at most 1.0e-13 |", "| at most 1.0e-03 |", "stale findings of C1"),
    ("| holds |", "| FAILS |", "stale findings of C1"),
    ("images/C1.png", "images/C2.png", "stale picture of C1"),
    ("picture: C1", "picture: C3", "no picture of C1"),
    ("findings: C1", "findings: C2", "no findings of C1"),
    ("theory/mean.py -->", "theory/theorem.py -->", "no code of minimeta/theory/mean.py"),
    ("<!-- end -->", "", "a place without its end"),
    ("# C1. ", "# C2. ", "another title"), ("**Proof", "**Reason", "no Proof")])
def test_a_stale_page_is_caught(before, after, fault):
    text = TEXTS["c1-mean.md"]
    assert before in text
    assert any(found.startswith(fault) for found in faults(text.replace(before, after, 1), "C1"))


def test_a_missing_image_is_caught(monkeypatch, tmp_path):
    monkeypatch.setattr(fill, "PAGES", tmp_path)
    assert faults(TEXTS["c1-mean.md"]) == ["no image of C1"]


def test_numbers_may_differ_in_what_was_found_alone():
    row = "| plain \\|\\|x\\|\\| | 1.0e-16 | at most 1.0e-13 | holds |"
    assert without_numbers(row) == without_numbers(row.replace("1.0e-16", "2.2e-16"))
    assert without_numbers(row) != without_numbers(row.replace("1.0e-13", "2.2e-13"))


def test_filling_a_stale_page_renews_it_and_twice_is_once():
    text = TEXTS["c1-mean.md"]
    makers = {"code": fill.code, "findings": fill.findings}
    stale = text.replace("return np.dot(w, np.sum((x - c) ** 2, axis=1))", "return 0")
    fresh = fill.fill(stale, makers)
    assert fresh != stale and not faults(fresh, "C1") and fill.fill(fresh, makers) == fresh
