"""Random smooth functions of a vector, and their derivatives in extended precision."""
import math

import numpy as np

EPS = float(np.finfo(np.longdouble).eps)
# an eighth-order central difference: weights of F(kh) - F(-kh), k = 1..4
STENCIL = (4 / np.longdouble(5), -1 / np.longdouble(5), 4 / np.longdouble(105),
           -1 / np.longdouble(280))

UNITS = {"tanh": np.tanh, "sin": np.sin, "exp": lambda v: np.exp(0.5 * v),
         "cube": lambda v: v + 0.1 * v ** 3, "log": lambda v: np.log(1 + v * v),
         "root": lambda v: np.sqrt(1 + v * v), "fraction": lambda v: v / (1 + v * v),
         "product": lambda v: v * np.roll(v, 1), "sinh": lambda v: np.sinh(0.5 * v),
         "share": lambda v: np.exp(v) / np.sum(np.exp(v)), "square": lambda v: 0.3 * v * v,
         "cosh": lambda v: 1 / np.cosh(v), "arctan": np.arctan}
ENDS = {"sum": lambda w, v: w @ v, "log-sum-exp": lambda w, v: np.log(np.sum(np.exp(v))),
        "product": lambda w, v: math.prod(1 + 0.25 * u for u in v),
        "mean square": lambda w, v: np.mean(v * v),
        "norm": lambda w, v: np.sqrt(1 + np.sum(v * v)), "ratio": lambda w, v: w @ v / (1 + v @ v)}


def random_function(rng):
    """(name, f, x): up to four layers of random units, at a random scale, near x (n,).

    Its constants are float32 and its scales powers of two: in any precision it is one function.
    """
    n, width, depth = (int(k) for k in rng.integers((1, 2, 1), (7, 6, 5)))
    units = [str(u) for u in rng.choice(list(UNITS), depth)]
    end = str(rng.choice(list(ENDS)))
    sizes = [n] + [width] * depth
    W = [rng.standard_normal((b, a)).astype(np.float32) / np.float32(a ** 0.5)
         for a, b in zip(sizes, sizes[1:])]
    shift = [(0.5 * rng.standard_normal(b)).astype(np.float32) for b in sizes[1:]]
    w = rng.standard_normal(width).astype(np.float32)
    value, scale = (2.0 ** int(k) for k in rng.integers(-20, 21, 2))
    x = (rng.choice((-1, 1), n) * rng.uniform(0.2, 1.5, n) * scale).astype(np.float32)

    def f(x):
        v = x / scale
        for unit, weights, b in zip(units, W, shift):
            v = UNITS[unit](weights @ v + b)
        return value * ENDS[end](w, v)
    return f"{' '.join(units)} {end} {n}", f, x


def gradient(f, x):
    """(n,), by complex steps."""
    z = np.asarray(x).astype(np.clongdouble)
    return np.stack([_imaginary(f, z, i) for i in range(len(z))])


def hessian(f, x):
    """(n, n), by differences of eighth order of complex steps."""
    z = np.asarray(x).astype(np.clongdouble)
    h = 2.0 ** -13 * 2.0 ** np.round(np.log2(np.max(np.abs(x))))
    rows = []
    for j in range(len(z)):
        total = 0
        for k, weight in enumerate(STENCIL, 1):
            for sign in (1, -1):
                moved = z.copy()
                moved[j] += sign * k * h
                total = total + sign * weight * np.stack([_imaginary(f, moved, i)
                                                          for i in range(len(z))])
        rows.append(total / h)
    return np.stack(rows)


def _imaginary(f, z, i):
    h = 2.0 ** -100 * max(float(abs(z[i])), 1e-30)
    moved = z.copy()
    moved[i] += 1j * h
    return np.imag(f(moved)) / h
