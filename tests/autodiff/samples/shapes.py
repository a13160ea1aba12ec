"""Samples of shapes: reshaping, joining, splitting, repeating, padding, differences, grids.

Read next: indexing.py.
"""
import numpy as np

from minimeta.autodiff.rules import joins, numerical

from .core import drawer

draw = drawer(3)
A, B, C = draw(3, 4), draw(3, 4) + 0.03, draw(2, 3, 4)
ROW, COLUMN, FIVE = draw(4) + 0.01, draw(3) + 0.02, draw(5)


def both(parts):
    """Parts of one shape, as one array."""
    return np.stack([part * (i + 1) for i, part in enumerate(parts)])


def pads(mode, **options):
    return (lambda a: np.pad(a, ((2, 1), (0, 3)), mode, **options), (A,))


SAMPLES = {
    joins.join._primitive: (lambda a, b: np.concatenate([a, b], axis=1), (A, B)),
    joins.cut._primitive: (lambda a: joins.cut(a, at=(1, 3), axis=1)[1], (A,)),
    numerical.polynomial_product._primitive: (np.convolve, (FIVE, COLUMN)),
}

COMPOSITIONS = {
    "sliding_window_view": (lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 3)), (A,)),
    "ravel, flatten": (lambda a: np.ravel(a) * a.flatten() * a.ravel(), (A,)),
    "reshape, method": (lambda a: a.reshape(2, -1) * a.reshape((2, 6)), (A,)),
    "reshape, columns first": (
        lambda a: np.reshape(a, (2, -1), order="F") * a.reshape(6, 2).T, (A,)),
    "ravel, columns first": (lambda a: np.ravel(a, order="F") * a.flatten("F") * a.ravel(), (A,)),
    "transpose, method": (lambda a: a.transpose(2, 0, 1) + a.transpose(2, 0, 1), (C,)),
    "permute_dims": (lambda a: np.permute_dims(a, (1, 2, 0)), (C,)),
    "matrix_transpose": (lambda a: np.matrix_transpose(a) * a.mT, (C,)),
    "moveaxis": (lambda a: np.moveaxis(a, (0, 1), (-1, 0)), (C,)),
    "rollaxis": (lambda a: np.rollaxis(a, 2) * np.rollaxis(a, -1, -3), (C,)),
    "expand_dims": (lambda a: np.expand_dims(a, (0, -1)), (A,)),
    "squeeze": (lambda a: np.squeeze(a, 1), (draw(3, 1, 2),)),
    "broadcast_to": (lambda a: np.broadcast_to(a, (2, 3, 4)), (ROW,)),
    "broadcast_arrays": (lambda a, b: both(np.broadcast_arrays(a, b)), (A, ROW)),
    "fliplr, flipud": (lambda a: np.fliplr(a) * np.flipud(a), (A,)),
    "flip": (lambda a: np.flip(a) * np.flip(a, (0, 2)), (C,)),
    "rot90": (lambda a: np.rot90(a) * np.rot90(a, -1) + np.rot90(np.rot90(a, 2), 3), (A,)),
    "rot90, axes": (lambda a: np.rot90(a, axes=(2, 0)), (C,)),
    "roll": (lambda a: np.roll(a, 2) * np.roll(a, (1, -1), (0, 1)), (A,)),
    "roll, lists": (lambda a: np.roll(a, [1, 2], axis=[1, 0]), (A,)),
    "atleast": (lambda a: np.atleast_1d(a[0]) * np.atleast_2d(a) * np.atleast_3d(a), (ROW,)),
    "resize": (lambda a: np.resize(a, (3, 5)), (A,)),
    "full_like": (lambda a: np.full_like(a, a[0, 0]), (A,)),
    "copy": (lambda a: np.copy(a) * a.copy(), (A,)),
    "astype": (lambda a: a.astype(float) * np.astype(a, float), (A,)),

    "concat": (lambda a, b: np.concat((a, b), axis=-1), (A, B)),
    "concatenate, lists": (lambda a, b: np.concatenate([a, [1.0, 2.0], b]), (ROW, COLUMN)),
    "stack": (lambda a, b: np.stack([a, b], axis=-1), (A, B)),
    "hstack": (lambda a, b: np.hstack([a, b]), (A, B)),
    "hstack, vectors": (lambda a, b: np.hstack([a, b, 1.0]), (ROW, COLUMN)),
    "vstack": (lambda a, b: np.vstack([a, b]), (A, ROW)),
    "dstack": (lambda a, b: np.dstack((a, b)), (ROW, ROW + 0.2)),
    "column_stack": (lambda a, b: np.column_stack([a, b]), (A, COLUMN)),
    "append": (lambda a, b: np.append(a, b), (A, ROW)),
    "append, axis": (lambda a, b: np.append(a, b, axis=0), (A, B)),
    "block": (lambda a, b: np.block([[a, b], [b, 2 * a]]), (A, B)),
    "block, depths": (lambda a, b: np.block([[a, b[:, None]], [np.ones((2, 5))]]), (A, COLUMN)),
    "insert": (lambda a, v: np.insert(a, 1, v, axis=0), (A, ROW)),
    "insert, several": (lambda a, v: np.insert(a, [0, 2, 2], v, axis=1), (A, COLUMN[:, None])),
    "insert, flat": (lambda a, v: np.insert(a, slice(1, 3), v), (A, ROW[:2])),
    "delete": (lambda a: np.delete(a, [0, -1], axis=1), (A,)),
    "delete, flat": (lambda a: np.delete(a, slice(None, None, 2)), (A,)),

    "split": (lambda a: both(np.split(a, 2, axis=1)), (A,)),
    "split at": (lambda a: np.split(a, [1, 3], axis=1)[1], (A,)),
    "array_split": (lambda a: np.array_split(a, 3, axis=1)[0] * 2, (A,)),
    "array_split, overlapping": (lambda a: np.array_split(a, [3, 1])[2], (FIVE,)),
    "hsplit": (lambda a: both(np.hsplit(a, 2)) + np.hsplit(a[0], 2)[0], (A,)),
    "vsplit": (lambda a: both(np.vsplit(a, 3)), (A,)),
    "dsplit": (lambda a: both(np.dsplit(a, 4)), (C,)),
    "unstack": (lambda a: both(np.unstack(a, axis=1)), (A,)),
    "iteration": (lambda a: both(a) + both(a.flat)[0], (A,)),

    "tile": (lambda a: np.tile(a, 2), (A,)),
    "tile, axes": (lambda a: np.tile(a, (2, 1, 3)), (A,)),
    "repeat": (lambda a: np.repeat(a, 2) * a.repeat(2), (A,)),
    "repeat, each": (lambda a: np.repeat(a, [1, 0, 2, 1], axis=1), (A,)),
    "pad": pads("constant"), "pad, a value": pads("constant", constant_values=0.7),
    "pad, values": pads("constant", constant_values=((0.5, 1.5), (2.0, 3.0))),
    "pad, edge": pads("edge"), "pad, reflect": pads("reflect"), "pad, symmetric": pads("symmetric"),
    "pad, wrap": pads("wrap"), "pad, linear_ramp": pads("linear_ramp", end_values=((0, 1), (2, 3))),
    "pad, mean": pads("mean"), "pad, maximum": pads("maximum", stat_length=2),
    "pad, minimum": pads("minimum", stat_length=((1, 2), (3, 4))),

    "diff": (lambda a: np.diff(a, 2, axis=0), (C.T,)),
    "diff, ends": (lambda a, b: np.diff(a, prepend=b, append=1.0), (A, COLUMN[:, None])),
    "ediff1d": (lambda a, b: np.ediff1d(a, to_end=b, to_begin=0.5), (A, ROW)),
    "gradient": (lambda a: np.gradient(a), (FIVE,)),
    "gradient, axes": (lambda a: both(np.gradient(a, 0.5, 2.0, edge_order=2)), (A,)),
    "gradient, spacing": (lambda a, x: np.gradient(a, np.cumsum(x), axis=1), (A, ROW)),
    "gradient, spacing, order 2": (
        lambda a, x: np.gradient(a, np.cumsum(x), axis=1, edge_order=2), (A, ROW)),
    "trapezoid": (lambda a: np.trapezoid(a, dx=0.5, axis=0), (A,)),
    "trapezoid, x": (lambda a, x: np.trapezoid(a, x), (A, ROW)),
    "trapezoid, x, axis": (lambda a, x: np.trapezoid(a, x, axis=0), (A, COLUMN)),
    "meshgrid": (lambda a, b: both(np.meshgrid(a, b)), (ROW, COLUMN)),
    "meshgrid, ij, sparse": (
        lambda a, b: np.add(*np.meshgrid(a, b, indexing="ij", sparse=True)), (ROW, COLUMN)),
    "linspace": (lambda a, b: np.linspace(a, b, 4, axis=-1), (A, ROW)),
    "linspace, open": (lambda a: np.linspace(0.1, a, 4, endpoint=False, retstep=True)[0], (ROW,)),
    "logspace": (lambda a, b: np.logspace(a, b, 3), (A, ROW)),
    "geomspace": (lambda a, b: np.geomspace(a, b, 4), (A, ROW)),
    "convolve, same": (lambda a, v: np.convolve(a, v, "same"), (FIVE, ROW)),
    "convolve, valid": (lambda a, v: np.convolve(a, v, mode="valid"), (COLUMN, FIVE)),
    "correlate": (lambda a, v: np.correlate(a, v), (FIVE, COLUMN)),
    "correlate, same": (lambda a, v: np.correlate(a, v, "same"), (COLUMN, ROW)),
    "correlate, full": (lambda a, v: np.correlate(a, v, "full"), (ROW, COLUMN)),
    "apply_along_axis": (lambda a: np.apply_along_axis(np.cumsum, 1, a), (C,)),
    "apply_along_axis, matrices": (
        lambda a: np.apply_along_axis(lambda v: np.stack([v, 2 * v]), 1, a), (C,)),
    "apply_over_axes": (lambda a: np.apply_over_axes(np.sum, a, [0, 2]), (C,)),
}
