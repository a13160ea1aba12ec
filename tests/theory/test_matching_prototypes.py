"""C7: matching against prototypical networks."""
import numpy as np
import pytest
from hypothesis import given

from minimeta.meta import cosine, log_probabilities
from minimeta.theory import matching_prototypes as theorem
from minimeta.theory.matching_prototypes import (distance_plus_variance, largest_difference,
                                                 matching, mean_distance, prototypical, verify)
from tests.theory.samples import EPS, caught, check, numbers


def softmax(scores):
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)


@given(numbers(4, 3), numbers(3, 3))
def test_one_shot(q, x):
    labels = np.array([2, 0, 1])
    shares = softmax(-np.sum((q[:, None] - x) ** 2, axis=-1))[:, [1, 2, 0]]
    assert np.allclose(np.exp(matching(q, x, labels, 3)), shares, rtol=0, atol=1e-13)
    assert np.allclose(np.exp(prototypical(q, x, labels, 3)), shares, rtol=0, atol=1e-13)


@given(numbers(4, 3), numbers(3, 3))
def test_one_shot_on_the_sphere_is_cosine_attention_with_doubled_logits(q, x):
    q, x = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (q, x))
    labels = np.arange(3)
    ours = np.exp(prototypical(q, x, labels, 3))
    assert np.allclose(ours, softmax(2 * q @ x.T), rtol=0, atol=1e-13)
    assert np.allclose(ours, np.exp(matching(q, x, labels, 3, cosine, 0.5)), rtol=0, atol=1e-11)


@given(numbers(4, 3), numbers(5, 3))
def test_mean_distance_is_distance_to_the_mean_plus_variance(q, x):
    left, right = mean_distance(q, x), distance_plus_variance(q, x)
    by_hand = [np.mean([np.sum((v - u) ** 2) for u in x]) for v in q]
    mu = sum(x) / 5
    parts = [np.sum((v - mu) ** 2) + np.sum(np.var(x, axis=0)) for v in q]
    for found, expected in ((left, by_hand), (right, parts), (left, right)):
        assert np.allclose(found, expected, rtol=16 * EPS, atol=0)


@given(numbers(3, 2), numbers(6, 2))
def test_many_shots(q, x):
    labels = np.array([0, 1, 2, 2, 1, 0])
    shares = softmax(-np.sum((q[:, None] - x) ** 2, axis=-1))
    votes = np.stack([shares[:, labels == k].sum(axis=1) for k in range(3)], axis=1)
    assert np.allclose(np.exp(matching(q, x, labels, 3)), votes, rtol=0, atol=1e-12)
    prototypes = np.stack([x[labels == k].mean(axis=0) for k in range(3)])
    assert np.allclose(prototypical(q, x, labels, 3), log_probabilities(q, prototypes),
                       rtol=0, atol=1e-13)


def test_largest_difference():
    assert largest_difference(np.log([0.1, 0.9]), np.log([0.3, 0.7])) == pytest.approx(0.2)


def test_findings():
    check(verify, [1e-12, 1e-10, 1e-13], [(0.7279, 0.01), (0.2986, 0.01), (0.5151, 0.01)])


def test_mutants_are_caught(monkeypatch):
    def plain(queries, support, temperature):
        return -np.sqrt(np.sum((queries[:, None] - support) ** 2, axis=-1))

    def unbiased(queries, support):
        mu = np.mean(support, axis=0)
        return np.sum((queries - mu) ** 2, axis=-1) + np.sum(np.var(support, axis=0, ddof=1))

    def minus(queries, support):
        mu = np.mean(support, axis=0)
        return 2 * np.sum((queries - mu) ** 2, axis=-1) - distance_plus_variance(queries, support)

    def not_doubled(queries, support, labels, n_way, attention=theorem.squared_distance,
                    temperature=1.0):
        return matching(queries, support, labels, n_way, attention,
                        1.0 if attention is cosine else temperature)

    def plain_attention(queries, support, labels, n_way, attention=plain, temperature=1.0):
        return matching(queries, support, labels, n_way, attention, temperature)

    for mutant in (dict(matching=plain_attention), dict(matching=not_doubled),
                   dict(distance_plus_variance=unbiased), dict(distance_plus_variance=minus),
                   dict(mean_distance=lambda q, x: np.mean(
                       np.sqrt(np.sum((q[:, None] - x) ** 2, axis=-1)), axis=-1)),
                   dict(cosine=theorem.squared_distance), dict(unit=lambda x: 2 * x)):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant
