"""B0, B5.  What Reptile's update is: a sum of gradients, and with one step nothing but SGD.

B0, telescoping.  With a loss L_j for each of k steps, phi_{j+1} = phi_j - alpha grad L_j(phi_j):
    phi_k - theta = - alpha sum_{j<k} grad L_j(phi_j), exactly.
So phi_k - theta is an update.  The gradient that an optimiser is given in its place is
(theta - phi_k) / alpha, the sum of gradients, or theta - phi_k, which has the alpha in it.

B5, k = 1 is joint training.  theta + beta mean_i (phi_1^i - theta) is a step of size alpha beta of
gradient descent on the average loss, exactly: one-step Reptile learns no initialisation that joint
training would not.

Proof.  B0: add up the steps.  B5: phi_1 - theta = - alpha grad L_i(theta), and the mean of the
gradients is the gradient of the mean.  []  For k > 1 gradients are taken along the path, where
they differ from those at theta: the counterexample of both.

Source: Nichol, Achiam, Schulman 2018, "On First-Order Meta-Learning Algorithms", sections 3 and 5.

Read next: reptile_expansion.py.
"""
import numpy as np

from ..autodiff import grad
from .descent import descend, starting_point, step_size
from .losses import smooth_losses
from .theorem import Picture, Theorem, counterexample, difference, gap

LIMIT = 1e-13


def update(losses, theta, alpha):
    """phi_k - theta (P,), from theta (P,) by a step on each loss."""
    return descend(losses, theta, alpha)[-1] - theta


def telescoped(losses, theta, alpha):
    """- alpha sum_{j<k} grad L_j(phi_j) (P,)."""
    return -alpha * sum(path_gradients(losses, theta, alpha), np.zeros_like(theta))


def path_gradients(losses, theta, alpha):
    """[grad L_j(phi_j)], each (P,), along the path from theta (P,)."""
    path = descend(losses, theta, alpha)
    return [grad(loss)(phi) for loss, phi in zip(losses, path)]


def reptile_gradient(losses, theta, alpha):
    """(theta - phi_k) / alpha (P,): what an optimiser may be given, on the scale of a gradient."""
    return -update(losses, theta, alpha) / alpha


def all_at_theta(losses, theta, alpha):
    """- alpha sum_j grad L_j(theta) (P,): the counterexample, wrong for k > 1."""
    return -alpha * sum(grad(loss)(theta) for loss in losses)


def reptile_step(tasks, theta, alpha, beta, steps):
    """theta + beta mean_i (phi_k^i - theta) (P,), k = steps on each task's loss."""
    return theta + beta * np.mean([update([task] * steps, theta, alpha) for task in tasks], axis=0)


def joint_step(tasks, theta, size):
    """theta - size grad mean_i L_i(theta) (P,): gradient descent on the average loss."""
    return theta - size * grad(lambda t: sum(task(t) for task in tasks) / len(tasks))(theta)


def like_minibatches(rng, loss, theta, count):
    """Random losses; or the user's, shifted a little, so that they differ as minibatches do."""
    if loss is None:
        return smooth_losses(rng, theta.size, count)
    shifts = 0.1 * rng.standard_normal((count, theta.size))
    return [lambda t, s=s: loss(t + s) for s in shifts]


def verify_telescoping(rng, loss=None, theta=None):
    """B0 for k = 1 to 5 losses."""
    theta, found = starting_point(rng, theta), []
    losses = like_minibatches(rng, loss, theta, 5)
    alpha = step_size(losses[0], theta, 0.3)
    scale = np.max(np.abs(theta))
    for k in range(1, 6):
        left = update(losses[:k], theta, alpha)
        found.append(gap(f"k = {k}: phi_k - theta and - alpha times the sum of gradients", left,
                         telescoped(losses[:k], theta, alpha), LIMIT, scale))
        if loss is None and k > 1:
            found.append(counterexample(
                f"k = {k}: every gradient at theta",
                difference(all_at_theta(losses[:k], theta, alpha), left), 1e-3))
    return found


def verify_joint_training(rng, loss=None, theta=None):
    """B5 for three tasks, and how k = 2 differs."""
    theta, beta = starting_point(rng, theta), 0.7
    tasks = like_minibatches(rng, loss, theta, 3)
    alpha, scale = step_size(tasks[0], theta, 0.3), np.max(np.abs(theta))
    joint = joint_step(tasks, theta, alpha * beta)
    found = [gap("k = 1: Reptile and descent on the average loss",
                 reptile_step(tasks, theta, alpha, beta, 1), joint, LIMIT, scale)]
    if loss is None:
        twice = joint_step(tasks, theta, 2 * alpha * beta)
        found.append(counterexample("k = 2: Reptile and a joint step twice as long", difference(
            reptile_step(tasks, theta, alpha, beta, 2), twice), 1e-3))
    return found


def picture(rng):
    """Reptile's path over the losses of two tasks in the plane, against gradient flow."""
    tasks = smooth_losses(rng, 2, 2)
    start, lines = np.array([2.5, 2.5]), []
    for label, steps, alpha, beta, count in (
            ("gradient flow of the average loss", 1, 0.05, 1.0, 800),
            ("Reptile, k = 1", 1, 0.4, 0.5, 60), ("Reptile, k = 10", 10, 0.4, 0.1, 60)):
        path = [start]
        for _ in range(count):
            path.append(reptile_step(tasks, path[-1], alpha, beta, steps))
        x, y = np.transpose(path)
        lines.append((label, x, y))
    optima = [descend([task] * 300, start, 0.3)[-1] for task in tasks]
    points = tuple((f"optimum of task {i}", p[:1], p[1:]) for i, p in enumerate(optima, 1))
    return Picture("plane", "Reptile's path", "theta 1", "theta 2", lines=tuple(lines),
                   points=points, note="k = 1 follows the flow, k = 10 goes to another point",
                   equal=True)


THEOREMS = [
    Theorem("B0", "Telescoping", "phi_k - theta = - alpha sum_{j<k} grad L_j(phi_j): an update",
            __name__, verify_telescoping, generic=True),
    Theorem("B5", "One-step Reptile is joint training",
            "theta + beta mean_i (phi_1^i - theta) = theta - alpha beta grad mean_i L_i(theta)",
            __name__, verify_joint_training, generic=True, picture=picture)]
