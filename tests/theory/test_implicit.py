"""A6 against matrices, central differences, unrolled steps; CG's error; memory."""
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta import grad
from minimeta.theory.descent import descend
from minimeta.theory.implicit import (cg_errors, conjugate_gradients, dome, implicit_gradient,
                                      loop_on_dome, picture, proximal, proximal_point,
                                      solved_by_matrix, unrolled_proximal, verify)
from minimeta.theory.losses import Quadratic, smooth_loss
from tests.differences import slope
from tests.theory.problems import caught, close, complex_step, generators, plant, verified


@given(generators, st.integers(1, 5), st.integers(1, 20))
@settings(max_examples=30)
def test_the_proximal_point_and_the_implicit_gradient(rng, dim, tenths):
    loss_s, loss_q, theta = smooth_loss(rng, dim), smooth_loss(rng, dim), rng.standard_normal(dim)
    lam = tenths / 10
    phi = proximal_point(loss_s, theta, lam)
    assert close(loss_s.gradient(phi), lam * (theta - phi), scale=1)
    exact = np.linalg.solve(np.eye(dim) + loss_s.hessian(phi) / lam, loss_q.gradient(phi))
    assert close(solved_by_matrix(loss_s, loss_q, phi, lam), exact, ulps=2000)
    assert close(implicit_gradient(loss_s, loss_q, phi, lam), exact, ulps=2000)
    away = np.linalg.solve(np.eye(dim) + loss_s.hessian(theta) / lam, loss_q.gradient(phi))
    assert close(solved_by_matrix(loss_s, loss_q, phi, lam, at=theta), away, ulps=2000)


@pytest.mark.parametrize("lam", [0.3, 2.0])
def test_central_differences_and_unrolled_steps(rng, lam):
    loss_s, loss_q, theta = smooth_loss(rng, 3), smooth_loss(rng, 3), rng.standard_normal(3)
    v = rng.standard_normal(3)
    phi = proximal_point(loss_s, theta, lam)
    ours = implicit_gradient(loss_s, loss_q, phi, lam)
    assert ours @ v == pytest.approx(
        slope(lambda t: loss_q(proximal_point(loss_s, t, lam)), theta, v), rel=1e-9)
    assert close(unrolled_proximal(loss_s, loss_q, theta, lam, 0.3, 150), ours, ulps=1e6)


def test_unrolled_steps_are_differentiated(rng):
    loss_s, loss_q, theta = smooth_loss(rng, 3), smooth_loss(rng, 3), rng.standard_normal(3)

    def after(t):
        phi = t
        for _ in range(3):
            phi = phi - 0.2 * (loss_s.gradient(phi) + 0.7 * (phi - t))
        return loss_q(phi)
    assert close(unrolled_proximal(loss_s, loss_q, theta, 0.7, 0.2, 3),
                 complex_step(after, theta), scale=1)
    assert proximal(loss_s, theta, 0.7)(theta + 2) == pytest.approx(
        loss_s(theta + 2) + 0.35 * 3 * 4)


def test_a_point_far_off_is_found_to_the_last_digits(rng):
    loss = smooth_loss(rng, 4)
    theta = np.full(4, 1e3)
    phi = proximal_point(loss, theta, 1e-3)
    assert close(loss.gradient(phi) + 1e-3 * (phi - theta), np.zeros(4), scale=1)


def test_without_a_minimum_it_raises():
    hill = Quadratic(-np.eye(2), np.zeros(2))
    with pytest.raises(ArithmeticError, match="raise lambda"):
        proximal_point(hill, np.ones(2), 0.5)
    with pytest.raises(ArithmeticError, match="raise lambda"):
        proximal_point(hill, np.ones(2), 1.0)            # flat
    assert np.allclose(proximal_point(hill, np.ones(2), 2.0), 2)
    saddle = Quadratic(np.diag([1.0, -1.0]), np.zeros(2))
    with pytest.raises(ArithmeticError, match="raise lambda"):
        proximal_point(saddle, np.zeros(2), 0.5)


@given(generators, st.integers(1, 6))
@settings(max_examples=30)
def test_conjugate_gradients(rng, dim):
    loss, (phi, v) = smooth_loss(rng, dim), rng.standard_normal((2, dim))
    A = np.eye(dim) + loss.hessian(phi) / 0.1
    iterates = conjugate_gradients(loss, phi, v, 0.1)
    assert np.allclose(A @ iterates[-1], v, atol=1e-12) and len(iterates) <= 2 * dim
    first = v * (v @ v) / (v @ A @ v)                    # steepest descent, exactly
    assert np.allclose(iterates[0], first, rtol=1e-10)
    assert len(conjugate_gradients(loss, phi, v, 0.1, iterations=1)) == 1
    few = implicit_gradient(loss, lambda t: np.sum(t * v), phi, 0.1, iterations=1)
    assert np.allclose(few, first, rtol=1e-10)


