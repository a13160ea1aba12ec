"""Products, inverses, determinants: every form, real and complex, against differences."""
import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from minimeta import defvjp, grad, hessian, vjp
from minimeta.autodiff.rules import inverses
from minimeta.autodiff.table import RULES
from tests.autodiff.several import COMPLEX, REAL, check_function, check_value, draw

KINDS = pytest.mark.parametrize("kind", [REAL, COMPLEX])


def product(name, shape, other, f=None):
    return pytest.param(f or getattr(np, name), shape, other, id=f"{name} {shape} {other}")


@KINDS
@pytest.mark.parametrize("f, shape, other", [
    *[product("dot", *shapes) for shapes in [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((2, 3), (4, 3, 2)),
        ((2, 2, 3), (3,)), ((), (2, 3)), ((2, 3), ())]],
    *[product("inner", *shapes) for shapes in [
        ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 2, 3)), ((), (2,)), ((3,), (2, 3))]],
    *[product("vdot", *shapes) for shapes in [((4,), (4,)), ((2, 3), (3, 2))]],
    *[product("outer", *shapes) for shapes in [((2,), (3,)), ((2, 2), (3,))]],
    *[product("vecdot", *shapes) for shapes in [((3,), (3,)), ((4, 1, 3), (2, 3))]],
    product("vecdot axis 0", (3, 2), (3, 2), lambda a, b: np.vecdot(a, b, axis=0)),
    product("vecdot axis 0 kept", (3, 2), (3, 1), lambda a, b: np.linalg.vecdot(a, b, axis=0)),
    *[product(name, *shapes) for name, *shapes in [
        ("matvec", (2, 3), (3,)), ("matvec", (4, 1, 2, 3), (2, 3)), ("vecmat", (3,), (3, 2)),
        ("vecmat", (2, 3), (4, 1, 3, 2))] if hasattr(np, name)],
    *[product("kron", *shapes) for shapes in [
        ((2,), (3,)), ((2, 3), (3, 2)), ((2, 3), (2, 1, 2)), ((), (2, 2))]],
    *[product("cross", *shapes) for shapes in [((3,), (3,)), ((2, 3), (3,)), ((4, 1, 3), (2, 3))]],
    product("cross of axes", (3, 2), (2, 3), lambda a, b: np.cross(a, b, axisa=0, axisc=0)),
    product("cross of axis", (3, 2), (3, 2), lambda a, b: np.linalg.cross(a, b, axis=0)),
    *[product(f"tensordot {axes}", *shapes, lambda a, b, axes=axes: np.tensordot(a, b, axes))
      for axes, *shapes in [
          (0, (2,), (3,)), (1, (2, 3), (3, 2)), (2, (2, 3, 4), (3, 4, 2)),
          (3, (2, 2, 2), (2, 2, 2)),
          (([0, 2], [1, 0]), (2, 3, 4), (4, 2, 2)), ((1, 0), (2, 3), (3, 2)),
          (([-1], [-2]), (2, 3), (3, 2)), (([], []), (2,), (2,))]],
    product("linalg.tensordot", (2, 3), (3, 2), lambda a, b: np.linalg.tensordot(a, b, axes=1)),
    product("linalg.matmul", (2, 2, 3), (3, 2), np.linalg.matmul),
    product("linalg.outer", (2,), (3,), np.linalg.outer)])
def test_products_of_two(f, shape, other, kind):
    check_function(f, *(np.asarray(draw(kind, *s, seed=i)) for i, s in enumerate((shape, other))),
                   orders=3)


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize("lengths", [(2, 2), (2, 3), (3, 2)], ids=str)
def test_cross_of_twos(lengths):
    a, b = (draw(REAL, 4, n, seed=n) for n in lengths)
    try:
        np.cross(a, b)
    except ValueError:                                      # from NumPy 2.5
        with pytest.raises(ValueError, match="both must be 3"):
            grad(lambda a: np.sum(np.cross(a, b)))(a)
    else:
        check_function(np.cross, a, b)


@KINDS
@pytest.mark.parametrize("shapes", [
    [(2, 3), (3, 4)], [(3,), (3, 4), (4, 2), (2, 3), (3,)], [(3,), (3,)],
    [(4, 3), (3, 2), (2, 5), (5, 1), (1, 2)]], ids=str)
def test_multi_dot(shapes, kind):
    check_function(lambda *a: np.linalg.multi_dot(a),
                   *(draw(kind, *shape, seed=i) for i, shape in enumerate(shapes)))


