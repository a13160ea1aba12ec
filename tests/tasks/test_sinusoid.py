"""Sine waves: shapes, ranges, the curve itself, determinism, errors."""

import math

import numpy as np
import pytest

from minimeta.tasks import SinusoidSampler
from minimeta.tasks.sinusoid import sine


def test_shapes_and_dtypes():
    e = SinusoidSampler(shots=5, queries=7, tasks=3).sample(np.random.default_rng(0))
    assert e.xs.shape == e.ys.shape == (3, 5, 1) and e.xq.shape == e.yq.shape == (3, 7, 1)
    assert all(a.dtype == np.float32 for a in e)
    assert SinusoidSampler()(np.random.default_rng(0), tasks=2).xs.shape == (2, 10, 1)


def test_ranges_are_those_of_the_paper_and_are_filled():
    sampler = SinusoidSampler(tasks=4000)
    rng = np.random.default_rng(0)
    amplitude, phase = sampler.draw(rng)
    x = sampler.episode(rng, amplitude, phase).xs
    for values, low, high in (amplitude, .1, 5), (phase, 0, math.pi), (x, -5, 5):
        width = high - low
        assert low <= values.min() < low + .01 * width
        assert high - .01 * width < values.max() <= high + 1e-6
        error = width / math.sqrt(12 * values.size)
        assert abs(values.mean() - (low + high) / 2) < 4.5 * error


def test_points_lie_on_the_wave_that_was_drawn():
    sampler = SinusoidSampler(tasks=6)
    rng = np.random.default_rng(3)
    amplitude, phase = sampler.draw(rng)
    e = sampler.episode(rng, amplitude, phase)
    for x, y in (e.xs, e.ys), (e.xq, e.yq):
        for t in range(6):
            a, p = float(amplitude[t, 0, 0]), float(phase[t, 0, 0])
            exact = [a * math.sin(v - p) for v in x[t, :, 0].tolist()]
            np.testing.assert_allclose(y[t, :, 0], exact, atol=5e-6)


def test_sample_is_draw_then_episode():
    sampler = SinusoidSampler()
    rng = np.random.default_rng(5)
    by_hand = sampler.episode(rng, *sampler.draw(rng))
    at_once, other = (sampler.sample(np.random.default_rng(s)) for s in (5, 6))
    assert all((a == b).all() for a, b in zip(at_once, by_hand))
    assert (at_once.xs != other.xs).any()


def test_one_wave_for_a_figure():
    e = SinusoidSampler(shots=4, queries=2).episode(np.random.default_rng(0), 2.0, 1.0)
    assert e.xs.shape == (1, 4, 1)
    np.testing.assert_allclose(e.ys, sine(e.xs, 2.0, 1.0), rtol=1e-6)
    assert sine(0.0, 2.0, math.pi / 2) == -2.0, "the phase moves the wave to the right"


@pytest.mark.parametrize("change", [dict(shots=0), dict(queries=-1), dict(tasks=1.5)])
def test_errors(change):
    (name, value), = change.items()
    with pytest.raises(ValueError, match=f"{name}={value} must be a positive integer"):
        SinusoidSampler(**change)
