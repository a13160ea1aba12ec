"""C5: prototypical classification is linear."""
import numpy as np
import pytest
from hypothesis import given

from minimeta.meta import bregman, burg_entropy, log_probabilities, negative_entropy, squared_norm
from minimeta.nn import log_softmax
from minimeta.theory import linear_classifier as theorem
from minimeta.theory.generators import log_sum_exp, logistic, mahalanobis
from minimeta.theory.linear_classifier import (bend, contrast, divergence_logits, linear_head,
                                               linear_logits, picture, plain_logit, swapped_logit,
                                               verify)
from tests.theory.samples import EPS, POSITIVE, REAL, UNIT, caught, check, numbers

A = np.array([[2.0, 0.5], [0.5, 1.0]])
HEADS = {                               # generator, numbers, w, b in closed form
    "squared norm": (squared_norm, REAL, lambda c: 2 * c, lambda c: -np.sum(c * c)),
    "Mahalanobis": (mahalanobis(A), REAL, lambda c: 2 * A @ c, lambda c: -c @ A @ c),
    "Kullback-Leibler": (negative_entropy, POSITIVE, lambda c: np.log(c) + 1,
                         lambda c: -np.sum(c)),
    "Itakura-Saito": (burg_entropy, POSITIVE, lambda c: -1 / c, lambda c: 2 - np.sum(np.log(c))),
    "logistic": (logistic, UNIT, lambda c: np.log(c / (1 - c)), lambda c: np.sum(np.log(1 - c))),
    "log-sum-exp": (log_sum_exp, REAL, lambda c: np.exp(c) / np.sum(np.exp(c)), None)}


@pytest.mark.parametrize("name", HEADS)
def test_heads_in_closed_form_give_the_probabilities(name):
    phi, elements, weight, bias = HEADS[name]

    @given(numbers(3, 2, elements=elements), numbers(4, 2, elements=elements))
    def run(c, z):
        w, b = linear_head(c, phi)
        tolerance = 128 * EPS * (np.max(np.abs(phi(z))) + np.max(np.abs(w)) * 4 + 10)
        assert np.allclose(w, [weight(v) for v in c], rtol=0, atol=tolerance)
        if bias:
            assert np.allclose(b, [bias(v) for v in c], rtol=0, atol=tolerance)
        logits = linear_logits(z, c, phi)
        assert np.allclose(logits, [[w[k] @ v + b[k] for k in range(3)] for v in z],
                           rtol=0, atol=tolerance)
        assert np.allclose(logits, divergence_logits(z, c, phi), rtol=0, atol=tolerance)
        assert np.allclose(divergence_logits(z, c, phi), [
            [phi(v) - bregman(phi)(v, c[k]) for k in range(3)] for v in z],
            rtol=0, atol=tolerance)
        assert np.allclose(log_softmax(logits), log_probabilities(z, c, phi),
                           rtol=0, atol=4 * tolerance)
    run()


@given(numbers(3, 2), numbers(4, 2))
def test_the_squared_norm_is_the_default(c, z):
    assert np.array_equal(linear_head(c)[1], linear_head(c, squared_norm)[1])
    distances = np.sum((z[:, None] - c) ** 2, axis=-1)
    for logits in (linear_logits(z, c), divergence_logits(z, c)):
        assert np.allclose(logits - np.sum(z * z, axis=-1)[:, None], -distances, atol=1e-13)


@given(numbers(2), numbers(2))
def test_bend_sees_what_is_not_affine(z0, z1):
    assert abs(bend(lambda z: 3 * z[0] - z[1] + 2, z0, z1)) < 1e-14
    assert bend(lambda z: np.sum(z * z), z0, z1) == pytest.approx(np.sum((z0 - z1) ** 2) / 2,
                                                                  abs=1e-14)


@given(numbers(2, elements=POSITIVE), numbers(2, elements=POSITIVE),
       numbers(2, 2, elements=POSITIVE))
