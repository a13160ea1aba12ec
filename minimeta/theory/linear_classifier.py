"""C5. Prototypical classification is linear, for every Bregman divergence.

    -D(z, c_k) = w_k.z + b_k - phi(z),   w_k = grad phi(c_k),   b_k = phi(c_k) - grad phi(c_k).c_k

Proof: expand D(z, c_k) = phi(z) - phi(c_k) - <grad phi(c_k), z - c_k>.  The term -phi(z) is common
to all classes, and the softmax does not feel it.  For the squared Euclidean distance w_k = 2 c_k,
b_k = -||c_k||^2: the boundary of two classes is the hyperplane halfway between their prototypes.

Counterexamples: the prototype as first argument, -D(c_k, z), and the distance not squared,
-||z - c_k||.  These logits are not linear, not even up to a common term.

Source: Snell et al. 2017, section 2.4 (squared distance) and 2.3 (Bregman divergences).

Read next: discriminant.py.
"""
import numpy as np

from ..autodiff import grad
from ..meta import bregman, log_probabilities, negative_entropy, squared_norm
from ..nn import log_softmax
from .generators import EXAMPLE, generators
from .theorem import Picture, counterexample, gap


def linear_head(prototypes, phi=squared_norm):
    """(w (m, d), b (m,)): the classifier z -> w z + b of prototypes (m, d).

    phi is any NumPy function of a vector.
    """
    w = np.stack([grad(phi)(c) for c in prototypes])
    b = np.stack([phi(c) for c in prototypes]) - np.sum(w * prototypes, axis=1)
    return w, b


def linear_logits(z, prototypes, phi=squared_norm):
    """w_k.z_i + b_k (n, m) of points z (n, d) and prototypes (m, d): the one side."""
    w, b = linear_head(prototypes, phi)
    return z @ w.T + b


def divergence_logits(z, prototypes, phi=squared_norm):
    """-D(z_i, c_k) + phi(z_i) (n, m), the other side: the common term is taken off."""
    D = bregman(phi)
    return np.stack([np.stack([phi(z_i) - D(z_i, c) for c in prototypes]) for z_i in z])


def bend(logit, z0, z1):
    """logit(z0) + logit(z1) - 2 logit(midpoint), an array: zero where logits are affine."""
    return logit(z0) + logit(z1) - 2 * logit((z0 + z1) / 2)


def contrast(logit, prototypes):
    """z -> logit(z, c_0) - logit(z, c_1): what the softmax sees, free of common terms."""
    return lambda z: logit(z, prototypes[0]) - logit(z, prototypes[1])


def swapped_logit(z, c):
    """-D(c, z), a number: the prototype as first argument, under Kullback and Leibler's D."""
    return -bregman(negative_entropy)(c, z)


def plain_logit(z, c):
    """-||z - c||, a number: the distance is not squared."""
    return -np.sqrt(np.sum((z - c) ** 2))


def verify(rng, loss=None):
    """Findings for every generator on random points and prototypes."""
    found = []
    for name, phi, draw, _ in generators(rng, 3):
        z, c = draw(rng, 4, 3), draw(rng, 5, 3)
        logits = linear_logits(z, c, phi)
        found.append(gap(f"{name}: linear logits against -D(z, c) + phi(z)",
                         logits, divergence_logits(z, c, phi), 1e-12))
        found.append(gap(f"{name}: log-probabilities against those of prototypical networks",
                         log_softmax(logits), log_probabilities(z, c, phi), 1e-11,
                         np.max(np.abs(logits))))
    z0, z1, *c = EXAMPLE
    for name, logit in (("prototype as first argument", swapped_logit),
                        ("plain distance", plain_logit)):
        found.append(counterexample(f"{name}: how far two logits' difference is from affine",
                                    abs(bend(contrast(logit, c), z0, z1)), 0.01))
    return found


def picture(rng):
    """Three classes of five points in the plane, their means, and the boundaries between them."""
    centres = np.array([[-1.5, -1.0], [1.5, -1.0], [0.0, 1.5]])
    support = centres[:, None] + 0.5 * rng.standard_normal((3, 5, 2))
    prototypes = np.mean(support, axis=1)
    w, b = linear_head(prototypes)
    lines = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        # the points where the logits of i and j are equal: a line, through `on`, along `along`
        normal, offset = w[i] - w[j], b[i] - b[j]
        on = -offset * normal / (normal @ normal)
        along = np.array([-normal[1], normal[0]]) / np.sqrt(normal @ normal)
        line = on + np.linspace(-6.0, 6.0, 1201)[:, None] * along
        logits = line @ w.T + b
        shown = logits[:, i] >= np.max(logits, axis=1) - 1e-9       # the third is less likely
        lines.append((f"classes {i} and {j} as likely", *line[shown].T))
    return Picture(
        kind="plane", title="Prototypical networks classify linearly", xlabel="embedding, first "
        "coordinate", ylabel="second coordinate", lines=tuple(lines),
        points=(*((f"class {k}", *points.T) for k, points in enumerate(support)),
                ("prototypes", *prototypes.T)),
        note="Each boundary lies halfway between two prototypes and is perpendicular to the line "
             "between them.", equal=True)
