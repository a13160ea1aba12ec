"""The tasks of a comparison: the same for every method; read next: train.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..device import CPU
from ..tasks import Episode, EpisodeSampler, ImageSet, SinusoidSampler, glyph_splits
from ..tasks import omniglot_splits
from .methods import POINTS, QUERIES
from .settings import Settings, SettingsError

PARTS = "train", "val", "test", "shown"
BLOCK = 32                  # tasks drawn at once
HELD_OUT = 20               # one class of so many is kept from training, for the learning curve
MAPS = 25_000               # images times filters evaluated at once: bounds a test batch's memory


class Tasks(NamedTuple):
    """Samplers of training, validation and test tasks, whose classes are disjoint.

    about: lines for people, what the data are; hashes: of each split's class names.
    """

    train: Any
    val: Any
    test: Any
    about: list[str]
    hashes: dict[str, str]


def generator(seed: int, part: str) -> np.random.Generator:
    """The random numbers of one part, out of PARTS; no other part or method disturbs them."""
    return np.random.default_rng((seed, PARTS.index(part)))


def stream(sampler: Any, rng: np.random.Generator, size: int,
           device: Any = CPU) -> Iterator[Episode]:
    """Episodes of `size` tasks without end; the i-th task is the same whatever the size."""
    held = device.put(sampler.sample(rng, tasks=BLOCK))
    while True:
        while len(held.xs) < size:
            more = device.put(sampler.sample(rng, tasks=BLOCK))
            held = Episode(*(np.concatenate(pair) for pair in zip(held, more)))
        yield Episode(*(a[:size] for a in held))
        held = Episode(*(a[size:] for a in held))


def batches(sampler: Any, rng: np.random.Generator, count: int, size: int,
            device: Any = CPU) -> Iterator[Episode]:
    """`count` tasks in episodes of at most `size`; the tasks are the same whatever the size."""
    for episode in stream(sampler, rng, size, device):
        yield Episode(*(a[:count] for a in episode))
        count -= size
        if count <= 0:
            return


def batch_size(sampler: Any, filters: int | None) -> int:
    """Tasks that are evaluated at once."""
    if isinstance(sampler, SinusoidSampler):
        return 100
    return max(1, MAPS // (filters * sampler.ways * (sampler.shots + sampler.queries)))


def load(settings: Settings, device: Any = CPU) -> Tasks:
    """The tasks that `settings` ask for; images go to the device once, and stay there.

    Raises SettingsError for more ways or shots than there are classes or examples, DataError for
    data that is missing or damaged.
    """
    if settings.data == "sinusoid":
        def sampler(part):
            return SinusoidSampler(settings.shots, POINTS[part])
        return Tasks(sampler("train"), sampler("test"), sampler("test"),
                     ["sinusoids: amplitude in [0.1, 5], phase in [0, pi], x in [-5, 5]"], {})
    sets = image_sets(settings)
    smallest = min(len(s.images) for s in sets.values())
    if settings.ways > smallest:
        raise SettingsError(f"{settings.ways} ways are more than the {smallest} classes there are "
                            f"to {'train' if len(sets['train'].images) == smallest else 'test'} "
                            f"on: use at most {smallest} ways")
    examples = sets["train"].images.shape[1]
    most = examples - QUERIES["train"]
    if settings.shots > most:
        raise SettingsError(f"{settings.shots} shots + {QUERIES['train']} queries are more than "
                            f"the {examples} examples of a class: use at most {most} shots")
    sets = hold_out(sets, settings.ways)
    queries = QUERIES | {"test": min(QUERIES["test"], examples - settings.shots)}

    images = {part: device.put(sets[part].images) for part in sets}

    def sampler(part):
        return EpisodeSampler(images[part], settings.ways, settings.shots,
                              queries["train" if part == "train" else "test"])
    return Tasks(sampler("train"), sampler("val"), sampler("test"),
                 [sets[part].about for part in ("train", "test")],
                 {part: sets[part].hash for part in sets})


def image_sets(settings: Settings) -> dict[str, ImageSet]:
    """The image sets as published: `train` and `test`, and `val` where there is one."""
    if settings.data == "glyphs":
        return glyph_splits(settings.seed)
    return omniglot_splits(settings.split)


def hold_out(sets: dict[str, ImageSet], ways: int) -> dict[str, ImageSet]:
    """The sets with `val`: if there is none, the last classes of `train`, which lose them.

    The count is a multiple of 4, so that the four rotations of a character stay together.
    """
    if "val" in sets:
        return sets
    train = sets["train"]
    count = -(-max(ways, len(train.images) // HELD_OUT) // 4) * 4
    left = len(train.images) - count
    if left < ways:
        raise SettingsError(f"{ways} ways leave no classes to validate on: "
                            f"use at most {len(train.images) // 2 - 4} ways")
    kept = f"{train.about}; the last {count} validate"
    return sets | {"train": ImageSet(train.images[:left], train.names[:left], kept),
                   "val": ImageSet(train.images[left:], train.names[left:], "held out of train")}
