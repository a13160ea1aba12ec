"""The engine's contract: levels, memory, mutation, dtypes, errors."""
import copy
import gc
import pathlib
import pickle
import threading
import weakref

import numpy as np
import pytest

import minimeta
from minimeta import (defvjp, grad, hessian, hvp, jacobian, jvp, primitive, ravel, stop_gradient,
                      value_and_grad, vjp)
from minimeta.autodiff import diff

X = np.array([0.3, -0.5, 0.8])


def test_the_engine_without_its_rules_is_short():
    """What is recorded, and the sweep: trace.py and diff.py."""
    folder = pathlib.Path(minimeta.autodiff.__file__).parent
    text = "".join((folder / name).read_text() for name in ("trace.py", "diff.py"))
    assert len(text.splitlines()) < 400


def test_perturbation_confusion():
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == pytest.approx(12)
    assert grad(lambda x: x * stop_gradient(grad(lambda y: x * y)(2.0)))(3.0) == 3


def test_pullback_called_after_its_level_closed_and_inside_a_newer_one():
    y, pullback = vjp(lambda x: x ** 3, 2.0)
    assert grad(lambda g: pullback(g)[0])(1.0) == 12
    assert grad(lambda z: pullback(z * z)[0] * z)(2.0) == 12 * 3 * 4
    inner = grad(lambda x: vjp(lambda z: z ** 3, x)[1](np.ones_like(x))[0])
    assert inner(2.0) == 12


def test_a_value_kept_by_an_inner_pullback_does_not_escape():
    kept = []

    def f(x):
        y, pullback = vjp(lambda z: z * z, x)
        kept.append(pullback)
        return y * x
    g = grad(f)(2.0)
    assert g == 12 and not isinstance(g, minimeta.autodiff.Traced)


def test_interleaved_generators():
    def steps(scale):
        y, pullback = vjp(lambda x: scale * x ** 2, 3.0)
        yield y
        yield pullback(1.0)[0]
    a, b = steps(1.0), steps(10.0)
    assert [next(a), next(b), next(a), next(b)] == [9, 90, 6, 60]


def test_threads():
    results = {}

    def work(i):
        results[i] = [float(grad(grad(lambda x: x ** 3 * i))(2.0)) for _ in range(50)]
    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert results == {i: [12.0 * i] * 50 for i in range(8)}


def test_an_inner_gradient_in_a_worker_thread():
    def inner_in_thread(x):
        box = []
        t = threading.Thread(target=lambda: box.append(grad(lambda y: x * y ** 2)(x)))
        t.start(), t.join()
        return box[0]
    assert grad(inner_in_thread)(3.0) == 12


def test_levels_that_two_threads_pass_to_each_other():
    """The second thread's level is newer than the first's, and still open when that one ends."""
    assert grad(lambda z: _in_thread(lambda: grad(lambda x: x * z * z)(5.0)))(3.0) == 6


def _in_thread(f):
    box = []
    t = threading.Thread(target=lambda: box.append(f()))
    t.start(), t.join()
    return box[0]


def test_long_chain_without_recursion():
    def chain(x):
        for _ in range(100_000):
            x = x * 1.00001
        return x
    assert grad(chain)(1.0) == pytest.approx(1.00001 ** 100_000, rel=1e-9)


def test_memory_returns_without_the_collector():
    class Big(np.ndarray):
        pass
    gc.disable()
    try:
        refs = []

        @primitive
        def probe(x):
            value = x.view(Big)
            refs.append(weakref.ref(value))
            return value
        defvjp(probe, lambda g, y, x: g)
        grad(grad(lambda x: np.sum(probe(x) ** 3)))
        hessian(lambda x: np.sum(np.tanh(probe(x) ** 2)))(X)
        y, pullback = vjp(lambda x: probe(x) ** 2, X)
        assert any(r() is not None for r in refs)
        del pullback, y
        assert all(r() is None for r in refs)
    finally:
        gc.enable()


