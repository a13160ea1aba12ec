"""Samples of the first rules: a call and its operands for every primitive.

Read next: elementwise.py.
"""
import numpy as np

from minimeta.autodiff.rules import linalg, shapes, ufuncs
from minimeta.autodiff.rules.ravel import joined, pieces


def drawer(seed):
    """draw(*shape): numbers away from 0, and from each other."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.permuted(np.linspace(0.3, 0.9, int(np.prod(shape)))).reshape(shape)
    return draw


draw, other = drawer(1), drawer(7)
A, B, M = draw(3, 4), draw(3, 4) + 0.05, draw(3, 3) + 2 * np.eye(3)
# rows: primitive -> (call, operands)
SAMPLES = {fn: (fn, (A,)) for fn in (
    np.negative, np.positive, np.absolute, np.fabs, np.exp, np.exp2, np.expm1, np.log, np.log2,
    np.log10, np.log1p, np.sqrt, np.cbrt, np.square, np.reciprocal, np.sin, np.cos, np.tan,
    np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctanh,
    np.deg2rad, np.rad2deg, np.ravel)}
SAMPLES |= {fn: (fn, (A, B)) for fn in (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.arctan2, np.hypot,
    np.logaddexp, np.logaddexp2, np.maximum, np.minimum)}
SAMPLES |= {
    np.arccosh: (np.arccosh, (A + 1,)),
    np.remainder: (np.remainder, (3 * A, B)),
    np.fmod: (np.fmod, (3 * A, B)),
    np.where: (lambda a, b: np.where(A > 0.6, a, b), (A, B)),
    np.sum: (lambda a: np.sum(a, axis=1), (A,)),
    np.cumsum: (lambda a: np.cumsum(a, axis=1), (A,)),
    np.max: (lambda a: np.max(a, axis=1), (A,)),
    np.min: (lambda a: np.min(a, axis=(0,), keepdims=True), (A,)),
    np.matmul: (np.matmul, (draw(2, 3, 4), draw(4, 5))),
    linalg.times_transposed._primitive: (linalg.times_transposed, (other(2, 3, 4), other(5, 4))),
    linalg.transposed_times._primitive: (linalg.transposed_times, (other(2, 4, 3), other(4, 5))),
    ufuncs.one_minus_square._primitive: (ufuncs.one_minus_square, (A,)),
    np.linalg.inv: (np.linalg.inv, (M,)),
    np.linalg.solve: (np.linalg.solve, (M, A)),
    shapes.reshaped._primitive: (lambda a: np.reshape(a, (2, 6)), (A,)),
    np.squeeze: (np.squeeze, (draw(1, 3),)),
    np.expand_dims: (lambda a: np.expand_dims(a, 1), (A,)),
    np.transpose: (lambda a: np.transpose(a, (2, 0, 1)), (draw(2, 3, 4),)),
    np.swapaxes: (lambda a: np.swapaxes(a, 0, 2), (draw(2, 3, 4),)),
    np.moveaxis: (lambda a: np.moveaxis(a, 0, -1), (draw(2, 3, 4),)),
    np.flip: (lambda a: np.flip(a, 1), (A,)),
    np.roll: (lambda a: np.roll(a, 2, axis=1), (A,)),
    shapes._getitem: (lambda a: a[[0, 2, 2], 1:], (A,)),
    shapes.scatter._primitive: (
        lambda g: shapes.scatter(g, index=(np.array([0, 1, 0]),), shape=(2, 4)), (A,)),
    shapes.astype._primitive: (lambda a: a.astype(np.float64) * 2, (A,)),
    shapes.spread_to._primitive: (lambda a: np.broadcast_to(a, (2, 3, 4)), (A,)),
    pieces._primitive: (lambda a: pieces(a, shapes=((3,), (1,)))[0], (A,)),
    joined._primitive: (lambda a, b: joined(a, b, shapes=((4,), (3, 4))), (A, B)),
}

COMPOSITIONS = {
    "dot": (np.dot, (draw(2, 3, 4), draw(2, 4, 2))),
    "dot, method": (lambda a: a.dot(B[0]), (A,)),
    "vdot": (np.vdot, (A, B)),
    "inner": (np.inner, (draw(2, 3, 4), B)),
    "outer": (np.outer, (draw(2), draw(3))),
    "products with one row, column or inner dimension": (
        lambda a, b: a @ b * (b.mT @ a.mT) + b @ a, (other(2, 3, 1), other(2, 1, 3))),
    "operators": (lambda a, b: 2 ** a - a ** 2 + (1 / b) * (-a) + abs(a) % 0.7 + +b, (A, B)),
}
