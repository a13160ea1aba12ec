"""scipy.special: its ufuncs, and the functions that are compositions of NumPy's.

Read next: linalg.py.
"""
import numpy as np
from scipy import special

from ..autodiff import stop_gradient
from ..autodiff.rules import special as rules
from .mirror import absent, mirror


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
