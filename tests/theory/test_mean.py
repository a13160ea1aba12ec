"""C1: the mean and the squared distance, the median and the plain one."""
import numpy as np
import pytest
from hypothesis import given
from scipy.optimize import minimize

from minimeta.theory import mean as theorem
from minimeta.theory.mean import (check_weights, geometric_median, outlier, picture, plain_cost,
                                  slope_at_mean, squared_cost, verify, weighted_mean)
from tests.differences import slope
from tests.theory.samples import EPS, caught, check, numbers, weights


@given(numbers(5, 3), weights(5), numbers(3))
def test_identity_to_a_few_ulps(x, w, c):
    mu = weighted_mean(x, w)
    assert np.allclose(mu, sum(w[i] * x[i] for i in range(5)), rtol=0, atol=8 * EPS)
    left = squared_cost(x, w, c) - squared_cost(x, w, mu)
    assert abs(left - np.sum((mu - c) ** 2)) <= 16 * EPS * squared_cost(x, w, c)
    assert squared_cost(x, w, c) == pytest.approx(
        sum(w[i] * np.linalg.norm(x[i] - c) ** 2 for i in range(5)), rel=1e-13)
    assert plain_cost(x, w, c) == pytest.approx(
        sum(w[i] * np.linalg.norm(x[i] - c) for i in range(5)), rel=1e-13)


@given(numbers(5, 3), weights(5), numbers(3))
def test_the_gradient_at_the_mean_vanishes_for_the_squared_distance_only(x, w, v):
    assert np.max(np.abs(slope_at_mean(squared_cost, x, w))) <= 16 * EPS * np.max(np.abs(x))
    mu = weighted_mean(x, w)
    if np.min(np.linalg.norm(x - mu, axis=1)) > 0.1:
        expected = sum(w[i] * (mu - x[i]) / np.linalg.norm(x[i] - mu) for i in range(5))
        assert np.allclose(slope_at_mean(plain_cost, x, w), expected, atol=1e-13)
        assert np.sum(slope_at_mean(plain_cost, x, w) * v) == pytest.approx(
            slope(lambda c: plain_cost(x, w, c), mu, v, 1e-3), abs=1e-6)


@given(numbers(5, 2), weights(5), numbers(2))
def test_no_point_beats_the_geometric_median(x, w, c):
    least = plain_cost(x, w, geometric_median(x, w))
    assert least <= plain_cost(x, w, c) + 1e-9
    assert least <= min(plain_cost(x, w, x_i) for x_i in x) + 1e-9


def test_the_geometric_median_by_a_minimiser(rng):
    for _ in range(5):
        x, w = rng.standard_normal((9, 2)), rng.dirichlet(np.full(9, 5.0))
        best = minimize(lambda c: plain_cost(x, w, c), x.mean(0), method="Nelder-Mead",
                        options={"xatol": 1e-9, "fatol": 1e-14})
        assert np.allclose(geometric_median(x, w), best.x, atol=1e-6)


def uneven(seed):
    """(x (5, 2), w (5,)) with distances and weights of very different sizes."""
    rng = np.random.default_rng(seed)
    n, d = rng.integers(3, 6), rng.integers(2, 4)
    return (rng.standard_normal((n, d)) * 10 ** rng.uniform(-1, 1, (n, 1)),
            rng.dirichlet(np.full(n, 1.0)))


@pytest.mark.parametrize("seed", [67, 90, 130, 191, 362])
def test_the_geometric_median_to_the_last_digits_in_a_few_steps(seed):
    """The gradient is gone there, not only small; from most of these a whole step goes too far."""
    x, w = uneven(seed)

    def left(steps):
        at = geometric_median(x, w, steps)
        return np.max(np.abs(w @ ((at - x) / np.linalg.norm(at - x, axis=1)[:, None])))
    assert left(100) < 1e-14 and left(8) < 1e-14 < left(1)


