"""The work is batched, never looped: more tasks, images or classes take no more calls.

Counted on the stand-in alone, wherever the other tests run.

Read next: ../../docs/gpu.md.
"""
import numpy as np
import pytest

from minimeta import grad
from minimeta.meta import (FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, Reptile, cosine,
                           squared_distance)
from minimeta.nn import conv4, mean_squared_error, mlp
from minimeta.tasks import EpisodeSampler, SinusoidSampler

from . import special
from .log import counted
from .standin import StandIn

DEVICE = StandIn()
IMAGES = np.random.default_rng(3).integers(0, 256, (12, 12, 16, 16), dtype=np.uint8)
CURVE, ENCODER = mlp((1, 8, 8, 1)), conv4(filters=3, image_size=16)
ON_CURVES = {"loss": mean_squared_error, "clip": 1.0}


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    """The stand-in in CuPy's place."""
    special.install(monkeypatch)


def classifier(ways):
    return conv4(ways, filters=3, image_size=16)


# name -> a learner of that many ways
LEARNERS = {
    "MAML, sinusoid": lambda ways: MAML(CURVE, 0.01, 2, **ON_CURVES),
    "FOMAML, sinusoid": lambda ways: FOMAML(CURVE, 0.01, 2, **ON_CURVES),
    "Reptile, sinusoid": lambda ways: Reptile(CURVE, 0.02, **ON_CURVES),
    "Matching, sinusoid": lambda ways: MatchingNetwork(mlp((1, 8, 4)), attention=squared_distance,
                                                       **ON_CURVES),
    "MAML, conv4": lambda ways: MAML(classifier(ways), 0.4, 1, clip=10.0),
    "FOMAML, conv4": lambda ways: FOMAML(classifier(ways), 0.4, 2),
    "Reptile, conv4": lambda ways: Reptile(classifier(ways), 0.1, inner_steps=3, batch_size=4),
    "Prototypical, conv4": lambda ways: PrototypicalNetwork(ENCODER, n_way=ways),
    "Matching, conv4": lambda ways: MatchingNetwork(ENCODER, attention=cosine, n_way=ways),
}
SMALL, LARGE = {"tasks": 2, "ways": 3, "shots": 2}, {"tasks": 5, "ways": 4, "shots": 5}


def calls(name, tasks, ways, shots):
    """What is called on the device in a training step on so many tasks of so many examples."""
    if "sinusoid" in name:
        sampler = SinusoidSampler(shots, shots, tasks)
    else:
        sampler = EpisodeSampler(IMAGES, ways, shots, shots, tasks)
    learner = LEARNERS[name](ways).to(DEVICE)
    episode = DEVICE.put(sampler.sample(np.random.default_rng(1)))
    with counted() as found:
        learner.meta_train_step(episode)
    return found


@pytest.mark.parametrize("name", LEARNERS)
def test_more_tasks_images_and_classes_take_no_more_calls(name):
    few, many = calls(name, **SMALL), calls(name, **LARGE)
    assert many == few


def test_more_episodes_are_drawn_by_no_more_calls():
    found = []
    for size in (SMALL, LARGE):
        sampler = EpisodeSampler(DEVICE.put(IMAGES), size["ways"], size["shots"], 2, size["tasks"])
        with counted() as drawn:
            sampler.sample(np.random.default_rng(0))
        found.append(drawn)
    assert found[0] == found[1]


@pytest.mark.parametrize("planted", [
    lambda x: np.stack([np.sum(row * row) for row in (x[i] for i in range(len(x)))]),
    lambda x: np.concatenate([np.sin(x[i:i + 2]) for i in range(0, len(x), 2)])])
def test_a_loop_over_tasks_is_seen(planted):
    found = []
    for tasks in (4, 8):
        x = DEVICE.put(np.ones((tasks, 3)))
        with counted() as seen:
            grad(lambda x: np.sum(planted(x)))(x)
        found.append(len(seen))
    assert found[1] > 1.5 * found[0]
