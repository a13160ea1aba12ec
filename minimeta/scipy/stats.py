"""scipy.stats: the normal distribution.

Read next: signal.py.
"""
import math

import numpy as np
from scipy import special, stats

from ..autodiff.trace import raw
from .mirror import absent, mirror


def __getattr__(name):
    raise absent("stats", name)


def _standard(x, loc, scale):
    """((x - loc) / scale, scale), nan where scale is not positive, as SciPy has it."""
    if not np.all(raw(scale) > 0):
        scale = np.where(raw(scale) > 0, scale, np.nan)
    return (x - loc) / scale, scale


class norm:
    """The normal distribution of mean loc and standard deviation scale."""

    @staticmethod
    @mirror(stats.norm.pdf)
    def pdf(x, loc=0, scale=1):
        """exp(-z^2 / 2) / (sqrt(2 pi) scale)"""
        z, scale = _standard(x, loc, scale)
        return np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * scale)

    @staticmethod
    @mirror(stats.norm.logpdf)
    def logpdf(x, loc=0, scale=1):
        """-z^2 / 2 - log(scale) - log(2 pi) / 2"""
        z, scale = _standard(x, loc, scale)
        log_scale = np.log(scale) if hasattr(scale, "dtype") else math.log(scale)
        return -0.5 * z * z - log_scale - 0.5 * math.log(2 * math.pi)

    @staticmethod
    @mirror(stats.norm.cdf)
    def cdf(x, loc=0, scale=1):
        """ndtr(z)"""
        return special.ndtr(_standard(x, loc, scale)[0])

    @staticmethod
    @mirror(stats.norm.logcdf)
    def logcdf(x, loc=0, scale=1):
        """log_ndtr(z)"""
        return special.log_ndtr(_standard(x, loc, scale)[0])