def test_multi_dot_takes_the_cheap_order():
    """A column comes last: its products are taken first, and no matrix is multiplied by another."""
    sizes, a = [], draw(REAL, 20, 20)

    def total(a):
        y = np.linalg.multi_dot([a, a, a, np.ones((20, 1))])
        while getattr(y, "fn", None) is np.matmul:
            sizes.append(y.size)
            y = y.args[1]
        return np.sum(a)
    grad(total)(a)
    assert sizes == [20, 20, 20]


@KINDS
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5, 6])
def test_matrix_power(n, kind):
    a = draw(kind, 2, 3, 3) / 6 + 0.8 * np.eye(3)
    check_function(lambda a: np.linalg.matrix_power(a, n), a)


@KINDS
@pytest.mark.parametrize("offset", [-1, 0, 2, 9])
def test_diagonals(offset, kind):
    x = draw(kind, 2, 3, 4)
    check_function(lambda a: np.linalg.diagonal(a, offset=offset), x)
    check_function(lambda a: np.linalg.trace(a, offset=offset), x)
    check_function(lambda a: np.diagonal(a, offset, 2, 0), x)
    check_function(lambda a: np.trace(a, offset, 1, 2), x)
    check_function(np.linalg.matrix_transpose, x)


# ---------------------------------------------------------------- inverses

def regular(kind, *shape, seed=0):
    return draw(kind, *shape, seed=seed) + 3 * np.eye(shape[-1])


@KINDS
@pytest.mark.parametrize("f, shapes", [
    (np.linalg.inv, [(3, 3)]), (np.linalg.inv, [(2, 3, 3)]), (np.linalg.inv, [(1, 1)]),
    (np.linalg.solve, [(3, 3), (3,)]), (np.linalg.solve, [(3, 3), (3, 2)]),
    (np.linalg.solve, [(2, 3, 3), (3,)]), (np.linalg.solve, [(3, 3, 3), (3,)]),
    (np.linalg.solve, [(2, 3, 3), (3, 2)]), (np.linalg.solve, [(3, 3), (2, 3, 2)]),
    (np.linalg.det, [(3, 3)]), (np.linalg.det, [(2, 2, 2)]), (np.linalg.det, [(1, 1)]),
    (np.linalg.slogdet, [(3, 3)]), (np.linalg.slogdet, [(2, 3, 3)]),
    (np.linalg.pinv, [(4, 2)]), (np.linalg.pinv, [(2, 2, 4)]), (np.linalg.pinv, [(3, 3)]),
    (lambda a: np.linalg.pinv(a, rcond=1e-9), [(4, 2)]),
    (lambda a: np.linalg.pinv(a, hermitian=True), [(3, 3)])], ids=range(19))
def test_inverses(f, shapes, kind):
    (*lead, m, n), *rest = shapes
    a = regular(kind, *lead, m, n) if m == n else draw(kind, *lead, m, n)
    check_function(f, a, *(draw(kind, *s, seed=1) for s in rest), orders=3)


@KINDS
def test_inverses_of_tensors(kind):
    a, b = regular(kind, 6, 6), draw(kind, 2, 3)
    check_function(np.linalg.tensorinv, np.reshape(a, (2, 3, 3, 2)))
    check_function(lambda a: np.linalg.tensorinv(a, ind=1), np.reshape(a, (6, 3, 2)))
    check_function(np.linalg.tensorsolve, np.reshape(a, (2, 3, 6)), b)
    check_function(lambda a, b: np.linalg.tensorsolve(a, b, axes=(0,)), np.reshape(a, (6, 2, 3)), b)


@KINDS
@pytest.mark.parametrize("shape, b", [((5, 3), (5,)), ((5, 3), (5, 2)), ((3, 5), (3,)),
                                      ((3, 3), (3, 2))], ids=str)
def test_lstsq(shape, b, kind):
    def solved(a, b):
        x, residuals, rank, s = np.linalg.lstsq(a, b)
        assert rank == min(a.shape)
        return (x, s, residuals) if residuals.size else (x, s)
    check_function(solved, draw(kind, *shape), draw(kind, *b, seed=1))


def adjugate(a):
    n = len(a)
    minors = [[np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)]
              for i in range(n)]
    return np.array(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


@KINDS
@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_the_derivative_of_det_is_the_adjugate_at_any_rank(rank, kind):
    a = draw(kind, 3, rank) @ draw(kind, rank, 3, seed=1)
    g, = vjp(np.linalg.det, a)[1](np.ones((), a.dtype))
    np.testing.assert_allclose(g, adjugate(a), atol=1e-13)


def test_the_second_derivative_of_det_needs_an_inverse():
    with np.errstate(all="ignore"):
        assert np.isnan(hessian(np.linalg.det)(np.zeros((2, 2)))).any()
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda a: np.linalg.slogdet(a)[1])(np.zeros((2, 2)))


