"""SciPy's functions on traced arrays: values, orders 1 to 3, dtypes, names, laziness."""
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats

import minimeta
from minimeta import defvjp, grad, jacobian
from minimeta.autodiff.table import RULES
from minimeta.scipy import linalg, signal, special, stats
from tests.autodiff.samples.core import A, B, M, draw
from tests.differences import check_orders

L = np.tril(M)
S = M @ M.T
# name -> (ours, SciPy's, operands)
BOTH = {
    "softmax": (special.softmax, scipy.special.softmax, (3 * A,)),
    "softmax axis": (lambda x: special.softmax(x, axis=1),
                     lambda x: scipy.special.softmax(x, axis=1), (3 * A,)),
    "log_softmax": (lambda x: special.log_softmax(x, axis=-1),
                    lambda x: scipy.special.log_softmax(x, axis=-1), (3 * A,)),
    "logsumexp": (special.logsumexp, scipy.special.logsumexp, (A,)),
    "logsumexp axis": (lambda x: special.logsumexp(x, axis=(0,), keepdims=True),
                       lambda x: scipy.special.logsumexp(x, axis=(0,), keepdims=True), (A,)),
    "logsumexp b": (lambda x, b: special.logsumexp(x, axis=1, b=b),
                    lambda x, b: scipy.special.logsumexp(x, axis=1, b=b), (A, B)),
    "logsumexp zeros": (lambda x: special.logsumexp(x, b=A > 0.5),
                        lambda x: scipy.special.logsumexp(x, b=A > 0.5), (1e3 + A,)),
    "polygamma": (lambda x: special.polygamma(1, x), lambda x: scipy.special.polygamma(1, x),
                  (A + 1,)),
    "digamma": (lambda x: special.polygamma(0, x), scipy.special.psi, (A + 1,)),
    "jn": (lambda x: special.jn(0, x) + special.jv(1, x),
           lambda x: scipy.special.jn(0, x) + scipy.special.jv(1, x), (5 * A,)),
    "expm stack": (linalg.expm, scipy.linalg.expm, (draw(2, 3, 3),)),
    "sqrtm": (linalg.sqrtm, scipy.linalg.sqrtm, (S,)),
    "cho_solve": (lambda c, b: linalg.cho_solve((c, True), b),
                  lambda c, b: scipy.linalg.cho_solve((c, True), b), (L, A)),
    "cho_solve upper": (lambda c, b: linalg.cho_solve((c, False), b),
                        lambda c, b: scipy.linalg.cho_solve((c, False), b), (M, A[:, 0])),
}
for _trans in (0, 1, 2, "N", "T", "C"):
    for _keywords in ({}, {"lower": True}, {"unit_diagonal": True},
                      {"lower": True, "unit_diagonal": True}):
        BOTH[f"solve_triangular {_trans} {sorted(_keywords)}"] = (
            lambda a, b, t=_trans, k=_keywords: linalg.solve_triangular(a, b, trans=t, **k),
            lambda a, b, t=_trans, k=_keywords: scipy.linalg.solve_triangular(a, b, trans=t, **k),
            (M, A if _trans != "T" else A[:, 0]))
for _l, _u in ((1, 1), (2, 0), (0, 2), (0, 0), (1, 3)):
    _ab = draw(_l + _u + 1, 4) + 3 * (np.arange(_l + _u + 1) == _u)[:, None]
    for _b in (draw(4), draw(4, 2)):
        BOTH[f"solve_banded {_l, _u} {_b.ndim}"] = (
            lambda ab, b, at=(_l, _u): linalg.solve_banded(at, ab, b),
            lambda ab, b, at=(_l, _u): scipy.linalg.solve_banded(at, ab, b), (_ab, _b))
for _name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf"):
    BOTH[f"norm.{_name}"] = (getattr(stats.norm, _name), getattr(scipy.stats.norm, _name),
                             (A, B[0], A[1] + 1))
    BOTH[f"norm.{_name} x"] = (getattr(stats.norm, _name), getattr(scipy.stats.norm, _name),
                               (3 * A - 4,))
