"""How time and memory grow: with tasks, weights, inner steps, and what checkpoint saves.

    python -m benchmarks.growth [--plot docs/images/growth.png] [--seconds 2]

MAML on sinusoids, second order.  Each point is the median of calls in turn; memory is what the
gradient allocates at most, by tracemalloc.  The dotted line grows in proportion.

Read next: problems.py.
"""
import argparse
import statistics
import time
import tracemalloc

import numpy as np

from minimeta import grad
from minimeta.meta import maml
from minimeta.nn import mean_squared_error, mlp
from minimeta.tasks import SinusoidSampler

TASKS = 1, 3, 10, 30, 100, 300, 1000
WIDTHS = 30, 99, 315, 999, 3161         # units in each of two layers: 1e3 to 1e7 weights
STEPS = 1, 2, 5, 10, 20, 50


def meta_gradient(tasks=25, width=40, steps=1, checkpoint=False):
    """(the number of weights, a call of the meta-gradient)."""
    rng = np.random.default_rng(0)
    model = mlp((1, width, width, 1))
    theta = model.init(rng)
    episode = SinusoidSampler(shots=10, queries=10, tasks=tasks).sample(rng)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def objective(theta):
        return maml(loss, theta, episode, 0.01, steps, checkpoint=checkpoint)
    return theta.size, lambda: grad(objective)(theta)


def milliseconds(calls, seconds):
    """Medians of calls, made in turn for `seconds`, three times at least."""
    for call in calls:
        call()
    times, end = [[] for _ in calls], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 3:
        for call, found in zip(calls, times):
            start = time.perf_counter()
            call()
            found.append(1e3 * (time.perf_counter() - start))
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


def slope(x, y):
    """The exponent of growth between the last two points."""
    return np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2])


def measure(seconds):
    """[(title, x label, y label, {series: (x, y)})]."""
    panels = []
    for title, label, calls in (
            ("tasks", "tasks", {n: meta_gradient(tasks=n)[1] for n in TASKS}),
            ("weights", "weights, 2 tasks", dict(meta_gradient(2, w) for w in WIDTHS)),
            ("inner steps", "inner steps, 25 tasks", {k: meta_gradient(steps=k)[1]
                                                      for k in STEPS})):
        found = milliseconds(list(calls.values()), seconds)
        panels.append((title, label, "ms", {"meta-gradient": (list(calls), found)}))
    series = {name: (list(STEPS), [mebibytes(meta_gradient(steps=k, checkpoint=on)[1])
                                   for k in STEPS])
              for name, on in (("stored", False), ("checkpoint", True))}
    return panels + [("memory", "inner steps, 25 tasks", "MiB", series)]


def show(panels):
    """Every number, in lines; and the exponent of the growth at the end."""
    for title, label, unit, series in panels:
        for name, (x, y) in series.items():
            points = "  ".join(f"{a}: {b:.3g}" for a, b in zip(x, y))
            print(f"{title} ({name}), {unit}: {points}   grows as x^{slope(x, y):.2f}", flush=True)


def plot(panels, file):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, len(panels), figsize=(3.2 * len(panels), 3.2),
                                   constrained_layout=True)
    for ax, (title, label, unit, series) in zip(axes, panels):
        for name, (x, y) in series.items():
            ax.loglog(x, y, "o-", markersize=4, label=name)
        x, y = next(iter(series.values()))
        ax.loglog(x, [y[-1] * a / x[-1] for a in x], ":", color="grey", label="in proportion")
        ax.set(title=title, xlabel=label, ylabel=unit)
        ax.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=110)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="for each panel, at least")
    parser.add_argument("--plot", metavar="FILE", help="draw the growth into a file")
    options = parser.parse_args(argv)
    panels = measure(options.seconds)
    show(panels)
    if options.plot:
        plot(panels, options.plot)


if __name__ == "__main__":
    main()
