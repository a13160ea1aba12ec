"""scipy.stats: densities of several variables.

Read next: signal.py.
"""
import math

import numpy as np
from scipy import special, stats

from ..autodiff import stop_gradient
from ..autodiff.trace import Traced
from .mirror import mirror


class multivariate_normal:
    """The normal distribution of mean (n,) and covariance (n, n), a number or a diagonal too."""

    @staticmethod
    @mirror(stats.multivariate_normal.logpdf)
    def logpdf(x, mean=None, cov=1, allow_singular=False):
        """-(d' C^-1 d + log det C + n log 2 pi) / 2, d = x - mean; x (..., n)."""
        dim = _dimension(mean, cov)
        if dim == 1 and np.ndim(x) < 2:
            x = np.expand_dims(x, -1)                   # numbers, not a vector
        d = x if mean is None else x - mean
        cov = _matrix(cov, dim, d)
        if allow_singular:
            return _degenerate(d, cov, stop_gradient(d))
        stats.multivariate_normal(cov=stop_gradient(cov))           # raises unless it is positive
        _, log_det = np.linalg.slogdet(cov)
        solved = np.linalg.solve(cov, np.expand_dims(d, -1))[..., 0]
        return -0.5 * (np.sum(d * solved, axis=-1) + log_det + dim * math.log(2 * math.pi))

    @staticmethod
    @mirror(stats.multivariate_normal.pdf)
    def pdf(x, mean=None, cov=1, allow_singular=False):
        """exp(logpdf)"""
        return np.exp(multivariate_normal.logpdf(x, mean, cov, allow_singular))

    @staticmethod
    @mirror(stats.multivariate_normal.entropy)
    def entropy(mean=None, cov=1):
        """log det(2 pi e C) / 2"""
        dim = _dimension(mean, cov)
        _, log_det = np.linalg.slogdet(_matrix(cov, dim, cov))
        return 0.5 * (log_det + dim * math.log(2 * math.pi * math.e))


def _dimension(mean, cov):
    return max(1 if mean is None else np.size(mean), np.shape(cov)[-1] if np.ndim(cov) else 1)


def _matrix(cov, dim, like):
    """cov as a matrix, of whatever SciPy takes for one: a diagonal, or a number in like's dtype."""
    if np.ndim(cov) == 2:
        return cov
    cov = cov if hasattr(cov, "dtype") else np.asarray(cov, getattr(like, "dtype", float))
    return np.eye(dim, dtype=cov.dtype) * (np.reshape(cov, (-1, 1)) if np.ndim(cov) == 1 else cov)


def _degenerate(d, cov, plain):
    """logpdf where cov, a constant, may have eigenvalues 0: a density on their complement."""
    if type(cov) is Traced:
        raise NotImplementedError("multivariate_normal(allow_singular=True) has no derivative in "
                                  "cov: leave it out, or pass minimeta.stop_gradient(cov)")
    values, vectors = np.linalg.eigh(cov)
    positive = values > 1e6 * np.finfo(values.dtype).eps * np.max(np.abs(values))     # as in SciPy
    rank, log_det = np.sum(positive), np.sum(np.log(values[positive]))
    white = d @ (vectors[:, positive] / np.sqrt(values[positive]))
    y = -0.5 * (np.sum(white * white, axis=-1) + log_det + rank * math.log(2 * math.pi))
    inside = stats.multivariate_normal(cov=cov, allow_singular=True).logpdf(plain) > -np.inf
    return np.where(inside, y, -np.inf)


class dirichlet:
    """The Dirichlet distribution of concentrations alpha (n,)."""

    @staticmethod
    @mirror(stats.dirichlet.logpdf)
    def logpdf(x, alpha):
        """sum_i (alpha_i - 1) log x_i - log B(alpha); x (n,) or (n, N), or without the last row."""
        stats.dirichlet.logpdf(stop_gradient(x), stop_gradient(alpha))     # raises off the simplex
        if np.shape(x)[0] == np.size(alpha) - 1:
            x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
        log_b = np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))
        return np.sum(special.xlogy(alpha - 1, np.transpose(x)), axis=-1) - log_b

    @staticmethod
    @mirror(stats.dirichlet.pdf)
    def pdf(x, alpha):
        """exp(logpdf)"""
        return np.exp(dirichlet.logpdf(x, alpha))
