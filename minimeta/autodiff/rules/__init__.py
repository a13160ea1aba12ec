"""The derivatives: a table, one row a function, by family.

Read next: ufuncs.py, elementwise.py, reductions.py, running.py, nans.py, shapes.py, joins.py,
indexing.py, order.py, numerical.py, linalg.py, ravel.py.
"""
from . import (elementwise, indexing, joins, linalg, nans, numerical, order,  # noqa: F401
               ravel, reductions, running, shapes, ufuncs)
