"""Functions traced once and replayed as straight lines of NumPy calls.

Read next: compiled.py.
"""
from .compiled import compile

__all__ = ["compile"]