def alive_in_the_rule(differentiate, depth=20):
    """How many values of a chain are alive when its first node is differentiated."""
    class Big(np.ndarray):
        pass
    refs, seen = [], []

    @primitive
    def link(x):
        value = np.sin(x).view(Big)
        refs.append(weakref.ref(value))
        return value

    @primitive
    def first(x):
        return x * 1.0
    defvjp(link, lambda g, y, x: g * 0.5)
    defvjp(first, lambda g, y, *_: seen.append(sum(r() is not None for r in refs)) or g)

    def chain(x):
        x = first(x)
        for _ in range(depth):
            x = link(x)
        return np.sum(x)
    differentiate(chain)
    return seen[0]


def test_a_gradient_lets_nodes_go_as_they_are_done():
    assert alive_in_the_rule(lambda f: grad(f)(X)) <= 2
    assert alive_in_the_rule(lambda f: vjp(f, X)[1](1.0)) == 20       # it may be called again


def test_a_rule_that_hands_its_arguments_on_is_safe_from_mutation():
    @primitive
    def product(x, c):
        return x * c
    defvjp(product, lambda *a: a[0] * a[3], None)
    c = np.full(3, 3.0)
    y, pullback = vjp(lambda x: product(x, c), X)
    c[:] = 99
    assert pullback(np.ones(3))[0].tolist() == [3.0] * 3


@pytest.mark.parametrize("change", ["input", "constant"])
@pytest.mark.parametrize("size", [3, 400_000])
def test_mutation_is_harmless_or_detected(size, change):
    x, c = np.full(size, 2.0), np.full(size, 3.0)
    y, pullback = vjp(lambda x: np.sum(x * x * c), x)
    (x if change == "input" else c)[1] = 50
    if size == 3:
        assert pullback(1.0)[0].tolist() == [12, 12, 12]
    else:
        with pytest.raises(RuntimeError, match="changed in place"):
            pullback(1.0)


def test_a_permuted_large_constant_is_detected():
    c = np.arange(400_000.0)
    y, pullback = vjp(lambda x: np.sum(x * c), np.ones(400_000))
    c[:] = c[::-1].copy()
    with pytest.raises(RuntimeError, match="changed in place"):
        pullback(1.0)


def test_writing_into_a_result_does_not_change_the_graph():
    y, pullback = vjp(lambda x: np.exp(x), X)
    y[:] = 0
    assert np.allclose(pullback(np.ones(3))[0], np.exp(X))


