"""The comparison table, for a terminal, for Markdown and as JSON; read next: figures.py."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

import minimeta

from ..run.evaluate import Score
from ..run.methods import QUERIES
from ..run.results import Comparison, Result, plain

NONE = "–"
MODES = {"none": "none", "batch": "batch (transductive)", "given": "given (inductive)"}
GAP = 3                     # characters between two columns
POINTS = 200                # of a learning curve in the JSON


def number(score: Score | None, regression: bool) -> str:
    """A score as it is printed: 0.123 ± 0.004, or 98.1 ± 0.2 %; a dash for None."""
    if score is None:
        return NONE
    scale, digits, unit = (1, 3, "") if regression else (100, 1, " %")
    if not math.isfinite(score.half):
        return f"{scale * score.mean:.{digits}f}{unit}"
    if scale * score.mean >= 1e4:
        return f"{score.mean:.1e} ± {score.half:.0e}"
    return f"{scale * score.mean:.{digits}f} ± {scale * score.half:.{digits}f}{unit}"


def step_scores(comparison: Comparison) -> list[int]:
    """The numbers of adaptation steps that have a column on sinusoids."""
    steps = {step for result in comparison.results for step in result.scores if step}
    return sorted(steps) if comparison.is_regression else []


def columns(comparison: Comparison) -> list[str]:
    """The heads of the table."""
    first = ["method", "2nd order", "ms/step", "peak MB", "weights", "iterations", "tasks/it."]
    if comparison.is_regression:
        scores = ["before", *(f"{n} step{'s' * (n > 1)}" for n in step_scores(comparison)),
                  "no steps", "median", "diverged"]
    else:
        scores = ["before", "after", "steps"]
    return [*first, *scores, "network", "batch norm"]


def cells(comparison: Comparison, result: Result) -> list[str]:
    """One row of the table; a method without scores has its note in place of them."""
    heads = columns(comparison)
    if not result.scores:
        row = dict.fromkeys(heads, NONE) | {"method": result.name, "before": result.note}
        return list(row.values())
    regression, training, after = comparison.is_regression, result.training, result.after
    last = list(result.scores)[-1]
    first = [result.name, "yes" if result.second_order else "no", f"{training.ms_per_step:.3g}",
             f"{result.peak_megabytes:.3g}", f"{result.parameters:,}",
             f"{training.iterations:,}" + (f" ({result.note})" if result.note else ""),
             str(result.preset.tasks)]
    if regression:
        final = result.scores[last]
        scores = [number(result.scores.get(steps), True)
                  for steps in (0, *step_scores(comparison), None)]
        scores += [f"{final.median:.3f}", f"{100 * final.diverged:.1f} %"]
    else:
        scores = [number(result.before, False), number(after, False),
                  NONE if last is None else str(last)]
    return [*first, *scores, result.network, MODES[result.batch_norm]]


def title(comparison: Comparison) -> str:
    """What was compared, in a line."""
    s = comparison.settings
    if comparison.is_regression:
        return f"sinusoid, {s.shots}-shot regression"
    return f"{s.data}, {s.ways}-way {s.shots}-shot"


def notes(comparison: Comparison) -> list[str]:
    """The lines under a table: the data, what the numbers are, and what is missing."""
    s = comparison.settings
    lines = list(comparison.about)
    if comparison.hashes:
        split = f" {s.split!r}" if s.data == "omniglot" else ""
        each = ", ".join(f"{part} {digest}" for part, digest in comparison.hashes.items())
        lines.append(f"split{split}, hashes of its class names: {each}")
    what = ("Errors are mean squared errors" if comparison.is_regression
            else "Accuracies are on query images of classes never seen in training")
    lines.append(f"{what}: mean ± 95 % interval (1.96 s / √n) over the same n = "
                 f"{s.test_episodes:,} test tasks for every method; seed {s.seed}.")
    if comparison.is_regression:
        lines.append("Before: without adaptation. No steps: a method that is given the support "
                     "points and takes no steps. Median and diverged are of the last result of "
                     "a row; a task has diverged if its error exceeds 25, which predicting 0 "
                     "never does.")
        if "joint" in s.methods:
            lines.append("Joint: a plain network trained on all tasks together; it does not adapt.")
    else:
        lines.append("Before: the untouched shared weights; methods without adaptation steps have "
                     "none. Every batch norm takes the statistics of the batch at hand.")
        lines.append(f"{QUERIES['train']} queries a class in training. MAML, FOMAML and Reptile "
                     "use the strided network, a quarter of the work an image.")
    lines.append("Peak MB is that of one separate, traced meta-step; ms/step is the median "
                 "time of a meta-step, on tasks/it. tasks.")
    if comparison.interrupted:
        lines.append("Interrupted: methods that were not finished are missing.")
    return lines


def as_markdown(comparison: Comparison) -> str:
    """The table as Markdown."""
    heads = columns(comparison)
    rows = [heads, ["---"] * len(heads)]
    rows += [cells(comparison, result) for result in comparison.results]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    listed = "\n".join(f"- {line}" for line in notes(comparison))
    return f"# {title(comparison)}\n\n{table}\n\n{listed}\n"


def as_rich(comparison: Comparison, width: int) -> Any:
    """The table for a terminal of `width` characters, something that rich prints.

    Columns that do not fit go on below, with the methods' names again.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    rows = [cells(comparison, result) for result in comparison.results]
    heads = columns(comparison)
    parts = []
    for block in blocks([heads, *rows], width):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for k in block:
            table.add_column(heads[k], justify="left" if k == 0 else "right", no_wrap=True)
        for cell in rows:
            table.add_row(*(cell[k] for k in block))
        parts += [Text(), table]
    return Group(Text(title(comparison), style="bold"), *parts, Text(),
                 *(Text(line, style="dim") for line in notes(comparison)))


