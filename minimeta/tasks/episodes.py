"""Batches of few-shot tasks, drawn whole from an array of images; read next: sinusoid.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np


class Episode(NamedTuple):
    """A batch of T tasks: support xs (T, S, ...), ys (T, S, ...), query xq (T, Q, ...), yq.

    Classification, N ways of K shots: xs (T, N*K, H, W, channels) float32 in [0, 1], ys (T, N*K)
    integers in 0..N-1, class after class: ys[t] = repeat(arange(N), K). The query likewise.
    Regression with K points: xs and ys are (T, K, 1) float32.
    """

    xs: Any
    ys: Any
    xq: Any
    yq: Any


def positive(**counts: int) -> None:
    """Raise ValueError for the first count that is not a positive integer."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(f"{name}={count!r} must be a positive integer: use 1 or more")


def choose(rng: np.random.Generator, shape: tuple[int, ...], n: int, k: int) -> np.ndarray:
    """Integers (*shape, k): in each row k different ones of 0..n-1, in random order.

    The k least of n random keys, ordered by key, are a uniform ordered sample.
    """
    keys = rng.random((*shape, n))
    if k == n:
        return keys.argsort(axis=-1)
    # argpartition is quicker than a sort of thousands of classes, but promises no order of the k,
    # and an order of its own making could differ between machines and favour some labels.
    least = keys.argpartition(k - 1, axis=-1)[..., :k]
    order = np.take_along_axis(keys, least, axis=-1).argsort(axis=-1)
    return np.take_along_axis(least, order, axis=-1)


@dataclass(frozen=True, eq=False)
class EpisodeSampler:
    """Episodes of `tasks` N-way K-shot tasks from images (C, E, H, W) or (C, E, H, W, channels).

    Parameters
    ----------
    images : uint8 array, NumPy or CuPy
        C classes of E examples; ink is high, 0..255. The episode lives where the images live.
    ways, shots, queries : int
        N classes a task, K support and `queries` query examples a class.
    tasks : int
        T, the tasks in one batch; `sample(rng, tasks=...)` overrides it.

    Raises ValueError when there are fewer classes than ways or fewer examples than
    shots + queries, when a count is not positive, and when the images are not uint8.

    Source: Vinyals et al. 2016, "Matching Networks for One Shot Learning", section 4.1.
    """

    images: Any = field(repr=False)
    ways: int = 5
    shots: int = 1
    queries: int = 15
    tasks: int = 1

    def __post_init__(self) -> None:
        images = self.images
        positive(ways=self.ways, shots=self.shots, queries=self.queries, tasks=self.tasks)
        if getattr(images, "ndim", 0) not in (4, 5) or images.dtype != np.uint8:
            raise ValueError(
                "images must be a uint8 array of shape (classes, examples, height, width), got "
                f"{getattr(images, 'dtype', type(images).__name__)} {np.shape(images)}: "
                "stack them class by class and scale them to 0..255")
        classes, examples = images.shape[:2]
        if self.ways > classes:
            raise ValueError(f"ways={self.ways} is more than the {classes} classes there are: "
                             f"use at most {classes} ways")
        if self.shots + self.queries > examples:
            raise ValueError(
                f"shots + queries = {self.shots} + {self.queries} is more than the {examples} "
                f"examples of a class: use at most {examples} in all")

    def sample(self, rng: np.random.Generator, tasks: int | None = None) -> Episode:
        """Episode with xs (T, N*K, H, W, channels) float32 in [0, 1], ys (T, N*K), and the query.

        In one task no class repeats, and support and query share no example.
        """
        tasks = self.tasks if tasks is None else tasks
        positive(tasks=tasks)
        images, ways, shots, queries = self.images, self.ways, self.shots, self.queries
        classes = choose(rng, (tasks,), images.shape[0], ways)
        examples = choose(rng, (tasks, ways), images.shape[1], shots + queries)

        # Random numbers come from the host, so that CPU and GPU runs see the same episodes.
        picked = images[np.asarray(classes[..., None], like=images),
                        np.asarray(examples, like=images)]
        channels = picked.shape[5:] or (1,)
        size = picked.shape[3:5] + channels

        def part(chosen: Any, each: int) -> tuple[Any, Any]:
            x = chosen.reshape(tasks, ways * each, *size).astype(np.float32) / 255
            y = np.tile(np.repeat(np.arange(ways), each), (tasks, 1))
            return x, np.asarray(y, like=images)

        return Episode(*part(picked[:, :, :shots], shots), *part(picked[:, :, shots:], queries))

    __call__ = sample
