"""Special functions: SciPy's ufuncs, whose derivatives are special functions again.

Loaded when a traced array first meets a ufunc that is not NumPy's.  Formulas: Abramowitz and
Stegun 1964, chapters 6 (gamma), 7 (erf), 9 (Bessel functions).

Read next: ../../scipy/special.py.
"""
import math

import numpy as np
from scipy import special

from ...device import science
from ..table import PLAIN, defvjp
from ..trace import primitive, record

_2_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_PI_2 = math.sqrt(math.pi) / 2
_SQRT_2PI = math.sqrt(2 * math.pi)
_1_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


@primitive
def polygamma(x, n=0):
    """The n-th derivative of digamma, in the dtype of x."""
    return science("special", x).polygamma(np.full_like(x, n), x).astype(x.dtype)


def _jv(n, x):
    return record(special.jv, n, x)


def _iv(n, x):
    return record(special.iv, n, x)


def _kv(n, x):
    return record(special.kv, n, x)


def _quotient(x, y):
    """x / y, and 0 for 0 / 0; smooth in x."""
    return x / np.where((x == 0) & (y == 0), 1, y)


defvjp(special.expit,    lambda g, y, x: g * y * (1 - y))
defvjp(special.logit,    lambda g, y, x: g / (x * (1 - x)))
defvjp(special.log_expit, lambda g, y, x: g * special.expit(-x))

defvjp(special.erf,      lambda g, y, x: g * (_2_SQRT_PI * np.exp(-x * x)))
defvjp(special.erfc,     lambda g, y, x: g * (-_2_SQRT_PI * np.exp(-x * x)))
defvjp(special.erfinv,   lambda g, y, x: g * (_SQRT_PI_2 * np.exp(y * y)))
defvjp(special.erfcinv,  lambda g, y, x: g * (-_SQRT_PI_2 * np.exp(y * y)))
defvjp(special.erfcx,    lambda g, y, x: g * (2 * x * y - _2_SQRT_PI))
defvjp(special.erfi,     lambda g, y, x: g * (_2_SQRT_PI * np.exp(x * x)))
defvjp(special.dawsn,    lambda g, y, x: g * (1 - 2 * x * y))
defvjp(special.exp1,     lambda g, y, x: -g * np.exp(-x) / x)
defvjp(special.expi,     lambda g, y, x: g * np.exp(x) / x)
defvjp(special.ndtri,    lambda g, y, x: g * (_SQRT_2PI * np.exp(0.5 * y * y)))
defvjp(special.ndtr,     lambda g, y, x: g * (_1_SQRT_2PI * np.exp(-0.5 * x * x)))
defvjp(special.log_ndtr, lambda g, y, x: g * (_1_SQRT_2PI * np.exp(-0.5 * x * x - y)))

defvjp(special.gamma,    lambda g, y, x: g * y * special.digamma(x))
defvjp(special.rgamma,   lambda g, y, x: -g * y * special.digamma(x))
defvjp(special.gammaln,  lambda g, y, x: g * special.digamma(x))
defvjp(special.digamma,  lambda g, y, x: g * polygamma(x, n=1))
defvjp(polygamma,        lambda g, y, x, n=0: g * polygamma(x, n=n + 1))
defvjp(special.beta,     lambda g, y, a, b: g * y * (special.digamma(a) - special.digamma(a + b)),
                         lambda g, y, a, b: g * y * (special.digamma(b) - special.digamma(a + b)))
defvjp(special.betaln,   lambda g, y, a, b: g * (special.digamma(a) - special.digamma(a + b)),
                         lambda g, y, a, b: g * (special.digamma(b) - special.digamma(a + b)))


def _gamma_density(a, x):
    """x^(a - 1) exp(-x) / Gamma(a)"""
    return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))


defvjp(special.xlogy,    lambda g, _, x, y: g * np.log(y),   lambda g, _, x, y: g * _quotient(x, y))
defvjp(special.xlog1py,  lambda g, _, x, y: g * np.log1p(y),
                         lambda g, _, x, y: g * _quotient(x, y + 1))
defvjp(special.entr,     lambda g, y, x: -g * (np.log(x) + 1))
defvjp(special.rel_entr, lambda g, _, x, y: g * (np.log(x / y) + 1),
                         lambda g, _, x, y: -g * _quotient(x, y))
defvjp(special.kl_div,   lambda g, _, x, y: g * np.log(x / y),
                         lambda g, _, x, y: g * (1 - _quotient(x, y)))

# integrals up to x; the parameters are constants
defvjp(special.gammainc, None,      lambda g, y, a, x: g * _gamma_density(a, x))
defvjp(special.gammaincc, None,     lambda g, y, a, x: -g * _gamma_density(a, x))
defvjp(special.betainc, None, None, lambda g, y, a, b, x: g * np.exp(
    special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b)))
defvjp(special.stdtr, None,         lambda g, y, n, t: g * np.exp(
    -0.5 * (n + 1) * np.log1p(t * t / n) - 0.5 * np.log(n) - special.betaln(0.5 * n, 0.5)))

# the order of a Bessel function is a constant: it has no derivative here
defvjp(special.j0,       lambda g, y, x: -g * special.j1(x))
defvjp(special.j1,       lambda g, y, x: g * 0.5 * (special.j0(x) - _jv(2, x)))
defvjp(special.jv, None, lambda g, y, n, x: g * 0.5 * (_jv(n - 1, x) - _jv(n + 1, x)))
defvjp(special.y0,       lambda g, y, x: -g * special.y1(x))
defvjp(special.y1,       lambda g, y, x: g * 0.5 * (special.y0(x) - special.yn(2, x)))
defvjp(special.yn, None, lambda g, y, n, x: g * 0.5 * (special.yn(n - 1, x) - special.yn(n + 1, x)))
defvjp(special.yv, None, lambda g, y, n, x: g * 0.5 * (special.yv(n - 1, x) - special.yv(n + 1, x)))
defvjp(special.i0,       lambda g, y, x: g * special.i1(x))
defvjp(special.i1,       lambda g, y, x: g * 0.5 * (special.i0(x) + _iv(2, x)))
defvjp(special.iv, None, lambda g, y, n, x: g * 0.5 * (_iv(n - 1, x) + _iv(n + 1, x)))
defvjp(special.ive, None, lambda g, y, n, x: g * (
    0.5 * (special.ive(n - 1, x) + special.ive(n + 1, x)) - np.sign(x) * y))
defvjp(special.i0e,      lambda g, y, x: g * (special.i1e(x) - np.sign(x) * y))
defvjp(special.i1e,      lambda g, y, x: g * (
    0.5 * (special.i0e(x) + record(special.ive, 2, x)) - np.sign(x) * y))
defvjp(special.k0,       lambda g, y, x: -g * special.k1(x))
defvjp(special.k1,       lambda g, y, x: -g * 0.5 * (special.k0(x) + _kv(2, x)))
defvjp(special.kn, None, lambda g, y, n, x: -g * 0.5 * (_kv(np.trunc(n) - 1, x)
                                                        + _kv(np.trunc(n) + 1, x)))
defvjp(special.kv, None, lambda g, y, n, x: -g * 0.5 * (_kv(n - 1, x) + _kv(n + 1, x)))

# SciPy's own, of names that NumPy has as well
defvjp(special.exp2,     lambda g, y, x: g * y * 0.6931471805599453)
defvjp(special.exp10,    lambda g, y, x: g * y * 2.302585092994046)
defvjp(special.expm1,    lambda g, y, x: g * (y + 1))
defvjp(special.log1p,    lambda g, y, x: g / (x + 1))
defvjp(special.cbrt,     lambda g, y, x: g / (3 * y * y))
PLAIN.add(special.gammasgn)
