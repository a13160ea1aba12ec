"""Compositions over their options: the value, or the error, that NumPy gives; no derivatives."""
import itertools
import warnings

import numpy as np
import pytest

from minimeta import vjp
from tests.autodiff.samples.core import drawer

draw = drawer(6)
V, M, C = draw(5), draw(3, 4), draw(2, 3, 4)
HOLES = np.where(draw(3, 4) > 0.8, np.nan, M)
P = np.array([0.0, 1.5, -2.0, 0.5, 0.0])


def calls(name, *options, on=(M,), **keywords):
    """np.<name>(x, *options), for every x in `on` and the product of options and keywords."""
    for x, values in itertools.product(on, itertools.product(*options, *keywords.values())):
        args, kwargs = values[:len(options)], dict(zip(keywords, values[len(options):]))
        yield pytest.param(lambda x, fn=getattr(np, name), a=args, k=kwargs: fn(x, *a, **k), x,
                           id=f"{name} {x.shape} {args} {kwargs}")


AXES, KEEP, ALL = [None, 0, -1, (0, 1), (1, 0), ()], [False, True], (V, M, C)
CALLS = list(itertools.chain(
    *(calls(name, axis=AXES, keepdims=KEEP, on=(M, C)) for name in (
        "sum", "prod", "max", "min", "mean", "var", "std", "ptp", "nansum", "nanprod")),
    *(calls(name, axis=AXES[:-1], keepdims=KEEP, on=(C, HOLES)) for name in (
        "median", "nanmedian", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "average")),
    *(calls(name, axis=[None, 0, 1, -1, 5], on=(V, M)) for name in (
        "cumsum", "cumprod", "nancumsum", "nancumprod", "sort", "flip")),
    calls("var", ddof=[0, 1, 3, 7], axis=[0]), calls("std", correction=[0, 1.5], axis=[1]),
    calls("quantile", [0, 0.37, 1, [0.1, 0.9], [[0.2], [1.0]], np.array(0.4)],
          axis=[None, 1, (0, 1)], keepdims=KEEP,
          method=["linear", "lower", "higher", "nearest", "midpoint"], on=(C,)),
    calls("percentile", [0, 37, [10, 90], 101], axis=[None, 0], on=(M, HOLES)),
    calls("reshape", [(-1,), 12, (2, 6), (5,)]), calls("ravel", "CFA"),
    calls("reshape", [(4, 3)], order=["C", "F"]),
    calls("transpose", [None, (1, 2, 0), (-1, 0, 1), (0, 1)], on=(C,)),
    calls("swapaxes", [0, -1], [1, 2, 7], on=(C,)),
    calls("moveaxis", [0, (0, 1)], [-1, (2, 0), (1, 1)], on=(C,)),
    calls("rollaxis", [0, 1, 2, -1], [0, 1, 2, 3, -1], on=(C,)),
    calls("expand_dims", [0, -1, (0, 2), (0, -1), 7]),
    calls("squeeze", [None, 0, (0, 2)], on=(C[:1], C[:1, :, :1])),
    calls("rot90", [-5, -1, 0, 1, 2, 3, 6], [(0, 1), (1, 0), (0, 2), (-1, 0), (1, 1)], on=(C,)),
    calls("roll", [0, 1, -7, (1, 2)], [None, 0, (0, 1)], on=(M,)),
    calls("flip", [None, 0, (0, 1)]), calls("fliplr", on=ALL), calls("flipud", on=ALL),
    *(calls(f"atleast_{n}d", on=(V[0], *ALL)) for n in (1, 2, 3)),
    calls("matrix_transpose", on=ALL), calls("resize", [7, (2, 2), (5, 3), (0, 2)]),
    calls("tile", [0, 2, (2,), (1, 2), (2, 1, 3), (2, 2, 1, 1)], on=ALL),
    calls("repeat", [0, 2, [1, 0, 2]], [None, 0, 1]), calls("repeat", [3], [None, 0, -1], on=ALL),
    calls("pad", [0, 1, (2, 3), ((1, 0), (0, 2)), [(1,), (2,)]],
          ["constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "maximum",
           "minimum"]),
    calls("pad", [((7, 3), (0, 9))], ["reflect", "symmetric", "wrap"]),
    calls("pad", [2], ["mean", "maximum"], stat_length=[1, ((1, 2), (3, 9))]),
    calls("pad", [{0: 1}, {-1: (2, 1)}], ["edge"]) if np.lib.NumpyVersion(np.__version__) >= "2.2.0"
    else (),
    calls("split", [1, 2, 3, [1], [1, 1], [2, 1], [-1], [0, 9]], [0, 1]),
    calls("array_split", [1, 2, 3, 7, 0, [1, 2]], [0, -1]), calls("hsplit", [1, 2, [1]], on=ALL),
    calls("vsplit", [1, 3, [1]], on=ALL), calls("dsplit", [2, [1]], on=ALL),
    calls("insert", [0, 1, -1, 3, [0, 2], slice(0, 2), [1], 9], [1.5, [2.5]], [None, 0, 1]),
    calls("insert", [1, [1]], [V[:4]], [0]), calls("insert", [2, [2]], [V[:3]], [1]),
    calls("delete", [0, -1, [0, 1], slice(None, None, 2), [True, False, True], 9], [None, 0]),
    calls("append", [M, V], [None, 0, 1]),
    calls("take", [0, -1, [0, 2], [[1], [0]], 11, 12, []], [None, 0, 1], mode=["raise"]),
    calls("take", [[-9, 20]], [None, 0], mode=["wrap", "clip"]),
    calls("diag", [-5, -2, 0, 1, 9], on=ALL), calls("diagflat", [-1, 0, 2], on=(V, M)),
    calls("diagonal", [-3, -1, 0, 2, 9], [0, -1], [1, 2], on=(C,)),
    calls("trace", [-1, 0, 1], [0, 1], [2], on=(C,)),
    calls("tril", [-2, 0, 1, 9], on=ALL), calls("triu", [-9, -1, 0, 2], on=ALL),
    calls("diff", [0, 1, 2, 5], [0, -1, 1], on=(M,)), calls("diff", prepend=[0.5], append=[1.5]),
    calls("ediff1d", [None, 0.5, [1.0, 2.0]], [None, 0.5], on=(M,)),
    calls("gradient", on=ALL), calls("gradient", [0.5, V[:4].cumsum()], axis=[1, (1,), 0]),
    calls("gradient", [0.5], [2.0], edge_order=[1, 2, 3], on=(M, V)),
    calls("gradient", [V.cumsum()], edge_order=[1, 2], on=(V,)),
    calls("trapezoid", axis=[0, 1], dx=[1.0, 0.5]), calls("trapezoid", [V[:4], M], axis=[1, -1]),
    calls("trapezoid", [V[:3], M], axis=[0]), calls("trapezoid", [V[:2]], axis=[0], on=(C,)),
    calls("convolve", [V[:1], V[:2], V[:3], draw(8)], ["full", "same", "valid"], on=(V, V[:2])),
    calls("correlate", [V[:1], V[:2], V[:3], draw(8)], ["full", "same", "valid"], on=(V, V[:2])),
    calls("meshgrid", [V], [V[:2]], indexing=["xy", "ij", "no"], sparse=KEEP, on=(V, V[:3])),
    calls("linspace", [2.0, V], num=[0, 1, 4], endpoint=KEEP, axis=[0, -1], on=(V,)),
    calls("linspace", [2.0], retstep=[True], num=[1, 3], endpoint=KEEP, on=(V,)),
    calls("clip", [None, 0.5, V[:4]], [0.7]), calls("clip", [0.5], [None]),
    calls("unique", return_index=KEEP, return_inverse=KEEP, return_counts=KEEP),
    calls("cumulative_sum", axis=[None, 0, -1], include_initial=KEEP, on=(V, M))
    if hasattr(np, "cumulative_sum") else (),
    calls("interp", [np.linspace(0.4, 0.8, 3)], [V[:3]], left=[None, -1.0], right=[None, 9.0]),
    calls("nan_to_num", nan=[0.0, 2.0], posinf=[None, 1.0], neginf=[None, -1.0],
          on=(np.array([np.nan, np.inf, -np.inf, 1.0]),)),
    calls("vander", [None, 0, 1, 4], increasing=KEEP, on=(V, M, V.astype("f"))),
    calls("polyval", [2.0, V, M], on=(V,)),
    *(calls(name, [V[:2], 2.0, P], on=(V, P)) for name in (
        "polyadd", "polysub", "polymul", "polydiv")),
    calls("polyder", [-1, 0, 1, 2, 9], on=(V, P, V.astype("f"))),
    calls("polyint", [-1, 0, 1, 2], [None, 0.5, [1.0, 2.0], [1.0, 2.0, 3.0]], on=(V, P)),
    calls("roots", on=(V, P, P[:2], 0 * P, V[:1], M)),
    calls("poly", on=(V, V[:0], M, M[:, :3], np.array([1 + 1j, 1 - 1j]), 1j * V)),
    calls("polyfit", [draw(5), draw(5, 2)], [0, 2, -1], w=[None, V, V[:2]], on=(V, M)),
    calls("polyfit", [np.arange(5)], [1], on=(V.astype("f"),)),
    calls("unwrap", [None, 0.2], period=[1.0, 0.3], axis=[0, -1], on=(3 * V, 2 * M)),
    calls("unwrap", on=(9 * V, 20 * M)),
    calls("cov", [None, draw(4), draw(2, 4)], rowvar=KEEP, bias=KEEP, on=(M, V[:4], C, M[:, 0])),
    calls("cov", ddof=[None, 0, 2, 0.5], fweights=[None, [1, 0, 2, 1], [1, -1, 1, 1], [1.5] * 4],
          aweights=[None, V[:4], V]),
    calls("corrcoef", [None, draw(4)], rowvar=KEEP, on=(M, V[:4], M + 1j * M.T[:3, ::-1].mean())),
    calls("histogram_bin_edges", [1, 4, "auto", V[:2], [0.2, 0.4, 0.9], 0, 1.5],
          range=[None, (0.2, 0.6), (0.5, 0.5), (2, 1)], on=(*ALL, V[:0])),
    calls("histogram", [1, 4, "auto", [0.2, 0.4, 0.9]], range=[None, (0.2, 0.6)],
          density=KEEP, weights=[None, draw(5), draw(3, 4)], on=(V, M, V.astype("f"))),
    calls("nanquantile", [0, 0.37, [0.1, 1.0], 2, np.array([[0.4]])], axis=[None, 0, (0, 1)],
          method=["linear", "lower", "midpoint"], keepdims=KEEP, on=(HOLES, HOLES.astype("f"))),
    calls("nanpercentile", [0, 37, [10, 90], 101], axis=[None, 1], on=(HOLES, 0 * HOLES)),
    *(calls(name, on=(np.round(V, 1), np.round(M, 1), HOLES)) for name in (
        "unique_all", "unique_counts", "unique_inverse", "unique_values")),
    *(calls(name, [np.round(draw(6), 1), V[:0]], on=(np.round(V, 1), np.round(M, 1), V[:0]))
      for name in ("union1d", "intersect1d", "setdiff1d", "setxor1d")),
    calls("intersect1d", [V[2:4]], [True], return_indices=KEEP, on=(V,)),
    *(calls(name, [V[2:4]], [True], on=(V,)) for name in ("setdiff1d", "setxor1d")),
    calls("trim_zeros", ["fb", "f", "B", "x"], on=(P, V, 0 * V)),
    calls("sort_complex", on=(V, 1j * V[::-1] + 1, M)),
))


def attempt(f, x):
    """(values of f(x), None), or (None, the class of the error)."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            y = f(x)
        return [np.asarray(a) for a in (y if isinstance(y, (list, tuple)) else [y])], None
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        return None, type(error)


@pytest.mark.parametrize("f, x", CALLS)
def test_the_value_or_the_error_is_numpys(f, x):
    (ours, refused), (judge, error) = attempt(lambda x: vjp(f, x)[0], x), attempt(f, x)
    assert (refused is None) == (error is None), (refused, error)
    if judge is None:
        return
    assert [a.shape for a in ours] == [a.shape for a in judge]
    assert [a.dtype for a in ours] == [a.dtype for a in judge]
    for a, b in zip(ours, judge):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


def test_a_wrong_value_is_found():
    with pytest.raises(AssertionError):
        test_the_value_or_the_error_is_numpys(
            lambda x: x if type(x) is np.ndarray else np.flip(x, 0), M)
    with pytest.raises(AssertionError):
        test_the_value_or_the_error_is_numpys(
            lambda x: x if type(x) is np.ndarray else np.reshape(x, 7), M)
