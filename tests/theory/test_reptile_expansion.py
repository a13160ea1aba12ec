"""B1: every coefficient measured, every remainder's slope, and the textbook form refuted."""
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta.theory.descent import curvature
from minimeta.theory.losses import smooth_loss
from minimeta.theory.reptile_expansion import (along, expansion_terms, measured_coefficients,
                                               picture, remainders, reptile_expansion,
                                               textbook_form, verify)
from minimeta.theory.slopes import ladder, loglog_slope
from minimeta.theory.theorem import slope
from tests.theory.problems import EPS, caught, close, generators, plant, verified, walk

NAMES = [["g"], ["Hg"], ["HHg", "T(g,g)"], ["HHHg", "H T(g,g)", "T(g,Hg)", "Q(g,g,g)"]]


def recurrences(k):
    """The coefficients, signs apart, from u_{k+1} = u_k - alpha grad L(theta + u_k).

    With u = - alpha a g + alpha^2 b Hg - alpha^3 (c HHg + t T(g,g)) + ..., powers compared.
    """
    a = b = c = t = e = f = m = q = 0.0
    for _ in range(k):
        a, b, c, t, e, f, m, q = (a + 1, b + a, c + b, t + a * a / 2, e + c, f + t, m + a * b,
                                  q + a ** 3 / 6)
    return [[-a], [b], [-c, -t], [e, f, m, q]]


@pytest.mark.parametrize("k", range(1, 9))
def test_coefficients_obey_the_recurrences(k):
    loss = smooth_loss(np.random.default_rng(0), 2)
    rows = expansion_terms(loss, np.ones(2), k)
    assert [[name for name, _, _ in row] for row in rows] == NAMES
    for row, expected in zip(rows, recurrences(k)):
        assert [c for _, c, _ in row] == pytest.approx(expected, rel=1e-14, abs=1e-14)


@given(generators, st.integers(1, 5))
@settings(max_examples=20)
def test_vectors_are_the_derivatives(rng, dim):
    loss, theta = smooth_loss(rng, dim), rng.standard_normal(dim)
    g, H = loss.gradient(theta), loss.hessian(theta)
    tgg = loss.third(theta, g, g)
    expected = [[g], [H @ g], [H @ H @ g, tgg],
                [H @ H @ H @ g, H @ tgg, loss.third(theta, g, H @ g), loss.fourth(theta, g, g, g)]]
    for row, vectors in zip(expansion_terms(loss, theta, 3), expected):
        for (_, _, ours), v in zip(row, vectors):
            assert close(ours, v, ulps=1000, scale=100)
    by_hand = sum(0.3 ** n * c * v for n, (cs, vs) in enumerate(zip(recurrences(4), expected), 1)
                  for c, v in zip(cs, vs))
    assert close(reptile_expansion(loss, theta, 0.3, 4), by_hand, ulps=1000, scale=100)
    assert close(reptile_expansion(loss, theta, 0.3, 4, order=1), -1.2 * g, scale=10)
    assert close(reptile_expansion(loss, theta, 0.3, 4, order=2), -1.2 * g + 0.54 * H @ g, scale=10)
    assert close(textbook_form(loss, theta, 0.3), -0.3 * g - 0.09 * H @ g, scale=10)


@given(generators, st.integers(1, 4), st.integers(2, 5))
@settings(max_examples=12)
def test_remainder_slopes(rng, dim, k):
    loss, theta = smooth_loss(rng, dim), rng.standard_normal(dim)
    alphas = ladder(0.1 / np.linalg.norm(loss.hessian(theta), 2), 12)
    noise = 2 * k * EPS * alphas * (np.linalg.norm(loss.gradient(theta)) + np.linalg.norm(theta))
    for e, expected in zip(remainders(loss, theta, k, alphas), (2, 3, 4, 5, 1)):
        assert abs(loglog_slope(alphas, e, noise) - expected) < 0.3
    one = remainders(loss, theta, 1, alphas)
    assert np.all(one[:4] <= noise) and abs(loglog_slope(alphas, one[4], noise) - 2) < 0.1


def test_the_round_off_is_that_of_a_gradient_at_theta(monkeypatch, rng):
    """2 eps alpha (||g|| + L ||theta||) a step, and no more: L is what theta's last digit moves."""
    loss, theta, heard = smooth_loss(rng, 3), rng.standard_normal(3), []
    plant(monkeypatch, verify, "remainder", lambda name, h, errors, noise, *_: heard.append(
        noise / h) or slope(name, 1, 1, 1))
    verify(rng, loss, theta)
    largest = np.linalg.norm(loss.gradient(theta)) + curvature(loss, theta) * np.linalg.norm(theta)
    for k, row in zip((1, 2, 3, 5), np.reshape(heard, (4, 4, -1))):
        np.testing.assert_allclose(row, 2 * EPS * k * largest, rtol=1e-9)


def test_remainders_are_of_the_update(rng):
    loss, theta = smooth_loss(rng, 3), rng.standard_normal(3)
    found = remainders(loss, theta, 3, [0.2, 0.1])
    assert found.shape == (5, 2)
    for column, alpha in zip(found.T, (0.2, 0.1)):
        moved = walk([loss] * 3, theta, alpha)[-1] - theta
        for n in (1, 2, 3, 4):
            rest = moved - reptile_expansion(loss, theta, alpha, 3, order=n)
            assert column[n - 1] == pytest.approx(np.linalg.norm(rest), rel=1e-9)
        rest = moved - textbook_form(loss, theta, alpha)
        assert column[4] == pytest.approx(np.linalg.norm(rest), rel=1e-9)