def test_a_zero_gradient_needs_no_iteration(rng):
    found = conjugate_gradients(smooth_loss(rng, 3), np.zeros(3), np.zeros(3), 1.0)
    assert len(found) == 1 and not found[0].any() and found[0].shape == (3,)


def test_cg_errors_go_down_within_their_bounds(rng):
    loss_s, loss_q, phi = smooth_loss(rng, 8), smooth_loss(rng, 8), rng.standard_normal(8)
    errors, bounds = cg_errors(loss_s, loss_q, phi, 0.05, 8)
    A = np.eye(8) + loss_s.hessian(phi) / 0.05
    exact = np.linalg.solve(A, loss_q.gradient(phi))
    assert errors[0] == pytest.approx(np.sqrt(exact @ A @ exact), rel=1e-12)
    assert np.all(np.diff(errors[:7]) < 0) and errors[8] < 1e-9 * errors[0]
    c = np.sqrt(np.linalg.cond(A))
    assert bounds[:3] == pytest.approx(2 * errors[0] * ((c - 1) / (c + 1)) ** np.arange(3))
    assert np.all(errors <= bounds)


def test_on_the_hill_the_formula_is_a_lie():
    assert dome(0.5) == pytest.approx(1.0) and dome(2.0) == pytest.approx(4.0)
    # the truth: phi_K = phi* + r^K (1 - phi*), with r = 1 - 0.5 (lambda - 1) > 1 below lambda = 1
    assert loop_on_dome(2.0) == pytest.approx(4.0, rel=1e-9)
    stationary, r = 0.5 / -0.5, 1.25
    slope_ = stationary + r ** 40 * (1 - stationary)     # d phi_K / d theta = phi_K at theta = 1
    assert loop_on_dome(0.5) == pytest.approx(slope_ ** 2, rel=1e-9)


def test_memory_does_not_grow_with_the_solvers_steps():
    theta = np.linspace(-1, 1, 50_000)

    def loss(t):
        return np.sum(np.cos(t) + t * t)

    def peak(f):
        tracemalloc.start()
        f()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def implicit(steps):
        phi = theta
        for _ in range(steps):
            phi = descend([proximal(loss, theta, 2.0)], phi, 0.1)[-1]
        return implicit_gradient(loss, loss, phi, 2.0, iterations=3)
    few, many = (peak(lambda: implicit(steps)) for steps in (3, 30))
    assert many < 1.1 * few
    few, many = (peak(lambda: unrolled_proximal(loss, loss, theta, 2.0, 0.1, steps))
                 for steps in (3, 30))
    assert many > 4 * few


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=3, counterexamples=2, loosest=1e-8)
    assert found[-1].found == pytest.approx(loop_on_dome(0.5) - dome(0.5), rel=1e-12)
    assert found[-1].limit == 1000
    # lambda must be well above the curvature of a hill
    verified(verify(rng, lambda t: -np.sum(t * t), [0.5, 2]), gaps=3, loosest=1e-8)
    verified(verify(rng, lambda t: np.sum(np.cos(t) * t), [0.5, 2]), gaps=3, loosest=1e-8)
    verified(verify(rng, np.sum), gaps=3, loosest=1e-8)
    verified(verify(rng, lambda t: 0 * np.sum(t)), gaps=3, loosest=1e-8)


@pytest.mark.parametrize("name, wrong", [
    ("solved_by_matrix", lambda s, q, phi, lam, at=None: solved_by_matrix(s, q, phi, -lam)),
    ("solved_by_matrix", lambda s, q, phi, lam, at=None: solved_by_matrix(s, q, phi, 1 / lam)),
    ("solved_by_matrix", lambda s, q, phi, lam, at=None: solved_by_matrix(s, q, phi, lam, phi + 1)),
    ("solved_by_matrix", lambda s, q, phi, lam, at=None: grad(q)(phi)),
    ("implicit_gradient", lambda s, q, phi, lam: implicit_gradient(s, q, phi, lam, 1)),
    ("unrolled_proximal", lambda s, q, theta, lam, alpha, steps: grad(q)(theta)),
    ("cg_errors", lambda *a: (cg_errors(*a)[0], 0.1 * cg_errors(*a)[1]))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught([f for f in verify(rng) if f.kind == "gap"])


def test_errors_beyond_their_bounds_count_by_the_first(monkeypatch, rng):
    plant(monkeypatch, verify, "cg_errors", lambda *a: np.array([[4.0, 2.0], [4.0, 1.0]]))
    found, = [f for f in verify(rng) if "beyond" in f.name]
    assert found.found == 0.25 and not found.passed


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "semilog" and [name for name, _, _ in drawn.lines] == [
        f"{name}, lambda = {lam}" for lam in (0.02, 1.0) for name in ("error", "bound")]
    for (_, x, error), (_, _, bound) in zip(drawn.lines[::2], drawn.lines[1::2]):
        assert x[0] == 1 and len(x) == len(error) and error[-1] < 1e-3 * error[0]
        assert np.all(error[:10] <= bound[:10])
