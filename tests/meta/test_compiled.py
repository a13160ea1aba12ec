"""Learners with compiled steps: the weights, the losses and the errors of eager ones."""
import copy

import numpy as np
import pytest

from minimeta import FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, Reptile
from minimeta.meta import squared_distance
from minimeta.nn import conv4, mean_squared_error, mlp
from minimeta.optim import SGD, Adam, linear_decay
from minimeta.tasks import Episode, SinusoidSampler
from tests.device import special
from tests.device.standin import StandIn

STEPS = 20
SINUSOIDS = SinusoidSampler(shots=5, queries=5, tasks=4)
REGRESSION = {"loss": mean_squared_error, "clip": 1.0, "outer_lr": linear_decay(1e-2, 30)}


@pytest.fixture(autouse=True)
def mode():
    """As each test says, in place of all one way or the other."""


def waves():
    return mlp((1, 16, 16, 1), activation=np.tanh)


def images(ways=None):
    return conv4(ways, filters=4, image_size=16, dtype=np.float64)


ON_SINUSOIDS = {
    "maml": lambda: MAML(waves(), 0.01, 2, **REGRESSION),
    "fomaml": lambda: FOMAML(waves(), 0.01, **REGRESSION),
    "reptile": lambda: Reptile(waves(), 0.01, **REGRESSION),
    "reptile, batches": lambda: Reptile(waves(), 0.01, batch_size=3, inner_steps=4,
                                        inner_optimizer=Adam(0.01), **REGRESSION),
    "matching": lambda: MatchingNetwork(mlp((1, 16, 8), activation=np.tanh), **REGRESSION,
                                        attention=squared_distance),
}
ON_IMAGES = {
    "maml": lambda: MAML(images(3), 0.05, clip=10.0),
    "fomaml": lambda: FOMAML(images(3), 0.05),
    "reptile": lambda: Reptile(images(3), 0.05, inner_steps=3, batch_size=4),
    "prototypical": lambda: PrototypicalNetwork(images()),
    "matching": lambda: MatchingNetwork(images()),
}


def episode(rng, tasks=2, ways=3, shots=1, queries=2, size=16):
    """Random images with labels, in float64."""
    def draw(n):
        return (rng.random((tasks, ways * n, size, size, 1)),
                np.tile(np.repeat(np.arange(ways), n), (tasks, 1)))
    return Episode(*draw(shots), *draw(queries))


def trained(learner, sample, steps=STEPS):
    """The losses of `steps` steps."""
    rng = np.random.default_rng(1)
    return [learner.meta_train_step(sample(rng)) for _ in range(steps)]


def programs(learner):
    return sum(len(kind.traces) for kind in learner._compiled.kinds.values())


def check(make, sample, steps, tolerance, also=lambda learner: learner.theta):
    eager, fast, exact = make(), make().compiled(), make().compiled(exact=True)
    losses = trained(eager, sample, steps)
    np.testing.assert_allclose(trained(fast, sample, steps), losses, rtol=tolerance)
    assert trained(exact, sample, steps) == losses
    assert np.array_equal(exact.theta, eager.theta) and exact.theta.dtype == eager.theta.dtype
    close = np.abs(also(fast) - also(eager)).max() / np.abs(also(eager)).max()
    assert close < tolerance, close
    assert programs(fast) == programs(exact) == 1      # for any step number


@pytest.mark.parametrize("method", ON_SINUSOIDS)
def test_twenty_steps_on_sinusoids(method):
    def outcome(learner):      # distances do not see a shift of the embedding: theta may differ
        test = SINUSOIDS.sample(np.random.default_rng(2))
        return learner.predict(*test[:3]) if method == "matching" else learner.theta
    check(ON_SINUSOIDS[method], SINUSOIDS.sample, STEPS, 1e-4, outcome)


@pytest.mark.parametrize("method", ON_IMAGES)
def test_steps_on_images(method):
    check(ON_IMAGES[method], episode, 4, 1e-7)


@pytest.mark.nightly
@pytest.mark.parametrize("method", ON_IMAGES)
def test_twenty_steps_on_images(method):
    check(ON_IMAGES[method], episode, STEPS, 1e-4)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("make", [lambda: PrototypicalNetwork(mlp((256, 4))),
                                  lambda: MatchingNetwork(mlp((256, 4)), n_way=3),
                                  lambda: MAML(mlp((256, 3)))],
                         ids=["prototypical", "matching", "maml"])