def test_gradients_alias_nothing():
    x, c = np.ones(3), np.ones(3)
    a, b = grad(lambda a, b: np.sum(a + b + c), argnums=(0, 1))(x, x)
    a[:] = 5
    assert b.tolist() == [1, 1, 1] and x.tolist() == [1, 1, 1] and c.tolist() == [1, 1, 1]
    seed = np.ones(3)
    _, pullback = vjp(lambda x: x, x)
    g, = pullback(seed)
    g[:] = 7
    assert seed.tolist() == [1, 1, 1] and pullback(seed)[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x = X.astype(dtype)

    def f(x):
        h = np.tanh(x * 0.5 + 1) ** 2 / 3 - np.mean(x) * np.maximum(x, 0)
        return np.sum(np.where(x > 0, h, 2 * h)) + np.var(x) + np.max(x)
    assert grad(f)(x).dtype == dtype and hessian(f)(x).dtype == dtype
    assert hvp(f, x, x).dtype == dtype and f(x).dtype == dtype
    assert grad(f)(np.asarray(x[0])).shape == ()
    # a float64 constant does not widen the cotangent of a float32 operand
    assert grad(lambda x: np.sum(x * X))(x).dtype == dtype


def test_zero_d_stays_zero_d():
    assert type(grad(np.sin)(np.array(0.3))) is np.ndarray


def test_an_output_that_does_not_depend_on_the_input():
    assert grad(lambda x: 3.0)(X).tolist() == [0, 0, 0]
    assert grad(lambda x, y: np.sum(y))(X, X).tolist() == [0, 0, 0]
    assert jacobian(lambda x: X)(X).tolist() == np.zeros((3, 3)).tolist()


def test_errors_name_the_cure():
    with pytest.raises(TypeError, match="jacobian"):
        grad(lambda x: x * 2)(X)
    with pytest.raises(TypeError, match="astype"):
        grad(np.sum)(np.arange(3))
    with pytest.raises(TypeError, match="np.stack"):
        grad(lambda x: np.sum(np.array([x[0], x[1]])))(X)
    with pytest.raises(TypeError, match="np.where"):
        grad(_assigns)(X)
    with pytest.raises(TypeError, match="returned array"):
        grad(lambda x: np.sum(np.add(x, 1, out=np.empty(3))))(X)
    with pytest.raises(TypeError, match="returned array"):
        grad(_adds_into_plain)(X)
    with pytest.raises(NotImplementedError, match=r"numpy.histogram2d: .*defvjp"):
        grad(lambda x: np.sum(np.histogram2d(x, x)[1]))(X)
    with pytest.raises(TypeError, match="np.where"):
        grad(_copies)(X)
    with pytest.raises(ValueError, match="argnums"):
        grad(np.sum, argnums=2)(X)


def _assigns(x):
    x[0] = 1.0
    return np.sum(x)


def _adds_into_plain(x):
    y = np.zeros(3)
    y += x
    return np.sum(y)


def _copies(x):
    y = np.zeros(3)
    np.copyto(y, x)
    return np.sum(y)


def test_an_exception_leaves_no_state():
    def broken(x):
        np.exp(x)
        raise KeyError("broken")
    before = grad(np.sin)(0.3)
    for _ in range(3):
        with pytest.raises(KeyError):
            grad(lambda x: grad(broken)(x))(1.0)
    assert grad(np.sin)(0.3) == before and not getattr(minimeta.autodiff.guard.engine, "busy")


def test_identity_copy_pickle():
    seen = []

    def f(x):
        seen.extend([copy.copy(x) is x, copy.deepcopy(x) is x, len({x, x}) == 1])
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(x)
        assert "Traced" in repr(x) and float(x[0]) == 0.3 and bool(x[0] > 0)
        assert (x == x).all() and len(x) == 3
        return np.sum(x)
    grad(f)(X)
    assert all(seen)


@pytest.mark.parametrize("f", [len, list, lambda x: [*x], iter, lambda x: x[0]])
def test_a_0_d_array_has_no_length_and_no_entries(f):
    with pytest.raises((TypeError, IndexError)) as plain:
        f(np.array(0.3))
    with pytest.raises(plain.type):
        grad(lambda x: f(x) and 1.0)(0.3)


def test_x_plus_equals_rebinds():
    def f(x):
        y = x
        x += 1
        return np.sum(x * y)
    assert np.allclose(grad(f)(X), 2 * X + 1)


def test_keyword_operands():
    assert np.allclose(grad(lambda x: np.sum(np.clip(X, a_min=x, a_max=None)))(np.zeros(3)),
                       [0, 1, 0])
    assert np.allclose(grad(lambda x: np.sum(np.matmul(X, x)))(X), X)
    with pytest.raises(TypeError, match="'axis'"):
        grad(lambda x: np.sum(X * x, axis=x))(1.0)


def test_trees_and_aux():
    params = {"w": X, "b": [np.array(0.5), (np.ones(2),)]}

    def loss(p, scale):
        y = scale * np.sum(p["w"] ** 2) * p["b"][0] + np.sum(p["b"][1][0])
        return y, {"y": y, "n": 3}
    (y, aux), g = value_and_grad(loss, has_aux=True)(params, 2.0)
    assert np.allclose(g["w"], 2 * X) and g["b"][1][0].tolist() == [1, 1] and aux["n"] == 3
    assert aux["y"] == y and type(aux["y"]) is not minimeta.autodiff.Traced


def test_ravel_round_trip_and_leading_axes(rng):
    tree = {"w": rng.random((2, 3)), "b": [rng.random(4), np.array(1.5)]}
    theta, unravel = ravel(tree)
    assert theta.shape == (11,)
    again = unravel(np.stack([theta, 2 * theta]))
    assert np.array_equal(again["w"][1], 2 * tree["w"]) and again["b"][1].shape == (2,)
    with pytest.raises(ValueError, match="expected 11"):
        unravel(theta[:-1])
    assert np.allclose(grad(lambda t: np.sum(unravel(t)["w"] ** 2))(theta)[:6],
                       2 * tree["w"].ravel())


def test_products_agree(rng):
    w = rng.standard_normal((4, 3))

    def f(x):
        return np.tanh(w @ x) * np.sum(x ** 2)
    J = jacobian(f)(X)
    v, u = rng.standard_normal(3), rng.standard_normal(4)
    assert np.allclose(jvp(f, (X,), (v,))[1], J @ v, rtol=1e-13)
    assert np.allclose(vjp(f, X)[1](u)[0], u @ J, rtol=1e-13)

    def g(x):
        return np.sum(f(x) ** 3)
    H = hessian(g)(X)
    assert np.allclose(H, H.T, rtol=1e-13) and np.allclose(hvp(g, X, v), H @ v, rtol=1e-12)


def test_empty_nan_and_inf():
    assert grad(lambda x: np.sum(x ** 2))(np.zeros((0, 3))).shape == (0, 3)
    with np.errstate(invalid="ignore"):
        assert np.isnan(grad(lambda x: np.sum(x * np.nan))(X)).all()
        assert np.isinf(grad(lambda x: np.sum(x * np.inf))(X)).all()


def test_a_primitive_without_a_rule_works_on_plain_arrays_and_is_named_on_traced_ones():
    @primitive
    def halve(x):
        return x / 2
    assert halve(X).tolist() == (X / 2).tolist()
    with pytest.raises(NotImplementedError, match="halve.*defvjp"):
        grad(lambda x: np.sum(halve(x)))(X)
    with pytest.raises(TypeError, match=r"lambda g, y, \*_"):
        defvjp(halve, lambda g: g / 2)
    defvjp(halve, lambda g, *_: g / 2)
    assert grad(lambda x: np.sum(halve(x)))(X).tolist() == [0.5] * 3


@primitive
def sine_and_cosine(x):
    return np.sin(x), np.cos(x)


defvjp(sine_and_cosine, lambda g, y, x: g[0] * y[1] - g[1] * y[0])


def test_outputs_of_a_tuple_add_up_what_reaches_them():
    def f(x):
        s, c = sine_and_cosine(x)
        return np.sum(s * s * c + s)

    def by_hand(x):
        return np.sum(np.sin(x) ** 2 * np.cos(x) + np.sin(x))
    for of in (grad, lambda f: grad(lambda x: np.sum(grad(f)(x) ** 2))):
        assert np.allclose(of(f)(X), of(by_hand)(X), rtol=1e-12)


def test_an_output_of_a_tuple_may_be_the_result():
    y, pullback = vjp(sine_and_cosine, X)
    g, h = np.arange(1.0, 4.0), np.ones(3)
    assert np.allclose(pullback((g, h))[0], g * np.cos(X) - h * np.sin(X))
    (s, again), pullback = vjp(lambda x: (sine_and_cosine(x)[0],) * 2, X)
    assert np.allclose(pullback((g, h))[0], (g + h) * np.cos(X))
    assert np.allclose(jacobian(lambda x: sine_and_cosine(x)[1])(X), -np.diag(np.sin(X)))


def accumulated(calls=4):
    """(sum of cotangents, what a rule kept): every call's rule hands out the same array."""
    kept = np.ones(3)

    @primitive
    def spread(x):
        return x * 1.0
    defvjp(spread, lambda g, y, *_: kept)
    return grad(lambda x: np.sum(sum(spread(x) for _ in range(calls))))(np.ones(3)), kept


def test_adding_up_writes_into_nothing_that_somebody_holds(monkeypatch):
    found, kept = accumulated()
    assert found.tolist() == [4.0] * 3 and kept.tolist() == [1.0] * 3
    monkeypatch.setattr(diff, "getrefcount", lambda a: diff._HELD_HERE)
    assert accumulated()[1].tolist() != [1.0] * 3
