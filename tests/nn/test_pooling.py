"""Batch norm, ReLU and pooling as one: the same as one after the other, at every order."""
import itertools

import numpy as np
import pytest

from minimeta.autodiff import grad, jvp, stop_gradient, vjp
from minimeta import pieces
from minimeta.nn import batch_norm, max_pool, relu
from minimeta.nn.norm import moments, norm_relu, normalise, normalise_back
from minimeta.nn.pooling import gathered, norm_relu_pool, pooled_moments, spread

pytestmark = pytest.mark.usefixtures("both_kernels")


def fused(x, gamma, beta, stats=None):
    return norm_relu_pool(x, gamma, beta, stats)[0]


def apart(x, gamma, beta, stats=None):
    return max_pool(relu(batch_norm(x, gamma, beta, stats)))


def problem(rng, shape, lead=()):
    """A map, gamma of both signs, and beta, which lets most of the map through."""
    x = rng.standard_normal(lead + shape) + 3
    gamma = rng.standard_normal(lead + shape[-1:])
    gamma[..., 0], gamma[..., 1] = abs(gamma[..., 0]) + 0.1, -abs(gamma[..., 1]) - 0.1
    return x, gamma, rng.uniform(0.1, 1, lead + shape[-1:])


def second(f, args, g, v):
    """The derivative along v of the gradient of sum sin(f) g."""
    def loss(*args):
        return np.sum(np.sin(f(*args)) * g)
    return grad(lambda *args: sum(np.sum(a * b) for a, b in zip(
        grad(loss, (0, 1, 2))(*args), v)), (0, 1, 2))(*args)


@pytest.mark.parametrize("piece", [100, 3000, 1 << 20])       # bytes: many pieces, some, one
@pytest.mark.parametrize("shape", [(3, 4, 6, 2), (5, 7, 5, 3), (1, 2, 2, 2)])
@pytest.mark.parametrize("lead", [(), (3,), (2, 2)])
def test_the_same_as_one_after_the_other(monkeypatch, rng, piece, shape, lead):
    monkeypatch.setattr(pieces, "PIECE", piece)
    args = problem(rng, shape, lead)
    y = fused(*args)
    np.testing.assert_allclose(y, apart(*args), atol=1e-12)
    g = rng.standard_normal(y.shape)
    v = [rng.standard_normal(a.shape) for a in args]
    for one, other in zip(second(fused, args, g, v), second(apart, args, g, v)):
        np.testing.assert_allclose(one, other, atol=1e-8 * np.abs(other).max() + 1e-11)


def test_tasks_that_share_an_operand(rng):
    x, gamma, beta = problem(rng, (3, 4, 5, 2), (3,))
    for args in ((x, gamma[0], beta[1]), (x[0], gamma, beta), (x[0], gamma[0], beta)):
        y = fused(*args)
        np.testing.assert_allclose(y, apart(*args), atol=1e-12)
        g, v = rng.standard_normal(y.shape), [rng.standard_normal(a.shape) for a in args]
        for one, other in zip(second(fused, args, g, v), second(apart, args, g, v)):
            np.testing.assert_allclose(one, other, atol=1e-9)


def test_three_orders(check_orders, rng):
    x, gamma, beta = problem(rng, (3, 3, 4, 2))
    x = rng.permutation(x.size).reshape(x.shape) / 20.0
    g = rng.standard_normal((3, 1, 2, 2))
    check_orders(lambda x: np.sum(np.sin(fused(x, gamma, beta)) * g), x, h=1e-4, tol=1e-6)
    check_orders(lambda c: np.sum(np.sin(fused(x, c, beta)) * g), gamma, h=1e-5, tol=1e-6)
    check_orders(lambda c: np.sum(np.sin(fused(x, gamma, c)) * g), beta, h=1e-5, tol=1e-6)


def test_the_adjoints_are_differentiable_themselves(check_orders, rng):
    x, gamma, mean = problem(rng, (2, 4, 4, 2))
    sign = np.sign(gamma)

    def pooled(x):
        return pooled_moments(stop_gradient(x), sign)[0]
    g, a, b = rng.standard_normal(pooled(x).shape), mean + 1, mean - 1
    z = normalise(x, mean, a, b, rectify=True)

    def weighed(outputs):
        return sum(np.sum(np.sin(o) * np.linspace(0.5, 1.5, o.size).reshape(o.shape))
                   for o in outputs)
    for f, args in (
            (lambda g, x, *args: [spread(g, x, *args, pooled(x), sign)], (g, x, mean, a, b)),
            (lambda h, x, mean: gathered(h, x, mean, pooled(x), sign), (x * x, x, mean)),
            (lambda *args: [normalise(*args)], (x, mean, a, b)),
            (lambda h, *args: normalise_back(h, z, *args, rectify=True), (x * x, x, mean, a)),
            (lambda h, *args: normalise_back(h, z, *args), (x * x, x, mean, a)),
            (lambda x: moments(x), (x,))):
        for i, at in enumerate(args):
            check_orders(lambda t: weighed(f(*args[:i], t, *args[i + 1:])), at, orders=2, tol=1e-6,
                             h=1e-4)


