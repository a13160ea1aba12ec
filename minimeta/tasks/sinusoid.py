"""Few-shot regression on sine waves, the first experiment of MAML; read next: glyphs.py."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .episodes import Episode, positive

AMPLITUDE = 0.1, 5.0
PHASE = 0.0, math.pi
DOMAIN = -5.0, 5.0


def sine(x: Any, amplitude: Any, phase: Any) -> Any:
    """y = A sin(x - phase); x (T, K, 1), amplitude and phase (T, 1, 1), or any that broadcast."""
    return amplitude * np.sin(x - phase)


@dataclass(frozen=True)
class SinusoidSampler:
    """Episodes of T sine waves: xs, ys (T, shots, 1), xq, yq (T, queries, 1), all float32.

    A task is an amplitude, uniform in [0.1, 5], and a phase, uniform in [0, pi] (radians); its
    inputs are uniform in [-5, 5]. Raises ValueError when a count is not positive.

    Source: Finn, Abbeel, Levine 2017, "Model-Agnostic Meta-Learning", section 5.1; the sign of
    the phase, which the text leaves open, is that of the authors' program.
    """

    shots: int = 10
    queries: int = 10
    tasks: int = 25

    def __post_init__(self) -> None:
        positive(shots=self.shots, queries=self.queries, tasks=self.tasks)

    def draw(self, rng: np.random.Generator,
             tasks: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Amplitudes and phases, each (T, 1, 1) float32: the tasks without their points."""
        tasks = self.tasks if tasks is None else tasks
        positive(tasks=tasks)
        shape = tasks, 1, 1
        return (rng.uniform(*AMPLITUDE, shape).astype(np.float32),
                rng.uniform(*PHASE, shape).astype(np.float32))

    def episode(self, rng: np.random.Generator, amplitude: Any, phase: Any) -> Episode:
        """Episode (T, K, 1) of the given waves; amplitude and phase hold T numbers each."""
        amplitude, phase = (np.asarray(a, np.float32).reshape(-1, 1, 1) for a in (amplitude, phase))
        shape = max(len(amplitude), len(phase)), self.shots + self.queries, 1
        x = rng.uniform(*DOMAIN, shape).astype(np.float32)
        y = sine(x, amplitude, phase)
        k = self.shots
        return Episode(x[:, :k], y[:, :k], x[:, k:], y[:, k:])

    def sample(self, rng: np.random.Generator, tasks: int | None = None) -> Episode:
        """Episode of `tasks` fresh waves: xs, ys (T, shots, 1) and xq, yq (T, queries, 1)."""
        return self.episode(rng, *self.draw(rng, tasks))

    __call__ = sample
