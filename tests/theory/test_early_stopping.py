"""A7: descent on linear regression against the MAP estimate, by formulas of their own."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.theory.early_stopping import (early_stopped, map_estimate, narrowest,
                                            prior_covariance, squared_loss, verify)
from tests.theory.problems import caught, close, generators, plant, verified


def draw(rng, points, dim):
    X = rng.standard_normal((points, dim))
    return X, rng.standard_normal(points), rng.standard_normal(dim), np.linalg.norm(X, 2) ** 2


@given(generators, st.integers(1, 6), st.integers(1, 5), st.integers(0, 6), st.integers(1, 6))
def test_descent_is_map(rng, points, dim, steps, tenths):
    X, y, theta_0, largest = draw(rng, points, dim)
    alpha = tenths / 10 / largest
    prior = prior_covariance(X, alpha, steps)
    assert narrowest(prior) >= -1e-13 * alpha
    phi = theta_0
    for _ in range(steps):
        phi = phi - alpha * X.T @ (X @ phi - y)
    assert close(early_stopped(X, y, theta_0, alpha, steps), phi, scale=10)
    assert close(map_estimate(X, y, theta_0, prior), phi, ulps=1e6, scale=10)


@given(generators, st.integers(1, 6), st.integers(1, 5), st.integers(1, 6))
def test_the_covariance_as_it_is_stated(rng, points, dim, steps):
    X, _, _, largest = draw(rng, points, dim)
    alpha = 0.5 / largest
    lam, U = np.linalg.eigh(X.T @ X)
    r = (1 - alpha * lam) ** steps
    flat = lam < 1e-9 * largest
    stated = np.where(flat, steps * alpha, (1 - r) / np.where(flat, 1, lam * r))
    assert np.allclose(prior_covariance(X, alpha, steps), (U * stated) @ U.T, rtol=1e-6,
                       atol=1e-8 * alpha)


def test_one_dimension_by_hand():
    # lam = 4, alpha = 1/8, q = 1/2: one step 1/8 / (1/2), two steps (1/8)(3/2) / (1/4)
    X = np.array([[2.0]])
    assert prior_covariance(X, 0.125, 0) == 0
    assert prior_covariance(X, 0.125, 1) == pytest.approx(0.25)
    assert prior_covariance(X, 0.125, 2) == pytest.approx(0.75)
    assert prior_covariance(np.zeros((1, 1)), 0.125, 3) == pytest.approx(0.375)
    loss = squared_loss(X, np.array([3.0]))
    assert loss(np.array([1.0])) == 0.5 and loss(np.array([0.0])) == 4.5


@given(generators, st.integers(1, 4), st.integers(1, 4))
def test_map_is_the_minimum_of_the_penalised_loss(rng, points, dim):
    X, y, theta_0, _ = draw(rng, points, dim)
    root = rng.standard_normal((dim, dim)) + 2 * np.eye(dim)
    prior = root @ root.T
    at = map_estimate(X, y, theta_0, prior)
    assert np.allclose(prior @ X.T @ (X @ at - y) + at - theta_0, 0, atol=1e-9)


def test_beyond_the_bound_a_variance_is_negative(rng):
    X, y, theta_0, largest = draw(rng, 5, 3)
    assert narrowest(prior_covariance(X, 1.5 / largest, 1)) < 0
    assert narrowest(prior_covariance(X, 1.5 / largest, 2)) > 0
    assert narrowest(prior_covariance(X, 2.5 / largest, 2)) < 0
    # the algebra goes on
    prior = prior_covariance(X, 1.5 / largest, 3)
    assert close(map_estimate(X, y, theta_0, prior), early_stopped(X, y, theta_0, 1.5 / largest, 3),
                 ulps=1e7)
    assert narrowest(np.diag([3.0, -2.0, 5.0])) == -2


def test_a_flat_prior_is_refused():
    with pytest.raises(ZeroDivisionError, match="lower alpha"):
        prior_covariance(np.eye(2), 1.0, 1)
    assert not prior_covariance(np.eye(2), 1.0, 0).any()


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=10, counterexamples=6, loosest=1e-10)
    assert [f.name.partition(":")[0] for f in found if f.name.endswith("MAP")] == [
        f"{size}, K = {steps}" for size in ("8 points, P = 4", "3 points, P = 5")
        for steps in (0, 1, 3, 10)]
    # alpha q^0 / q with q = -1/2, and the sum of three over q^3; of two with q = -3/2
    assert [f.found for f in found if f.kind == "counterexample"][:3] == pytest.approx(
        [3.0, 9.0, 2.5 * 0.5 / 2.25])


@pytest.mark.parametrize("name, wrong", [
    ("prior_covariance", lambda X, alpha, steps: 1.001 * prior_covariance(X, alpha, steps)),
    ("prior_covariance", lambda X, alpha, steps: prior_covariance(X, alpha, steps + 1)),
    ("prior_covariance", lambda X, alpha, steps: steps * alpha * np.eye(X.shape[1])),
    ("early_stopped", lambda X, y, t, alpha, steps: early_stopped(X, y, t, -alpha, steps)),
    ("map_estimate", lambda X, y, t, prior: map_estimate(X, y, 0 * t, prior))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught([f for f in verify(rng) if f.kind == "gap"])