def test_contrasts_of_bregman_logits_are_affine(z0, z1, c):
    for phi in (squared_norm, negative_entropy):
        logit = contrast(lambda z, c: -bregman(phi)(z, c), c)
        assert abs(bend(logit, z0, z1)) < 1e-13
    by_hand = contrast(lambda z, c: z @ c, c)
    assert by_hand(z0) == pytest.approx(z0 @ (c[0] - c[1]), abs=1e-13)


@given(numbers(2, elements=POSITIVE), numbers(2, elements=POSITIVE))
def test_logits_that_are_not_linear(z, c):
    assert swapped_logit(z, c) == pytest.approx(-np.sum(c * np.log(c / z) - c + z), abs=1e-13)
    assert plain_logit(z, c) == pytest.approx(-np.linalg.norm(z - c))


def test_findings():
    check(verify, 7 * [1e-12, 1e-11], [(0.219, 0.01), (0.8706, 0.01)])


def test_mutants_are_caught(monkeypatch):
    def changed(w_factor, b_factor):
        def head(prototypes, phi=squared_norm):
            w, b = linear_head(prototypes, phi)
            return w_factor * w, b_factor * b
        return head

    def swapped(phi):
        return lambda x, y: bregman(phi)(y, x)

    for mutant in (dict(linear_head=changed(0.5, 1)), dict(linear_head=changed(1, -1)),
                   dict(linear_head=changed(-1, 1)), dict(linear_head=changed(1, 0)),
                   dict(bregman=swapped), dict(swapped_logit=lambda z, c: z @ c),
                   dict(plain_logit=lambda z, c: plain_logit(z, c) ** 2 - z @ z),
                   dict(log_probabilities=lambda z, c, phi: log_softmax(
                       -np.sqrt(np.sum((z[:, None] - c) ** 2, axis=-1)))),
                   dict(contrast=lambda logit, c: lambda z: 0.0 * z[0])):
        with monkeypatch.context() as patch:
            assert caught(verify, patch, theorem, **mutant), mutant


def test_picture(rng):
    """On each boundary two prototypes are equally near, and the third is farther."""
    drawn = picture(rng)
    *classes, (_, *prototypes) = drawn.points
    prototypes = np.stack(prototypes, axis=1)
    assert drawn.kind == "plane" and len(drawn.lines) == len(classes) == 3
    centres = np.array([[-1.5, -1.0], [1.5, -1.0], [0.0, 1.5]])
    for (_, *points), prototype, centre in zip(classes, prototypes, centres):
        assert np.allclose(np.mean(points, axis=1), prototype) and len(points[0]) == 5
        assert np.linalg.norm(prototype - centre) < 1
        assert 0.1 < np.std(np.array(points), axis=1).mean() < 0.9
    for (label, x, y), (i, j) in zip(drawn.lines, ((0, 1), (0, 2), (1, 2))):
        points = np.stack([x, y], axis=1)
        assert str(i) in label and str(j) in label
        assert 300 < len(points) < 1000
        assert np.linalg.norm(points, axis=1).max() == pytest.approx(6, abs=1)
        distance = np.linalg.norm(points[:, None] - prototypes, axis=-1)
        assert np.allclose(distance[:, i], distance[:, j])
        assert (distance[:, i] <= distance.min(axis=1) + 1e-6).all()
        step = np.linalg.norm(np.diff(points, axis=0), axis=1)
        assert np.allclose(step, 0.01)
    # a record for seed 0: where the boundaries are shown, and the sample
    assert [len(x) for _, x, _ in drawn.lines] == [601, 585, 615]
    assert [(x[0], y[0]) for _, x, y in drawn.lines] == pytest.approx(
        np.array([(-0.167, 0.001), (-5.395, 2.627), (-0.158, 0.011)]), abs=1e-3)
    assert prototypes == pytest.approx(
        np.array([[-1.4169, -0.9984], [1.0673, -1.0184], [-0.1091, 1.611]]), abs=1e-4)
