"""The multilayer perceptron.

Read next: conv4.py.
"""
import math

import numpy as np

from . import init
from .layers import linear, relu
from .model import from_tree


def mlp(sizes, activation=relu, weight_init=init.lecun_uniform, dtype=np.float32):
    """A Model of linear layers, sizes (d, h1, ..., out): outputs (..., N, out) of x (..., N, d).

    Images whose pixels are d numbers are flattened: (..., N, 28, 28, 1) for d = 784.
    activation is any elementwise NumPy function; nothing follows the last layer.

    A unit with one input is a kink at x = -b / w.  With zero biases every kink starts at x = 0, and
    a sinusoid is not learned; so biases are uniform in +-1 / sqrt(inputs), as wide as the weights.
    """
    sizes = tuple(sizes)
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes are (inputs, hidden ..., outputs), got {sizes}")

    def weights(rng):
        return [{"w": weight_init(rng, (d, h), dtype=dtype),
                 "b": init.uniform(rng, (h,), 1 / math.sqrt(d), dtype)}
                for d, h in zip(sizes, sizes[1:])]

    def apply(layers, x, stats=None):
        if stats is not None:
            raise ValueError("mlp has no batch norm: leave stats out")
        x = _vectors(x, sizes[0])
        for layer in layers[:-1]:
            x = activation(linear(x, layer["w"], layer["b"]))
        return linear(x, layers[-1]["w"], layers[-1]["b"])

    return from_tree(weights, apply, name="mlp " + "-".join(map(str, sizes)))


def _vectors(x, d):
    """x (..., N, d), flattening images (..., N, H, W) or (..., N, H, W, C) of d numbers."""
    for axes in (1, 2, 3):
        if x.ndim > axes and math.prod(x.shape[-axes:]) == d:
            return x if axes == 1 else x.reshape(x.shape[:-axes] + (d,))
    raise ValueError(f"the network takes vectors (..., N, {d}) or images of {d} numbers, got "
                     f"shape {x.shape}" + (": give it its last axis, x[..., None]" if d == 1
                                           else ""))
