"""Whole comparisons, tiny ones: the same tasks, the same numbers, and clean endings."""
import sys

import numpy as np
import pytest

from minimeta.report import as_json
from minimeta.run import Settings, compare
from minimeta.run.compare import shown_tasks

from .test_data import few, small_glyphs  # noqa: F401  (fixtures)
from .test_train import Clock

MODULE = sys.modules["minimeta.run.compare"]


def small(**changes):
    return Settings(**{"data": "sinusoid", "iterations": 3, "test_episodes": 40} | changes)


def without_timings(comparison):
    found = as_json(comparison)
    for row in found["methods"]:
        row.pop("measured", None)
    return found


@pytest.fixture(scope="module")
def sinusoid():
    return compare(small())


def test_every_method_has_a_row(sinusoid):
    rows = {result.method: result for result in sinusoid.results}
    assert list(rows) == list(sinusoid.settings.methods)
    assert not sinusoid.interrupted
    for method in ("maml", "fomaml", "reptile"):
        assert list(rows[method].scores) == [0, 1, 5, 10]
        assert rows[method].scores[0].n == 40
        assert rows[method].before is rows[method].scores[0]
        assert rows[method].after is rows[method].scores[10]
        assert rows[method].shown[10].shape == sinusoid.shown.yq.shape
    assert rows["prototypical"].note == "classification only" and not rows["prototypical"].scores
    assert rows["matching"].before is None and rows["matching"].after.n == 40
    assert rows["joint"].before.n == 40 and rows["joint"].after is None
    assert [m for m in rows if rows[m].second_order] == ["maml"]


def test_second_order_takes_more_memory_than_first(sinusoid):
    peak = {r.method: r.peak_megabytes for r in sinusoid.finished()}
    assert peak["maml"] > 1.3 * peak["fomaml"] > 0


def test_the_same_seed_gives_the_same_numbers(sinusoid):
    assert without_timings(compare(small())) == without_timings(sinusoid)
    other = compare(small(seed=1, methods=("maml",))).results[0]
    assert other.after.mean != sinusoid.results[0].after.mean


def test_a_method_is_not_disturbed_by_the_others(sinusoid):
    alone = compare(small(methods=("reptile",))).results[0]
    assert alone.scores == sinusoid.results[2].scores
    assert np.array_equal(alone.checkpoint.theta, sinusoid.results[2].checkpoint.theta)


def test_glyphs_from_end_to_end(small_glyphs):  # noqa: F811
    found = compare(Settings("glyphs", iterations=1, test_episodes=2, filters=2, shots=2))
    assert [r.method for r in found.finished()] == list(found.settings.methods)
    for result in found.results:
        assert result.batch_norm == "batch"
        assert ("strided" in result.network) == (result.before is not None)
        assert 0 <= result.after.mean <= 1 and result.after.diverged is None
        assert list(result.shown.values())[-1].shape == (1, 75)
    # the class is told by the grey level, which batch norm keeps: metric methods find it
    assert found.shown.xs.shape == (1, 10, 28, 28, 1)


def test_the_shown_episode_is_the_first_that_is_tested(small_glyphs):  # noqa: F811
    settings = Settings("glyphs")
    tasks = MODULE.data.load(settings)
    tested = next(MODULE.batches(tasks.test, MODULE.generator(0, "test"), 600, 7))
    assert np.array_equal(shown_tasks(settings, tasks).xq[0], tested.xq[0])


@pytest.mark.parametrize("stage", ["train", "test"])
def test_an_interrupt_keeps_what_is_finished(stage):
    def interrupt(event):
        if (event.method, event.stage) == ("reptile", stage):
            raise KeyboardInterrupt
    found = compare(small(), interrupt)
    assert found.interrupted and [r.method for r in found.results] == ["maml", "fomaml"]


def test_an_interrupt_after_a_method_keeps_it():
    def interrupt(event):
        if event.stage == "done":
            raise KeyboardInterrupt
    assert [r.method for r in compare(small(), interrupt).results] == ["maml"]


def test_training_that_diverges_is_a_row_with_a_note(monkeypatch):
    wild = MODULE.TABLE["sinusoid"]["maml"]._replace(inner_lr=1e9, inner_steps=9)
    monkeypatch.setitem(MODULE.TABLE["sinusoid"], "maml", wild)
    found = compare(small(methods=("maml", "fomaml")))
    assert "diverged" in found.results[0].note and not found.results[0].scores
    assert found.results[1].scores


def test_minutes_plan_the_iterations_of_each_method(monkeypatch):
    clock = Clock()
    lasts = {"MAML": 2.0, "FOMAML": 1.0}
    real = MODULE.build

    def slow(*args, **kwargs):
        learner = real(*args, **kwargs)
        step = learner.meta_train_step

        def timed(episode):
            clock.now += lasts[learner.name]
            return step(episode)
        learner.meta_train_step = timed
        return learner
    monkeypatch.setattr(MODULE, "build", slow)
    found = compare(small(methods=("maml", "fomaml"), iterations=None, minutes=4), clock=clock)
    maml, fomaml = found.results
    assert not maml.training.stopped and not fomaml.training.stopped
    assert clock.now - 100 <= 240
    # two minutes for MAML, less a rehearsal and one traced step, and what is left for FOMAML
    assert 40 <= maml.training.iterations <= 60
    assert 90 <= fomaml.training.iterations <= 130
    again = compare(small(methods=("maml",), iterations=maml.training.iterations), clock=clock)
    assert np.array_equal(again.results[0].checkpoint.theta, maml.checkpoint.theta)


def test_a_run_that_slows_down_stops_in_time(monkeypatch):
    clock = Clock()
    real, steps = MODULE.fit, []

    def slower(learner, *args):
        step = learner.meta_train_step

        def timed(episode):
            clock.now += 10.0
            steps.append(1)
            return step(episode)
        learner.meta_train_step = timed
        return real(learner, *args)

    def probed(*args):
        return 1.0, 0.0
    monkeypatch.setattr(MODULE, "fit", slower)
    monkeypatch.setattr(MODULE, "rehearse", probed)
    result = compare(small(methods=("maml",), iterations=None, minutes=2), clock=clock).results[0]
    assert result.training.stopped and result.note == "stopped early, out of time"
    assert clock.now - 100 <= 120 + 10 and len(steps) == 12


def test_a_long_budget_ends_at_the_longest_training(monkeypatch):
    """Steps of a second: a minute would hold over 50."""
    monkeypatch.setitem(MODULE.LONGEST, "sinusoid", 7)
    monkeypatch.setattr(MODULE, "rehearse", lambda *args: (1.0, 1e-6))
    found = compare(small(methods=("maml",), iterations=None, minutes=1), clock=Clock())
    assert found.results[0].training.iterations == 7