def test_wrong_labels_raise_what_they_raise_eagerly(rng, make, exact):
    eager, compiled, right = make(), make().compiled(exact), episode(rng)
    for learner in (eager, compiled):
        for _ in range(3):
            learner.meta_train_step(right)
    wrong = [right._replace(yq=right.yq + 1), right._replace(ys=right.ys - 1)]
    for tasks in wrong + [right._replace(ys=np.maximum(right.ys, 1))]:
        theta, told = compiled.theta, []
        for learner in (eager, compiled):
            try:
                learner.meta_train_step(tasks)
                told.append("fine")
            except ValueError as error:
                told.append(str(error))
        assert told[0] == told[1]
        if told[0] != "fine":
            assert compiled.theta is theta             # a step that raises changes nothing
        compiled.theta, compiled.state = eager.theta, eager.state
    with pytest.raises(ValueError, match="classes|no support example"):
        compiled.meta_train_step(wrong[0])


def test_a_gradient_that_is_not_finite_raises_in_the_step_that_meets_it():
    learner = MAML(waves(), 0.01, loss=mean_squared_error, clip=1.0).compiled()
    trained(learner, SINUSOIDS.sample, 3)
    theta, tasks = learner.theta, SINUSOIDS.sample(np.random.default_rng(0))
    with pytest.raises(FloatingPointError, match="inner learning rate"), \
            np.errstate(all="ignore"):
        learner.meta_train_step(tasks._replace(yq=tasks.yq * np.float32(np.inf)))
    assert learner.theta is theta
    assert np.isfinite(learner.meta_train_step(tasks))


def test_any_function_of_the_step_is_a_schedule():
    """It runs outside of the program: here one that no program could hold."""
    rates = iter([0.5, 0.25, 0.0, 1.0])

    def make():
        learner = MAML(waves(), 0.01, loss=mean_squared_error)
        learner.optimizer = SGD(lambda step: next(rates))
        learner.state = learner.optimizer.init(learner.theta)
        return learner
    learner = make().compiled()
    thetas = [learner.theta]
    for _ in range(4):
        trained(learner, SINUSOIDS.sample, 1)
        thetas.append(learner.theta)
    moved = [np.abs(b - a).max() for a, b in zip(thetas, thetas[1:])]
    assert moved[2] == 0 and min(moved[0], moved[1], moved[3]) > 0
    assert next(rates, None) is None and programs(learner) == 1


def test_a_changed_setting_is_seen():
    eager, fast = (MAML(waves(), 0.01, loss=mean_squared_error) for _ in range(2))
    fast.compiled(exact=True)
    for learner in (eager, fast):
        trained(learner, SINUSOIDS.sample, 3)
        learner.inner_lr, learner.optimizer = 0.05, Adam(0.02, beta1=0.8)
        learner.clip = 0.5
    assert trained(fast, SINUSOIDS.sample, 3) == trained(eager, SINUSOIDS.sample, 3)
    assert np.array_equal(fast.theta, eager.theta)


def test_weights_that_were_set_are_seen():
    learner = MAML(waves(), 0.01, loss=mean_squared_error).compiled(exact=True)
    theta, state = learner.theta.copy(), learner.state
    first = trained(learner, SINUSOIDS.sample, 5)
    learner.theta, learner.state = theta, state
    assert trained(learner, SINUSOIDS.sample, 5) == first


def test_a_copy_trains_on_its_own():
    learner = MAML(waves(), 0.01, loss=mean_squared_error).compiled()
    trained(learner, SINUSOIDS.sample, 3)
    other = copy.deepcopy(learner)
    theta = learner.theta.copy()
    trained(other, SINUSOIDS.sample, 2)
    assert np.array_equal(learner.theta, theta) and not np.array_equal(other.theta, theta)
    assert other._compiled.f.__self__ is other


def test_on_a_device_steps_are_replayed_too(monkeypatch):
    special.install(monkeypatch)
    device = StandIn()
    tasks = device.put(SINUSOIDS.sample(np.random.default_rng(0)))
    eager, compiled = (MAML(waves(), 0.01, loss=mean_squared_error).to(device) for _ in range(2))
    compiled.compiled(exact=True)
    for _ in range(3):
        losses = [device.get(learner.meta_train_step(tasks)) for learner in (eager, compiled)]
        assert losses[0] == losses[1]
    assert np.array_equal(device.get(eager.theta), device.get(compiled.theta))
    assert programs(compiled) == 1
