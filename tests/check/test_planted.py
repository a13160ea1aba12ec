"""A slice of the table of planted errors: no false alarm, no miss above the stated resolution."""
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import check_speed
from benchmarks.checkers import count, document, measure, table
from benchmarks.peers import OBJECTED, PASSED, UNDECIDED, autograd, ours, quiet, scipy
from benchmarks.planted import FIRST, SECOND, cases

SLICE = list(cases(quick=True))[::2]


def faults(some):
    """Cases on which the checker is wrong: cries wolf, crashes, or misses what it says it sees."""
    found = []
    for case in some:
        said = quiet(ours, case)
        verdict, resolution = (said, 0) if isinstance(said, str) else said
        missed = not case.correct and verdict == PASSED and case.error > resolution
        if missed or verdict.startswith("crashed") or case.correct and verdict == OBJECTED:
            found.append(f"{case.name}, order {case.order}: {verdict}, off by {case.error:.1e}, "
                         f"resolution {resolution:.1e}")
    return found


def test_no_false_alarm_and_no_miss_above_the_resolution():
    assert not faults(SLICE)


@pytest.mark.nightly
def test_the_whole_table():
    assert not faults(cases())


def test_the_slice_is_of_all_kinds():
    wrong = [c for c in SLICE if not c.correct]
    assert {c.kind for c in wrong} >= {*FIRST, *SECOND, "FOMAML", "reversed"}
    assert {c.dtype for c in wrong} == {"float64", "float32"}
    assert len({c.scale for c in wrong}) == 9 and len({c.function for c in wrong}) > 12
    assert min(c.relative for c in wrong) < 1e-8 and len(wrong) < 0.7 * len(SLICE)


def plain(correct, order=1):
    """A float64 case of values and inputs of about 1, planted in the first digits or right."""
    return next(c for c in cases() if c.scale == "plain" and c.dtype == "float64" and len(c.x) < 10
                and c.order == order and c.correct == correct and (correct or c.relative > 1e-3))


@pytest.mark.parametrize("judge", [autograd(), scipy(), lambda case: ours(case)[0]])
def test_each_judge_is_asked_properly(judge):
    assert judge(plain(True)) == PASSED and judge(plain(False)) == OBJECTED
    assert judge(plain(True, 2)) in (PASSED, None) and judge(plain(False, 2)) in (OBJECTED, None)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_each_judge_that_may_be_missing(name):
    pytest.importorskip(name)
    from benchmarks import peers
    judge = getattr(peers, name)()
    for order in (1, 2):
        assert quiet(judge, plain(True, order)) == PASSED
        assert quiet(judge, plain(False, order)) == OBJECTED


def test_a_claim_that_is_wrong_is_not_taken_for_correct():
    case = plain(False)
    assert faults([replace(case, correct=True)])


def test_what_a_blind_checker_and_an_alarmist_miss():
    some = [plain(True), plain(True, 2), plain(False), plain(False, 2)]
    records, seconds = measure(some, {"autograd": lambda case: PASSED,
                                      "scipy": lambda case: OBJECTED})
    blind, alarmist = count(records, "autograd"), count(records, "scipy")
    assert blind["above"] == blind[f"planted {PASSED}"] == 2 and not blind[f"correct {OBJECTED}"]
    assert alarmist[f"correct {OBJECTED}"] == 2 and not alarmist[f"planted {PASSED}"]
    assert count(records, "minimeta")["above"] == 0 == count(records, "minimeta")[UNDECIDED]
    text = document(records, seconds, ["nobody"], "this command")
    assert max(map(len, text)) <= 100 and "- nobody is not installed: left out" in text


def test_a_checker_that_crashes_is_counted():
    records, _ = measure([plain(True)], {"scipy": lambda case: [][0]})
    assert count(records, "scipy")["crashed"] == 1


def test_tables_are_aligned():
    lines = table(("name", "n"), [("a", 1), ("longer", 1000)])
    assert len(set(map(len, lines))) == 1 and lines[3] == "| longer | 1000 |"
    assert np.all([line.startswith("|") for line in lines])


@pytest.mark.parametrize("name", check_speed.CASES)
def test_what_is_timed_finds_what_is_planted(name, monkeypatch):
    monkeypatch.setattr(check_speed, "SIZES", (4, 5, 3, 2))
    monkeypatch.setattr(check_speed, "WRONG", ("W0", (2, 3)))
    monkeypatch.setattr(check_speed, "BY", ("W1", (3, 1)))
    found = check_speed.run(name)
    assert found["verdict"] == ("WRONG" if "wrong" in name else "OK") and found["seconds"] > 0
    if "wrong" in name:
        assert "weights['W0']" in found["worst"] and "[2, 3]" in found["worst"]
    assert max(map(len, check_speed.document([found], "this command"))) <= 100