@pytest.mark.parametrize("f", [
    lambda np, a: np.linalg.inv(a), lambda np, a: np.linalg.pinv(a[:, :2]),
    lambda np, a: np.linalg.det(a), lambda np, a: np.linalg.slogdet(a)[1],
    lambda np, a: np.linalg.solve(a, a[0]), lambda np, a: np.kron(a, a[:2]),
    lambda np, a: np.cross(a, a[::-1]), lambda np, a: np.tensordot(a, a, 1),
    lambda np, a: np.inner(a, a), lambda np, a: np.outer(a[0], a[1]), lambda np, a: np.dot(a, a[0]),
    lambda np, a: np.trace(a, 1)], ids=range(12))
def test_against_autograd(f):
    a = regular(REAL, 3, 3)
    np.testing.assert_allclose(grad(lambda a: np.sum(np.sin(f(np, a))))(a),
                               autograd.grad(lambda a: anp.sum(anp.sin(f(anp, a))))(a), rtol=1e-9)


@KINDS
@pytest.mark.parametrize("f", [
    np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.pinv, np.trace,
    lambda a: np.linalg.solve(a, a[0]), lambda a: np.linalg.matrix_power(a, -3),
    lambda a: np.kron(a, a), lambda a: np.cross(a, a), lambda a: np.tensordot(a, a, 1),
    lambda a: np.linalg.multi_dot([a, a, a]), lambda a: np.linalg.lstsq(a[:, :2], a)[0]],
    ids=range(12))
def test_single_precision_is_kept(f, kind):
    check_value(f, regular(kind, 3, 3).astype(np.float32 if kind == REAL else np.complex64),
                rtol=1e-4)


def test_matrix_rank_is_plain():
    assert grad(lambda a: np.sum(a) * np.linalg.matrix_rank(a))(np.eye(2)).tolist() == [[2, 2]] * 2


@pytest.mark.parametrize("call, error, words", [
    (lambda a: np.dot(a, a, out=np.ones((3, 3))), TypeError, "returned array"),
    (lambda a: np.outer(a, a, out=np.ones((9, 9))), TypeError, "returned array"),
    (lambda a: np.trace(a, out=np.ones(())), TypeError, "returned array"),
    (lambda a: np.linalg.multi_dot([a, a], out=a), TypeError, "returned array"),
    (lambda a: np.linalg.multi_dot([a]), ValueError, "two arrays"),
    (lambda a: np.vecdot(a, a, axes=[0, 0, 0]), TypeError, "axes"),
    (lambda a: np.linalg.outer(a, a[0]), ValueError, "np.outer"),
    (lambda a: np.linalg.cross(a[:2], a[:2], axis=0), ValueError, "must be 3"),
    (lambda a: np.cross(a, np.ones(4)), ValueError, "both must be"),
    (lambda a: np.tensordot(a, np.ones((4, 3)), 1), ValueError, "same lengths"),
    (lambda a: np.linalg.matrix_power(a, 0.5), TypeError, "integer"),
    (lambda a: np.linalg.tensorinv(a, 0), ValueError, "positive"),
    (lambda a: np.linalg.tensorsolve(a, np.ones(2)), ValueError, "entries"),
    (lambda a: np.linalg.inv(a * 0), np.linalg.LinAlgError, "Singular")], ids=range(14))
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        vjp(call, regular(REAL, 3, 3))


def conjugated(g, y, a):
    """Right for real numbers: the adjoint in place of the transpose."""
    return -np.conj(np.swapaxes(y, -1, -2)) @ g @ np.conj(np.swapaxes(y, -1, -2))


@pytest.mark.parametrize("fn, kind, wrong", [
    (np.linalg.inv, COMPLEX, conjugated), (np.linalg.inv, REAL, lambda g, y, a: -y @ g @ y),
    (np.linalg.det, REAL, lambda g, y, a: g * np.swapaxes(inverses.cofactor(a), -1, -2))],
    ids=["conjugated", "not transposed", "adjugate, not cofactors"])
def test_a_wrong_rule_is_caught(fn, kind, wrong):
    right = RULES[fn]
    defvjp(fn, wrong)
    try:
        with pytest.raises(AssertionError):
            check_function(fn, regular(kind, 3, 3), orders=1)
    finally:
        RULES[fn] = right
