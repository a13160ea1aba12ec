"""Generators of Bregman divergences: gradients in closed form, convexity, the inverse gradient."""
import numpy as np
import pytest
from hypothesis import given
from scipy.special import expit, logit, softmax

from minimeta.autodiff import grad, hessian
from minimeta.meta import burg_entropy, negative_entropy, squared_norm
from minimeta.theory.generators import (EXAMPLE, anywhere, definite, generators, inside,
                                        inverse_gradient, log_sum_exp, logistic, mahalanobis,
                                        positive, quartic, weights)
from tests.theory.samples import POSITIVE, UNIT, numbers

A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.25], [0.0, -0.25, 3.0]])
W, B = np.array([[1.0, -0.5, 0.25], [0.5, 1.0, -1.0]]), np.array([0.5, -0.25])
EXACT = dict(rtol=1e-13, atol=1e-13)


@given(numbers(3))
def test_gradients_on_the_whole_space(x):
    assert np.allclose(mahalanobis(A)(x), x @ A @ x, **EXACT)
    assert np.allclose(grad(mahalanobis(A))(x), 2 * A @ x, **EXACT)
    assert np.allclose(quartic(W, B)(x), x @ x + np.sum((W @ x - B) ** 4), **EXACT)
    assert np.allclose(grad(quartic(W, B))(x), 2 * x + 4 * W.T @ (W @ x - B) ** 3, **EXACT)
    assert np.allclose(log_sum_exp(x), np.log(np.sum(np.exp(x))), **EXACT)
    assert np.allclose(grad(log_sum_exp)(x), softmax(x), **EXACT)


@given(numbers(3, elements=UNIT))
def test_logistic(x):
    assert np.allclose(logistic(x), np.sum(x * np.log(x) + (1 - x) * np.log(1 - x)), **EXACT)
    assert np.allclose(grad(logistic)(x), logit(x), **EXACT)


def test_they_act_on_the_last_axis(rng):
    for phi in (mahalanobis(A), logistic, quartic(W, B), log_sum_exp):
        x = rng.uniform(0.1, 0.9, (2, 4, 3))
        assert np.allclose(phi(x), [[phi(v) for v in row] for row in x], **EXACT)


def test_log_sum_exp_does_not_overflow():
    assert log_sum_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000 + np.log(2))


def test_all_are_convex_and_all_but_log_sum_exp_strictly(rng):
    found = generators(rng, 4)
    assert [g.name for g in found] == ["squared norm", "Mahalanobis", "Kullback-Leibler",
                                       "Itakura-Saito", "logistic", "random quartic",
                                       "log-sum-exp"]
    for name, phi, draw, strict in found:
        x = draw(rng, 5, 4)
        assert x.shape == (5, 4) and phi(x).shape == (5,)
        for v in x:
            least = np.linalg.eigvalsh(hessian(phi)(v))[0]
            assert least > 1e-3 if strict else abs(least) < 1e-12
        if not strict:
            assert np.allclose(hessian(phi)(x[0]) @ np.ones(4), 0, atol=1e-12)
    assert [g.strict for g in found] == 6 * [True] + [False]


def test_the_mahalanobis_matrix_is_well_conditioned():
    for seed in range(50):
        a = hessian(generators(np.random.default_rng(seed), 3)[1].phi)(np.zeros(3)) / 2
        assert np.linalg.eigvalsh(a)[0] >= 1 and np.ptp(a) > 0.1


def test_random_definite_matrices_are_of_a_general_kind(rng):
    for _ in range(5):
        a = definite(rng, 3)
        assert np.array_equal(a, a.T) and np.all(np.abs(a[np.triu_indices(3, 1)]) > 1e-3)
        assert np.ptp(np.linalg.eigvalsh(a)) > 0.5


def test_draws_and_weights_have_their_ranges(rng):
    x = positive(rng, 4000)
    assert 0.2 <= x.min() < 0.21 and 1.99 < x.max() <= 2
    x = inside(rng, 4000)
    assert 0.1 <= x.min() < 0.11 and 0.89 < x.max() <= 0.9
    x = anywhere(rng, 4000)
    assert abs(x.mean()) < 0.05 and abs(x.std() - 1) < 0.05
    w = weights(rng, 4000)
    assert w.sum() == pytest.approx(1) and 2.9 < w.max() / w.min() <= 3
    assert np.sum(EXAMPLE) == pytest.approx(12) and EXAMPLE.min() > 0
    assert np.linalg.matrix_rank(EXAMPLE[1:] - EXAMPLE[0]) == 3


INVERSES = [(squared_norm, numbers(3), lambda s: s / 2),
            (mahalanobis(A), numbers(3), lambda s: np.linalg.solve(2 * A, s)),
            (negative_entropy, numbers(3), lambda s: np.exp(s - 1)),
            (logistic, numbers(3), expit)]


@pytest.mark.parametrize("phi, slopes, closed", INVERSES, ids=["squared norm", "Mahalanobis",
                                                               "Kullback-Leibler", "logistic"])
def test_the_inverse_gradient_in_closed_form(phi, slopes, closed):
    @given(slopes)
    def run(s):
        assert np.allclose(inverse_gradient(phi, s, np.full(3, 0.5)), closed(s), rtol=1e-10)
    run()


@given(numbers(3, elements=POSITIVE))
def test_the_inverse_gradient_of_burg_entropy_from_far_away(x):
    """From 5 Newton's step leaves the domain of the logarithm, and is halved."""
    assert np.allclose(inverse_gradient(burg_entropy, -1 / x, np.full(3, 5.0)), x, rtol=1e-10)


@given(numbers(3))
def test_the_inverse_gradient_of_a_quartic(x):
    phi = quartic(W, B)
    assert np.allclose(inverse_gradient(phi, grad(phi)(x), np.full(3, 2.0)), x, rtol=1e-8)


def test_one_newton_step_is_exact_on_a_square():
    assert np.allclose(inverse_gradient(mahalanobis(A), A @ np.ones(3), np.full(3, 7.0), steps=1),
                       0.5, rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_inverse_gradient_has_no_scale_of_its_own(scale):
    """Slopes and the first residual say what is small, whatever the units of phi."""
    def phi(x):
        return scale * quartic(W, B)(x)

    x = np.array([0.7, -0.3, 0.2])
    assert np.allclose(inverse_gradient(phi, grad(phi)(x), np.full(3, 2.0)), x, rtol=1e-8)
    least = inverse_gradient(phi, np.zeros(3), np.full(3, 2.0))         # the residual alone
    assert np.allclose(grad(phi)(least), 0, atol=1e-9 * scale) and least.any()
    nearly = np.nextafter(grad(phi)(x), np.inf)                         # the slopes alone
    assert np.allclose(inverse_gradient(phi, nearly, x), x, rtol=1e-12)
    with pytest.raises(ValueError, match="no point found"):
        inverse_gradient(lambda x: scale * burg_entropy(x), np.full(3, scale), np.ones(3))
    assert inverse_gradient(squared_norm, np.zeros(3), np.zeros(3)).tolist() == [0, 0, 0]


def test_the_inverse_gradient_needs_strict_convexity_and_a_gradient():
    with pytest.raises(ValueError, match="phi must be strictly convex"):
        inverse_gradient(lambda x: np.sum(x[:2] ** 2) + x[2], np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="no point found.*slopes a mean of its gradients"):
        inverse_gradient(burg_entropy, np.ones(3), np.ones(3))     # its gradients are negative
    with pytest.raises(ValueError, match="no point found"):
        inverse_gradient(squared_norm, np.array([1.0, np.nan, 0.0]), np.ones(3))
