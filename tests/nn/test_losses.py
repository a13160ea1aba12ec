"""Losses: one number a task, stable, and wrong labels end in a cure."""
import numpy as np
import pytest
from scipy.special import log_softmax as reference

from minimeta.autodiff import grad, hessian
from minimeta.nn import accuracy, cross_entropy, log_softmax, mean_squared_error


def test_values(rng):
    z, labels = rng.standard_normal((2, 3, 4, 5)), rng.integers(0, 5, (2, 3, 4))
    np.testing.assert_allclose(log_softmax(z), reference(z, axis=-1))
    picked = np.take_along_axis(reference(z, axis=-1), labels[..., None], axis=-1)
    np.testing.assert_allclose(cross_entropy(z, labels), -picked[..., 0].mean(axis=-1))
    np.testing.assert_allclose(accuracy(z, labels), (z.argmax(-1) == labels).mean(-1))
    np.testing.assert_allclose(mean_squared_error(z, 2 * z), (z * z).mean(axis=(-2, -1)))
    assert cross_entropy(z[0, 0], labels[0, 0]).shape == ()
    assert cross_entropy(z, labels[0, 0]).shape == accuracy(z, labels[0, 0]).shape == (2, 3)


def test_orders(check_orders, rng):
    z, labels = rng.standard_normal((2, 3, 4)), rng.integers(0, 4, (2, 3))
    check_orders(lambda z: np.sum(cross_entropy(z * z, labels)), z)
    check_orders(lambda z: np.sum(np.sin(log_softmax(z))), z)
    check_orders(lambda z: np.sum(mean_squared_error(z ** 3, z[0])), z, h=1e-4)
    h = hessian(lambda t: np.sum(cross_entropy(t.reshape(z.shape), labels)))(z.ravel())
    np.testing.assert_allclose(h, h.T, atol=1e-14)


def test_stable_for_large_logits():
    z = np.array([[1000.0, 0.0], [-1000.0, 0.0]], np.float32)
    np.testing.assert_allclose(cross_entropy(z, np.array([0, 0])), 500)
    g = grad(lambda z: cross_entropy(z, np.array([0, 0])))(z)
    np.testing.assert_allclose(g, [[0, 0], [-0.5, 0.5]])
    assert g.dtype == np.float32


def test_gradient_is_softmax_minus_one_hot(rng):
    z, labels = rng.standard_normal((6, 4)), rng.integers(0, 4, 6)
    g = grad(lambda z: cross_entropy(z, labels))(z)
    np.testing.assert_allclose(g, (np.exp(reference(z, axis=-1)) - np.eye(4)[labels]) / 6)


def test_tasks(check_tasks, rng):
    z, labels = rng.standard_normal((3, 4, 5)), rng.integers(0, 5, (3, 4))
    check_tasks(cross_entropy, z, labels)
    check_tasks(mean_squared_error, z, rng.standard_normal(z.shape))
    assert [float(accuracy(a, b)) for a, b in zip(z, labels)] == accuracy(z, labels).tolist()


def test_float32_stays(rng):
    z = rng.standard_normal((2, 4, 5)).astype(np.float32)
    labels = np.zeros((2, 4), int)
    assert cross_entropy(z, labels).dtype == mean_squared_error(z, z).dtype == np.float32
    assert grad(lambda z: np.sum(cross_entropy(z, labels)))(z).dtype == np.float32


@pytest.mark.parametrize("labels,error,match", [
    (np.zeros(3), TypeError, "astype"),
    (np.zeros((3, 4)), TypeError, "one-hot"),
    (np.zeros((3, 4), int), ValueError, "argmax"),
    (np.zeros((3, 1), int), ValueError, "labels"),
    (np.zeros(4, int), ValueError, "labels"),
    (np.array([0, 1, 4]), ValueError, "0 to 3"),
    (np.array([0, -1, 2]), ValueError, "0 to 3"),
])
def test_wrong_labels(labels, error, match):
    with pytest.raises(error, match=match):
        cross_entropy(np.zeros((3, 4)), labels)


def test_wrong_targets():
    with pytest.raises(ValueError, match=r"y\[\.\.\., None\]"):
        mean_squared_error(np.zeros((5, 1)), np.zeros(5))
    with pytest.raises(ValueError, match="same N and d"):
        mean_squared_error(np.zeros((5, 1)), np.zeros((1, 5)))
