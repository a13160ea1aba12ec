"""Samples of polynomials, covariances, histograms and sets.

Read next: ../test_rules.py.
"""
import numpy as np

from .core import drawer

draw = drawer(8)
A, V, W, Z = draw(3, 4), draw(5), draw(5) + 0.04, draw(5) + 0.5j * draw(5)
X = np.linspace(-1, 1, 7)
HOLES = np.where(A > 0.8, np.nan, 0)
ANGLES = np.array([0.0, 4.0, 9.0, 3.0, -4.0])

SAMPLES = {}
COMPOSITIONS = {
    "vander": (lambda x: np.vander(x, 4) * np.vander(x, 4, increasing=True), (V,)),
    "polyval": (np.polyval, (V, A)),
    "polyval, of a polynomial": (lambda p, x: (np.poly1d(p) * np.poly1d(p[:2]))(x), (V, W)),
    "polyadd, polysub": (lambda p, q: np.polysub(np.polyadd(p, q), p * q[0]), (V[:3], W)),
    "polymul": (np.polymul, (V, W[:3])),
    "polydiv": (lambda p, q: np.concatenate(np.polydiv(p, q)), (V, W[:3])),
    "polyder, polyint": (lambda p: np.polyder(p, 2)[0] + np.polyint(p, 2, k=p[:2]), (V,)),
    "polyfit": (lambda x, y: np.polyfit(x, y, 2), (V, W)),
    "polyfit, weights": (lambda y, w: np.polyfit(X[:5], y, 1, w=w), (np.stack([V, W], 1), W)),
    "roots": (lambda p: np.abs(np.roots(p)), (np.array([1.0, -3.0, 1.5, 0.4]),)),
    "poly": (np.poly, (V,)),
    "poly, pairs": (lambda x, y: np.poly(np.stack([x + 1j * y, x - 1j * y])), (V[0], W[0])),
    "poly of a matrix": (np.poly, (A[:, :3] + np.diag([1.0, 2.0, 4.0]),)),
    "unwrap": (lambda p: np.unwrap(p + ANGLES), (V,)),
    "unwrap, period": (lambda p: np.unwrap(3 * p, period=p[0, 0] + 0.1, axis=0), (A,)),
    "cov": (lambda x, y: np.cov(x, y, bias=True), (A, V[:4])),
    "cov, weights": (lambda x, w: np.cov(x, rowvar=False, fweights=[1, 2, 1], aweights=w),
                     (A, V[:3])),
    "corrcoef": (lambda x: np.corrcoef(x)[0], (A,)),
    "histogram": (lambda a, w: np.concatenate(np.histogram(a, 3, weights=w)), (V, W)),
    "histogram, density": (lambda w, e: np.histogram(V, np.linspace(0.1, e, 5), density=True,
                                                     weights=w)[0], (W, np.array(1.2))),
    "histogram_bin_edges": (lambda a: np.histogram_bin_edges(a, 4, (a[0], 2.0)), (V,)),
    "nanquantile": (lambda a: np.nanquantile(a + HOLES, [0.2, 0.6], axis=1), (A,)),
    "nanquantile, traced share": (lambda a, q: np.nanquantile(a + HOLES, q, axis=0), (A, V)),
    "nanpercentile": (lambda a: np.nanpercentile(a + HOLES, 30, keepdims=True), (A,)),
    "unique_all": (lambda a: np.unique_all(a).values * np.unique_counts(a).values, (A,)),
    "unique_inverse": (lambda a: np.unique_inverse(a).values * np.sort(np.unique_values(a)), (A,)),
    "union1d": (np.union1d, (V, W)),
    "intersect1d": (lambda a: np.intersect1d(a, a[1:3]), (V,)),
    "setdiff1d": (lambda a: np.setdiff1d(a, a[1:3]), (V,)),
    "setxor1d": (lambda a, b: np.setxor1d(a, b), (V, W)),
    "trim_zeros": (lambda a: np.trim_zeros(np.pad(a, (2, 1))), (V,)),
    "sort_complex": (lambda a: np.abs(np.sort_complex(a) + 1j), (V,)),
}
