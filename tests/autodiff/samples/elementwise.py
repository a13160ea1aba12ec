"""Samples of elementwise functions, reductions and running sums.

Read next: shapes.py.
"""
import numpy as np

from .core import drawer

draw = drawer(2)
A, B, C = draw(3, 4), draw(3, 4) + 0.03, draw(2, 3, 4)
ROW, SIGNED = draw(4) + 0.01, draw(3, 4) * np.resize([1, -1, -1], (3, 4))
ZEROS = np.array([[0.5, 0.0, 0.7], [0.0, 0.4, 0.0], [0.6, 0.8, 0.9]])
MASK = draw(3, 4) > 0.45
HOLES = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], bool)
BOUND = np.array([0.33, 0.545, 0.71, 0.87])      # far from the numbers in A

SAMPLES = {fn: (fn, (A,)) for fn in (np.degrees, np.radians)}
SAMPLES |= {fn: (fn, (A, B)) for fn in (np.fmax, np.fmin, np.copysign)}
SAMPLES |= {
    np.heaviside: (lambda h: np.heaviside([0.0, 1.0, -1.0, 0.0], h), (ROW,)),
    np.ldexp: (lambda a: np.ldexp(a, [1, -2, 3, 0]), (A,)),
    np.modf: (lambda a: np.modf(3 * a)[0], (SIGNED,)),
    np.nextafter: (lambda a: np.nextafter(a, 1.0), (A,)),
    np.prod: (lambda a: np.prod(a, axis=1), (ZEROS,)),
}

