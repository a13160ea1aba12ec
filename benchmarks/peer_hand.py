"""Sinusoid MAML, FOMAML and Reptile in NumPy with derivatives worked out on paper: by_hand.py.

Read next: by_hand.py.
"""
import numpy as np

from .by_hand import BY_HAND
from .problems import BETA
from .workloads import WORKLOADS as OURS


def by_hand(name):
    args = OURS[name]().args
    step = BY_HAND[name](*args)

    def result():
        fresh = BY_HAND[name](*args)
        if name == "W2_reptile":        # its step leaves BETA times the direction
            fresh()
            return fresh.direction / np.float32(BETA)
        fresh.gradient()
        return fresh.g
    return {"": (step, result)}


WORKLOADS = {name: lambda name=name: by_hand(name) for name in BY_HAND}
