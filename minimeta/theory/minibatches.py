"""B3, B4.  What MAML, FOMAML and Reptile follow on average over minibatches.

k gradients, each of a minibatch L_i of its own: phi_{i+1} = phi_i - alpha g_i with g_i =
grad L_i(phi_i).
Bars mark values at theta.  B3:
    g_i = gbar_i - alpha Hbar_i sum_{j<i} gbar_j + O(alpha^2).
B4: the last minibatch is the query (MAML: d L_k / d theta; FOMAML: g_k; Reptile: sum_i g_i, its
update over -alpha).  In expectation over independent minibatches, up to O(alpha^2),
    MAML A - 2(k-1) alpha B,    FOMAML A - (k-1) alpha B,    Reptile k A - k(k-1)/2 alpha B,
with A = E[gbar], the gradient of joint training (AvgGrad), and B = E[Hbar_i gbar_j] =
1/2 grad E<gbar_i, gbar_j>, i != j (AvgGradInner): to descend -B is to make minibatches agree.

Proof.  B3: expand grad L_i at theta, phi_i - theta = - alpha sum_{j<i} gbar_j + O(alpha^2).  B4:
MAML's factors (A1) add - alpha sum_{j<k} Hbar_j gbar_k to FOMAML's; every product H_i g_j, i != j,
has the same expectation B; count them.  []

One support set used k-1 times with an independent query leaves MAML and FOMAML as they are: their
products pair the query with the support.  But where all gradients come from one set, as Reptile is
often coded, B becomes B' = E[H_i g_i] = 1/2 grad E||g||^2: the counterexample to independence.

B3 needs a second derivative.  Counterexample: with L_2 = max(theta, 0)^2 / 2 from theta = 0, where
its gradient has a kink, the remainder is of order alpha, in one direction or the other.

Source: Nichol, Achiam, Schulman 2018, section 5, equations 12 to 36.

Read next: many_steps.py.
"""
from functools import partial
from itertools import product

import numpy as np

from ..autodiff import grad, hvp
from .descent import descend, starting_point, step_size
from .reptile_update import like_minibatches, path_gradients
from .slopes import EPS, ladder, remainder, taylor
from .theorem import Picture, Theorem, counterexample, difference, gap

METHODS = "MAML", "FOMAML", "Reptile"
LONGEST = 4          # sequence that is enumerated


def path_gradient_expansion(losses, theta, alpha):
    """[gbar_i - alpha Hbar_i sum_{j<i} gbar_j], each (P,): B3's right side."""
    before, found = np.zeros_like(theta), []
    for loss in losses:
        g = grad(loss)(theta)
        found.append(g - alpha * hvp(loss, theta, before))
        before = before + g
    return found


def sequence_direction(method, losses, theta, alpha):
    """What a method follows (P,) on one sequence of minibatches, the last of them the query."""
    *support, query = losses
    if method == "MAML":
        return grad(lambda t: query(descend(support, t, alpha)[-1]))(theta)
    if method == "FOMAML":
        return path_gradients(losses, theta, alpha)[-1]
    if method == "Reptile":
        return sum(path_gradients(losses, theta, alpha))
    raise ValueError(f"method={method!r}: one of {', '.join(METHODS)}")


def sequences(losses, k, drawn="independent"):
    """All equally likely sequences of k minibatches, drawn in one of three ways.

    "independent": k draws; "reused support": one for the first k - 1 and another for the query;
    "one set": the same k times.
    """
    if drawn == "independent":
        return [list(s) for s in product(losses, repeat=k)]
    if drawn == "reused support":
        return [[s] * (k - 1) + [q] for s, q in product(losses, repeat=2)]
    if drawn == "one set":
        return [[s] * k for s in losses]
    raise ValueError(f"drawn={drawn!r}: 'independent', 'reused support' or 'one set'")


def expected_direction(method, losses, theta, alpha, k, drawn="independent"):
    """The mean direction (P,) over all sequences: exact, by enumeration."""
    return np.mean([sequence_direction(method, each, theta, alpha)
                    for each in sequences(losses, k, drawn)], axis=0)


