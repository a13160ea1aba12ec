"""What the checks of theorems found: table, JSON, Markdown, pictures; read next: ../cli/main.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..run.verify import Outcome
from ..style import COLOURS, look, new_figure
from ..theory import Finding, Picture

HEADS = ("", "theorem", "gap", "slope (expected)", "counterexample", "verdict")
KINDS = ("gap", "slope", "counterexample")


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
        return f"{finding.found:.3g} ({finding.expected:g})"
    sign = "<" if finding.kind == "gap" else ">"
    return f"{finding.found:.1e} {sign} {finding.limit:.0e}"


def cells(outcome: Outcome) -> list[str]:
    """A row of the table: of each kind the finding nearest to its limit."""
    of = {kind: [f for f in outcome.findings if f.kind == kind] for kind in KINDS}
    worst = [max(of[kind], key=tightness, default=None) for kind in KINDS]
    verdict = "holds" if outcome.passed else "could not be computed" if outcome.error else "FAILS"
    return [outcome.theorem.key, outcome.theorem.title, *map(shown, worst), verdict]


def as_rich(outcomes: Iterable[Outcome], details: bool = False) -> Any:
    """The table for a terminal; with details a line for each finding."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in HEADS:
        table.add_column(head, overflow="fold", no_wrap=head not in ("theorem",))
    for outcome in outcomes:
        style = None if outcome.passed else "bold red"
        table.add_row(*cells(outcome), style=style)
        if details:
            table.add_row("", outcome.theorem.statement, style="italic")
        if outcome.error:
            table.add_row("", outcome.error)
        for finding in outcome.findings:
            if details or not finding.passed:
                column = KINDS.index(finding.kind)
                table.add_row("", f"  {finding.name}", *[""] * column, shown(finding),
                              *[""] * (2 - column), "" if finding.passed else "FAILS", style="dim")
    return table


def as_markdown(outcome: Outcome) -> str:
    """All findings of one theorem as a Markdown table."""
    lines = ["| check | found | expected | |", "|---|---|---|---|"]
    for f in outcome.findings:
        expected = {"gap": f"at most {f.limit:.1e}", "slope": f"{f.expected:g} ± {f.limit:g}",
                    "counterexample": f"at least {f.limit:.1e}"}[f.kind]
        found = f"{f.found:.3f}" if f.kind == "slope" else f"{f.found:.1e}"
        kind = "counterexample: " if f.kind == "counterexample" else ""
        lines.append(f"| {kind}{f.name} | {found} | {expected} | "
                     f"{'holds' if f.passed else 'fails'} |".replace("||", "\\|\\|"))
    return "\n".join(lines)


def as_json(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Plain data of all findings."""
    return [{"key": o.theorem.key, "title": o.theorem.title, "statement": o.theorem.statement,
             "passed": o.passed, "error": o.error or None, "seconds": round(o.seconds, 3),
             "findings": [{"name": f.name, "kind": f.kind, "found": f.found,
                           "expected": f.expected, "limit": f.limit, "passed": f.passed}
                          for f in o.findings]} for o in outcomes]


def draw(picture: Picture) -> Any:
    """A matplotlib figure of a theorem's Picture."""
    with look():
        figure, axes = new_figure(1, 1, (6.4, 4.4))
        ax = axes[0, 0]
        dashes = ("-", "--", "-.", ":")
        for k, (label, x, y) in enumerate(picture.lines):
            ax.plot(x, y, color=COLOURS[k % len(COLOURS)], linestyle=dashes[k // 2 % 4],
                    marker="." if picture.kind == "loglog" else None, label=label)
        for k, (label, x, y) in enumerate(picture.points):
            ax.plot(x, y, "osD^vPX*"[k % 8], color=COLOURS[(k + len(picture.lines)) % len(COLOURS)],
                    label=label, linestyle="none", markersize=6)
        if picture.kind == "loglog":
            ax.set_xscale("log")
            ax.set_yscale("log")
        ax.set_title(picture.title, pad=18 if picture.note else None)
        ax.set_xlabel(picture.xlabel)
        ax.set_ylabel(picture.ylabel)
        count = len(picture.lines) + len(picture.points)
        if count > 1:
            figure.legend(loc="outside lower center", ncols=min(3, count), fontsize=8)
        if picture.note:
            ax.text(0.5, 1.02, picture.note, transform=ax.transAxes, ha="center", fontsize=8)
    return figure
