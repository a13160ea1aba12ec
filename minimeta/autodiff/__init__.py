"""The engine: derivatives of any order of ordinary NumPy code.

Read next: trace.py.
"""
from . import memory, surface  # noqa: F401
from .recompute import checkpoint
from .rules.ravel import ravel
from .table import compose, defvjp
from .trace import Traced, primitive
from .transforms import (elementwise_grad, grad, hessian, hvp, jacobian, jvp, stop_gradient,
                         value_and_grad, vjp)

__all__ = ["Traced", "checkpoint", "compose", "defvjp", "elementwise_grad", "grad", "hessian",
           "hvp", "jacobian", "jvp", "primitive", "ravel", "stop_gradient", "value_and_grad", "vjp"]
