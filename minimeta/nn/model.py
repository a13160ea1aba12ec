"""A model: a pair of functions, and its weights one flat vector.

    theta = model.init(rng)                (P,)
    output = model.apply(theta, x)         theta (..., P): one row a task, or one for all

There is no mode and no state.  Batch norm takes the statistics of the batch that is passed, unless
others are given: `stats = model.batch_stats(theta, x)`, then `model.apply(theta, x, stats)`.

Read next: mlp.py.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import ravel, stop_gradient


class Model(NamedTuple):
    """init(rng) -> theta (P,); apply(theta (..., P), x, stats=None) -> output.

    batch_stats(theta, x) -> stats (..., S), a plain vector; None if the model has no batch norm.
    """
    init: Callable[[np.random.Generator], Any]
    apply: Callable[..., Any]
    batch_stats: Callable[..., Any] | None = None
    name: str = "model"


def batch_norm_mode(model, stats=None):
    """The name of the mode that `model.apply(theta, x, stats)` runs in, to print with a result.

    "none": no batch norm.  "batch": the statistics of the batch that is passed, transductive when
    it is a query set.  "given": the statistics passed as `stats`, inductive.
    """
    if model.batch_stats is None:
        return "none"
    return "batch" if stats is None else "given"


def from_tree(init, apply, batch_stats=None, name="model"):
    """A Model of functions of a tree of weights: init(rng) -> tree, apply(tree, x, stats=None).

    The tree is any nesting of dicts, lists and tuples of arrays.
    """
    _, unravel = ravel(init(np.random.default_rng(0)))      # for the shapes alone

    def constant_stats(theta, x):
        return batch_stats(unravel(stop_gradient(theta)), stop_gradient(x))

    return Model(
        init=lambda rng: ravel(init(rng))[0],
        apply=lambda theta, x, stats=None: apply(unravel(theta), x, stats),
        batch_stats=batch_stats and constant_stats,
        name=name)
