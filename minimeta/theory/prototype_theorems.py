"""The theorems about prototypes, C1 to C11, as entries of the table.

Read next: mean.py.
"""
from . import (averaging, bregman_mean, confidence, converse, discriminant, first_argument,
               geometry, linear_classifier, matching_prototypes, mean, proto_maml)
from .theorem import Theorem


def entry(key, title, statement, file):
    """The Theorem of a file, with its picture if it has one."""
    return Theorem(key, title, statement, file.__name__, file.verify,
                   picture=getattr(file, "picture", None))


THEOREMS = [
    entry("C1", "The mean minimises the squared distance",
          "sum w_i ||x_i - c||^2 - sum w_i ||x_i - mu||^2 = ||mu - c||^2: squared, not plain",
          mean),
    entry("C2", "The mean is the best second argument",
          "sum w_i D(x_i, c) - sum w_i D(x_i, mu) = D(mu, c) >= 0 for any Bregman divergence D",
          bregman_mean),
    entry("C3", "The best first argument is another point",
          "sum w_i D(c, x_i) is least at (grad phi)^-1 (sum w_i grad phi(x_i))",
          first_argument),
    entry("C4", "The converse: only Bregman divergences",
          "if the mean is always best, grad_c F(x, c) is affine in x, "
          "and F is the divergence of F(., b)",
          converse),
    entry("C5", "Prototypical classification is linear",
          "-D(z, c_k) = w_k.z + b_k - phi(z), w_k = grad phi(c_k), b_k = phi(c_k) - w_k.c_k",
          linear_classifier),
    entry("C6", "Prototypical networks are LDA",
          "softmax_k -||z - c_k||^2 = p(k | z) where z | k ~ N(c_k, I/2) and priors are equal",
          discriminant),
    entry("C7", "Matching against Prototypical Networks",
          "one shot: equal with attention -||.||^2; K shots: mean_i d(q, x_i) = d(q, mean) + Var",
          matching_prototypes),
    entry("C8", "Cosine attention needs a temperature",
          "N classes, one shot, non-negative features: no probability exceeds e / (e + N - 1)",
          confidence),
    entry("C9", "Rigid motions, scale and temperature",
          "z -> R z + t changes nothing, z -> s z multiplies logits by s^2; "
          "s -> inf: 1-nearest-neighbour",
          geometry),
    entry("C10", "ProtoMAML starts as a prototypical network",
          "a linear head of w_k = 2 c_k, b_k = -||c_k||^2 has its softmax, and its gradient",
          proto_maml),
    entry("C11", "Averaging reduces noise, and is not robust",
          "Var(c_k) = sigma^2 / K; one outlier moves the mean by distance / K, the median stays",
          averaging),
]
