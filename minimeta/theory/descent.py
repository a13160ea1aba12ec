"""Gradient descent, the inner loop of MAML and Reptile, as a path of points.

Read next: maml_gradient.py.
"""
import numpy as np

from ..autodiff import grad, hessian


def descend(losses, theta, alpha):
    """[phi_0, ..., phi_K], each (P,): a step on each of K losses, from phi_0 = theta (P,).

    phi_{j+1} = phi_j - alpha grad L_j(phi_j).  Differentiable in theta and alpha.
    """
    path = [theta]
    for loss in losses:
        path.append(path[-1] - alpha * grad(loss)(path[-1]))
    return path


def curvature(loss, theta) -> float:
    """The largest absolute eigenvalue of the Hessian at theta (P,): L, locally."""
    return float(np.linalg.norm(hessian(loss)(theta), 2))


def step_size(loss, theta, share) -> float:
    """alpha such that alpha times the curvature at theta (P,) is `share`; `share` if it is 0."""
    return share / (curvature(loss, theta) or 1.0)


def starting_point(rng, theta=None, dim=5):
    """theta (P,) as float64, or a random point (dim,) where none is given."""
    return rng.standard_normal(dim) if theta is None else np.asarray(theta, dtype=np.float64)
