"""The derivatives: a table, one row a function, by family.

Read next: ufuncs.py, reductions.py, shapes.py, linalg.py, ravel.py, complex.py.
"""
from . import complex, linalg, ravel, reductions, shapes, ufuncs  # noqa: F401
