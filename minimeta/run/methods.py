"""The methods and their settings on each kind of data: one table; read next: data.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..meta import (FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, Reptile, cosine,
                    squared_distance)
from ..meta.learner import GradientLearner, Learner
from ..nn import conv4, cross_entropy, mean_squared_error, mlp
from ..optim import linear_decay


class Preset(NamedTuple):
    """How one method is trained and tested on one kind of data.

    inner_lr and inner_steps are of adaptation in training; `tasks` is the meta-batch; `clip` bounds
    the norm of the meta-gradient; `schedule` takes outer_lr to 0 over the planned iterations;
    test_steps are the numbers of adaptation steps that are reported (0: before adaptation, None:
    a method that has no steps), the last of them being the result.
    """

    network: str
    inner_lr: float | None
    inner_steps: int | None
    outer_lr: float
    schedule: str
    tasks: int
    clip: float | None
    test_steps: tuple[int | None, ...]
    iterations: int


HIDDEN = 40, 40                     # units of the sinusoid's network
QUERIES = {"train": 5, "test": 15}  # a class; on sinusoids a task:
POINTS = {"train": 10, "test": 100}
STEPS = 0, 1, 5, 10                 # reported on sinusoids
# meta-steps that a time budget does not go beyond: MAML's mean error after 1, 5, 10 steps was
# .32, .21, .13 after 78,000 meta-steps, and .32, .11, .09 after 16,000 (one seed)
LONGEST = {"sinusoid": 16_000}
# images of an inner step, as in Reptile's paper: on glyphs 81 %, against 68 % with all of a task's
# at once (perhaps since batch norm then sees far larger batches than the support set at test time)
REPTILE_BATCH = 10

# network: "head" ends in logits or in the number that is regressed, "encoder" in an embedding
TABLE = {
    #                   network       inner lr, steps; outer lr, schedule; tasks, clip; test; length
    "sinusoid": {
        "maml":     Preset("mlp head",     0.01, 1,    4e-3, "cosine", 25, 1.0,  STEPS,   8000),
        "fomaml":   Preset("mlp head",     0.01, 1,    4e-3, "cosine", 25, 1.0,  STEPS,   8000),
        "reptile":  Preset("mlp head",     0.01, 5,    1.0,  "linear", 25, None, STEPS,   5000),
        "matching": Preset("mlp encoder",  None, None, 1e-3, "cosine", 25, None, (None,), 8000),
        "joint":    Preset("mlp head",     0.01, 0,    4e-3, "cosine", 25, None, (0,),    8000),
    },
    "glyphs": {
        "maml":     Preset("strided head", 0.4,  1,    1e-2, "cosine", 8, 10.0, (0, 10),  400),
        "fomaml":   Preset("strided head", 0.4,  3,    4e-3, "cosine", 8, 10.0, (0, 10),  300),
        "reptile":  Preset("strided head", 0.4,  5,    1.0,  "linear", 5, None, (0, 50),  400),
        "prototypical": Preset("pooling encoder",
                                           None, None, 1e-2, "cosine", 4, None, (None,),  250),
        "matching": Preset("pooling encoder",
                                           None, None, 1e-2, "cosine", 4, None, (None,),  250),
    },
    "omniglot": {
        "maml":     Preset("strided head", 0.4,  1,    3e-3, "cosine", 16, 10.0, (0, 10), 1000),
        "fomaml":   Preset("strided head", 0.4,  1,    3e-3, "cosine", 16, 10.0, (0, 10), 1000),
        "reptile":  Preset("strided head", 0.1,  5,    1.0,  "linear", 5,  None, (0, 50), 4000),
        "prototypical": Preset("pooling encoder",
                                           None, None, 3e-3, "cosine", 4,  None, (None,), 1500),
        "matching": Preset("pooling encoder",
                                           None, None, 3e-3, "cosine", 4,  None, (None,), 1500),
    },
}
REFUSED = {"prototypical": "classification only", "joint": "regression only"}


def refusal(method: str, data: str) -> str | None:
    """Why a method has no row of results on a data set, or None if it has one."""
    return None if method in TABLE[data] else REFUSED[method]


def schedule(name: str, start: float, steps: int) -> float | Callable[[int], float]:
    """A learning rate, or a function of the step 0, 1, ... that ends at 0 after `steps` steps."""
    if name == "linear":
        return linear_decay(start, steps)
    if name == "cosine":
        return lambda step: start / 2 * (1 + math.cos(math.pi * min(step / steps, 1.0)))
    return start


def build_model(network: str, ways: int, filters: int | None):
    """The Model of a Preset's `network`: images (..., N, 28, 28, 1), or points (..., N, 1)."""
    kind, end = network.split()
    if kind == "mlp":
        return mlp((1, *HIDDEN, 1) if end == "head" else (1, *HIDDEN))
    return conv4(ways if end == "head" else None, filters=filters, strided=kind == "strided")


def build(method: str, data: str, seed: int = 0, ways: int = 5, filters: int | None = None,
          iterations: int | None = None) -> Learner:
    """An untrained learner with the table's settings; schedules end after `iterations` steps.

    Raises KeyError for a method that the data set refuses (see `refusal`).
    """
    preset = TABLE[data][method]
    model = build_model(preset.network, ways, filters)
    regression = data == "sinusoid"
    loss = mean_squared_error if regression else cross_entropy
    beta = schedule(preset.schedule, preset.outer_lr, iterations or preset.iterations)
    shared = {"outer_lr": beta, "clip": preset.clip, "seed": seed}
    if method == "prototypical":
        return PrototypicalNetwork(model, n_way=ways, **shared)
    if method == "matching":
        return MatchingNetwork(model, loss=loss, n_way=ways, **shared,
                               attention=squared_distance if regression else cosine)
    if method == "reptile":
        return Reptile(model, preset.inner_lr, inner_steps=preset.inner_steps, loss=loss, **shared,
                       batch_size=None if regression else REPTILE_BATCH)
    learner = FOMAML if method == "fomaml" else MAML
    return learner(model, preset.inner_lr, preset.inner_steps, loss=loss, **shared)


def second_order(learner: Learner) -> bool:
    """Whether a meta-step differentiates through the steps of adaptation."""
    return getattr(learner, "order", 1) == 2 and learner.inner_steps > 0


def adapts_by_gradient(learner: Learner) -> bool:
    """Whether adaptation moves the weights, so that it makes sense to ask for `steps`."""
    return isinstance(learner, GradientLearner)
