"""What a check found: a row for each order and argument, and a verdict for the whole.

Read next: picture.py.
"""
import json
import math
from dataclasses import asdict, dataclass, field

OK, WRONG, INCONCLUSIVE = "OK", "WRONG", "INCONCLUSIVE"


class GradientError(AssertionError):
    """A gradient that is wrong; the message is the report."""


@dataclass
class Row:
    """What was found in one argument at one order of derivatives.

    entry      -- the worst entry, "[2, 3]"; at order 2 and above with the entry of the gradient
                  that it changes, "[2, 3] by y[0]"
    claimed, numeric, difference, bound -- there: the verdict is WRONG if difference > bound
    resolution -- the smallest error of one entry that must have been found, absolute
    relative   -- the same, relative to the largest derivative in the row
    checked    -- "each of 12 entries", or "3 directions"
    curve      -- steps, |central - claimed|, |Richardson - claimed|, bound at the worst entry
    """
    order: int
    argument: str
    shape: tuple
    entry: str
    claimed: float
    numeric: float
    difference: float
    bound: float
    resolution: float
    relative: float
    verdict: str
    reason: str
    checked: str
    curve: dict = field(default_factory=dict, repr=False)


@dataclass
class Test:
    """A further test, of two numbers that ought to agree to round-off."""
    name: str
    left: float
    right: float
    bound: float
    verdict: str


@dataclass
class Slope:
    """The log-log slope of the remainder of a Taylor polynomial; None where it is round-off."""
    order: int
    expected: int
    measured: float | None
    curve: dict = field(default_factory=dict, repr=False)


class Report:
    """The result of `check_grads`; true when the verdict is OK.

    verdict -- "OK", "WRONG" (an entry differs by more than the bound) or "INCONCLUSIVE"
    rows, tests, slopes -- lists of Row, Test and Slope
    """

    def __init__(self, name, rows, tests=(), slopes=(), value=None):
        self.name, self.rows = name, list(rows)
        self.tests, self.slopes, self.value = list(tests), list(slopes), value

    @property
    def verdict(self):
        """The worst of the rows' and tests' verdicts."""
        found = {r.verdict for r in (*self.rows, *self.tests)}
        return WRONG if WRONG in found else INCONCLUSIVE if INCONCLUSIVE in found else OK

    def __bool__(self):
        return self.verdict == OK

    def raise_if_wrong(self):
        """Raise GradientError, an AssertionError, if the verdict is WRONG; else return self."""
        if self.verdict == WRONG:
            raise GradientError(str(self))
        return self

    def to_json(self):
        """The whole report as JSON text; numbers that are not finite are null."""
        return json.dumps(_plain({
            "function": self.name, "verdict": self.verdict, "value": self.value,
            "rows": [asdict(r) for r in self.rows], "tests": [asdict(t) for t in self.tests],
            "slopes": [asdict(s) for s in self.slopes]}), indent=1, allow_nan=False)

    def plot(self, path=None):
        """A matplotlib figure: error against step, and Taylor remainders; saved to `path`."""
        from .picture import picture
        figure = picture(self)
        if path is not None:
            figure.savefig(path)
        return figure

    def __str__(self):
        return "\n".join(self.lines())

    __repr__ = __str__

    def lines(self, width=100):
        """The report as lines of at most `width` characters."""
        value = "" if self.value is None else f" = {self.value:.6g}"
        found = [cut(f"{self.verdict}: {self.name}{value}", width), "", *self.table(width), ""]
        told = {}
        for r in self.rows:
            if r.verdict != OK:
                told.setdefault((r.order, trouble(r)), []).append(cut(r.argument, 30))
        for (order, what), names in told.items():
            found += wrap(f"order {order}, {', '.join(names)}: {what}", width)
        for order in sorted({r.order for r in self.rows}):
            found += wrap(sight([r for r in self.rows if r.order == order]), width)
        for t in self.tests:
            found += wrap(f"{t.name}: {number(t.left)} and {number(t.right)}, apart by "
                          f"{short(abs(t.left - t.right))}, bound {short(t.bound)}: {t.verdict}",
                          width)
        if self.slopes:
            shown = ", ".join(f"{'round-off' if s.measured is None else f'{s.measured:.2f}'} "
                              f"({s.expected})" for s in self.slopes)
            found += wrap(f"slopes of the Taylor remainders (expected): {shown}", width)
        return found

    def table(self, width):
        """A line for each row; the names of entries get what room is left."""
        heads = ("order", "argument", "worst entry", "claimed", "numeric", "difference", "bound",
                 "verdict")
        table = [heads] + [(str(r.order), cut(r.argument, 16), r.entry, number(r.claimed),
                            number(r.numeric), short(r.difference), short(r.bound), r.verdict)
                           for r in self.rows]
        wide = [max(len(line[i]) for line in table) for i in range(len(heads))]
        wide[2] = min(wide[2], width - sum(wide) + wide[2] - 2 * (len(heads) - 1))
        return ["  ".join(cut(c, w).ljust(w) if i in (1, 2, 7) else c.rjust(w)
                          for i, (c, w) in enumerate(zip(line, wide))).rstrip() for line in table]


def trouble(r):
    """What is wrong in a row of the report, or why it could not be seen."""
    if r.verdict == INCONCLUSIVE:
        return r.reason
    share = f" ({short(r.difference / abs(r.numeric))} of it)" if r.numeric else ""
    return (f"{r.entry} is off by {short(r.difference)}{share}, the bound is {short(r.bound)}"
            + (f"; {r.reason}" if r.reason else ""))


def sight(rows):
    """From where on errors are seen at one order."""
    found = [f"{cut(r.argument, 30)} {short(r.resolution)} "
             f"({short(r.relative) if math.isfinite(r.relative) else 'all are 0'})"
             for r in rows if math.isfinite(r.resolution)]
    if not found:
        return ""
    how = rows[0].checked if len(rows) == 1 or rows[0].checked.endswith("directions") else \
        "entry by entry"
    return f"order {rows[0].order}, {how}: an error in one entry is seen (relative to the " \
        "largest) from: " + ", ".join(found)


def number(x):
    return "-" if math.isnan(x) else f"{x:.6g}"


def short(x):
    return "-" if math.isnan(x) else f"{x:.1e}"


def cut(text, width):
    return text if len(text) <= width else text[:width - 1] + "\N{HORIZONTAL ELLIPSIS}"


def wrap(text, width):
    import textwrap
    return textwrap.wrap(text, width, subsequent_indent="    ")


def _plain(a):
    if isinstance(a, dict):
        return {k: _plain(v) for k, v in a.items()}
    if isinstance(a, (list, tuple)):
        return [_plain(v) for v in a]
    if isinstance(a, float) and not math.isfinite(a):
        return None
    return a
