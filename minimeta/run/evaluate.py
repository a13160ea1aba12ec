"""From results of single tasks to a mean with its interval; read next: memory.py."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..device import to_host
from ..meta.learner import Learner
from ..tasks import Episode
from ..tasks.sinusoid import AMPLITUDE

DIVERGED = AMPLITUDE[1] ** 2    # no sinusoid's squares exceed it: predicting 0 always does better


class Score(NamedTuple):
    """Results of n tasks: their mean +- half, a 95 % interval; their median; share diverged.

    Accuracies are from 0 to 1.  Errors are means of squares, and a task has diverged if its error
    exceeds 25 or is not finite; accuracies have no such share (None).
    """

    mean: float
    half: float
    n: int
    median: float
    diverged: float | None = None


def score(values: np.ndarray, is_error: bool = False) -> Score:
    """The Score of values (n,): mean +- 1.96 s / sqrt(n), s the standard deviation (n - 1)."""
    values, n = np.asarray(values, float), len(values)
    diverged = float(np.mean(~(values <= DIVERGED))) if is_error else None
    finite = np.isfinite(values).all()
    half = 1.96 * float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 and finite else math.inf
    # a task that overflowed counts as infinitely wrong, in the mean and in the median
    ranked = np.where(np.isnan(values), np.inf, values)
    return Score(float(np.mean(ranked)), half, n, float(np.median(ranked)), diverged)


def evaluate(learner: Learner, episodes: Iterable[Episode],
             test_steps: Iterable[int | None]) -> dict[int | None, np.ndarray]:
    """For each number of adaptation steps the tasks' results (n,).

    Accuracies of classification, errors of regression.
    """
    results = {steps: [] for steps in test_steps}
    with np.errstate(all="ignore"):     # a task that diverges is a result, not an accident
        for episode in episodes:
            for steps, values in results.items():
                found = learner.adapt_and_evaluate(episode, steps)
                values.append(found.loss if found.accuracy is None else found.accuracy)
    return {steps: to_host(np.concatenate(values)) for steps, values in results.items()}
