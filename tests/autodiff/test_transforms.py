"""grad, vjp, jvp, hvp, jacobian, hessian: arguments, containers, products, and errors."""
import collections
from typing import NamedTuple

import numpy as np
import pytest

from minimeta import (defvjp, elementwise_grad, grad, hessian, hvp, jacobian, jvp, primitive, ravel,
                      stop_gradient, value_and_grad, vjp)
from minimeta.autodiff import Traced, transforms
from minimeta.nn import mean_squared_error, mlp
from tests.differences import check_orders

X = np.array([0.3, -0.5, 0.8])
Y = np.array([1.5, 0.2, -0.4])


class Pair(NamedTuple):
    left: object
    right: object


TREE = {"w": X, "b": [np.array(0.5), (Y, Pair(X * Y, np.ones((2, 2))))]}


def scalar(tree, scale=1.0):
    """A smooth number that mixes all leaves of a tree like TREE."""
    b, (y, pair) = tree["b"]
    return scale * np.sum(np.sin(tree["w"] * b) * y) + np.sum(pair.left ** 3) * np.sum(pair.right)


def vector(tree):
    """Arrays in a container, of a tree like TREE."""
    b, (y, pair) = tree["b"]
    return {"a": Pair(np.tanh(tree["w"] * y), np.sum(pair.right) * b), "c": [pair.left @ y]}


def flat(f):
    """f on the ravelled TREE, its outputs ravelled."""
    theta, unravel = ravel(TREE)
    return (lambda t: ravel(f(unravel(t)))[0]), theta, unravel


# ---------------------------------------------------------------- grad

def f(a, b, c=1.0, *, d=1.0):
    return np.sum(a * a * b) * c * d


@pytest.mark.parametrize("argnums, expected", [
    (0, 2 * X * Y), (1, X * X), (-1, X * X), ((0,), (2 * X * Y,)), ((1, 0), (X * X, 2 * X * Y)),
    ((-2, 1), (2 * X * Y, X * X))])
def test_argnums(argnums, expected):
    for c, d in ((1.0, 1.0), (2.0, 3.0)):
        value, g = value_and_grad(f, argnums)(X, Y, **{"c": c, "d": d})
        assert value == f(X, Y, c, d=d) and type(g) is type(expected)
        for ours, theirs in zip(g if type(g) is tuple else [g],
                                expected if type(g) is tuple else [expected]):
            assert np.allclose(ours, theirs * c * d)
        assert np.array_equal(np.array(grad(f, argnums)(X, Y, c=c, d=d)), np.array(g))


def test_argnums_that_do_not_fit():
    for argnums in (2, -3, (0, 5)):
        with pytest.raises(ValueError, match="2 positional arguments"):
            grad(f, argnums)(X, Y)
        with pytest.raises(ValueError, match="2 positional arguments"):
            jacobian(f, argnums)(X, Y)
    with pytest.raises(ValueError, match="by position"):
        grad(f)(a=X, b=Y)
    with pytest.raises(ValueError, match="twice"):
        grad(f, (0, -2))(X, Y)
    with pytest.raises(ValueError, match="vector"):
        hessian(f, batched=True)(np.ones((2, 2)), 1.0)


def test_aux():
    def with_aux(x, y):
        return np.sum(x * y), {"square": x * x, "name": "kept", "none": None, "n": 3}
    (value, aux), g = value_and_grad(with_aux, has_aux=True)(X, Y)
    again, same = grad(with_aux, argnums=(0, 1), has_aux=True)(X, Y)
    assert value == np.sum(X * Y) and np.allclose(g, Y) and np.allclose(again[1], X)
    for a in (aux, same):
        assert np.allclose(a["square"], X * X) and type(a["square"]) is np.ndarray
        assert (a["name"], a["none"], a["n"]) == ("kept", None, 3)
    y, pullback, aux = vjp(with_aux, X, Y, has_aux=True)
    assert np.allclose(pullback(2.0)[0], 2 * Y) and type(aux["square"]) is np.ndarray
    for run in (grad(np.sum, has_aux=True), lambda x: vjp(np.sum, x, has_aux=True)):
        with pytest.raises(TypeError, match="pair"):
            run(X)


def test_aux_of_an_inner_gradient_is_differentiable_outside():
    def outer(x):
        g, square = grad(lambda y: (np.sum(y ** 3), y * y), has_aux=True)(x)
        return np.sum(g * square)                     # 3 x^4
    assert np.allclose(grad(outer)(X), 12 * X ** 3)


def test_names_are_kept():
    for transform in (grad, value_and_grad, jacobian, hessian, elementwise_grad):
        assert transform(scalar).__name__ == "scalar" and "number" in transform(scalar).__doc__


