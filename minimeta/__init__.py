"""minimeta: the mathematics of meta-learning, read, run and checked.

Read next: autodiff/trace.py.
"""
from . import check, meta, nn, optim, scipy, tasks
from .autodiff import (checkpoint, defvjp, elementwise_grad, grad, hessian, hvp, jacobian, jvp,
                       primitive, ravel, stop_gradient, value_and_grad, vjp)
from .check import check_grads
from .compiler import compile
from .device import device
from .meta import FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, Reptile
from .nn import ConvEncoder

__version__ = "0.1.0"
__all__ = [
    "grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "elementwise_grad",
    "stop_gradient", "checkpoint",                                                # differentiate
    "compile",                                                                    # run fast
    "primitive", "defvjp",                                                        # extend
    "check_grads",                                                                # verify
    "device",                                                                     # CPU or GPU
    "ravel",                                                                      # weights
    "check", "nn", "optim", "meta", "scipy", "tasks",
    "MAML", "FOMAML", "Reptile", "PrototypicalNetwork", "MatchingNetwork", "ConvEncoder",
]
