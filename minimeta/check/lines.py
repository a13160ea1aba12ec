"""Derivatives along a line by finite differences, with a bound on their own error.

p(t) = F(x + t w), F array-valued, is sampled on both sides of t = 0 on a ladder of steps.  Central
differences D(t) and one level of Richardson's extrapolation R(t) are as good as
    bound(t) = |R(t) - R(r t)| + |kink(t)| / 8 + 4 sigma / t + 4 eps |R|,
r the ratio of the ladder, kink the gap between one-sided slopes that is left at t = 0, sigma the
noise of F, measured from tables of differences (ECnoise: Moré and Wild, Computing Numerical
Derivatives with Noise, 2011/12).  The step with the least bound wins, of those that agree with all
smaller ones.

Read next: functions.py.
"""
from dataclasses import dataclass

import numpy as np

SAFETY = 4                       # a claim is wrong when it is off by more than SAFETY bounds
POINTS, ORDERS = 10, (4, 5, 6)   # of a table of differences
SIGNIFICANT = 40                 # a gap between one-sided slopes counts above so many sigma / t
LEVEL = 5                        # steps of one level of noise
LOUDER, PLATEAU = 64, 1024       # the highest: in sigma if it is clear, else in eps max(1, |F|)
SMOOTH, KINK, JUMP = 0, 1, 2
SHORT = 6                        # steps of a ladder that is not a whole one


def ladder(eps, ratio=2.0):
    """Steps from 2 down, `ratio` apart, with few enough binary digits to be taken exactly."""
    smallest = 0.3 * eps ** 0.45                # 2.7e-8 in float64, 2.3e-4 in float32
    count = int(np.log(2 / smallest) / np.log(ratio)) + 1
    steps = 2 / ratio ** np.arange(count)
    exponent = np.floor(np.log2(steps)) - 6
    return np.round(steps / 2 ** exponent) * 2 ** exponent


def noise(F, line, eps):
    """(sigma (m,), clear (m,)): the standard deviation of the round-off of F (m,) along a line.

    The k-th difference of a smooth function on a fine grid is nothing but noise, whose variance
    is (2k)! / k!^2 sigma^2.  Each side of 0 has its own tables, so that a kink at 0 is in neither;
    the least estimate is taken, and half a unit of the last digit at least.  It is not `clear`
    where F stays on plateaus, so that most differences are 0 and there is nothing to measure.
    """
    found, largest = [], 0.0
    for spacing in (eps ** 0.4, eps ** 0.4 / 1024):
        for side in (1, -1):
            table = np.stack([F(line(side * spacing * (k + 1))) for k in range(POINTS)])
            largest = np.maximum(largest, _finite(np.abs(table)).max(0))
            estimate, differences, gamma = np.inf, table, 1.0
            with np.errstate(invalid="ignore"):
                coarse = np.mean(np.diff(table, axis=0) == 0, axis=0) >= 0.5
                for k in range(1, max(ORDERS) + 1):
                    differences = np.diff(differences, axis=0)
                    gamma *= k / (2 * (2 * k - 1))
                    if k in ORDERS:
                        level = np.sqrt(gamma * np.mean(differences ** 2, axis=0))
                        estimate = np.fmin(estimate, level)
            found.append(np.where(coarse | ~np.isfinite(estimate), np.inf, estimate))
    least = np.min(found, axis=0)
    clear = np.isfinite(least)
    return np.maximum(np.where(clear, least, 0), eps / 2 * largest), clear


def _finite(a):
    return np.where(np.isfinite(a), a, 0)


@dataclass
class Estimate:
    """Derivatives (L, m) along L lines of m functions, and all that they were made of.

    value, bound  -- R and its bound at the best step; the bound is infinite where there is none
    kink          -- SMOOTH, KINK or JUMP
    left, right   -- one-sided slopes at a kink
    noise         -- sigma, as it was used
    steps (L, K), central, richardson, bounds (L, K, m) -- the whole ladder
    """
    value: np.ndarray
    bound: np.ndarray
    kink: np.ndarray
    left: np.ndarray
    right: np.ndarray
    noise: np.ndarray
    steps: np.ndarray
    central: np.ndarray
    richardson: np.ndarray
    bounds: np.ndarray


