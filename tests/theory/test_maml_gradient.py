"""A1 against complex steps, matrices and differences; reversed and misplaced factors are caught."""
import numpy as np
import pytest
from hypothesis import given

from minimeta import grad
from minimeta.meta import maml, per_task
from minimeta.tasks import Episode
from minimeta.theory.losses import quadratic_loss, smooth_loss
from minimeta.theory.maml_gradient import maml_gradient, misread, product, unrolled, verify
from tests.differences import slope
from tests.theory.problems import (caught, close, complex_step, matrices, plant, problems, verified,
                                   walk)


def by_matrices(problem, points=None, reverse=False):
    """The product of A1, closed forms only, with the Hessians at `points`."""
    *path, last = walk([problem.loss_s] * problem.steps, problem.theta, problem.alpha)
    factors = matrices(problem.loss_s, path if points is None else points, problem.alpha)
    v = problem.loss_q.gradient(last)
    for factor in factors if reverse else factors[::-1]:
        v = factor @ v
    return v


@given(problems())
def test_loop_product_matrices_and_complex_steps_agree(problem):
    def after(t):
        return problem.loss_q(walk([problem.loss_s] * problem.steps, t, problem.alpha)[-1])
    scale = np.max(np.abs(grad(problem.loss_q)(problem.theta))) + 1
    judge = complex_step(after, problem.theta)
    for side in (unrolled, maml_gradient):
        assert close(side(*problem), judge, scale=scale)
        assert close(side(*problem), by_matrices(problem), scale=scale)


@given(problems(dims=(2, 5), steps=(2, 5)))
def test_misread_products_are_what_they_say(problem):
    path = walk([problem.loss_s] * problem.steps, problem.theta, problem.alpha)
    wrong = misread(*problem)
    assert close(wrong["the product reversed"], by_matrices(problem, reverse=True), scale=10)
    assert close(wrong["every Hessian at theta"], by_matrices(problem, [path[0]] * problem.steps),
                 scale=10)
    assert close(wrong["every Hessian a step late"], by_matrices(problem, path[1:]), scale=10)
    right = maml_gradient(*problem)
    assert not any(close(w, right, scale=10) for w in wrong.values())


def test_central_differences_agree(rng):
    loss_s, loss_q = smooth_loss(rng, 4), smooth_loss(rng, 4)
    theta, v = rng.standard_normal((2, 4))
    judge = slope(lambda t: loss_q(walk([loss_s] * 3, t, 0.2)[-1]), theta, v)
    assert maml_gradient(loss_s, loss_q, theta, 0.2, 3) @ v == pytest.approx(judge, rel=1e-9)


def test_no_steps_and_one_step(rng):
    loss_s, loss_q, theta = smooth_loss(rng, 3), smooth_loss(rng, 3), rng.standard_normal(3)
    assert np.array_equal(maml_gradient(loss_s, loss_q, theta, 0.2, 0), grad(loss_q)(theta))
    phi = theta - 0.2 * loss_s.gradient(theta)
    one = (np.eye(3) - 0.2 * loss_s.hessian(theta)) @ loss_q.gradient(phi)
    assert close(maml_gradient(loss_s, loss_q, theta, 0.2, 1), one)
    late = (np.eye(3) - 0.2 * loss_s.hessian(phi)) @ loss_q.gradient(phi)
    assert not close(maml_gradient(loss_s, loss_q, theta, 0.2, 1), late, ulps=1e10)


def test_the_last_factor_acts_first(rng):
    loss, (a, b, v) = smooth_loss(rng, 3), rng.standard_normal((3, 3))
    first, second = matrices(loss, [a, b], 0.3)
    assert close(product(loss, [a, b], v, 0.3), first @ second @ v)


def test_minimetas_maml_is_the_product(rng):
    theta, x = rng.standard_normal(3), rng.standard_normal((2, 2, 6, 3))

    def loss(w, x, y):
        return np.mean((np.tanh(x @ w) - y) ** 2)
    ys = rng.standard_normal((2, 2, 6))
    episode = Episode(x[0], ys[0], x[1], ys[1])
    ours = grad(maml, argnums=1)(per_task(loss), theta, episode, 0.3, 3)
    each = [maml_gradient(lambda w: loss(w, x[0, i], ys[0, i]),
                          lambda w: loss(w, x[1, i], ys[1, i]), theta, 0.3, 3) for i in range(2)]
    assert close(ours, np.mean(each, axis=0))


def test_on_one_quadratic_mistakes_of_order_do_not_show(rng):
    bowl, query, theta = quadratic_loss(rng, 4), smooth_loss(rng, 4), rng.standard_normal(4)
    right = unrolled(bowl, query, theta, 0.5, 3)
    assert all(close(wrong, right) for wrong in misread(bowl, query, theta, 0.5, 3).values())


def test_verify(rng):
    verified(verify(rng), gaps=6, counterexamples=12, loosest=1e-12)
    verified(verify(rng, lambda t: np.sum(np.cos(t) * t), [0.5, 2]), gaps=6, loosest=1e-12)
    verified(verify(rng, lambda t: np.sum(np.cos(t) * t)), gaps=6, loosest=1e-12)


@pytest.mark.parametrize("name, wrong", [
    ("product", lambda loss, points, v, alpha: product(loss, points[::-1], v, alpha)),
    ("product", lambda loss, points, v, alpha: product(loss, points[:1] * len(points), v, alpha)),
    ("product", lambda loss, points, v, alpha: product(loss, points, v, -alpha)),
    ("product", lambda loss, points, v, alpha: v),                       # FOMAML passed as MAML
    ("product", lambda loss, points, v, alpha: product(loss, [p + 1e-9 for p in points], v, alpha)),
    ("unrolled", lambda loss_s, loss_q, theta, alpha, steps: grad(loss_q)(theta))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught([f for f in verify(rng) if f.kind == "gap"])
