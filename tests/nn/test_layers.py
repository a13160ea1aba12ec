"""Layers against plain formulas, and their derivatives, conventions, dtypes and task axis."""
import numpy as np
import pytest

from minimeta.autodiff import grad, hessian, jvp, vjp
from minimeta.nn import batch_norm, flatten, linear, max_pool, moments, relu
from minimeta.nn.layers import sum_windows


def distinct(rng, shape):
    """Numbers at least 0.01 apart, so that differences stay on one side of a kink."""
    n = int(np.prod(shape))
    return (rng.permutation(n) - n / 2 + 0.5).reshape(shape) / 50


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_linear(check_orders, rng, d, lead):
    x, w, b = (rng.standard_normal(s) for s in ((2, 5, d), lead + (d, 4), lead + (4,)))
    np.testing.assert_allclose(linear(x, w, b), np.matmul(x, w) + b[..., None, :])
    check_orders(lambda x: np.sum(np.tanh(linear(x, w, b))), x)
    check_orders(lambda w: np.sum(np.tanh(linear(x, w, b))), w)
    check_orders(lambda b: np.sum(np.tanh(linear(x, w, b))), b)


def test_linear_tasks(check_tasks, rng):
    check_tasks(lambda x, w, b: np.sum(np.tanh(linear(x, w, b)), axis=(-2, -1)),
                *(rng.standard_normal(s) for s in ((3, 5, 2), (3, 2, 4), (3, 4))))


def test_linear_errors():
    with pytest.raises(ValueError, match=r"\(\.\.\., N, d\)"):
        linear(np.ones((5, 3)), np.ones((2, 4)), np.ones(4))


def test_relu(check_orders, rng):
    x = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(relu(x), [0, 0, 2])
    np.testing.assert_array_equal(grad(lambda x: np.sum(relu(x)))(x), [0, 0, 1])
    check_orders(lambda x: np.sum(relu(x) ** 4 + x * relu(x)), distinct(rng, (3, 4)), h=1e-4)


def test_flatten(rng):
    x = rng.standard_normal((2, 3, 4, 5, 6))
    np.testing.assert_array_equal(flatten(x), x.reshape(2, 3, 120))
    assert grad(lambda x: np.sum(flatten(x) ** 2))(x).shape == x.shape


@pytest.mark.parametrize("shape", [(2, 4, 6, 2), (2, 3, 5, 7, 3), (1, 2, 2, 1)])
def test_max_pool(check_orders, rng, shape):
    x = distinct(rng, shape)
    y = max_pool(x)
    h, w = shape[-3] // 2, shape[-2] // 2
    windows = x[..., :2 * h, :2 * w, :].reshape(shape[:-3] + (h, 2, w, 2, shape[-1]))
    np.testing.assert_array_equal(y, windows.max(axis=(-4, -2)))
    g = rng.standard_normal(y.shape)
    check_orders(lambda x: np.sum(np.sin(max_pool(x * x + x)) * g), 1 + distinct(rng, shape) / 9,
                 h=1e-5, tol=1e-6)


