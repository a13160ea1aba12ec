"""B3 and B4: expansions along minibatches and their expectations, by closed forms."""
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta import grad
from minimeta.theory.losses import smooth_losses
from minimeta.theory.minibatches import (METHODS, at_a_kink, average_gradient, average_of_products,
                                         average_product, coefficients, expected_direction,
                                         gradients_at, path_gradient_expansion, picture,
                                         picture_of_path_gradients, predicted_direction,
                                         sequence_direction, sequences, verify_expectations,
                                         verify_path_gradients)
from minimeta.theory.reptile_update import path_gradients
from minimeta.theory.slopes import components, ladder, loglog_slope, taylor
from tests.theory.problems import (EPS, caught, close, complex_step, generators, plant, verified,
                                   walk)

DRAWN = "independent", "reused support", "one set"


@given(generators, st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=25)
def test_gradients_along_the_path(rng, dim, k):
    losses, theta = smooth_losses(rng, dim, k), rng.standard_normal(dim)
    bars = [loss.gradient(theta) for loss in losses]
    claimed = [bars[i] - 0.3 * losses[i].hessian(theta) @ sum(bars[:i], 0 * theta)
               for i in range(k)]
    assert close(path_gradient_expansion(losses, theta, 0.3), claimed, scale=10)
    assert close(gradients_at(losses, theta), bars, scale=10)
    alphas = ladder(0.02, 10)
    left, right = (np.array([f(losses, theta, a) for a in alphas])
                   for f in (path_gradients, path_gradient_expansion))
    errors = np.linalg.norm(left - right, axis=-1)
    assert np.all(errors[:, 0] == 0)                   # no step before the first gradient
    for i in range(1, k):
        assert abs(loglog_slope(alphas, errors[:, i], 20 * EPS) - 2) < 0.15


@given(generators, st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=25)
def test_directions_on_one_sequence(rng, dim, k):
    losses, theta = smooth_losses(rng, dim, k), rng.standard_normal(dim)
    path = walk(losses, theta, 0.3)
    g = [loss.gradient(phi) for loss, phi in zip(losses, path)]
    assert close(sequence_direction("FOMAML", losses, theta, 0.3), g[-1], scale=10)
    assert close(sequence_direction("Reptile", losses, theta, 0.3), sum(g), scale=10)
    assert close(sequence_direction("Reptile", losses, theta, 0.3), (theta - path[-1]) / 0.3,
                 scale=10)
    judge = complex_step(lambda t: losses[-1](walk(losses[:-1], t, 0.3)[-1]), theta)
    assert close(sequence_direction("MAML", losses, theta, 0.3), judge, scale=10)


def test_sequences():
    assert sequences("ab", 3) == [list(s) for s in ("aaa", "aab", "aba", "abb", "baa", "bab",
                                                    "bba", "bbb")]
    assert sequences("ab", 3, "reused support") == [list(s) for s in ("aaa", "aab", "bba", "bbb")]
    assert sequences("ab", 3, "one set") == [list("aaa"), list("bbb")]
    assert sequences("ab", 1, "reused support") == [["a"], ["b"], ["a"], ["b"]]
    with pytest.raises(ValueError, match="drawn='twice'.*'one set'"):
        sequences("ab", 2, "twice")
    with pytest.raises(ValueError, match="method='SGD': one of MAML, FOMAML, Reptile"):
        sequence_direction("SGD", [np.sum], np.ones(2), 0.1)


@given(generators, st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=25)
def test_the_two_averages(rng, dim, count):
    losses, theta = smooth_losses(rng, dim, count), rng.standard_normal(dim)
    g = [loss.gradient(theta) for loss in losses]
    H = [loss.hessian(theta) for loss in losses]
    a, b = np.mean(g, axis=0), np.mean(H, axis=0) @ np.mean(g, axis=0)
    one = np.mean([Hi @ gi for Hi, gi in zip(H, g)], axis=0)
    assert close(average_gradient(losses, theta), a, scale=10)
    for drawn, claimed in zip(DRAWN, (b, b, one)):
        assert close(average_product(losses, theta, drawn), claimed, scale=10)
        assert close(average_of_products(losses, theta, drawn), claimed, scale=10)
    for method, k in product(METHODS, (1, 2, 3, 4)):
        m, n = {"MAML": (1, 2 * (k - 1)), "FOMAML": (1, k - 1),
                "Reptile": (k, k * (k - 1) / 2)}[method]
        assert coefficients(method, k) == (m, n)
        assert close(predicted_direction(method, losses, theta, 0.2, k), m * a - 0.2 * n * b,
                     scale=30)
        assert close(predicted_direction(method, losses, theta, 0.2, k, "one set"),
                     m * a - 0.2 * n * one, scale=30)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("drawn", DRAWN)
def test_expectations_have_the_coefficients(method, k, drawn):
    if (method, drawn) == ("Reptile", "reused support") and k > 2:
        pytest.skip("Reptile has no query")
    rng = np.random.default_rng(0)
    losses, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    zeroth, first = taylor(lambda a: expected_direction(method, losses, theta, a, k, drawn), 0.005,
                           1, nodes=3)
    m, n = coefficients(method, k)
    assert close(zeroth, m * average_gradient(losses, theta), ulps=1e9)
    found, rest = components(first, [average_product(losses, theta, drawn)])
    if n:
        assert found[0] == pytest.approx(-n, rel=1e-4) and rest < 1e-4
    else:
        assert np.max(np.abs(first)) < 1e-12