def test_spread_and_gathered_are_adjoint(rng):
    x, gamma, mean = problem(rng, (2, 5, 4, 3))
    sign = np.sign(gamma)
    pooled = pooled_moments(x, sign)[0]
    g, a, b, h = (rng.standard_normal(like.shape) for like in (pooled, mean, mean, x))
    total = sum(np.sum(one * other) for one, other in zip(
        (g, b, a), gathered(h, x, mean, pooled, sign)))
    np.testing.assert_allclose(np.sum(h * spread(g, x, mean, a, b, pooled, sign)), total)


@pytest.mark.parametrize("gamma", [1.0, -1.0, 0.0])
@pytest.mark.parametrize("window", set(itertools.permutations([2, 2, 1, 2])) | {(1, 2, 3, 4)})
def test_ties_share(gamma, window):
    """Against one after the other, whose entries that tie share the cotangent."""
    x = np.array([window, (5, 6, 8, 7)], float).reshape(2, 2, 2, 1)
    args = x, np.array([gamma]), np.array([3.0])
    for one, other in zip(grad(lambda *args: np.sum(fused(*args) ** 2), (0, 1, 2))(*args),
                          grad(lambda *args: np.sum(apart(*args) ** 2), (0, 1, 2))(*args)):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_wrong_sign_is_caught(rng):
    """Pooling before a falling function needs the minima: the test above would see it."""
    x, gamma, beta = problem(rng, (3, 4, 4, 2))
    wrong = normalise(max_pool(x), *moments(x)[:1], gamma / np.sqrt(moments(x)[1] + 1e-5), beta)
    assert not np.allclose(relu(wrong), apart(x, gamma, beta))


def test_large_means_keep_their_digits(rng):
    x = (rng.standard_normal((40, 8, 8, 2)) + 1000).astype(np.float32)
    mean, var = moments(x)
    exact = x.astype(float).var(axis=(0, 1, 2))
    np.testing.assert_allclose(var, exact, rtol=1e-4)
    careless = np.mean(x * x, axis=(0, 1, 2)) - np.square(np.mean(x, axis=(0, 1, 2)))
    assert not np.allclose(careless, exact, rtol=1e-2), "the test would not see it"


def test_given_statistics(rng):
    x, gamma, beta = problem(rng, (3, 4, 5, 2))
    stats = (np.array([3.0, 2.0]), np.array([2.0, 0.5]))
    np.testing.assert_allclose(fused(x, gamma, beta, stats), apart(x, gamma, beta, stats))
    own = norm_relu_pool(x, gamma, beta, stats)[1]
    for found in (own, norm_relu(x, gamma, beta, stats)[1]):
        np.testing.assert_allclose(found, (x.mean((0, 1, 2)), x.var((0, 1, 2))))
    np.testing.assert_allclose(norm_relu(x, gamma, beta, stats)[0],
                               relu(batch_norm(x, gamma, beta, stats)))


def test_jacobian_products_agree(rng):
    x, gamma, beta = problem(rng, (2, 4, 4, 2))

    def f(x):
        return fused(x, gamma, beta)
    y, pullback = vjp(f, x)
    u, v = rng.standard_normal(y.shape), rng.standard_normal(x.shape)
    np.testing.assert_allclose(np.sum(jvp(f, (x,), (v,))[1] * u), np.sum(pullback(u)[0] * v))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_float32_stays(rng, order):
    args = [a.astype(np.float32) for a in problem(rng, (3, 4, 4, 2))]
    if order == 0:
        assert fused(*args).dtype == np.float32
        return
    g = np.ones(fused(*args).shape, np.float32)
    found = second(fused, args, g, args) if order == 2 else \
        grad(lambda *args: np.sum(fused(*args) ** 2), (0, 1, 2))(*args)
    assert {a.dtype for a in found} == {np.dtype(np.float32)}


def test_any_memory_layout(rng):
    x, gamma, beta = problem(rng, (4, 6, 6, 2))
    for other in (np.asfortranarray(x), x[:, ::-1], np.repeat(x, 2, axis=1)[:, ::2]):
        expected = apart(np.ascontiguousarray(other), gamma, beta)
        np.testing.assert_allclose(fused(other, gamma, beta), expected)


def test_threads_do_not_change_the_numbers(monkeypatch, rng):
    monkeypatch.setattr(pieces, "PIECE", 5000)
    args = problem(rng, (40, 6, 6, 3))
    results = []
    for workers in (1, 3):
        monkeypatch.setattr(pieces, "_workers", lambda: workers)
        results.append(grad(lambda *args: np.sum(fused(*args) ** 2), (0, 1, 2))(*args))
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)
