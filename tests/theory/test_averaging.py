"""C11: averaging reduces noise, and is not robust."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta.theory import averaging as theorem
from minimeta.theory.averaging import (copies, independent, mean, median, picture, reach, shift,
                                       variance, variance_of_mean, verify, with_outliers,
                                       without_replacement)
from tests.theory.samples import EPS, caught, check, numbers


@settings(max_examples=20)
@given(numbers(3, 2), st.integers(1, 5))
def test_variance_by_enumeration(x, K):
    sigma2 = np.sum(np.var(x, axis=0))
    assert variance(x) == pytest.approx(sigma2, rel=1e-13)
    assert variance_of_mean(x, independent(3, K)) == pytest.approx(sigma2 / K, rel=64 * EPS)
    assert variance_of_mean(x, copies(3, K)) == pytest.approx(sigma2, rel=64 * EPS)


@settings(max_examples=20)
@given(numbers(5, 2), st.integers(1, 5))
def test_finite_population(x, K):
    expected = variance(x) / K * (5 - K) / 4
    assert variance_of_mean(x, without_replacement(5, K)) == pytest.approx(expected, abs=1e-13)


def test_samples_are_listed():
    assert independent(2, 2).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert without_replacement(3, 2).tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    assert copies(2, 3).tolist() == [[0, 0, 0], [1, 1, 1]]


@given(numbers(5, 3), st.sampled_from([-1e6, -3.0, 0.5, 10.0, 1e9]), st.integers(0, 2))
def test_the_mean_moves_and_the_median_stays(x, distance, count):
    moved = with_outliers(x, distance, count)
    assert np.array_equal(moved[count:], x[count:])
    assert np.allclose(moved[:count, 0], x[:count, 0] + distance, rtol=1e-13)
    assert np.array_equal(moved[:, 1:], x[:, 1:])
    assert shift(mean, x, distance, count) == pytest.approx(count * abs(distance) / 5,
                                                            rel=1e-12, abs=1e-12)
    assert shift(median, x, distance, count) <= np.max(np.abs(x[:, 0] - median(x)[0]))
    assert np.array_equal(median(x), np.sort(x, axis=0)[2])


def test_reach():
    x = np.array([[0.0, 90.0], [1.0, -90.0], [5.0, 0.0], [6.0, 0.0], [2.0, 0.0]])
    assert reach(x) == 4 and reach(-x) == 4                 # the median is 2 along the first axis


def test_one_outlier_is_the_default(rng):
    x = rng.standard_normal((4, 2))
    assert np.array_equal(with_outliers(x, 3.0), with_outliers(x, 3.0, 1))
    assert shift(mean, x, 3.0) == pytest.approx(0.75)


@given(numbers(5, 3))
def test_more_outliers_than_half_move_the_median(x):
    assert shift(median, x, 1e6, 3) > 1e5


def test_findings():
    check(verify, 4 * [1e-13] + [1e-13, 1e-12, 0.0],
          [(2 / 3, 0.5), (2, 1.9), (1e6, 1e5)], slopes=[(1, 1e-9)])
    own = np.random.default_rng(0)
    own.standard_normal((4, 2))
    assert verify(np.random.default_rng(0))[-1].found == pytest.approx(
        shift(median, own.standard_normal((5, 2)), 1e6, 3), rel=1e-12)
    names = [f.name.partition(":")[0] for f in verify(np.random.default_rng(0))]
    assert names[:4] == ["K = 1", "K = 2", "K = 3", "K = 4"]


def test_mutants_are_caught(monkeypatch):
    def unbiased(x):
        return variance(x) * len(x) / (len(x) - 1)

    def spread(x):
        return np.sqrt(variance(x))

    for mutant in (dict(variance=unbiased), dict(variance=spread),
                   dict(independent=without_replacement), dict(independent=copies),
                   dict(without_replacement=independent), dict(copies=independent),
                   dict(mean=median), dict(median=mean),
                   dict(mean=lambda x: np.sum(x, axis=0)),
                   dict(median=lambda x: np.max(x, axis=0))):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_picture(rng):
    drawn = picture(rng)
    (first, r, moved), (second, r2, stayed) = drawn.lines
    assert drawn.kind == "loglog" and (first, second) == ("mean", "median")
    assert (r[0], r[-1], len(r)) == (pytest.approx(0.1), pytest.approx(1000), 41)
    assert np.allclose(moved, r / 5) and np.array_equal(r, r2)
    assert (np.diff(stayed) >= 0).all() and stayed[-1] == stayed[-9] < 5