def test_reusing_the_support_changes_nothing_at_this_order_but_something_beyond(rng):
    losses, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    for method in METHODS[:2]:
        args = method, losses, theta
        assert np.array_equal(predicted_direction(*args, 0.1, 3),
                              predicted_direction(*args, 0.1, 3, "reused support"))
        a, b = (expected_direction(*args, 0.1, 3, drawn) for drawn in DRAWN[:2])
        assert not close(a, b, ulps=1e9)
        assert close(*(expected_direction(*args, 0.1, 2, drawn) for drawn in DRAWN[:2]))


def test_one_set_taken_for_independent_is_caught(rng):
    losses, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    alphas = ladder(0.02, 8)
    rest = [np.linalg.norm(expected_direction("MAML", losses, theta, a, 2, "one set")
                           - predicted_direction("MAML", losses, theta, a, 2)) for a in alphas]
    assert abs(loglog_slope(alphas, rest, 1e-14) - 1) < 0.05


def test_verify(rng):
    found = verify_path_gradients(rng)
    verified(found, gaps=5, slopes=3, counterexamples=1)
    assert [f.expected for f in found if f.kind == "slope"] == [2, 2, 2]
    found = verify_expectations(rng)
    verified(found, gaps=26, slopes=24, counterexamples=1, loosest=1e-5)
    assert {f.expected for f in found if f.kind == "slope"} == {2}
    assert all(str(k) in "".join(f.name for f in found) for k in (2, 3, 4))


@pytest.mark.parametrize("alpha", [0.5, 2.0 ** -10])
def test_at_a_kink_the_remainder_is_of_order_alpha(alpha):
    """From above the gradient moves by alpha, from below not at all; one H cannot say both."""
    assert at_a_kink(alpha) == 1
    way = np.array([[1.0], [-1.0]])
    for w in way:
        losses = [lambda t: w[0] * t[0], lambda t: np.maximum(t[0], 0.0) ** 2 / 2]
        assert path_gradients(losses, np.zeros(1), alpha)[1] == max(-alpha * w[0], 0)


def test_at_a_kink_both_sides_count(monkeypatch):
    """With 3 for the second derivative: 3 - 1 from above and 3 from below."""
    plant(monkeypatch, at_a_kink, "path_gradient_expansion", lambda losses, theta, alpha: [
        None, -3 * alpha * grad(losses[0])(theta)])
    assert at_a_kink(0.25) == 5


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_verify_a_users_loss_of_any_units(rng, scale):
    def users(t):
        return scale * np.sum(np.cos(t) * t)
    verified(verify_path_gradients(rng, users, [0.5, 2]), gaps=5, slopes=3)
    verified(verify_expectations(rng, users, [0.5, 2]), gaps=26, slopes=24, loosest=1e-5)
    verified(verify_path_gradients(rng, np.sum), gaps=8)


@pytest.mark.parametrize("verify, name, wrong", [
    (verify_path_gradients, "path_gradient_expansion",
     lambda losses, t, alpha: path_gradient_expansion(losses, t, -alpha)),
    (verify_path_gradients, "path_gradient_expansion",
     lambda losses, t, alpha: path_gradient_expansion(losses, t, 1.01 * alpha)),
    (verify_path_gradients, "path_gradient_expansion",
     lambda losses, t, alpha: path_gradient_expansion(losses[::-1], t, alpha)),
    (verify_expectations, "coefficients", lambda m, k: coefficients("FOMAML", k)),
    (verify_expectations, "coefficients", lambda m, k: (1, coefficients(m, k)[1])),
    (verify_expectations, "coefficients", lambda m, k: (coefficients(m, k)[0],
                                                        -coefficients(m, k)[1])),
    (verify_expectations, "coefficients", lambda m, k: (coefficients(m, k)[0],
                                                        1.001 * coefficients(m, k)[1])),
    (verify_expectations, "average_product",
     lambda losses, t, drawn="independent": average_product(losses, t, "one set")),
    (verify_expectations, "average_product",
     lambda losses, t, drawn="independent": average_product(losses, t)),
    (verify_expectations, "average_of_products",
     lambda losses, t, drawn="independent": 2 * average_of_products(losses, t, drawn)),
    (verify_expectations, "sequence_direction",
     lambda m, losses, t, alpha: sequence_direction(m.replace("FO", ""), losses, t, alpha))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, verify, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    plant(monkeypatch, verify, "LONGEST", 3)
    assert caught(verify(rng))


def test_picture_of_path_gradients(rng):
    drawn = picture_of_path_gradients(rng)
    assert drawn.kind == "loglog" and len(drawn.lines) == 4
    for (label, x, y), name, expected in zip(drawn.lines, ("g_2:", "g_3:", "g_4:", "g_4 less"),
                                             (2, 2, 2, 1)):
        assert label.startswith(name) and label.endswith(f"slope {expected}")
        assert len(x) == len(y) == 10 and abs(loglog_slope(x, y, 1e-14) - expected) < 0.1


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "loglog" and len(drawn.lines) == 4
    own = np.random.default_rng(0)
    theta, losses = own.standard_normal(3), smooth_losses(own, 3, 2)
    for (_, x, y), method, formula in zip(drawn.lines, (*METHODS, "FOMAML"), (*METHODS, "MAML")):
        args = losses, theta, x[0], 3
        rest = expected_direction(method, *args) - predicted_direction(formula, *args)
        assert y[0] == pytest.approx(np.linalg.norm(rest), rel=1e-6)
    for (label, x, y), expected in zip(drawn.lines, (2, 2, 2, 1)):
        assert f"slope {expected}" in label and len(x) == 10
        assert abs(loglog_slope(x, y, 1e-14) - expected) < 0.1
