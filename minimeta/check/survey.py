"""One argument at one order: claimed derivatives against those measured along lines.

Read next: grads.py.
"""
import numpy as np

from .functions import Line
from .lines import (KINK as AT_KINK, SAFETY, SMOOTH, Estimate, estimate, kinks, ladder, noise,
                    walk)

FULL, CHUNK = 256, 64       # lines that get the whole ladder; lines looked at in one go
PILOTS, CONFIRM = 8, 32     # lines that show the best step; wrong ones that are enough
BLUR, BATCH = 32, 32        # a line less sharp than most by this is in doubt; looked at in one go
FINER = 4                   # steps below the ladder, 4 apart, that must not take a claim's side
ROW = 4                     # steps in a row that may be of one mind
SIDE = 2.0 ** -5            # how far beside a kink the claim is checked again
CLOSE = 2.0 ** -27          # a kink within this distance counts, however small the inputs are
SMALL = 2.0 ** -16          # inputs with a ladder that does not reach far enough beyond that
FINE, FALSE, KINK, EDGE = range(4)


class Survey:
    """Lines through one leaf, of F (m,), whose claimed derivatives are claim(line) (m,).

    claim_at(leaves) gives the claim elsewhere, for the two sides of a kink.  After `run`: lines;
    found, an Estimate; claimed, tolerance (L, m); state (L, m), of FINE, FALSE, KINK, EDGE.
    """

    def __init__(self, F, inputs, leaf, claim_at, eps, shaking=0.0):
        self.F, self.inputs, self.leaf, self.eps = F, inputs, leaf, eps
        self.claim_at, self.claim = claim_at, claim_at(inputs.leaves)
        self.centre, self.shaking = F(inputs.leaves), shaking
        self.steps, self.other_steps, self.third_steps = (ladder(eps, r) for r in (2.0, 1.6, 1.8))
        self.sigma, self.beside = np.zeros(self.centre.shape), {}
        self.clear = np.zeros(self.centre.shape, bool)

    def listen(self, lines):
        """Measure the noise along some lines; the loudest counts."""
        for line in lines:
            sigma, clear = noise(self.F, line, self.eps)
            self.sigma, self.clear = np.maximum(self.sigma, sigma), self.clear | clear
        self.sigma = np.maximum(self.sigma, self.shaking)

    def run(self, lines):
        """Measure along all lines, few of them with the whole ladder, and judge the claims."""
        self.lines = lines
        self.claimed = np.stack([self.claim(line) for line in lines])
        if len(lines) <= FULL:
            self.found = self.measure(lines, self.steps, close=True)
            self.look_far([i for i, line in enumerate(lines) if line.scale < SMALL])
        else:
            self.found = self.measure(lines, self.usual_steps())
            self.look_again()
        self.tolerance = SAFETY * self.found.bound + self.floor()
        self.judge()
        return self

    def measure(self, lines, steps, claims_at=None, close=False, only=slice(None)):
        """The Estimate along some lines, of some components `only`.

        claims_at -- leaves, where the lines do not start at the arguments; close -- a kink that is
        CLOSE is never too far
        """
        F, parts, sigma, clear = self.F, [], self.sigma[only], self.clear[only]
        centre = (self.centre if claims_at is None else F(claims_at))[only]
        for start in range(0, len(lines), CHUNK):
            some = lines[start:start + CHUNK]
            walks = [walk(lambda leaves: F(leaves)[only], line, steps) for line in some]
            plus, minus, taken = (np.stack(column) for column in zip(*walks))
            least = np.array([CLOSE / line.scale for line in some])[:, None, None] if close else 0.0
            parts.append(estimate(centre, plus, minus, taken, sigma, clear, self.eps, least))
        return Estimate(*(np.concatenate([getattr(p, name) for p in parts])
                          for name in Estimate.__dataclass_fields__))

    def look_far(self, some):
        """Kinks next to inputs that are all tiny: |x| at 1e-9 is smooth on the scale of 1e-9."""
        found = self.found
        for i in some:
            line = self.lines[i]
            far = 4.0 ** np.arange(int(np.log2(1 / line.scale)) // 2, 0, -1)
            kink, left, right = self.kinks_at(line, np.concatenate([far, self.steps]))
            new = (kink == AT_KINK) & (found.kink[i] == SMOOTH)
            found.kink[i][new] = AT_KINK
            found.left[i][new], found.right[i][new] = left[new], right[new]

    def kinks_at(self, line, steps):
        """(kink, left slope, right slope), (m,) each, along a line; a kink that is CLOSE counts."""
        plus, minus, taken = walk(self.F, line, steps)
        size = np.maximum(self.sigma, self.eps / 2 * np.maximum(np.abs(plus), np.abs(minus)))
        kink, _, left, right = kinks(self.centre, plus[None], minus[None], taken[None], size[None],
                                     CLOSE / line.scale)
        return kink[0], left[0], right[0]

    def look_near(self, kinked):
        """The same for many lines: those whose few steps are not well above CLOSE, which differ
        to both sides there."""
        def below(steps):
            return np.array([line.scale * steps[-1] < 8 * CLOSE for line in self.lines])
        some = np.flatnonzero(below(self.usual_steps()) | kinked & below(self.usual_steps(finer=4)))
        apart = CLOSE * 2.0 ** np.arange(6, 2, -1)
        self.look_far([i for i in some if self.kinks_at(
            self.lines[i], apart / self.lines[i].scale)[0].any()])

    def usual_steps(self, finer=0):
        """Four steps, about the best ones of a few lines."""
        if not hasattr(self, "best"):
            every = max(1, len(self.lines) // PILOTS)
            pilots = self.measure(self.lines[::every], self.steps)
            self.sigma = np.maximum(self.sigma, np.max(pilots.noise, axis=0))
            self.best = int(np.median(np.argmin(pilots.bounds, axis=1)))
        start = min(max(self.best - 2, 0) + finer, len(self.steps) - 4)
        return self.steps[start:start + 4]

    def look_again(self):
        """Lines that four steps leave in doubt: with four smaller ones, to get past kinks, then,
        the worst first, with the whole ladder."""
        _widen(self.found, len(self.steps))
        blur, near = np.full(len(self.lines), BLUR), self.found.kink.any(axis=1)
        wrong = np.mean(self.off() > 1) > 0.5           # then that is the answer
        self.replace(np.flatnonzero(near) if wrong else np.sort(self.doubts(blur)),
                     self.usual_steps(finer=4), sharper=~near)
        blur[near] = BLUR ** 2
        doubt, certain = self.doubts(blur), 0
        for start in range(0, len(doubt), BATCH):
            some = doubt[start:start + BATCH]
            self.replace(some, self.steps)
            certain += np.sum((self.off(some) > 1) & (self.found.kink[some] == 0).all(axis=1))
            if certain >= CONFIRM:
                break
        self.look_near(near)

    def off(self, some=slice(None)):
        """How far claims are off, in tolerances, at the worst component of some lines."""
        tolerance = SAFETY * self.found.bound[some] + self.floor()
        return np.max(_over(self.claimed[some], self.found.value[some], tolerance), axis=1)

    def doubts(self, blur):
        """Lines that look wrong, kinked, or `blur` (L,) times less sharp than most; worst first."""
        found, off = self.found, self.off()
        with np.errstate(invalid="ignore", divide="ignore"):
            vague = np.max(found.bound / np.median(found.bound, axis=0), axis=1)
        doubt = np.where((off > 1) | found.kink.any(axis=1), 1 + np.nan_to_num(off, nan=1e300), 0)
        some = np.flatnonzero((doubt > 0) | (vague > blur) | np.isnan(vague))
        return some[np.argsort(-doubt[some], kind="stable")]

    def replace(self, some, steps, sharper=None):
        """Measure some lines again, with other steps; where `sharper` (L,), keep the sharper."""
        if len(some):
            again = self.measure([self.lines[i] for i in some], steps)
            _widen(again, len(self.steps))
            keep = np.ones(len(some), bool)
            if sharper is not None:
                bounds = self.found.bound[some].max(axis=1)
                keep = ~sharper[some] | (again.bound.max(axis=1) < bounds)
            for name in Estimate.__dataclass_fields__:
                getattr(self.found, name)[some[keep]] = getattr(again, name)[keep]

    def floor(self):
        """Round-off of the claims themselves: a few units of the largest value's last digit."""
        finite = np.where(np.isfinite(self.found.bound), np.abs(self.found.value), 0)
        return 4 * self.eps * np.max(finite, axis=0, initial=0)

    def judge(self):
        """The state of every claim; a suspect is FALSE only if two other ladders agree."""
        found, claimed = self.found, self.claimed
        over = _over(claimed, found.value, self.tolerance)
        self.over = over
        blind = ~np.isfinite(found.bound)
        self.state = np.where(blind, EDGE, np.where(found.kink > 0, KINK, FINE))
        wrong = (over > 1) & (self.state == FINE)
        self.state[wrong] = FALSE
        order = np.argsort(-np.max(np.where(wrong, over, 0), axis=1), kind="stable")
        certain = 0
        for i in order:
            if not wrong[i].any() or certain >= CONFIRM:
                break
            other = self.measure([self.lines[i]], self.other_steps)
            agrees = self.off_by(self.lines[i], claimed[i], other, self.floor()) & ~(
                self.speaks_for(self.lines[i], claimed[i], found, i))
            if agrees.any():
                third = self.measure([self.lines[i]], self.third_steps)
                agrees &= self.off_by(self.lines[i], claimed[i], third, self.floor())
            kink = other.kink[0] > 0
            self.state[i] = np.where(wrong[i] & ~agrees, FINE, self.state[i])
            self.tolerance[i] = np.where(wrong[i] & ~agrees,
                                         np.maximum(self.tolerance[i],
                                                    np.abs(claimed[i] - found.value[i])),
                                         self.tolerance[i])
            new = wrong[i] & agrees & kink
            self.state[i] = np.where(new, KINK, self.state[i])
            for name in ("kink", "left", "right"):
                getattr(found, name)[i][new] = getattr(other, name)[0][new]
            self.excuse(i, other)
            certain += bool((self.state[i] == FALSE).any())
        kinked = np.argsort(-np.max(np.where(self.state == KINK, over, -1), axis=1), kind="stable")
        for i in kinked[:CONFIRM]:
            if (self.state[i] == KINK).any():
                self.state[i] = np.where(self.false_beside(i), FALSE, self.state[i])

    def excuse(self, i, other):
        """Where some components have a kink on a line, by either ladder, others may have one that
        they do not show: what is off by no more than the largest is no proof."""
        found = self.found
        largest = max(np.max(np.abs(right - left), where=kink > 0, initial=0)
                      for kink, left, right in ((found.kink[i], found.left[i], found.right[i]),
                                                (other.kink[0], other.left[0], other.right[0])))
        small = np.abs(self.claimed[i] - found.value[i]) <= largest
        self.state[i] = np.where((self.state[i] == FALSE) & small, KINK, self.state[i])

    def off_by(self, line, claimed, found, floor):
        """Which claims (m,) are off on an Estimate of one line, its smaller steps included."""
        off = _over(claimed, found.value[0], SAFETY * found.bound[0] + floor) > 1
        return off & ~self.speaks_for(line, claimed, found) if off.any() else off

    def speaks_for(self, line, claimed, found, i=0):
        """Which claims (m,) the smaller steps take the side of, on a line, i of an Estimate.

        Where the best step says that a claim is off, the finest one that can tell the claim from
        its value, to its rounding, must say so too, were it below the ladder: what looks smooth
        from there may be a hundred kinks.  So must the finest few steps in a row that are more of
        one mind than claim and value, for kinks sound like noise.
        """
        finer = self.steps[-1] * 4.0 ** -np.arange(1, FINER + 1)
        plus, minus, taken = walk(self.F, line, finer)
        t = np.concatenate([found.steps[i], taken])[:, None]
        value, best = found.value[i], np.argmin(found.bounds[i], axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            slopes = np.concatenate([found.richardson[i], (plus - minus) / (2 * taken[:, None])])
            rounding = (4 * found.noise[i] + self.eps * np.abs(value)) / t
            tells = (np.arange(len(t))[:, None] > best) & (2 * rounding < np.abs(claimed - value)) \
                & np.isfinite(slopes)
            near = np.abs(slopes - claimed) < np.abs(slopes - value)
            some = np.stack([slopes[k:len(t) - ROW + 1 + k] for k in range(ROW)])
            finer = np.arange(len(some[0]))[:, None] > best
            alike = finer & (2 * np.ptp(some, axis=0) < np.abs(claimed - value))
            side = np.abs(np.mean(some, axis=0) - claimed) < np.abs(np.mean(some, axis=0) - value)
        return (_last(tells) & near).any(axis=0) | (_last(alike) & side).any(axis=0)

    def steps_about(self, i, c):
        """Some steps about the best one of a line and component."""
        best = int(np.argmin(self.found.bounds[i, :, c]))
        return self.steps[max(best - 4, 0):best + 4]

    def suspect(self, line, c, steps):
        """Whether component c is off along a line, by one ladder, with no kink in the way."""
        found = self.measure([line], steps, only=slice(c, c + 1))
        over = _over(self.claim(line)[c], found.value[0],
                     SAFETY * found.bound[0] + self.floor()[c])
        return bool(over[0] > 1 and found.kink[0, 0] == 0)

    def false_beside(self, i):
        """Which claims (m,) are wrong on one of the sides of a kink, too: it is no excuse then.

        What was found there, (claimed, measured, tolerance), is kept in `beside`.
        """
        line, false = self.lines[i], np.zeros(self.centre.shape, bool)
        for side in (SIDE, -SIDE):
            leaves = line(side)
            beside = Line(self.inputs, self.leaf, line.unit, getattr(line, "direction", None),
                          base=leaves)
            beside.scale = line.scale
            claimed = self.claim_at(leaves)(beside)
            wrong = (self.state[i] == KINK) & ~false
            for steps in (self.other_steps, self.steps, self.third_steps):
                found = self.measure([beside], steps[steps <= SIDE / 2], leaves)
                floor = self.floor() + 4 * self.eps * np.abs(found.value[0])
                wrong = wrong & (found.kink == 0).all() & np.isfinite(found.bound[0]) & \
                    self.off_by(beside, claimed, found, floor)
            for c in np.flatnonzero(wrong):
                self.beside[i, c] = (claimed[c], found.value[0, c],
                                     SAFETY * found.bound[0, c] + floor[c])
            false |= wrong
        return false


def _last(true):
    """Nothing but the last of each column (K, m) that is true."""
    return true & (np.cumsum(true[::-1], axis=0)[::-1] == 1)


def _widen(found, width):
    """Pad the ladders of an Estimate to `width` steps, with nan."""
    for name in ("steps", "central", "richardson", "bounds"):
        a = getattr(found, name)
        pad = [(0, 0)] * a.ndim
        pad[1] = (0, width - a.shape[1])
        setattr(found, name, np.pad(a, pad, constant_values=np.nan))


def _over(claimed, value, tolerance):
    """|claimed - value| in tolerances; infinite where the claim is no number."""
    with np.errstate(invalid="ignore", divide="ignore"):
        over = np.abs(claimed - value) / tolerance
        return np.where(~np.isfinite(claimed), np.inf,
                        np.where(claimed == value, 0, np.where(np.isnan(over), 0, over)))
