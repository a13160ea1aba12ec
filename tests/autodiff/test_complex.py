"""Complex numbers: the cotangent of z = x + iy is dL/dx - i dL/dy."""
import numpy as np
import pytest

from minimeta import (defvjp, grad, hessian, hvp, jacobian, jvp, primitive, stop_gradient,
                      value_and_grad, vjp)
from tests.autodiff.samples.complex import COMPLEX, MIXED, W, Z
from tests.differences import slope

SAMPLES = COMPLEX | MIXED


def pairing(g, v):
    """The change of a real number whose cotangent is g, along v: Re sum g v."""
    return np.sum(np.real(g * v))


def check_orders(f, x, orders=2, rtol=1e-7, seed=0):
    """Derivatives of a real f at x, real or complex, against differences along directions."""
    rng = np.random.default_rng(seed)
    for _ in range(orders):
        v = rng.standard_normal(np.shape(x))
        if np.iscomplexobj(x):
            v = v + 1j * rng.standard_normal(np.shape(x))
        g = grad(f)(x)
        assert g.dtype == np.asarray(x).dtype
        ours, judge = pairing(g, v), slope(f, x, v)
        assert abs(ours - judge) <= rtol * max(abs(judge), abs(ours), 1e-3), (ours, judge)

        def f(x, f=f, v=v):
            return pairing(grad(f)(x), v)


@pytest.mark.parametrize("name", SAMPLES)
def test_complex_operands(name):
    f, operands = SAMPLES[name]
    for i, x in enumerate(operands):
        def of(x):
            y = f(*operands[:i], x, *operands[i + 1:])
            weights = np.linspace(0.5, 1.5, y.size).reshape(y.shape)
            return np.sum(np.real(W * weights * np.sin(y)))
        check_orders(of, x)


def test_a_conjugated_rule_is_caught():
    @primitive
    def cube(z):
        return z ** 3
    defvjp(cube, lambda g, y, z: g * np.conj(3 * z * z))
    with pytest.raises(AssertionError):
        check_orders(lambda z: np.sum(np.real(W * cube(z))), Z, orders=1)


REAL_ANALYTIC = {
    "exp sin": lambda x: np.exp(np.sin(x) * x), "sqrt log": lambda x: np.sqrt(np.log(x + 3)),
    "power": lambda x: x ** 2.5 + 2.0 ** x, "arctan": lambda x: np.arctan(x) / (1 + x * x),
    "matmul": lambda x: np.linalg.inv(np.outer(x, x) + np.eye(3)) @ np.tanh(x)}


@pytest.mark.parametrize("name", REAL_ANALYTIC)
def test_complex_step(name):
    """f(x + ihv) = f(x) + ih f'(x) v + O(h^2): derivatives of orders 1 and 2 to round-off."""
    f = REAL_ANALYTIC[name]
    x, v, h = np.array([0.3, 0.5, 0.8]), np.array([0.5, -1.0, 0.7]), 1e-20
    for _ in range(2):
        judge = np.imag(f(x + 1j * h * v)) / h
        assert np.allclose(jvp(f, (x,), (v,))[1], judge, rtol=1e-13, atol=1e-14)

        def f(x, f=f):
            y, pullback = vjp(f, x)
            return pullback(np.cos(np.arange(y.size)).reshape(y.shape))[0]


def test_the_convention():
    z = 0.3 + 0.4j
    assert grad(lambda z: np.real(z ** 2))(z) == pytest.approx(2 * z)      # not conjugated
    assert grad(lambda z: np.real(z))(z) == 1 and grad(lambda z: np.imag(z))(z) == -1j
    assert grad(lambda z: np.abs(z) ** 2)(z) == pytest.approx(2 * np.conj(z))
    assert vjp(lambda z: z ** 3, z)[1](1.0)[0] == pytest.approx(3 * z ** 2)
    assert jvp(lambda z: np.conj(z) * z ** 2, (z,), (W,))[1] == pytest.approx(
        np.conj(W) * z ** 2 + np.conj(z) * 2 * z * W)
    down = z - 0.1 * np.conj(grad(np.abs)(z))
    assert abs(down) == pytest.approx(abs(z) - 0.1)


