"""The table of the theorems in text and Markdown, and their pictures drawn."""
import numpy as np
import pytest

from minimeta.report.theorems import (CELLS, KEY, as_json, as_lines, as_markdown, draw, shown,
                                      tightest, tightness)
from minimeta.run.verify import Outcome
from minimeta.theory import Finding, Picture, Theorem, counterexample, gap, slope

THEOREM = Theorem("C1", "A title that is long enough to be wrapped", "a = b - c", "module", None)
FINE = gap("fine", 1.0, 1.0, 1e-9)
WRONG = gap("wrong ||x||", 1.0, 1.5, 1e-9)
STEEP = slope("steep", 2.96, 3, 0.1)
APART = counterexample("apart", 0.5, 0.01)


@pytest.mark.parametrize("finding, text, ratio", [
    (FINE, "0 < 1e-09", 0.0), (WRONG, "0.33 > 1e-09", 1 / 3 * 1e9), (STEEP, "2.96 (3)", 0.4),
    (APART, "0.5 > 0.01", 0.02), (counterexample("same", 0.0, 0.01), "0 < 0.01", np.inf),
    (Finding("nan", "gap", np.nan, 0.0, 1e-9), "nan > 1e-09", np.inf),
    (gap("no limit", 1.0, 1.0, 0.0), "0 < 0e+00", 0.0)])
def test_a_finding_in_a_cell(finding, text, ratio):
    assert shown(finding) == text and tightness(finding) == pytest.approx(ratio)


def test_the_tightest_of_each_kind_is_shown():
    worse = slope("worse", 2.91, 3, 0.1)
    assert tightest(Outcome(THEOREM, (FINE, STEEP, worse, WRONG), 0.0)) == [WRONG, worse, None]


@pytest.mark.parametrize("width", [80, 100])
def test_lines_have_a_width_and_tell_of_failures(width):
    good, bad = (Outcome(THEOREM, found, 0.0) for found in ((FINE, APART), (FINE, WRONG)))
    broken = Outcome(THEOREM, (), 0.0, "ValueError: no")
    table = as_lines([good, bad, broken], width=width)
    assert all(len(line) <= width for line, _ in table)
    assert [line for line, kind in table if kind == "head"][0].endswith("holds")
    red = [line for line, kind in table if kind == "bad"]
    assert [line.split()[-1] for line in red if line.startswith("C1")] == ["FAILS", "ERROR"]
    assert any("wrong ||x||" in line for line in red) and any("ValueError: no" in x for x in red)
    assert not any("fine" in line for line, _ in table)
    assert any("fine" in line for line, _ in as_lines([good], details=True, width=width))
    head = table[0][0]
    start = width - sum(CELLS) - len(CELLS) + 1
    assert head.startswith(" " * KEY + "theorem") and head.index("gap") == start


def test_markdown_escapes_bars_and_marks_counterexamples():
    lines = as_markdown([FINE, WRONG, STEEP, APART]).splitlines()
    assert lines[:2] == ["| check | found | expected | |", "|---|---|---|---|"]
    assert lines[2:] == [
        "| fine | 0.0e+00 | at most 1.0e-09 | holds |",
        "| wrong \\|\\|x\\|\\| | 3.3e-01 | at most 1.0e-09 | FAILS |",
        "| steep | 2.960 | 3 ± 0.1 | holds |",
        "| counterexample: apart | 5.0e-01 | at least 1.0e-02 | holds |"]


def test_no_number_in_markdown_is_minus_zero():
    assert "| 0.000 |" in as_markdown([slope("small", -1e-9, 0, 0.1)])
    assert "| -0.001 |" in as_markdown([slope("small", -6e-4, 0, 0.1)])


def test_json_has_no_number_that_is_not_finite():
    [data] = as_json([Outcome(THEOREM, (Finding("nan", "gap", np.nan, 0.0, 1.0), STEEP), 1.23456)])
    assert [f["found"] for f in data["findings"]] == [None, 2.96]
    assert data["seconds"] == 1.235 and data["passed"] is False and data["error"] is None


X = np.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize("kind, scales", [("loglog", ("log", "log")), ("plane", ("linear", ) * 2),
                                          ("semilog", ("linear", "log"))])
def test_axes(kind, scales):
    figure = draw(Picture(kind, "title", "x", "y", lines=(("a", X, X), ("b", X, X ** 2)),
                          points=(("c", X, X),), note="a note"))
    [ax] = figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == scales
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("title", "x", "y")
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["a", "b", "c"]
    assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2    # without colour, too
    assert len({line.get_color() for line in ax.lines}) == 3
    if kind == "semilog":
        assert all(t == round(t) for t in ax.get_xticks())


def test_one_scale_for_both_axes_where_angles_count():
    line = (("a", 4 * X, X),)
    wide, same = (draw(Picture("plane", "t", "x", "y", lines=line, equal=e)) for e in (False, True))
    assert wide.axes[0].get_aspect() == "auto" and same.axes[0].get_aspect() == 1
    assert not wide.legends                                 # one line needs none


@pytest.mark.parametrize("length, columns", [(10, 3), (32, 3), (33, 2)])
def test_long_labels_have_fewer_columns(length, columns):
    lines = tuple((str(k) + "x" * (length - 1), X, X) for k in range(4))
    assert draw(Picture("plane", "t", "x", "y", lines=lines)).legends[0]._ncols == columns
