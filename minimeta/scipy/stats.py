"""scipy.stats: densities and distribution functions of one variable.

Outside its support a density is 0, and its derivatives are; a parameter that SciPy would not take
gives nan.  Distribution functions have derivatives in x, loc and scale; the others are constants.

Read next: multivariate.py.
"""
import math

import numpy as np
from scipy import special, stats

from ..autodiff.trace import raw
from .mirror import absent, mirror
from .multivariate import dirichlet, multivariate_normal

__all__ = ["beta", "chi2", "dirichlet", "gamma", "multivariate_normal", "norm", "poisson", "t"]


def __getattr__(name):
    raise absent("stats", name)


def _log(a):
    return np.log(a) if hasattr(a, "dtype") else math.log(a)


def _positive(a):
    """a, and nan where it is not positive."""
    return a if np.all(raw(a) > 0) else np.where(raw(a) > 0, a, np.nan)


class norm:
    """The normal distribution of mean loc and standard deviation scale."""

    @staticmethod
    @mirror(stats.norm.pdf)
    def pdf(x, loc=0, scale=1):
        """exp(-z^2 / 2) / (sqrt(2 pi) scale)"""
        scale = _positive(scale)
        z = (x - loc) / scale
        return np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * scale)

    @staticmethod
    @mirror(stats.norm.logpdf)
    def logpdf(x, loc=0, scale=1):
        """-z^2 / 2 - log(scale) - log(2 pi) / 2"""
        scale = _positive(scale)
        z = (x - loc) / scale
        return -0.5 * z * z - _log(scale) - 0.5 * math.log(2 * math.pi)

    @staticmethod
    @mirror(stats.norm.cdf)
    def cdf(x, loc=0, scale=1):
        """ndtr(z)"""
        return special.ndtr((x - loc) / _positive(scale))

    @staticmethod
    @mirror(stats.norm.logcdf)
    def logcdf(x, loc=0, scale=1):
        """log_ndtr(z)"""
        return special.log_ndtr((x - loc) / _positive(scale))

    @staticmethod
    @mirror(stats.norm.sf)
    def sf(x, loc=0, scale=1):
        """ndtr(-z)"""
        return special.ndtr((loc - x) / _positive(scale))

    @staticmethod
    @mirror(stats.norm.logsf)
    def logsf(x, loc=0, scale=1):
        """log_ndtr(-z)"""
        return special.log_ndtr((loc - x) / _positive(scale))


class Family:
    """A distribution with positive parameters, and z = (x - loc) / scale in the support."""

    def __init__(self, theirs, names, log_density, below, support):
        """log_density(z, *parameters), and below(z, *parameters) = P(Z < z)."""
        def arguments(x, args, keywords):
            values = {"loc": 0, "scale": 1, **dict(zip((*names, "loc", "scale"), args)), **keywords}
            # a number becomes one of x's dtype: special functions would make float64 of it
            values = {name: v if hasattr(v, "dtype") or not hasattr(x, "dtype")
                      else x.dtype.type(v) for name, v in values.items()}
            loc, scale = values.pop("loc"), _positive(values.pop("scale"))
            if values.keys() != set(names):
                raise TypeError(f"{theirs.name} has the parameters {', '.join(names)}, loc, scale")
            return (x - loc) / scale, scale, [_positive(values[name]) for name in names]

        def split(z):
            """(z or a number inside the support, whether it is below, whether above)."""
            value = raw(z)
            under = (value < support[0]) | (value == -math.inf)
            over = (value > support[1]) | (value == math.inf)
            return np.where(under | over, 0.5, z), under, over

        @mirror(theirs.logpdf)
        def logpdf(x, *args, **keywords):
            z, scale, parameters = arguments(x, args, keywords)
            z, under, over = split(z)
            return np.where(under | over, -np.inf, log_density(z, *parameters) - _log(scale))

        @mirror(theirs.cdf)
        def cdf(x, *args, **keywords):
            z, _, parameters = arguments(x, args, keywords)
            z, under, over = split(z)
            return np.where(under, 0, np.where(over, 1, below(z, *parameters)))

        self.logpdf, self.cdf = logpdf, cdf
        self.pdf = mirror(theirs.pdf)(lambda *args, **kwargs: np.exp(logpdf(*args, **kwargs)))
        self.logcdf = mirror(theirs.logcdf)(lambda *args, **kwargs: np.log(cdf(*args, **kwargs)))


def _log_beta(z, a, b):
    return special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b)


def _log_gamma(z, a):
    return special.xlogy(a - 1, z) - z - special.gammaln(a)


def _log_chi2(z, df):
    return special.xlogy(0.5 * df - 1, z) - 0.5 * z - special.gammaln(0.5 * df) - 0.5 * df * _LOG_2


def _log_t(z, df):
    half = np.full_like(raw(df), 0.5)
    return (-0.5 * (df + 1) * np.log1p(z * z / df) - 0.5 * _log(df)
            - special.betaln(0.5 * df, half))


_LOG_2, _RAY, _LINE = math.log(2), (0, math.inf), (-math.inf, math.inf)
beta = Family(stats.beta, ("a", "b"), _log_beta, lambda z, a, b: special.betainc(a, b, z), (0, 1))
gamma = Family(stats.gamma, ("a",), _log_gamma, lambda z, a: special.gammainc(a, z), _RAY)
chi2 = Family(stats.chi2, ("df",), _log_chi2,
              lambda z, df: special.gammainc(0.5 * df, 0.5 * z), _RAY)
t = Family(stats.t, ("df",), _log_t, lambda z, df: special.stdtr(df, z), _LINE)


def _like(k, mu):
    """Integers in the dtype of mu."""
    return np.asarray(k).astype(mu.dtype) if hasattr(mu, "dtype") else k


class poisson:
    """The Poisson distribution of mean mu; k and loc are constants."""

    @staticmethod
    @mirror(stats.poisson.logpmf)
    def logpmf(k, mu, loc=0):
        """k log mu - mu - log k!"""
        mu, k = _positive(mu), _like(raw(k) - loc, mu)
        bad = (k < 0) | (k != np.floor(k))
        k = np.where(bad, 0, k)
        return np.where(bad, -np.inf, special.xlogy(k, mu) - mu - special.gammaln(k + 1))

    @staticmethod
    @mirror(stats.poisson.pmf)
    def pmf(k, mu, loc=0):
        """mu^k exp(-mu) / k!"""
        return np.exp(poisson.logpmf(k, mu, loc))

    @staticmethod
    @mirror(stats.poisson.cdf)
    def cdf(k, mu, loc=0):
        """P(K <= k)"""
        mu, k = _positive(mu), _like(np.floor(raw(k) - loc), mu)
        return np.where(k < 0, 0, special.gammaincc(np.where(k < 0, 0, k) + 1, mu))
