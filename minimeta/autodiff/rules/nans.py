"""Reductions that pass over nan.

Read next: shapes.py.
"""
import numpy as np

from ..table import compose
from ..trace import plain, raw
from .reductions import chosen, root


def _numbers(a, where):
    """Where a is a number, among the entries where `where`."""
    return ~np.isnan(raw(a)) if where is True else ~np.isnan(raw(a)) & where


def _ignoring(fn, fill):
    def reduced(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
        """The reduction, with its identity in place of nan."""
        a = chosen(np.where(np.isnan(a), fill, a), where, fill)
        options = {} if initial is None else {"initial": initial}
        return fn(a, axis=axis, dtype=dtype, keepdims=keepdims, **options)
    return reduced


nansum = compose(np.nansum)(_ignoring(np.sum, 0))
nanprod = compose(np.nanprod)(_ignoring(np.prod, 1))


def _running(fn, fill):
    def running(a, axis=None, dtype=None, out=None):
        """The running reduction, with its identity in place of nan."""
        return fn(np.where(np.isnan(a), fill, a), axis=axis, dtype=dtype)
    return running


nancumsum = compose(np.nancumsum)(_running(np.cumsum, 0))
nancumprod = compose(np.nancumprod)(_running(np.cumprod, 1))


def _extremum(fn, fill):
    def extremum(a, axis=None, out=None, keepdims=False, initial=None, where=True):
        """The extremum of the numbers; nan where there is none."""
        options = {} if initial is None else {"initial": initial}
        numbers = _numbers(a, where)
        y = fn(np.where(numbers, a, fill), axis=axis, keepdims=keepdims, **options)
        if initial is not None:
            return y
        return np.where(np.any(numbers, axis=axis, keepdims=keepdims), y, np.nan)
    return extremum


nanmax = compose(np.nanmax)(_extremum(np.max, -np.inf))
nanmin = compose(np.nanmin)(_extremum(np.min, np.inf))


@compose(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
    """The mean of the numbers."""
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=_numbers(a, where))


@compose(np.nanvar)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=None,
           correction=None):
    """The variance of the numbers."""
    return np.var(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, ddof=ddof,
                  keepdims=keepdims, where=_numbers(a, where), mean=mean, correction=correction)


@compose(np.nanstd)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, **options):
    """sqrt(nanvar)"""
    return root(np.nanvar(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **options))


plain(np.nanargmax, np.nanargmin)
