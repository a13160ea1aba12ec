"""The losses' closed forms against the engine, complex steps and central differences."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta import grad, hessian
from minimeta.theory.losses import (log_cosh, quadratic_loss, quadratic_losses, smooth_loss,
                                    smooth_losses, symmetric)
from tests.differences import check_orders
from tests.theory.problems import close, complex_step, generators, lattice

dims = st.integers(1, 6)


def along(f, v):
    return lambda theta: np.sum(grad(f)(theta) * v)


@given(st.lists(lattice, min_size=1, max_size=5))
def test_log_cosh(xs):
    x = 4 * np.array(xs)
    assert close(log_cosh(x), np.log(np.cosh(x)), scale=1.0)
    assert close(log_cosh(x + 0.25j), np.log(np.cosh(x + 0.25j)), scale=1.0)
    assert close(grad(lambda t: np.sum(log_cosh(t)))(x), np.tanh(x))
    check_orders(lambda t: np.sum(log_cosh(t) * np.arange(1.0, t.size + 1)), x)


def test_log_cosh_far_out_and_at_zero():
    x = np.array([-1e4, -800.0, 0.0, 800.0, 1e4])
    assert np.array_equal(log_cosh(x), np.abs(x) - np.log(2) * (x != 0))
    assert grad(grad(log_cosh))(0.0) == 1


@given(dims, generators)
def test_smooth_loss_in_closed_form(dim, rng):
    loss = smooth_loss(rng, dim)
    theta, u, v, x = rng.standard_normal((4, dim))
    direct = np.sum(loss.c * np.log(np.cosh(loss.w @ theta - loss.b)))
    direct += (theta - loss.a) @ loss.A @ (theta - loss.a) / 2
    assert close(loss(theta), direct)
    assert close(loss.gradient(theta), complex_step(loss, theta), scale=10)
    assert close(loss.gradient(theta), grad(loss)(theta), scale=10)
    assert close(loss.hessian(theta), hessian(loss)(theta))
    assert close(loss.third(theta, u, v), grad(along(along(loss, u), v))(theta), scale=10)
    assert close(loss.fourth(theta, u, v, x),
                 grad(along(along(along(loss, u), v), x))(theta), scale=50)


@given(dims, generators)
def test_closed_forms_are_each_others_derivatives(dim, rng):
    loss = smooth_loss(rng, dim)
    theta, u, v, x = rng.standard_normal((4, dim))
    h = 1e-30j
    assert close((loss.gradient(theta + h * u)).imag / 1e-30, loss.hessian(theta) @ u, scale=10)
    assert close((loss.hessian(theta + h * u) @ v).imag / 1e-30, loss.third(theta, u, v), scale=10)
    assert close(loss.third(theta + h * u, v, x).imag / 1e-30, loss.fourth(theta, u, v, x),
                 scale=10)


@given(dims, generators)
def test_smooth_losses_are_convex_with_curvature_of_order_one(dim, rng):
    loss = smooth_loss(rng, dim)
    assert loss.w.shape == (dim + 3, dim) and np.allclose(np.linalg.norm(loss.w, axis=1), 1)
    assert smooth_loss(rng, dim, terms=2).w.shape == (2, dim)
    low, high = np.linalg.eigvalsh(loss.A)[[0, -1]]
    assert 0.1 - 1e-12 <= low <= high <= 0.5 + 1e-12 and 0.5 <= loss.c.min() <= loss.c.max() <= 1.5
    assert np.abs(loss.b).max() < 2.5


def test_spread_of_the_random_losses():
    rng = np.random.default_rng(0)
    b = np.concatenate([smooth_loss(rng, 5).b for _ in range(200)])
    assert 0.47 < b.std() < 0.53 and abs(b.mean()) < 0.05
    c = np.concatenate([smooth_loss(rng, 5).c for _ in range(50)])
    assert c.min() < 0.53 and c.max() > 1.47
    low = [np.linalg.eigvalsh(smooth_loss(rng, 5).A) for _ in range(50)]
    assert np.min(low) < 0.11 and np.max(low) > 0.49
    H = [np.linalg.eigvalsh(quadratic_loss(rng, 5).H) for _ in range(50)]
    assert np.min(H) < 0.32 and np.max(H) > 0.98


@given(dims, generators)
def test_quadratics(dim, rng):
    loss, theta = quadratic_loss(rng, dim), rng.standard_normal(dim)
    assert close(loss(theta), (theta - loss.a) @ loss.H @ (theta - loss.a) / 2)
    assert close(loss.gradient(theta), grad(loss)(theta), scale=10)
    assert close(loss.gradient(theta), loss.H @ (theta - loss.a), scale=10)
    assert close(hessian(loss)(theta), loss.H) and loss.hessian(theta) is loss.H
    lam = np.linalg.eigvalsh(loss.H)
    assert 0.3 - 1e-12 <= lam[0] <= lam[-1] <= 1 + 1e-12
    if dim > 1:
        lam = np.linalg.eigvalsh(quadratic_loss(rng, dim, rank=1).H)
        assert np.all(np.abs(lam[:-1]) < 1e-14) and lam[-1] > 0.29


@given(dims, generators)
def test_a_symmetric_matrix_has_its_eigenvalues(dim, rng):
    lam = np.sort(rng.uniform(-1, 1, dim))
    matrix = symmetric(rng, lam)
    assert np.allclose(matrix, matrix.T, atol=1e-14)
    assert dim == 1 or np.all(np.max(np.abs(matrix - np.diag(np.diag(matrix))), axis=0) > 1e-9)
    assert np.allclose(np.linalg.eigvalsh(matrix), lam, atol=1e-13)


@pytest.mark.parametrize("family", [smooth_losses, quadratic_losses])
def test_families_are_of_different_losses(family):
    losses = family(np.random.default_rng(0), 3, 4)
    theta = np.ones(3)
    assert len({float(loss(theta)) for loss in losses}) == 4
    if family is quadratic_losses:
        ranks = [np.linalg.matrix_rank(t.H) for t in family(np.random.default_rng(0), 3, 4, 2)]
        assert ranks == [2] * 4


def test_a_wrong_sign_in_a_closed_form_is_caught(rng):
    loss = smooth_loss(rng, 3)
    theta, u, v = rng.standard_normal((3, 3))
    assert not close(-loss.third(theta, u, v), grad(along(along(loss, u), v))(theta), scale=10)
