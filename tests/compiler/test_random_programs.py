"""Random programs of random arrays: compiled equals eager, at orders 0, 1 and 2."""
import numpy as np
import pytest

from minimeta import compile, grad, hvp, ravel
from minimeta.compiler import fast
from minimeta.nn import relu

UNARY = [np.tanh, np.sin, np.square, np.negative, relu, np.arctan, lambda a: a * 1, lambda a: 2 * a,
         lambda a: a / 4, lambda a: -a / 3, lambda a: a - 0, lambda a: a + 0.0, lambda a: a ** 2,
         lambda a: np.where(a > 0.1, a, 0.5 * a), lambda a: np.maximum(a, 0.2), lambda a: a * a,
         lambda a: np.exp(-np.abs(a)), lambda a: np.clip(a, -1, 1), lambda a: a - np.mean(a)]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, lambda a, b: a / (1 + b * b),
          lambda a, b: np.where(a > b, a, b * 2), np.hypot, lambda a, b: a - 0.1 * b]
SHAPES = [(4, 3, 2), (4, 2, 3), (4, 3, 1), (4, 1, 2), (1, 3, 2), (3, 2), (2,), ()]


def moved(rng, a):
    """a, seen another way."""
    choices = [lambda: np.reshape(a, (-1,)), lambda: np.transpose(a), lambda: a[..., None],
               lambda: np.broadcast_to(a, (2,) + a.shape), lambda: np.expand_dims(a, 0)]
    if a.ndim > 1:
        choices += [lambda: np.swapaxes(a, -1, -2), lambda: a[::-1], lambda: a[..., -1:],
                    lambda: np.concatenate([a, a * 2], axis=-1), lambda: a[0]]
    return choices[rng.integers(len(choices))]()


def summed(rng, a):
    """a, with axes summed away."""
    axis = int(rng.integers(-1, a.ndim)) if a.ndim else -1
    return [np.sum, np.mean, np.max][rng.integers(3)](a, axis=None if axis < 0 else axis,
                                                      keepdims=bool(rng.integers(2)))


def product(rng, values):
    """A product of two matrices, of those that fit."""
    pairs = [(a, b) for a in values for b in values if a.ndim > 1 and b.ndim > 1
             and a.shape[-1] == b.shape[-2] and (a.ndim == b.ndim or b.ndim == 2)
             and a.shape[:-2] == (b.shape[:-2] or a.shape[:-2])]
    if not pairs:
        return values[-1]
    a, b = pairs[rng.integers(len(pairs))]
    return a @ b


def program(seed, steps=12):
    """A loss of a vector theta, made of random calls; the same calls every time."""
    def loss(theta, unravel):
        rng = np.random.default_rng(seed)
        values = list(unravel(theta))
        for _ in range(steps):
            a, kind = values[rng.integers(len(values))], rng.integers(5)
            b = values[rng.integers(len(values))]
            if kind == 0:
                new = UNARY[rng.integers(len(UNARY))](a)
            elif kind == 1:
                try:
                    np.broadcast_shapes(a.shape, b.shape)
                    new = BINARY[rng.integers(len(BINARY))](a, b)
                except ValueError:
                    new = a
            elif kind == 2:
                new = moved(rng, a)
            elif kind == 3:
                new = summed(rng, a)
            else:
                new = product(rng, values)
            values.append(new if new.size < 200 else a)
        return sum(np.mean(np.tanh(a)) for a in values[-6:])
    return loss


def cases(seed, dtype):
    """(functions, theta, v) of orders 0, 1 and 2."""
    rng = np.random.default_rng(seed)
    theta, unravel = ravel([rng.standard_normal(shape).astype(dtype) for shape in SHAPES])
    loss = program(seed)

    def f(theta):
        return loss(theta, unravel)

    def step(theta, v):
        return f(theta), theta - 0.1 * grad(f)(theta), hvp(f, theta, v)
    return step, theta, rng.standard_normal(theta.shape).astype(dtype)


def check(seed, dtype):
    step, theta, v = cases(seed, dtype)
    exact, quick = compile(step, exact=True), compile(step)
    for t in (theta, -0.5 * theta, 0.1 * theta):
        expected = step(t, v)
        for a, b, c in zip(expected, exact(t, v), quick(t, v)):
            assert type(a) is type(b) is type(c) and a.dtype == b.dtype == c.dtype
            assert np.array_equal(a, b, equal_nan=True)
            np.testing.assert_allclose(c, a, rtol=1e3 * np.finfo(dtype).eps,
                                       atol=1e3 * np.finfo(dtype).eps * np.abs(a).max())


@pytest.mark.parametrize("seed", range(30))
def test_compiled_equals_eager(seed):
    check(seed, np.float64 if seed % 2 else np.float32)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(30, 600))
def test_compiled_equals_eager_at_length(seed):
    check(seed, np.float64 if seed % 2 else np.float32)


def test_a_wrong_rule_is_caught(monkeypatch):
    def wrong(b, x, y):
        return b.emit(np.add, y, x) if np.shape(x) == np.shape(y) else None
    wrong.keywords = {"x", "y"}
    monkeypatch.setitem(fast.FAST, np.subtract, [wrong])
    caught = 0
    for seed in range(6):
        try:
            check(seed, np.float64)
        except AssertionError:
            caught += 1
    assert caught > 2