def test_a_gradient_has_its_arguments_structure():
    g = grad(scalar)(TREE, scale=2.0)
    assert type(g["b"][1][1]) is Pair and type(g["b"][1]) is tuple and type(g["b"]) is list
    on_vector, theta, unravel = flat(scalar)
    assert np.allclose(ravel(grad(scalar)(TREE))[0], grad(lambda t: scalar(unravel(t)))(theta))
    assert g["b"][0].shape == () and g["b"][1][1].right.shape == (2, 2)


def test_mixed_dtypes_in_a_container():
    tree = {"a": X.astype(np.float32), "b": X}
    g = grad(lambda t: np.sum(t["a"] * t["b"]))(tree)
    assert (g["a"].dtype, g["b"].dtype) == (np.float32, np.float64)
    H = hvp(lambda t: np.sum(t["a"] ** 2 * t["b"]), tree, tree)
    assert (H["a"].dtype, H["b"].dtype) == (np.float32, np.float64)


def test_elementwise_grad():
    assert np.allclose(elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    second = elementwise_grad(elementwise_grad(lambda a, x, k=1: a * x ** 3 * k, 1), 1)
    assert np.allclose(second(Y, X, k=2), 12 * Y * X)


def test_stop_gradient_of_containers():
    def loss(tree):
        fixed = stop_gradient(tree)
        assert not any(type(a) is Traced for a in (fixed["w"], fixed["b"][1][1].left))
        return np.sum(tree["w"] * fixed["w"])
    assert np.allclose(grad(loss)(TREE)["w"], X) and not grad(loss)(TREE)["b"][1][0].any()


# ---------------------------------------------------------------- products

def test_vjp_and_jvp_of_containers(rng):
    on_vector, theta, unravel = flat(vector)
    J = jacobian(on_vector)(theta)
    y, pullback = vjp(vector, TREE)
    shaped = ravel(y)[1]
    u, v = rng.standard_normal(J.shape[0]), rng.standard_normal(J.shape[1])
    (g,) = pullback(shaped(u))
    assert type(g["b"][1][1]) is Pair and np.allclose(ravel(g)[0], u @ J, rtol=1e-13)
    again, tangent = jvp(vector, (TREE,), (unravel(v),))
    assert type(tangent["a"]) is Pair and np.allclose(ravel(tangent)[0], J @ v, rtol=1e-13)
    assert np.array_equal(ravel(again)[0], on_vector(theta))


def test_several_arguments(rng):
    u, v = rng.standard_normal(3), rng.standard_normal(3)
    assert np.allclose(jvp(f, (X, Y), (u, v))[1], 2 * X * Y @ u + X * X @ v)
    g, h = vjp(lambda a, b: (a * b, a), X, Y)[1]((u, v))
    assert np.allclose(g, u * Y + v) and np.allclose(h, u * X)


def test_a_cotangent_is_matched_by_its_keys():
    y, pullback = vjp(lambda x: {"a": x, "b": 2 * x}, X)
    assert np.allclose(pullback({"b": X, "a": Y})[0], Y + 2 * X)
    for wrong in ({"a": X}, {"a": X, "c": X}, [X, X], X, None, {"a": {"x": X}, "b": X},
                  {"a": None, "b": X}):
        with pytest.raises(ValueError, match="the cotangent has"):
            pullback(wrong)
    with pytest.raises(ValueError, match="the cotangent has shape"):
        pullback({"a": X, "b": 1.0})


def test_tangents_that_do_not_fit():
    with pytest.raises(TypeError, match="tuples"):
        jvp(np.sin, X, X)
    with pytest.raises(ValueError, match="the tangent has shape"):
        jvp(np.sin, (X,), (X[:2],))
    with pytest.raises(ValueError, match="the tangent has tuple of 2"):
        jvp(np.sin, (X,), (X, X))
    with pytest.raises(ValueError, match="the tangent has"):
        jvp(scalar, (TREE,), ({"w": X},))


def test_jvp_of_a_jvp(rng):
    v, w = rng.standard_normal((2, 3))

    def along(x):
        return jvp(lambda x: np.sum(np.exp(x) * x[::-1]), (x,), (v,))[1]
    H = hessian(lambda x: np.sum(np.exp(x) * x[::-1]))(X)
    assert np.allclose(jvp(along, (X,), (w,))[1], v @ H @ w)


# ---------------------------------------------------------------- Hessians

def test_hvp_of_containers(rng):
    on_vector, theta, unravel = flat(lambda t: scalar(t))
    H = hessian(lambda t: scalar(unravel(t)))(theta)
    v = rng.standard_normal(theta.size)
    assert np.allclose(ravel(hvp(scalar, TREE, unravel(v)))[0], H @ v, rtol=1e-12)
    with pytest.raises(ValueError, match="the cotangent has"):
        hvp(scalar, TREE, {"w": X})
    cubes = lambda x: np.sum(x ** 3)  # noqa: E731
    assert np.allclose(grad(lambda v: np.sum(hvp(cubes, X, v) * Y))(X), 6 * X * Y)


def test_hvp_as_an_operator(rng):
    from scipy.sparse.linalg import LinearOperator, cg, eigsh
    theta, unravel = ravel(TREE)
    H = hessian(lambda t: scalar(unravel(t)))(theta)
    operator, v = hvp(scalar, TREE), rng.standard_normal(theta.size)
    assert isinstance(operator, LinearOperator) and operator.shape == H.shape
    assert operator.dtype == np.float64
    assert np.allclose(operator @ v, H @ v) and np.allclose(operator.T @ v, H @ v)
    assert np.allclose(operator @ np.eye(theta.size), H)
    assert np.allclose(eigsh(operator, k=2, which="LA", return_eigenvectors=False),
                       np.linalg.eigvalsh(H)[-2:])

    def bowl(x):
        return np.sum(np.cosh(x)) + np.sum(x) ** 2
    solution, info = cg(hvp(bowl, X), Y, rtol=1e-12)
    assert info == 0 and np.allclose(hessian(bowl)(X) @ solution, Y)
    with pytest.raises(TypeError, match="real x"):
        hvp(lambda z: np.sum(np.abs(z)), X + 0j)


def network(dtype=np.float64):
    model = mlp([2, 9, 1], activation=np.tanh, dtype=dtype)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6, 2)).astype(dtype)
    return (lambda w, y: mean_squared_error(model.apply(w, x), y)), model.init(rng), y[:, :1]


