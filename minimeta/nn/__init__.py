"""Neural networks as plain functions of weights, with a task axis in front of everything.

Read next: conv.py.
"""
from . import init
from .conv import conv2d, conv2d_input, conv2d_kernel
from .conv4 import conv4
from .encoder import ConvEncoder
from .layers import flatten, linear, max_pool, relu
from .losses import accuracy, cross_entropy, log_softmax, mean_squared_error
from .mlp import mlp
from .model import Model, batch_norm_mode, from_tree
from .norm import batch_norm, moments

__all__ = ["ConvEncoder", "Model", "accuracy", "batch_norm", "batch_norm_mode", "conv2d",
           "conv2d_input", "conv2d_kernel", "conv4", "cross_entropy", "flatten", "from_tree",
           "init", "linear", "log_softmax", "max_pool", "mean_squared_error", "mlp", "moments",
           "relu"]
