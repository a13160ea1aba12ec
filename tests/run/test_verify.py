"""Which theorems are chosen, with which random numbers, and what an outcome is."""
import numpy as np
import pytest

from minimeta.run.settings import SettingsError
from minimeta.run.verify import Outcome, chosen, generator, verify
from minimeta.theory import THEOREMS, Theorem, gap


def keys(*names, **options):
    return [t.key for t in chosen(names, **options)]


def test_chosen():
    assert keys() == list(THEOREMS) and keys("c2", "A1") == ["A1", "C2"]
    assert keys("b") == [f"B{n}" for n in range(7)] and keys("A", "A1", "C11")[-1] == "C11"
    able = [key for key, t in THEOREMS.items() if t.generic]
    assert keys(generic=True) == able and keys("A", generic=True) == ["A1", "A2", "A6"]


@pytest.mark.parametrize("names, generic, said", [
    (["A8"], False, "unknown theorem 'A8'"), (["", ], False, "unknown theorem ''"),
    (["C1", "A1"], True, "C1 cannot be checked on a loss of yours"),
    (["C"], True, "C cannot be checked"), (["A", "C"], True, "C cannot be checked")])
def test_what_cannot_be_chosen(names, generic, said):
    with pytest.raises(SettingsError, match=said.replace("'", ".")):
        chosen(names, generic)


def test_each_theorem_has_numbers_of_its_own():
    drawn = [generator(t, seed).random() for t in THEOREMS.values() for seed in (0, 1)]
    assert len(set(drawn)) == len(drawn)
    assert generator(THEOREMS["B2"], 4).random() == generator(THEOREMS["B2"], 4).random()


def test_an_outcome_is_what_was_found():
    good, bad = gap("a", 1.0, 1.0, 1e-9), gap("b", 1.0, 2.0, 1e-9)
    outcomes = [Outcome(THEOREMS["A1"], found, 0.0, error) for found, error in (
        ((good,), ""), ((good, bad), ""), ((), ""), ((good,), "ValueError"))]
    assert [o.passed for o in outcomes] == [True, False, False, False]


def test_a_loss_that_raises_is_an_outcome_and_a_check_that_raises_is_a_bug():
    def broken(rng, loss=None, theta=None):
        raise ZeroDivisionError("no\n  way")
    theorem = Theorem("A1", "t", "s", "m", broken, generic=True)
    assert verify(theorem, 0, np.sum, np.ones(2)).error == "ZeroDivisionError: no way"
    with pytest.raises(ZeroDivisionError):
        verify(theorem)
