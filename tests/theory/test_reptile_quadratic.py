"""B2 against descent by closed forms, on invertible and singular quadratics, and off them."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.theory.losses import quadratic_loss, smooth_loss
from minimeta.theory.reptile_expansion import reptile_expansion
from minimeta.theory.reptile_quadratic import geometric_sum, quadratic_update, verify
from minimeta.theory.theorem import difference
from tests.theory.problems import caught, close, generators, plant, verified, walk


@given(generators, st.integers(1, 5), st.integers(0, 8), st.integers(1, 19))
def test_closed_form_is_the_path(rng, dim, k, tenths):
    loss, theta, alpha = quadratic_loss(rng, dim), rng.standard_normal(dim), tenths / 10
    moved = walk([loss] * k, theta, alpha)[-1] - theta
    assert close(quadratic_update(loss, theta, alpha, k), moved, ulps=2000, scale=10)
    assert close(geometric_sum(loss, theta, alpha, k), moved, ulps=2000, scale=10)


@given(generators, st.integers(2, 5), st.integers(0, 8))
def test_singular_hessians(rng, dim, k):
    loss, theta = quadratic_loss(rng, dim, rank=1), rng.standard_normal(dim)
    moved = walk([loss] * k, theta, 0.7)[-1] - theta
    assert close(geometric_sum(loss, theta, 0.7, k), moved, ulps=2000, scale=10)


def test_formula_on_any_loss_is_that_of_its_hessian_and_gradient(rng):
    loss, theta = smooth_loss(rng, 3), rng.standard_normal(3)
    H, g = loss.hessian(theta), loss.gradient(theta)
    R = np.eye(3) - 0.2 * H
    claimed = -(np.eye(3) - R @ R @ R) @ np.linalg.inv(H) @ g
    assert close(quadratic_update(loss, theta, 0.2, 3), claimed, ulps=5000)
    assert close(geometric_sum(loss, theta, 0.2, 3), -0.2 * (g + R @ g + R @ R @ g))


def test_to_order_four_it_is_the_expansion_without_third_derivatives(rng):
    loss, theta = quadratic_loss(rng, 4), rng.standard_normal(4)
    for k in (1, 2, 3, 4):             # C(k,n) vanishes beyond n = k: the expansion is all there is
        assert close(reptile_expansion(loss, theta, 0.6, k), quadratic_update(loss, theta, 0.6, k),
                     ulps=2000, scale=10)


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=8, slopes=1, counterexamples=1, loosest=1e-12)
    assert [f.expected for f in found if f.kind == "slope"] == [3]
    assert [f.name.partition(":")[0] for f in found[:8:2]] == [f"k = {k}" for k in (1, 2, 3, 10)]
    own = np.random.default_rng(0)
    theta = own.standard_normal(5)
    quadratic_loss(own, 5), quadratic_loss(own, 5)
    curved = smooth_loss(own, 5)
    alpha = 0.25 / np.linalg.norm(curved.hessian(theta), 2)
    moved = walk([curved] * 3, theta, alpha)[-1] - theta
    assert found[-1].found == pytest.approx(
        difference(moved, quadratic_update(curved, theta, alpha, 3)))


@pytest.mark.parametrize("name, wrong", [
    ("quadratic_update", lambda loss, t, alpha, k: -quadratic_update(loss, t, alpha, k)),
    ("quadratic_update", lambda loss, t, alpha, k: quadratic_update(loss, t, alpha, k + 1)),
    ("quadratic_update", lambda loss, t, alpha, k: quadratic_update(loss, t, -alpha, k)),
    ("geometric_sum", lambda loss, t, alpha, k: geometric_sum(loss, t, alpha, k - 1)),
    ("telescoped", lambda losses, t, alpha: alpha * losses[0].gradient(t))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught([f for f in verify(rng) if f.kind == "gap"])
