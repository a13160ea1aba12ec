"""The table of theorems: all there, in order, each with its parts."""
import sys

import numpy as np
import pytest

from minimeta import theory
from minimeta.theory import THEOREMS

KEYS = ([f"A{n}" for n in range(1, 8)] + [f"B{n}" for n in range(7)]
        + [f"C{n}" for n in range(1, 12)])


def test_keys_in_order():
    assert list(THEOREMS) == KEYS


@pytest.mark.parametrize("key", THEOREMS)
def test_each_theorem_has_its_parts(key):
    theorem = THEOREMS[key]
    assert theorem.key == key and theorem.title and theorem.statement
    module = sys.modules[theorem.module]
    for part in ("Proof", "Source:", "Read next:", "ounterexample", key):
        assert part in module.__doc__


@pytest.mark.parametrize("key", [k for k in KEYS if THEOREMS[k].generic])
def test_generic_theorems_take_a_users_loss_of_any_dimension(key):
    def loss(t):
        return np.sum(np.exp(0.5 * np.sin(t)) * t) + np.sum(t * t)
    for theta in ([0.25], [0.25, -1.5, 0.75]):
        found = THEOREMS[key].verify(np.random.default_rng(0), loss, np.array(theta))
        assert found and all(f.passed for f in found), [f for f in found if not f.passed]
        assert all(f.kind != "counterexample" for f in found)


@pytest.mark.parametrize("key", [k for k in KEYS if k not in ("A3", "B4", "C8")])
def test_other_generators_give_other_numbers_and_the_same_verdict(key):
    first, second = ([(f.name, f.found) for f in THEOREMS[key].verify(np.random.default_rng(s))
                      if f.passed] for s in (1, 2))
    assert [name for name, _ in first] == [name for name, _ in second] and first != second


@pytest.mark.parametrize("key", KEYS)
def test_each_theorem_is_computed_and_broken(key):
    """Several checks, names apart, and a counterexample in which a hypothesis is missing."""
    found = THEOREMS[key].verify(np.random.default_rng(5))
    assert all(f.passed for f in found), [f for f in found if not f.passed]
    assert {"gap", "counterexample"} <= {f.kind for f in found}
    assert len({f.name for f in found}) == len(found)


@pytest.mark.nightly
@pytest.mark.parametrize("key", KEYS)
def test_every_seed(key):
    for seed in range(100):
        found = THEOREMS[key].verify(np.random.default_rng((seed, KEYS.index(key))))
        assert all(f.passed for f in found), (seed, [f for f in found if not f.passed])


def test_pictures_are_arrays_of_one_length():
    drawn = [t.picture(np.random.default_rng(0)) for t in THEOREMS.values() if t.picture]
    assert len(drawn) >= 6
    for picture in drawn:
        assert picture.kind in ("loglog", "semilog", "plane") and picture.title and picture.xlabel
        for label, x, y in (*picture.lines, *picture.points):
            assert label and np.shape(x) == np.shape(y) and np.all(np.isfinite([x, y]))
            if picture.kind != "plane":
                assert np.all(np.asarray(y) > 0)
            if picture.kind == "loglog":
                assert np.all(np.asarray(x) > 0)


def test_exported_names_are_there():
    assert all(hasattr(theory, name) for name in theory.__all__)
