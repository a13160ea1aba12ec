"""How time and memory grow: with tasks, weights, inner steps, and what checkpoint saves.

    python -m benchmarks.growth [--plot docs/images/growth.png] [--write docs/results/growth.md]
                                [--seconds 4]

MAML on sinusoids, second order, as it is written and compiled.  Each point is the median of calls
in turn, each right after a call that warms the caches; memory is what the gradient allocates at
most, by tracemalloc.  A line a + b x is fitted to each series, a + b sqrt(x) to the memory with
checkpoint, so that relative errors are least; it is dotted in the picture.

Read next: problems.py.
"""
import argparse
import datetime
import os
import platform
import statistics
import time
import tracemalloc
from typing import NamedTuple

import numpy as np

from minimeta import __version__, compile, grad
from minimeta.meta import maml
from minimeta.nn import mean_squared_error, mlp
from minimeta.tasks import SinusoidSampler

TASKS = 1, 3, 10, 30, 100, 300, 1000
WIDTHS = 30, 99, 315, 999, 3161         # units in each of two layers: 1e3 to 1e7 weights
STEPS = 1, 2, 5, 10, 20, 50
GROUP = 0.004                           # seconds: faster calls are timed several at a time


class Fit(NamedTuple):
    """y = base + unit x^power; the largest relative departure; the exponent of growth over the
    last tenth of the range."""
    base: float
    unit: float
    power: float
    departure: float
    exponent: float

    def at(self, x):
        return self.base + self.unit * np.asarray(x, float) ** self.power


class Panel(NamedTuple):
    """One picture: {series: (x, y)}."""
    title: str
    label: str
    unit: str
    series: dict


def fit(x, y, power=1.0):
    """The Fit of y (n,) at x (n,), least squares of relative errors."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    terms = np.stack([np.ones_like(x), x ** power], axis=1)
    (base, unit), *_ = np.linalg.lstsq(terms / y[:, None], np.ones_like(y), rcond=None)
    last = x >= x[-1] / 10
    exponent = np.polyfit(np.log(x[last]), np.log(y[last]), 1)[0]
    return Fit(base, unit, power, float(np.max(np.abs(terms @ (base, unit) / y - 1))), exponent)


def fitted(panel, name):
    """The Fit of a series; memory with checkpoint is to grow as the root."""
    return fit(*panel.series[name], power=0.5 if name == "checkpoint" else 1.0)


def meta_gradient(tasks=25, width=40, steps=1, checkpoint=False, compiled=False):
    """(the number of weights, a call of the meta-gradient)."""
    rng = np.random.default_rng(0)
    model = mlp((1, width, width, 1))
    theta = model.init(rng)
    episode = SinusoidSampler(shots=10, queries=10, tasks=tasks).sample(rng)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def objective(theta):
        return maml(loss, theta, episode, 0.01, steps, checkpoint=checkpoint)
    g = compile(grad(objective)) if compiled else grad(objective)
    return theta.size, lambda: g(theta)


def timed(call, calls):
    """Milliseconds of a call, after one that warms the caches."""
    call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return 1e3 * (time.perf_counter() - start) / calls


def milliseconds(calls, seconds):
    """Medians of calls, made in turn for `seconds`, three times at least."""
    many = [max(1, int(1e3 * GROUP / timed(call, 1))) for call in calls]
    times, end = [[] for _ in calls], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 3:
        for call, n, found in zip(calls, many, times):
            found.append(timed(call, n))
    return [statistics.median(found) for found in times]


def mebibytes(call):
    """The most memory that a call holds at once."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2 ** 20
    finally:
        tracemalloc.stop()


def measure(seconds):
    """The panels: time with tasks, weights and steps, and memory with steps."""
    panels = []
    for title, label, xs, make in (
            ("tasks", "tasks", TASKS, lambda n, on: meta_gradient(n, compiled=on)),
            ("weights", "weights, 2 tasks", WIDTHS, lambda n, on: meta_gradient(2, n, compiled=on)),
            ("inner steps", "inner steps, 25 tasks", STEPS,
             lambda n, on: meta_gradient(steps=n, compiled=on))):
        series = {}
        for name, on in (("eager", False), ("compiled", True)):
            made = [make(n, on) for n in xs]
            x = [size for size, _ in made] if title == "weights" else list(xs)
            series[name] = x, milliseconds([call for _, call in made], seconds / 2)
        panels.append(Panel(title, label, "ms", series))
    series = {name: (list(STEPS), [mebibytes(meta_gradient(steps=k, checkpoint=on)[1])
                                   for k in STEPS])
              for name, on in (("stored", False), ("checkpoint", True))}
    return panels + [Panel("memory", "inner steps, 25 tasks", "MiB", series)]


def page(panels, seconds):
    """Every number, in Markdown, and the fits."""
    lines = ["# How cost grows", "",
             f"Made by `python -m benchmarks.growth --seconds {seconds:g}` on "
             f"{datetime.date.today()}, with minimeta {__version__},",
             f"NumPy {np.__version__} and Python {platform.python_version()}, "
             f"on {os.cpu_count()} cores. It measures a meta-gradient of MAML on",
             "sinusoids, second order; benchmarks/growth.py says how.",
             "", "![time and memory against tasks, weights and inner steps](../images/growth.png)"]
    for panel in panels:
        x = next(iter(panel.series.values()))[0]
        lines += ["", f"## {panel.title[0].upper()}{panel.title[1:]}", "",
                  f"| {panel.label} | " + " | ".join(map(str, x)) + " |",
                  "|---" * (len(x) + 1) + "|"]
        for name, (_, y) in panel.series.items():
            lines.append(f"| {name}, {panel.unit} | " + " | ".join(f"{v:.3g}" for v in y) + " |")
        lines.append("")
        for name in panel.series:
            f = fitted(panel, name)
            root = "sqrt(x)" if f.power == 0.5 else "x"
            lines.append(f"- {name}: {f.base:.3g} + {f.unit:.3g} {root} {panel.unit}, off by "
                         f"{100 * f.departure:.0f} % at most; over the last tenfold x^"
                         f"{f.exponent:.2f}")
    return "\n".join(lines) + "\n"


def plot(panels, file):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker
    figure, axes = pyplot.subplots(1, len(panels), figsize=(3.2 * len(panels), 3.2),
                                   constrained_layout=True)
    for ax, panel in zip(axes, panels):
        for name, (x, y) in panel.series.items():
            f = fitted(panel, name)
            line, = ax.loglog(x, y, "o", markersize=5, label=name)
            smooth = np.geomspace(x[0], x[-1], 100)
            ax.loglog(smooth, f.at(smooth), ":", color=line.get_color(),
                      label="a + b sqrt(x)" if f.power == 0.5 else "a + b x")
        least = min(min(y) for _, y in panel.series.values())
        ax.set(title=panel.title, xlabel=panel.label, ylabel=panel.unit,
               ylim=(10 ** np.floor(np.log10(least)), None))
        ax.yaxis.set_minor_formatter(ticker.NullFormatter())
        ax.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=110)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="for each panel, at least")
    parser.add_argument("--plot", metavar="FILE", help="draw the growth into a file")
    parser.add_argument("--write", metavar="FILE", help="the numbers and fits, in Markdown")
    options = parser.parse_args(argv)
    panels = measure(options.seconds)
    print(page(panels, options.seconds))
    if options.write:
        with open(options.write, "w") as file:
            file.write(page(panels, options.seconds))
    if options.plot:
        plot(panels, options.plot)


if __name__ == "__main__":
    main()
