"""C6: prototypical networks are linear discriminant analysis with covariance I/2."""
import sys

import numpy as np
import pytest
from hypothesis import given
from scipy.stats import multivariate_normal

from minimeta.meta import log_probabilities
from minimeta.theory.discriminant import (discriminant, largest_difference, log_density, shared,
                                          verify)
from minimeta.theory.generators import mahalanobis
from tests.theory.samples import caught, check, numbers, weights

theorem = sys.modules[verify.__module__]      # the package has the function by that name
A = np.array([[2.0, 0.5], [0.5, 1.0]])
S = np.array([[1.0, -0.25], [-0.25, 0.5]])


@given(numbers(4, 2), numbers(2))
def test_density_against_scipy(z, mean):
    assert np.allclose(log_density(z, mean, S), multivariate_normal(mean, S).logpdf(z),
                       rtol=1e-12, atol=1e-13)


@given(numbers(4, 2), numbers(3, 2), weights(3))
def test_posterior_by_bayes_rule(z, c, prior):
    covariances = np.stack([S, np.eye(2), A])
    joint = np.stack([prior[k] * multivariate_normal(c[k], covariances[k]).pdf(z)
                      for k in range(3)], axis=1)
    assert np.allclose(np.exp(discriminant(z, c, covariances, prior)),
                       joint / np.sum(joint, axis=1, keepdims=True), rtol=1e-10, atol=1e-13)


@given(numbers(4, 2), numbers(3, 2))
def test_equal_probabilities_with_half_the_identity(z, c):
    equal = np.full(3, 1 / 3)
    half = discriminant(z, c, shared(np.eye(2) / 2, 3), equal)
    assert np.allclose(half, log_probabilities(z, c), rtol=0, atol=1e-12)
    assert np.allclose(discriminant(z, c, shared(np.linalg.inv(A) / 2, 3), equal),
                       log_probabilities(z, c, mahalanobis(A)), rtol=0, atol=1e-12)
    # with I the logits are halved
    logits = -np.sum((z[:, None] - c) ** 2, axis=-1) / 2
    whole = discriminant(z, c, shared(np.eye(2), 3), equal)
    assert np.allclose(whole - whole[:, :1], logits - logits[:, :1], atol=1e-12)


def test_shared_and_difference():
    assert shared(S, 3).shape == (3, 2, 2) and np.array_equal(shared(S, 3)[2], S)
    a, b = np.log([0.5, 0.5]), np.log([0.2, 0.8])
    assert np.isclose(largest_difference(a, b), 0.3)


def test_priors_must_sum_to_one():
    discriminant(np.ones((2, 2)), np.eye(2), shared(S, 2), [0.5, 0.5 + 1e-12])
    for priors in ([0.5, 0.6], [0.5, 0.4]):
        with pytest.raises(ValueError, match="priors sum to 1"):
            discriminant(np.ones((2, 2)), np.eye(2), shared(S, 2), priors)


def test_findings():
    check(verify, [1e-12, 1e-12, 0.0], [(0.2655, 0.005), (0.2674, 0.005), (0.8457, 0.005)])


def test_mutants_are_caught(monkeypatch):
    def whole(z, mean, covariance):
        return log_density(z, mean, 2 * covariance)          # I for I/2

    def without_determinant(z, mean, covariance):
        d = z - mean
        return -0.5 * np.sum(d * np.linalg.solve(covariance, d.T).T, axis=-1)

    def wrong_sign(z, mean, covariance):
        return -log_density(z, mean, covariance)

    def not_inverted(z, mean, covariance):
        d = z - mean
        return -0.5 * np.sum(d * (d @ covariance), axis=-1)

    def without_half(z, mean, covariance):
        return 2 * without_determinant(z, mean, covariance)

    for mutant in (whole, wrong_sign, not_inverted, without_half):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, log_density=mutant), mutant
    with monkeypatch.context() as patch:                     # a common determinant cancels
        assert not caught(verify, patch, theorem, log_density=without_determinant)
    with monkeypatch.context() as patch:
        assert caught(verify, patch, theorem, mahalanobis=lambda a: mahalanobis(2 * a))
