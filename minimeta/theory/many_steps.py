"""B6.  Reptile with many steps: the point nearest to all tasks' solutions.

alpha < 2 / lambda_max.  As k grows, phi_k goes to the point of task i's set of solutions that is
nearest to theta, its orthogonal projection.  On quadratic tasks of full rank that is the optimum
a_i, and Reptile's fixed point goes to the mean of the optima; where the solutions of each task form
an affine set, it goes to the point that minimises the summed squared distances to them.

Proof.  phi_k - a_i = (I - alpha H_i)^k (theta - a_i).  The power goes to the projection onto the
null space of H_i, at the rate of the largest |1 - alpha lam|, lam > 0; so theta - phi_k goes to
P_i (theta - a_i), P_i the projection onto H_i's range, which is half the gradient of the squared
distance ||P_i (theta - a_i)||^2.  The fixed point is where these sum to 0.  []

With alpha > 2 / lambda_max the power grows without bound, and tasks count by their steepest
directions: the counterexample.

Source: Nichol et al. 2018, section 5.2, "Finding a point near all solution manifolds".

Read next: ../run/train.py.
"""
import numpy as np

from .losses import quadratic_losses
from .quadratics import meta_direction, weighted_optimum
from .theorem import Theorem, counterexample, difference, gap, slope

LIMIT = 1e-9
TINY = 1e-9         # an eigenvalue below that, relative to the largest, counts as 0


def range_projection(H):
    """P (P, P): the orthogonal projection onto the range of a symmetric H (P, P)."""
    lam, U = np.linalg.eigh(H)
    inside = U[:, np.abs(lam) > TINY * np.max(np.abs(lam))]
    return inside @ inside.T


def distance_to_solutions(task, theta) -> float:
    """The distance from theta (P,) to the minimisers of a quadratic task."""
    return float(np.linalg.norm(range_projection(task.H) @ (theta - task.a)))


def nearest_point(tasks):
    """The point (P,) of least summed squared distance to the solutions of quadratic tasks.

    (sum P_i)^+ sum P_i a_i: of least norm if there are many; with full rank the mean of the a_i.
    """
    projections = [range_projection(task.H) for task in tasks]
    target = sum(p @ task.a for p, task in zip(projections, tasks))
    return np.linalg.lstsq(sum(projections), target, rcond=None)[0]


def rate(tasks, alpha) -> float:
    """The largest |1 - alpha lam| over the tasks' eigenvalues lam > 0: what a step leaves."""
    lam = np.concatenate([np.linalg.eigvalsh(task.H) for task in tasks])
    return float(np.max(np.abs(1 - alpha * lam[np.abs(lam) > TINY * np.max(np.abs(lam))])))


def gaps(tasks, alpha, steps):
    """Distances (n,) of Reptile's fixed point to the nearest point, k = each of steps (n,)."""
    limit = nearest_point(tasks)
    return np.array([np.linalg.norm(weighted_optimum("Reptile", tasks, alpha, k) - limit)
                     for k in steps])


def verify(rng, loss=None, theta=None):
    """Findings on tasks of full rank and on tasks with affine sets of solutions."""
    found, alpha = [], 0.8
    for name, rank in (("full rank", None), ("rank 2 of 4", 2)):
        tasks = quadratic_losses(rng, 4, 3, rank)
        limit = nearest_point(tasks)
        if rank is None:
            found.append(gap("full rank: the nearest point is the mean of the optima",
                             limit, np.mean([task.a for task in tasks], axis=0), LIMIT))
        found += [gap(f"{name}: fixed point at k = 200",
                      weighted_optimum("Reptile", tasks, alpha, 200), limit, LIMIT),
                  gap(f"{name}: Reptile stays there, k = 200",
                      meta_direction("Reptile", tasks, limit, alpha, 200), np.zeros(4), LIMIT,
                      scale=1.0)]
        # each step leaves the same share of the gap, once the slowest direction is alone
        late = round(np.log(1e-8) / np.log(rate(tasks, alpha)))
        near = gaps(tasks, alpha, (late, late + 5))
        found.append(slope(f"{name}: log of what a step leaves", np.log(near[1] / near[0]) / 5,
                           np.log(rate(tasks, alpha)), 0.1))
        too_large = 2.5 / max(np.linalg.norm(task.H, 2) for task in tasks)
        far = weighted_optimum("Reptile", tasks, too_large, 21)
        found.append(counterexample(f"{name}: alpha = 2.5 / lambda_max, k = 21",
                                    difference(far, limit), 1e-2))
    return found


THEOREMS = [Theorem(
    "B6", "Reptile with many steps",
    "as k grows, Reptile's fixed point goes to the point nearest to the tasks' solutions: the mean "
    "of the optima, where each has one", __name__, verify)]
