"""One look for all figures, legible to colour-blind readers; read next: report/folder.py."""

from __future__ import annotations

from typing import Any

# Okabe and Ito's colours; the dashes and markers tell the lines apart without colour
STYLES = {
    "maml":         ("#0072B2", "-",  "o"),
    "fomaml":       ("#56B4E9", "--", "s"),
    "reptile":      ("#009E73", "-.", "^"),
    "prototypical": ("#D55E00", "-",  "D"),
    "matching":     ("#E69F00", "--", "v"),
    "joint":        ("#666666", ":",  "x"),
}
RIGHT, WRONG = "#0072B2", "#D55E00"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
SETTINGS = {"font.size": 9, "axes.titlesize": 10, "legend.frameon": False, "figure.dpi": 150,
            "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
            "axes.axisbelow": True, "grid.color": "#e6e6e6", "lines.linewidth": 1.5}


def look() -> Any:
    """A context in which figures are drawn in this style."""
    import matplotlib

    return matplotlib.rc_context(SETTINGS)


def new_figure(rows: int, cols: int, size: tuple[float, float], **options: Any) -> tuple[Any, Any]:
    """(figure, axes (rows, cols)) of `size` in inches, drawn without a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # pyplot is left alone: it would choose a backend for the whole process
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, cols, squeeze=False, **options)


def log_axis(ax: Any) -> None:
    """A logarithmic y axis whose ticks are plain numbers, also within one power of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())