def test_values_and_derivatives_at_zero():
    for f in (np.abs, np.angle, lambda z: np.real(np.sign(z)), lambda z: np.imag(np.sign(z))):
        for x in (0.0, 0j, np.zeros(2) + 0j):
            assert np.all(f(x) == 0)
            assert np.all(grad(lambda z: np.sum(f(z)))(x) == 0)
            again = grad(lambda z: pairing(grad(lambda z: np.sum(f(z)))(z), W))(x)
            assert np.all(again == 0)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_dtype_is_kept(dtype):
    z, x = Z.astype(dtype), Z.real.astype(dtype).real
    assert x.dtype == np.zeros(1, dtype).real.dtype

    def f(z, x):
        w = np.exp(z * x) + np.conj(z) / 2 - np.abs(z) * np.angle(z) + x ** z + np.sign(z)
        return np.sum(z.real * w.imag + np.real(w)) + np.var(w)
    g, h = grad(f, argnums=(0, 1))(z, x)
    assert g.dtype == dtype and h.dtype == x.dtype
    second = grad(lambda z, x: pairing(grad(f)(z, x), W), argnums=(0, 1))(z, x)
    assert [a.dtype for a in second] == [dtype, x.dtype]


def test_real_if_close():
    assert grad(lambda x: np.real_if_close(x * (1 + 0j)) ** 2)(3.0) == 6
    assert grad(lambda z: np.real(np.real_if_close(z) ** 2))(3 + 1j) == 2 * (3 + 1j)


def test_real_numbers_have_parts_too():
    x = np.array([0.5, -2.0])
    assert grad(lambda x: np.sum(np.real(x) + np.imag(x) + np.angle(x)))(x).tolist() == [1, 1]
    assert grad(lambda x: np.sum(x.conj() * x.real))(x).tolist() == (2 * x).tolist()
    assert grad(lambda x: np.sum(np.sign(x)))(x).tolist() == [0, 0]


def test_plain_questions():
    def f(z):
        assert not np.isreal(z).any() and np.iscomplex(z).all() and np.iscomplexobj(z)
        assert complex(z[0, 0]) == Z[0, 0]
        return np.sum(np.abs(z))
    grad(f)(Z)


def test_complex_results_have_no_gradient():
    for f in (lambda z: z ** 2, lambda z: np.sum(z) * 1j):
        with pytest.raises(TypeError, match="complex.*minimeta.vjp"):
            grad(f)(0.5 + 0.5j)
    with pytest.raises(TypeError, match="complex.*minimeta.vjp"):
        value_and_grad(lambda x: x * 1j)(0.5)


def test_jacobian():
    z, x = Z[0], Z[0].real
    with pytest.raises(TypeError, match="holomorphic=True"):
        jacobian(np.exp)(z)
    assert np.allclose(jacobian(np.exp, holomorphic=True)(z), np.diag(np.exp(z)))
    # both parts of a complex output of real numbers
    assert np.allclose(jacobian(lambda x: np.exp(1j * x))(x), np.diag(1j * np.exp(1j * x)))
    assert np.allclose(jacobian(lambda z: np.abs(z) ** 2)(z), np.diag(2 * np.conj(z)))
    with pytest.raises(TypeError, match="holomorphic=True"):
        hessian(lambda z: np.sum(np.abs(z)))(z)


def test_hvp_is_the_derivative_of_the_gradient():
    def f(z):
        return np.sum(np.abs(z) ** 3) + np.real(z[0] * z[1] ** 2)
    z, v = Z[0], Z[1]
    h = 1e-5
    judge = (grad(f)(z + h * v) - grad(f)(z - h * v)) / (2 * h)
    assert np.allclose(hvp(f, z, v), judge, rtol=1e-8)


def test_stop_gradient():
    assert grad(lambda z: np.real(z * stop_gradient(np.conj(z))))(1 + 2j) == 1 - 2j
