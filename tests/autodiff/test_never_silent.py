"""What must never be silently wrong: nesting, writing, reading, threads, corners of arrays."""
import array
import itertools
import math
import threading
import warnings

import numpy as np
import pytest

from minimeta import (checkpoint, defvjp, elementwise_grad, grad, hessian, hvp, jacobian, jvp,
                      primitive, ravel, stop_gradient, value_and_grad, vjp)

X = np.array([0.3, -0.5, 0.8])


# ---------------------------------------------------------------- nesting

def in_thread(f):
    box = []
    thread = threading.Thread(target=lambda: box.append(f()))
    thread.start(), thread.join()
    return box[0]


def late(g, y):
    """A pullback that is called when its level has long closed, inside a newer one."""
    _, pullback = vjp(g, y)
    return grad(lambda c: pullback(c)[0])(1.0)


def in_generator(g, y):
    def steps(scale):
        value, pullback = vjp(lambda y: g(y) * scale, y)
        yield value
        yield pullback(1.0)[0]
    a, b = steps(1.0), steps(10.0)
    return [next(a), next(b), next(b), next(a)][-1]


# each gives g'(y) of a scalar function g
WAYS = {
    "grad": lambda g, y: grad(g)(y),
    "value_and_grad": lambda g, y: value_and_grad(g)(y)[1],
    "vjp": lambda g, y: vjp(g, y)[1](1.0)[0],
    "jvp": lambda g, y: jvp(g, (y,), (1.0,))[1],
    "jacobian": lambda g, y: jacobian(g)(y),
    "elementwise": lambda g, y: elementwise_grad(g)(y),
    "late": late,
    "generator": in_generator,
    "thread": lambda g, y: in_thread(lambda: grad(g)(y)),
}


@pytest.mark.parametrize("outer, inner", list(itertools.product(WAYS, WAYS)))
def test_perturbation_confusion(outer, inner):
    """d/dx of x times d/dy of h(x, y) = x y^2 + sin(x y), at a constant y and at y = x."""
    d, e, c, x = WAYS[outer], WAYS[inner], 0.7, 0.4

    def slope(x, y):
        return e(lambda y: x * y ** 2 + np.sin(x * y), y)
    assert d(lambda x: x * slope(x, c), x) == pytest.approx(
        4 * c * x + 2 * x * np.cos(c * x) - c * x * x * np.sin(c * x), rel=1e-13)
    assert d(lambda x: x * slope(x, x), x) == pytest.approx(
        6 * x * x + 2 * x * np.cos(x * x) - 2 * x ** 3 * np.sin(x * x), rel=1e-13)
    # a constant of the inner derivative, and one of the outer
    assert d(lambda x: x * e(lambda y: x, 1.0) + x * e(lambda y: y, 1.0), x) == 1
    assert d(lambda x: x * stop_gradient(slope(x, c)), x) == pytest.approx(slope(x, c))


@pytest.mark.parametrize("ways", list(itertools.permutations(["grad", "jvp", "late", "thread"], 3)))
def test_three_levels(ways):
    a, b, c = (WAYS[w] for w in ways)
    third = a(lambda x: b(lambda y: c(lambda z: x * x * y ** 3 * z ** 4 + x * y * z, y), x), 0.5)
    # d/dz: 4 x^2 y^3 z^3 + x y at z = y: 4 x^2 y^6 + x y; d/dy at y = x: 24 x^7 + x; d/dx
    assert third == pytest.approx(168 * 0.5 ** 6 + 1)


def test_nesting_with_checkpoint_and_hvp():
    def inner(x, y):
        return np.sum(x * y ** 2)
    nested = grad(lambda x: np.sum(grad(checkpoint(inner), argnums=1)(x, x) * X))
    assert np.allclose(nested(X), 4 * X * X)
    assert np.allclose(grad(lambda x: np.sum(hvp(lambda y: np.sum(x * y ** 3), x, x)))(X),
                       18 * X * X)


# ---------------------------------------------------------------- writing

def _plain(write):
    def f(x):
        a = np.zeros(3)
        write(a, x)
        return np.sum(a) + 0 * np.sum(x)
    return f


def _integer(a, x):
    a[0] = x[0]


def _slice(a, x):
    a[:] = x


def _list(a, x):
    a[:] = [x[0], x[1], 1.0]


def _flat(a, x):
    a.flat[0] = x[0]


def _in_place(a, x):
    a += x


def _nested(a, x):
    a[0] = grad(lambda y: y * x[0])(1.0)


