"""The tables, in Markdown.

Read next: growth.py.
"""
import os
import platform

import numpy as np


def heading(machine, options):
    """What it ran on, and the machine's limits."""
    return f"""# Workloads, side by side

`python -m benchmarks --threads {options.threads} --seconds {options.seconds:g}` with NumPy
{np.__version__} on {os.cpu_count()} cores ({platform.machine()}). Medians; the ratio is that of
eager minimeta's time to the row's, round by round: below 1, minimeta is faster. Memory is the
high-water mark of a call above the library alone; the error is against float64.

Limits: {machine.square:.0f} GFLOP/s (square products, float32), {machine.patches:.0f} (patches of
a convolution), {machine.bandwidth:.0f} GB/s, {machine.call:.2f} microseconds a call of NumPy,
{machine.product:.1f} a small product.
"""


def workload(rows, bound):
    """The table of one workload."""
    milliseconds, why = bound
    lines = [f"## {rows[0]['workload']}", "",
             f"Bound: {milliseconds:.3g} ms ({why}). {rows[0]['rounds']} rounds.", "",
             "| | ms | minimeta / it | MiB | error |", "|---|---|---|---|---|"]
    for row in rows:
        name = " ".join(filter(None, (row["library"], row["variant"])))
        memory = "" if row["mib"] is None else f"{row['mib']:.0f}"
        lines.append(f"| {name} | {row['ms']:.3g} | {row['eager_over_it']:.2f} | {memory} | "
                     f"{row['error']:.1e} |")
    if rows[0]["operations"]:
        best = min((r for r in rows if r["library"] == "minimeta"), key=lambda r: r["ms"])
        lines += ["", f"An operation of minimeta's fastest: "
                  f"{1e3 * best['ms'] / best['operations']:.2f} microseconds."]
    return "\n".join(lines) + "\n"
