"""The page, in Markdown: what it ran on, a table a workload, the aims, the memory.

Read next: aims.py.
"""
import os
import platform
import textwrap

from .aims import AIMS, BEST, MEMORY, VERDICTS, judge, judge_memory
from .limits import kernels


def heading(result):
    """What it ran on, how to read it, and the machine's limits."""
    machine = result["machine"]
    versions = textwrap.fill(", ".join(
        f"{name} {version}" for name, version in result["versions"].items()) + ".", 100)
    return f"""# Workloads, side by side

Made by `python -m benchmarks --threads {result['threads']} --seconds {result['seconds']:g}` on
{result['date'].split()[0]}, on {os.cpu_count()} cores ({platform.machine()}, OpenBLAS's kernels \
{kernels()}), with
{versions}
`python -m benchmarks --help` says what is measured, benchmarks/workloads.py what the names mean.

Times are medians. The two ratios are of minimeta's times, eager and compiled, to that of the row,
medians of the ratios round by round: below 1, minimeta is faster. Memory is the high-water mark of
a call above the process that has made steps of W1 and dropped them, code apart; the allocator has
given back what other variants left, and a compiled function keeps its buffers. The error is
relative, against float64.

Limits: {machine['square']:.0f} GFLOP/s (square products, float32), {machine['patches']:.0f} \
(patches of a convolution),
{machine['bandwidth']:.0f} GB/s, {machine['call']:.2f} microseconds a call of NumPy, \
{machine['product']:.1f} a small product.
"""


def number(value, form):
    return "" if value is None else format(value, form)


def title(row):
    return f"{row['library']} {row['variant']}".rstrip()


def workload(result):
    """The table of one workload."""
    rows, (milliseconds, why) = result["rows"], result["bound"]
    most = max((row["rounds"] for row in rows), default=0)
    lines = [f"## {result['workload']}", "",
             f"Bound: {milliseconds:.3g} ms ({why}). {most} rounds, {result['date']}.", ""]
    if rows:
        lines += ["| | ms | eager / it | compiled / it | MiB | error |",
                  "|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {title(row)} | {row['ms']:.3g} | {number(row['eager_over_it'], '.2f')} | "
                     f"{number(row['compiled_over_it'], '.2f')} | {number(row['mib'], '.1f')} | "
                     f"{row['error']:.1e} |")
    mine = [row for row in rows if row["library"] == "minimeta"]
    if mine and mine[0]["operations"]:
        lines += ["", "An operation of minimeta's fastest: "
                  f"{1e3 * mine[0]['ms'] / mine[0]['operations']:.2f} microseconds."]
    for name, why in result["without"].items():
        lines += ["", f"Without {name}: {why.rstrip('.')}."]
    return "\n".join(lines) + "\n"


def aims(rows):
    """The aims against what was measured, and memory beside PyTorch's."""
    lines = ["## The aims", "", "Ratios of times: minimeta's to the fastest variant of the peer.",
             "", "| workload | minimeta | against | aim | measured | |",
             "|---|---|---|---|---|---|"]
    verdicts = []
    for aim in AIMS:
        row, ratio, verdict = judge(aim, rows)
        against = " ".join(filter(None, (aim.peer, aim.peer_variant)))
        if row and against != title(row):               # which of several it was
            against += f" ({title(row) if aim.peer == BEST else row['variant']})"
        note = f" ({aim.note})" if aim.note else ""
        lines.append(f"| {aim.workload} | {aim.variant} | {against} | <= {aim.limit:.2f}{note} | "
                     f"{number(ratio, '.3f')} | {verdict} |")
        verdicts.append(verdict)
    lines += ["", ", ".join(f"{verdicts.count(v)} {v}" for v in VERDICTS) + ".", "",
              "Memory of a call, MiB, beside that of PyTorch's fastest variant; "
              f"above: by {MEMORY:g} MiB or more.", "",
              "| workload | eager | compiled | PyTorch | |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(aim.workload for aim in AIMS):
        mib, verdict = judge_memory(name, rows)
        cells = " | ".join(number(value, ".1f") for value in mib.values())
        lines.append(f"| {name} | {cells} | {verdict} |")
    return "\n".join(lines) + "\n"


def page(found):
    """The whole page of {workload: what was measured}; nothing measured, no page."""
    if not found:
        return ""
    rows = [row for result in found.values() for row in result["rows"]]
    last = max(found.values(), key=lambda result: result["date"])
    return "\n".join([heading(last), *map(workload, found.values()), aims(rows)])
