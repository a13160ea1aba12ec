"""Slopes and coefficients of functions whose slopes and coefficients are known."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.theory.slopes import (CLEAR, components, even_odd, ladder, limiting_slope,
                                    loglog_slope, remainder, taylor)
from tests.theory.problems import generators, lattice


def ulps(n):
    """Approximately n units of round-off: relatively so, as approx is not for small numbers."""
    return pytest.approx(n * 2.0 ** -52, rel=1e-12, abs=0)


def test_ladder():
    assert ladder(3.0, 4).tolist() == [3, 1.5, 0.75, 0.375]
    assert len(ladder(1.0)) == 24


@given(st.integers(1, 6), lattice)
def test_slope_of_a_power(p, c):
    h = ladder(0.5, 12)
    assert abs(loglog_slope(h, abs(c) * h ** p, 0.0) - p) < 1e-9


def test_slope_is_taken_at_the_smallest_steps():
    h = ladder(1.0, 12)
    errors = h ** 3 + h ** 2               # slope 3 at first, 2 in the end
    assert abs(loglog_slope(h, errors, 0.0) - 2) < 0.01
    assert abs(loglog_slope(h, errors, 0.0, points=12) - 2) > 0.02
    exact = np.polyfit(np.log(h[-4:]), np.log(errors[-4:]), 1)[0]
    assert loglog_slope(h, errors, 0.0) == pytest.approx(exact, rel=1e-12)
    assert loglog_slope(h, errors, 0.0, points=2) == pytest.approx(
        np.log2(errors[-2] / errors[-1]), rel=1e-12)


def test_slope_ends_where_round_off_begins():
    h = ladder(1.0, 30)
    noise = 1e-10
    errors = h ** 2 + noise * np.cos(np.arange(30)) ** 2
    assert abs(loglog_slope(h, errors, noise) - 2) < 0.01
    assert loglog_slope(h, errors, 0.0) < 0.5
    # a lucky large error after the first drowned one does not count
    late = np.array([1.0, 0.25, 0.0, 0.5])
    assert loglog_slope(ladder(1.0, 4), late, 1e-9) == pytest.approx(2)
    # the noise may have a size of its own at every step
    assert loglog_slope(h, h ** 2, h ** 3 / CLEAR / 2) == pytest.approx(2)
    assert loglog_slope(h, h ** 2, np.where(h < 0.3, 1.0, 0.0)) == pytest.approx(2)


def test_slope_of_too_few_points_is_nan():
    h = ladder(1.0, 3)
    assert np.isnan(loglog_slope(h, np.zeros(3), 0.0))
    assert np.isnan(loglog_slope(h, np.array([1.0, 0, 0]), 0.0))
    assert loglog_slope(h, np.array([1.0, 0.5, 0]), 0.0) == pytest.approx(1)
    edge = np.array([1.0, CLEAR * 1e-3, CLEAR * 1e-3 / 2])
    assert np.isnan(loglog_slope(h, edge, 1e-3))     # at CLEAR times the noise is not clear


def test_the_limiting_slope_is_that_at_the_smallest_step_and_beyond():
    h = ladder(0.5, 8)
    errors = h ** 5 * np.exp(3 * h)                    # slopes of 5 + 3 h, and so on
    near = limiting_slope(h, errors, 0.0)
    assert abs(near - 5) < 1e-3 < abs(loglog_slope(h, errors, 0.0) - 5)
    # the line through two slopes between neighbours, each at the geometric mean of its steps
    at, y = np.log(h[-3:]), np.log(errors[-3:])
    line = np.polyfit(np.exp((at[1:] + at[:-1]) / 2), np.diff(y) / np.diff(at), 1)
    assert near == pytest.approx(line[1], rel=1e-9)
    assert limiting_slope(h[-3:], errors[-3:], 0.0) == near        # three steps are enough
    assert limiting_slope(h, errors, errors[4] / CLEAR) == limiting_slope(h[:4], errors[:4], 0.0)
    uneven = np.array([1.0, 0.4, 0.3])
    assert limiting_slope(uneven, uneven ** 2, 0.0) == pytest.approx(2, rel=1e-12)
    assert limiting_slope(h[:2], errors[:2], 0.0) == loglog_slope(h[:2], errors[:2], 0.0)
    assert np.isnan(limiting_slope(h[:1], errors[:1], 0.0))


def test_a_remainder_has_its_limiting_slope():
    """A smooth loss of a user's: at the steps clear of round-off its slope is not yet 5."""
    h = ladder(0.5, 5)
    errors = h ** 5 * (1 - 3 * h)
    assert abs(loglog_slope(h[1:], errors[1:], 0.0) - 5) > 0.1
    assert remainder("x", h[1:], errors[1:], 0.0, 5).passed
    assert not remainder("x", h[1:], errors[1:] + 1e-4 * h[1:] ** 4, 0.0, 5, limit=0.01).passed


def test_remainder():
    h = ladder(0.5, 12)
    found = remainder("x", h, h ** 3, 1e-16, 3)
    assert (found.kind, found.expected, found.limit) == ("slope", 3, 0.1) and found.passed
    assert not remainder("x", h, h ** 3, 1e-16, 2).passed
    assert not remainder("x", h, h ** 3, 1e-16, 4).passed
    assert remainder("x", h, h ** 3, 1e-16, 3.2, limit=0.3).passed


