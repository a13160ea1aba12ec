"""A7.  Early stopping is a prior: adaptation by a few steps is Bayesian, on linear regression.

L(theta) = ||y - X theta||^2 / 2, X'X = U diag(lam) U', alpha < 1 / max lam, r = (1 - alpha lam)^K.
K gradient steps from theta_0 give exactly the MAP estimate under noise of variance 1 and the prior
    N(theta_0, Sigma),   Sigma = U diag((1 - r) / (lam r)) U'      (K alpha where lam = 0):
MAML's initialisation is the mean of a prior, its steps and step size are the prior's width.

Proof.  In coordinates of U, with theta_ls a least-squares solution, K steps leave r of the way:
theta_K = theta_ls + r (theta_0 - theta_ls).  The MAP estimate under variance s leaves 1 / (1 + lam
s) of it.  Equal where s = (1 - r) / (lam r) = alpha (1 + q + ... + q^(K-1)) / q^K, q = 1 - alpha
lam, which has no 0 / 0.  []

Counterexample: beyond 1 / max lam q can be negative.  The algebra goes on, but for odd K so is a
"variance" then (for even K beyond 2 / max lam), and there is no such prior.

Source: Santos 1996, "Equivalence of regularization and truncated iteration"; Grant et al. 2018,
"Recasting Gradient-Based Meta-Learning as Hierarchical Bayes", section 3.

Read next: reptile_update.py.
"""
import numpy as np

from .descent import descend
from .theorem import Theorem, counterexample, gap

LIMIT = 1e-10


def squared_loss(X, y):
    """||y - X theta||^2 / 2, a function of theta (P,), for X (N, P) and y (N,)."""
    return lambda theta: 0.5 * np.sum((y - X @ theta) ** 2)


def early_stopped(X, y, theta_0, alpha, steps):
    """theta_K (P,): K steps of gradient descent from theta_0 (P,), the one side."""
    return descend([squared_loss(X, y)] * steps, theta_0, alpha)[-1]


def prior_covariance(X, alpha, steps):
    """Sigma (P, P): alpha sum_{j<K} q^j / q^K in the eigenvectors of X'X, q = 1 - alpha lam.

    Raises ZeroDivisionError where alpha lam = 1: K steps forget theta_0, as under a flat prior.
    """
    lam, U = np.linalg.eigh(X.T @ X)
    q = 1 - alpha * lam
    if steps and not np.all(q):
        raise ZeroDivisionError("alpha times an eigenvalue of X'X is 1: the prior is flat there, "
                                "lower alpha")
    powers = q ** np.arange(steps)[:, None]
    return (U * (alpha * np.sum(powers, axis=0) / q ** steps)) @ U.T


def map_estimate(X, y, theta_0, covariance):
    """The mode (P,) under y ~ N(X theta, I), theta ~ N(theta_0, covariance): the other side.

    theta_0 + Sigma X' (X Sigma X' + I)^-1 (y - X theta_0), for any Sigma, singular ones too.
    """
    gain = np.linalg.solve(X @ covariance @ X.T + np.eye(len(X)), X @ covariance)
    return theta_0 + gain.T @ (y - X @ theta_0)


def narrowest(covariance) -> float:
    """The least variance in any direction: negative where there is no such prior."""
    return float(np.linalg.eigvalsh(covariance)[0])


def verify(rng, loss=None, theta=None):
    """Findings for more points than weights, and fewer (lam = 0), and K = 0 to 10."""
    found = []
    for points, dim in ((8, 4), (3, 5)):
        X, theta_0 = rng.standard_normal((points, dim)), rng.standard_normal(dim)
        y, largest = rng.standard_normal(points), np.linalg.norm(X, 2) ** 2
        for steps in (0, 1, 3, 10):
            alpha = 0.6 / largest
            covariance = prior_covariance(X, alpha, steps)
            found.append(gap(f"{points} points, P = {dim}, K = {steps}: descent and MAP",
                             early_stopped(X, y, theta_0, alpha, steps),
                             map_estimate(X, y, theta_0, covariance), LIMIT))
        found.append(gap(f"{points} points, P = {dim}: no variance is negative",
                         min(narrowest(covariance), 0.0), 0.0, 1e-12, scale=alpha))
        for share, steps in ((1.5, 1), (1.5, 3), (2.5, 2)):
            covariance = prior_covariance(X, share / largest, steps)
            found.append(counterexample(
                f"P = {dim}, alpha = {share} / max lam, K = {steps}: minus the least variance",
                -narrowest(covariance) * largest, 0.1))
    return found


THEOREMS = [Theorem(
    "A7", "Early stopping is a prior",
    "K gradient steps from theta_0 on linear regression are the MAP estimate under "
    "N(theta_0, U diag((1 - r) / (lam r)) U'), r = (1 - alpha lam)^K",
    __name__, verify)]
