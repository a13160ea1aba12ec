"""The picture of a report: the V of error against step, and the Taylor remainders.

Read next: ../testing.py.
"""
import numpy as np

from ..style import COLOURS, look, new_figure

MOST_CURVES = 6         # rows of a report that are drawn: the wrong ones first


def picture(report):
    """A matplotlib figure of a Report.

    Left, for each row's worst entry, the error of Richardson's extrapolation against the step,
    with the bound that it is held against (dashed): the error falls with the step until round-off
    takes over, and must come below the bound.  Right, the remainders of the Taylor polynomials.
    """
    rows = sorted((r for r in report.rows if r.curve), key=lambda r: r.verdict == "OK")
    with look():
        figure, axes = new_figure(1, 2 if report.slopes else 1, (11 if report.slopes else 6, 4.2))
        errors(axes[0, 0], rows[:MOST_CURVES])
        if report.slopes:
            remainders(axes[0, 1], report.slopes)
        left_out = len(rows) - MOST_CURVES
        figure.suptitle(f"{report.verdict}: {report.name}"
                        + (f" ({left_out} rows are not drawn)" if left_out > 0 else ""))
    return figure


def errors(ax, rows):
    """|finite difference - claim| and its bound against the step, log-log."""
    for row, colour in zip(rows, COLOURS):
        t, error, bound = (np.array(row.curve[k], float) for k in ("steps", "richardson", "bound"))
        label = f"order {row.order}, {row.argument}: {row.verdict}"
        ax.loglog(t, np.where(error > 0, error, np.nan), color=colour, label=label, marker=".")
        ax.loglog(t, np.where(np.isfinite(bound) & (bound > 0), bound, np.nan), color=colour,
                  linestyle="--", linewidth=1)
    ax.set_title("error against step at the worst entry; dashed: its bound")
    ax.set_xlabel("step")
    ax.set_ylabel("|difference quotient - claim|")
    if rows:
        ax.legend(fontsize=7)


def remainders(ax, slopes):
    """|f(x + t v) - Taylor polynomial| against t, log-log."""
    for one, colour in zip(slopes, COLOURS):
        t, r = np.array(one.curve["steps"]), np.array(one.curve["remainder"], float)
        found = "round-off" if one.measured is None else f"slope {one.measured:.2f}"
        ax.loglog(t, np.where(r > 0, r, np.nan), color=colour, marker=".",
                  label=f"to order {one.order}: {found} (expected {one.expected})")
        ax.axhline(one.curve["floor"] or np.nan, color=colour, linestyle=":", linewidth=1)
    ax.set_title("Taylor remainders; dotted: above this they count")
    ax.set_xlabel("t")
    ax.set_ylabel("|f(x + t v) - polynomial|")
    ax.legend(fontsize=7)
