"""What an engine costs an operation, eagerly.

    python -m benchmarks.overhead [--seconds 4] [--json] [--write docs/results/overhead.md]

A chain of 100 elementwise operations on 10 numbers, y <- tanh(y) x, fifty times: so little
arithmetic that the time is the engine's own.  The gradient (order 1), and its derivative along v
(order 2), by minimeta, HIPS autograd and PyTorch, and by hand in NumPy: the floor.  The libraries
take turns in one process; reported are medians, and medians of the ratios within a round.

Read next: ../minimeta/autodiff/trace.py, where the time goes.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import sys
import time

import numpy as np

from minimeta import __version__

PAIRS = 50                       # of tanh and *, so OPERATIONS operations
OPERATIONS = 2 * PAIRS
X = np.linspace(0.5, 1.5, 10).astype(np.float32)
V = np.ones_like(X)


def chain(x, np=np):
    """sum of y after y <- tanh(y) x, PAIRS times, from y = x."""
    y = x
    for _ in range(PAIRS):
        y = np.tanh(y) * x
    return np.sum(y)


# ---------------------------------------------------------------- by hand

def by_hand(x):
    """The gradient (10,): dL/dy of the last y is 1, and back along the chain."""
    ts, y = [], x
    for _ in range(PAIRS):
        ts.append(np.tanh(y))
        y = ts[-1] * x
    g, total = np.ones_like(x), np.zeros_like(x)
    for t in reversed(ts):
        total += g * t
        g = g * x * (1 - t * t)
    return total + g


def by_hand_twice(x, v):
    """H v (10,): the tangent along v of every line of `by_hand`."""
    ts, dts, y, dy = [], [], x, v
    for _ in range(PAIRS):
        t = np.tanh(y)
        dt = (1 - t * t) * dy
        y, dy = t * x, dt * x + t * v
        ts.append(t), dts.append(dt)
    g, dg, total = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for t, dt in zip(reversed(ts), reversed(dts)):
        total += dg * t + g * dt
        s, ds = 1 - t * t, -2 * t * dt
        g, dg = g * x * s, dg * x * s + g * v * s + g * x * ds
    return total + dg


# ---------------------------------------------------------------- the libraries

def hand():
    return {1: lambda: by_hand(X), 2: lambda: by_hand_twice(X, V)}


def minimeta():
    from minimeta import grad
    first = grad(chain)
    return {1: lambda: first(X), 2: lambda: grad(lambda x: np.sum(first(x) * V))(X)}


def autograd():
    import autograd.numpy as anp
    from autograd import grad
    first = grad(lambda x: chain(x, anp))
    return {1: lambda: first(X), 2: lambda: grad(lambda x: anp.sum(first(x) * V))(X)}


def torch():
    import torch
    torch.set_num_threads(1)
    x, v = torch.tensor(X, requires_grad=True), torch.tensor(V)

    def first(graph=False):
        y = x
        for _ in range(PAIRS):
            y = torch.tanh(y) * x
        return torch.autograd.grad(y.sum(), x, create_graph=graph)[0]
    return {1: lambda: first().numpy(),
            2: lambda: torch.autograd.grad(first(True), x, grad_outputs=v)[0].numpy()}


LIBRARIES = {"by hand": hand, "minimeta": minimeta, "autograd": autograd, "torch": torch}


def installed(order):
    """{library: its function}, of those that can be imported."""
    found = {}
    for name, make in LIBRARIES.items():
        try:
            found[name] = make()[order]
        except ImportError:
            pass
    return found


def agree(functions):
    """Raise unless all give the same numbers, up to float32's round-off."""
    answers = {name: np.asarray(f()) for name, f in functions.items()}
    for name, answer in answers.items():
        if not np.allclose(answer, answers["by hand"], rtol=1e-3, atol=1e-5):
            raise SystemExit(f"{name} disagrees with the gradient by hand: {answer}")


def measure(functions, seconds):
    """{name: [seconds a call, one a round]}; the libraries take turns."""
    times, end = {name: [] for name in functions}, time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["by hand"]) < 5:
        for name, f in functions.items():
            start = time.perf_counter()
            f()
            times[name].append(time.perf_counter() - start)
    return times


def report(order, times):
    """A row a library: microseconds an operation, and the ratio to minimeta's time."""
    return [{"order": order, "library": name, "rounds": len(ts),
             "us_per_operation": statistics.median(ts) / OPERATIONS * 1e6,
             "least_us": min(ts) / OPERATIONS * 1e6,
             "ratio_to_minimeta": statistics.median(
                 t / ours for t, ours in zip(ts, times["minimeta"]))}
            for name, ts in times.items()]


def table(rows):
    lines = ["order  library   us/operation  least  ratio to minimeta  rounds"]
    for row in rows:
        lines.append(f"{row['order']:5}  {row['library']:8}  {row['us_per_operation']:12.2f}  "
                     f"{row['least_us']:5.2f}  {row['ratio_to_minimeta']:17.2f}  "
                     f"{row['rounds']:6}")
    return "\n".join(lines)


def page(rows, seconds):
    """The table, with what made it, in Markdown."""
    packages = {"numpy": "NumPy", "autograd": "HIPS autograd", "torch": "PyTorch"}
    found = [f"minimeta {__version__}", f"Python {platform.python_version()}"]
    for package, name in packages.items():
        try:
            found.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return f"""# What an engine costs an operation

Made by `python -m benchmarks.overhead --seconds {seconds:g}` on {datetime.date.today()}, on
{os.cpu_count()} cores, with {", ".join(found)}.

A chain of {OPERATIONS} elementwise operations on {len(X)} numbers: its gradient (order 1), and the
derivative of that along a vector (order 2). Microseconds of the whole divided by {OPERATIONS}:
medians, and the least. The ratio is the library's time to minimeta's, the median of the ratios
within a round: above 1, minimeta is faster. By hand is NumPy without an engine.

```text
{table(rows)}
```
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=4, help="for each order [4]")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument("--write", metavar="FILE", help="the table, in Markdown, to a file")
    options = parser.parse_args(arguments)
    rows = []
    for order in (1, 2):
        functions = installed(order)
        agree(functions)
        rows += report(order, measure(functions, options.seconds))
    print(json.dumps(rows) if options.json else table(rows))
    if options.write:
        with open(options.write, "w") as file:
            file.write(page(rows, options.seconds))


if __name__ == "__main__":
    sys.exit(main())
