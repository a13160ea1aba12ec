"""B1.  Reptile's update, expanded in the step size.

k steps on one loss from theta; g = grad L, H, T(u, v), Q(u, v, w) its derivatives, all at theta:
    phi_k - theta = - k alpha g
        + alpha^2  C(k,2) H g
        - alpha^3 [C(k,3) H^2 g + k(k-1)(2k-1)/12 T(g,g)]
        + alpha^4 [C(k,4) H^3 g + k(k-1)^2(k-2)/24 H T(g,g)
                   + k(k-1)(k-2)(3k-1)/24 T(g,Hg) + k^2(k-1)^2/24 Q(g,g,g)]  + O(alpha^5).

Proof.  Put u_k = phi_k - theta into u_{k+1} = u_k - alpha grad L(theta + u_k), expand
grad L(theta + u) = g + H u + T(u,u)/2 + Q(u,u,u)/6 + ..., and compare powers of alpha.  The
coefficients obey recurrences in k, for example c_{k+1} = c_k + k for that of H g, and the sums of
powers of k that solve them are the polynomials above.  []

Teaching notes have - alpha g - alpha^2 H g + O(alpha^3) instead.  It is wrong for every k: for
k = 1 there is no H term, for k = 2 the H term has the right size and the wrong sign, and the first
coefficient is k, not 1.  Its remainder has slope 1 (2 for k = 1), not 3: the
counterexample.

Source: Nichol et al. 2018, section 5, to order alpha^2; the rest by the recurrences above.

Read next: reptile_quadratic.py.
"""
from math import comb

import numpy as np

from ..autodiff import grad
from .descent import starting_point, step_size
from .losses import smooth_loss
from .reptile_update import telescoped
from .slopes import EPS, components, ladder, remainder, taylor
from .theorem import Picture, Theorem, counterexample, slope


WIDE = 12            # weights of the loss on which coefficients are measured


def along(f, v):
    """The derivative of f, a number, in the direction v (P,): a function of theta, as f is."""
    return lambda theta: np.sum(grad(f)(theta) * v)


def expansion_terms(loss, theta, steps, order=4):
    """[[(name, coefficient, vector (P,)), ...], ...]: the terms of alpha, alpha^2, ..., signed.

    The vectors are the engine's own directional derivatives of the loss, up to the fourth.
    """
    if order not in (1, 2, 3, 4):
        raise ValueError(f"order={order}: the expansion is known from order 1 to 4")
    k, g = steps, grad(loss)(theta)
    found = [[("g", -k, g)]]
    if order > 1:
        Hg = grad(along(loss, g))(theta)
        found.append([("Hg", comb(k, 2), Hg)])
    if order > 2:
        HHg = grad(along(loss, Hg))(theta)
        Tgg = grad(along(along(loss, g), g))(theta)
        found.append([("HHg", -comb(k, 3), HHg),
                      ("T(g,g)", -k * (k - 1) * (2 * k - 1) / 12, Tgg)])
    if order > 3:
        found.append([
            ("HHHg", comb(k, 4), grad(along(loss, HHg))(theta)),
            ("H T(g,g)", k * (k - 1) ** 2 * (k - 2) / 24, grad(along(loss, Tgg))(theta)),
            ("T(g,Hg)", k * (k - 1) * (k - 2) * (3 * k - 1) / 24,
             grad(along(along(loss, g), Hg))(theta)),
            ("Q(g,g,g)", k ** 2 * (k - 1) ** 2 / 24,
             grad(along(along(along(loss, g), g), g))(theta))])
    return found


def reptile_expansion(loss, theta, alpha, steps, order=4):
    """phi_k - theta (P,) up to alpha^order, 1 to 4, for k = steps from theta (P,)."""
    powers = enumerate(expansion_terms(loss, theta, steps, order), 1)
    return sum(alpha ** n * coefficient * vector
               for n, row in powers for _, coefficient, vector in row)


def textbook_form(loss, theta, alpha):
    """- alpha g - alpha^2 H g (P,): the counterexample, wrong for every k."""
    g = grad(loss)(theta)
    return -alpha * g - alpha ** 2 * grad(along(loss, g))(theta)