WRITES = {
    "integer": _integer, "slice": _slice, "list": _list, "flat": _flat, "in place": _in_place,
    "nested": _nested, "fill": lambda a, x: a.fill(x[0]), "put": lambda a, x: a.put([0], x[0]),
    "0-d": lambda a, x: a.reshape(3, 1)[0].__setitem__(0, x[0]),
    "out": lambda a, x: np.multiply(x, 2, out=a), "where": lambda a, x: np.exp(x, where=x > 0),
    "ufunc.at": lambda a, x: np.add.at(a, [0], x[0]), "copyto": lambda a, x: np.copyto(a, x),
    "np.put": lambda a, x: np.put(a, [0], x[0]), "place": lambda a, x: np.place(a, a == 0, x),
    "putmask": lambda a, x: np.putmask(a, a == 0, x), "sum out": lambda a, x: np.sum(x, out=a[:1]),
    "fill_diagonal": lambda a, x: np.fill_diagonal(np.zeros((3, 3)), x),
    "traced item": lambda a, x: x.__setitem__(0, 1.0), "traced sort": lambda a, x: x.sort(),
    "traced fill": lambda a, x: x.fill(0.0), "traced real": lambda a, x: setattr(x, "real", a),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_raises(name):
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        grad(_plain(WRITES[name]))(X)
    assert names_a_traced_array(caught.value)


def names_a_traced_array(error):
    """Whether the error is about that, and not a slip in the test."""
    text = f"{error} {error.__cause__}"
    return any(words in text for words in ("traced array", "'Traced'", "writes into an array",
                                          "setting single item of array"))    # NumPy's of a.flat


def test_writing_an_entry_says_the_cure():
    with pytest.raises(ValueError) as caught:          # NumPy's error, caused by ours
        grad(_plain(_integer))(X)
    assert "np.stack" in str(caught.value.__cause__)
    with pytest.raises(TypeError, match=r"np.sort\(x\)"):
        grad(_plain(WRITES["traced sort"]))(X)


# ---------------------------------------------------------------- reading, converting

READS = {
    "math.sin": lambda x: math.sin(x[0]), "math.hypot": lambda x: math.hypot(x[0], x[1]),
    "math.fsum": lambda x: math.fsum(x), "array": lambda x: array.array("d", [x[0]])[0],
    "fromiter": lambda x: np.sum(np.fromiter((x[i] for i in range(3)), "d")),
    "np.array": lambda x: np.sum(np.array([x[0], x[1]])),
    "asarray": lambda x: np.sum(np.asarray(x)),
    "nested list": lambda x: np.sum(np.array([[1.0, x[0]], [x[1], 2.0]])),
    "object": lambda x: np.sum(np.array([x[0], x[1]], dtype=object)),
    "list": lambda x: np.sum([x[0], x[1]]), "list in exp": lambda x: np.sum(np.exp([x[0], x[1]])),
    "np.float64": lambda x: np.float64(x[0]) * 2, "full": lambda x: np.sum(np.full(3, x[0])),
    "fromiter of it": lambda x: np.sum(np.fromiter(x, float)),
    "float elsewhere": lambda x: float(len(x)) * math.sin(x[0]),
    "float beside": lambda x: math.hypot(float(x[0]), x[1]),
    "dtype": lambda x: np.sum(np.array([x[0], 1.0], dtype=float)),
    "key": lambda x: max(x, key=float), "int": lambda x: int(x[0]) * x[1],
    "method": lambda x: X.dot(x),
    "random": lambda x: np.random.default_rng(0).normal(x[0]), "matrix": lambda x: np.r_[x, x][0],
    "masked": lambda x: np.sum(np.ma.array(X) * x), "vectorize": lambda x: np.sum(
        np.vectorize(lambda t: t * t)(x)), "index": lambda x: np.sum(X[x]),
}


@pytest.mark.parametrize("name", READS)
def test_reading_unasked_raises(name):
    """No constant is made of a traced array by a function that is not NumPy's, or by a list."""
    with pytest.raises((TypeError, ValueError)) as caught:
        grad(READS[name])(X)
    assert names_a_traced_array(caught.value)


def test_reading_says_the_cure():
    with pytest.raises(TypeError, match=r"np.sin.*float\(x\)"):
        grad(math.sin)(0.3)
    with pytest.raises(TypeError, match=r"int\(float\(x\)\).*np.rint"):
        grad(lambda x: x ** int(x))(2.3)
    with pytest.raises(TypeError, match=r"complex\(x\)"):
        grad(lambda z: np.abs(__import__("cmath").exp(z)))(0.3 + 1j)


def test_reading_when_asked():
    seen = []

    def f(x):
        seen.extend([float(x[0]), bool(x[0] > 0), f"{x[0]:.2f}", "%.1f" % x[1], x.tolist(),
                     x.item(2), str(x), list(map(float, x)), complex(x[0])])
        return np.sum(x * x) if x[0] > 0 else np.sum(x)
    assert np.allclose(grad(f)(X), 2 * X)
    assert seen == [0.3, True, "0.30", "-0.5", X.tolist(), 0.8, str(X), X.tolist(), 0.3 + 0j]
    assert grad(lambda x: float(x) * x)(3.0) == 3


ASKED = {
    "call": lambda x: float(x[0]), "in a call": lambda x: math.sin(float(x[0])),
    "over lines": lambda x: float(x[0]) + float(
        x[1]), "format": lambda x: float(f"{x[0]:.9f}"),
    "map": lambda x: sum(list(map(float, x))), "loop": lambda x: sum([float(t) for t in x]),
    "in parentheses": lambda x: float((x[0] + x[1])), "percent": lambda x: float("%.9f" % x[0]),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_number_read_on_purpose_is_a_constant(name):
    f = ASKED[name]
    assert np.allclose(grad(lambda x: np.sum(x) * f(x))(X), f(X), rtol=1e-9)


def test_a_map_read_by_a_loop_or_unpacked():
    def f(x):
        a, b, c = map(float, x)
        for t in map(float, x):
            a = a + t
        return a * b * c * x[0]
    assert grad(f)(X).tolist() == [f(X) / X[0], 0, 0]


def test_a_call_read_many_times():
    """After the interpreter has specialised it, too."""
    def f(x):
        for _ in range(200):
            seen = float(x)
        return seen * x
    assert grad(f)(3.0) == 3


def test_python_arithmetic_is_followed():
    assert grad(sum)(X).tolist() == [1, 1, 1] and grad(max)(X).tolist() == [0, 0, 1]
    assert np.allclose(grad(math.prod)(X), np.prod(X) / X)
    assert grad(lambda x: divmod(x, 0.2)[1] + pow(x, 2))(0.3) == pytest.approx(1.6)
    assert grad(lambda x: np.sum(x * [1, 2, 3]))(X).tolist() == [1, 2, 3]
    assert grad(lambda x: np.sum([1.0, 2.0, 3.0] * x))(X).tolist() == [1, 2, 3]
    assert grad(lambda x: np.float64(2.0) * x - np.float32(1.0) / x)(0.5) == 6
    assert np.allclose(grad(lambda x: np.prod([2.0]) * sum(t * t for t in x))(X), 4 * X)


# ---------------------------------------------------------------- inputs and outputs

@pytest.mark.parametrize("x", [np.arange(3), 3, True, np.array([True]), np.array(["a"]), "a",
                               np.array([None]), np.datetime64("2000-01-01"), object()], ids=repr)
def test_what_is_not_a_float_raises(x):
    for transform in (grad, value_and_grad, jacobian, lambda f: lambda x: vjp(f, x)):
        with pytest.raises(TypeError, match="astype"):
            transform(lambda x: 1.0)(x)


@pytest.mark.parametrize("y", [lambda x: x, lambda x: (np.sum(x),), lambda x: [np.sum(x)],
                               lambda x: None, lambda x: {"y": np.sum(x)}, lambda x: x[:1],
                               lambda x: np.sum(x) * 1j])
def test_what_is_not_a_number_raises(y):
    with pytest.raises(TypeError, match="returned"):
        grad(y)(X)


def test_constant_outputs():
    for constant in (3.0, 3, True, np.float32(2), np.argmax(X), np.array(1.0)):
        assert grad(lambda x: constant)(X).tolist() == [0, 0, 0]
    for f in (lambda x: np.argmax(x), lambda x: np.floor(x[0]), lambda x: x[0] > 0,
              lambda x: np.sum(np.round(x)), lambda x: x.size):
        assert grad(f)(X).tolist() == [0, 0, 0] and not hessian(f)(X).any()


def test_float32_and_zero_d():
    for x in (np.float32(0.5), np.asarray(0.5, np.float32), np.ones((1, 2), np.float32)):
        f = lambda x: np.sum(np.sin(x) ** 2)  # noqa: E731
        value, g = value_and_grad(f)(x)
        assert (value.dtype, g.dtype, g.shape) == (np.float32, np.float32, np.shape(x))
        H = hessian(f)(x)
        assert (H.dtype, H.shape) == (np.float32, 2 * np.shape(x))
    assert type(grad(np.sin)(0.3)) is np.ndarray and grad(np.sin)(0.3).shape == ()


def test_nothing_is_aliased():
    x, c = np.ones(3), np.ones(3)
    for f in (lambda x: x, lambda x: x + 0, lambda x: x[::-1], lambda x: x.reshape(3, 1),
              lambda x: np.where(c > 0, x, c), lambda x: np.broadcast_to(x, (1, 3)), lambda x: c,
              checkpoint(lambda x: x), checkpoint(lambda x: c)):
        y, pullback = vjp(f, x)
        seed = np.ones(y.shape)
        g, again = pullback(seed)[0], pullback(seed)[0]
        for a, b in itertools.combinations([x, c, y, seed, g, again], 2):
            assert not np.shares_memory(a, b)
        g[:] = y[:] = 9
        assert (x == 1).all() and (c == 1).all() and np.array_equal(pullback(seed)[0], again)
    value, aux = grad(lambda x: (np.sum(x), x), has_aux=True)(x)
    aux[:] = 5
    assert (x == 1).all() and (value == 1).all()


def test_empty_arrays():
    for shape in ((0,), (0, 3), (2, 0), (2, 0, 3)):
        x = np.zeros(shape)
        for f in (np.sum, lambda x: np.sum(np.exp(x) * 2), lambda x: np.sum(x.T @ x.T.T) if
                  x.ndim == 2 else np.sum(x), lambda x: np.sum(np.concatenate([x, x])),
                  lambda x: np.sum(np.sum(x, axis=0)), lambda x: np.sum(x[:, None])):
            assert grad(f)(x).shape == shape
            assert hessian(f)(x).shape == 2 * shape
    with pytest.raises(ValueError):
        grad(np.max)(np.zeros(0))
    assert grad(lambda p: np.sum(p["a"]) + np.sum(p["b"]))({"a": X, "b": np.zeros(0)})[
        "b"].shape == (0,)
    theta, unravel = ravel({"a": X, "b": np.zeros((0, 2))})
    assert unravel(theta)["b"].shape == (0, 2)


def test_nan_and_inf_go_where_they_belong():
    x = np.array([np.nan, 1.0, np.inf, -np.inf])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda x: np.sum(2 * x))(x).tolist() == [2, 2, 2, 2]
        g = grad(lambda x: np.sum(x * x))(x)
    assert np.isnan(g[0]) and g[1:].tolist() == [2, np.inf, -np.inf]
    with np.errstate(invalid="ignore", divide="ignore"):
        assert np.isnan(grad(np.max)(np.array([np.nan, 1.0]))).any()
        assert grad(lambda x: np.sum(np.where(x > 0, x, 0.0)))(np.array([-np.inf, 1.0])
                                                               ).tolist() == [0, 1]
        assert grad(np.log)(0.0) == np.inf


# ---------------------------------------------------------------- threads, exceptions

def test_one_pullback_in_many_threads():
    def f(x):
        for _ in range(20):
            x = np.sin(x) * 1.1
        return x
    y, pullback = vjp(f, X)
    expected = pullback(np.ones(3))[0]
    results = []

    def work():
        results.extend(np.array_equal(pullback(np.ones(3))[0], expected) for _ in range(30))
    threads = [threading.Thread(target=work) for _ in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert results == [True] * 180


def test_a_pullback_in_another_thread_and_an_outer_gradient_there():
    _, pullback = vjp(lambda x: x ** 3, 2.0)
    assert in_thread(lambda: grad(lambda c: pullback(c * c)[0])(3.0)) == 72


def test_outer_gradients_in_threads_with_inner_threads():
    results = {}

    def work(i):
        results[i] = grad(lambda x: x * in_thread(lambda: grad(lambda y: x * y * y * i)(x)))(2.0)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert results == {i: 6 * i * 4 for i in range(6)}


def test_an_exception_leaves_no_state():
    @primitive
    def fragile(x):
        return x * 2
    defvjp(fragile, lambda g, y, x: g * {}["rule"])

    def forward(x):
        return np.exp(x) * {}["forward"]

    def nested(x):
        return x * in_thread(lambda: vjp(fragile, x))[1](1.0)[0]
    for f in (forward, fragile, nested, checkpoint(fragile), lambda x: grad(fragile)(x) * x):
        for run in (grad(f), grad(grad(f)), hessian(f), lambda x: jvp(f, (x,), (1.0,))):
            with pytest.raises(KeyError):
                run(1.0)
    # levels and the guard are as before
    c = np.array([2.0, 3.0, 4.0])
    y, pullback = vjp(lambda x: x * c, X)
    c[:] = 0
    assert pullback(np.ones(3))[0].tolist() == [2, 3, 4]
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6
