"""`minimeta bench`: how long steps take, on the CPU and on a GPU; read next: main.py."""

from __future__ import annotations

import json
import sys

import click

from ..device import device as find_device
from ..run.settings import DEVICES, SettingsError, known

NAMES = "sinusoid", "sinusoid-large", "omniglot", "prototypical", "hvp"


@click.command()
@click.option("--device", default="cpu", show_default=True, metavar="NAME",
              help="cpu, or gpu: then the CPU as well, and PyTorch and JAX where installed.")
@click.option("--only", multiple=True, metavar="NAME",
              help=f"A workload, of: {', '.join(NAMES)}.  [default: all]")
@click.option("--seed", type=int, default=0, show_default=True,
              help="Of weights, tasks and images.")
@click.option("--quick", is_flag=True, help="Small workloads, a second each: to see that it runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, only.")
def bench(device, only, seed, quick, as_json):
    """Time a gradient of each workload: medians, after a warm-up, waiting for the device.

    MAML on sinusoids (25 and 10,000 tasks) and on images, a step of Prototypical Networks, a
    Hessian-vector product.  With --device gpu every gradient is compared with the CPU's first.
    """
    known("device", device, DEVICES)
    for name in only:
        known("workload", name, NAMES)
    if seed < 0:
        raise SettingsError(f"seed must be an integer of at least 0, not {seed}")
    place = find_device(device)
    from ..bench import run
    rows = run(place, only or NAMES, seed, quick, progress)
    click.echo(json.dumps(as_dict(rows, place, seed, quick), indent=1) if as_json
               else as_text(rows, place))


def progress(name, cell):
    """A line on a terminal for each cell that is finished."""
    if sys.stderr.isatty():
        click.echo(f"{name}: {cell.who} {cell.note or milliseconds(cell.seconds)}", err=True)


def milliseconds(seconds) -> str:
    """Milliseconds, in three digits."""
    return f"{1e3 * seconds:.3g} ms"


def as_text(rows, place) -> str:
    """The table, a Markdown document as well."""
    lines = [f"device: {place.about}", ""]
    for row in rows:
        lines += [f"{row.name}: {row.about}", "",
                  "| | a step | times as fast as the CPU | |", "|---|---|---|---|"]
        for cell in row.cells:
            ratio = row.ratio(cell)
            lines.append(f"| {cell.who} | {milliseconds(cell.seconds) if cell.seconds else '-'} | "
                         f"{f'{ratio:.3g}' if ratio else '-'} | {cell.note} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def as_dict(rows, place, seed, quick) -> dict:
    """The results for --json."""
    return {"device": place.about, "seed": seed, "quick": quick, "rows": [
        {"name": row.name, "about": row.about,
         "cells": [cell._asdict() | {"ratio": row.ratio(cell)} for cell in row.cells]}
        for row in rows]}