# in x and in the parameters; in x, loc and scale with the parameters as numbers
for _family, _shapes, _x in (("beta", (A[0] + 1, B[0] + 2), A), ("gamma", (A[0] + 1,), 2 * A),
                             ("chi2", (A[0] + 2,), 3 * A), ("t", (A[0] + 2,), 3 * A - 2)):
    for _name in ("pdf", "logpdf", "cdf", "logcdf"):
        _ours = getattr(getattr(stats, _family), _name)
        _theirs = getattr(getattr(scipy.stats, _family), _name)
        if "cdf" not in _name:
            BOTH[f"{_family}.{_name}"] = (_ours, _theirs, (_x, *_shapes))
        _numbers = [float(s[0]) for s in _shapes]
        BOTH[f"{_family}.{_name} loc"] = (
            lambda x, loc, scale, f=_ours, n=_numbers: f(x, *n, loc, scale=scale),
            lambda x, loc, scale, f=_theirs, n=_numbers: f(x, *n, loc, scale=scale),
            (_x, 0.2 * A[0] - 0.3, 2 + B))
for _name in ("pmf", "logpmf", "cdf"):
    BOTH[f"poisson.{_name}"] = (
        lambda mu, f=_name: getattr(stats.poisson, f)(np.array([[1], [3], [4]]), mu, loc=1),
        lambda mu, f=_name: getattr(scipy.stats.poisson, f)([[1], [3], [4]], mu, loc=1),
        (3 * A[0],))


def even(c):
    """A covariance matrix is symmetric, however its entries are disturbed."""
    return 0.5 * (c + c.T) if c.ndim == 2 else c


_normal, _judge = stats.multivariate_normal, scipy.stats.multivariate_normal
for _name in ("pdf", "logpdf"):
    for _case, _operands in {"matrix": (A[:, :3], B[0, :3], S), "vector": (A[0, :3], B[0, :3], S),
                             "diagonal": (A, B[0], A[1]),
                             "numbers": (A[0], B[0, 0], A[0, 0])}.items():
        BOTH[f"multivariate_normal.{_name} {_case}"] = (
            lambda x, m, c, f=getattr(_normal, _name): f(x, m, even(c)),
            lambda x, m, c, f=getattr(_judge, _name): f(x, m, even(c)), _operands)
    BOTH[f"multivariate_normal.{_name} x"] = (
        getattr(_normal, _name), getattr(_judge, _name), (A[0],))
BOTH["multivariate_normal.entropy"] = (lambda c: _normal.entropy(cov=even(c)),
                                       lambda c: _judge.entropy(cov=even(c)), (S,))
for _name in ("pdf", "logpdf"):
    BOTH[f"dirichlet.{_name}"] = (
        lambda a, f=_name: getattr(stats.dirichlet, f)((A[0] / np.sum(A[0])).astype(a.dtype), a),
        lambda a, f=_name: getattr(scipy.stats.dirichlet, f)(A[0] / np.sum(A[0]), a), (B[0] + 1,))
    BOTH[f"dirichlet.{_name} x"] = (
        lambda x, f=_name: getattr(stats.dirichlet, f)(x, B[0].astype(x.dtype) + 1),
        lambda x, f=_name: getattr(scipy.stats.dirichlet, f)(x, B[0] + 1), (A[0, :3] / 4,))
BOTH["multigammaln"] = (lambda a: special.multigammaln(a, 3),
                        lambda a: scipy.special.multigammaln(a, 3), (A + 1.5,))
for _mode in ("full", "same", "valid"):
    for _case, (_a, _b) in {"1": (draw(7), draw(3)), "1 even": (draw(6), draw(4)),
                            "1 short": (draw(3), draw(6)), "1 equal": (draw(4), draw(4)),
                            "2": (draw(4, 5), draw(2, 3)), "3": (draw(2, 3, 3), draw(1, 2, 3))
                            }.items():
        for _fn in ("convolve", "correlate"):
            BOTH[f"{_fn} {_mode} {_case}"] = (
                lambda a, b, f=_fn, m=_mode: getattr(signal, f)(a, b, mode=m),
                lambda a, b, f=_fn, m=_mode: getattr(scipy.signal, f)(a, b, mode=m), (_a, _b))


@pytest.mark.parametrize("name", BOTH)
def test_value_and_orders(name):
    ours, theirs, operands = BOTH[name]
    assert np.array_equal(ours(*operands), theirs(*operands))       # plain: SciPy's own
    seen = []

    def value(*xs):
        seen.append(ours(*xs))
        return np.sum(seen[-1])
    grad(value)(*operands)
    assert np.allclose(seen[0].value, theirs(*operands), rtol=1e-12, atol=1e-15)
    for i, x in enumerate(operands):
        def of(x):
            y = ours(*operands[:i], x, *operands[i + 1:])
            return np.sum(np.sin(y) * np.linspace(0.5, 1.5, y.size).reshape(y.shape))
        check_orders(of, x, orders=2 if "solve" in name or "convolve" in name else 3)


