"""Transforms, containers, complex numbers and recomputation on a device."""
import numpy as np
import pytest

from minimeta import (checkpoint, defvjp, elementwise_grad, grad, hessian, hvp, jacobian, jvp,
                      primitive, ravel, stop_gradient, value_and_grad, vjp)
from minimeta.device import on_gpu
from tests.autodiff.samples.complex import COMPLEX
from tests.device.test_rules import moved

X = np.array([0.3, -0.5, 0.8])
TREE = {"w": np.array([[0.2, -0.4], [0.7, 0.1]]), "b": (np.array([0.5, -0.3]),)}


def f(x):
    return np.sum(np.tanh(x) ** 3 * np.exp(x), axis=-1)


def of_tree(tree):
    return np.sum(np.sin(tree["w"] @ tree["b"][0]))


@primitive
def cube(x):
    return x ** 3


defvjp(cube, lambda g, y, x: g * 3 * x ** 2)


@pytest.mark.parametrize("run", [
    grad(f), value_and_grad(f), hessian(f), hessian(f, batched=True), jacobian(np.tanh),
    elementwise_grad(np.sin), grad(checkpoint(f)), hessian(checkpoint(f)),
    lambda x: hvp(f, x, x), lambda x: jvp(f, (x,), (x,)), lambda x: vjp(checkpoint(np.tanh), x)[0],
    lambda x: vjp(np.tanh, x)[1](x), grad(lambda x: f(stop_gradient(x) * x)),
    grad(lambda x: np.sum(grad(lambda x: np.sum(cube(x)) ** 2)(x) * x)),
    lambda x: ravel({"a": x, "b": [x, x]})[0], lambda x: ravel([x])[1](x),
    grad(lambda x: np.sum(ravel({"a": x, "b": [x * x]})[0] ** 3))], ids=range(17))
def test_transforms(run, put, get, watched):
    with watched() as log:
        found = run(put(X))
    assert log == []
    host, device = run(X), get(found)
    for ours, judge in zip(flat(device), flat(host), strict=True):
        np.testing.assert_allclose(ours, judge, rtol=1e-13)


def flat(a):
    return [b for part in a for b in flat(part)] if isinstance(a, (tuple, list)) else [a]


def test_containers(put, get):
    found, expected = grad(of_tree)(put(TREE)), grad(of_tree)(TREE)
    assert on_gpu(found["w"]) and type(found["b"]) is tuple
    np.testing.assert_allclose(get(found)["w"], expected["w"], rtol=1e-13)
    np.testing.assert_allclose(get(found)["b"][0], expected["b"][0], rtol=1e-13)


def test_results_stay_on_the_device(put):
    value, g = value_and_grad(f)(put(X))
    assert on_gpu(value) and value.shape == () and on_gpu(g)


def test_a_written_argument_does_not_change_a_derivative(put, get):
    x = put(X)
    _, pullback = vjp(np.square, x)
    x += 1
    np.testing.assert_allclose(get(pullback(put(np.ones(3)))[0]), 2 * X)


@pytest.mark.parametrize("name", sorted(COMPLEX))
def test_complex(name, put, get):
    fn, operands = COMPLEX[name]

    def gradients(fn, operands):
        def slope(z, *rest):
            y = fn(z, *rest)
            return np.sum(np.real(y * np.conj(y)) + np.real(y))

        def second(z, *rest):
            return grad(lambda z: np.sum(np.real(grad(slope)(z, *rest)) ** 2))(z)
        return grad(slope)(*operands), second(*operands)
    for ours, judge in zip(get(gradients(moved(fn, put), put(operands))), gradients(fn, operands)):
        np.testing.assert_allclose(ours, judge, rtol=1e-10, atol=1e-10 * np.max(np.abs(judge)))
