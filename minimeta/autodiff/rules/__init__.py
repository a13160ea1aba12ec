"""The derivatives: a table, one row a function, by family.

Read next: ufuncs.py, reductions.py, shapes.py, linalg.py, ravel.py; then check.py or meta/adapt.py.
"""
from . import linalg, ravel, reductions, shapes, ufuncs  # noqa: F401
