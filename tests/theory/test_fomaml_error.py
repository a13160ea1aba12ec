"""A2 against closed forms: slopes, the leading coefficient, the bound, the descent condition."""
import numpy as np
import pytest
from hypothesis import given, settings

from minimeta.theory.fomaml_error import (climbing, cosine, error_bound, errors, fomaml_error,
                                          fomaml_gradient, leading_term, picture, sum_on_path,
                                          verify)
from minimeta.theory.losses import Quadratic, smooth_loss
from minimeta.theory.maml_gradient import maml_gradient
from minimeta.theory.slopes import ladder, loglog_slope
from tests.theory.problems import (EPS, caught, close, matrices, plant, problems, verified, walk)


@given(problems())
def test_both_gradients_and_their_difference(problem):
    *path, last = walk([problem.loss_s] * problem.steps, problem.theta, problem.alpha)
    first = problem.loss_q.gradient(last)
    second = first
    for factor in matrices(problem.loss_s, path, problem.alpha)[::-1]:
        second = factor @ second
    assert close(fomaml_gradient(*problem), first, scale=10)
    assert close(fomaml_error(*problem), first - second, scale=10)
    claimed = sum((problem.alpha * problem.loss_s.hessian(p) @ first for p in path), 0 * first)
    assert close(sum_on_path(*problem), claimed, scale=10)
    claimed = problem.steps * problem.alpha * problem.loss_s.hessian(problem.theta) @ (
        problem.loss_q.gradient(problem.theta))
    assert close(leading_term(*problem), claimed, scale=10)
    norms = np.linalg.norm(first), np.linalg.norm(second)
    assert cosine(*problem) == pytest.approx(first @ second / norms[0] / norms[1], abs=1e-13)


@given(problems(steps=(1, 4)))
@settings(max_examples=25)
def test_slopes_of_the_three_remainders(problem):
    alphas = ladder(problem.alpha / 8, 14)
    args = problem.loss_s, problem.loss_q, problem.theta, problem.steps
    g = np.linalg.norm(problem.loss_q.gradient(problem.theta))
    whole, less_sum, less_leading = errors(*args, alphas)
    assert abs(loglog_slope(alphas, whole, 30 * EPS * g) - 1) < 0.05
    assert abs(loglog_slope(alphas, less_leading, 30 * EPS * g) - 2) < 0.1
    if problem.steps == 1:            # one factor: the sum is all there is
        assert np.all(less_sum <= 30 * EPS * g)
    else:
        assert abs(loglog_slope(alphas, less_sum, 30 * EPS * g) - 2) < 0.1


@given(problems())
def test_error_bound(problem):
    *path, last = walk([problem.loss_s] * problem.steps, problem.theta, problem.alpha)
    largest = max([np.linalg.norm(problem.loss_s.hessian(p), 2) for p in path], default=0)
    g = np.linalg.norm(problem.loss_q.gradient(last))
    bound = ((1 + problem.alpha * largest) ** problem.steps - 1) * g
    assert error_bound(*problem) == pytest.approx(bound, rel=1e-11, abs=1e-300)
    assert np.linalg.norm(fomaml_error(*problem)) <= bound * (1 + 1e-12) + 10 * EPS * g
    if (1 + problem.alpha * largest) ** problem.steps < 2:
        assert cosine(*problem) > 0


def test_the_bound_is_sharp_where_the_curvature_is_negative():
    hill, bowl = (Quadratic(s * np.eye(2), np.ones(2)) for s in (-1.0, 1.0))
    at = hill, bowl, np.array([0.5, 2.0]), 0.2, 3
    assert np.linalg.norm(fomaml_error(*at)) == pytest.approx(error_bound(*at), rel=1e-13)


def test_fomaml_climbs_beyond_the_condition():
    assert climbing(0.99) == pytest.approx(1) and climbing(1.01) == pytest.approx(-1)


def test_verify(rng):
    verified(verify(rng), gaps=5, slopes=3, counterexamples=1)
    found = verify(rng, lambda t: np.sum(np.cos(t) * t), [0.5, 2])
    verified(found, gaps=5, slopes=3)
    assert [f.expected for f in found[:3]] == [1, 2, 2]
    assert [f.name[:5] for f in found if "bound" in f.name] == ["K = 1", "K = 3"]
    verified(verify(rng, np.sum), gaps=8)              # no curvature: nothing is left out
    found = verify(rng, lambda t: np.sum(np.exp(t)), np.zeros(3))
    assert len(found) == 8 and max(f.found for f in found[4:]) < 1e-15


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_verify_asks_for_no_units_of_the_loss(rng, scale):
    found = verify(rng, lambda t: scale * np.sum(np.cos(t) * t), [0.5, 2])
    verified(found, gaps=5, slopes=3)


def test_the_descent_condition_is_asked_for_only_where_it_holds(monkeypatch, rng):
    plant(monkeypatch, verify, "cosine", lambda *a: -cosine(*a))
    failed = [f for f in verify(rng) if not f.passed and "(1 + alpha L)^K < 2" in f.name]
    assert failed and all(0.6 < f.found <= 1 for f in failed)              # the cosines
    plant(monkeypatch, verify, "step_size", lambda loss, theta, share: 5 * share)
    assert not [f for f in verify(rng) if "(1 + alpha L)^K < 2" in f.name]


@pytest.mark.parametrize("name, wrong", [
    ("leading_term", lambda *a: -leading_term(*a)),
    ("leading_term", lambda *a: 2 * leading_term(*a)),
    ("leading_term", lambda s, q, theta, alpha, steps: leading_term(s, q, theta, alpha, 1)),
    ("leading_term", lambda s, q, theta, alpha, steps: leading_term(s, q, theta + 0.1, alpha,
                                                                   steps)),
    ("sum_on_path", lambda *a: 0.99 * sum_on_path(*a)),
    ("maml_gradient", lambda *a: 2 * fomaml_gradient(*a) - maml_gradient(*a)),    # a flipped sign
    ("maml_gradient", fomaml_gradient),                                   # FOMAML passed as MAML
    ("error_bound", lambda *a: 0.1 * error_bound(*a)),
    ("climbing", lambda share: -climbing(share))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught(verify(rng))


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "loglog" and len(drawn.lines) == 3
    for (label, x, y), expected in zip(drawn.lines, (1, 2, 2)):
        assert f"slope {expected}" in label and abs(loglog_slope(x, y, 1e-15) - expected) < 0.1
    loss = smooth_loss(rng, 2)
    assert close(maml_gradient(loss, loss, np.ones(2), 0.1, 0),
                 fomaml_gradient(loss, loss, np.ones(2), 0.1, 0))