def estimate(centre, plus, minus, steps, sigma, clear, eps, least=0.0):
    """The Estimate from F (m,) at 0 and (L, K, m) at +-steps (L, K), largest step first.

    sigma, clear (m,) -- of `noise`; least -- of `kinks`, a number or (L, 1, 1)
    """
    t = steps[:, :, None]
    with np.errstate(all="ignore"):
        central = (plus - minus) / (2 * t)
        square = (t[:, :-1] / t[:, 1:]) ** 2
        richardson = np.full_like(central, np.nan)
        richardson[:, 1:] = central[:, 1:] + (central[:, 1:] - central[:, :-1]) / (square - 1)
        change = np.full_like(central, np.nan)
        change[:, 2:] = np.abs(richardson[:, 2:] - richardson[:, 1:-1])
        # one lucky crossing must not pass for convergence: the change before may shrink by r^4
        change[:, 3:] = np.maximum(change[:, 3:], change[:, 2:-1] / square[:, 2:] ** 2)
        if change.shape[1] > SHORT:
            change[:, 2] = np.inf                   # nothing guards the first one of a whole ladder
        size = np.maximum(np.maximum(np.abs(plus), np.abs(minus)), np.abs(centre))
        heard = scatter(richardson, t, np.where(clear, LOUDER * sigma, PLATEAU * eps * np.maximum(
            1, np.abs(centre))))
        sigma = np.where(heard > 2 * sigma, 1.5 * heard, sigma)
        spread = np.maximum(sigma[:, None], eps / 2 * size)
        rounding = (4 * spread + eps * np.abs(richardson)) / t + 4 * eps * np.abs(richardson)
        bounds = change + hidden(centre, plus, minus, t) / (2 * SAFETY) + rounding
    kink, inside, left, right = kinks(centre, plus, minus, steps, spread, least)
    bounds = np.where(np.isfinite(bounds) & inside, bounds, np.inf)
    bounds = np.where(agrees(richardson, SAFETY * bounds, SAFETY * rounding), bounds, np.inf)
    best = np.argmin(bounds, axis=1)[:, None]
    return Estimate(np.take_along_axis(richardson, best, 1)[:, 0],
                    np.take_along_axis(bounds, best, 1)[:, 0], kink, left, right, sigma,
                    steps, central, richardson, bounds)


def hidden(centre, plus, minus, t):
    """The gap (L, K, m) between one-sided slopes that is left when t -> 0, as if it were a kink's.

    Where F is smooth the gap is a t + b t^3 + ..., both of which are extrapolated away.  A kink too
    small to be told from noise leaves its gap, and may have moved the central difference by half.
    """
    gap, ratio = (plus - 2 * centre + minus) / t, t[:, :-1] / t[:, 1:]
    once, twice = np.full_like(gap, np.nan), np.full_like(gap, np.nan)
    once[:, 1:] = (ratio * gap[:, 1:] - gap[:, :-1]) / (ratio - 1)
    cube = ratio[:, 1:] ** 3
    twice[:, 2:] = (cube * once[:, 2:] - once[:, 1:-1]) / (cube - 1)
    return np.abs(twice)


def scatter(values, t, most):
    """Noise (L, m) that the derivatives (L, K, m) themselves show at small steps t (L, K, 1).

    Round-off that comes in plateaus, as that of log(1 + x^2) at a small x, is hidden from a table
    of differences.  But |R(t) - R(t / r)| t is level where noise rules, and grows as t^5 where
    smoothness does; the highest level before it grows is taken.  Where it is constant, with one
    sign, or higher than `most`, it tells of kinks.
    """
    change = (values[:, :-1] - values[:, 1:])[:, ::-1]              # small steps first
    level, sign = np.abs(change) * t[:, 1:][:, ::-1], np.sign(change)
    octave = np.log(np.max(t[:, -2] / t[:, -1], initial=1.1))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.maximum(level, 1e-300))
        steep = np.diff(logs, axis=1) / octave
        steep = (steep > 3) & (steep < 7) & (sign[:, 1:] == sign[:, :-1])
    grows = np.zeros(level.shape, bool)
    grows[:, 3:] = steep[:, :-2] & steep[:, 1:-1] & steep[:, 2:]
    grows = np.cumsum(grows, axis=1) > 0
    weights = np.arange(LEVEL)[:, None] - (LEVEL - 1) / 2
    found = np.zeros(values[:, 0].shape)
    for k in range(level.shape[1] - LEVEL + 1):
        here = slice(k, k + LEVEL)
        with np.errstate(invalid="ignore"):
            slope = np.sum(weights * logs[:, here], axis=1) / (np.sum(weights ** 2) * octave)
            part = level[:, here]
            middle = _median(*np.moveaxis(part, 1, 0))
            kink = (part.max(axis=1) < 1.5 * part.min(axis=1)) & (
                np.abs(np.sum(sign[:, here], axis=1)) == LEVEL)
            good = (slope < 2) & ~kink & (middle <= most) & ~grows[:, k + LEVEL - 1]
        found = np.fmax(found, np.where(good, middle, 0))
    return found


def _median(a, b, c, d, e):
    """The median of LEVEL arrays, nan where one is; NumPy's takes several times as long."""
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    return np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), e))