@pytest.mark.parametrize("block", [1, 5, 37, 64])
def test_batched_hessian(block, monkeypatch):
    loss, theta, y = network()
    assert theta.size == 37
    monkeypatch.setattr(transforms, "BLOCK", block)
    assert np.allclose(hessian(loss, batched=True)(theta, y), hessian(loss)(theta, y), rtol=1e-12,
                       atol=1e-15)


def test_batched_hessian_is_differentiable_and_keeps_dtype():
    def cube(x):
        return np.sum(x ** 3, axis=-1)
    third = jacobian(hessian(cube, batched=True))(X)
    assert np.allclose(third, jacobian(hessian(cube))(X))
    assert hessian(cube, batched=True)(X.astype(np.float32)).dtype == np.float32
    assert hessian(cube, batched=True)(np.zeros(0)).shape == (0, 0)
    with pytest.raises(ValueError, match="axis=-1"):
        hessian(lambda x: np.sum(x ** 3), batched=True)(X)


def test_jacobian_of_containers():
    on_vector, theta, unravel = flat(vector)
    J = jacobian(vector)(TREE)
    assert type(J["a"]) is Pair and type(J["c"][0]["b"][1][1]) is Pair
    assert J["a"].left["w"].shape == (3, 3) and J["c"][0]["b"][1][1].right.shape == (2, 2)
    rows = np.concatenate([
        np.concatenate([np.reshape(b, (n, -1)) for b in
                        (block["w"], block["b"][0], *block["b"][1][:1], *block["b"][1][1])], 1)
        for block, n in ((J["a"].left, 3), (J["a"].right, 1), (J["c"][0], 1))])
    assert np.allclose(rows, jacobian(on_vector)(theta))


def test_jacobian_of_several_arguments():
    a, b = jacobian(lambda x, y: x * y[0] + y * y, argnums=(0, 1))(X, Y)
    assert np.allclose(a, Y[0] * np.eye(3))
    assert np.allclose(b, np.outer(X, np.eye(3)[0]) + np.diag(2 * Y))
    H = hessian(f, argnums=(0, 1))(X, Y)
    assert np.allclose(H[0][1], np.diag(2 * X)) and np.allclose(H[1][0], np.diag(2 * X))
    assert jacobian(np.ravel)(np.zeros((2, 0))).shape == (0, 2, 0)
    assert jacobian(lambda x: 3.0)(X).tolist() == [0, 0, 0]


# ---------------------------------------------------------------- mistakes

@pytest.mark.parametrize("mistake, error, cure", [
    (lambda: grad(np.sum(X)), TypeError, r"grad\(f\)\(x\), not grad\(f\(x\)\)"),
    (lambda: grad(np.sum, X), TypeError, "argnums is an int"),
    (lambda: value_and_grad(f, [0, 1]), TypeError, r"argnums=\(0, 1\)"),
    (lambda: jacobian(f, "a"), TypeError, "argnums is an int"),
    (lambda: hessian(f, 1.0), TypeError, "argnums is an int"),
    (lambda: grad(f)(a=X, b=Y), ValueError, "by position"),
    (lambda: grad(lambda p: np.sum(p["w"]))({"w": X, "name": "relu"}), TypeError,
     "an argument that is not differentiated"),
    (lambda: vjp(np.sin, X)[1](1j * X), TypeError, r"np\.real"),
    (lambda: jvp(np.sin, (X,), (1j * X,)), TypeError, r"np\.real")])
