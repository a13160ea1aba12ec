"""Transforms, complex rules and checkpoint on a stand-in for device arrays (see tests/nn)."""
import numpy as np
import pytest

from minimeta import checkpoint, grad, hessian, hvp, jacobian, jvp, vjp
from tests.autodiff.test_complex import COMPLEX
from tests.nn.test_device import Device

X = np.array([0.3, -0.5, 0.8])


def f(x):
    return np.sum(np.tanh(x) ** 3 * np.exp(x), axis=-1)


@pytest.mark.parametrize("run", [
    grad(f), hessian(f), hessian(f, batched=True), jacobian(np.tanh), grad(checkpoint(f)),
    hessian(checkpoint(f)), lambda x: hvp(f, x, x), lambda x: jvp(f, (x,), (x,))[1],
    lambda x: vjp(checkpoint(np.tanh), x)[1](x)[0]], ids=range(9))
def test_transforms(run):
    assert np.allclose(run(Device(X)).a, run(X), rtol=1e-13)


@pytest.mark.parametrize("name", ["absolute", "sign", "conjugate", "real", "imag", "angle", "exp",
                                  "log", "sqrt", "multiply", "divide", "power", "real_if_close"])
def test_complex(name):
    fn, operands = COMPLEX[name]

    def slope(z, *rest):
        return np.sum(np.real(fn(z, *rest)) ** 2)

    def second(z, *rest):
        return grad(lambda z: np.sum(np.real(grad(slope)(z, *rest))))(z)
    for run in (grad(slope), second):
        assert np.allclose(run(*map(Device, operands)).a, run(*operands), rtol=1e-12)
