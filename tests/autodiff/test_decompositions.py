"""Decompositions, real and complex, against differences; which triangle is read; coincidences."""
import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from minimeta import defvjp, grad, vjp
from minimeta.autodiff.table import FUNCTIONS, RULES
from tests.autodiff.several import COMPLEX, REAL, check_function, check_value, draw

KINDS = pytest.mark.parametrize("kind", [REAL, COMPLEX])
TRIANGLES = pytest.mark.parametrize("uplo", ["L", "U"])


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def positive(kind, *shape):
    """Positive definite matrices with eigenvalues apart."""
    a = draw(kind, *shape)
    return a @ adjoint(a) + np.diag(np.arange(1.0, shape[-1] + 1))


def free_of_phase(columns):
    """Vectors in the columns, as what does not depend on their phases."""
    return np.expand_dims(columns, -3) * np.conj(np.expand_dims(columns, -2))


# ---------------------------------------------------------------- Cholesky and QR

@KINDS
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1)], ids=str)
def test_cholesky(shape, upper, kind):
    check_function(lambda a: np.linalg.cholesky(a, upper=upper), positive(kind, *shape), orders=3)


@KINDS
@pytest.mark.parametrize("mode", ["reduced", "r"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (1, 3)], ids=str)
def test_qr(shape, mode, kind):
    check_function(lambda a: np.linalg.qr(a, mode), draw(kind, *shape), orders=3)


@KINDS
def test_complete_qr_of_a_square_or_wide_matrix_is_the_reduced_one(kind):
    for shape in (3, 3), (2, 3):
        check_function(lambda a: np.linalg.qr(a, mode="complete"), draw(kind, *shape))


# ---------------------------------------------------------------- eigenvalues

@KINDS
@TRIANGLES
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1)], ids=str)
def test_eigh(shape, uplo, kind):
    def values_and_projectors(a):
        w, v = np.linalg.eigh(a, uplo)
        return w, free_of_phase(v)
    check_function(values_and_projectors, positive(kind, *shape), orders=3)
    check_function(lambda a: np.linalg.eigvalsh(a, UPLO=uplo), positive(kind, *shape))
    check_value(lambda a: np.linalg.eigh(a, uplo), positive(kind, *shape))


@TRIANGLES
def test_real_eigenvectors_themselves(uplo):
    check_function(lambda a: np.linalg.eigh(a, uplo), positive(REAL, 3, 3), orders=3)


@TRIANGLES
@pytest.mark.parametrize("f", [
    lambda a, lower: np.linalg.eigvalsh(a, "L" if lower else "U"),
    lambda a, lower: np.linalg.cholesky(a, upper=not lower)], ids=["eigh", "cholesky"])
def test_the_triangle_that_is_not_read_has_no_derivative(f, uplo):
    g = grad(lambda a: np.sum(f(a, uplo == "L")))(positive(REAL, 3, 3))
    unread = np.triu(g, 1) if uplo == "L" else np.tril(g, -1)
    assert not unread.any() and np.count_nonzero(g) == 6


@KINDS
def test_eig(kind):
    def values_and_projectors(a):
        w, v = np.linalg.eig(a)
        return w, free_of_phase(v)
    for shape in (3, 3), (2, 3, 3):
        a = draw(kind, *shape) + 2 * np.diag(np.arange(3.0))
        check_function(values_and_projectors, a, orders=3)
        check_function(np.linalg.eigvals, a)


def test_eig_of_a_real_matrix_with_complex_eigenvalues():
    a = np.array([[0.5, -2.0, 0.3], [1.5, 0.8, 0.1], [0.2, 0.4, 3.0]])
    assert np.linalg.eigvals(a).dtype == complex
    check_function(np.linalg.eigvals, a, orders=3)
    check_function(lambda a: free_of_phase(np.linalg.eig(a).eigenvectors), a, orders=3)


# ---------------------------------------------------------------- singular values

@KINDS
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (1, 3), (3, 1)],
                         ids=str)
def test_svd(shape, kind):
    def free_of_phases(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return free_of_phase(u), s, free_of_phase(adjoint(vh)), (u * s[..., None, :] ** 2) @ vh
    a = draw(kind, *shape)
    check_function(free_of_phases, a, orders=3)
    check_value(lambda a: np.linalg.svd(a, full_matrices=False), a)
    check_function(lambda a: np.linalg.svd(a, compute_uv=False), a)
    check_function(np.linalg.svdvals, a)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)], ids=str)
def test_real_singular_vectors_themselves(shape):
    check_function(lambda a: np.linalg.svd(a, full_matrices=False), draw(REAL, *shape), orders=3)


@KINDS
def test_svd_of_a_hermitian_matrix(kind):
    v = np.linalg.qr(draw(kind, 3, 3))[0]
    a = (v * np.array([-2.0, 0.7, 1.1])) @ adjoint(v)

    def free_of_phases(a):
        u, s, vh = np.linalg.svd(a, hermitian=True)
        return free_of_phase(u), s, (u * s ** 2) @ vh
    check_function(free_of_phases, a)
    check_function(lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True), a)


