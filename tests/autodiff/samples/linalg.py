"""Samples of linear algebra.

Read next: ../test_linalg.py.
"""
import numpy as np

from minimeta.autodiff.rules import einsum, inverses

from .core import A, B, M

RNG = np.random.default_rng(3)


def draw(*shape):
    """Numbers away from 0, and from each other."""
    return RNG.permuted(np.linspace(0.3, 0.9, int(np.prod(shape)))).reshape(shape)


P = M @ M.T + np.diag([1.0, 2.0, 4.0])      # positive definite, with eigenvalues apart


def _joined(*arrays):
    return np.concatenate([np.ravel(a) for a in arrays])


SAMPLES = {
    einsum.contract._primitive: (
        lambda a, b: np.einsum("iij,jk->ik", a, b), (draw(2, 2, 3), draw(3, 4))),
    np.linalg.det: (np.linalg.det, (M / 2,)),
    inverses.cofactor._primitive: (inverses.cofactor, (M,)),
    np.linalg.slogdet: (lambda a: np.linalg.slogdet(a)[1], (M,)),
    np.linalg.pinv: (np.linalg.pinv, (A,)),
    np.linalg.cholesky: (lambda a: np.linalg.cholesky(a @ a.T + P), (M,)),
    np.linalg.qr: (lambda a: _joined(*np.linalg.qr(a)), (draw(4, 3),)),
    np.linalg.eigh: (lambda a: _joined(*np.linalg.eigh(a)), (P,)),
    np.linalg.eig: (lambda a: np.real(_joined(*np.linalg.eig(a))),     # complex from NumPy 2.5
                    (np.diag([1.0, 3.0, 6.0]) + draw(3, 3) / 2,)),
    np.linalg.svd: (lambda a: _joined(*np.linalg.svd(a, full_matrices=False)),
                    (np.diag([1.0, 3.0, 6.0])[:, :2] + draw(3, 2) / 2,)),
    np.linalg.norm: (lambda a: np.linalg.norm(a, axis=1), (A,)),
}
V, W, T = draw(3), draw(3), draw(2, 3, 4)
# name -> (call, operands)
COMPOSITIONS = {
    "einsum": (lambda a, b: np.einsum("ij,kj", a, b), (A, B)),
    "dot": (lambda a, b: np.dot(a, b), (T, draw(5, 4, 2))),
    "inner": (np.inner, (A, B)), "vdot": (np.vdot, (A, B)), "outer": (np.outer, (V, W)),
    "linalg.outer": (np.linalg.outer, (V, W)),
    "linalg.matmul": (np.linalg.matmul, (M, A)),
    "linalg.matrix_transpose": (np.linalg.matrix_transpose, (A,)),
    "vecdot": (np.vecdot, (A, B)), "linalg.vecdot": (np.linalg.vecdot, (A, B)),
    "tensordot": (lambda a, b: np.tensordot(a, b, ([1, 2], [0, 1])), (T, draw(3, 4, 2))),
    "linalg.tensordot": (lambda a, b: np.linalg.tensordot(a, b, axes=1), (M, A)),
    "kron": (np.kron, (A, M)),
    "cross": (np.cross, (M, M[::-1])), "linalg.cross": (np.linalg.cross, (M, M[::-1])),
    "linalg.multi_dot": (lambda a, b: np.linalg.multi_dot([a, b, a]), (M, P / 9)),
    "linalg.matrix_power": (lambda a: np.linalg.matrix_power(a, -3), (M,)),
    "trace": (lambda a: np.trace(a, 1, 2, 0), (T,)),
    "linalg.trace": (np.linalg.trace, (T,)),
    "diagonal": (lambda a: np.diagonal(a, 1), (T,)),
    "linalg.diagonal": (np.linalg.diagonal, (T,)),
    "linalg.tensorinv": (lambda a: np.linalg.tensorinv(np.reshape(a, (3, 1, 3)), 1), (M,)),
    "linalg.tensorsolve": (lambda a, b: np.linalg.tensorsolve(np.reshape(a, (3, 1, 3)), b),
                           (M, draw(3, 1))),
    "linalg.lstsq": (lambda a, b: np.linalg.lstsq(a, b)[0], (M[:, :2], A)),
    "linalg.cholesky, upper": (lambda a: np.linalg.cholesky(a, upper=True), (P,)),
    "linalg.eigvals": (lambda a: np.real(np.linalg.eigvals(a)),
                       (np.diag([1.0, 3.0, 6.0]) + draw(3, 3) / 2,)),
    "linalg.eigvalsh": (np.linalg.eigvalsh, (P,)),
    "linalg.svdvals": (np.linalg.svdvals, (np.diag([1.0, 3.0, 6.0]) + draw(3, 3) / 2,)),
    "linalg.vector_norm": (lambda a: np.linalg.vector_norm(a, ord=3, axis=0), (A,)),
    "linalg.matrix_norm": (lambda a: np.linalg.matrix_norm(a, ord="nuc"), (T,)),
    "linalg.norm, 1": (lambda a: np.linalg.norm(a, 1), (A,)),
    "linalg.cond": (np.linalg.cond, (M,)),
}
if hasattr(np, "matvec"):        # from NumPy 2.2
    COMPOSITIONS |= {"matvec": (np.matvec, (M, V)), "vecmat": (np.vecmat, (V, A))}
