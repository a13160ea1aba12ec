"""C3: the best first argument of a Bregman divergence."""
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.special import expit, logit

from minimeta.meta import bregman, burg_entropy, negative_entropy, squared_norm
from minimeta.theory import first_argument as theorem
from minimeta.theory.first_argument import (distance_from_mean, divergence_from_minimiser,
                                            excess_of_first, first_cost, first_minimiser,
                                            flat_direction, picture, verify)
from minimeta.theory.generators import generators, logistic, mahalanobis
from minimeta.theory.mean import weighted_mean
from tests.differences import slope
from tests.theory.samples import EPS, POSITIVE, REAL, UNIT, caught, check, numbers, weights

A = np.array([[2.0, 0.5], [0.5, 1.0]])
CLOSED = {                              # generator, numbers, c*
    "arithmetic": (squared_norm, REAL, lambda x, w: w @ x),
    "Mahalanobis": (mahalanobis(A), REAL, lambda x, w: w @ x),
    "geometric": (negative_entropy, POSITIVE, lambda x, w: np.exp(w @ np.log(x))),
    "harmonic": (burg_entropy, POSITIVE, lambda x, w: 1 / (w @ (1 / x))),
    "logistic": (logistic, UNIT, lambda x, w: expit(w @ logit(x)))}


@pytest.mark.parametrize("name", CLOSED)
def test_identity_and_closed_form(name):
    phi, elements, closed = CLOSED[name]

    @settings(max_examples=25)
    @given(numbers(4, 2, elements=elements), weights(4), numbers(2, elements=elements))
    def run(x, w, c):
        best = closed(x, w)
        assert np.allclose(first_minimiser(phi, x, w), best, rtol=1e-10, atol=1e-13)
        tolerance = 256 * EPS * (np.max(np.abs(phi(x))) + abs(phi(c)) + 10 / np.min(np.abs(x)))
        by_hand = sum(w[i] * bregman(phi)(c, x[i]) for i in range(4))
        assert abs(first_cost(phi, x, w, c) - by_hand) <= tolerance
        left, right = excess_of_first(phi, x, w, c), divergence_from_minimiser(phi, x, w, c)
        assert abs(right - bregman(phi)(c, best)) <= tolerance
        assert abs(left - right) <= tolerance and left >= -tolerance
        assert distance_from_mean(phi, x, w) == pytest.approx(np.linalg.norm(best - w @ x),
                                                              abs=1e-9)
    run()


@pytest.mark.parametrize("seed", range(4))
def test_gradient_by_differences(seed):
    rng = np.random.default_rng(seed)
    for _, phi, draw, strict in generators(rng, 3):
        x, w, v = draw(rng, 5, 3), rng.dirichlet(np.full(5, 3.0)), rng.standard_normal(3) / 8
        if strict:
            at = slope(lambda c: first_cost(phi, x, w, c), first_minimiser(phi, x, w), v, 1e-3)
            assert abs(at) <= 1e-9 * first_cost(phi, x, w, draw(rng, 3))


def test_the_numbers_of_a_sample():
    """Means of 1 and 2: 1.5, 1.4142 and 1.3333."""
    x, w = np.array([[1.0], [2.0]]), np.array([0.5, 0.5])
    assert distance_from_mean(negative_entropy, x, w) == pytest.approx(1.5 - np.sqrt(2))
    assert distance_from_mean(burg_entropy, x, w) == pytest.approx(1.5 - 4 / 3)


def test_two_minimisers_without_strict_convexity():
    c, other, least, same = flat_direction(np.random.default_rng(3))
    assert np.allclose(other - c, 1) and abs(same - least) < 1e-14
    v = np.array([0.5, -0.25, 0.125])
    assert least < theorem.first_cost(theorem.log_sum_exp, *first_sample(), c + v) - 1e-4
    assert least == pytest.approx(first_cost(theorem.log_sum_exp, *first_sample(), c))


def first_sample():
    rng = np.random.default_rng(3)
    return theorem.anywhere(rng, 6, 3), theorem.weights(rng, 6)


def test_bad_weights_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        first_cost(squared_norm, np.ones((2, 3)), [0.5, 0.4], np.ones(3))


def test_findings():
    check(verify, 12 * [1e-11] + [1e-13, 1e-11], [(0.2432, 0.01), (0.4402, 0.01), (1.0, 0.9)])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutants_are_caught(monkeypatch):
    def swapped(phi):
        return lambda x, y: bregman(phi)(y, x)

    for mutant in (dict(bregman=swapped), dict(first_minimiser=lambda phi, x, w: w @ x),
                   dict(first_minimiser=lambda phi, x, w: np.mean(x, axis=0)),
                   dict(first_cost=theorem.second_cost),
                   dict(divergence_from_minimiser=lambda phi, x, w, c:
                        bregman(phi)(first_minimiser(phi, x, w), c)),
                   dict(excess_of_first=lambda phi, x, w, c:
                        -divergence_from_minimiser(phi, x, w, c)),
                   dict(log_sum_exp=squared_norm)):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_picture():
    drawn = picture(np.random.default_rng(0))
    x = np.array([0.2, 0.4, 1.0, 2.4])
    mean, geometric, harmonic = x.mean(), np.exp(np.log(x).mean()), 1 / np.mean(1 / x)
    assert drawn.kind == "plane" and np.array_equal(drawn.points[0][1], x)
    assert drawn.points[0][2].tolist() == 4 * [0]
    assert len(drawn.points) == 5 and len(drawn.lines) == 4
    for (label, c, cost), (_, at, height), best in zip(
            drawn.lines, drawn.points[1:], (mean, geometric, mean, harmonic)):
        assert (c[0], c[-1], len(c)) == (0.15, 2.4, 226) and cost.shape == (226,)
        assert at[0] == pytest.approx(best, abs=1e-9) and abs(c[np.argmin(cost)] - best) < 0.01
        assert height[0] == pytest.approx(cost.min(), abs=1e-3)
        assert ("D(x, c)" in label) == (best == mean)
    assert weighted_mean(x[:, None], np.full(4, 0.25))[0] == mean