def average_gradient(losses, theta):
    """A = E[gbar] (P,)."""
    return np.mean([grad(loss)(theta) for loss in losses], axis=0)


def average_product(losses, theta, drawn="independent"):
    """B = 1/2 grad E<gbar_i, gbar_j> (P,); from one set, B' = 1/2 grad E||gbar||^2.

    Independent draws may coincide, so E<gbar_i, gbar_j> = ||E gbar||^2.
    """
    def inner(t):
        g = [grad(loss)(t) for loss in losses]
        if drawn == "one set":
            return sum(np.sum(gi * gi) for gi in g) / (2 * len(g))
        mean = sum(g) / len(g)
        return np.sum(mean * mean) / 2
    return grad(inner)(theta)


def average_of_products(losses, theta, drawn="independent"):
    """B = E[Hbar_i gbar_j] (P,) as it stands, i != j of independent draws, or i = j of one set."""
    pairs = product(losses, repeat=2) if drawn != "one set" else zip(losses, losses)
    return np.mean([hvp(a, theta, grad(b)(theta)) for a, b in pairs], axis=0)


def coefficients(method, k):
    """(coefficient of A, coefficient of -alpha B) with k gradients."""
    return {"MAML": (1, 2 * (k - 1)), "FOMAML": (1, k - 1),
            "Reptile": (k, k * (k - 1) / 2)}[method]


def predicted_direction(method, losses, theta, alpha, k, drawn="independent"):
    """The right side of B4 (P,)."""
    a, b = coefficients(method, k)
    return (a * average_gradient(losses, theta)
            - b * alpha * average_product(losses, theta, drawn))


def _problem(rng, loss, theta, count):
    theta = starting_point(rng, theta, dim=3)
    losses = like_minibatches(rng, loss, theta, count)
    return losses, theta, step_size(losses[0], theta, 0.1)


def at_a_kink(alpha) -> float:
    """B3's remainder over alpha at theta = 0 of max(theta, 0)^2 / 2, from either side: one in all.

    The first minibatch, -theta or theta, moves into the parabola or away from it.
    """
    rest = []
    for way in (-1.0, 1.0):
        theta = np.zeros(1)
        losses = [lambda t: way * t[0], lambda t: np.maximum(t[0], 0.0) ** 2 / 2]
        left, right = (f(losses, theta, alpha)[1] for f in (path_gradients,
                                                            path_gradient_expansion))
        rest.append(abs(left[0] - right[0]) / alpha)
    return sum(rest)


def verify_path_gradients(rng, loss=None, theta=None):
    """B3 for four minibatches: slopes, and the coefficient of alpha; and how it fails at a kink."""
    losses, theta, largest = _problem(rng, loss, theta, 4)
    alphas, found = ladder(largest, 14), []
    left = np.array([path_gradients(losses, theta, a) for a in alphas])
    right = np.array([path_gradient_expansion(losses, theta, a) for a in alphas])
    errors = np.linalg.norm(left - right, axis=-1)
    measured = taylor(lambda a: np.array(path_gradients(losses, theta, a)), alphas[3], 1)
    claimed = np.array(path_gradient_expansion(losses, theta, 1.0)) - gradients_at(losses, theta)
    for i in range(len(losses)):
        noise = 16 * EPS * float(np.linalg.norm(left[0, i]))
        found += [remainder(f"g_{i + 1}: remainder", alphas, errors[:, i], noise, 2),
                  gap(f"g_{i + 1}: coefficient of alpha, measured", measured[1, i], claimed[i],
                      1e-6, scale=np.max(np.abs(claimed)))]
    if loss is None:
        found.append(counterexample("a loss with a kink in its gradient: remainder over alpha",
                                    at_a_kink(alphas[-1]), 0.99))
    return found


def gradients_at(losses, theta):
    """[gbar_i] (k, P)."""
    return np.array([grad(loss)(theta) for loss in losses])


