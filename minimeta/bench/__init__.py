"""How fast: a few workloads on a CPU, on a GPU, and by other libraries on the same GPU.

Read next: problems.py.
"""
from .measure import Cell, Row, median_seconds, run
from .problems import PROBLEMS, Problem

__all__ = ["Cell", "PROBLEMS", "Problem", "Row", "median_seconds", "run"]