@pytest.mark.parametrize("k", range(1, 6))
def test_measured_coefficients(k):
    rng = np.random.default_rng(1)
    loss, theta = smooth_loss(rng, 5), rng.standard_normal(5)
    found = measured_coefficients(loss, theta, k, 0.002)
    assert [name for name, _, _ in found] == sum(NAMES, [])
    for (_, c, m), expected in zip(found, sum(recurrences(k), [])):
        assert c == pytest.approx(expected, rel=1e-14) and m == pytest.approx(c, rel=1e-3, abs=1e-3)
    assert found[1][2] == pytest.approx((0, 1, 3, 6, 10)[k - 1], abs=1e-6)
    assert comb(k, 2) == (0, 1, 3, 6, 10)[k - 1]


def test_along(rng):
    loss, (theta, v) = smooth_loss(rng, 3), rng.standard_normal((2, 3))
    assert along(loss, v)(theta) == pytest.approx(loss.gradient(theta) @ v)


@pytest.mark.parametrize("order, count", [(1, 1), (2, 2), (3, 3), (4, 4)])
def test_orders(rng, order, count):
    assert len(expansion_terms(smooth_loss(rng, 2), np.ones(2), 3, order)) == count


@pytest.mark.parametrize("order", [0, 5])
def test_other_orders_are_refused(rng, order):
    with pytest.raises(ValueError, match=f"order={order}: .* from order 1 to 4"):
        reptile_expansion(smooth_loss(rng, 2), np.ones(2), 0.1, 3, order)


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=4, slopes=56, counterexamples=1)
    slopes = {f.name: f.expected for f in found if f.kind == "slope"}
    for k in (2, 3, 5):
        assert [slopes[f"k = {k}: remainder after alpha^{n}"] for n in (1, 2, 3, 4)] == [2, 3, 4, 5]
        assert slopes[f"k = {k}: remainder of - alpha g - alpha^2 H g"] == 1
    assert slopes["k = 1: remainder of - alpha g - alpha^2 H g"] == 2
    measured = [f for f in found if "coefficient" in f.name]
    assert [f.limit / max(1, abs(f.expected)) for f in measured] == pytest.approx([1e-4] * 40)
    assert [f.name for f in measured] == [f"k = {k}: coefficient of {name}" for k in range(1, 6)
                                          for name in sum(NAMES, [])]
    # the counterexample, at the smallest step of two
    own = np.random.default_rng(0)
    theta = own.standard_normal(5)
    loss = smooth_loss(own, 5)
    alpha = 0.25 / np.linalg.norm(loss.hessian(theta), 2) / 2 ** 15
    right, wrong = remainders(loss, theta, 2, [alpha])[[1, 4], 0]
    # the smaller one is 1e-11 of the other, so that round-off is seen in its sixth digit
    assert found[-1].found == pytest.approx(wrong / right, rel=1e-4) and found[-1].limit == 100
    verified(verify(rng, lambda t: np.sum(np.cos(t) * t), [0.5, 2]), gaps=4, slopes=12)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_verify_asks_for_no_units_of_the_loss(rng, scale):
    found = verify(rng, lambda t: scale * np.sum(np.cos(t) * t), [0.5, 2])
    verified(found, gaps=4, slopes=12)


@pytest.mark.parametrize("loss, theta", [
    (lambda t: np.sum(np.cos(t - 1e5)), 1e5 + np.array([0.5, 2])),
    (lambda t: np.sum(np.exp(100 * t)), np.array([5e-6, 2e-5]))])
def test_verify_knows_the_round_off_of_weights_and_of_gradients(rng, loss, theta):
    """Of either alone: weights a hundred thousand times as large as what they move by, and none."""
    assert not caught(verify(rng, loss, theta))


def changed(which, by):
    """expansion_terms with one coefficient, counted through all orders, changed."""
    def wrong(loss, theta, steps, order=4):
        rows, n = [], 0
        for row in expansion_terms(loss, theta, steps, order):
            rows.append([])
            for name, c, v in row:
                rows[-1].append((name, by(c, steps) if n == which else c, v))
                n += 1
        return rows
    return wrong


@pytest.mark.parametrize("which", range(8))
@pytest.mark.parametrize("by", [lambda c, k: -c, lambda c, k: 1.01 * c, lambda c, k: 0],
                         ids=["sign", "size", "missing"])
def test_a_wrong_coefficient_is_caught_by_slope_and_by_measurement(monkeypatch, which, by):
    rng = np.random.default_rng(0)
    plant(monkeypatch, verify, "expansion_terms", changed(which, by))
    failed = [f.name for f in verify(rng) if not f.passed]
    assert any("remainder" in name for name in failed)
    assert any("coefficient" in name for name in failed)


def test_the_textbook_form_is_caught(monkeypatch, rng):
    """First coefficient 1, and -1 before H g, for every k."""
    plant(monkeypatch, verify, "expansion_terms", changed(0, lambda c, k: -1))
    assert caught(verify(rng))
    plant(monkeypatch, verify, "expansion_terms", changed(1, lambda c, k: -1))
    assert caught(verify(rng))


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "loglog" and len(drawn.lines) == 5
    own = np.random.default_rng(0)
    theta = own.standard_normal(5)
    alphas = drawn.lines[0][1]
    assert np.allclose([y for _, _, y in drawn.lines],
                       remainders(smooth_loss(own, 5), theta, 3, alphas), rtol=1e-3)
    for (label, x, y), expected in zip(drawn.lines, (2, 3, 4, 5, 1)):
        assert f"slope {expected}" in label and len(x) == 10
        assert abs(loglog_slope(x, y, 1e-15 * x) - expected) < 0.15