def agrees(values, margins, rounding):
    """Whether each value (L, K, m) lies within its margin of all at smaller steps, give or take
    the rounding there.

    Where F is smooth nothing but that can part them.  Far away F may be flat, and its differences
    exact there, about another function; or it may have jumped many times, and look steady.
    """
    with np.errstate(invalid="ignore"):
        low, high = values - rounding, values + rounding
        low = np.where(np.isnan(low), -np.inf, low)
        high = np.where(np.isnan(high), np.inf, high)
        highest_low = np.maximum.accumulate(low[:, ::-1], axis=1)[:, ::-1]
        lowest_high = np.minimum.accumulate(high[:, ::-1], axis=1)[:, ::-1]
        return (values - margins <= lowest_high) & (values + margins >= highest_low)


def kinks(centre, plus, minus, steps, spread, least=0.0):
    """(kink, inside, left slope, right slope): (L, m), (L, K, m), (L, m), (L, m).

    The gap between the one-sided slopes goes to 0 as t does where F is smooth (a slope of 1 in
    log-log), stays where F has a kink (0), and grows where F jumps (-1).  It is read off at the
    smallest steps at which it stands out of the noise.  Where it is gone at smaller steps, though
    it could be seen there, the kink is far enough away: those steps are `inside`, and will do
    (if they are not below `least`).
    """
    t = steps[:, :, None]
    with np.errstate(all="ignore"):
        right, left = (plus - centre) / t, (centre - minus) / t
        gap, sign = np.abs(right - left), np.sign(right - left)
        clear = np.isfinite(gap) & (gap * t > SIGNIFICANT * spread)
        skip = 2 if gap.shape[1] > SHORT else 0
        window, usable = _smallest(clear, skip)
        slopes = _slopes(gap, t, window)
        usable &= np.ptp(np.take_along_axis(sign, window, 1), axis=1) == 0
        if skip:        # the gap goes to 0 at last, whatever it did before
            last = _slopes(gap, t, _smallest(clear)[0][:, :3])
            usable &= ~((last > 0.7) & (last < 1.3)).all(axis=1)
        # what jumps by as much to both sides has no gap, but a difference that stays
        across = np.abs(plus - minus)
        apart = np.isfinite(across) & (across > SIGNIFICANT * spread)
        ends, there = _smallest(apart)
        stays = there & (ends[:, 0] == gap.shape[1] - 1) & (
            np.abs(_slopes(across, t, ends)) < 0.4).all(axis=1)
        flat = usable & (slopes > -0.6).all(axis=1) & (slopes < 0.4).all(axis=1)
        jump = usable & (slopes > -1.4).all(axis=1) & (slopes <= -0.6).all(axis=1)
        height = np.take_along_axis(gap, window[:, :1], 1)
        gone = (gap < height / 8) & (height * t > SIGNIFICANT * spread) & (
            np.arange(gap.shape[1])[:, None] > window[:, :1]) & (t >= least)
    far = (flat | jump) & ~stays & (gone.sum(axis=1) >= 3)
    inside = np.where(far[:, None], np.cumsum(gone, axis=1) > 0, True)
    at = window[:, :1]
    kink = np.where(stays | jump & ~far, JUMP, np.where(flat & ~far, KINK, SMOOTH))
    return (kink, inside, np.take_along_axis(left, at, 1)[:, 0],
            np.take_along_axis(right, at, 1)[:, 0])


def _smallest(clear, skip=0):
    """(window (L, 4, m), usable (L, m)): the four smallest steps that are clear, growing.

    A kink close by needs two octaves to show whole: `skip` so many steps first.
    """
    count = clear.shape[1]
    last = np.where(clear.any(axis=1), count - 1 - np.argmax(clear[:, ::-1], axis=1), -1)
    window = last[:, None] - skip - np.arange(4)[:, None]
    usable = (window >= 0).all(axis=1)
    window = np.clip(window, 0, count - 1)
    return window, usable & np.take_along_axis(clear, window, 1).all(axis=1)


def _slopes(a, t, window):
    """The log-log slopes of a (L, K, m) against t between the steps of a window."""
    octaves = np.log2(np.take_along_axis(np.broadcast_to(t, a.shape), window, 1))
    return np.diff(np.log2(np.take_along_axis(a, window, 1)), axis=1) / np.diff(octaves, axis=1)


def walk(F, line, steps):
    """(plus, minus, taken): F (K, m) on both sides of a line, and the steps as they were taken.

    Where F raises an arithmetic or linear-algebra error it has no value: nan.
    """
    return (np.stack([F(line(t)) for t in steps]), np.stack([F(line(-t)) for t in steps]),
            line.taken(steps))
