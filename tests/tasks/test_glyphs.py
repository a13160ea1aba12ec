"""Glyphs: determinism, dtype, distinct classes, the ink's formula, how hard they are."""

import numpy as np
import pytest

from minimeta.tasks import EpisodeSampler, glyph_splits
from minimeta.tasks.glyphs import BEZIER, CHUNK, DOTS, SIZE, SPEED, STROKES, glyphs, render


def test_shape_dtype_and_ink():
    images = glyphs(0, 30, 7)
    assert images.shape == (30, 7, 28, 28) and images.dtype == np.uint8
    ink = (images > 128).mean(axis=(2, 3))
    assert images[..., 0, :].mean() < 10 and images.max(axis=(2, 3)).min() > 128
    assert 0.02 < ink.min() and ink.max() < 0.5, "dark paper would show ink and ground swapped"


def test_a_seed_or_its_generator_decides():
    assert (glyphs(3, 5, 4) == glyphs(np.random.default_rng(3), 5, 4)).all()
    assert (glyphs(3, 5, 4) != glyphs(4, 5, 4)).any()
    rng = np.random.default_rng(3)
    assert (glyphs(rng, 5, 4) != glyphs(rng, 5, 4)).any()


@pytest.mark.parametrize("classes, examples", [(1, 1), (CHUNK + 1, 1), (2, CHUNK + 1), (29, 20)])
def test_every_image_is_drawn_whatever_the_chunks(classes, examples):
    images = glyphs(1, classes, examples)
    assert images.shape == (classes, examples, 28, 28)
    assert (images.max(axis=(2, 3)) > 100).all()


def test_splits_share_no_image_and_do_not_depend_on_each_other():
    a = glyph_splits(7, train=30, test=30, examples=5)
    b = glyph_splits(7, train=10, test=30, examples=5)
    assert a["train"].images.shape == (30, 5, 28, 28) and len(a["train"].names) == 30
    assert (a["test"].images == b["test"].images).all() and a["test"].hash == b["test"].hash
    assert a["train"].hash != b["train"].hash
    assert not set(a["train"].names) & set(a["test"].names)
    train, test = ({i.tobytes() for i in a[p].images.reshape(-1, 784)} for p in ("train", "test"))
    assert len(train) == len(test) == 150 and not train & test
    other = glyph_splits(8, train=10, test=30, examples=5)
    assert (other["test"].images != a["test"].images).any() and other["test"].hash != a["test"].hash
    assert "30 classes of 5" in a["test"].about


def test_speed_is_the_derivative_of_the_curve():
    t, h = (np.arange(DOTS) + 0.5) / DOTS, 1e-5
    points = np.random.default_rng(0).normal(size=(4, 2))

    def curve(t):
        t = t[:, None]
        return np.hstack([(1-t)**3, 3*t*(1-t)**2, 3*t*t*(1-t), t**3]) @ points
    np.testing.assert_allclose(BEZIER @ points, curve(t), atol=1e-5)
    np.testing.assert_allclose(SPEED @ points, (curve(t + h) - curve(t - h)) / (2*h), atol=1e-4)


def test_render_agrees_with_its_formula_dot_by_dot():
    rng = np.random.default_rng(2)
    points = rng.uniform(4, 24, (STROKES, 4, 2))
    radius, drawn = 0.8, np.array([1, 1, 0, 1.])
    r, c = np.mgrid[:SIZE, :SIZE]
    ink = np.zeros((SIZE, SIZE))
    for s in range(STROKES):
        dots, lengths = BEZIER @ points[s], np.linalg.norm(SPEED @ points[s], axis=1) / DOTS
        for (x, y), length in zip(dots, lengths):
            weight = drawn[s] * length / (np.sqrt(2 * np.pi) * radius)
            ink += weight * np.exp(-((r - y)**2 + (c - x)**2) / (2 * radius**2))
    image = render(points[None].astype(np.float32), np.array([radius], np.float32), drawn[None])
    assert abs(image[0] - 255 * (1 - np.exp(-3 * ink))).max() < 0.51


def nearest(images, tasks=300):
    """Accuracy of the nearest raw-pixel neighbour, 5-way 1-shot."""
    e = EpisodeSampler(images, 5, 1, 3, tasks)(np.random.default_rng(1))
    support, query = e.xs.reshape(tasks, 5, -1), e.xq.reshape(tasks, 15, -1)
    distance = (support**2).sum(axis=-1)[:, None] - 2 * query @ support.swapaxes(1, 2)
    return (distance.argmin(axis=-1) == e.yq).mean()


def test_pixels_alone_tell_something_and_not_all():
    images = glyphs(0, 200, 20)
    assert 0.5 < nearest(images) < 0.75
    shuffled = np.random.default_rng(0).permutation(images.reshape(-1, 28, 28))
    assert nearest(shuffled.reshape(images.shape)) < 0.25, "with classes mixed: chance"


@pytest.mark.parametrize("classes, examples", [(0, 5), (5, 0), (-1, 5)])
def test_errors(classes, examples):
    with pytest.raises(ValueError, match="must be a positive integer"):
        glyphs(0, classes, examples)
