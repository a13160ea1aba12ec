"""Fifteen properties of an engine, over random programs, at orders 1 to 3.

Each property is a function of programs, so that a planted fault can be given to it.

Read next: test_planted.py.
"""
import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta import grad, hessian, hvp, jvp, stop_gradient, vjp
from minimeta.autodiff import Traced
from tests.autodiff.programs import lattice, number, programs, vectors
from tests.differences import check_orders

V, U = np.array([0.7, -1.1, 0.4]), np.array([-0.5, 0.9, 1.3])


def scalar(program):
    return lambda *xs: number(program(*xs))


def along(G, v):
    """The derivative of <G, v>, as a function of x: the next order of the gradient G."""
    return grad(lambda x: np.sum(G(x) * stop_gradient(v).astype(x.dtype)))


def same(a, b, rtol=1e-9):
    scale = max(np.max(np.abs(a)), np.max(np.abs(b)), 1.0)
    assert np.max(np.abs(a - b)) <= rtol * scale, (a, b)


def same_orders(G, H, x):
    """Two gradients as functions are one, and so are their derivatives, to order 3."""
    for v in (V, U, None):
        same(G(x), H(x))
        if v is not None:
            G, H = along(G, v), along(H, v)


# ---------------------------------------------------------------- calculus

def linearity(f, g, x, a=0.75, b=-2.5):
    same_orders(grad(lambda x: a * f(x) + b * g(x)), lambda x: a * grad(f)(x) + b * grad(g)(x), x)
    _, pullback = vjp(lambda x: f(x) * x, x)
    same(pullback(a * V + b * U)[0], a * pullback(V)[0] + b * pullback(U)[0])


def product(f, g, x):
    same_orders(grad(lambda x: f(x) * g(x)), lambda x: f(x) * grad(g)(x) + g(x) * grad(f)(x), x)


def chain(outer, inner, x):
    """grad(h o F) = J' grad h(F(x))"""
    h = scalar(outer)
    same_orders(grad(lambda x: h(inner(x))), lambda x: vjp(inner, x)[1](grad(h)(inner(x)))[0], x)


def adjoint(F, x, v, u):
    """<J v, u> = <v, J'u>, for F and for its derivatives along directions."""
    for _ in range(3):
        same(np.sum(jvp(F, (x,), (v,))[1] * u), np.sum(v * vjp(F, x)[1](u)[0]))

        def F(x, F=F):
            return vjp(F, x)[1](U)[0]


def symmetry(f, x, v, w, z):
    same(np.sum(hvp(f, x, v) * w), np.sum(v * hvp(f, x, w)))
    H = hessian(f)(x)
    same(H, H.T)

    def third(a, b, c):
        return np.sum(along(lambda x: along(grad(f), a)(x), b)(x) * c)
    same(third(v, w, z), third(w, z, v))
    same(third(v, w, z), third(z, w, v))


def unbroadcasting(f, x, rows):
    """Of x repeated, the cotangents are summed, wherever the repetition happened."""
    C = np.linspace(0.2, 1.0, rows * 3).reshape(rows, 3)

    def mixed(y):
        return np.sum(f(np.mean(np.tanh(y) * C, axis=0)))
    explicit = lambda x: np.sum(grad(mixed)(np.stack([x] * rows)), axis=0)  # noqa: E731
    same_orders(grad(mixed), explicit, x)
    same(grad(lambda b: np.sum(b * C))(2.0), np.sum(C))


def reuse(F, x, k):
    def times(x):
        y = F(x)
        total = 0.0
        for _ in range(k):
            total = total + y
        return number(total)
    same_orders(grad(times), lambda x: k * grad(lambda x: number(F(x)))(x), x)


def purity(f, g, x):
    """An inner derivative within outer ones is its formula: d/dc of g(c x) is <grad g(c x), x>."""
    def nested(x):
        return f(x) * grad(lambda c: g(c * x))(0.5)

    def formula(x):
        return f(x) * np.sum(grad(g)(0.5 * x) * x)
    same_orders(grad(nested), grad(formula), x)
    assert np.array_equal(grad(nested)(x), grad(nested)(x))


@given(programs(), programs(), vectors())
def test_linearity(p, q, x):
    linearity(scalar(p), scalar(q), x)


@given(programs(), programs(), vectors())
def test_product(p, q, x):
    product(scalar(p), scalar(q), x)


@given(programs(), programs(), vectors())
def test_chain(p, q, x):
    chain(p, q, x)


@given(programs(), vectors(), vectors(), vectors())
def test_adjoint(p, x, v, u):
    adjoint(p, x, v, u)


@given(programs(), vectors(), vectors(), vectors(), vectors())
def test_symmetry(p, x, v, w, z):
    symmetry(scalar(p), x, v, w, z)


@given(programs(), vectors(), st.integers(1, 4))
def test_unbroadcasting(p, x, rows):
    unbroadcasting(p, x, rows)


@given(programs(), vectors(), st.integers(1, 7))
def test_reuse_of_a_node(p, x, k):
    reuse(p, x, k)


@given(programs(), programs(), vectors())
def test_purity_under_nesting(p, q, x):
    purity(scalar(p), scalar(q), x)


@given(programs(inputs=2), vectors(), vectors())
def test_each_order_against_the_one_below(p, x, y):
    check_orders(lambda x: scalar(p)(x, y), x, rtol=1e-6)
    check_orders(lambda y: scalar(p)(x, y), y, rtol=1e-6, orders=1)


# ---------------------------------------------------------------- numbers

def derivatives(f, x):
    """Derivatives of orders 1 to 3 of a scalar f."""
    G = grad(f)
    H = along(G, V)
    return G(x), H(x), along(H, U)(x)


