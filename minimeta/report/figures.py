"""Pictures of a comparison: learning curves, sinusoid fits, an episode; read next: ../style.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..run.results import Comparison, Result
from ..style import RIGHT, STYLES, WRONG, log_axis, look, new_figure
from .table import title

SHOWN_QUERIES = 5           # a class, of those the episode has
STEP_STYLES = {0: ("#999999", ":"), 1: ("#E69F00", "--"), 5: ("#56B4E9", "-."),
               10: ("#0072B2", "-"), None: ("#CC79A7", "-")}
RIGHT_MARK, WRONG_MARK = "\N{CHECK MARK}", "\N{BALLOT X}"


def figures(comparison: Comparison) -> dict[str, Any]:
    """All figures (matplotlib's) that the results allow, by file name without ending."""
    done = comparison.finished()
    if not done:
        return {}
    with look():
        drawn = {"learning-curves": learning_curves(comparison)}
        if comparison.is_regression:
            return drawn | {"fits": fits(comparison)}
        return drawn | {f"episode-{r.method}": episode(comparison, r) for r in done}


def learning_curves(comparison: Comparison) -> Any:
    """The score on held-out tasks against the tasks seen and against time, and training losses."""
    figure, axes = new_figure(1, 3, (11, 3.8))
    by_tasks, by_time, losses = axes[0]
    scale = 1 if comparison.is_regression else 100
    for result in comparison.finished():
        colour, dashes, marker = STYLES[result.method]
        style = {"color": colour, "linestyle": dashes}
        dots = style | {"marker": marker, "markersize": 4}
        steps, seconds, values = np.array(result.training.validation, float).T
        by_tasks.plot(steps * result.preset.tasks, scale * values, label=result.name, **dots)
        by_time.plot(seconds, scale * values, **dots)
        loss = result.training.losses
        losses.plot(result.preset.tasks * np.arange(1, len(loss) + 1), loss, **style)
    what = "mean squared error" if comparison.is_regression else "accuracy [%]"
    for ax in (by_tasks, by_time):
        ax.set_title("held-out tasks, after adaptation")
        ax.set_ylabel(what)
        if comparison.is_regression:
            log_axis(ax)
    losses.set_title("training, each method's own loss")
    losses.set_ylabel(what if comparison.is_regression else "cross-entropy [nats]")
    if comparison.is_regression:
        log_axis(losses)
    for ax, label in zip(axes[0], ("training tasks seen", "training time [s]",
                                   "training tasks seen")):
        ax.set_xlabel(label)
    figure.legend(loc="outside lower center", ncols=6)
    figure.suptitle(f"Learning curves: {title(comparison)}")
    return figure


def fits(comparison: Comparison) -> Any:
    """Sinusoids before and after adaptation: a column for each method, a row for each task."""
    done, shown = comparison.finished(), comparison.shown
    figure, axes = new_figure(len(shown.xs), len(done), (2.7 * len(done) + 0.6, 5.4),
                              sharex=True, sharey=True)
    labelled = {}
    for column, result in zip(axes.T, done):
        column[0].set_title(result.name)
        for t, ax in enumerate(column):
            x = shown.xq[t, :, 0]
            labelled["sinusoid"] = ax.plot(x, shown.yq[t, :, 0], color="black", linewidth=0.9)[0]
            for steps, predicted in result.shown.items():
                colour, dashes = STEP_STYLES[steps]
                line = ax.plot(x, predicted[t, :, 0], color=colour, linestyle=dashes)[0]
                labelled[fit_label(steps)] = line
            labelled["support points"] = ax.plot(
                shown.xs[t, :, 0], shown.ys[t, :, 0], "o", color="#D55E00", markersize=4,
                zorder=3, linestyle="")[0]
    largest = 1.5 * float(np.abs(shown.yq).max())
    axes[0, 0].set_ylim(-largest, largest)      # a fit that diverged must not flatten the others
    for ax in axes[-1]:
        ax.set_xlabel("x")
    for ax in axes[:, 0]:
        ax.set_ylabel("y")
    order = ["sinusoid", "support points", *map(fit_label, STEP_STYLES)]
    keys = [key for key in dict.fromkeys(order) if key in labelled]
    figure.legend([labelled[key] for key in keys], keys, loc="outside lower center",
                  ncols=7 if len(done) > 3 else 2)
    figure.suptitle(f"Two new tasks, before and after adaptation: {title(comparison)}")
    return figure


def fit_label(steps: int | None) -> str:
    """What a line of a fit is called."""
    if steps is None:
        return "given the support points, without steps"
    return f"after {steps} step{'s' * (steps > 1)}" if steps else "before adaptation"


def episode(comparison: Comparison, result: Result) -> Any:
    """The first test episode: a row for each class, its support, and queries as they were taken."""
    s, shown = comparison.settings, comparison.shown
    classes = min(s.ways, 10)
    support = shown.xs[0].reshape(s.ways, s.shots, *shown.xs.shape[2:4])
    queries = shown.xq[0].reshape(s.ways, -1, *shown.xq.shape[2:4])
    predicted = list(result.shown.values())[-1][0].reshape(s.ways, -1)
    left, right = min(s.shots, 5), min(queries.shape[1], SHOWN_QUERIES)
    figure, axes = new_figure(classes, left + 1 + right,
                              (0.95 * (left + right) + 1.2, 1.12 * classes + 0.9),
                              width_ratios=[1] * left + [0.35] + [1] * right)
    for k, line in enumerate(axes):
        for ax in line:
            ax.set_axis_off()
        for ax, image in zip(line[:left], support[k]):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        line[0].set_title(f"class {k + 1}", fontsize=9)
        for ax, image, label in zip(line[left + 1:], queries[k], predicted[k]):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            good = label == k
            ax.set_title(f"{RIGHT_MARK if good else WRONG_MARK} {label + 1}", fontsize=10,
                         color=RIGHT if good else WRONG, fontweight="bold", pad=3)
    right_share = float(np.mean(predicted == np.arange(s.ways)[:, None]))
    figure.suptitle(f"{result.name}, {title(comparison)}: left the support, right queries with "
                    f"the class taken\n(a new task; {100 * right_share:.0f} % of its "
                    f"{predicted.size} queries right)", fontsize=9)
    return figure
