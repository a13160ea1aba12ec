"""Samples of complex numbers: real operands for the table's test, and complex ones.

Read next: ../test_complex.py.
"""
import numpy as np

from minimeta.autodiff.rules.shapes import getitem

from .core import A, M

W = 0.8 - 0.6j
SAMPLES = {
    np.absolute: (lambda a: np.abs(a * (1 + 2j) - 0.5), (A,)),
    np.conjugate: (lambda a: np.real(np.conj(a * a * (1 + 2j)) * (a - 0.5j)), (A,)),
    np.real: (lambda a: np.real((a + 0.5j) ** 3), (A,)),
    np.imag: (lambda a: np.imag((a + 0.5j) ** 3), (A,)),
    np.angle: (lambda a: np.angle((a + 0.5j) ** 2), (A,)),
}

Z = A[:, :3] + 1j * np.cos(5 * A[:, 1:])        # away from the branch cuts
Y = np.sin(3 * A[:, :3]) - 0.7j * A[:, :3] + 0.2
COMPOSITIONS = {"real_if_close": (lambda a: np.real_if_close(a + 0j), (A,))}
# name -> (call, complex operands)
COMPLEX = {fn.__name__: (fn, (Z,)) for fn in (
    np.negative, np.positive, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p,
    np.sqrt, np.square, np.reciprocal, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan,
    np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.absolute, np.sign,
    np.conjugate, np.real, np.imag, np.angle, np.sum, np.cumsum, np.mean, np.var, np.std,
    np.ravel, np.transpose, np.real_if_close)}
COMPLEX |= {fn.__name__: (fn, (Z, Y)) for fn in (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.matmul, np.vdot,
    np.dot, np.inner, np.outer)}
COMPLEX |= {
    "arccosh left": (np.arccosh, (-Z,)), "sqrt left": (np.sqrt, (-Z,)),
    "log left": (np.log, (-Z,)), "square by power": (lambda z: z ** 2, (Z,)),
    "angle in degrees": (lambda z: np.angle(z, deg=True) / 50, (Z,)),
    "attributes": (lambda z: z.real * z.imag + z.conj() * abs(z) - z.conjugate(), (Z,)),
    "inv": (np.linalg.inv, (M + 1j * Z,)), "solve": (np.linalg.solve, (M + 1j * Z, Y)),
    "where": (lambda a, b: np.where(A[:, :3] > 0.6, a, b), (Z, Y)),
    "maximum": (np.maximum, (Z, Y)), "max": (lambda z: np.max(z, axis=1), (Z,)),
    "getitem": (lambda z: getitem(z, ([0, 0, 1],)), (Z,)),
}
# a complex operand with a real one, broadcast; name -> (call, operands)
MIXED = {f"{fn.__name__} {i}": (fn, operands)
         for fn in (np.add, np.subtract, np.multiply, np.divide, np.power, np.matmul)
         for i, operands in enumerate([(Z, A[0, :3]), (A[:, :3], Y), (-A[:, :3], Y)])}
MIXED |= {
    "to complex": (lambda a: a.astype(complex) * W, (A,)),
    "where mixed": (lambda a, z: np.where(A[:, :3] > 0.6, a, z), (A[:, :3], Z)),
    "stack": (lambda a, z: np.stack([a, z]), (A[:, :3], Z)),
    "absolute of real": (lambda a: np.abs(a * (1 + 2j)), (A,)),
}
