"""The loop takes the steps it is asked for, and ends at its deadline; time is a fake clock."""
import numpy as np
import pytest

from minimeta.run.train import fit, smooth


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Slow:
    """A learner whose steps take a second."""

    def __init__(self, clock, losses=()):
        self.clock, self.losses, self.seen = clock, list(losses), []

    def meta_train_step(self, episode):
        self.clock.now += 1.0
        self.seen.append(episode)
        return self.losses[len(self.seen) - 1] if self.losses else 1.0


def test_each_step_takes_the_next_episode():
    clock = Clock()
    learner, steps = Slow(clock), []
    found = fit(learner, iter(range(100)), 12, clock=clock, on_step=steps.append)
    assert learner.seen == list(range(12)) and steps == list(range(1, 13))
    assert found.iterations == 12 and not found.stopped
    assert found.ms_per_step == 1000 and found.validation == []


def test_validation_comes_first_last_and_between_and_is_not_training_time():
    clock = Clock()

    def validate():
        clock.now += 50.0
        return 0.5
    found = fit(Slow(clock), range(40), 40, validate, 4, clock=clock)
    assert [(step, seconds) for step, seconds, _ in found.validation] == [
        (0, 0), (10, 10), (20, 20), (30, 30), (40, 40)]


def test_the_deadline_stops_training_and_says_so():
    clock = Clock()
    found = fit(Slow(clock), range(99), 99, lambda: 0.5, 3, deadline=clock.now + 4.5, clock=clock)
    assert found.iterations == 5 and found.stopped
    assert found.validation[-1][0] == 5


def test_at_least_one_step_is_taken():
    clock = Clock()
    assert fit(Slow(clock), range(9), 9, deadline=clock.now - 1, clock=clock).iterations == 1


def test_a_deadline_at_the_very_end_is_no_early_stop():
    clock = Clock()
    assert not fit(Slow(clock), range(9), 3, deadline=clock.now + 2.5, clock=clock).stopped


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_training(bad):
    clock = Clock()
    with pytest.raises(FloatingPointError, match="step 3"):
        fit(Slow(clock, [1, 1, bad, 1]), range(9), 4, clock=clock)


def test_smoothing_is_a_running_mean():
    losses = np.arange(30.0)
    expected = [losses[max(0, k - 9):k + 1].mean() for k in range(30)]
    assert smooth(losses) == pytest.approx(expected)
