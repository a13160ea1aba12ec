"""Norms of every order and axis, real and complex, against differences; norms at 0."""
import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from minimeta import defvjp, grad, hessian, vjp
from minimeta.autodiff.table import FUNCTIONS, RULES
from tests.autodiff.several import COMPLEX, REAL, check_function, check_value, draw

KINDS = pytest.mark.parametrize("kind", [REAL, COMPLEX])
OF_VECTORS = [None, 0, 1, 2, 3, 4, 2.5, 0.5, -1, -2, np.inf, -np.inf]
OF_MATRICES = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


def apart(kind, *shape):
    """Numbers whose moduli, and sums of them, are away from 0 and from each other."""
    x = draw(kind, *shape)
    moduli = np.random.default_rng(1).permuted(np.linspace(0.5, 1.2, x.size) ** 1.7).reshape(shape)
    return x / np.abs(x) * moduli


@KINDS
@pytest.mark.parametrize("ord", OF_VECTORS, ids=str)
def test_of_vectors(ord, kind):
    x = apart(kind, 2, 3, 4)
    check_function(lambda x: np.linalg.norm(x, ord, axis=1), x, orders=3)
    check_function(lambda x: np.linalg.norm(x, ord, axis=-1, keepdims=True), x)
    check_function(lambda x: np.linalg.norm(x, ord, axis=(0,)), x)
    check_function(lambda x: np.linalg.norm(x, ord), x[0, 0])
    if ord is not None:
        check_function(lambda x: np.linalg.vector_norm(x, ord=ord), x / 9)
        check_function(lambda x: np.linalg.vector_norm(x, ord=ord, axis=1), x)
        check_function(lambda x: np.linalg.vector_norm(x, ord=ord, axis=(2, 0), keepdims=True),
                       x / 9)


@KINDS
@pytest.mark.parametrize("ord", OF_MATRICES, ids=str)
def test_of_matrices(ord, kind):
    x = apart(kind, 2, 3, 4)
    check_function(lambda x: np.linalg.norm(x, ord, axis=(1, 2)), x, orders=3)
    check_function(lambda x: np.linalg.norm(x, ord, axis=(2, 0), keepdims=True), x)
    check_function(lambda x: np.linalg.norm(x, ord), x[0])
    check_function(lambda x: np.linalg.matrix_norm(x, ord="fro" if ord is None else ord), x)


@KINDS
def test_of_everything(kind):
    x = apart(kind, 2, 3, 4)
    check_function(np.linalg.norm, x, orders=3)
    check_function(lambda x: np.linalg.norm(x, keepdims=True), x)


@KINDS
@pytest.mark.parametrize("p", [None, 2, -2, 1, -1, np.inf, -np.inf, "fro"], ids=str)
def test_cond(p, kind):
    check_function(lambda a: np.linalg.cond(a, p), apart(kind, 2, 3, 3) + 2 * np.eye(3))


def test_the_derivative_at_0_is_0():
    for ord in OF_VECTORS:
        zero = grad(lambda x: np.linalg.norm(x, ord))
        with np.errstate(divide="ignore"):
            assert not zero(np.zeros(3)).any()
            assert not grad(lambda x: np.sum(np.linalg.norm(x, ord, 1)))(np.zeros((2, 3))).any()
    for ord in OF_MATRICES:
        assert not grad(lambda x: np.linalg.norm(x, ord))(np.zeros((2, 2))).any()
    assert not hessian(np.linalg.norm)(np.zeros(2)).any()


def test_an_entry_0_leaves_the_others_right():
    x = np.array([0.0, 2.0])
    for ord in (None, 1, 2, 3, 4, 1.5, 0.5, np.inf):
        assert np.allclose(grad(lambda x: np.linalg.norm(x, ord))(x), [0, 1])
        curvature = 0.5 if ord in (None, 2) else 0
        assert np.allclose(hessian(lambda x: np.linalg.norm(x, ord))(x), [[curvature, 0], [0, 0]])


def test_ties_share():
    tied = np.array([1.0, -1.0, 0.0])
    assert grad(lambda x: np.linalg.norm(x, np.inf))(tied).tolist() == [0.5, -0.5, 0]
    assert np.allclose(grad(lambda x: np.linalg.norm(x, 2))(np.eye(2)), np.eye(2) / 2)


@pytest.mark.parametrize("ord, axis", [(None, None), (3, 0), ("fro", (0, 1)), ("nuc", (0, 1)),
                                       (None, 1)], ids=str)
def test_against_autograd(ord, axis):
    x = draw(REAL, 3, 4)
    np.testing.assert_allclose(
        grad(lambda x: np.sum(np.linalg.norm(x, ord, axis) ** 2))(x),
        autograd.grad(lambda x: anp.sum(anp.linalg.norm(x, ord, axis) ** 2))(x), rtol=1e-10)


@KINDS
@pytest.mark.parametrize("ord", sorted({*map(str, OF_VECTORS), *map(str, OF_MATRICES)}))
def test_single_precision_is_kept(ord, kind):
    x = apart(kind, 3, 4).astype(np.float32 if kind == REAL else np.complex64)
    orders = {str(o): o for o in OF_VECTORS + OF_MATRICES}
    if ord not in ("fro", "nuc"):
        check_value(lambda x: np.linalg.norm(x, orders[ord], axis=1), x, rtol=1e-5)
    if orders[ord] in OF_MATRICES:
        check_value(lambda x: np.linalg.norm(x, orders[ord], axis=(0, 1)), x, rtol=1e-5)


@pytest.mark.parametrize("call, words", [
    (lambda x: np.linalg.norm(x, 3), "of a matrix"), (lambda x: np.linalg.norm(x, "bad"), "'nuc'"),
    (lambda x: np.linalg.norm(x, "fro", axis=1), "of matrices"),
    (lambda x: np.linalg.norm(x, 2, axis=(0, 1, 1)), "one axis"),
    (lambda x: np.linalg.norm(np.stack([x, x]), 2), "give the axis")], ids=range(5))
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        vjp(call, draw(REAL, 3, 4))


def test_a_wrong_rule_is_caught():
    """x / |x|, not conjugated: right for real numbers."""
    right, handler = RULES[np.linalg.norm], FUNCTIONS[np.linalg.norm]
    defvjp(np.linalg.norm, lambda g, y, x, axis=None, keepdims=False: g * x / y)
    FUNCTIONS[np.linalg.norm] = handler
    try:
        check_function(np.linalg.norm, draw(REAL, 3))
        with pytest.raises(AssertionError):
            check_function(np.linalg.norm, draw(COMPLEX, 3))
    finally:
        RULES[np.linalg.norm] = right