def test_max_pool_shares_ties():
    def g(x):
        return grad(lambda x: np.sum(max_pool(x)))(np.array(x, float).reshape(1, 2, 2, 1)).ravel()
    np.testing.assert_allclose(g([1, 1, 1, 1]), 0.25)
    np.testing.assert_allclose(g([2, 1, 2, 2]), [1 / 3, 0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(g([2, 1, 0, 2]), [0.5, 0, 0, 0.5])


def test_max_pool_adjoint(rng):
    x = distinct(rng, (2, 5, 6, 3))
    y, pullback = vjp(max_pool, x)
    u, v = rng.standard_normal(y.shape), rng.standard_normal(x.shape)
    np.testing.assert_allclose(np.sum(jvp(max_pool, (x,), (v,))[1] * u),
                               np.sum(pullback(u)[0] * v))
    share = rng.random(x.shape)
    np.testing.assert_allclose(np.sum(grad(lambda x: np.sum(sum_windows(x, share) * u))(x) * v),
                               np.sum(sum_windows(v, share) * u))


def plain_norm(x, gamma, beta, eps=1e-5):
    out = np.empty_like(x)
    for c in range(x.shape[-1]):
        values = x[..., c]
        z = (values - values.mean()) / np.sqrt(values.var() + eps)
        out[..., c] = gamma[c] * z + beta[c]
    return out


def test_batch_norm_formula(rng):
    x, gamma, beta = (rng.standard_normal(s) for s in ((3, 4, 5, 2), (2,), (2,)))
    np.testing.assert_allclose(batch_norm(x, gamma, beta), plain_norm(x, gamma, beta), atol=1e-12)
    mean, var = moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(var, x.var(axis=(0, 1, 2)))
    np.testing.assert_allclose(batch_norm(x, gamma, beta, (mean, var)), plain_norm(x, gamma, beta),
                               atol=1e-12)
    other = rng.standard_normal((7, 4, 5, 2))
    given = batch_norm(other, gamma, beta, (mean, var))
    np.testing.assert_allclose(given[:2], batch_norm(other[:2], gamma, beta, (mean, var)),
                               err_msg="with given statistics, images do not see each other")
    assert not np.allclose(given, batch_norm(other, gamma, beta))


@pytest.mark.parametrize("lead", [(), (2,)])
def test_batch_norm_orders(check_orders, rng, lead):
    x, gamma, beta = (rng.standard_normal(s) for s in ((2, 3, 2, 2, 2), lead + (2,), lead + (2,)))
    g = rng.standard_normal(x.shape)
    check_orders(lambda x: np.sum(np.sin(batch_norm(x, gamma, beta)) * g), x, tol=1e-6)
    check_orders(lambda c: np.sum(np.sin(batch_norm(x, c, beta)) * g), gamma)
    check_orders(lambda c: np.sum(np.sin(batch_norm(x, gamma, c)) * g), beta)
    stats = (np.ones(2), np.ones(2) * 2)
    check_orders(lambda x: np.sum(np.sin(batch_norm(x, gamma, beta, stats)) * g), x)


def test_batch_norm_of_a_constant_batch_has_finite_derivatives():
    x, one = np.ones((2, 2, 2, 1)), np.ones(1)
    f = lambda x: np.sum(batch_norm(x, one, one) ** 3)      # noqa: E731
    assert np.isfinite(grad(f)(x)).all()
    h = hessian(lambda t: f(t.reshape(x.shape)))(x.ravel())
    np.testing.assert_allclose(h, h.T)


def test_images_tasks(check_tasks, rng):
    x, gamma, beta = (rng.standard_normal(s) for s in ((3, 2, 4, 4, 2), (3, 2), (3, 2)))
    check_tasks(lambda x: np.sum(max_pool(x) ** 2, axis=(-4, -3, -2, -1)), x)
    check_tasks(lambda x: np.sum(relu(x) ** 2, axis=(-4, -3, -2, -1)), x)
    check_tasks(lambda x: np.sum(flatten(x) ** 2, axis=(-2, -1)), x)
    check_tasks(lambda x, gamma, beta: np.sum(np.sin(batch_norm(x, gamma, beta)),
                                              axis=(-4, -3, -2, -1)), x, gamma, beta)


def test_dtype(rng):
    x = rng.standard_normal((2, 3, 4, 4, 2)).astype(np.float32)
    c = np.ones((2, 2), np.float32)

    def f(x, c):
        x = relu(batch_norm(x, c, c)) + batch_norm(x, c, c, (c[0], c[1]))
        return np.sum(linear(flatten(max_pool(x)), np.ones((8, 2), np.float32), c))
    assert f(x, c).dtype == np.float32
    for order in (f, lambda x, c: np.sum(grad(f)(x, c) ** 2)):
        assert all(g.dtype == np.float32 for g in grad(order, (0, 1))(x, c))


@pytest.mark.parametrize("f", [flatten, max_pool, moments])
def test_errors(f):
    with pytest.raises(ValueError, match="channels last"):
        f(np.ones((4, 4, 1)))