@pytest.mark.nightly
@KINDS
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(5, 5), (6, 4), (4, 6), (2, 2, 4, 4)], ids=str)
def test_larger_ones(shape, seed, kind):
    a = draw(kind, *shape, seed=seed)

    def singular(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return free_of_phase(u), s, free_of_phase(adjoint(vh))
    check_function(singular, a, orders=3, rtol=1e-4, step=2e-5)
    check_function(np.linalg.qr, a, orders=3, rtol=1e-4, step=2e-5)
    check_function(np.linalg.pinv, a, orders=3, rtol=1e-4, step=2e-5)
    square = a @ adjoint(a) + np.diag(np.arange(1.0, shape[-2] + 1))
    check_function(np.linalg.cholesky, square, orders=3, rtol=1e-4, step=2e-5)
    check_function(lambda a: free_of_phase(np.linalg.eigh(a)[1]), square, orders=3, rtol=1e-4,
                   step=2e-5)


# ---------------------------------------------------------------- conventions

def test_values_that_coincide_have_a_right_derivative():
    a = np.diag([2.0, 2.0, 5.0])
    assert np.allclose(grad(lambda a: np.sum(np.linalg.eigh(a)[0] ** 2))(a), 2 * a)
    assert np.allclose(grad(lambda a: np.sum(np.linalg.svdvals(a) ** 2))(a), 2 * a)
    rotated = np.sum(np.linalg.svdvals(np.eye(3)[:, :2]))
    assert rotated == 2
    assert np.allclose(grad(lambda a: np.sum(np.linalg.svd(a, full_matrices=False)[1]))(
        np.eye(3)[:, :2]), np.eye(3)[:, :2])


def test_a_singular_value_of_0_has_a_finite_derivative():
    for shape in (3, 3), (3, 2), (2, 3):
        a = np.zeros(shape)
        a[0, 0] = 2
        g = grad(lambda a: np.sum(np.linalg.svd(a, full_matrices=False)[1] ** 2))(a)
        assert np.allclose(g, 2 * a)


@pytest.mark.parametrize("f", [
    lambda a: np.linalg.eigh(a)[1], lambda a: np.real(np.linalg.eig(a)[1]),
    lambda a: np.linalg.svd(a)[0]], ids=["eigh", "eig", "svd"])
def test_vectors_of_values_that_coincide_have_no_derivative(f):
    with np.errstate(all="ignore"):
        g = grad(lambda a: np.sum(f(a) * np.arange(9.0).reshape(3, 3) ** 2))(np.eye(3))
    assert not np.isfinite(g).all()


@pytest.mark.parametrize("f", [
    lambda np, a: np.linalg.cholesky(a @ a.T + np.eye(3)),
    lambda np, a: np.linalg.eigh(a @ a.T)[0], lambda np, a: np.linalg.eigh(a @ a.T, "U")[1],
    lambda np, a: np.real(np.linalg.eig(a @ a.T)[0]),
    lambda np, a: np.linalg.svd(a, full_matrices=False)[0],
    lambda np, a: np.linalg.svd(a[:2], full_matrices=False)[2],
    lambda np, a: np.linalg.svd(a, compute_uv=False)], ids=range(7))
def test_against_autograd(f):
    a = draw(REAL, 3, 3)
    np.testing.assert_allclose(grad(lambda a: np.sum(np.sin(f(np, a))))(a),
                               autograd.grad(lambda a: anp.sum(anp.sin(f(anp, a))))(a), rtol=1e-8)


@KINDS
@pytest.mark.parametrize("f", [
    np.linalg.cholesky, np.linalg.qr, np.linalg.eigh, np.linalg.eig, np.linalg.svd,
    np.linalg.svdvals, np.linalg.eigvalsh, lambda a: np.linalg.qr(a[:2])], ids=range(8))
def test_single_precision_is_kept(f, kind):
    check_value(f, positive(kind, 3, 3).astype(np.float32 if kind == REAL else np.complex64),
                rtol=1e-4)


@pytest.mark.parametrize("call, words", [
    (lambda a: np.linalg.svd(a), "full_matrices=False"),
    (lambda a: np.linalg.qr(a, mode="complete"), "mode='reduced'"),
    (lambda a: np.linalg.qr(a, mode="raw"), "mode='reduced'")], ids=range(3))
def test_what_has_no_derivative_says_so(call, words):
    with pytest.raises(NotImplementedError, match=words):
        vjp(call, draw(REAL, 3, 2))


@pytest.mark.parametrize("name, make", [
    ("cholesky", positive), ("qr", draw), ("eigh", positive), ("svd", draw),
    ("eig", lambda *kind: draw(*kind) / 3 + np.diag([1.0, 3.0, 6.0]))])
def test_a_wrong_rule_is_caught(name, make):
    """The vectors of the output, a little longer."""
    fn = getattr(np.linalg, name)
    right, handler = RULES[fn], FUNCTIONS.get(fn)
    check_function(fn, make(REAL, 3, 3))

    def wrong(g, y, a, **static):
        y = tuple(1.001 * v for v in y) if isinstance(y, tuple) else 1.001 * y
        return right.vjps[0](g, y, a, **static)
    defvjp(fn, wrong)
    if handler is not None:
        FUNCTIONS[fn] = handler
    try:
        with pytest.raises(AssertionError):
            check_function(fn, make(REAL, 3, 3))
    finally:
        RULES[fn] = right