def test_a_wrong_rule_is_caught():
    rule = RULES[scipy.special.erf]
    defvjp(scipy.special.erf, lambda g, y, x: g * 1.1 * np.exp(-x * x))     # not 1.128
    try:
        with pytest.raises(AssertionError):
            check_orders(lambda x: np.sum(scipy.special.erf(x)), A, orders=1)
    finally:
        RULES[scipy.special.erf] = rule


UFUNCS = ("expit logit log_expit erf erfc erfinv erfcinv gamma gammaln digamma psi j0 j1 i0 i1 "
          "ndtr log_ndtr entr").split()


@pytest.mark.parametrize("name", UFUNCS)
def test_ufuncs_keep_float32(name):
    f, x = getattr(special, name), A.astype(np.float32)
    assert f is getattr(scipy.special, name)
    g = grad(lambda x: np.sum(f(x)))(x)
    second = jacobian(lambda x: grad(lambda x: np.sum(f(x)))(x))(x[0])
    assert g.dtype == second.dtype == np.float32
    assert np.allclose(g, grad(lambda x: np.sum(f(x)))(A), rtol=1e-4)


@pytest.mark.parametrize("name", BOTH)
def test_counterparts_keep_float32(name):
    ours, _, operands = BOTH[name]
    seen = []

    def f(*xs):
        seen.append(ours(*xs))
        return np.sum(seen[-1] ** 2)
    operands = [x.astype(np.float32) for x in operands]
    g = grad(f, argnums=tuple(range(len(operands))))(*operands)
    assert [x.dtype for x in g] == [np.float32] * len(operands)
    assert seen[0].dtype == np.float32


def test_corners():
    with np.errstate(divide="ignore"):
        assert grad(scipy.special.xlogy, 1)(0.0, 0.0) == 0
        assert grad(scipy.special.xlogy, 1)(2.0, 4.0) == 0.5
        assert grad(scipy.special.xlogy, 0)(0.0, 1.0) == 0
        assert grad(grad(scipy.special.xlogy, 1), 0)(0.0, 4.0) == 0.25
        assert grad(scipy.special.entr)(0.0) == np.inf
    large = np.array([1000.0, 0.0, -1000.0])
    assert grad(special.logsumexp)(large).tolist() == [1, 0, 0]
    assert np.isfinite(jacobian(special.log_softmax)(large)).all()
    assert grad(lambda x: special.logsumexp(x))(np.array([-np.inf, 0.0])).tolist() == [0, 1]
    assert grad(scipy.special.log_ndtr)(-40.0) == pytest.approx(40.025, rel=1e-4)
    with np.errstate(invalid="ignore"):
        assert np.isnan(grad(stats.norm.pdf)(0.5, 0.0, -1.0))


def test_outside_the_support():
    """SciPy's values there, and derivatives 0."""
    for name, parameters, x in (("beta", (1.5, 2.5), [-0.5, 0.3, 1.5]), ("gamma", (1.5,), [-1, 2]),
                                ("chi2", (3.0,), [-1, 2]), ("t", (3.0,), [-1, np.inf])):
        x = np.array(x, float)
        for f in ("pdf", "logpdf", "cdf"):
            ours, theirs = getattr(getattr(stats, name), f), getattr(getattr(scipy.stats, name), f)
            y, pullback = minimeta.vjp(lambda x: ours(x, *parameters), x)
            assert np.allclose(y, theirs(x, *parameters), rtol=1e-12)
            if f != "logpdf":
                outside = (theirs(x, *parameters) == 0) | (x > 1) & (name == "beta")
                assert not pullback(np.ones(x.size))[0][outside].any()
    k = np.array([-1, 0.5, 2])
    for f in ("pmf", "logpmf", "cdf"):
        y, _ = minimeta.vjp(lambda mu: getattr(stats.poisson, f)(k, mu), 1.5)
        assert np.allclose(y, getattr(scipy.stats.poisson, f)(k, 1.5), rtol=1e-12)
    for f in (lambda a: stats.gamma.logpdf(0.5, a), lambda s: stats.t.pdf(0.5, 3, scale=s),
              lambda mu: stats.poisson.pmf(2, mu)):
        with np.errstate(invalid="ignore"):
            assert np.isnan(minimeta.vjp(f, -1.0)[0]) and np.isnan(f(-1.0))


