"""A gradient checker that computes its own error bound, for our gradients and anybody's.

Read next: lines.py.
"""
from .grads import check_grads
from .report import GradientError, Report

__all__ = ["GradientError", "Report", "check_grads"]
