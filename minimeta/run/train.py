"""The training loop, the same for every method; read next: budget.py."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ..device import CPU
from ..meta.learner import Learner
from ..tasks import Episode


class Training(NamedTuple):
    """What was seen while training.

    iterations: meta-steps taken, fewer than were planned if `stopped` by the deadline; seconds
    (S,) of every step and losses (S,), smoothed; validation: a list of (steps so far, seconds of
    training so far, score on held-out tasks).
    """

    iterations: int
    stopped: bool
    seconds: np.ndarray
    losses: np.ndarray
    validation: list[tuple[int, float, float]]

    @property
    def ms_per_step(self) -> float:
        """Median wall time of a meta-step, in milliseconds."""
        return 1e3 * float(np.median(self.seconds))


def fit(learner: Learner, episodes: Iterable[Episode], iterations: int,
        validate: Callable[[], float] | None = None, validations: int = 10,
        deadline: float | None = None, on_step: Callable[[int], None] | None = None,
        clock: Callable[[], float] = time.perf_counter, device=CPU) -> Training:
    """Take `iterations` meta-steps, one on each of `episodes`.

    validate() is called before the first step, `validations` times on the way, evenly, and its
    time is not counted as training.  At `deadline`, a time of `clock` in seconds, training ends
    early, after at least one step.  Raises FloatingPointError when the loss is not finite.  A GPU
    is waited for after every `device.block` steps; they then count as equally long.
    """
    losses, seconds, curve, sent = [], [], [], []
    marks = {round(k * iterations / validations) for k in range(1, validations + 1)}

    def look(step):
        if validate is not None:
            curve.append((step, sum(seconds), float(validate())))

    look(0)
    for step, episode in zip(range(1, iterations + 1), episodes):
        if not sent:
            start = clock()
        with np.errstate(all="ignore"):     # an overflow is told below, and once
            sent.append(learner.meta_train_step(episode))
        if len(sent) < device.block and step not in marks and step < iterations:
            continue
        arrived = [float(loss) for loss in device.get(sent)]
        now = clock()
        for back, loss in enumerate(arrived, 1 - len(arrived)):
            if not math.isfinite(loss):
                raise FloatingPointError(f"the loss is not finite at step {step + back}")
        losses += arrived
        seconds += [(now - start) / len(sent)] * len(sent)
        sent.clear()
        late = deadline is not None and now > deadline and step < iterations
        if step in marks or late:
            look(step)
        if on_step is not None:
            on_step(step)
        if late:
            break
    return Training(len(losses), len(losses) < iterations, np.array(seconds),
                    smooth(np.array(losses)), curve)


def smooth(losses: np.ndarray) -> np.ndarray:
    """Running means (S,) of losses (S,) over the last 2 % of the steps, and at least 10."""
    width = max(10, len(losses) // 50)
    total = np.concatenate([[0.0], np.cumsum(losses, dtype=float)])
    end = np.arange(1, len(losses) + 1)
    begin = np.maximum(0, end - width)
    return (total[end] - total[begin]) / (end - begin)
