"""Initialisers: random weights of a given shape, drawn from the generator that is passed.

A weight is (d, h) or (kh, kw, C, O): its last axis counts the outputs, all others the inputs.
Numbers are drawn in float64 and converted, so a seed gives the same weights in every dtype.

Read next: model.py.
"""
import math

import numpy as np


def fans(shape):
    """(inputs, outputs) of one unit: d and h, or kh*kw*C and kh*kw*O."""
    if len(shape) < 2:
        raise ValueError(f"a weight has at least two axes, got shape {tuple(shape)}: biases are "
                         "initialised by zeros or uniform")
    return math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1]


def zeros(rng, shape, dtype=np.float32):
    """Zeros of `shape`; rng is not used."""
    return np.zeros(shape, dtype)


def ones(rng, shape, dtype=np.float32):
    """Ones of `shape`; rng is not used."""
    return np.ones(shape, dtype)


def uniform(rng, shape, bound, dtype=np.float32):
    """Numbers of `shape`, uniform in [-bound, bound)."""
    return rng.uniform(-bound, bound, shape).astype(dtype)


def glorot_uniform(rng, shape, dtype=np.float32):
    """Weights of `shape`, variance 2 / (inputs + outputs).  Glorot and Bengio 2010, eq. 16."""
    return uniform(rng, shape, math.sqrt(6 / sum(fans(shape))), dtype)


def he_normal(rng, shape, dtype=np.float32):
    """Weights of `shape`, normal of variance 2 / inputs, for ReLU.  He et al. 2015, eq. 10."""
    return (rng.standard_normal(shape) * math.sqrt(2 / fans(shape)[0])).astype(dtype)


def lecun_uniform(rng, shape, dtype=np.float32):
    """Weights of `shape`, uniform of variance 1 / (3 inputs): bound 1 / sqrt(inputs)."""
    return uniform(rng, shape, 1 / math.sqrt(fans(shape)[0]), dtype)


def truncated_normal(rng, shape, std=0.01, dtype=np.float32):
    """Numbers of `shape`, normal, drawn again beyond two `std`.

    The default is what the MAML authors' code gives its fully connected networks.
    """
    x = rng.standard_normal(shape)
    while (far := np.abs(x) > 2).any():
        x[far] = rng.standard_normal(far.sum())
    return (x * std).astype(dtype)