def blocks(rows: list[list[str]], width: int) -> list[list[int]]:
    """The columns' numbers, in blocks that fit into `width`; each begins with column 0."""
    widths = [max(map(len, column)) + GAP for column in zip(*rows)]
    found = [[0]]
    for k in range(1, len(widths)):
        if len(found[-1]) > 1 and sum(widths[j] for j in (*found[-1], k)) > width:
            found.append([0])
        found[-1].append(k)
    return found


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON has it.

    All that depends on the machine and the hour stands under a row's `measured`; the rest is the
    same for the same seed and number of iterations.
    """
    return plain({
        "minimeta": minimeta.__version__, "data": comparison.settings.data,
        "settings": dataclasses.asdict(comparison.settings), "about": comparison.about,
        "split_hashes": comparison.hashes, "interrupted": comparison.interrupted,
        "score": "mean squared error" if comparison.is_regression else "accuracy",
        "methods": [row(result) for result in comparison.results]})


def row(result: Result) -> dict[str, Any]:
    """One method, for JSON."""
    found = {"method": result.method, "name": result.name, "note": result.note}
    if not result.scores:
        return found
    training = result.training
    every = np.unique(np.linspace(0, training.iterations - 1, POINTS).astype(int))
    return found | {
        "second_order": result.second_order, "network": result.network,
        "batch_norm": result.batch_norm, "parameters": result.parameters,
        "iterations": training.iterations, "stopped_early": training.stopped,
        "preset": result.preset._asdict() | {"iterations": training.iterations},
        "before": result.before and result.before._asdict(),
        "after": result.after and result.after._asdict(),
        "after_steps": [{"steps": s} | v._asdict() for s, v in result.scores.items()],
        "curve": {"steps": every + 1, "loss": training.losses[every],
                  "validation": [{"step": step, "score": value}
                                 for step, _, value in training.validation]},
        "measured": {"ms_per_step": training.ms_per_step, "peak_mb": result.peak_megabytes,
                     "training_seconds": float(training.seconds.sum())}}
