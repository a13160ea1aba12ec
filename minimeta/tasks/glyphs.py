"""Invented characters in jittered handwriting, an image set with no files; read next: imageset.py.

A character is one to four pen strokes, each a cubic Bezier curve. An example of it moves the
control points a little and applies a small affine map; the pen is a Gaussian dot dragged along.
A Gaussian dot is separable, so the ink of all dots of an image is one matrix product.
"""

from __future__ import annotations

import math

import numpy as np

from .episodes import positive
from .imageset import ImageSet

SIZE = 28                   # pixels a side
STROKES = 4                 # the most a character may have
DOTS = 28                   # along one stroke: about one a pixel, closer than the pen is wide
HALF = 9.0                  # half the side of a character, in pixels
CHUNK = 256                 # images rendered at once: the working set stays in the cache

_t = (np.arange(DOTS, dtype=np.float32)[:, None] + 0.5) / DOTS
BEZIER = np.hstack([(1 - _t)**3, 3 * _t * (1 - _t)**2, 3 * _t**2 * (1 - _t), _t**3])
SPEED = np.hstack([-3 * (1 - _t)**2, 3 * (1 - _t) * (1 - 3 * _t), 3 * _t * (2 - 3 * _t), 3 * _t**2])


def characters(rng: np.random.Generator, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Control points (C, strokes, 4, 2) in [-1, 1] and which strokes are drawn, (C, strokes)."""
    count = rng.choice(np.arange(1, STROKES + 1), p=[.05, .4, .4, .15], size=(classes, 1))
    drawn = np.arange(STROKES) < count
    each = classes, STROKES, 1
    bend = rng.normal(0, 0.9, each) + rng.normal(0, 0.6, (classes, STROKES, 3))
    heading = rng.uniform(0, 2 * math.pi, each) + np.cumsum(bend, axis=2)
    steps = rng.uniform(0.4, 1.1, (classes, STROKES, 3, 1)) * np.stack(
        [np.cos(heading), np.sin(heading)], axis=-1)
    points = np.concatenate([np.zeros((*each, 2)), np.cumsum(steps, axis=2)], axis=2)

    # About half of the strokes set out from the one before, as in letters; the others are free.
    free = rng.uniform(-0.8, 0.8, (*each, 2))
    joined = rng.random((classes, STROKES)) < 0.5
    along = BEZIER[rng.integers(DOTS, size=(classes, STROKES))][:, :, None]
    points[:, 0] += free[:, 0]
    for j in range(1, STROKES):
        start = along[:, j] @ points[:, j - 1]
        points[:, j] += np.where(joined[:, j, None, None], start, free[:, j])

    ink = np.where(drawn[..., None, None], BEZIER @ points, np.nan)
    low, high = np.nanmin(ink, axis=(1, 2)), np.nanmax(ink, axis=(1, 2))
    middle, half = (low + high) / 2, (high - low).max(axis=1) / 2
    return (points - middle[:, None, None]) / half[:, None, None, None], drawn


def handwriting(rng: np.random.Generator, points: np.ndarray,
                examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Control points (C, E, strokes, 4, 2) in pixels and pen radii (C, E), also in pixels."""
    classes = len(points)
    each = classes, examples
    angle, shear = rng.normal(0, 0.16, each), rng.normal(0, 0.16, each)
    wide, tall = np.exp(rng.normal(0, 0.12, (2, *each)))
    cos, sin = np.cos(angle), np.sin(angle)
    affine = np.stack([cos * wide, -sin * tall + shear, sin * wide, cos * tall], axis=-1)
    affine = HALF * affine.reshape(*each, 1, 2, 2)

    stroke = rng.normal(0, 0.06, (*each, STROKES, 1, 2))
    moved = points[:, None] + stroke + rng.normal(0, 0.09, (*each, STROKES, 4, 2))
    centre = (SIZE - 1) / 2 + rng.normal(0, 1.2, (*each, 1, 1, 2))
    return moved @ affine.swapaxes(-1, -2) + centre, np.exp(rng.normal(-0.35, 0.1, each))


def render(points: np.ndarray, radius: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Images (B, 28, 28) uint8 of control points (B, strokes, 4, 2), pen radii (B,), drawn.

    ink(r, c) = 1 - exp(-3 sum_i w_i exp(-((r - r_i)^2 + (c - c_i)^2) / 2 radius^2)), where the
    weight w_i is the length of curve at dot i over sqrt(2 pi) radius: a steady pen leaves the
    same ink on every pixel, however fast the curve's parameter runs.
    """
    dots = (BEZIER @ points).reshape(len(points), -1, 2)
    speed = np.sqrt(((SPEED @ points)**2).sum(axis=-1)) * drawn[..., None]
    weight = speed.reshape(len(points), -1, 1) / (DOTS * math.sqrt(2 * math.pi))
    radius = radius[:, None, None]
    pixels = np.arange(SIZE, dtype=np.float32)
    across = np.exp(((pixels - dots[..., :1]) / radius)**2 / -2)
    down = np.exp(((pixels - dots[..., 1:]) / radius)**2 / -2)
    ink = -np.expm1(-3 * (down.swapaxes(1, 2) @ (across * (weight / radius))))
    return np.rint(255 * ink).astype(np.uint8)


def glyphs(rng: np.random.Generator | int, classes: int, examples: int) -> np.ndarray:
    """Images (C, E, 28, 28) uint8, ink high: `examples` drawings of each of `classes` characters.

    `rng` is a generator or a seed; the same one gives the same images on the same machine (the
    last bit of a matrix product, hence a grey level, may differ on another). Raises ValueError
    when a count is not positive.
    """
    positive(classes=classes, examples=examples)
    rng = np.random.default_rng(rng)
    points, drawn = characters(rng, classes)
    images = np.empty((classes * examples, SIZE, SIZE), np.uint8)
    some = max(1, CHUNK // examples)
    for first in range(0, classes, some):
        here = slice(first, first + some)
        curves, radius = handwriting(rng, points[here], examples)
        curves = curves.reshape(-1, STROKES, 4, 2).astype(np.float32)
        radius = radius.reshape(-1).astype(np.float32)
        images[first * examples:][:len(curves)] = render(
            curves, radius, drawn[here].repeat(examples, axis=0).astype(np.float32))
    return images.reshape(classes, examples, SIZE, SIZE)


def glyph_splits(seed: int, train: int = 1000, test: int = 200,
                 examples: int = 20) -> dict[str, ImageSet]:
    """ImageSets `train` and `test` of (C, E, 28, 28): characters from two independent streams.

    The streams are the two children of SeedSequence(seed), so neither changes with the other's
    size.
    """
    streams = np.random.SeedSequence(seed).spawn(2)
    sets = {}
    for part, count, stream in zip(("train", "test"), (train, test), streams):
        images = glyphs(np.random.default_rng(stream), count, examples)
        names = [f"glyph/seed{seed}/{part}/{i:05d}" for i in range(count)]
        sets[part] = ImageSet(images, names, f"glyphs, {part}: {count} classes of {examples}")
    return sets
