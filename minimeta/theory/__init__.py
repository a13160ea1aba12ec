"""The theorems of meta-learning: one file each, with both sides computed, and a counterexample.

`THEOREMS` has them all by key, in order.  THEOREMS["A1"].verify(rng) gives the findings of one;
verify(rng, loss, theta) those on a loss of your own, a function of a flat float64 vector, around
theta (P,) (random, of 3 or 5 numbers, by default), where the theorem is `generic`.

Read next: theorem.py, losses.py, slopes.py, descent.py, then maml_gradient.py.
"""
from . import cost as _cost, early_stopping as _early_stopping, many_steps as _many_steps
from . import fomaml_error as _fomaml_error, implicit as _implicit, maml_gradient as _maml_gradient
from . import minibatches as _minibatches, prototype_theorems as _prototype_theorems
from . import quadratics as _quadratics
from . import reptile_expansion as _reptile_expansion, reptile_quadratic as _reptile_quadratic
from . import reptile_update as _reptile_update
from .averaging import variance_of_mean
from .bregman_mean import divergence_from_mean, excess, second_cost
from .confidence import cap, largest_probability
from .converse import affine_defect, recovered
from .cost import kept_bytes, multiply_adds
from .descent import curvature, descend
from .discriminant import discriminant
from .early_stopping import early_stopped, map_estimate, prior_covariance
from .first_argument import first_cost, first_minimiser
from .fomaml_error import error_bound, fomaml_error, fomaml_gradient, leading_term
from .implicit import implicit_gradient, proximal_point, unrolled_proximal
from .linear_classifier import linear_head, linear_logits
from .losses import Quadratic, SmoothLoss, log_cosh, quadratic_loss, smooth_loss
from .many_steps import nearest_point
from .maml_gradient import maml_gradient, unrolled
from .matching_prototypes import distance_plus_variance, mean_distance
from .mean import geometric_median, weighted_mean
from .minibatches import (average_gradient, average_product, expected_direction,
                          path_gradient_expansion, predicted_direction)
from .quadratics import fixed_point, weighted_optimum
from .reptile_expansion import expansion_terms, reptile_expansion, textbook_form
from .reptile_quadratic import geometric_sum, quadratic_update
from .reptile_update import joint_step, reptile_gradient, reptile_step, telescoped, update
from .slopes import loglog_slope, remainder, taylor
from .theorem import Finding, Picture, Theorem, counterexample, gap, slope

__all__ = [
    "THEOREMS", "Theorem", "Finding", "Picture", "gap", "slope", "counterexample",
    "SmoothLoss", "Quadratic", "smooth_loss", "quadratic_loss", "log_cosh",
    "loglog_slope", "remainder", "taylor", "descend", "curvature",
    "maml_gradient", "unrolled",                                                      # A1
    "fomaml_error", "fomaml_gradient", "leading_term", "error_bound",                 # A2
    "multiply_adds", "kept_bytes",                                                    # A3
    "weighted_optimum", "fixed_point",                                                # A4, A5
    "implicit_gradient", "proximal_point", "unrolled_proximal",                       # A6
    "prior_covariance", "map_estimate", "early_stopped",                              # A7
    "update", "telescoped", "reptile_gradient", "reptile_step", "joint_step",         # B0, B5
    "reptile_expansion", "expansion_terms", "textbook_form",                          # B1
    "quadratic_update", "geometric_sum",                                              # B2
    "path_gradient_expansion", "expected_direction", "predicted_direction",           # B3, B4
    "average_gradient", "average_product",
    "nearest_point",                                                                  # B6
    "weighted_mean", "geometric_median",                                              # C1
    "second_cost", "excess", "divergence_from_mean",                                  # C2
    "first_cost", "first_minimiser",                                                  # C3
    "affine_defect", "recovered",                                                     # C4
    "linear_head", "linear_logits",                                                   # C5
    "discriminant",                                                                   # C6
    "mean_distance", "distance_plus_variance",                                        # C7
    "cap", "largest_probability",                                                     # C8
    "variance_of_mean",                                                               # C11
]

_PARTS = (_maml_gradient, _fomaml_error, _cost, _quadratics, _implicit, _early_stopping,
          _reptile_update, _reptile_expansion, _reptile_quadratic, _minibatches, _many_steps,
          _prototype_theorems)


def _place(theorem):
    """A1 to A7, B0 to B6, and so on, whatever file they stand in."""
    return theorem.key[0], int(theorem.key[1:])


THEOREMS = {theorem.key: theorem for theorem in
            sorted((theorem for part in _PARTS for theorem in part.THEOREMS), key=_place)}
