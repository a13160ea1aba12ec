"""Samples of linear algebra.

Read next: ../test_linalg.py.
"""
import numpy as np

from minimeta.autodiff.rules import einsum, inverses

from .core import A, M, draw

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
    np.linalg.cholesky: (np.linalg.cholesky, (P,)),
    np.linalg.qr: (lambda a: _joined(*np.linalg.qr(a)), (draw(4, 3),)),
    np.linalg.eigh: (lambda a: _joined(*np.linalg.eigh(a)), (P,)),
    np.linalg.eig: (lambda a: _joined(*np.linalg.eig(a)),
                    (np.diag([1.0, 3.0, 6.0]) + draw(3, 3) / 2,)),
    np.linalg.svd: (lambda a: _joined(*np.linalg.svd(a, full_matrices=False)),
                    (np.diag([1.0, 3.0, 6.0])[:, :2] + draw(3, 2) / 2,)),
    np.linalg.norm: (lambda a: np.linalg.norm(a, axis=1), (A,)),
}
