"""What checks of theorems found: a table, JSON, Markdown, pictures; read next: ../cli/main.py."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any

from ..run.verify import Outcome
from ..style import COLOURS, look, new_figure
from ..theory import Finding, Picture

HEADS = ("gap", "slope", "counterexample", "verdict")
KINDS = ("gap", "slope", "counterexample")
CELLS = (15, 13, 14, 7)                # characters of those columns
KEY = 5                                # of the first column
LEGEND = 96                            # characters below a figure
NOTE = (
    "gap: of the two sides, relative to their size, < what round-off explains.  slope: of a "
    "remainder in log-log, or a coefficient, as measured (expected).  counterexample: how far the "
    "sides are apart where a hypothesis is broken, > the least.  Shown is the check nearest to "
    "failing.")


def tightness(finding: Finding) -> float:
    """How near a finding is to failing: 1 at its limit, more beyond."""
    if finding.kind == "counterexample":
        return finding.limit / finding.found if finding.found > 0 else float("inf")
    off = abs(finding.found - finding.expected)
    ratio = off / finding.limit if finding.limit else float("inf") if off else 0.0
    return ratio if ratio == ratio else float("inf")


def shown(finding: Finding | None) -> str:
    """A finding in a cell: what was found, and what it is held against."""
    if finding is None:
        return ""
    if finding.kind == "slope":
        return f"{finding.found:.3g} ({finding.expected:.3g})"
    sign = "<" if (finding.kind == "gap") == finding.passed else ">"
    limit = f"{finding.limit:.3g}" if finding.limit > 1e-3 else f"{finding.limit:.0e}"
    return f"{finding.found:.2g} {sign} {limit}"


def verdict(outcome: Outcome) -> str:
    """One word for the last column."""
    return "holds" if outcome.passed else "ERROR" if outcome.error else "FAILS"


def tightest(outcome: Outcome) -> list[Finding | None]:
    """Of each kind the finding nearest to its limit, or None."""
    return [max((f for f in outcome.findings if f.kind == kind), key=tightness, default=None)
            for kind in KINDS]


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text; a formula is not broken at its minus signs."""
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def row(key: str, text: str, cells: Iterable[str], width: int, dent: int = 0) -> list[str]:
    """Lines of a row: cells are right of the first line of the text, which is wrapped."""
    room = width - KEY - sum(CELLS) - len(CELLS)
    first, *more = wrapped(text, room - dent)
    end = "".join(f" {cell:<{size}}" for cell, size in zip(cells, CELLS))
    return [f"{key:<{KEY}}{' ' * dent}{first:<{room - dent}}{end}".rstrip(),
            *(" " * (KEY + dent) + line for line in more)]


def as_lines(outcomes: Iterable[Outcome], details: bool = False,
             width: int = 100) -> list[tuple[str, str]]:
    """The table for a terminal, (line, "head", "plain" or "bad"); with details all findings.

    Each theorem has a line of numbers and its statement below.
    """
    table = [(line, "plain") for line in row("", "theorem", HEADS, width)]
    for outcome in outcomes:
        theorem, kind = outcome.theorem, "head" if outcome.passed else "bad"
        cells = [*map(shown, tightest(outcome)), verdict(outcome)]
        table += [(line, kind) for line in row(theorem.key, theorem.title, cells, width)]
        below = [(theorem.statement, "plain")] + [(outcome.error, "bad")] * bool(outcome.error)
        for text, kind in below:
            table += [(" " * KEY + line, kind) for line in wrapped(text, width - KEY)]
        for finding in outcome.findings:
            if details or not finding.passed:
                cells = [shown(finding) if finding.kind == kind else "" for kind in KINDS]
                table += [(line, "plain" if finding.passed else "bad") for line in row(
                    "", finding.name, [*cells, "" if finding.passed else "FAILS"], width, dent=2)]
    return table + [("", "plain")] + [(line, "plain") for line in wrapped(NOTE, width)]


def as_markdown(findings: Iterable[Finding]) -> str:
    """Findings as a Markdown table."""
    lines = ["| check | found | expected | |", "|---|---|---|---|"]
    for f in findings:
        expected = {"gap": f"at most {f.limit:.1e}", "slope": f"{f.expected:g} ± {f.limit:g}",
                    "counterexample": f"at least {f.limit:.1e}"}[f.kind]
        found = f"{round(f.found, 3) + 0.0:.3f}" if f.kind == "slope" else f"{f.found:.1e}"
        kind = "counterexample: " if f.kind == "counterexample" else ""
        name = f.name.replace("|", "\\|")
        lines.append(f"| {kind}{name} | {found} | {expected} | "
                     f"{'holds' if f.passed else 'FAILS'} |")
    return "\n".join(lines)


def as_json(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Plain data of all findings; `found` is None where it is not finite."""
    return [{"key": o.theorem.key, "title": o.theorem.title, "statement": o.theorem.statement,
             "passed": o.passed, "error": o.error or None, "seconds": round(o.seconds, 3),
             "findings": [{"name": f.name, "kind": f.kind,
                           "found": f.found if math.isfinite(f.found) else None,
                           "expected": f.expected, "limit": f.limit, "passed": f.passed}
                          for f in o.findings]} for o in outcomes]


def draw(picture: Picture) -> Any:
    """A matplotlib figure of a theorem's Picture."""
    with look():
        figure, axes = new_figure(1, 1, (6.4, 4.4))
        ax = axes[0, 0]
        dashes = ("-", "--", "-.", ":")
        for k, (label, x, y) in enumerate(picture.lines):
            ax.plot(x, y, color=COLOURS[k % len(COLOURS)], linestyle=dashes[k % 4],
                    marker=None if picture.kind == "plane" else ".", label=label)
        for k, (label, x, y) in enumerate(picture.points):
            ax.plot(x, y, "osD^vPX*"[k % 8], color=COLOURS[(k + len(picture.lines)) % len(COLOURS)],
                    label=label, linestyle="none", markersize=6)
        if picture.kind == "loglog":
            ax.set_xscale("log")
        elif picture.kind == "semilog":
            ax.xaxis.get_major_locator().set_params(integer=True)
        if picture.kind != "plane":
            ax.set_yscale("log")
        if picture.equal:
            ax.set_aspect("equal", adjustable="box")
        ax.set_title(picture.title, pad=18 if picture.note else None)
        ax.set_xlabel(picture.xlabel)
        ax.set_ylabel(picture.ylabel)
        labels = [label for label, *_ in (*picture.lines, *picture.points)]
        if len(labels) > 1:
            columns = 3 if 3 * max(map(len, labels)) <= LEGEND else 2
            figure.legend(loc="outside lower center", ncols=min(columns, len(labels)), fontsize=8)
        if picture.note:
            ax.text(0.5, 1.02, picture.note, transform=ax.transAxes, ha="center", fontsize=8)
    return figure
