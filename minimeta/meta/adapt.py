"""The inner loop: gradient descent on each task's support set, all tasks at once.

Read next: maml.py.
"""
import math

import numpy as np

from .. import autodiff
from ..autodiff import defvjp, grad, primitive, stop_gradient


def adapt(loss, theta, xs, ys, alpha, steps, order=2, checkpoint=False):
    """Weights (T, P), adapted to each task's support set, from theta (P,).

    loss(phi (T, P), x (T, N, ...), y (T, N, ...)) gives one number a task, shape (T,).  alpha is
    the step size, order 2 for MAML and 1 for FOMAML and Reptile.  Differentiable in theta.
    Finn et al. 2017, Algorithm 1, line 6.

    With checkpoint, a derivative runs the loop again in segments of sqrt(steps) steps instead of
    storing it: memory grows as the root of steps.  The loss may then capture no traced array.
    """
    total = per_task_sum(loss, len(xs))

    def descend(phi, xs, ys, alpha, steps):
        for _ in range(steps):
            at = phi if order == 2 else stop_gradient(phi)   # FOMAML is where one differentiates
            # phi <- phi - alpha grad L(phi; support)
            phi = step(phi, grad(total)(at, xs, ys), alpha)
        return phi
    phi = np.broadcast_to(theta, (len(xs), theta.shape[-1]))
    if not checkpoint:
        return descend(phi, xs, ys, alpha, steps)
    segment = max(1, math.isqrt(steps))
    for done in range(0, steps, segment):
        phi = autodiff.checkpoint(descend)(phi, xs, ys, alpha, min(segment, steps - done))
    return phi


@primitive(inline=True)
def step(phi, g, alpha):
    """phi - alpha g, as one call."""
    return phi - alpha * g


defvjp(step, lambda h, *_: h,
             lambda h, y, phi, g, alpha: h * -alpha,
             lambda h, y, phi, g, alpha: -h * g)


def per_task_sum(loss, tasks):
    """The sum over tasks of a loss that is held to one number a task.

    Tasks do not interact, so the gradient of the sum is the stack of the tasks' gradients.
    """
    def total(phi, x, y):
        each = loss(phi, x, y)
        if (each.shape if hasattr(each, "shape") else np.shape(each)) != (tasks,):
            raise ValueError(
                f"the loss has shape {np.shape(each)}, not one number for each of {tasks} tasks: "
                "take means over the last axes only (axis=-1), or wrap a single-task loss in "
                "minimeta.meta.per_task(loss)")
        return np.sum(each)
    return total


def per_task(loss):
    """An ordinary loss of one task, (phi (P,), x, y) -> number, on the task axis: a loop."""
    def losses(phi, x, y):
        return np.stack([loss(phi[i], x[i], y[i]) for i in range(len(x))])
    return losses
