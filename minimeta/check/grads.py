"""check_grads: derivatives that are claimed, held against what the function itself does.

Order k is checked by differencing order k - 1, never the function k times.

Read next: survey.py.
"""
import math

import numpy as np

from ..autodiff import Traced, vjp
from ..autodiff.tree import flatten
from .findings import row, seen, worst
from .functions import (UNDEFINED, Inputs, Line, Values, cotangents, derivative_along, given_rows,
                        lattice, like, numbers, real_dot, rows, split, to_host)
from .further import symmetry, taylor, transposes
from .report import INCONCLUSIVE, OK, WRONG, Report, Row, Test
from .survey import FALSE, Survey

MOST_ENTRIES = {1: 20_000}      # numbers in the arguments up to which each is checked, by order
FEW_ENTRIES = 40                # the same at order 2 and above
MOST_OUTPUTS = 64               # outputs up to which each is checked; more are projected


def check_grads(f, *args, argnums=None, order=None, df=None, hvp=None, directions=3, full="auto",
                seed=0, nondet_tol=0.0):
    """A Report on the derivatives of f at args, orders 1 to `order`; it is true when all are OK.

    f           -- maps arrays (or containers of them) to a number, or to arrays
    argnums     -- the arguments to differentiate in; by default all of floating-point numbers
    order       -- the highest order; by default 2, but 1 with a df that minimeta cannot follow
    df          -- somebody's gradient in place of ours: a function of the same arguments that
                   returns the gradient, shaped like the arguments (a tuple if there are several),
                   or (value, gradient); for an array-valued f the Jacobian, (*out, *in)
    hvp         -- with df: hvp(*args, v), the product of the Hessian and v, shaped like the
                   gradient.  Without it, order 2 needs a df that minimeta can differentiate;
                   asked for where neither is given, it is INCONCLUSIVE
    directions  -- random directions an argument, where entries are not checked one by one
    full        -- check each entry: True, False, or "auto": as long as they are few enough
    seed        -- of the directions
    nondet_tol  -- how much two runs of f may differ

    The verdict of an entry is WRONG if it is off by more than a bound computed from the function's
    own noise and smoothness (see lines.py), INCONCLUSIVE at kinks, at the edge of the domain, or
    below the noise, and OK otherwise.  Raises TypeError and ValueError for arguments that make no
    sense, and what f raises.  Moré and Wild 2011/12 (noise); Nocedal and Wright, ch. 8 (steps).
    """
    if (order is not None and order < 1) or directions < 1:
        raise ValueError(f"order={order}, directions={directions}: both are at least 1")
    if full not in (True, False, "auto"):
        raise ValueError(f"full={full!r}: True, False or 'auto'")
    if hvp is not None and df is None:
        raise ValueError("hvp without df: give df, somebody's gradient, as well")
    with np.errstate(all="ignore"):
        return Check(f, args, argnums, order, df, hvp, directions, full, seed, nondet_tol).report()


