"""C8: cosine attention without a temperature cannot be confident."""
import numpy as np
import pytest
from hypothesis import given

from minimeta.meta import cosine
from minimeta.theory import confidence as theorem
from minimeta.theory.confidence import (cap, largest_probability, non_negative, opposite,
                                        orthogonal, picture, verify)
from tests.theory.samples import POSITIVE, caught, check, numbers


def test_the_cap_by_hand():
    assert cap(5) == pytest.approx(np.e / (np.e + 4), rel=1e-14)
    assert cap(20) == pytest.approx(np.e / (np.e + 19), rel=1e-14)
    assert cap(5, 0.25) == pytest.approx(np.exp(4) / (np.exp(4) + 4), rel=1e-14)
    assert cap(1) == 1 and cap(5, 1e-3) == 1 and cap(5, 1e9) == pytest.approx(0.2)


@given(numbers(3, 4, elements=POSITIVE), numbers(4, 4, elements=POSITIVE))
def test_non_negative_features_never_exceed_it(queries, support):
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, support)]
    shares = np.exp(unit[0] @ unit[1].T)
    shares /= shares.sum(axis=1, keepdims=True)
    most = largest_probability(queries, support)
    assert most == pytest.approx(shares.max(), rel=1e-10) and most <= cap(4)
    assert largest_probability(queries, support, 0.5) == pytest.approx(
        np.max(shares ** 2 / np.sum(shares ** 2, axis=1, keepdims=True)), rel=1e-10)


@pytest.mark.parametrize("n_way", [2, 5, 20, 50])
def test_it_is_attained_and_the_hypotheses_matter(n_way):
    assert orthogonal(n_way) == pytest.approx(cap(n_way), rel=1e-11)
    assert orthogonal(n_way, 0.2) == pytest.approx(cap(n_way, 0.2), rel=1e-10)
    assert orthogonal(n_way, 0.2) > cap(n_way) + 0.25
    both_signs = np.e / (np.e + (n_way - 1) / np.e)
    assert opposite(n_way) == pytest.approx(both_signs, rel=1e-10) and both_signs > cap(n_way)


@pytest.mark.parametrize("n_way", [2, 5, 20])
def test_random_features_come_near(n_way):
    found = [non_negative(np.random.default_rng(seed), n_way) for seed in range(5)]
    if n_way == 5:                       # a record, of 3 features a class
        assert found[:2] == pytest.approx([0.330281, 0.339306], abs=1e-6)
    assert max(found) <= cap(n_way) and min(found) > 1.1 / n_way


def test_the_loss_has_a_floor():
    assert -np.log(cap(5)) == pytest.approx(np.log(1 + 4 / np.e))


def test_findings():
    check(verify, 2 * [1e-11, 1e-11, 1e-10],
          [(0.5952, 0.5), (0.2442, 0.1), (0.874, 0.5), (0.1548, 0.1)],
          slopes=[(0.405, 0.0005), (0.125, 0.0005)])


def test_mutants_are_caught(monkeypatch):
    def sharp(queries, support, temperature):
        return cosine(queries, support, 0.9 * temperature)

    for mutant in (dict(cap=lambda n, t=1.0: 1 / (1 + n * np.exp(-1 / t))),
                   dict(cap=lambda n, t=1.0: 1 / (1 + (n - 1) * np.exp(1 / t))),
                   dict(cap=lambda n, t=1.0: 1 / (1 + (n - 1) * np.exp(-2 / t))),
                   dict(cap=lambda n, t=1.0: 1 / (1 + (n - 1) * np.exp(-t))),
                   dict(cosine=sharp), dict(cosine=theorem.matching.__defaults__[0]),
                   dict(opposite=orthogonal), dict(non_negative=lambda rng, n: opposite(n))):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_picture(rng):
    drawn = picture(rng)
    (_, n, curve), (_, _, warm), (_, _, chance) = drawn.lines
    (_, some, orthogonals), (_, _, random) = drawn.points
    assert drawn.kind == "plane" and (n[0], n[-1], len(n)) == (2, 64, 63)
    assert np.allclose(curve, np.e / (np.e + n - 1)) and np.allclose(chance * n, 1)
    assert np.allclose(warm, np.exp(10) / (np.exp(10) + n - 1))
    assert some.tolist() == [2, 3, 5, 8, 13, 20, 34, 64]
    assert np.allclose(orthogonals, np.e / (np.e + some - 1))
    assert (random < orthogonals).all() and (random > 1 / some).all()
    assert drawn.note == "0.405 for 5 classes, 0.125 for 20."
