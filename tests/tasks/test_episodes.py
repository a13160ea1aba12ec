"""Episodes: shapes, labels, no repeats, determinism, uniformity, errors, arrays off the host."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from minimeta.tasks import Episode, EpisodeSampler
from minimeta.tasks.episodes import choose


def marked(classes, examples):
    """Images (C, E, 2, 1) whose two pixels say which class and which example they are."""
    c, e = np.mgrid[:classes, :examples]
    return np.stack([c, e], axis=-1)[..., None].astype(np.uint8)


def marks(x):
    """(T, N*K, 2) integers: class and example of each image."""
    return np.rint(x[..., 0, 0] * 255).astype(int)


sizes = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5),
                  st.integers(0, 30), st.integers(0, 6), st.integers(0, 2**32))


@given(sizes)
def test_an_episode_is_what_it_says(size):
    ways, shots, queries, tasks, more_classes, more_examples, seed = size
    images = marked(ways + more_classes, shots + queries + more_examples)
    e = EpisodeSampler(images, ways, shots, queries, tasks).sample(np.random.default_rng(seed))

    assert isinstance(e, Episode)
    assert e.xs.shape == (tasks, ways * shots, 2, 1, 1) and e.xs.dtype == np.float32
    assert e.xq.shape == (tasks, ways * queries, 2, 1, 1) and e.xq.dtype == np.float32
    assert np.issubdtype(e.ys.dtype, np.integer)
    assert (e.ys == np.repeat(np.arange(ways), shots)).all() and e.ys.shape == e.xs.shape[:2]
    assert (e.yq == np.repeat(np.arange(ways), queries)).all() and e.yq.shape == e.xq.shape[:2]

    support = marks(e.xs).reshape(tasks, ways, shots, 2)
    query = marks(e.xq).reshape(tasks, ways, queries, 2)
    both = np.concatenate([support, query], axis=2)
    assert (both[..., 0] == both[:, :, :1, 0]).all(), "a label stands for one class"
    for task in both:
        assert len(set(task[:, 0, 0])) == ways, "no class repeats"
        for way in task:
            assert len(set(way[:, 1])) == shots + queries, "support and query are disjoint"


def test_pixels_are_ink_over_255_and_channels_come_last():
    grey = np.random.default_rng(0).integers(0, 256, (1, 2, 3, 5), np.uint8)
    e = EpisodeSampler(grey, 1, 1, 1)(np.random.default_rng(0))
    both = sorted([e.xs[0, 0].tobytes(), e.xq[0, 0].tobytes()])
    assert both == sorted((i[..., None].astype(np.float32) / 255).tobytes() for i in grey[0])
    colour = np.zeros((2, 2, 3, 5, 4), np.uint8)
    assert EpisodeSampler(colour, 2, 1, 1)(np.random.default_rng(0)).xs.shape == (1, 2, 3, 5, 4)


def test_the_generator_decides_and_nothing_else():
    sampler = EpisodeSampler(marked(40, 20), 5, 2, 3, 4)
    one, same, other = (sampler.sample(np.random.default_rng(s)) for s in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same))
    assert (one.xs != other.xs).any()
    rng = np.random.default_rng(1)
    assert (sampler(rng).xs != sampler(rng).xs).any()
    np.random.seed(0)
    assert (sampler.sample(np.random.default_rng(1)).xs == one.xs).all()


def test_tasks_can_be_overridden():
    sampler = EpisodeSampler(marked(6, 4), 2, 1, 1, tasks=3)
    rng = np.random.default_rng(0)
    assert len(sampler.sample(rng).xs) == 3 and len(sampler.sample(rng, tasks=7).xs) == 7
    with pytest.raises(ValueError, match="tasks=0 must be a positive integer"):
        sampler.sample(rng, tasks=0)


@pytest.mark.parametrize("n, k", [(7, 1), (7, 3), (7, 7), (300, 4)])
def test_every_ordered_choice_is_equally_likely(n, k):
    rows = 210_000 // n
    drawn = choose(np.random.default_rng(0), (rows,), n, k)
    for place in range(k):
        counts = np.bincount(drawn[:, place], minlength=n)
        z = (counts - rows / n) / np.sqrt(rows / n * (1 - 1 / n))
        assert abs(z).max() < 4.5
    if k > 1:
        ups = (drawn[:, 0] < drawn[:, 1]).mean()
        assert abs(ups - 0.5) < 4.5 * 0.5 / np.sqrt(rows), "the order is random as well"


@pytest.mark.parametrize("n, k", [(5, 5), (20, 6), (3856, 60)])
def test_a_choice_is_the_start_of_a_full_sort(n, k):
    keys = np.random.default_rng(1).random((200, 2, n))
    assert (choose(np.random.default_rng(1), (200, 2), n, k) == keys.argsort()[..., :k]).all()


@pytest.mark.parametrize("change, message", [
    (dict(ways=9), "ways=9 is more than the 8 classes there are: use at most 8 ways"),
    (dict(shots=3, queries=4),
     r"shots \+ queries = 3 \+ 4 is more than the 6 examples of a class: use at most 6"),
    (dict(ways=0), "ways=0 must be a positive integer: use 1 or more"),
    (dict(shots=-1), "shots=-1 must be"),
    (dict(queries=0), "queries=0 must be"),
    (dict(tasks=0), "tasks=0 must be"),
    (dict(ways=2.0), "ways=2.0 must be"),
    (dict(images=np.zeros((8, 6, 2, 2))), r"must be a uint8 array .* float64 \(8, 6, 2, 2\)"),
    (dict(images=np.zeros((8, 6, 2), np.uint8)), "images must be"),
    (dict(images=[1, 2]), "images must be"),
])
def test_errors_name_the_numbers_and_the_cure(change, message):
    arguments = dict(images=marked(8, 6), ways=2, shots=1, queries=1, tasks=1) | change
    with pytest.raises(ValueError, match=message) as error:
        EpisodeSampler(**arguments)
    assert "\n" not in str(error.value)


def test_the_limits_themselves_are_allowed():
    e = EpisodeSampler(marked(8, 6), 8, 2, 4)(np.random.default_rng(0))
    assert sorted(marks(e.xs)[0, ::2, 0]) == list(range(8))


class Device:
    """An array that is not on the host: it meets only its own kind and never turns into NumPy."""

    def __init__(self, value):
        self.value = value
        self.shape, self.ndim, self.dtype = value.shape, value.ndim, value.dtype

    def __array__(self, *args, **kwargs):
        raise TypeError("implicit copy to the host")

    def __array_function__(self, function, types, args, kwargs):
        assert function in (np.asarray, np.shape), function
        return np.shape(self.value) if function is np.shape else Device(np.asarray(*args))

    def __getitem__(self, key):
        keys = key if isinstance(key, tuple) else (key,)
        assert not any(isinstance(k, np.ndarray) for k in keys), "host indices"
        return Device(self.value[tuple(k.value if isinstance(k, Device) else k for k in keys)])

    def reshape(self, *shape):
        return Device(self.value.reshape(*shape))

    def astype(self, dtype):
        return Device(self.value.astype(dtype))

    def __truediv__(self, other):
        assert isinstance(other, int)
        return Device(self.value / other)


def test_images_on_a_device_stay_there_and_give_the_same_episodes():
    images = marked(9, 7)
    host = EpisodeSampler(images, 3, 2, 2, 4)(np.random.default_rng(0))
    away = EpisodeSampler(Device(images), 3, 2, 2, 4)(np.random.default_rng(0))
    assert all(type(a) is Device and (a.value == h).all() for a, h in zip(away, host))
