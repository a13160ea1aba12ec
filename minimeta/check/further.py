"""Tests besides the entries: <Jv, u> = <v, J'u>, Hessian symmetry, slopes of Taylor remainders.

Read next: report.py.
"""
import math

import numpy as np

from ..autodiff import vjp
from ..autodiff.tree import flatten
from .functions import cotangents, like, real_dot, to_host
from .lines import noise
from .report import INCONCLUSIVE, OK, WRONG, Slope, Test

ROUND_OFF = 1e5         # two ways to one number may differ by so many eps of their terms


def transposes(inputs, f, outputs, direction, u, eps):
    """The adjoint test: <J v, u> by two backward passes and <v, J'u> by one."""
    _, pullback = vjp(lambda leaves: flatten(inputs.call(f, leaves))[0], list(inputs.leaves))
    weights = cotangents(outputs, u)
    backward = pullback(weights)[0]
    _, transpose = vjp(pullback, weights)       # at any point: a pullback is linear, or wrong
    forward = transpose((list(direction),))[0]
    return agree("adjoint, <Jv, u> and <v, J'u>", (forward, weights), (backward, direction), eps)


def symmetry(inputs, hessian_vector, v, w, eps):
    """<H v, w> = <v, H w>."""
    Hv, Hw = (hessian_vector(inputs.leaves, d) for d in (v, w))
    return agree("symmetry, <Hv, w> and <v, Hw>", (Hv, w), (Hw, v), eps)


def agree(name, left, right, eps):
    """A Test that two inner products agree to round-off."""
    size = max(float(sum(np.sum(np.abs(to_host(p)) * np.abs(to_host(q))) for p, q in zip(*pair)))
               for pair in (left, right))
    left, right = float(real_dot(*left)), float(real_dot(*right))
    bound = ROUND_OFF * eps * size
    if not math.isfinite(left - right) or not math.isfinite(bound):
        return Test(name, left, right, bound, INCONCLUSIVE)
    return Test(name, left, right, bound, WRONG if abs(left - right) > bound else OK)


def taylor(inputs, F, chain, direction, centre, eps):
    """Slopes of |p(t) - sum_{i <= j} p^(i) t^i / i!| for j = 0 to the highest order.

    chain -- gradients of order 1, 2, ..., each along `direction` but for the last factor
    """
    hosts = [to_host(d) for d in direction]

    def line(t):
        return [x + like(np.asarray(t * d, d.dtype), x) for x, d in zip(inputs.leaves, hosts)]
    steps = 2.0 ** -np.arange(1, 40)
    steps = steps[steps > eps ** 0.75]
    values = np.array([F(line(t))[0] for t in steps])
    sigma = max(float(noise(F, line, eps)[0][0]), eps / 2 * abs(centre))
    terms = [centre] + [float(real_dot(g(inputs.leaves), direction)) for g in chain]
    slopes, polynomial = [], np.zeros_like(steps)
    for j, term in enumerate(terms):
        polynomial = polynomial + term * steps ** j / math.factorial(j)
        remainder = np.abs(values - polynomial)
        floor = 30 * sigma + 4 * eps * sum(map(abs, terms[:j + 1]))
        slopes.append(Slope(j, j + 1, slope(steps, remainder, floor), {
            "steps": steps.tolist(), "remainder": remainder.tolist(), "floor": floor}))
    return slopes


def slope(steps, remainder, floor):
    """The log-log slope at the smallest five steps that stand out of the noise, or None."""
    with np.errstate(invalid="ignore"):
        clear = (remainder > floor) & np.isfinite(remainder)
    if not clear.any():
        return None
    last = np.flatnonzero(clear)[-1]
    at = [i for i in range(max(last - 4, 0), last + 1) if clear[i]]
    if len(at) < 3:
        return None
    return float(np.polyfit(np.log(steps[at]), np.log(remainder[at]), 1)[0])
