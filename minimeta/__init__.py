"""minimeta: the mathematics of meta-learning, read, run and checked.

Read next: autodiff/trace.py.
"""
from .autodiff import (defvjp, elementwise_grad, grad, hessian, hvp, jacobian, jvp, primitive, ravel,
                       stop_gradient, value_and_grad, vjp)

__version__ = "0.1.0"
__all__ = ["defvjp", "elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "primitive",
           "ravel", "stop_gradient", "value_and_grad", "vjp"]
