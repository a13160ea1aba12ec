"""Every method sees the same tasks, and what is tested was never trained on."""
import itertools

import numpy as np
import pytest

from minimeta.run import data
from minimeta.run.settings import Settings, SettingsError
from minimeta.tasks import EpisodeSampler, ImageSet, SinusoidSampler


@pytest.fixture(scope="module")
def few():
    """Images whose grey level tells their class."""
    images = np.zeros((60, 20, 28, 28), np.uint8) + np.arange(60, dtype=np.uint8)[:, None, None,
                                                                                  None]
    return ImageSet(images, [f"c{i}" for i in range(60)], "sixty")


@pytest.fixture
def small_glyphs(monkeypatch, few):
    monkeypatch.setattr(data, "glyph_splits", lambda seed: {
        "train": few, "test": ImageSet(few.images[:12], few.names[:12], "twelve")})


def first_tasks(sampler, size, count):
    found = data.stream(sampler, data.generator(3, "train"), size)
    return np.concatenate([e.xq for e in itertools.islice(found, -(-count // size))])[:count]


@pytest.mark.parametrize("size", [1, 7, 32, 40])
def test_the_stream_of_tasks_does_not_depend_on_the_meta_batch(size):
    sampler = SinusoidSampler(2, 3)
    assert np.array_equal(first_tasks(sampler, size, 90), first_tasks(sampler, 25, 90))


@pytest.mark.parametrize("count, size", [(1, 1), (10, 3), (33, 32), (64, 100)])
def test_batches_hold_exactly_the_tasks_that_were_asked_for(count, size):
    sampler = SinusoidSampler(2, 3)
    found = list(data.batches(sampler, data.generator(0, "test"), count, size))
    assert sum(len(e.xs) for e in found) == count
    assert max(len(e.xs) for e in found) <= size
    whole = next(data.batches(sampler, data.generator(0, "test"), count, count))
    assert np.array_equal(np.concatenate([e.xs for e in found]), whole.xs)


def test_parts_and_seeds_have_their_own_random_numbers():
    draws = {data.generator(seed, part).random() for seed in (0, 1) for part in data.PARTS}
    assert len(draws) == 2 * len(data.PARTS)


def test_validation_classes_are_taken_from_training(small_glyphs):
    tasks = data.load(Settings("glyphs", ways=5))
    assert len(tasks.train.images) == 52 and len(tasks.val.images) == 8
    assert tasks.train.images.max() < tasks.val.images.min()
    assert set(tasks.hashes) == {"train", "val", "test"}


def test_test_queries_are_fewer_where_examples_are_few(small_glyphs):
    assert data.load(Settings("glyphs", shots=1)).test.queries == 15
    assert data.load(Settings("glyphs", shots=9)).test.queries == 11
    assert data.load(Settings("glyphs", shots=9)).train.queries == 5
    assert data.load(Settings("glyphs", shots=15)).test.queries == 5


@pytest.mark.parametrize("wrong, message", [
    ({"ways": 13}, "13 ways are more than the 12 classes there are to test on"),
    ({"shots": 16}, "16 shots [+] 5 queries are more than the 20 examples of a class: "
                    "use at most 15 shots"),
])
def test_more_than_there_is_is_refused(small_glyphs, wrong, message):
    with pytest.raises(SettingsError, match=message):
        data.load(Settings("glyphs", **wrong))


def test_ways_that_leave_nothing_to_validate_on_are_refused(few):
    with pytest.raises(SettingsError, match="use at most 26 ways"):
        data.hold_out({"train": few, "test": few}, 40)
    left = data.hold_out({"train": few, "test": few}, 26)
    assert len(left["train"].images) >= 26 and len(left["val"].images) >= 26


def test_a_published_validation_set_is_used(few):
    sets = {"train": few, "val": few, "test": few}
    assert data.hold_out(sets, 5) == sets


def test_a_test_batch_is_bounded():
    images = np.zeros((70, 20, 28, 28), np.uint8)
    wide = data.batch_size(EpisodeSampler(images, 60, 5, 15), 64)
    narrow = data.batch_size(EpisodeSampler(images, 5, 1, 15), 64)
    assert wide == 1 < narrow < data.batch_size(EpisodeSampler(images, 5, 1, 15), 16)
