"""Means, intervals and what is done with tasks that diverge."""
import itertools
import math

import numpy as np
import pytest

from minimeta.run import data
from minimeta.run.evaluate import evaluate, score
from minimeta.run.memory import peak_megabytes
from minimeta.run.methods import build
from minimeta.tasks import SinusoidSampler


def test_the_interval_is_that_of_the_formula():
    found = score(np.array([1.0, 2.0, 3.0, 6.0]))
    assert found.mean == 3 and found.median == 2.5 and found.n == 4
    assert found.half == pytest.approx(1.96 * math.sqrt(14 / 3) / math.sqrt(4))
    assert found.diverged is None


def test_the_interval_covers_the_truth_95_times_of_100(rng):
    found = [score(rng.normal(size=50)) for _ in range(2000)]
    covered = np.mean([abs(s.mean) <= s.half for s in found])
    assert 0.93 < covered < 0.965


def test_errors_have_a_share_of_diverged_tasks():
    found = score(np.array([1.0, 2.0, 26.0, np.nan, np.inf]), is_error=True)
    assert found.diverged == pytest.approx(3 / 5)
    assert found.mean == math.inf == found.half and found.median == 26
    assert score(np.array([1.0, 2.0]), is_error=True).diverged == 0


def test_one_task_has_no_interval():
    assert score(np.array([2.0])).half == math.inf


def test_batches_are_put_together_for_each_number_of_steps():
    learner, sampler = build("maml", "sinusoid"), SinusoidSampler(5, 7)

    def found(size):
        batches = data.batches(sampler, data.generator(0, "test"), 10, size)
        return evaluate(learner, batches, (0, 3))
    small, whole = found(4), found(10)
    assert list(small) == [0, 3] and small[3].shape == (10,)
    for steps in (0, 3):
        assert small[steps] == pytest.approx(whole[steps], rel=1e-5)
    assert (small[0] != small[3]).all()


def test_tasks_that_overflow_are_results():
    learner = build("maml", "sinusoid")
    learner.inner_lr = 1e6
    episodes = itertools.islice(data.stream(SinusoidSampler(5, 5), data.generator(0, "test"), 8), 1)
    values = evaluate(learner, episodes, (40,))[40]
    assert score(values, is_error=True).diverged == 1


def test_peak_memory_is_what_a_call_holds_at_once():
    def twice():
        np.zeros(1_000_000)
        np.zeros(2_000_000)
    assert peak_megabytes(twice) == pytest.approx(16, rel=0.01)
    kept = np.zeros(4_000_000)
    assert peak_megabytes(lambda: kept.sum()) < 1
