"""Random small programs: smooth expressions of vectors (3,), drawn by Hypothesis.

Read next: test_properties.py.
"""
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

W = np.array([[0.6, -0.3, 0.2], [0.1, 0.5, -0.4], [-0.2, 0.3, 0.7]])
MASK = np.array([True, False, True])


def _scores(a):
    e = np.exp(0.5 * a)
    return e / np.sum(e)


# none makes numbers much larger than its operands, so that differences can judge any composition
OPS = {
    "tanh": np.tanh, "sin": np.sin, "arctan": lambda a: np.arctan(a),
    "gauss": lambda a: np.exp(-a * a), "root": lambda a: np.sqrt(1 + a * a),
    "ratio": lambda a: a / (1 + a ** 2), "softplus": lambda a: np.logaddexp(a, 0.0),
    "flip": lambda a: a[::-1], "centre": lambda a: a - np.mean(a), "halve": lambda a: 0.5 * a,
    "unit": lambda a: a / np.sqrt(1 + np.dot(a, a)), "sums": lambda a: np.cumsum(a) / 3,
    "turn": lambda a: np.concatenate([a[1:], a[:1]]), "roll": lambda a: np.roll(a, 1),
    "matrix": lambda a: W.astype(a.dtype) @ a, "scores": _scores,
    "where": lambda a: np.where(MASK, a, np.tanh(a)),
    "column": lambda a: np.transpose(np.reshape(a, (3, 1)))[0], "inplace": lambda a: _inplace(a),
    "add": lambda a, b: (a + b) / 2, "subtract": lambda a, b: (a - b) / 2,
    "multiply": lambda a, b: 0.5 * a * b, "divide": lambda a, b: a / (1 + b * b),
    "power": lambda a, b: (1.5 + np.tanh(a)) ** (0.5 * np.sin(b)),
    "outer": lambda a, b: np.sum(np.expand_dims(np.sin(a), 1) * b, axis=0) / 3,
    "stack": lambda a, b: np.mean(np.stack([a, b], axis=1), axis=1),
    "dot": lambda a, b: np.tanh(np.dot(a, b)) * b, "hypot": lambda a, b: np.hypot(a, b * b + 1),
}
ARITY = {name: fn.__code__.co_argcount if hasattr(fn, "__code__") else 1
         for name, fn in OPS.items()}


def _inplace(a):
    a = a * 1.0
    a += 0.25
    a *= 0.5
    return a


class Program(NamedTuple):
    """Steps (name, *operands): each appends a value, operands count inputs and earlier steps."""
    steps: tuple

    def __call__(self, *xs):
        values = list(xs)
        for name, *at in self.steps:
            values.append(OPS[name](*[values[i] for i in at]))
        return values[-1]


def number(y):
    """A number that depends on every entry of y (3,)."""
    return y[0] + 0.5 * y[1] - 0.7 * y[2]


@st.composite
def programs(draw, inputs=1, longest=5):
    """A Program of 1 to `longest` steps that ends in a combination of all inputs."""
    steps = []
    for k in range(draw(st.integers(1, longest))):
        name = draw(st.sampled_from(sorted(OPS)))
        steps.append((name, *(draw(st.integers(0, inputs + k - 1)) for _ in range(ARITY[name]))))
    for i in range(inputs):
        steps.append(("multiply", inputs + len(steps) - 1, i))
    return Program(tuple(steps))


# odd multiples of 1/1024: never 0, exact in float32 too
lattice = st.integers(-1024, 1023).map(lambda i: (2 * i + 1) / 1024)


def vectors(n=3):
    return st.lists(lattice, min_size=n, max_size=n).map(np.array)
