"""The checker on a network of 10,000 weights: seconds, peak memory, and what it finds.

    python -m benchmarks.check_speed [--json] [--write docs/results/check_speed.md]

Each case runs in a process of its own, so that its peak memory is its own.

Read next: functions.py.
"""
import datetime
import json
import platform
import resource
import subprocess
import sys
import time

import click
import numpy as np

from minimeta import grad, hvp, ravel
from minimeta.check import check_grads

from .checkers import item, table

SIZES = (60, 120, 20, 10)               # 9,950 weights
POINTS = 32
WRONG = ("W0", (17, 45))                # where errors are planted: an entry of the first matrix
BY = ("W1", (31, 7))                    # ... and, at order 2, what it is differentiated by
OFF = 1e-3                              # their size, relative to the largest entry


def relu(x):
    """The kinks that most networks have."""
    return np.maximum(x, 0)


def network(rng, unit=np.tanh):
    """(loss, weights): half the mean squared error of layers of units, of a dict of arrays."""
    weights = {}
    for k, (a, b) in enumerate(zip(SIZES, SIZES[1:])):
        weights[f"W{k}"] = rng.standard_normal((a, b)) / a ** 0.5
        weights[f"b{k}"] = 0.1 * rng.standard_normal(b)
    x, y = rng.standard_normal((POINTS, SIZES[0])), rng.standard_normal((POINTS, SIZES[-1]))

    def loss(weights):
        h = x
        for k in range(len(SIZES) - 2):
            h = unit(h @ weights[f"W{k}"] + weights[f"b{k}"])
        k = len(SIZES) - 2
        return 0.5 * np.mean((h @ weights[f"W{k}"] + weights[f"b{k}"] - y) ** 2)
    return loss, weights


def correct(loss, weights):
    """Order 1, our own gradient, entry by entry."""
    return check_grads(loss, weights, order=1)


def wrong_gradient(loss, weights):
    """Order 1, one wrong entry among all."""
    name, at = WRONG
    off = OFF * max(np.max(np.abs(g)) for g in grad(loss)(weights).values())

    def df(weights):
        g = grad(loss)(weights)
        g[name] = g[name].copy()
        g[name][at] += off
        return g
    return check_grads(loss, weights, order=1, df=df)


def correct_second(loss, weights):
    """Orders 1 and 2, along random directions at order 2."""
    return check_grads(loss, weights, order=2)


def wrong_hessian(loss, weights):
    """Orders 1 and 2, one wrong entry of the Hessian (in both of its places)."""
    rng, largest = np.random.default_rng(1), 0.0
    for _ in range(3):                  # of a few columns: the whole Hessian has 1e8 entries
        v = {k: np.zeros_like(w) for k, w in weights.items()}
        v["W1"][rng.integers(SIZES[1]), rng.integers(SIZES[2])] = 1
        largest = max(largest, *(np.max(np.abs(h)) for h in hvp(loss, weights, v).values()))
    off = OFF * largest

    def product(weights, v):
        H = {k: h.copy() for k, h in hvp(loss, weights, v).items()}
        H[WRONG[0]][WRONG[1]] += off * v[BY[0]][BY[1]]
        H[BY[0]][BY[1]] += off * v[WRONG[0]][WRONG[1]]
        return H
    return check_grads(loss, weights, order=2, df=grad(loss), hvp=product)


CASES = {"order 1, correct": correct, "order 1, one wrong entry": wrong_gradient,
         "order 2, correct": correct_second, "order 2, one wrong entry": wrong_hessian,
         "order 1, ReLU": correct, "order 2, ReLU": correct_second}


def run(name):
    """One case: a dict of what was found, in how many seconds, with how much memory."""
    loss, weights = network(np.random.default_rng(0), relu if "ReLU" in name else np.tanh)
    before = _peak()
    start, worked = time.perf_counter(), time.process_time()
    report = CASES[name](loss, weights)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    row = max(report.rows, key=lambda r: (r.verdict == "WRONG", r.difference / r.bound))
    return {"case": name, "verdict": report.verdict, "seconds": seconds, "worked": worked,
            "megabytes": _peak(), "before": before,
            "worst": f"{row.argument} {row.entry}", "off": row.difference,
            "resolution": row.resolution, "report": str(report)}


def _peak():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2 ** 20 if sys.platform == "darwin" else 2 ** 10)


def document(found, command):
    """The results as lines of Markdown."""
    _, weights = network(np.random.default_rng(0))
    rows = [(f["case"], f["verdict"], f"{f['worked']:.1f}", f"{f['seconds']:.1f}",
             f"{f['before']:.0f}", f"{f['megabytes']:.0f}") for f in found]
    return ["# The gradient checker on a network", "", f"Made by `{command}`",
            f"on {datetime.date.today()}, Python {platform.python_version()}, "
            f"numpy {np.__version__}.", "",
            f"{ravel(weights)[0].size:,} weights ({'-'.join(map(str, SIZES))}), float64, "
            f"{POINTS} points; tanh, or ReLU.",
            "Order 1 entry by entry; order 2 along random directions, then by halves to the wrong",
            "row and column.  CPU s: of all threads; seconds: by the clock, on a machine that may",
            "have had other work to do.",
            f"Planted: {OFF:g} of the largest entry, in {WRONG[0]}{list(WRONG[1])}, at order 2 by "
            f"{BY[0]}{list(BY[1])} and the reverse.", "",
            *table(("case", "verdict", "CPU s", "seconds", "MB before", "MB peak"), rows), "",
            *(line for f in found if f["verdict"] == "WRONG" for line in item(
                f"{f['case']}: {f['worst']}, off by {f['off']:.1e}; what can be seen starts at "
                f"{f['resolution']:.0e}")), ""]


@click.command()
@click.option("--case", type=click.Choice(list(CASES)), help="Only this, in this process.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--write", type=click.Path(dir_okay=False), help="Write the table to this file.")
def main(case, as_json, write):
    """Time the checker on a network of 10,000 weights."""
    if case is not None:
        click.echo(json.dumps(run(case)))
        return
    found = []
    for name in CASES:
        done = subprocess.run([sys.executable, "-m", "benchmarks.check_speed", "--case", name],
                              capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    lines = document(found, "python -m benchmarks.check_speed" + (f" --write {write}" if write
                                                                  else ""))
    if write:
        with open(write, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    click.echo(json.dumps(found) if as_json else "\n".join(lines))


if __name__ == "__main__":
    main()
