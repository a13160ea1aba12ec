"""Arrays as sets: sorted, without repetitions; each entry is taken where it occurs first.

Which entries are chosen is constant between jumps; their values have derivatives.

Read next: linalg.py.
"""
import numpy as np

from ...device import on_gpu
from ..table import compose
from ..trace import raw
from .linalg import as_array


@compose(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *,
           equal_nan=True, **options):
    """The different entries in order, each taken where it occurs first."""
    if axis is not None:
        raise NotImplementedError("np.unique(axis=) has no derivative rule: take the rows at the "
                                  "indices that np.unique of the plain array returns")
    _, first, *more = np.unique(raw(ar), True, return_inverse, return_counts, equal_nan=equal_nan,
                                **options)
    values = np.ravel(ar)[first]
    more = ([first] if return_index else []) + more
    return (values, *more) if more else values


def _named(fn):
    def named(x, /):
        """The different entries, and what the function of that name adds."""
        if on_gpu(raw(x)):
            raise NotImplementedError(f"CuPy has no {fn.__name__}: use np.unique")
        found = fn(raw(x))
        ordered, first = np.unique(raw(x), return_index=True, equal_nan=False)
        values = found.values if hasattr(found, "values") else found
        values = np.ravel(x)[first[np.searchsorted(ordered, values)]]
        return found._replace(values=values) if hasattr(found, "values") else values
    return named


for _fn in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values):
    compose(_fn)(_named(_fn))


def _vectors(assume_unique, *arrays):
    arrays = [np.ravel(as_array(a)) for a in arrays]
    return arrays if assume_unique else [np.unique(a) for a in arrays]


@compose(np.union1d)
def union1d(ar1, ar2):
    """What is in one of the two, or both."""
    return np.unique(np.concatenate([as_array(ar1), as_array(ar2)], axis=None))


@compose(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """What is in both: the entries of the first."""
    _, i, j = np.intersect1d(raw(ar1), raw(ar2), assume_unique, return_indices=True)
    values = np.ravel(as_array(ar1))[i]
    return (values, i, j) if return_indices else values


@compose(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    """What is in the first and not in the second."""
    (a,) = _vectors(assume_unique, ar1)
    return a[np.isin(raw(a), raw(ar2), invert=True)]


@compose(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    """What is in one of the two only."""
    both = np.sort(np.concatenate(_vectors(assume_unique, ar1, ar2)))
    if both.size == 0:
        return both
    new, end = raw(both)[1:] != raw(both)[:-1], np.ones_like(raw(both)[:1], dtype=bool)
    return both[np.concatenate([end, new]) & np.concatenate([new, end])]


# ---------------------------------------------------------------- what is not 0, complex order

@compose(np.trim_zeros)
def trim_zeros(filt, trim="fb", axis=None):
    """filt without the zeros at its front, at its back, or both."""
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(filt.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [k % filt.ndim for k in axes]
    index = [slice(None)] * filt.ndim
    for k, places in enumerate(np.nonzero(raw(filt))):
        if k in axes:
            low, high = (int(places.min()), int(places.max()) + 1) if places.size else (0, 0)
            index[k] = slice(low if "f" in trim or not places.size else None,
                             high if "b" in trim or not places.size else None)
    return filt[tuple(index)]


@compose(np.sort_complex)
def sort_complex(a):
    """The entries in order, as complex numbers."""
    y = np.sort(a)
    return y if y.dtype.kind == "c" else y.astype(np.complex128)
