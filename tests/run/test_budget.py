"""Minutes are shared and made into steps; time is a fake clock."""
import pytest

from minimeta.run.budget import SPARE, Budget, plan, time_steps

from .test_train import Clock


def test_what_is_left_is_shared_equally():
    clock = Clock()
    budget = Budget(60, clock)
    assert budget.share(3) == 20
    clock.now += 10
    assert budget.share(2) == 25
    clock.now += 100
    assert budget.share(1) < 0
    assert Budget(None, clock).share(3) is None


def test_steps_checks_and_tests_fit_into_the_share():
    found = plan(step=0.1, checks=2, after=5, now=1000, end=1060)
    assert found.deadline == 1055
    assert 1000 + found.iterations * 0.1 + 2 <= found.deadline
    assert found.iterations == int(((1 - SPARE) * 55 - 2) / 0.1)


def test_a_share_that_is_too_small_still_takes_one_step():
    assert plan(step=1, checks=2, after=5, now=0, end=3).iterations == 1


def test_timing_leaves_the_first_call_out():
    clock, calls = Clock(), []

    def step():
        clock.now += 0.5 if calls else 30.0
        calls.append(clock.now)
    assert time_steps(step, clock, seconds=2.0) == pytest.approx(0.5)
    assert len(calls) == 1 + 4


def test_timing_takes_at_least_a_few_calls():
    clock, calls = Clock(), []

    def step():
        clock.now += 9.0
        calls.append(1)
    assert time_steps(step, clock, least=2) == pytest.approx(9.0)
    assert len(calls) == 1 + 2
