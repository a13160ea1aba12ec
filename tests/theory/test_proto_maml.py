"""C10: ProtoMAML's head starts as the prototypical network."""
import numpy as np
import pytest
from hypothesis import given

from minimeta.meta import log_probabilities
from minimeta.nn import cross_entropy
from minimeta.theory import proto_maml as theorem
from minimeta.theory.proto_maml import (LABELS, by_constant_head, by_head, by_prototypes,
                                        embedding_gradient, head, head_log_probabilities, step,
                                        verify)
from tests.differences import slope
from tests.theory.samples import caught, check, numbers


def means(x):
    return np.stack([(x[2 * k] + x[2 * k + 1]) / 2 for k in range(3)])


@given(numbers(6, 3), numbers(4, 3))
def test_the_head_is_that_of_the_paper(support, queries):
    c = means(support)
    w, b = head(support, LABELS, 3)
    assert np.allclose(w, 2 * c.T, atol=1e-14) and np.allclose(b, -np.sum(c * c, axis=1),
                                                               atol=1e-14)
    expected = log_probabilities(queries, c)
    for log_p in (by_head, by_prototypes, by_constant_head):
        assert np.allclose(log_p(support, queries), expected, rtol=0, atol=1e-12)
    assert np.allclose(head_log_probabilities(queries, (w, b)), expected, rtol=0, atol=1e-12)


@given(numbers(6, 2), numbers(6, 2), numbers(2, 2), numbers(2, 2))
def test_gradients_agree_through_the_head(xs, xq, theta, v):
    def loss(theta):
        return cross_entropy(log_probabilities(xq @ theta, means(xs @ theta)),
                             np.array([0, 0, 1, 1, 2, 2]))
    ours = embedding_gradient(by_head, theta, xs, xq)
    assert np.allclose(ours, embedding_gradient(by_prototypes, theta, xs, xq), rtol=0, atol=1e-11)
    scale = max(1.0, np.max(np.abs(ours)))
    assert abs(np.sum(ours * v) - slope(loss, theta, v / 4, 1e-3) * 4) <= 1e-5 * scale

    def constant(at):
        c = means(xs @ theta)
        return cross_entropy(log_probabilities(xq @ at, c), np.array([0, 0, 1, 1, 2, 2]))
    held = embedding_gradient(by_constant_head, theta, xs, xq)
    assert abs(np.sum(held * v) - slope(constant, theta, v / 4, 1e-3) * 4) <= 1e-5 * scale


@given(numbers(4, 2), numbers(3), numbers(2, 3))
def test_a_step_of_the_head(support, b, w):
    """grad of the mean cross-entropy: w by x'(p - y) / n, b by the mean of p - y."""
    labels = np.array([0, 1, 2, 1])
    error = (np.exp(head_log_probabilities(support, (w, b))) - np.eye(3)[labels]) / 4
    w_next, b_next = step((w, b), support, labels, 0.5)
    assert np.allclose(w_next, w - 0.5 * support.T @ error, atol=1e-13)
    assert np.allclose(b_next, b - 0.5 * np.sum(error, axis=0), atol=1e-13)


def test_findings():
    check(verify, [1e-12, 1e-12], [(0.6904, 0.005), (0.02115, 0.0005)])


def test_mutants_are_caught(monkeypatch):
    def changed(w_factor, b_factor):
        def mutant(support, labels, n_way):
            w, b = head(support, labels, n_way)
            return w_factor * w, b_factor * b
        return mutant

    for mutant in (dict(head=changed(0.5, 1)), dict(head=changed(1, -1)), dict(head=changed(1, 0)),
                   dict(head=changed(1, 0.5)), dict(by_head=by_constant_head),
                   dict(by_constant_head=by_head), dict(step=lambda weights, *_: weights)):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_labels_are_two_of_each_class():
    assert LABELS.tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="no support example"):
        head(np.ones((2, 3)), np.array([0, 2]), 3)