def test_a_singular_covariance():
    cov, x = np.diag([2.0, 0.0]), np.array([0.5, 0.0])
    y, pullback = minimeta.vjp(lambda x: stats.multivariate_normal.logpdf(x, None, cov, True), x)
    assert y == pytest.approx(scipy.stats.multivariate_normal.logpdf(x, None, cov, True))
    assert np.allclose(pullback(1.0)[0], [-0.25, 0], rtol=1e-12)
    y, _ = minimeta.vjp(lambda x: stats.multivariate_normal.logpdf(x, None, cov, True), x + 1)
    assert y == -np.inf
    with pytest.raises(NotImplementedError, match="stop_gradient"):
        grad(lambda c: stats.multivariate_normal.pdf(x, None, c, allow_singular=True))(cov)
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda c: stats.multivariate_normal.pdf(x, None, c))(cov)


def test_complex_matrices():
    z = M + 0.3j * A[:, :3]
    for f in (linalg.expm, linalg.sqrtm, lambda a: linalg.solve_triangular(a, A + 1j, trans=2),
              lambda a: signal.correlate(A, a, mode="same")):
        g, v, h = grad(lambda a: np.sum(np.real((0.8 - 0.6j) * f(a))))(z), A[:, 1:] + 0.5j, 1e-5
        judge = (np.sum(np.real((0.8 - 0.6j) * (f(z + h * v) - f(z - h * v))))) / (2 * h)
        assert np.sum(np.real(g * v)) == pytest.approx(judge, rel=1e-8)


def test_a_real_matrix_with_a_complex_root():
    a = np.array([[-1.0, 0.2], [0.1, -2.0]])
    assert np.iscomplexobj(linalg.sqrtm(a))
    check_orders(lambda a: np.sum(np.imag(linalg.sqrtm(a)) ** 2), a, orders=2)


def test_errors_name_the_cure():
    x = A[:, :3]
    for f in (scipy.special.softmax, scipy.linalg.expm, scipy.stats.norm.pdf,
              lambda x: scipy.signal.convolve(x, x),
              lambda x: scipy.linalg.solve_triangular(x, x)):
        with pytest.raises(TypeError, match="minimeta.scipy"):
            grad(lambda x: np.sum(f(x)))(x)
    with pytest.raises(TypeError, match="np.stack"):
        grad(lambda x: np.sum(np.array([x[0], x[1]])))(x)
    with pytest.raises(NotImplementedError, match=r"scipy.special.airy: .*defvjp"):
        grad(lambda x: np.sum(scipy.special.airy(x)[0]))(x)
    with pytest.raises(NotImplementedError, match="jv"):
        grad(lambda n: scipy.special.jv(n, 1.0))(1.0)
    with pytest.raises(AttributeError, match="defvjp"):
        linalg.qz
    with pytest.raises(AttributeError, match="defvjp"):
        special.lambertw
    with pytest.raises(AttributeError, match="linalg, signal, special, stats"):
        minimeta.scipy.optimize
    with pytest.raises(NotImplementedError, match="return_sign"):
        grad(lambda x: special.logsumexp(x, return_sign=True)[0])(x)
    for f in (lambda x: stats.dirichlet.pdf(x, x), lambda x: special.multigammaln(x, 9)):
        with pytest.raises(ValueError):
            grad(lambda x: np.sum(f(x)))(A[0])
    with pytest.raises(TypeError, match="df, loc, scale"):
        grad(lambda x: stats.t.pdf(x, degrees=3))(0.5)
    with pytest.raises(NotImplementedError, match="gammainc"):
        grad(lambda df: stats.chi2.cdf(0.5, df))(3.0)
    with pytest.raises(ValueError, match="mode"):
        grad(lambda x: np.sum(signal.convolve(x, x, mode="circular")))(x)


def fresh(code):
    """What `code` prints in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True).stdout.strip()


def test_scipy_is_imported_when_it_is_used():
    seen = "print('scipy' in sys.modules, 'scipy.special' in sys.modules)"
    assert fresh(f"import sys, minimeta.scipy; {seen}") == "False False"
    assert fresh("import sys, numpy, minimeta; minimeta.grad(numpy.sin)(0.5); "
                 "minimeta.hvp(numpy.sin, 0.5, 1.0); " + seen) == "False False"
    assert fresh("import sys, minimeta; minimeta.scipy.special.expit; " + seen) == "True True"
    # the rules are there when a ufunc of SciPy meets a traced array, whoever imported SciPy
    assert fresh("import minimeta, scipy.special as s; "
                 "print(round(float(minimeta.grad(s.erf)(0.0)), 4))") == "1.1284"
