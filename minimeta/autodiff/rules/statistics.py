"""Covariances, histograms, and quantiles that pass over nan.

Conventions: the counts of a histogram are constant between jumps, so only its edges and weights
have derivatives; corrcoef is cut to [-1, 1] without cutting its derivative.

Read next: sets.py.
"""
import warnings

import numpy as np

from ...device import to_host
from ..table import compose
from ..trace import deep_raw, raw
from .linalg import as_array, conj
from .order import PLACES, by_rank, kept, shares


@compose(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, *,
        dtype=None):
    """The covariances of variables, a row each (or a column): X X* / n, X less its means."""
    if dtype is None:
        dtype = np.result_type(*(raw(as_array(a)) for a in (m, y) if a is not None), np.float64)
    x = _variables(m, rowvar, dtype)
    if x.shape[0] == 0:
        return np.zeros_like(raw(x), shape=(0, 0), dtype=np.float64)
    if y is not None:
        x = np.concatenate([x, _variables(y, rowvar, dtype)])
    if ddof is None:
        ddof = 0 if bias else 1
    elif ddof != int(ddof):
        raise ValueError("ddof must be integer")
    weights = [_weights(*w, raw(x)) for w in (("fweights", fweights), ("aweights", aweights))
               if w[1] is not None]
    if not weights:
        w, n = 1.0, x.shape[1] - ddof
        means = np.mean(x, axis=1, keepdims=True)
    else:
        w = weights[0] if len(weights) == 1 else weights[0] * weights[1]
        total = np.sum(w)
        means = np.sum(x * w, axis=1, keepdims=True) / total
        n = total - ddof * (1 if aweights is None else np.sum(w * weights[-1]) / total)
    if raw(n) <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        n = np.zeros_like(raw(x), shape=())
    d = x - means
    return np.squeeze(d @ conj((d * w).T) / n)


def _variables(m, rowvar, dtype):
    """Rows of variables."""
    x = as_array(m)
    if x.ndim > 2:
        raise ValueError(f"variables of shape {x.shape}: more than 2 dimensions")
    x = np.atleast_2d(x).astype(dtype)
    return x if rowvar or np.ndim(m) == 1 or x.shape[0] == 1 and np.ndim(m) < 2 else x.T


def _weights(name, w, x):
    w = w if hasattr(w, "dtype") else np.asarray(w, like=x)
    if w.shape != x.shape[1:]:
        raise RuntimeError(f"np.cov: {name} of shape {w.shape} for {x.shape[1]} observations")
    plain = raw(w)
    if np.any(plain < 0):
        raise ValueError(f"{name} cannot be negative")
    if name == "fweights" and np.any(plain != np.around(plain)):
        raise TypeError("fweights must be integer")
    return w.astype(np.float64)


@compose(np.corrcoef)
def corrcoef(x, y=None, rowvar=True, *, dtype=None):
    """The covariances over the standard deviations."""
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diag(c)))
    c = c / deviation[:, None] / deviation
    plain = raw(c)
    inside = np.clip(plain.real, -1, 1)
    if plain.dtype.kind == "c":
        inside = inside + 1j * np.clip(plain.imag, -1, 1)
    return c + (inside - plain)


# ---------------------------------------------------------------- histograms

@compose(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    """The edges of bins from the least to the largest entry, or as they are given."""
    if np.ndim(bins) == 1:
        return as_array(bins)
    given = deep_raw((as_array(a), bins, range, weights))
    plain = np.histogram_bin_edges(*to_host(given))         # CuPy has no such function
    low, high = range if range is not None else (np.min(a), np.max(a)) if a.size else (0, 1)
    if raw(low) == raw(high):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, len(plain), dtype=plain.dtype)


@compose(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """(counts, or sums of weights, or densities; edges) of the bins."""
    a = as_array(a)
    edges = histogram_bin_edges(a, bins, range, weights)
    values, places = np.ravel(raw(a)), raw(edges)
    counts, _ = np.histogram(values, places)
    if weights is not None:
        weights = as_array(weights)
        if weights.shape != a.shape:
            raise ValueError("weights should have the same shape as a.")
        inside = (values >= places[0]) & (values <= places[-1])
        i = np.searchsorted(places, values[inside], side="right") - 1
        i = np.minimum(i, len(counts) - 1)
        w = np.ravel(weights)[inside]
        at = np.arange(len(counts), like=places)[:, None] == i
        counts = np.sum(np.where(at, w, 0), axis=1).astype(w.dtype)
    if density:
        counts = counts / np.diff(edges).astype(np.float64) / np.sum(counts)
    return counts, edges


# ---------------------------------------------------------------- quantiles of numbers

@compose(np.nanquantile)
def nanquantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False,
                *, weights=None, **options):
    """The quantile of the numbers; nan where there is none."""
    if method not in PLACES or weights is not None or options:
        raise NotImplementedError(f"np.nanquantile(method={method!r}, weights=) has no derivative "
                                  f"rule: use one of {', '.join(PLACES)}, without weights")
    exact = method in ("lower", "higher", "nearest") or not np.ndim(raw(q)) + hasattr(q, "dtype")
    q, outside = shares(a, q)
    x, n = by_rank(a, axis)
    wide = np.shape(q) + (1,) * (x.ndim - 1)
    at = PLACES[method]((np.reshape(q, wide) if np.ndim(q) else q) * np.maximum(n - 1, 0)[0])
    low, high = (f(raw(at)).astype(int) for f in (np.floor, np.ceil))
    part = (at - low).astype(np.result_type(raw(x), raw(x) if exact else raw(q)))
    low, high = (np.reshape(np.take_along_axis(x, i.reshape((-1,) + x.shape[1:]), 0), i.shape)
                 for i in (low, high))
    y = low + part * (high - low)
    if np.ndim(q):
        y = np.where(np.reshape(outside, wide), np.nan, y)
    return kept(y, a, axis, keepdims, np.ndim(q))


@compose(np.nanpercentile)
def nanpercentile(a, q, *args, **kwargs):
    """The quantile at q / 100."""
    q = np.asarray(q, like=raw(a)) if isinstance(q, (list, tuple)) else q
    return np.nanquantile(a, q / 100, *args, **kwargs)
