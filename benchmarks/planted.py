"""The table of planted errors: functions, and gradients or Hessians claimed for them, most wrong.

How wrong each claim is, is known: it is held against complex steps in extended precision.

Read next: checkers.py.
"""
from dataclasses import dataclass, replace
from typing import Callable

import numpy as np

from .functions import MANY, complex_step, functions, hessian_of, scales, stretched
from .tasks import meta_objectives

SIZES = {"float64": [10.0 ** k for k in range(-10, 1)],
         "float32": [10.0 ** k for k in range(-6, 1)]}
ROUNDING = 256                  # a correct claim is off by so many eps of the largest at most


@dataclass(frozen=True)
class Case:
    """A function f of one array x, and claims: df(x), and at order 2 also hessian(x) (n, n).

    order    -- the order of derivatives that the error is in (for a correct claim: checked up to)
    by_rule  -- whether the Hessian hides in the derivative rule of df, not in an hvp
    error    -- largest error of an entry of the claim, absolute; relative: to the largest entry
    """
    function: str
    scale: str
    kind: str
    dtype: str
    order: int
    correct: bool
    f: Callable
    df: Callable
    hessian: Callable
    x: np.ndarray
    by_rule: bool = False
    error: float = np.nan
    relative: float = np.nan

    @property
    def name(self):
        return f"{self.function}, {self.scale}, {self.dtype}: {self.kind} {self.relative:.0e}"

    def hvp(self, x, v):
        """The claimed Hessian times v."""
        return self.hessian(x) @ v


# ---------------------------------------------------------------- errors in the gradient

def factor(F, size):
    """Everything is too large."""
    return F, replace(F, slope=lambda x: (1 + size) * F.slope(x))


def one_entry(F, size):
    """One entry is off."""
    k, off = len(F.x) // 2, size * _largest(F.slope(F.x))

    def slope(x):
        g = F.slope(x).copy()
        g[k] += off
        return g
    return F, replace(F, slope=slope)


def dropped_term(F, size):
    """A term of the gradient is missing, which is zero where the first two inputs are equal."""
    k = _power_of_two(size * _largest(F.slope(F.x)) / abs(float(F.x[0] - F.x[1])))
    full = with_term(F, lambda x: k / 2 * (x[0] - x[1]) ** 2, ((k, -k), (-k, k)))
    return full, replace(full, slope=F.slope)


# ---------------------------------------------------------------- errors in the Hessian

def hessian_factor(F, size):
    """The Hessian is too large, under a right gradient."""
    right = hessian_of(F.slope)
    return F, lambda x: (1 + size) * right(x)


def hessian_entry(F, size):
    """One entry of the Hessian is off."""
    right = hessian_of(F.slope)
    off = size * _largest(right(F.x))

    def wrong(x):
        H = right(x).copy()
        H[1, 3] += off
        return H
    return F, wrong


def mixed_sign(F, size):
    """A term's mixed partial derivative has the wrong sign, in both of its places."""
    k = _power_of_two(size * _largest(hessian_of(F.slope)(F.x)) / 2)
    full = with_term(F, lambda x: k * x[0] * x[1], ((0, k), (k, 0)))
    right = hessian_of(full.slope)

    def wrong(x):
        H = right(x).copy()
        H[[0, 1], [1, 0]] -= 2 * k
        return H
    return full, wrong


def with_term(F, term, matrix):
    """F plus a quadratic term in the first two inputs, whose gradient is `matrix` times them."""
    def slope(x):
        g = F.slope(x).copy()
        for i, (p, q) in enumerate(matrix):
            g[i] += p * x[0] + q * x[1]
        return g
    return replace(F, value=lambda x: F.value(x) + term(x), slope=slope)


def _largest(a):
    return float(np.max(np.abs(a)))


def _power_of_two(size):
    return 2.0 ** round(np.log2(size))


# ---------------------------------------------------------------- the table