@pytest.mark.parametrize("seed", [67, 90, 130, 191, 362])
def test_the_step_off_a_point_of_the_sample(seed):
    """Vardi and Zhang's: part of the way to where the pulls of the others balance."""
    x, w = uneven(seed)
    best = np.argmin([plain_cost(x, w, x_i) for x_i in x])
    others = np.arange(len(x)) != best
    pulls = w[others] / np.linalg.norm(x[others] - x[best], axis=1)
    target = pulls @ x[others] / np.sum(pulls)
    share = 1 - w[best] / np.linalg.norm(pulls @ (x[others] - x[best]))
    found = geometric_median(x, w, steps=0)
    assert np.allclose(found, x[best] + share * (target - x[best]), rtol=1e-12, atol=0)
    assert plain_cost(x, w, found) < plain_cost(x, w, x[best])


def test_a_point_that_just_holds_is_not_left_for_round_off():
    """Of two points of equal weight each is as good; the pulls may come out unequal by an ulp."""
    for x in np.random.default_rng(1).standard_normal((40, 2, 3)):
        assert geometric_median(x, np.full(2, 0.5)).tolist() in x.tolist()


def test_the_geometric_median_has_no_scale_of_its_own(rng):
    x, w = rng.standard_normal((6, 2)), np.full(6, 1 / 6)
    for scale in (1e-10, 1e10):
        assert np.allclose(geometric_median(scale * x, w), scale * geometric_median(x, w),
                           rtol=1e-9, atol=0)


def test_the_geometric_median_at_a_point_of_the_sample():
    cross = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert geometric_median(cross, np.full(5, 0.2)).tolist() == [0, 0]
    assert geometric_median(np.ones((3, 2)), np.full(3, 1 / 3)).tolist() == [1, 1]
    assert geometric_median(np.zeros((2, 2)), np.full(2, 0.5)).tolist() == [0, 0]
    # the mean is x_0, but the others pull harder than its weight
    x, w = np.array([[0.0, 0.0], [-1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]]), np.array([.1, .3, .3, .3])
    assert geometric_median(x, w)[0] == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("x, w, message", [
    (np.ones((2, 3)), [0.5, 0.4], "sum of 0.9 and a least one of 0.4"),
    (np.ones((2, 3)), [0.5, 0.6], "sum to 1"),
    (np.ones((2, 3)), [1.5, -0.5], "positive"),
    (np.ones((2, 3)), [1.0, 0.0], "positive"),
    (np.ones((2, 3)), [1.0], "points .n, d. go with weights"),
    (np.ones(2), [0.5, 0.5], "points .n, d. go with weights")])
def test_bad_weights_are_refused(x, w, message):
    with pytest.raises(ValueError, match=message):
        weighted_mean(x, w)


def test_good_weights_are_taken():
    assert check_weights(np.ones((2, 3)), [0.5, 0.5 + 1e-12]).shape == (2,)


def test_findings():
    check(verify, [1e-12, 1e-13], [(0.2, 0.19), (0.24, 0.2)])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutants_are_caught(monkeypatch):
    for mutant in (dict(squared_cost=plain_cost),
                   dict(weighted_mean=lambda x, w: np.median(x, axis=0)),
                   dict(weighted_mean=lambda x, w: np.mean(x, axis=0)),
                   dict(plain_cost=squared_cost),
                   dict(squared_cost=lambda x, w, c: w @ np.sum((x + c) ** 2, axis=-1)),
                   dict(squared_cost=lambda x, w, c: 2 * squared_cost(x, w, c))):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_picture():
    x, w = outlier()
    assert weighted_mean(x, w)[0] == pytest.approx(3.2) and x.max() == 9
    drawn = picture(np.random.default_rng(0))
    assert drawn.kind == "plane" and "3.2" in drawn.note
    (_, c, squared), (_, c2, plain) = drawn.lines
    assert (c[0], c[-1], len(c)) == (-1, 10, 221) and np.array_equal(c, c2)
    assert squared[22] == pytest.approx(np.sqrt(np.mean((x - 0.1) ** 2)))     # c = 0.1
    assert plain[22] == pytest.approx(np.mean(np.abs(x - 0.1)))
    points, mean, median = drawn.points
    assert np.array_equal(points[1], x[:, 0]) and np.array_equal(points[2], np.zeros(5))
    for (_, at, height), curve, best in ((mean, squared, 3.2), (median, plain, 2.0)):
        assert at[0] == pytest.approx(best) and c[np.argmin(curve)] == pytest.approx(best)
        assert height[0] == pytest.approx(curve.min())
