"""Convolution against loops, scipy and its own adjoints, at every order."""
import itertools

import numpy as np
import pytest
from scipy.signal import correlate

from minimeta.autodiff import defvjp, grad, hessian, jvp, primitive, vjp
from minimeta import pieces
from minimeta.nn import conv2d, conv2d_input, conv2d_kernel

pytestmark = pytest.mark.usefixtures("numpy_kernels")


def loops(x, w, stride, padding):
    """The definition, one place of the kernel at a time."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    kh, kw = w.shape[:2]
    rows, cols = ((a - k) // stride + 1 for a, k in zip(x.shape[1:3], (kh, kw)))
    y = np.zeros((len(x), rows, cols, w.shape[-1]))
    for i, j in itertools.product(range(rows), range(cols)):
        under = x[:, i * stride:i * stride + kh, j * stride:j * stride + kw]
        y[:, i, j] = np.tensordot(under, w, axes=3)
    return y


@pytest.mark.parametrize("piece", [100, 4000, 1 << 20])      # bytes: many pieces, some, one
@pytest.mark.parametrize("stride,padding", list(itertools.product((1, 2, 3), (0, 1, 2))))
@pytest.mark.parametrize("kernel", [(3, 3), (2, 3)])
def test_against_loops(monkeypatch, rng, piece, stride, padding, kernel):
    monkeypatch.setattr(pieces, "PIECE", piece)
    x, w = rng.standard_normal((5, 7, 6, 2)), rng.standard_normal(kernel + (2, 3))
    np.testing.assert_allclose(conv2d(x, w, stride, padding), loops(x, w, stride, padding),
                               atol=1e-12)
    xs, ws = rng.standard_normal((4, 5, 7, 6, 2)), rng.standard_normal((4,) + w.shape)
    for a, b in ((xs, ws), (xs, w), (x, ws), (xs[None], ws[:, None])):
        lead = np.broadcast_shapes(a.shape[:-4], b.shape[:-4])
        expected = [loops(a, b, stride, padding)
                    for a, b in zip(np.broadcast_to(a, lead + x.shape).reshape((-1,) + x.shape),
                                    np.broadcast_to(b, lead + w.shape).reshape((-1,) + w.shape))]
        y = conv2d(a, b, stride, padding)
        assert y.shape[:-4] == lead
        np.testing.assert_allclose(y.reshape((-1,) + y.shape[-4:]), expected, atol=1e-12)


def test_against_scipy(rng):
    x, w = rng.standard_normal((9, 8)), rng.standard_normal((3, 3))
    y = conv2d(x[None, ..., None], w[..., None, None])
    np.testing.assert_allclose(y[0, ..., 0], correlate(x, w, mode="same"), atol=1e-12)


@pytest.mark.parametrize("piece", [100, 4000, 1 << 20])
@pytest.mark.parametrize("stride,padding", list(itertools.product((1, 2, 3), (0, 1, 2, 3))))
@pytest.mark.parametrize("leads", [((), ()), ((3,), ()), ((3,), (3,)), ((), (3,)),
                                   ((1, 3), (2, 1))])
def test_one_form_three_functions(monkeypatch, rng, piece, stride, padding, leads):
    monkeypatch.setattr(pieces, "PIECE", piece)
    x = rng.standard_normal(leads[0] + (5, 6, 7, 2))
    w = rng.standard_normal(leads[1] + (3, 3, 2, 4))
    y = conv2d(x, w, stride, padding)
    g = rng.standard_normal(y.shape)
    form = np.sum(y * g, axis=(-4, -3, -2, -1))
    back = conv2d_input(g, w, (6, 7), stride, padding)
    kernel = conv2d_kernel(x, g, (3, 3), stride, padding)
    np.testing.assert_allclose(np.sum(back * x, axis=(-4, -3, -2, -1)), form, atol=1e-11)
    np.testing.assert_allclose(np.sum(kernel * w, axis=(-4, -3, -2, -1)), form, atol=1e-11)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_three_orders(check_orders, rng, stride, lead):
    x, w = rng.standard_normal((2, 3, 4, 5, 2)), rng.standard_normal(lead + (3, 3, 2, 2))
    y = conv2d(x, w, stride)
    g = rng.standard_normal(y.shape)
    check_orders(lambda x: np.sum(np.tanh(conv2d(x, w, stride)) * g), x)
    check_orders(lambda w: np.sum(np.tanh(conv2d(x, w, stride)) * g), w)
    both = rng.standard_normal(x.size + w.size) / 2
    check_orders(lambda t: np.sum(np.tanh(conv2d(
        t[:x.size].reshape(x.shape), t[x.size:].reshape(w.shape), stride)) * g), both)


def test_the_adjoints_are_differentiable_themselves(check_orders, rng):
    g, w = rng.standard_normal((2, 3, 3, 3)), rng.standard_normal((3, 3, 2, 3))
    x = rng.standard_normal((2, 5, 6, 2))
    check_orders(lambda g: np.sum(np.sin(conv2d_input(g, w, (5, 6), stride=2))), g)
    check_orders(lambda w: np.sum(np.sin(conv2d_input(g, w, (5, 6), stride=2))), w)
    check_orders(lambda x: np.sum(np.sin(conv2d_kernel(x, g, (3, 3), stride=2))), x)
    check_orders(lambda g: np.sum(np.sin(conv2d_kernel(x, g, (3, 3), stride=2))), g)


def test_a_wrong_rule_is_caught(check_orders, rng):
    @primitive
    def bad(x, w):
        return conv2d(x, w)
    defvjp(bad, lambda g, y, x, w: conv2d(g, np.swapaxes(w, -1, -2)),      # the flip is missing
           lambda g, y, x, w: conv2d_kernel(x, g, (3, 3)))
    x, w = rng.standard_normal((1, 4, 4, 1)), rng.standard_normal((3, 3, 1, 1))
    check_orders(lambda w: np.sum(np.sin(bad(x, w))), w, orders=1)
    with pytest.raises(AssertionError, match="order 1"):
        check_orders(lambda x: np.sum(np.sin(bad(x, w))), x, orders=1)


def test_hessian_is_symmetric_and_jacobian_products_agree(rng):
    x, w = rng.standard_normal((2, 4, 4, 2)), rng.standard_normal((3, 3, 2, 2))

    def f(t):
        return np.tanh(conv2d(x, np.tanh(t.reshape(w.shape)), stride=2))
    h = hessian(lambda t: np.sum(f(t) ** 2))(w.ravel())
    np.testing.assert_allclose(h, h.T, atol=1e-12)
    y, pullback = vjp(f, w.ravel())
    u, v = rng.standard_normal(y.shape), rng.standard_normal(w.size)
    np.testing.assert_allclose(np.sum(jvp(f, (w.ravel(),), (v,))[1] * u), pullback(u)[0] @ v)


@pytest.mark.parametrize("stride", [1, 2])
def test_tasks(check_tasks, rng, stride):
    check_tasks(lambda x, w: np.sum(np.tanh(conv2d(x, w, stride)), axis=(-4, -3, -2, -1)),
                rng.standard_normal((3, 2, 5, 5, 2)), rng.standard_normal((3, 3, 3, 2, 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype(rng, dtype):
    x, w = (rng.standard_normal(s).astype(dtype) for s in ((2, 6, 6, 1), (3, 2, 2, 1, 2)))
    assert conv2d(x, w).dtype == dtype
    for g in grad(lambda x, w: np.sum(conv2d(x, w, stride=2) ** 2), (0, 1))(x, w):
        assert g.dtype == dtype
    assert conv2d((x > 0).astype(np.uint8), w).dtype == dtype


def test_threads_do_not_change_the_numbers(monkeypatch, rng):
    x, w = rng.standard_normal((40, 9, 9, 8)), rng.standard_normal((3, 3, 8, 8))
    monkeypatch.setattr(pieces, "PIECE", 20000)      # bytes: many pieces
    results = []
    for workers in (1, 2, 3):
        monkeypatch.setattr(pieces, "_workers", lambda: workers)
        y = conv2d(x, w)
        results.append((y, conv2d_input(y, w, (9, 9)), conv2d_kernel(x, y, (3, 3))))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-9)


def test_works_without_threadpoolctl(monkeypatch, rng):
    monkeypatch.setattr(pieces, "_blas", lambda: None)
    monkeypatch.setattr(pieces, "PIECE", 1000)
    x, w = rng.standard_normal((30, 5, 5, 2)), rng.standard_normal((3, 3, 2, 2))
    np.testing.assert_allclose(conv2d(x, w), loops(x, w, 1, 1), atol=1e-12)


def test_errors():
    x = np.ones((2, 5, 5, 3))
    with pytest.raises(ValueError, match="channels last"):
        conv2d(x, np.ones((3, 3, 2, 4)))
    with pytest.raises(ValueError, match="channels last"):
        conv2d(x[0], np.ones((3, 3, 3, 4)))
    with pytest.raises(ValueError, match="does not fit"):
        conv2d(x, np.ones((7, 7, 3, 4)), padding=0)


@pytest.mark.parametrize("order", ["row", "column"])
def test_any_memory_layout(rng, order):
    """Arrays that lie otherwise in memory, as x[:, rows] and transposes make them."""
    x, w = rng.standard_normal((3, 9, 6, 6, 2)), rng.standard_normal((3, 3, 3, 2, 4))
    rows = np.array([4, 0, 7, 2, 3])
    part = x[:, rows] if order == "row" else np.asfortranarray(x[:, rows])
    assert not part.flags.c_contiguous
    g = np.asfortranarray(rng.standard_normal((3, 5, 6, 6, 4)))
    for fn, args, static in ((conv2d, (part, w), {}), (conv2d_input, (g, w), {"shape": (6, 6)}),
                             (conv2d_kernel, (part, g), {"size": (3, 3)})):
        for stride in (1, 2):
            a = [np.asfortranarray(v[:, :, ::stride, ::stride]) if v is g else v for v in args]
            c = [np.ascontiguousarray(v) for v in a]
            np.testing.assert_allclose(fn(*a, stride=stride, **static),
                                       fn(*c, stride=stride, **static), atol=1e-12)
