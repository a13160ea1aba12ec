"""Functions of a vector with their gradients by hand, at any scale, and the truth about both.

Constants are float32 arrays and powers of two, so that float32, float64 and extended precision all
compute the same function.  The truth comes from complex steps in extended precision.

Read next: planted.py.
"""
from dataclasses import dataclass
from typing import Callable

import numpy as np

N = 6                           # numbers in the input of most functions
MANY = 400                      # ... and of those in which one entry among many is wrong
TINY, HUGE = 2.0 ** -27, 2.0 ** 27      # 7.5e-9 and 1.3e8


@dataclass(frozen=True)
class Function:
    """value(x), a number, and slope(x) (n,), its gradient, near the point x (n,)."""
    name: str
    value: Callable
    slope: Callable
    x: np.ndarray


@dataclass(frozen=True)
class Scale:
    """value * f(x / input) + offset; `input` is a number, or one for each entry."""
    name: str
    value: float = 1.0
    input: object = 1.0
    offset: float = 0.0


def scales(n):
    """What functions of n numbers are stretched by."""
    spread = (2.0 ** np.round(np.linspace(-6, 6, n))).astype(np.float32)
    return [Scale("plain"), Scale("tiny values", TINY), Scale("huge values", HUGE),
            Scale("tiny inputs", 1.0, TINY), Scale("huge inputs", 1.0, HUGE),
            Scale("huge values, tiny inputs", HUGE, TINY),
            Scale("tiny values, huge inputs", TINY, HUGE),
            Scale("mixed inputs", 1.0, spread), Scale("on an offset", 1.0, 1.0, 2.0 ** 13)]


def stretched(function, scale):
    """The Function at a scale."""
    c, s, offset = scale.value, scale.input, scale.offset
    return Function(f"{function.name}, {scale.name}",
                    lambda x: c * function.value(x / s) + offset,
                    lambda x: c * function.slope(x / s) / s,
                    (function.x * s).astype(np.float32))


def extended(x):
    """x in complex extended precision."""
    return np.asarray(x).astype(np.clongdouble)


def complex_step(f, x, like=extended):
    """Derivatives (n, ...) of f at x (n,), exact to the precision of `like`: f must be analytic."""
    z, found = like(x), []
    for i in range(len(z)):
        h = 2.0 ** -100 * max(abs(float(x[i])), 1e-30)
        moved = z.copy()
        moved[i] += 1j * h
        found.append(np.imag(f(moved)) / h)
    return np.stack(found)


def hessian_of(slope):
    """The function x -> H (n, n), in the dtype of x: complex steps in the gradient."""
    def hessian(x):
        return complex_step(slope, x, lambda x: x.astype(complex)).T.astype(x.dtype)
    return hessian


def functions(n=N, seed=0):
    """The table of functions of n numbers."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.standard_normal(shape).astype(np.float32)
    W, b, V, a, u = (draw(5, n) / np.float32(2 * n ** 0.5), draw(5), draw(4, 5) / 2, draw(4),
                     draw(n))
    A, w = draw(n, n), draw(5)
    A = (A + A.T) / np.float32(2 * n ** 0.5)
    found = []

    def add(name, value, slope):
        x = (rng.choice((-1, 1), n) * rng.uniform(0.4, 1.2, n)).astype(np.float32)
        found.append(Function(name, value, slope, x))

    add("quadratic", lambda x: 0.5 * x @ (A @ x) + u @ x,
                     lambda x: A @ x + u)
    add("quartic", lambda x: np.sum(x ** 3 * np.roll(x, 1)),
                   lambda x: 3 * x * x * np.roll(x, 1) + np.roll(x, -1) ** 3)
    add("exponentials", lambda x: np.sum(np.exp(W @ x + b)),
                        lambda x: W.T @ np.exp(W @ x + b))
    add("waves", lambda x: w @ np.sin(W @ x + b),
                 lambda x: W.T @ (w * np.cos(W @ x + b)))
    add("log-sum-exp", lambda x: np.log(np.sum(np.exp(W @ x))),
                       lambda x: W.T @ (np.exp(W @ x) / np.sum(np.exp(W @ x))))
    add("logistic", lambda x: np.sum(np.log(1 + np.exp(W @ x + b))),
                    lambda x: W.T @ (1 / (1 + np.exp(-(W @ x + b)))))

    def network(x):
        first = np.tanh(W @ x + b)
        return first, np.tanh(V @ first)

    def network_slope(x):
        first, second = network(x)
        return W.T @ ((1 - first * first) * (V.T @ (a * (1 - second * second))))
    add("network", lambda x: a @ network(x)[1], network_slope)
    add("Cauchy", lambda x: np.sum(np.log(1 + x * x)),
                  lambda x: 2 * x / (1 + x * x))

    def rayleigh(x):
        return x @ (A @ x) / (x @ x)
    add("Rayleigh quotient", rayleigh, lambda x: 2 * (A @ x - rayleigh(x) * x) / (x @ x))
    add("norm", lambda x: np.sqrt(1 + x @ x),
                lambda x: x / np.sqrt(1 + x @ x))

    def product(x):
        return np.prod(1 + np.sin(x) / 4)
    add("product", product, lambda x: product(x) * np.cos(x) / 4 / (1 + np.sin(x) / 4))

    def banana(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def banana_slope(x):
        g, d = 0 * x, x[1:] - x[:-1] ** 2
        g[1:] += 200 * d
        g[:-1] += -400 * d * x[:-1] - 2 * (1 - x[:-1])
        return g
    add("Rosenbrock", banana, banana_slope)

    def bump(x):
        return np.exp(-0.5 * np.mean((x - u) ** 2))
    add("bump", bump, lambda x: (u - x) * bump(x) / n)

    def rational(x):
        return 1 / (1 + np.sum((W @ x) ** 2))
    add("rational", rational, lambda x: -2 * rational(x) ** 2 * (W.T @ (W @ x)))

    def cosine(x):
        return u @ x / np.sqrt(x @ x)
    add("cosine similarity", cosine, lambda x: (u - cosine(x) * x / np.sqrt(x @ x))
        / np.sqrt(x @ x))
    return found
