"""The derivatives: a table, one row a function, by family.

Read next: ufuncs.py, elementwise.py, reductions.py, running.py, nans.py, shapes.py, joins.py,
indexing.py, order.py, numerical.py, polynomials.py, statistics.py, sets.py, linalg.py, einsum.py,
inverses.py, decompositions.py, norms.py, fft.py, ravel.py, complex.py.
"""
from . import (complex, decompositions, einsum, elementwise, fft, indexing,  # noqa: F401
               inverses, joins, linalg, nans, norms, numerical, order, polynomials, ravel,
               reductions, running, sets, shapes, statistics, ufuncs)
