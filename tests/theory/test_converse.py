"""C4: if the mean is best for every distribution, the divergence is Bregman."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.meta import bregman, burg_entropy, negative_entropy, squared_norm
from minimeta.theory import converse as theorem
from minimeta.theory.converse import (OTHERS, affine_defect, fourth_power, hellinger, largest,
                                      plain_distance, pull, recovered, swapped, symmetric_sample,
                                      verify)
from minimeta.theory.generators import EXAMPLE, generators, logistic
from tests.differences import slope
from tests.theory.samples import EPS, POSITIVE, caught, check, numbers, weights

T = st.integers(1, 15).map(lambda i: i / 16)


def chi_square(x, c):
    return np.sum((x - c) ** 2 / c)


@given(st.integers(0, 2 ** 32 - 1), T)
def test_bregman_divergences_have_no_defect_and_are_recovered(seed, t):
    rng = np.random.default_rng(seed)
    for _, phi, draw, _ in generators(rng, 3):
        D, (x0, x1, c, base) = bregman(phi), draw(rng, 4, 3)
        size = 1 + D(x0, c) + D(x1, c) + D(x0, base) + D(x1, base)
        assert largest(affine_defect(D, x0, x1, c, t)) <= 1e-10 * size
        assert abs(recovered(D, base)(x0, x1) - D(x0, x1)) <= 1e-11 * size


@given(numbers(2, elements=POSITIVE), numbers(2, elements=POSITIVE), numbers(2, elements=POSITIVE),
       T)
def test_defects_in_closed_form(x0, x1, c, t):
    """grad_c of sum (x - c)^2 / c is 1 - x^2 / c^2, of swapped Kullback-Leibler log c - log x."""
    x = (1 - t) * x0 + t * x1
    scale = 64 * EPS * np.max(1 + (x0 ** 2 + x1 ** 2) / c ** 2)
    assert np.allclose(affine_defect(chi_square, x0, x1, c, t),
                       t * (1 - t) * (x1 - x0) ** 2 / c ** 2, rtol=0, atol=scale)
    assert np.allclose(affine_defect(swapped, x0, x1, c, t),
                       -np.log(x) + (1 - t) * np.log(x0) + t * np.log(x1), rtol=0, atol=1e-13)
    assert swapped(x, c) == pytest.approx(np.sum(c * np.log(c / x) - c + x), abs=1e-13)
    assert largest(affine_defect(chi_square, x0, x1, c)) == pytest.approx(
        0.21 * np.max((x1 - x0) ** 2 / c ** 2), abs=scale)


def test_what_the_others_are():
    x, c = np.array([4.0, 1.0]), np.array([1.0, 9.0])
    assert plain_distance(x, c) == pytest.approx(np.sqrt(73))
    assert fourth_power(x, c) == 73 ** 2 and hellinger(x, c) == pytest.approx(1 + 4)
    assert largest(np.array([1.0, -3.0])) == 3
    assert list(OTHERS.values()) == [plain_distance, fourth_power, hellinger, swapped]


@pytest.mark.parametrize("F", [*OTHERS.values(), chi_square])
def test_for_the_others_the_mean_is_not_always_best(F):
    w = np.array([0.1, 0.2, 0.3, 0.4])
    assert largest(pull(F, EXAMPLE, w)) > 0.01
    v = np.array([0.2, -0.1, 0.3])
    assert np.sum(pull(F, EXAMPLE, w) * v) == pytest.approx(slope(
        lambda c: sum(w[i] * F(EXAMPLE[i], c) for i in range(4)), w @ EXAMPLE, v, 1e-2), abs=1e-7)
    assert abs(recovered(F, EXAMPLE[3])(EXAMPLE[0], EXAMPLE[1]) - F(*EXAMPLE[:2])) > 0.01


@given(numbers(4, 2, elements=POSITIVE), weights(4))
def test_for_bregman_divergences_it_is(x, w):
    for phi in (squared_norm, negative_entropy, burg_entropy):
        assert largest(pull(bregman(phi), x, w)) < 1e-11
    assert largest(pull(bregman(logistic), x / 3, w)) < 1e-11


@pytest.mark.parametrize("seed", range(5))
def test_symmetric_samples_are_not_enough(seed):
    x, w = symmetric_sample(np.random.default_rng(seed))
    assert np.sum(w) == pytest.approx(1) and x.shape == (6, 3)
    assert np.allclose(x + np.roll(x, 3, axis=0), 2 * (w @ x)) and np.allclose(w[:3], w[3:])
    assert np.all((w @ x > 0.2) & (w @ x < 2)) and np.ptp(x) > 1
    assert largest(pull(fourth_power, x, w)) < 1e-12
    assert largest(pull(fourth_power, x[:5], w[:5] / w[:5].sum())) > 1e-3


def test_findings():
    check(verify, 7 * [1e-11, 1e-10] + [1e-11], [(found, 0.01) for found in (
        0.1422, 0.2552, 0.1364, 4.754, 7.547, 0.4571, 0.07797, 0.01461, 0.04567, 0.3551, 0.03279,
        0.207)])


def test_mutants_are_caught(monkeypatch):
    def reversed_arguments(phi):
        return lambda x, y: bregman(phi)(y, x)

    def without_gradient(phi):
        return lambda x, y: phi(x) - phi(y)

    def symmetrised(phi):
        return lambda x, y: bregman(phi)(x, y) + bregman(phi)(y, x)

    def unweighted(F, x0, x1, c, t):
        return affine_defect(F, x0, x1, c, 0.5 * t)

    for mutant in (dict(bregman=reversed_arguments), dict(bregman=without_gradient),
                   dict(bregman=symmetrised), dict(fourth_power=chi_square),
                   dict(recovered=lambda F, base: lambda x, y: F(y, x)),
                   dict(recovered=lambda F, base: bregman(lambda x: F(base, x))),
                   dict(OTHERS={"a Bregman divergence": bregman(squared_norm)}),
                   dict(affine_defect=lambda F, x0, x1, c, t=0.3: theorem.grad(
                       lambda c: F(x0, c))(c))):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant
