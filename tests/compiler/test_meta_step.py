"""Whole meta-steps compile: inner loops, meta-gradients, optimisers; compiled equals eager."""
import numpy as np
import pytest

from minimeta import FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, compile, value_and_grad
from minimeta.meta.reptile import reptile
from minimeta.nn import conv4, cross_entropy, mean_squared_error, mlp
from minimeta.optim import SGD, Adam, linear_decay
from minimeta.tasks import Episode, SinusoidSampler

SINUSOIDS = SinusoidSampler(shots=5, queries=4, tasks=3)


def images(rng, tasks=2, ways=3, shots=1, queries=2, size=16):
    """An episode of random images, float64 so that kinks are not where rounding decides."""
    def draw(n):
        return (rng.random((tasks, ways * n, size, size, 1)),
                np.tile(np.repeat(np.arange(ways), n), (tasks, 1)))
    return Episode(*draw(shots), *draw(queries))


def close(found, expected, tolerance):
    for a, b in zip(found, expected):
        assert type(a) is type(b) and a.dtype == b.dtype
        assert np.abs(a - b).max() <= tolerance * np.abs(b).max()


@pytest.mark.parametrize("order, steps", [(2, 1), (2, 3), (1, 2)])
@pytest.mark.parametrize("exact", [True, False])
def test_a_step_of_maml_and_adam(rng, order, steps, exact):
    learner = MAML(mlp((1, 8, 8, 1)), 0.01, steps, order, loss=mean_squared_error)
    adam = Adam(1e-3)

    def step(theta, state, episode):
        loss, g = value_and_grad(learner.objective)(theta, episode)
        return loss, *adam.update(theta, g, state)
    compiled = compile(step, exact=exact)
    a = b = learner.theta, adam.init(learner.theta)
    for i in range(5):
        episode = SINUSOIDS.sample(rng)
        loss, *a = step(*a, episode)
        found, *b = compiled(*b, episode)
        if exact:
            assert found == loss and np.array_equal(a[0], b[0]) and np.array_equal(a[1].v, b[1].v)
        close([found, b[0], b[1].m], [loss, a[0], a[1].m], 1e-5)
        assert a[1].step == b[1].step == i + 1
    kind, = compiled.kinds.values()
    assert len(kind.traces) == 2      # the step number: part of the program, then an input


def test_a_step_of_reptile(rng):
    model, optimizer = mlp((1, 8, 8, 1)), SGD(0.02)

    def loss(phi, x, y):
        return mean_squared_error(model.apply(phi, x), y)

    def step(theta, episode, beta):
        direction, value = reptile(loss, theta, [(episode.xs, episode.ys)] * 3, optimizer)
        return value, theta - beta * direction
    compiled, theta = compile(step), model.init(rng)
    for beta in (1.0, 0.5, 0.25):
        episode = SINUSOIDS.sample(rng)
        expected = step(theta, episode, beta)
        close(compiled(theta, episode, beta), expected, 1e-5)
        theta = expected[1]
    assert len(next(iter(compiled.kinds.values())).traces) == 1


def test_a_schedule_of_the_learning_rate(rng):
    sgd, x = SGD(linear_decay(1.0, 4)), rng.random(3)
    compiled, state = compile(sgd.update), 0
    for _ in range(6):
        expected, new = sgd.update(x, x, state)
        found, state = compiled(x, x, state)
        assert np.array_equal(found, expected) and state == new


def networks(ways=None):
    return conv4(ways, filters=4, image_size=16, dtype=np.float64)


@pytest.mark.parametrize("make", [
    lambda: MAML(networks(3), 0.05), lambda: FOMAML(networks(3), 0.05),
    lambda: PrototypicalNetwork(networks()), lambda: MatchingNetwork(networks())],
    ids=["MAML", "FOMAML", "prototypical", "matching"])
def test_learners_on_images(rng, make):
    learner, episode = make(), images(rng)
    f = value_and_grad(learner.objective)
    exact, fast = compile(f, exact=True), compile(f)
    for scale in (1.0, 1.1):
        theta = learner.theta * scale + 0.01
        expected = f(theta, episode)
        loss, g = exact(theta, episode)
        assert loss == expected[0] and np.array_equal(g, expected[1])
        close(fast(theta, episode), expected, 1e-9)


def test_training_with_a_compiled_objective(rng):
    """The learner's own loop, its objective replaced: the same losses."""
    losses = []
    for wrap in (lambda f: f, compile):
        learner = MAML(mlp((1, 8, 1)), 0.01, loss=mean_squared_error, clip=1.0)
        gradient = wrap(value_and_grad(learner.objective))
        learner.meta_gradient = lambda episode: gradient(learner.theta, episode)
        draws = np.random.default_rng(0)
        losses.append([learner.meta_train_step(SINUSOIDS.sample(draws)) for _ in range(5)])
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_labels_that_are_new_classes_trace_anew(rng):
    learner, episode = PrototypicalNetwork(mlp((4, 3), dtype=np.float64)), images(rng, size=2)
    f = value_and_grad(learner.objective)
    compiled = compile(f)
    for labels in (episode.ys, np.minimum(episode.ys, 1)):
        changed = episode._replace(ys=labels, yq=np.minimum(episode.yq, labels.max()))
        close(compiled(learner.theta, changed), f(learner.theta, changed), 1e-9)
    with pytest.raises(ValueError, match="no support example"):
        compiled(learner.theta, episode._replace(ys=np.maximum(episode.ys, 1)))


def test_a_label_out_of_range_gives_nan(rng):
    """As on a device: looking at the labels would have to stop the replay."""
    logits = rng.random((4, 3))
    compiled = compile(cross_entropy)
    assert np.isfinite(compiled(logits, np.array([0, 1, 2, 0])))
    assert np.isnan(compiled(logits, np.array([0, 1, 5, 0])))
