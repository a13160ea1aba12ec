"""Gradient checkers on planted errors: what each misses, and where it cries wolf.

    python -m benchmarks.checkers [--quick] [--json] [--write docs/results/checkers.md]

Read next: check_speed.py.
"""
import datetime
import importlib.metadata
import json
import math
import platform
import sys
import textwrap
import time
from collections import Counter

import click

from .peers import OBJECTED, PASSED, UNDECIDED, installed, ours, quiet
from .planted import cases

PACKAGES = {"torch": "torch", "jax": "jax", "autograd": "autograd", "scipy": "scipy"}
CALLS = {"minimeta": "minimeta.check_grads", "torch": "torch.autograd.gradcheck, gradgradcheck",
         "jax": "jax.test_util.check_grads", "autograd": "autograd.test_util.check_grads",
         "scipy": "scipy.optimize.check_grad (order 1; it passes up to 1e-6 max(1, |g|))"}
HEADS = ("checker", "planted", "caught", "missed", "above", "undecided", "correct", "alarms",
         "undecided", "crash")


def measure(some, judges, progress=lambda k: None):
    """(records, seconds): each case with every judge's verdict, and each judge's total time."""
    records, seconds = [], Counter()
    for k, case in enumerate(some):
        progress(k)
        start = time.perf_counter()
        found = quiet(ours, case)
        verdict, resolution = (found, math.inf) if isinstance(found, str) else found
        verdicts = {"minimeta": verdict}
        seconds["minimeta"] += time.perf_counter() - start
        for name, judge in judges.items():
            start = time.perf_counter()
            verdicts[name] = quiet(judge, case)
            seconds[name] += time.perf_counter() - start
        records.append({
            "function": case.function, "scale": case.scale, "kind": case.kind, "dtype": case.dtype,
            "order": case.order, "by rule": case.by_rule, "correct": case.correct,
            "error": case.error, "relative": case.relative, "resolution": resolution,
            "decade": None if case.correct else round(math.log10(case.relative)),
            "verdicts": verdicts})
    return records, dict(seconds)


def count(records, name):
    """Counter of what a checker did: see HEADS."""
    found = Counter()
    for record in records:
        verdict = record["verdicts"][name]
        if verdict is None:             # not a question for this checker
            continue
        group = "correct" if record["correct"] else "planted"
        found[group] += 1
        found["crashed"] += verdict.startswith("crashed")
        found[f"{group} {verdict}"] += 1
        found["above"] += (not record["correct"] and verdict == PASSED
                           and record["error"] > record["resolution"])
    return found


def summary(records, names):
    """Lines of the table of counts."""
    rows = []
    for name in names:
        n = count(records, name)
        rows.append((name, n["planted"], n[f"planted {OBJECTED}"], n[f"planted {PASSED}"],
                     n["above"], n[f"planted {UNDECIDED}"], n["correct"],
                     n[f"correct {OBJECTED}"], n[f"correct {UNDECIDED}"], n["crashed"]))
    return table(HEADS, rows)


def split_by(records, names, key):
    """Lines of a table: for each value of `key`, how many each missed, and its false alarms."""
    values = list(dict.fromkeys(r[key] for r in records if r[key] is not None))
    if all(isinstance(v, int) for v in values):
        values.sort()
    rows = []
    for value in values:
        counts = [count([r for r in records if r[key] == value], name) for name in names]
        some = any(n["correct"] for n in counts)
        cells = [(f"{n[f'planted {PASSED}']}/{n['planted']}" if n["planted"] else "-")
                 + (f", {n[f'correct {OBJECTED}']}" if some else "") for n in counts]
        rows.append((f"1e{value:+03d}" if isinstance(value, int) else value, *cells))
    return table((key, *names), rows)


def table(heads, rows):
    """Lines of a Markdown table, its columns aligned."""
    rows = [tuple(map(str, row)) for row in rows]
    wide = [max(map(len, column)) for column in zip(heads, *rows)]

    def line(cells):
        first, *rest = (c.ljust(w) if i == 0 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(cells, wide)))
        return "| " + " | ".join((first, *rest)) + " |"
    bar = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":"
                         for i, w in enumerate(wide)) + "|"
    return [line(heads), bar, *map(line, rows)]


def item(text):
    """Lines of a list item."""
    return textwrap.wrap(f"- {text}", 100, subsequent_indent="  ")


def document(records, seconds, missing, command):
    """The whole result as lines of Markdown."""
    names = ["minimeta", *(name for name in CALLS if name in seconds and name != "minimeta")]
    installed_versions = ", ".join(f"{p} {importlib.metadata.version(p)}"
                                   for p in ("numpy", *(PACKAGES[n] for n in names[1:])))
    planted = [r for r in records if not r["correct"]]
    single = [r for r in records if r["dtype"] == "float32"]
    double = [r for r in records if r["dtype"] == "float64"]
    lines = ["# Gradient checkers on planted errors", "",
             f"Made by `{command}`",
             f"on {datetime.date.today()}, Python {platform.python_version()},",
             f"{installed_versions}.", "",
             f"{len(planted)} planted errors and {len(records) - len(planted)} correct "
             "derivatives of functions of 5 to 400",
             "inputs, values and inputs stretched by 2^-27 to 2^27, each checker called with its",
             "own defaults.  How far each claim is off is known from complex steps in extended",
             "precision.", ""]
    for name in names:
        lines += item(f"**{name}**: {CALLS[name]}, {1e3 * seconds[name] / len(records):.0f} ms")
    lines += [f"- {name} is not installed: left out" for name in missing]
    lines += ["", "Times are means a case.  *Above*: missed, though larger than the resolution",
              "that minimeta's report states for the same case.  *Alarms*: false.  *Undecided*:",
              "minimeta's report says why it cannot tell.  PyTorch's and autograd's checkers are",
              "made for float64 and values of about 1: see the rows *plain*.  What objects to the",
              "correct derivatives of a row catches the planted errors there for no merit.", ""]
    for title, some in (("All", records), ("float64", double), ("float32", single)):
        lines += [f"## {title}", "", *summary(some, names), ""]
    for title, key, some in (
            ("Missed, by the size of the error (relative to the largest derivative), float64",
             "decade", [r for r in double if not r["correct"]]),
            ("The same, float32", "decade", [r for r in single if not r["correct"]]),
            ("Missed, by kind of error", "kind", planted),
            ("Missed of planted, then false alarms, by scale, float64", "scale", double),
            ("The same, float32", "scale", single)):
        lines += [f"## {title}", "", *split_by(some, names, key), ""]
    odd = [r for r in records if r["verdicts"]["minimeta"] == OBJECTED and r["correct"]
           or r["verdicts"]["minimeta"].startswith("crashed")
           or r["verdicts"]["minimeta"] == PASSED and not r["correct"]
           and r["error"] > r["resolution"]]
    lines += ["## minimeta's false alarms, and misses above its resolution", ""]
    for r in odd:
        lines += item(f"{r['function']}, {r['scale']}, {r['dtype']}, order {r['order']}, "
                      f"{r['kind']} {r['relative']:.0e}: {r['verdicts']['minimeta']}")
    return [*lines, *([] if odd else ["None."]), ""]


@click.command()
@click.option("--quick", is_flag=True, help="About one case in ten.")
@click.option("--json", "as_json", is_flag=True, help="Every case and verdict as JSON.")
@click.option("--write", type=click.Path(dir_okay=False), help="Write the tables to this file.")
def main(quick, as_json, write):
    """Count what gradient checkers miss, and where they cry wolf."""
    judges, missing = installed()

    def progress(k):
        if sys.stderr.isatty():
            click.echo(f"\rcase {k}", nl=False, err=True)
    records, seconds = measure(cases(quick), judges, progress)
    command = "python -m benchmarks.checkers" + " --quick" * quick + (f" --write {write}"
                                                                      if write else "")
    lines = document(records, seconds, missing, command)
    if write:
        with open(write, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    click.echo(json.dumps(records) if as_json else "\n".join(lines))


if __name__ == "__main__":
    main()
