"""C2: the mean is the best second argument of every Bregman divergence."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax

from minimeta.meta import bregman, burg_entropy, negative_entropy, squared_norm
from minimeta.theory import bregman_mean as theorem
from minimeta.theory.bregman_mean import (concave_excess, divergence_from_mean, excess,
                                          flat_direction, second_cost, verify)
from minimeta.theory.generators import generators, log_sum_exp, logistic, mahalanobis
from minimeta.theory.mean import weighted_mean
from tests.differences import slope
from tests.theory.samples import EPS, POSITIVE, REAL, UNIT, caught, check, numbers, weights

A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.25], [0.0, -0.25, 3.0]])


def binary(x, y):
    return np.sum(x * np.log(x / y) + (1 - x) * np.log((1 - x) / (1 - y)))


CLOSED = {                              # divergences as their books have them
    "squared norm": (squared_norm, REAL, lambda x, y: np.sum((x - y) ** 2)),
    "Mahalanobis": (mahalanobis(A), REAL, lambda x, y: (x - y) @ A @ (x - y)),
    "Kullback-Leibler": (negative_entropy, POSITIVE,
                         lambda x, y: np.sum(x * np.log(x / y) - x + y)),
    "Itakura-Saito": (burg_entropy, POSITIVE, lambda x, y: np.sum(x / y - np.log(x / y) - 1)),
    "logistic": (logistic, UNIT, binary),
    "log-sum-exp": (log_sum_exp, REAL,
                    lambda x, y: logsumexp(x) - logsumexp(y) - softmax(y) @ (x - y))}


def largest_term(phi, x, c):
    """The sum of what is added up in D(x_i, c), without signs."""
    return np.max(np.abs(phi(x))) + abs(phi(c)) + 10 * np.max(np.abs(x)) / np.min(np.abs(c))


@pytest.mark.parametrize("name", CLOSED)
def test_identity_against_closed_forms(name):
    phi, elements, closed = CLOSED[name]

    @given(numbers(4, 3, elements=elements), weights(4), numbers(3, elements=elements))
    def run(x, w, c):
        mu, tolerance = w @ x, 64 * EPS * largest_term(phi, x, c)
        assert abs(second_cost(phi, x, w, c) - sum(w[i] * closed(x[i], c) for i in range(4))) \
            <= tolerance
        assert abs(divergence_from_mean(phi, x, w, c) - closed(mu, c)) <= tolerance
        assert abs(excess(phi, x, w, c) - closed(mu, c)) <= tolerance
        assert excess(phi, x, w, c) >= -tolerance
    run()


@given(st.integers(0, 2 ** 32 - 1))
def test_identity_for_random_generators(seed):
    rng = np.random.default_rng(seed)
    for _, phi, draw, strict in generators(rng, 4):
        x, w, c = draw(rng, 5, 4), rng.dirichlet(np.full(5, 3.0)), draw(rng, 4)
        left, right = excess(phi, x, w, c), divergence_from_mean(phi, x, w, c)
        assert left == pytest.approx(right, abs=1e-12 * (1 + second_cost(phi, x, w, c)))
        assert right > 1e-6 or not strict


@given(numbers(4, 2, elements=POSITIVE), weights(4), numbers(2))
def test_the_gradient_at_the_mean_by_differences(x, w, v):
    mu = weighted_mean(x, w)
    at_mean = slope(lambda c: second_cost(negative_entropy, x, w, c), mu, v / 8, 1e-3)
    assert abs(at_mean) < 1e-10
    swapped = slope(lambda c: sum(w[i] * bregman(negative_entropy)(c, x[i]) for i in range(4)),
                    mu, v / 8, 1e-3)
    expected = sum(w[i] * np.log(mu / x[i]) for i in range(4)) @ v / 8
    assert swapped == pytest.approx(expected, abs=1e-10)


@given(numbers(4, 3), weights(4), numbers(3))
def test_any_function_will_do_for_the_identity(x, w, c):
    def phi(x):                         # neither convex nor of the last axis
        return np.sin(x[0]) * x[1] + x[2] ** 3
    assert excess(phi, x, w, c) == pytest.approx(divergence_from_mean(phi, x, w, c), abs=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_counterexamples(seed):
    mu, c, least, same = flat_direction(np.random.default_rng(seed))
    assert np.allclose(c - mu, 1) and abs(same - least) < 1e-14 and least > 1e-3
    assert concave_excess(np.random.default_rng(seed)) < -1e-3


def test_bad_weights_are_refused():
    with pytest.raises(ValueError, match="sum to 1"):
        second_cost(squared_norm, np.ones((2, 3)), [0.5, 0.4], np.ones(3))


def test_findings():
    check(verify, 15 * [1e-11], [(1, 0.9), (0.305, 1e-3)])


def test_mutants_are_caught(monkeypatch):
    def swapped(phi):
        return lambda x, y: bregman(phi)(y, x)

    def wrong_sign(phi):
        return lambda x, y: phi(x) - phi(y) + np.sum(bregman_slope(phi, y) * (x - y))

    def without_gradient(phi):
        return lambda x, y: phi(x) - phi(y)

    from minimeta.meta.bregman import slope as bregman_slope
    for mutant in (dict(bregman=swapped), dict(bregman=wrong_sign), dict(bregman=without_gradient),
                   dict(weighted_mean=lambda x, w: np.mean(x, axis=0)),
                   dict(divergence_from_mean=lambda phi, x, w, c: bregman(phi)(c, w @ x)),
                   dict(divergence_from_mean=lambda phi, x, w, c: -bregman(phi)(w @ x, c)),
                   dict(excess=lambda phi, x, w, c: second_cost(phi, x, w, c)),
                   dict(log_sum_exp=squared_norm)):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant
