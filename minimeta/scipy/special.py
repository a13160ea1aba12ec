"""scipy.special: its ufuncs, and the functions that are compositions of NumPy's.

Read next: linalg.py.
"""
import math

import numpy as np
from scipy import special

from ..autodiff import stop_gradient
from ..autodiff.rules import special as rules
from .mirror import absent, mirror

_LOG_PI = math.log(math.pi)


def __getattr__(name):
    found = getattr(special, name, None)
    if not isinstance(found, np.ufunc):
        raise absent("special", name)
    return found


def _top(x, axis):
    """The largest entries, to keep exp in range: a constant, since it cancels; 0 if infinite."""
    top = np.max(np.real(stop_gradient(x)), axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


@mirror(special.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    """log sum b exp(a)"""
    if return_sign:
        raise NotImplementedError("logsumexp(return_sign=True) of a traced array: take the sign "
                                  "of the sum of plain values")
    if b is not None:
        a = np.where(b == 0, -np.inf, a)
    top = _top(a, axis)
    terms = np.exp(a - top) if b is None else b * np.exp(a - top)
    y = np.log(np.sum(terms, axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis)


@mirror(special.softmax)
def softmax(x, axis=None):
    """exp(x) / sum exp(x)"""
    e = np.exp(x - _top(x, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


@mirror(special.log_softmax)
def log_softmax(x, axis=None):
    """x - log sum exp(x)"""
    shifted = x - _top(x, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


@mirror(special.polygamma)
def polygamma(n, x):
    """The n-th derivative of digamma at x; n is a constant integer."""
    return rules.polygamma(x, n=n)


@mirror(special.multigammaln)
def multigammaln(a, d):
    """log Gamma_d(a) = sum_{j < d} log Gamma(a - j / 2) + d (d - 1) / 4 log pi; d is a constant."""
    if not np.all(np.real(stop_gradient(a)) > 0.5 * (d - 1)):
        raise ValueError(f"multigammaln: a has to be above (d - 1) / 2 = {0.5 * (d - 1)}")
    return sum(special.gammaln(a - 0.5 * j) for j in range(d)) + 0.25 * d * (d - 1) * _LOG_PI
