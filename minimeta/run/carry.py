"""A loss that is computed on a device, and asked from the host; read next: verify.py.

Two linear functions, each of which is the other's derivative: put brings numbers to the device, get
brings them back.  So every derivative of the loss, of any order, is computed on the device too.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff import defvjp, primitive
from ..theory.losses import smooth_loss


@primitive
def put(x, device):
    """The array x of the host on the device."""
    return device.put(np.asarray(x))


@primitive
def get(x, device):
    """The device's array x on the host."""
    return np.asarray(device.get(x))


defvjp(put, lambda g, y, x, device: get(g, device=device))
defvjp(get, lambda g, y, x, device: put(g, device=device))


def carried(loss: Callable, device: Any) -> Callable:
    """The loss as a function of theta (P,) on the host, computed on the device."""
    @functools.wraps(loss)
    def function(theta):
        return get(loss(put(theta, device=device)), device=device)
    return function


def random_loss(rng: np.random.Generator, dimension: int, device: Any) -> Callable:
    """A random smooth loss of theta (P,), P = dimension, whose constants are on the device."""
    loss = smooth_loss(rng, dimension)
    return dataclasses.replace(loss, **{field.name: device.put(getattr(loss, field.name))
                                        for field in dataclasses.fields(loss)})
