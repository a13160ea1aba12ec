"""B0 and B5 by closed forms, and against minimeta's own Reptile."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimeta.meta import per_task, reptile
from minimeta.optim import SGD
from minimeta.theory.losses import smooth_losses
from minimeta.theory.reptile_update import (all_at_theta, joint_step, like_minibatches,
                                            path_gradients, picture, reptile_gradient, reptile_step,
                                            telescoped, update, verify_joint_training,
                                            verify_telescoping)
from minimeta.theory.theorem import difference
from tests.theory.problems import caught, close, generators, lattice, plant, verified, walk

sizes = st.integers(1, 10).map(lambda i: i / 16)


@given(generators, st.integers(1, 5), st.integers(0, 5), sizes)
def test_telescoping(rng, dim, k, alpha):
    losses, theta = smooth_losses(rng, dim, k), rng.standard_normal(dim)
    path = walk(losses, theta, alpha)
    gradients = [loss.gradient(phi) for loss, phi in zip(losses, path)]
    found = path_gradients(losses, theta, alpha)
    assert len(found) == k and all(close(a, b, scale=10) for a, b in zip(found, gradients))
    moved = path[-1] - theta
    assert close(update(losses, theta, alpha), moved, scale=10)
    assert close(telescoped(losses, theta, alpha), moved, scale=10)
    assert close(reptile_gradient(losses, theta, alpha), sum(gradients, 0 * theta), scale=100)
    assert close(reptile_gradient(losses, theta, alpha), (theta - path[-1]) / alpha, scale=100)
    at_theta = -alpha * sum((loss.gradient(theta) for loss in losses), 0 * theta)
    if k:
        assert close(all_at_theta(losses, theta, alpha), at_theta, scale=10)
        assert k == 1 or not close(at_theta, moved, ulps=1e6)


@given(generators, st.integers(1, 5), st.integers(1, 4), sizes, lattice)
def test_one_step_is_joint_training(rng, dim, count, alpha, beta):
    tasks, theta = smooth_losses(rng, dim, count), rng.standard_normal(dim)
    g = np.mean([task.gradient(theta) for task in tasks], axis=0)
    assert close(joint_step(tasks, theta, alpha), theta - alpha * g, scale=10)
    assert close(reptile_step(tasks, theta, alpha, beta, 1), theta - alpha * beta * g, scale=10)
    ends = [walk([task] * 3, theta, alpha)[-1] for task in tasks]
    assert close(reptile_step(tasks, theta, alpha, beta, 3),
                 theta + beta * (np.mean(ends, axis=0) - theta), scale=10)


def test_minimetas_reptile_is_the_update(rng):
    theta, x = rng.standard_normal(3), rng.standard_normal((2, 6, 3))
    y = rng.standard_normal((2, 6))

    def loss(w, x, y):
        return np.mean((np.tanh(x @ w) - y) ** 2)
    down, _ = reptile(per_task(loss), theta, [(x, y)] * 4, SGD(0.3))
    each = [update([lambda w, i=i: loss(w, x[i], y[i])] * 4, theta, 0.3) for i in range(2)]
    assert close(down, -np.mean(each, axis=0))


def test_minibatches_of_a_users_loss(rng):
    theta = np.zeros(4)
    losses = like_minibatches(rng, lambda t: np.sum(t), theta, 200)
    values = [float(loss(theta)) for loss in losses]
    assert len(set(values)) == 200 and 0.15 < np.std(values) < 0.25
    assert len(like_minibatches(rng, None, theta, 3)) == 3
    shifts = 0.1 * np.random.default_rng(5).standard_normal((2, 4))
    for loss, s in zip(like_minibatches(np.random.default_rng(5), np.prod, theta, 2), shifts):
        assert loss(np.arange(4.0)) == pytest.approx(np.prod(np.arange(4.0) + s))


def test_verify(rng):
    verified(verify_telescoping(rng), gaps=5, counterexamples=4, loosest=1e-13)
    verified(verify_joint_training(rng), gaps=1, counterexamples=1, loosest=1e-13)

    rng = np.random.default_rng(1)
    theta = rng.standard_normal(5)
    tasks = smooth_losses(rng, 5, 3)
    alpha = 0.3 / np.linalg.norm(tasks[0].hessian(theta), 2)
    two = np.mean([walk([task] * 2, theta, alpha)[-1] for task in tasks], axis=0)
    joint = theta - 2 * alpha * 0.7 * np.mean([task.gradient(theta) for task in tasks], axis=0)
    found = verify_joint_training(np.random.default_rng(1))[1].found
    assert found == pytest.approx(difference(theta + 0.7 * (two - theta), joint), rel=1e-9)

    def users(t):
        return np.sum(np.cos(t) * t)
    verified(verify_telescoping(rng, users, [0.5, 2]), gaps=5, loosest=1e-13)
    verified(verify_joint_training(rng, users, [0.5, 2]), gaps=1, loosest=1e-13)


@pytest.mark.parametrize("verify, name, wrong", [
    (verify_telescoping, "telescoped", all_at_theta),
    (verify_telescoping, "telescoped", lambda *a: -telescoped(*a)),
    (verify_telescoping, "update", lambda losses, t, alpha: update(losses[::-1], t, alpha)),
    (verify_telescoping, "all_at_theta", telescoped),
    (verify_joint_training, "joint_step", lambda tasks, t, size: joint_step(tasks, t, -size)),
    (verify_joint_training, "joint_step", lambda tasks, t, size: joint_step(tasks[:1], t, size)),
    (verify_joint_training, "reptile_step", lambda tasks, t, alpha, beta, steps: reptile_step(
        tasks, t, alpha, beta, 2))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, verify, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught(verify(rng))


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "plane" and len(drawn.lines) == 3 and len(drawn.points) == 2
    (_, *flow), (_, *one), (_, *ten) = drawn.lines
    flow, one, ten = np.array(flow), np.array(one), np.array(ten)
    assert flow.shape == (2, 801) and one.shape == ten.shape == (2, 61)
    assert np.all(flow[:, 0] == 2.5) and np.all(one[:, 0] == 2.5) and np.all(ten[:, 0] == 2.5)
    tasks, start = smooth_losses(np.random.default_rng(0), 2, 2), np.full(2, 2.5)
    for line, setting in ((flow, (0.05, 1.0, 1)), (one, (0.4, 0.5, 1)), (ten, (0.4, 0.1, 10))):
        assert np.allclose(line[:, 1], reptile_step(tasks, start, *setting), rtol=1e-12)
    # k = 1 ends where the flow ends, k = 10 elsewhere: near the middle of the two optima
    assert np.linalg.norm(flow[:, -1] - one[:, -1]) < 1e-3
    assert np.linalg.norm(flow[:, -1] - ten[:, -1]) > 1e-2
    near = np.min(np.linalg.norm(flow[:, :, None] - one[:, None, :], axis=0), axis=0)
    assert near.max() < 0.2
    middle = np.mean([[x[0], y[0]] for _, x, y in drawn.points], axis=0)
    assert np.linalg.norm(ten[:, -1] - middle) < 0.1
    for i, (task, (label, x, y)) in enumerate(zip(tasks, drawn.points)):
        assert label == f"optimum of task {i + 1}" and len(x) == len(y) == 1
        assert np.allclose(task.gradient(np.array([x[0], y[0]])), 0, atol=1e-6)