def measured_coefficients(loss, theta, steps, h):
    """[(name, coefficient, measured)] of all terms, from updates at +-h, +-2h, ...

    P must be 4 at least, so that the four vectors of alpha^4 can be told apart; the more, the
    better.
    """
    found = []
    coefficients = taylor(lambda a: telescoped([loss] * steps, theta, a), h, 4)
    for row, vector in zip(expansion_terms(loss, theta, steps), coefficients[1:]):
        values, _ = components(vector, [v for _, _, v in row])
        found += [(name, c, float(m)) for (name, c, _), m in zip(row, values)]
    return found


def remainders(loss, theta, steps, alphas):
    """Norms (5, n) at step sizes alphas (n,): of four truncations' remainders, and the textbook's.

    The update is taken as its sum of gradients, whose round-off goes down with alpha.
    """
    rows, powers = [], [[c * v for _, c, v in row] for row in expansion_terms(loss, theta, steps)]
    powers = [sum(row) for row in powers]
    for alpha in alphas:
        rest, row = telescoped([loss] * steps, theta, alpha), []
        wrong = rest - textbook_form(loss, theta, alpha)
        for n, vector in enumerate(powers, 1):
            rest = rest - alpha ** n * vector
            row.append(rest)
        rows.append([*row, wrong])
    return np.linalg.norm(rows, axis=-1).T


def verify(rng, loss=None, theta=None):
    """Findings for k = 1, 2, 3, 5 on a random loss, or on the user's."""
    theta = starting_point(rng, theta)
    user, loss = loss is not None, loss or smooth_loss(rng, theta.size)
    largest, found = step_size(loss, theta, 0.25), []
    alphas = ladder(largest, 16)
    noise = 2 * EPS * alphas * (np.linalg.norm(grad(loss)(theta))
                                 + np.linalg.norm(theta) * 0.25 / largest)
    for k in (1, 2, 3, 5):
        *right, wrong = remainders(loss, theta, k, alphas)
        found += [remainder(f"k = {k}: remainder after alpha^{n}", alphas, e, k * noise, n + 1)
                  for n, e in enumerate(right, 1)]
        if not user:
            found.append(remainder(f"k = {k}: remainder of - alpha g - alpha^2 H g", alphas, wrong,
                                   k * noise, 1 if k > 1 else 2))
    if not user:
        wide, point = smooth_loss(rng, WIDE), starting_point(rng, dim=WIDE)
        h = step_size(wide, point, 0.005)
        for k in (1, 2, 3, 4, 5):
            found += [slope(f"k = {k}: coefficient of {name}", m, c, 1e-4 * max(1, abs(c)))
                      for name, c, m in measured_coefficients(wide, point, k, h)]
        k2 = remainders(loss, theta, 2, alphas[-1:])[:, 0]
        found.append(counterexample("k = 2: the textbook form's remainder over that of order 2",
                                    k2[4] / k2[1], 100))
    return found


def picture(rng):
    """Remainders of the four truncations and of the textbook form against alpha, k = 3."""
    theta = starting_point(rng)
    loss = smooth_loss(rng, theta.size)
    alphas = ladder(step_size(loss, theta, 0.25), 10)
    names = [f"up to alpha^{n}: slope {n + 1}" for n in range(1, 5)]
    names.append("- alpha g - alpha^2 H g: slope 1")
    return Picture("loglog", "Reptile's update, expanded", "alpha", "norm of the remainder",
                   lines=tuple((name, alphas, e) for name, e in zip(
                       names, remainders(loss, theta, 3, alphas))), note="k = 3 steps, one loss")


THEOREMS = [Theorem(
    "B1", "Reptile's Taylor expansion",
    "phi_k - theta = - k alpha g + alpha^2 C(k,2) H g "
    "- alpha^3 [C(k,3) H^2 g + k(k-1)(2k-1)/12 T(g,g)] + ...",
    __name__, verify, generic=True, picture=picture)]
