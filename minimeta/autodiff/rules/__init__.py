"""The derivatives: a table, one row a function, by family.

Read next: ufuncs.py, reductions.py, shapes.py, linalg.py, einsum.py, inverses.py,
decompositions.py, norms.py, fft.py, ravel.py, complex.py.
"""
from . import complex, ravel, reductions, shapes, ufuncs  # noqa: F401
from . import decompositions, einsum, fft, inverses, linalg, norms  # noqa: F401