class Check:
    """One call of check_grads."""

    def __init__(self, f, args, argnums, order, df, hvp, directions, full, seed, nondet_tol):
        self.f, self.df, self.hvp, self.order = f, df, hvp, 2 if order is None else order
        self.asked = order is not None
        self.directions, self.full, self.nondet_tol = directions, full, nondet_tol
        self.rng = np.random.default_rng(seed)
        self.inputs = Inputs(f, args, argnums)
        self.F = Values(self.inputs, f)
        self.centre = self.F(self.inputs.leaves, strict=True)
        self.outputs = [o.value if type(o) is Traced else o for o in self.F.outputs]
        self.eps = max(float(np.finfo(a.dtype).eps) for a in
                       (*self.inputs.hosts, *map(to_host, self.outputs)) if a.dtype.kind in "fc")
        self.name = getattr(f, "__name__", type(f).__name__)
        self.rows, self.tests, self.slopes = [], [], []

    def report(self):
        """Everything, in order."""
        value = float(self.centre[0]) if self.centre.size == 1 else None
        if not np.isfinite(self.centre).all():
            self.fail(1, "edge of the domain: f is not finite at the arguments")
        elif self.shakes():
            self.fail(1, f"nondeterminism: two runs differ by {self.shaking:.1e}; fix the random "
                         "seed inside f, or allow it with nondet_tol")
        else:
            self.first()
            self.higher()
        return Report(self.name, self.rows, self.tests, self.slopes, value)

    def shakes(self):
        """Whether f gives another value when it is called again."""
        again = [self.F(self.inputs.leaves) for _ in range(2)]
        self.shaking = float(max(np.max(np.abs(a - self.centre), initial=0) for a in again))
        return self.shaking > self.nondet_tol

    def fail(self, order, reason, verdict=INCONCLUSIVE):
        """A row for each argument that says why there is nothing to see."""
        nan = math.nan
        for name, shape in zip(self.inputs.names, self.inputs.shapes):
            self.rows.append(Row(order, name, shape, "-", nan, nan, nan, nan, math.inf, math.inf,
                                 verdict, reason, "nothing"))

    # ------------------------------------------------------------ order 1

    def first(self):
        """f against its claimed gradient (or Jacobian), argument by argument."""
        inputs, m = self.inputs, self.centre.size
        u = np.eye(m) if m <= MOST_OUTPUTS else lattice(self.rng, (self.directions, m))
        F = self.F if m <= MOST_OUTPUTS else lambda leaves: u @ self.F(leaves)
        self.given = None
        if self.df is None:
            claimed = rows(inputs, self.f, u)
        else:
            self.given = given_rows(inputs, self.df, [tuple(np.shape(o)) for o in self.outputs], u)
            self.compare_values(self.given(inputs.leaves)[1])

            def claimed(leaves):
                return self.given(leaves)[0]

        def claim_at(leaves):
            jacobian = claimed(leaves)

            def claim(line):
                J = jacobian[line.leaf]
                if line.unit is not None:
                    return J[:, line.unit] * line.scale
                d = line.direction.reshape(-1)
                d = np.concatenate([d.real, d.imag]) if d.dtype.kind == "c" else d
                return J @ d * line.scale
            return claim
        names = [""] if m == 1 else [f" of output {k}" for k in range(m)] if m <= MOST_OUTPUTS \
            else [f" of <u{k}, output>" for k in range(len(u))]
        for leaf in range(len(inputs.leaves)):
            self.examine(1, F, claim_at, leaf, names)

    def compare_values(self, value):
        """df's own value, where it gives one, against f's."""
        if value is not None:
            left, right = float(to_host(value)), float(self.centre[0])
            bound = 64 * self.eps * max(abs(left), abs(right))
            self.tests.append(Test("value of df and of f", left, right, bound,
                                   OK if abs(left - right) <= bound else WRONG))

    # ------------------------------------------------------------ order 2 and above

    def higher(self):
        """Each gradient against the next: along v1, G1 = grad f becomes G2 = H v1, and so on."""
        inputs = self.inputs
        u = lattice(self.rng, self.centre.size) if self.centre.size != 1 else np.ones(1)
        weights = cotangents(self.outputs, u)

        def scalar(*args):
            return real_dot(flatten(self.f(*args))[0], weights)
        along = [self.direction_everywhere() for _ in range(self.order)]
        if self.df is None:
            self.tests.append(transposes(inputs, self.f, self.outputs, along[0], u, self.eps))

            def gradient(leaves):
                y, pullback = vjp(lambda leaves: inputs.call(scalar, leaves), list(leaves))
                return pullback(np.ones_like(y))[0]
        else:
            def gradient(leaves):
                shapes = [tuple(np.shape(o)) for o in self.outputs]
                return split(inputs, inputs.call(self.df, leaves), shapes)[0]
        chain, failed = [gradient], None
        for k in range(2, self.order + 1):
            failed = self.refuse(k)
            if failed:
                if self.asked:
                    self.fail(k, failed)
                break
            lower = chain[-1]
            by_hand = self.hvp if k == 2 else None

            def next_gradient(leaves, direction, lower=lower, by_hand=by_hand):
                if by_hand is not None:
                    return self.call_hvp(leaves, direction)
                return derivative_along(lower, direction)(leaves)
            self.check_order(k, lower, next_gradient)
            if k == 2:
                self.tests.append(symmetry(inputs, next_gradient, *along[:2], self.eps))
            chain.append(lambda leaves, d=along[0], g=next_gradient: g(leaves, d))
        if self.centre.size == 1:
            self.slopes = taylor(inputs, self.F, chain, along[0], float(self.centre[0]), self.eps)

    def direction_everywhere(self):
        """A direction in all leaves, each as large as the leaf's entries."""
        inputs = self.inputs
        return [like((s * self.lattice(a)).astype(a.dtype), x) for a, s, x in
                zip(inputs.hosts, inputs.scales, inputs.leaves)]

    def lattice(self, a):
        """A direction for the array a."""
        d = lattice(self.rng, a.shape)
        return d + 1j * lattice(self.rng, a.shape) if a.dtype.kind == "c" else d

    def refuse(self, k):
        """Why order k cannot be checked, or None."""
        if self.df is None or (k == 2 and self.hvp is not None):
            return None
        if self.centre.size != 1:
            return "df is a Jacobian: orders above 1 need a function of one number"
        followed = []
        try:
            probe = self.df if k == 2 or self.hvp is None else None
            if probe is None:
                return "hvp gives order 2; higher orders need a df that minimeta can follow"
            derivative_along(lambda leaves: split(self.inputs, self.inputs.call(self.df, leaves),
                                                  [()])[0],
                             self.direction_everywhere(), followed)(self.inputs.leaves)
        except Exception as error:      # anybody's code, which was not written to be followed
            return (f"df cannot be differentiated by minimeta ({type(error).__name__}): give hvp, "
                    "or order=1")
        if not all(followed) and not self.constant():
            return "df cannot be followed by minimeta (it left NumPy): give hvp, or order=1"
        return None

    def constant(self):
        """Whether df is the same a little further on."""
        here = numbers(flatten(self.inputs.call(self.df, self.inputs.leaves))[0])
        moved = [x + d for x, d in zip(self.inputs.leaves, self.direction_everywhere())]
        return np.array_equal(here, numbers(flatten(self.inputs.call(self.df, moved))[0]))

    def call_hvp(self, leaves, direction):
        """Somebody's Hessian-vector product, as leaves."""
        inputs = self.inputs
        v = inputs.rebuild(list(direction))
        found = flatten(inputs.call(lambda *args: self.hvp(
            *args, v[0] if len(inputs.chosen) == 1 else v), leaves))[0]
        shapes = [tuple(np.shape(g)) for g in found]
        if shapes != inputs.shapes:
            raise ValueError(f"hvp returned shapes {shapes}; expected {inputs.shapes}, like the "
                             "arguments")
        return found

    def check_order(self, k, lower, next_gradient):
        """One order: the lower gradient's change along lines against the next one's value."""
        inputs = self.inputs

        def G(leaves):
            try:
                return numbers(lower(leaves))
            except UNDEFINED:
                return np.full(sum(map(inputs.units, range(len(inputs.leaves)))), np.nan)

        def claim_at(leaves):
            def claim(line):
                direction = [np.zeros_like(x) for x in inputs.leaves]
                direction[line.leaf] = line.as_leaf()
                return numbers(next_gradient(leaves, direction))
            return claim
        names = [f" by {name}{list(inputs.index(leaf, i)) or ''}"
                 for leaf, name in enumerate(inputs.names) for i in self.interleaved(leaf)]
        for leaf in range(len(inputs.leaves)):
            self.examine(k, G, claim_at, leaf, names)

    def interleaved(self, leaf):
        """The units of a leaf in the order of `numbers`."""
        n = self.inputs.hosts[leaf].size
        if self.inputs.units(leaf) == n:
            return range(n)
        return [i + part for i in range(n) for part in (0, n)]

    # ------------------------------------------------------------ one argument

    def examine(self, order, F, claim_at, leaf, names):
        """A row: the survey of one leaf at one order."""
        inputs = self.inputs
        survey = Survey(F, inputs, leaf, claim_at, self.eps, self.shaking)
        host, count = inputs.hosts[leaf], inputs.units(leaf)
        random = [Line(inputs, leaf, direction=self.lattice(host)) for _ in range(self.directions)]
        # noise is heard where no entry moves by more than it is large
        own = inputs.steps[leaf] / inputs.scales[leaf]
        survey.listen([Line(inputs, leaf, direction=line.direction * own)
                       for line in (random if order == 1 else random[:1])])
        most = MOST_ENTRIES.get(order, FEW_ENTRIES)
        total = sum(map(inputs.units, range(len(inputs.leaves))))
        entries = self.full is True or (self.full == "auto" and total <= most)
        if not count:
            return
        lines = [Line(inputs, leaf, unit=i) for i in range(count)] if entries else random
        survey.run(lines)
        checked = f"{len(lines)} directions" if not entries else \
            "its one entry" if count == 1 else f"each of {count} entries"
        (i, c), sight = worst(survey), seen(survey)
        if not entries and survey.state[i, c] == FALSE:
            line = self.bisect(survey, i, c)
            survey.run([line] if line is not None else lines)
            i = 0 if line is not None else i
        self.rows.append(row(order, survey, (i, c), names, checked, sight))

    def bisect(self, survey, i, c):
        """The one entry that makes component c wrong along line i; None if there are several."""
        inputs, line, leaf, steps = self.inputs, survey.lines[i], survey.leaf, survey.steps_about(
            i, c)
        flat = line.direction.reshape(-1)
        units = np.arange(inputs.units(leaf))
        while len(units) > 1:
            half = units[:len(units) // 2]
            d = np.zeros_like(flat)
            for part, keep in ((1, half[half < flat.size]),
                               (1j, half[half >= flat.size] - flat.size)):
                if len(keep):
                    d[keep] += flat[keep].real if part == 1 else 1j * flat[keep].imag
            within = survey.suspect(Line(inputs, leaf, direction=d.reshape(line.direction.shape)),
                                    c, steps)
            units = half if within else units[len(units) // 2:]
        found = Line(inputs, leaf, unit=int(units[0]))
        return found if survey.suspect(found, c, survey.steps) else None
