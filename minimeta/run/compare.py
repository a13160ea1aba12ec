"""Every method, trained on one stream of tasks and tested on one set of episodes.

Read next: results.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from ..device import device as find_device
from ..device import to_host
from ..nn import batch_norm_mode
from ..tasks import Episode
from ..tasks.sinusoid import DOMAIN, sine
from . import data
from .budget import REHEARSAL, Budget, plan, time_steps
from .checkpoint import Checkpoint
from .data import Tasks, batches, generator, stream
from .evaluate import evaluate, score
from .memory import peak_megabytes
from .methods import LONGEST, TABLE, build, refusal, second_order
from .results import Comparison, Event, Result
from .settings import Settings
from .train import fit

VALIDATIONS = 10
TRACED = 4                  # times as long takes a step whose memory is traced
TRACES = 2                  # of a compiled step's first calls
# meta-steps on images from which on compiling pays: a step takes a tenth less, and tracing it as
# long as ten steps do.  On sinusoids it takes a third, and tracing a tenth of a second.
LONG = 200
HELD_OUT = {"sinusoid": 200, "glyphs": 20, "omniglot": 20}     # tasks of each validation
SHOWN_WAVES = 2
GRID = 200                  # points of a drawn sinusoid


def compare(settings: Settings, on_progress: Callable[[Event], None] = lambda event: None,
            minutes: float | None = None,
            clock: Callable[[], float] = time.perf_counter) -> Comparison:
    """The Comparison that `settings` ask for.

    on_progress is called with Events.  KeyboardInterrupt ends it early: the methods that are
    finished are returned, and the Comparison says so.  A method whose training diverges has a
    note in place of scores.  Raises SettingsError and DataError before training starts.
    """
    minutes = settings.minutes if minutes is None else minutes
    budget = Budget(None if minutes is None else 60 * minutes, clock)
    tasks = data.load(settings, find_device(settings.device))
    found = Comparison(settings, tasks.about, tasks.hashes, shown_tasks(settings, tasks))
    from threadpoolctl import threadpool_limits
    # a small network's products are too short for several BLAS threads: they wait for each other
    threads = 1 if settings.data == "sinusoid" else None
    able = [m for m in settings.methods if refusal(m, settings.data) is None]
    try:
        for method in settings.methods:
            if method not in able:
                found.results.append(Result(method, refusal(method, settings.data)))
                continue
            share = budget.share(len(able) - able.index(method))
            try:
                with threadpool_limits(threads, "blas"):
                    found.results.append(trial(method, settings, tasks, found.shown, share,
                                               on_progress, clock))
            except FloatingPointError as error:
                found.results.append(Result(method, f"training diverged: {error}"))
            on_progress(Event(method, "done"))
    except KeyboardInterrupt:
        found.interrupted = True
    return found


def trial(method: str, settings: Settings, tasks: Tasks, shown: Episode, share: float | None,
          on_progress: Callable[[Event], None], clock: Callable[[], float]) -> Result:
    """One method, trained and tested, in `share` seconds (None: as long as the table says)."""
    preset = TABLE[settings.data][method]
    seed, start, deadline = settings.seed, clock(), None
    device = find_device(settings.device)
    iterations = settings.iterations or preset.iterations
    size = data.batch_size(tasks.test, settings.filters)

    def learner(steps=None):
        made = build(method, settings.data, seed, settings.ways, settings.filters, steps)
        if settings.data == "sinusoid" or steps is not None and steps >= LONG:
            made.compiled(exact=settings.data != "sinusoid")
        return made.to(device)

    def training():
        return stream(tasks.train, generator(seed, "train"), preset.tasks, device)

    def testing(part="test", count=settings.test_episodes):
        return batches(getattr(tasks, part), generator(seed, part), count, size, device)

    held_out = list(testing("val", HELD_OUT[settings.data]))
    last = preset.test_steps[-1]
    if share is not None:
        on_progress(Event(method, "time"))
        step, test = rehearse(learner(), training(), held_out[0], preset.test_steps,
                              REHEARSAL * share, clock, device)
        checks = (VALIDATIONS + 1) * len(held_out) / len(preset.test_steps)
        tests = settings.test_episodes / len(held_out[0].xs)
        iterations, deadline = plan(step, checks * test, tests * test + TRACED * step,
                                    clock(), start + share)
        iterations = min(iterations, LONGEST.get(settings.data, iterations))

    trained = learner(iterations)
    history = fit(trained, training(), iterations,
                  lambda: np.mean(evaluate(trained, held_out, [last])[last]), VALIDATIONS,
                  deadline, lambda n: on_progress(Event(method, "train", n, iterations)), clock,
                  device)
    on_progress(Event(method, "test"))
    results = evaluate(trained, testing(), preset.test_steps)
    spare, episode = learner(iterations), next(training())
    is_error = settings.data == "sinusoid"
    return Result(
        method=method, preset=preset, second_order=second_order(trained),
        note="stopped early, out of time" if history.stopped else None,
        network=trained.model.name, batch_norm=batch_norm_mode(trained.model),
        parameters=trained.theta.size, training=history,
        peak_megabytes=peak(spare, episode, device),
        checkpoint=Checkpoint(to_host(trained.theta), method, settings.data, seed, settings.ways,
                              settings.filters, iterations),
        scores={steps: score(values, is_error) for steps, values in results.items()},
        shown={steps: outputs(trained, device.put(shown), steps) for steps in preset.test_steps})


def peak(learner, episode, device) -> float:
    """Megabytes that a meta-step takes, the buffers of a compiled one among them."""
    if learner.steps_compiled:
        for _ in range(TRACES):
            learner.meta_train_step(episode)
        learner.free()
    return peak_megabytes(lambda: learner.meta_train_step(episode), device)


def rehearse(learner, episodes, held_out, test_steps, seconds, clock,
             device) -> tuple[float, float]:
    """(seconds a meta-step, seconds to test one batch), on a learner that is then thrown away."""
    # The larger arrays first, as in `fit`: once the C library has freed some, it keeps memory for
    # the next ones in place of returning it, and steps on sinusoids take half the time.
    test = time_steps(lambda: evaluate(learner, [held_out], test_steps), clock, least=1)

    def step():
        device.get(learner.meta_train_step(next(episodes)))
    if learner.steps_compiled:
        for _ in range(TRACES):
            step()
    return time_steps(step, clock, seconds), test


def shown_tasks(settings: Settings, tasks: Tasks) -> Episode:
    """The tasks that figures show: two sinusoids with a fine grid of queries, or the first test
    episode."""
    if settings.data != "sinusoid":
        return to_host(next(batches(tasks.test, generator(settings.seed, "test"), 1, 1)))
    rng = generator(settings.seed, "shown")
    amplitude, phase = tasks.test.draw(rng, SHOWN_WAVES)
    support = tasks.test.episode(rng, amplitude, phase)
    x = np.linspace(*DOMAIN, GRID, dtype=np.float32)[:, None]
    x = np.broadcast_to(x, (SHOWN_WAVES, GRID, 1))
    return Episode(support.xs, support.ys, x, sine(x, amplitude, phase))


def outputs(learner, shown: Episode, steps: int | None) -> np.ndarray:
    """What a figure shows: predictions (T, N, 1), or for images the labels (T, N)."""
    with np.errstate(all="ignore"):
        found = learner.predict(shown.xs, shown.ys, shown.xq, steps)
    return to_host(np.argmax(found, axis=-1) if shown.yq.dtype.kind in "iu" else found)
