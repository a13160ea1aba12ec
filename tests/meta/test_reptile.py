"""Reptile's update, and the optimisers it is made of."""
import numpy as np
import pytest

from minimeta import Reptile, grad
from minimeta.nn import mean_squared_error, mlp
from minimeta.optim import SGD, Adam, clip_norm, linear_decay
from minimeta.tasks import Episode, SinusoidSampler

MODEL = mlp([1, 10, 1])


def loss(w, x, y):
    return mean_squared_error(MODEL.apply(w, x), y)


def test_the_update_telescopes():
    """phi_k - theta = -alpha sum of the gradients on the way, and theta moves by outer_lr of it."""
    episode = SinusoidSampler(shots=5, queries=5, tasks=2).sample(np.random.default_rng(0))
    learner = Reptile(MODEL, inner_lr=0.02, outer_lr=0.5, inner_steps=3, loss=mean_squared_error)
    theta = learner.theta
    learner.meta_train_step(episode)
    moves = []
    for xs, ys, xq, yq in zip(*episode):
        w, x, y = theta, np.concatenate([xs, xq]), np.concatenate([ys, yq])
        for _ in range(3):
            w = w - 0.02 * grad(loss)(w, x, y)
        moves.append(w - theta)
    assert np.allclose(learner.theta - theta, 0.5 * np.mean(moves, axis=0), atol=1e-6)


def test_minibatches_cover_every_example_before_any_again():
    learner = Reptile(MODEL, inner_steps=4, batch_size=5, loss=mean_squared_error)
    x = np.arange(5.0)[None, :, None]
    examples = learner.prepare(Episode(x, x, x + 5, x + 5))
    batches = [examples.x[0, rows, 0].tolist() for rows in examples.rows]
    assert len(batches) == 4 and sorted(batches[0] + batches[1]) == list(range(10))
    assert batches[2:] == batches[:2]


def test_training_lowers_the_loss_after_adaptation():
    sampler, rng = SinusoidSampler(shots=10, queries=10, tasks=10), np.random.default_rng(0)
    learner = Reptile(mlp([1, 40, 40, 1]), inner_lr=0.01, outer_lr=linear_decay(1.0, 300),
                      inner_steps=10, loss=mean_squared_error)
    test = sampler.sample(np.random.default_rng(1), tasks=200)
    before = np.median(learner.adapt_and_evaluate(test, steps=10).loss)
    for _ in range(300):
        learner.meta_train_step(sampler.sample(rng))
    assert np.median(learner.adapt_and_evaluate(test, steps=10).loss) < 0.6 * before
    assert learner.theta.dtype == np.float32


def test_adam_is_its_paper():
    g, theta, adam = np.array([0.3, -2.0]), np.array([1.0, 1.0]), Adam(0.1)
    state, m, v, ours = adam.init(theta), 0, 0, theta
    for t in range(1, 4):
        ours, state = adam.update(ours, g * t, state)
        m, v = 0.9 * m + 0.1 * g * t, 0.999 * v + 0.001 * (g * t) ** 2
        theta = theta - 0.1 * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
    assert np.allclose(ours, theta, rtol=1e-12)


def test_sgd_schedule_and_clip():
    sgd = SGD(linear_decay(1.0, 2))
    theta, state = np.zeros(1, np.float32), sgd.init(None)
    for _ in range(3):
        theta, state = sgd.update(theta, np.ones(1, np.float32), state)
    assert theta[0] == -1.5 and theta.dtype == np.float32
    assert clip_norm(np.array([3.0, 4.0]), 1.0).tolist() == pytest.approx([0.6, 0.8])
    assert clip_norm(np.array([0.3, 0.4]), 1.0).tolist() == [0.3, 0.4]
    with pytest.raises(FloatingPointError, match="inner learning rate"):
        clip_norm(np.array([np.nan]), 1.0)