COMPOSITIONS = {
    "power, signed base": (lambda a: a ** 3 + a ** -2 + 1.5 ** a, (SIGNED,)),
    "power, array of exponents": (lambda a: a ** np.array([0.0, 1.0, 2.0, -0.5]), (A,)),
    "power at 0": (lambda a: a ** 2 + a ** 3 + a ** 0 + a ** np.array([0.0, 1.0, 2.0]), (ZEROS,)),
    "power of power": (lambda a, b: (a ** b) ** a, (A, ROW)),
    "clip": (lambda a, low: np.clip(a, low, 0.8), (A, BOUND)),
    "clip, keywords": (lambda a, high: np.clip(a, min=0.4, max=high), (A, BOUND)),
    "clip, a_min": (lambda a, low: np.clip(a, a_min=low, a_max=None), (A, BOUND)),
    "clip, the ufunc": (lambda low: np.full((2, 4), 0.6).clip(low, 0.8), (ROW,)),
    "clip, the method": (lambda a: a.clip(0.45, 0.75), (A,)),
    "divmod": (lambda a, b: np.divmod(3 * a, b)[1], (SIGNED, B)),
    "remainder, signed": (lambda a, b: (3 * a) % b + np.fmod(3 * a, b), (SIGNED, -B)),
    "frexp": (lambda a: np.frexp(2.05 * a)[0], (SIGNED,)),
    "nan_to_num": (lambda a: np.nan_to_num(np.where(MASK, a, np.nan), nan=2.0), (A,)),
    "sinc": (np.sinc, (np.concatenate([3 * SIGNED.ravel(), [0.0, 1e-3, 0.6366]]),)),
    "i0": (np.i0, (np.concatenate([3 * SIGNED.ravel(), [0.0, 1e-3, 3.5]]),)),
    "interp": (lambda x, xp, fp: np.interp(x, xp, fp, right=2.0),
               (3 * A, np.linspace(1, 2.5, 7) + 0.01, draw(7))),
    "copysign, signed": (lambda a, b: np.copysign(a, b), (SIGNED, -SIGNED[::-1])),
    "hypot, arctan2, signed": (lambda a, b: np.hypot(a, b) * np.arctan2(b, a), (SIGNED, B)),
    "where, a traced condition": (lambda a: np.where(a > 0.5, a, 2 * a) * np.where(a, a, 1), (A,)),
    "sign": (lambda a: a * np.sign(a), (SIGNED,)),
    "ufunc, dtype": (lambda a: np.exp(a, dtype=np.float64), (A,)),
    "ufunc.outer": (lambda a, b: np.hypot.outer(a, b), (ROW, B)),

    "sum, axes": (lambda a: np.sum(a, axis=(0, -1)), (C,)),
    "sum, keepdims": (lambda a: np.sum(a, axis=-2, keepdims=True), (C,)),
    "sum, where": (lambda a: np.sum(a, axis=0, where=MASK, initial=2.0), (A,)),
    "prod, all": (np.prod, (ZEROS,)),
    "prod, axes": (lambda a: np.prod(a, axis=(0, -1), keepdims=True), (C,)),
    "prod, where": (lambda a: np.prod(a, axis=0, where=MASK, initial=2.0), (A,)),
    "prod, method": (lambda a: a.prod(-1), (A,)),
    "mean, where": (lambda a: np.mean(a, axis=1, where=MASK), (A,)),
    "mean, method": (lambda a: a.mean((0, 1), keepdims=True), (C,)),
    "var": (lambda a: np.var(a, axis=(0, 2), ddof=1, keepdims=True), (C,)),
    "var, correction": (lambda a, m: np.var(a, axis=0, mean=m, correction=1), (A, ROW)),
    "std, where": (lambda a: np.std(a, axis=(0, 2), where=MASK), (C,)),
    "average": (lambda a, w: np.average(a, axis=1, weights=w), (A, B)),
    "average, a vector": (lambda a, w: np.average(a, axis=-1, weights=w, keepdims=True), (A, ROW)),
    "average, axes": (lambda a, w: np.average(a, axis=(2, 1), weights=w), (C, B.T)),
    "average, returned": (lambda a, w: np.average(a, 0, w, returned=True)[1] * a, (A, B)),
    "average, no weights": (lambda a: np.average(a, axis=0), (A,)),
    "max, initial": (lambda a: np.max(a, axis=0, initial=0.6), (A,)),
    "max, where": (lambda a: np.max(a, axis=(0, 1), initial=0.1, where=MASK), (C,)),
    "max, method": (lambda a: a.max(-1) * a.min(), (A,)),
    "amax, amin": (lambda a: np.amax(a, 1) - np.amin(a, 1, keepdims=True), (A,)),
    "ptp": (lambda a: np.ptp(a, axis=1, keepdims=True), (A,)),

    "cumsum, all": (lambda a: a.cumsum(), (A,)),
    "cumprod": (lambda a: np.cumprod(a, axis=0), (A,)),
    "cumprod, zeros": (lambda a: a.cumprod(-1), (ZEROS,)),
    "cumprod, all": (np.cumprod, (A,)),
    "cumulative_sum": (lambda a: np.cumulative_sum(a, axis=-1, include_initial=True), (A,)),
    "cumulative_prod": (lambda a: np.cumulative_prod(a, axis=0), (A,)),
    "logaddexp.reduce": (lambda a: np.logaddexp.reduce(a, axis=(0, 2)), (C,)),
    "logaddexp2.reduce": (lambda a: np.logaddexp2.reduce(a, keepdims=True, initial=0.2), (A,)),
    "logaddexp.accumulate": (lambda a: np.logaddexp.accumulate(a, axis=1), (A,)),
    "add, multiply.reduce": (lambda a: np.add.reduce(a, 1) * np.multiply.reduce(a, axis=1), (A,)),
    "multiply.accumulate": (lambda a: np.multiply.accumulate(a, 1), (A,)),
    "maximum.reduce": (lambda a: np.maximum.reduce(a, axis=None) * np.minimum.reduce(a), (A,)),
    "maximum.accumulate": (lambda a: np.maximum.accumulate(a, axis=1), (A,)),
    "subtract.reduce": (lambda a: np.subtract.reduce(a, axis=1, keepdims=True), (A,)),
    "hypot.reduce": (lambda a: np.hypot.reduce(a, axis=-1, initial=1.0), (A,)),

    "nansum": (lambda a: np.nansum(np.where(HOLES, np.nan, a), axis=0), (A,)),
    "nanprod": (lambda a: np.nanprod(np.where(HOLES, np.nan, a), axis=0), (A,)),
    "nancumsum": (lambda a: np.nancumsum(np.where(HOLES, np.nan, a), axis=1), (A,)),
    "nancumprod": (lambda a: np.nancumprod(np.where(HOLES, np.nan, a), axis=1), (A,)),
    "nanmax": (lambda a: np.nanmax(np.where(HOLES, np.nan, a), axis=0), (A,)),
    "nanmin": (lambda a: np.nanmin(np.where(HOLES, np.nan, a), axis=1, keepdims=True), (A,)),
    "nanmean": (lambda a: np.nanmean(np.where(HOLES, np.nan, a), axis=1), (A,)),
    "nanvar": (lambda a: np.nanvar(np.where(HOLES, np.nan, a), axis=(0, 1)), (A,)),
    "nanstd": (lambda a: np.nanstd(np.where(HOLES, np.nan, a), axis=1, ddof=1), (A,)),
    "nanmedian": (lambda a: np.nanmedian(np.where(HOLES, np.nan, a), axis=1, keepdims=True), (A,)),
}