def verify_expectations(rng, loss=None, theta=None):
    """B4 by enumeration over two minibatches for k = 2, 3, 4 and the three ways of drawing."""
    losses, theta, largest = _problem(rng, loss, theta, 2)
    alphas, found = ladder(largest / 16, 4), []
    for drawn in ("independent", "one set"):
        found.append(gap(f"{drawn}: 1/2 grad E<g_i, g_j> and E[H_i g_j]",
                         average_product(losses, theta, drawn),
                         average_of_products(losses, theta, drawn), 1e-12))
    for method, k, drawn in product(METHODS, range(2, LONGEST + 1),
                                    ("independent", "reused support", "one set")):
        if (method, drawn) == ("Reptile", "reused support"):
            continue                    # Reptile has no query: its k minibatches are alike
        left = partial(expected_direction, method, losses, theta, k=k, drawn=drawn)
        right = partial(predicted_direction, method, losses, theta, k=k, drawn=drawn)
        noise = 64 * k * EPS * float(np.linalg.norm(gradients_at(losses, theta)))
        errors = [np.linalg.norm(left(a) - right(a)) for a in alphas]
        found.append(remainder(f"{method}, k = {k}, {drawn}: remainder", alphas, errors, noise, 2))
        found.append(gap(f"{method}, k = {k}, {drawn}: coefficient of alpha, measured",
                         taylor(left, alphas[0], 1, nodes=2)[1], right(1.0) - right(0.0), 1e-5))
    if loss is None:
        found.append(counterexample("one set is not independent: B' and B", difference(
            average_product(losses, theta, "one set"), average_product(losses, theta)), 1e-2))
    return found


def picture_of_path_gradients(rng):
    """Remainders of g_2, g_3 and g_4 against alpha; and of g_4 if it is taken for gbar_4."""
    losses, theta, largest = _problem(rng, None, None, 4)
    alphas = ladder(largest, 10)
    left = np.array([path_gradients(losses, theta, a) for a in alphas])
    right = np.array([path_gradient_expansion(losses, theta, a) for a in alphas])
    lines = [(f"g_{i + 1}: slope 2", left[:, i] - right[:, i]) for i in (1, 2, 3)]
    lines.append(("g_4 less gbar_4: slope 1", left[:, 3] - grad(losses[3])(theta)))
    return Picture("loglog", "Gradients along a path of minibatches", "alpha",
                   "norm of the remainder", note="four random smooth losses", lines=tuple(
                       (label, alphas, np.linalg.norm(rest, axis=1)) for label, rest in lines))


def picture(rng):
    """Remainders of the three expectations against alpha, k = 3; and of FOMAML taken for MAML."""
    losses, theta, largest = _problem(rng, None, None, 2)
    alphas, lines = ladder(largest, 10), []
    for label, method, formula in (*((f"{m}: slope 2", m, m) for m in METHODS),
                                   ("FOMAML against MAML's formula: slope 1", "FOMAML", "MAML")):
        rest = [np.linalg.norm(expected_direction(method, losses, theta, a, 3)
                               - predicted_direction(formula, losses, theta, a, 3)) for a in alphas]
        lines.append((label, alphas, np.array(rest)))
    return Picture("loglog", "What is followed on average", "alpha", "norm of the remainder",
                   lines=tuple(lines), note="k = 3 gradients of independent minibatches")


THEOREMS = [
    Theorem("B3", "Gradients along a path of minibatches",
            "g_i = gbar_i - alpha Hbar_i sum_{j<i} gbar_j + O(alpha^2)",
            __name__, verify_path_gradients, generic=True, picture=picture_of_path_gradients),
    Theorem("B4", "What each method follows in expectation",
            "MAML A - 2(k-1) alpha B, FOMAML A - (k-1) alpha B, Reptile k A - k(k-1)/2 alpha B, "
            "up to O(alpha^2)", __name__, verify_expectations, generic=True, picture=picture)]
