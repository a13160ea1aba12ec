"""The engine: derivatives of any order of ordinary NumPy code.

Read next: trace.py.
"""
from .diff import (elementwise_grad, grad, hessian, hvp, jacobian, jvp, stop_gradient,
                   value_and_grad, vjp)
from .rules.ravel import ravel
from .trace import Traced, compose, defvjp, primitive

__all__ = ["Traced", "compose", "defvjp", "elementwise_grad", "grad", "hessian", "hvp", "jacobian",
           "jvp", "primitive", "ravel", "stop_gradient", "value_and_grad", "vjp"]