FIRST = {"factor": factor, "one entry": one_entry, "dropped term": dropped_term}
SECOND = {"Hessian, factor": hessian_factor, "Hessian, entry": hessian_entry,
          "Hessian, sign": mixed_sign, "Hessian, rule": hessian_factor}


def cases(quick=False):
    """All cases, correct ones included; with `quick` about one in ten."""
    rng = np.random.default_rng(0)
    for case in _all():
        if not quick or rng.random() < (0.5 if case.kind in ("FOMAML", "reversed") else 0.1):
            yield case


def _all():
    for dtype, sizes in SIZES.items():
        for i, F in enumerate(functions()):
            stretches = scales(len(F.x))
            for scale in stretches:
                yield from correct(F, scale, dtype)
            for k, (kind, plant) in enumerate((FIRST | SECOND).items()):
                for j, size in enumerate(sizes):
                    if kind not in ("factor", "one entry") and j % 2 != (len(sizes) - 1) % 2:
                        continue        # every other size
                    scale = stretches[(i + 2 * k + j) % len(stretches)]
                    yield from planted(F, scale, dtype, kind, plant, size)
        for F in functions(MANY):
            plain = scales(MANY)[0]
            yield first(F, F, plain, dtype, "correct", True, truth := complex_step(F.value, F.x))
            for size in sizes:
                yield from _real(first(F, one_entry(F, size)[1], plain, dtype, f"1 of {MANY}",
                                       False, truth))
        for kind, right, wrong in meta_objectives(sizes):
            plain = scales(len(right.x))[0]
            yield first(right, right, plain, dtype, "correct", True)
            yield from _real(first(right, wrong, plain, dtype, kind, False))


def correct(F, scale, dtype):
    """A function with nothing wrong: at order 1, and at order 2 by either way."""
    yield first(F, F, scale, dtype, "correct", True)
    right = hessian_of(F.slope)
    for by_rule in (False, True):
        yield second(F, right, scale, dtype, "correct", True, by_rule)
    even = F.x.copy()
    even[1] = even[0]                   # where the dropped term is no loss
    full, wrong = dropped_term(F, 1.0)
    yield first(replace(full, x=even), replace(wrong, x=even), scale, dtype, "correct", True)


def planted(F, scale, dtype, kind, plant, size):
    """The case, unless its error drowns in the rounding of the claim itself."""
    right, wrong = plant(F, size)
    if kind in FIRST:
        yield from _real(first(right, wrong, scale, dtype, kind, False))
    else:
        yield from _real(second(right, wrong, scale, dtype, kind, False, kind.endswith("rule")))


def _real(case):
    if case.relative > 2 * np.finfo(case.dtype).eps:
        yield case


def first(right, wrong, scale, dtype, kind, is_correct, truth=None):
    """A case at order 1: `wrong` claims a gradient for the function `right`."""
    f, claim = stretched(right, scale), stretched(wrong, scale)
    case = Case(right.name, scale.name, kind, dtype, 1, is_correct, f.value, claim.slope, None,
                f.x.astype(dtype))
    truth = complex_step(f.value, case.x) if truth is None else truth
    return _measured(case, claim.slope(case.x), truth)


def second(F, hessian, scale, dtype, kind, is_correct, by_rule):
    """A case at order 2: a right gradient, and a claimed Hessian."""
    f, s = stretched(F, scale), scale.input

    def claim(x):
        column = np.reshape(np.asarray(s, np.float32), (-1, 1))
        return scale.value * hessian(x / s) / s / column
    case = Case(F.name, scale.name, kind, dtype, 2, is_correct, f.value, f.slope, claim,
                f.x.astype(dtype), by_rule)
    return _measured(case, claim(case.x), complex_step(f.slope, case.x).T)


def _measured(case, claimed, truth):
    error = float(np.max(np.abs(claimed - truth)))
    relative = error / float(np.max(np.abs(truth)))
    if case.correct and relative > ROUNDING * np.finfo(case.dtype).eps:
        raise AssertionError(f"{case.name}: a claim that ought to be correct is off by {relative}")
    return replace(case, error=error, relative=relative)
