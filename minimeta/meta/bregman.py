"""Bregman divergences: the distances for which the mean is the best prototype.

Banerjee, Merugu, Dhillon, Ghosh 2005, "Clustering with Bregman Divergences".

Read next: protonet.py.
"""
import numpy as np

from ..autodiff import grad


def bregman(phi):
    """The divergence D(x, y) = phi(x) - phi(y) - <grad phi(y), x - y> of a convex function.

    phi acts on the last axis, (..., d) -> (...), and so does D; grad phi is the engine's.
    """
    def divergence(x, y):
        return phi(x) - phi(y) - np.sum(slope(phi, y) * (x - y), axis=-1)
    divergence.phi = phi
    return divergence


def slope(phi, y):
    """grad phi at each row of y (..., d)."""
    return grad(lambda y: np.sum(phi(y)))(y)


def pairwise(phi, x, y):
    """D(x_i, y_j) of every row of x (..., n, d) and of y (..., m, d): (..., n, m).

    phi(x) - <grad phi(y), x> + <grad phi(y), y> - phi(y): one product of matrices.
    """
    s = slope(phi, y)
    offset = np.sum(s * y, axis=-1) - phi(y)
    return phi(x)[..., :, None] - x @ np.swapaxes(s, -1, -2) + offset[..., None, :]


def squared_norm(x):
    """||x||^2, whose divergence is the squared Euclidean distance ||x - y||^2."""
    return np.sum(x * x, axis=-1)


def negative_entropy(x):
    """sum x log x, for positive x; its divergence is Kullback and Leibler's (generalised)."""
    return np.sum(x * np.log(x), axis=-1)


def burg_entropy(x):
    """-sum log x, for positive x; its divergence is Itakura and Saito's."""
    return -np.sum(np.log(x), axis=-1)