def test_a_remainder_of_nothing_but_round_off():
    h = ladder(0.5, 4)
    found = remainder("x", h, np.array([3e-16, 0, 1e-16, 0]), 1e-16, 5)
    assert (found.kind, found.limit) == ("gap", CLEAR * 2.0 ** -52) and found.passed
    assert found.found == ulps(3) and "nothing but round-off" in found.name
    assert remainder("x", h, np.zeros(4), 0.0, 5).passed
    assert remainder("x", h, np.full(4, CLEAR * 1e-3), 1e-3, 5).kind == "gap"


def test_a_remainder_that_drops_to_round_off_at_once():
    """As of pieces without it: a path that no longer crosses from one into another has none."""
    h = ladder(0.5, 6)
    pieces = np.maximum(h - 0.1, 0) ** 2             # 0.16, 0.0225, 0.000625, 0, 0, 0
    found = remainder("x", h, pieces, 1e-16, 3)
    assert (found.kind, found.found) == ("gap", 0) and found.passed
    found = remainder("x", h, pieces + 3e-16, 1e-16, 3)
    assert found.passed and found.found == ulps(3)
    # the worst of all that follow counts, wherever it stands: the first, the last, one between
    for at in (3, 4, 5):
        late = np.where(np.arange(6) == at, 7e-16, pieces)
        assert remainder("x", h, late, 1e-16, 3).found == ulps(7)
    for at in (4, 5):
        late = np.where(np.arange(6) == at, 1e-9, pieces)
        assert not remainder("x", h, late, 1e-16, 3).passed
    # a term that ought not to be there does not drown, and its slope is seen
    found = remainder("x", h, pieces + 1e-3 * h, 1e-16, 3)
    assert found.kind == "slope" and not found.passed


@pytest.mark.parametrize("expected", [1, 2, 5])
def test_at_once_means_four_times_faster_than_expected(expected):
    """From one step to the next, and the smaller of the two is no smaller than its round-off."""
    h, fall = ladder(0.5, 6), 2.0 ** (expected + 2)
    above = np.nextafter(fall, np.inf)
    # 190 times the round-off is not clear of it; the noise before has no say
    for noise, small in ((1 / 190, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, 0.5)):
        noises = np.array([1e-9, 1e-9, noise, noise, noise, noise])
        errors = np.array([fall * 2.0 ** (expected + 1), 1.0, small, 0.0, 0.0, 0.0])
        for factor, kind in ((fall, "slope"), (above, "gap"), (fall / 2, "slope")):
            errors[1] = factor
            found = remainder("x", h, errors, noises, expected)
            assert found.kind == kind and found.passed == (kind == "gap")


def test_a_remainder_that_ends_clear_of_round_off_has_a_slope():
    h = ladder(0.5, 4)
    late = np.array([1.0, 0.5, 0.25, 1e-6])
    assert remainder("x", h, late, 1e-9, 1).kind == "slope"
    assert remainder("x", h, late, 1e-7, 1).kind == "gap"


@given(st.integers(1, 5), st.integers(0, 5), st.floats(-12, 3), st.floats(0.1, 1),
       st.sampled_from([0, 1]), generators)
def test_a_wrong_slope_is_never_excused(expected, lower, size, largest, falls, rng):
    """Any h^q of q < expected that is seen at all fails, in round-off of ten times the estimate."""
    q = max(0, expected - 1 - lower)
    h = ladder(largest)
    noise = 1e-16 * h ** falls
    errors = np.abs(10.0 ** size * h ** q + noise * rng.uniform(-10, 10, len(h)))
    found = remainder("x", h, errors, noise, expected)
    assert not found.passed and found.kind == "slope"


def test_even_and_odd_part():
    even, odd = even_odd(np.exp, 0.7)
    assert even == pytest.approx(np.cosh(0.7)) and odd == pytest.approx(np.sinh(0.7))


@given(generators, st.integers(0, 9))
def test_taylor_of_polynomials(rng, order):
    c = rng.standard_normal((10, 3))
    found = taylor(lambda h: sum(c[n] * h ** n for n in range(10)), 0.5, order)
    assert found.shape == (order + 1, 3)
    assert np.max(np.abs(found - c[:order + 1])) < 1e-8


def test_taylor_of_a_smooth_function():
    found = taylor(np.exp, 0.05, 4)
    assert np.allclose(found, 1 / np.array([1, 1, 2, 6, 24]), atol=1e-8)
    assert abs(taylor(np.exp, 0.5, 1, nodes=1)[1] - np.sinh(0.5) / 0.5) < 1e-14
    assert taylor(lambda h: np.full((2, 2), h), 0.1, 1).shape == (2, 2, 2)
    with pytest.raises(ValueError, match="order=2 of 1 pairs of points: at most 1"):
        taylor(np.exp, 0.1, 2, nodes=1)
    assert taylor(np.exp, 0.1, 1, nodes=1).shape == (2,)
    with pytest.raises(ValueError, match="at most 9"):
        taylor(np.exp, 0.1, 10)


@given(generators)
def test_components(rng):
    basis, c = rng.standard_normal((3, 5)), rng.standard_normal(3)
    basis[1] *= 1e-6
    found, rest = components(c @ basis, list(basis))
    assert np.allclose(found, c, rtol=1e-7) and rest < 1e-12
    aside = rng.standard_normal(5)
    found, rest = components(c @ basis + aside, list(basis))
    normal = aside - basis.T @ np.linalg.lstsq(basis.T, aside, rcond=None)[0]
    assert rest == pytest.approx(np.linalg.norm(normal) / np.linalg.norm(c @ basis + aside))


def test_components_of_zeros():
    found, rest = components(np.zeros(3), [np.ones(3)])
    assert found == 0 and rest == 0
    found, rest = components(np.array([2.0, 0]), [np.array([1.0, 0]), np.zeros(2)])
    assert found.tolist() == [2, 0] and rest == 0
