"""Samples of SciPy's functions.

Read next: ../../test_scipy.py.
"""
from scipy import special

from minimeta.autodiff.rules import special as rules
from minimeta.scipy import linalg, signal

from .core import A, B, M, draw

SAMPLES = {fn: (fn, (A,)) for fn in (
    special.expit, special.logit, special.log_expit, special.erf, special.erfc, special.erfinv,
    special.erfcinv, special.ndtr, special.log_ndtr, special.gamma, special.gammaln,
    special.digamma, special.entr, special.rgamma, special.j0, special.j1, special.y0, special.y1,
    special.i0, special.i1, special.erfcx, special.erfi, special.dawsn, special.exp1, special.expi,
    special.ndtri, special.i0e, special.i1e, special.k0, special.k1, special.exp2, special.exp10,
    special.expm1, special.log1p, special.cbrt)}
SAMPLES |= {fn: (fn, (A, B)) for fn in (
    special.beta, special.betaln, special.xlogy, special.xlog1py, special.rel_entr,
    special.kl_div)}
SAMPLES |= {
    special.jv: (lambda x: special.jv(3, x), (3 * A,)),
    special.iv: (lambda x: special.iv(2, x), (A,)),
    special.ive: (lambda x: special.ive(2, x), (A,)),
    special.kn: (lambda x: special.kn(2, x), (A,)),
    special.kv: (lambda x: special.kv(1.5, x), (A,)),
    special.yn: (lambda x: special.yn(2, x), (A,)),
    special.yv: (lambda x: special.yv(1.5, x), (A,)),
    special.gammainc: (lambda x: special.gammainc(1.7, x), (A,)),
    special.gammaincc: (lambda x: special.gammaincc(0.8, x), (A,)),
    special.betainc: (lambda x: special.betainc(1.7, 2.5, x), (A,)),
    special.stdtr: (lambda x: special.stdtr(3.5, x), (A - 0.5,)),
    rules.polygamma._primitive: (lambda x: rules.polygamma(x, n=2), (A + 1,)),
    linalg._solve._primitive: (
        lambda a, b: linalg.solve_triangular(a, b, trans=1, lower=True), (M, A)),
    linalg._solve_banded._primitive: (
        lambda ab, b: linalg.solve_banded((1, 1), ab, b), (A[:, 1:] + [[0], [3], [0]], A)),
    linalg._expm._primitive: (linalg.expm, (M - 2,)),
    linalg._solve_sylvester._primitive: (linalg.solve_sylvester, (M, M + draw(3, 3), draw(3, 3))),
    linalg._sqrtm._primitive: (linalg.sqrtm, (M,)),
    signal._convolve._primitive: (signal.convolve, (draw(3, 4), draw(2, 2))),
}
