"""Samples of indexing, choosing, diagonals, sorting.

Read next: ../test_rules.py.
"""
import numpy as np

from minimeta.autodiff.rules import order

from .core import drawer

draw = drawer(4)
A, B, C = draw(3, 4), draw(3, 4) + 0.03, draw(2, 3, 4)
ROW, MASK, PICK = draw(4) + 0.01, draw(3, 4) > 0.55, np.array([[0, 1, 1, 0]])

SAMPLES = {
    order.tied._primitive: (lambda a: order.tied(np.sort(a, axis=-1)), (A,)),
}

COMPOSITIONS = {
    "index, basic": (lambda a: a[1, ::2] * a[-1, ..., 1:3], (A,)),
    "index, newaxis, ellipsis": (lambda a: a[None, ..., 1, None], (C,)),
    "index, arrays": (lambda a: a[[[0], [2]], [1, 1]], (A,)),
    "index, mixed": (lambda a: a[:, [2, 0, 0], 1:] * a[[0, 1], None, :, 1:][:, 0], (C,)),
    "index, split by a slice": (lambda a: a[[0, 1, 1], :, [2, 2, 0]], (C,)),
    "index, boolean": (lambda a: a[MASK], (A,)),
    "index, boolean and integer": (lambda a: a[MASK[:, 0], 1], (A,)),
    "index, boolean axis": (lambda a: a[:, MASK], (C,)),
    "index, a plain boolean": (lambda a: a[True] * a[None, np.True_] + a[np.newaxis], (A,)),
    "take": (lambda a: np.take(a, [[0, 2], [2, 1]], axis=1) * a.take([1, 1]), (A,)),
    "take, wrap": (lambda a: np.take(a, [-7, 5], axis=0, mode="wrap"), (A,)),
    "take, clip": (lambda a: np.take(a, [-7, 5], mode="clip"), (A,)),
    "take_along_axis": (lambda a: np.take_along_axis(a, PICK, axis=0), (A,)),
    "take_along_axis, flat": (lambda a: np.take_along_axis(a, PICK[0], axis=None), (A,)),
    "compress": (lambda a: np.compress([False, True, True], a, axis=1), (A,)),
    "compress, method": (lambda a: a.compress([True, False, True]), (A,)),
    "extract": (lambda a: np.extract(MASK, a), (A,)),
    "where": (lambda a, b: np.where(MASK, a, b), (A, ROW)),
    "select": (lambda a, b: np.select([MASK, A > 0.5], [a, a * b], b), (A, ROW)),
    "choose": (lambda a, b: np.choose(PICK, [a, b]), (A, ROW)),
    "choose, wrap": (lambda a, b: np.choose(PICK + 2, (a, b), mode="wrap"), (A, B)),
    "piecewise": (lambda a: np.piecewise(a, [a < 0.5, a > 0.7], [np.exp, np.sin, 2.0]), (A,)),
    "piecewise, one": (lambda a: np.piecewise(a, a < 0.4, [np.exp, lambda x: -x]), (ROW,)),
    "unique": (np.unique, (A,)),
    "bincount": (lambda w: np.bincount([0, 2, 2, 1], w, minlength=5), (ROW,)),
    "diag": (lambda v: np.diag(v, 1) * np.diag(v, -1).T + np.diag(v, 1), (ROW,)),
    "diag of a matrix": (lambda a: np.diag(a, 1) * np.diag(a, -0)[:3], (A,)),
    "diagonal": (lambda a: a.diagonal(1, 0, 2) * np.diagonal(a, -1, 2, 0), (C,)),
    "diagflat": (lambda a: np.diagflat(a, -2), (A,)),
    "trace": (lambda a: np.trace(a, 1, 1, 2) * a.trace()[0], (C,)),
    "tril, triu": (lambda a: np.tril(a, -1) + 2 * np.triu(a, 1), (C,)),
    "tril of a vector": (np.tril, (ROW,)),

    "sort": (lambda a: np.sort(a, axis=0), (A,)),
    "sort, all": (lambda a: np.sort(a, axis=None), (A,)),
    "partition": (lambda a: np.partition(a, 1, axis=0)[1], (A,)),
    "median": (lambda a: np.median(a, axis=1, keepdims=True), (A,)),
    "median, axes": (lambda a: np.median(a, axis=(0, 1)), (C,)),
    "median, all": (np.median, (A,)),
    "quantile": (lambda a: np.quantile(a, 0.3, axis=0, keepdims=True), (A,)),
    "quantile, traced share": (lambda a, q: np.quantile(a, q, axis=1), (A, ROW)),
    "quantile, midpoint": (lambda a: np.quantile(a, [0.3, 0.9], axis=0, method="midpoint"), (A,)),
    "percentile": (lambda a: np.percentile(a, [20, 90], axis=(0, 2)), (C,)),
}