def dtype_kept(f, x):
    for dtype in (np.float32, np.float64):
        y = f(x.astype(dtype))
        assert np.asarray(y).dtype == dtype
        for d in derivatives(f, x.astype(dtype)):
            assert (d.dtype, d.shape) == (dtype, x.shape)


def no_float64(f, x):
    """No node of the graphs of f, its gradient and its Hessian product is wider than float32."""
    x, G = x.astype(np.float32), grad(f)
    for F in (f, G, along(G, V)):
        tops = []

        def watched(x, F=F):
            tops.append(F(x))
            return np.sum(tops[0])
        grad(watched)(x)
        pending, seen = list(tops), set()
        while pending:
            node = pending.pop()
            if type(node) is Traced and node.order not in seen:
                seen.add(node.order)
                values = node.value if isinstance(node.value, tuple) else (node.value,)
                assert all(v.dtype == np.float32 for v in values), node.fn
                pending.extend(node.args)


@given(programs(), vectors())
def test_dtype_is_kept(p, x):
    dtype_kept(scalar(p), x)


@given(programs(), vectors())
def test_no_float64_from_float32(p, x):
    no_float64(scalar(p), x)


# ---------------------------------------------------------------- memory

def inputs_untouched(F, x, y):
    before = x.copy(), y.copy()
    seed = np.ones(3)
    out, pullback = vjp(F, x, y)
    first = pullback(seed)
    arrays = [x, y, seed, out, *first]
    for i, a in enumerate(arrays):
        for b in arrays[:i]:
            assert not np.shares_memory(a, b)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1]) and (seed == 1).all()
    kept = [g.copy() for g in first]
    for a in (*first, out):
        a[:] = np.nan
    for g, again in zip(kept, pullback(seed)):
        assert np.array_equal(g, again)


def alive():
    """Traced arrays made since the last collection."""
    return sum(type(a) is Traced for a in gc.get_objects(generation=0))


def memory_freed(f, x):
    gc.collect()
    gc.disable()
    try:
        before = alive()
        derivatives(f, x)
        assert alive() == before
        y, pullback = vjp(f, x)
        pullback(1.0)
        assert alive() > before
        del y, pullback
        assert alive() == before
    finally:
        gc.enable()


def mutation(F, x, y):
    """Writing into an argument and into a captured array changes no cotangent, or raises."""
    expected = vjp(lambda x: F(x, y), x)[1](np.ones(3))[0]
    second = hvp(lambda x: number(F(x, y)), x, V)
    a, b = x.copy(), y.copy()
    pullback = vjp(lambda x: F(x, b), a)[1]
    again = vjp(grad(lambda x: number(F(x, b))), a)[1]
    a[:], b[:] = 7.0, -3.0
    try:
        assert np.array_equal(pullback(np.ones(3))[0], expected)
        same(again(V)[0], second)
    except RuntimeError as error:
        assert "changed in place" in str(error)


@given(programs(inputs=2), vectors(), vectors())
def test_inputs_are_neither_mutated_nor_aliased(p, x, y):
    inputs_untouched(p, x, y)


@given(programs(), vectors())
@settings(max_examples=10)
def test_memory_is_freed_without_the_collector(p, x):
    memory_freed(scalar(p), x)


@given(programs(inputs=2), vectors(), vectors())
def test_mutation_between_forward_and_backward(p, x, y):
    mutation(p, x, y)


@given(st.sampled_from(["argument", "captured"]), st.integers(0, 399_999))
@settings(max_examples=6)
def test_mutation_of_large_arrays_is_detected(which, at):
    x, c = np.linspace(1.0, 2.0, 400_000), np.linspace(2.0, 3.0, 400_000)
    _, pullback = vjp(lambda x: np.sum(np.tanh(x * c) * x), x)
    (x if which == "argument" else c)[at] += 0.5
    with pytest.raises(RuntimeError, match="changed in place"):
        pullback(1.0)


def test_hips_autograd_is_silently_wrong_after_a_mutation():
    """The same program there: the array that was captured is read again after it was changed."""
    autograd = pytest.importorskip("autograd")
    x, c = np.ones(3), np.full(3, 2.0)
    pullback, _ = autograd.make_vjp(lambda x: autograd.numpy.sum(x * c))(x)
    _, ours = vjp(lambda x: np.sum(x * c), x)
    c[:] = 99.0
    assert pullback(1.0).tolist() == [99.0] * 3          # not 2, and no error
    assert ours(1.0)[0].tolist() == [2.0] * 3


# ---------------------------------------------------------------- length

def long_chain(length, order, start=0.3):
    """x <- x + r sin(x): derivatives along the recursion, by hand."""
    r = 1.0 / length

    def f(x):
        for _ in range(length):
            x = x + r * np.sin(x)
        return x
    x, d1, d2 = start, 1.0, 0.0
    for _ in range(length):
        x, d1, d2 = (x + r * np.sin(x), d1 * (1 + r * np.cos(x)),
                     d2 * (1 + r * np.cos(x)) - r * np.sin(x) * d1 * d1)
    expected = (d1, d2)[order - 1]
    for _ in range(order):
        f = grad(f)
    assert abs(f(start) - expected) <= 1e-9 * abs(expected)


@given(st.sampled_from([(20_000, 1), (4_000, 2)]), lattice)
@settings(max_examples=4)
def test_a_long_chain(length_and_order, x):
    long_chain(*length_and_order, x)


@pytest.mark.nightly
def test_a_long_chain_at_second_order():
    long_chain(20_000, 2)