def test_mistakes_name_the_cure(mistake, error, cure):
    with pytest.raises(error, match=cure):
        mistake()


def test_dicts_of_other_kinds():
    for kind in (collections.OrderedDict, lambda d: collections.defaultdict(list, d)):
        p = kind({"w": X, "b": np.array(2.0)})
        g = grad(lambda p: np.sum(p["w"] ** 2) * p["b"])(p)
        assert type(g) is type(p) and np.allclose(g["w"], 4 * X) and list(g) == list(p)
        assert np.array_equal(p["w"], X)


def test_the_tangent_of_an_integer_is_zero():
    (y, n), (tangent, zero) = jvp(lambda x: (x * 2, np.argmax(x)), (X,), (Y,))
    assert n == 2 and zero == 0 and zero.dtype == float and np.allclose(tangent, 2 * Y)


@pytest.mark.parametrize("loss", [
    lambda x: np.sum(x ** 2) * np.ones(3), lambda x: np.sum(x ** 2, axis=-1) * np.sum(x),
    lambda x: np.sum((x - 0.5 * np.mean(x)) ** 2, axis=-1), lambda x: x[..., 0] * x.size])
def test_a_batched_hessian_of_what_mixes_the_batch_raises(loss):
    with pytest.raises(ValueError, match=r"another number.*axis=-1"):
        hessian(loss, batched=True)(X)


# ---------------------------------------------------------------- primitives of one's own

def planted(rule, value=lambda x: 2 * x):
    @primitive
    def double(x):
        return value(x)
    defvjp(double, rule)
    return lambda x: np.sum(double(x))


@pytest.mark.parametrize("rule", [
    lambda g, y, x: 2.0, lambda g, y, x: [2.0], lambda g, y, x: np.ones(7),
    lambda g, y, x: np.ones((3, 2)), lambda g, y, x: np.ones((2, 3, 3, 2))])
def test_what_a_rule_must_return(rule):
    """An array of the operand's shape; a transposed one is not reshaped to it."""
    with pytest.raises(ValueError, match="rule of double for operand 0 returned .* wanted"):
        grad(planted(rule))(np.ones((2, 3)))


def test_a_rule_may_leave_broadcasting_to_the_engine():
    x = np.ones((2, 3))
    for c in (np.ones((1, 3)), np.ones(3), np.array(1.0), np.ones((2, 1))):
        assert grad(planted(lambda g, y, x, c=c: c))(x).tolist() == x.tolist()
    assert grad(planted(lambda g, y, x: np.ones((5, 2, 3))))(x).tolist() == (5 * x).tolist()


def test_what_a_primitive_must_return():
    assert grad(planted(lambda g, *_: 2 * g, lambda x: 2 * float(x)))(1.5) == 2
    for value in (lambda x: [x, x], lambda x: None, lambda x: {"y": x}):
        with pytest.raises(TypeError, match="double returned a .*tuple of arrays"):
            planted(lambda g, *_: g, value)(X)


def test_what_defvjp_takes():
    with pytest.raises(TypeError, match="function of"):
        planted(3)
    with pytest.raises(ValueError, match="2 operands for 1 rules"):
        defvjp(primitive(lambda x, y: x), lambda g, *_: g, argnums=(0, 1))


def test_a_primitive_of_ones_own_at_any_order():
    @primitive
    def swing(x, n, y=None, scale=1.0):
        """Operands x, n and y; scale is static."""
        return np.sin(scale * x) * y, np.cos(scale * x)

    defvjp(swing, lambda g, out, x, n, y, scale: scale * (g[0] * swing(x, n, y, scale=scale)[1] * y
                                                          - g[1] * np.sin(scale * x)),
           lambda g, out, x, n, y, scale: np.sum(g[0] * np.sin(scale * x)), argnums=(0, 2))
    for operand in (0, 2):
        def of(v, operand=operand):
            args = [X, 3.0, np.array(0.7)]
            args[operand] = v
            a, b = swing(*args, scale=1.3)
            return np.sum(a * a * b)
        check_orders(of, X if operand == 0 else np.array(0.7), orders=4)
    with pytest.raises(NotImplementedError, match="operand 1 of swing"):
        grad(lambda n: np.sum(swing(X, n, 0.7)[0]))(3.0)
    with pytest.raises(TypeError, match="'scale'.*stop_gradient"):
        grad(lambda s: np.sum(swing(X, 3.0, 0.7, scale=s)[0]))(1.0)


def test_a_rule_that_is_zero():
    f = planted(lambda g, y, x: np.zeros_like(x))
    assert grad(f)(X).tolist() == [0, 0, 0] and not hessian(lambda x: f(x) * x[0])(X).any()
