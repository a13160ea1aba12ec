"""`compare` on small settings: what is found, and that a seed decides it."""
import json
import sys

import numpy as np
import pytest

from minimeta.report import as_json
from minimeta.run.compare import compare
from minimeta.run.settings import Settings, SettingsError

WAVES = dict(data="sinusoid", iterations=12, test_episodes=40)
GLYPHS = dict(data="glyphs", iterations=3, test_episodes=30, filters=4)


@pytest.fixture(scope="module")
def waves():
    return compare(Settings(**WAVES))


@pytest.fixture(scope="module")
def glyphs():
    return compare(Settings(**GLYPHS))


def test_every_method_has_a_row(waves, glyphs):
    assert [r.method for r in waves.results] == [
        "maml", "fomaml", "reptile", "prototypical", "matching", "joint"]
    assert [r.method for r in glyphs.results] == [
        "maml", "fomaml", "reptile", "prototypical", "matching"]
    rows = {r.method: r for r in waves.results}
    assert rows["prototypical"].note == "classification only" and not rows["prototypical"].scores
    assert list(rows["maml"].scores) == [0, 1, 5, 10] and list(rows["joint"].scores) == [0]
    assert rows["maml"].second_order and not rows["fomaml"].second_order
    for result in waves.finished() + glyphs.finished():
        last = list(result.scores.values())[-1]
        assert np.isfinite(last.mean) and last.half > 0 and result.peak_megabytes > 0
        assert len(result.training.seconds) == result.training.iterations
    assert all(r.batch_norm == "batch" for r in glyphs.results)
    assert {r.network for r in glyphs.results} == {"conv4 strided, 4 filters", "conv4, 4 filters"}


def test_the_joint_baseline_does_not_adapt(waves):
    assert {r.method: r.after for r in waves.results}["joint"] is None


def results_alone(comparison):
    """The JSON without what depends on the machine."""
    text = as_json(comparison)
    text["settings"].pop("seed")
    for row in text["methods"]:
        row.pop("measured", None)
    return json.dumps(text, sort_keys=True)


@pytest.mark.parametrize("given", [WAVES, GLYPHS], ids=lambda s: s["data"])
def test_a_seed_decides_everything(given, request):
    first = request.getfixturevalue("waves" if given is WAVES else "glyphs")
    again, other = compare(Settings(**given)), compare(Settings(**given, seed=1))
    assert results_alone(first) == results_alone(again) != results_alone(other)
    for a, b in zip(first.finished(), again.finished()):
        assert np.array_equal(a.checkpoint.theta, b.checkpoint.theta)


def test_methods_alone_are_what_they_are_in_company(waves):
    alone = compare(Settings(**WAVES, methods=("reptile",))).results[0]
    beside = {r.method: r for r in waves.results}["reptile"]
    assert np.array_equal(alone.checkpoint.theta, beside.checkpoint.theta)


def test_an_interrupt_keeps_what_is_finished():
    def interrupt(event):
        if event.method == "fomaml" and event.stage == "train":
            raise KeyboardInterrupt
    found = compare(Settings(**WAVES, methods=("maml", "fomaml", "reptile")), interrupt)
    assert found.interrupted and [r.method for r in found.finished()] == ["maml"]


def test_divergence_is_a_note_and_the_others_go_on(monkeypatch):
    module = sys.modules[compare.__module__]       # the package's `compare` is the function
    build = module.build

    def diverging(method, *args):
        learner = build(method, *args)
        if method == "maml":
            learner.theta = learner.theta * np.float32(np.nan)
        return learner
    monkeypatch.setattr(module, "build", diverging)
    found = compare(Settings(**WAVES, methods=("maml", "matching")))
    assert found.results[0].note.startswith("training diverged")
    assert [r.method for r in found.finished()] == ["matching"]


def test_minutes_are_kept_by_planning():
    """A clock that counts its own calls: every step and every test takes one second."""
    ticks = iter(range(10 ** 9))
    found = compare(Settings(**{**WAVES, "iterations": None}, methods=("maml", "matching"),
                             minutes=10), clock=lambda: float(next(ticks)))
    used = next(ticks)
    assert 100 < used <= 600 and all(r.training.iterations > 10 for r in found.results)


def test_more_ways_than_classes_and_more_examples_than_there_are():
    with pytest.raises((SettingsError, ValueError), match="201"):
        compare(Settings(data="glyphs", ways=201, iterations=1))
    with pytest.raises((SettingsError, ValueError), match="20"):
        compare(Settings(data="glyphs", shots=20, iterations=1))
