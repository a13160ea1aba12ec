"""Training and testing on a device: every method, and what it saves; a step waits for nothing."""
import numpy as np
import pytest

from minimeta.device import on_gpu
from minimeta.meta import (FOMAML, MAML, MatchingNetwork, PrototypicalNetwork, Reptile, cosine,
                           squared_distance)
from minimeta.nn import conv4, mean_squared_error, mlp
from minimeta.run import checkpoint, data
from minimeta.run.checkpoint import Checkpoint
from minimeta.run.evaluate import evaluate
from minimeta.run.settings import Settings
from minimeta.run.train import fit
from minimeta.tasks import EpisodeSampler, ImageSet, SinusoidSampler

IMAGES = np.random.default_rng(3).integers(0, 256, (8, 6, 16, 16), dtype=np.uint8)
SMALL = conv4(3, filters=3, image_size=16)
ENCODER = conv4(filters=3, image_size=16)
CURVE = mlp((1, 8, 8, 1))
ON_CURVES = {"loss": mean_squared_error, "clip": 1.0}
# name -> a learner
LEARNERS = {
    "MAML, sinusoid": lambda: MAML(CURVE, 0.01, 2, **ON_CURVES),
    "MAML, checkpoint": lambda: MAML(CURVE, 0.01, 4, checkpoint=True, **ON_CURVES),
    "FOMAML, sinusoid": lambda: FOMAML(CURVE, 0.01, 2, **ON_CURVES),
    "Reptile, sinusoid": lambda: Reptile(CURVE, 0.02, **ON_CURVES),
    "Matching, sinusoid": lambda: MatchingNetwork(mlp((1, 8, 4)), attention=squared_distance,
                                                  **ON_CURVES),
    "MAML, conv4": lambda: MAML(SMALL, 0.4, 1, clip=10.0),
    "FOMAML, conv4": lambda: FOMAML(SMALL, 0.4, 2),
    "Reptile, conv4": lambda: Reptile(SMALL, 0.1, inner_steps=3, batch_size=4),
    "Prototypical, conv4": lambda: PrototypicalNetwork(ENCODER, n_way=3),
    "Matching, conv4": lambda: MatchingNetwork(ENCODER, attention=cosine, n_way=3),
    "Matching, two encoders": lambda: MatchingNetwork(ENCODER, ENCODER, n_way=3),
}


def episodes(name, count=3):
    """The same few episodes every time, on the host."""
    sampler = SinusoidSampler(5, 5, 4) if "conv4" not in name and "encoders" not in name else \
        EpisodeSampler(IMAGES, ways=3, shots=2, queries=2, tasks=2)
    rng = np.random.default_rng(1)
    return [sampler.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("name", LEARNERS)
def test_training(name, device, get, watched):
    host, ours = LEARNERS[name](), LEARNERS[name]().to(device)
    for episode in episodes(name):
        moved = device.put(episode)
        with watched() as log:
            loss = ours.meta_train_step(moved)
        assert log == [] and on_gpu(loss) and on_gpu(ours.theta)
        np.testing.assert_allclose(get(loss), host.meta_train_step(episode), rtol=2e-3)
    moved, told = np.max(np.abs(host.theta - LEARNERS[name]().theta)), ~noise(host)
    assert np.mean(told) > 0.9
    np.testing.assert_allclose(get(ours.theta)[told], host.theta[told], atol=0.05 * moved)


def noise(learner):
    """Which weights' gradients are nothing but rounding: Adam makes whole steps of it.

    A shift of all embeddings changes no distance: the last bias has none, nor a beta whose ReLUs
    are all on.
    """
    size = np.sqrt(getattr(learner.state, "v", np.zeros_like(learner.theta)))
    return (size > 0) & (size < 1e-5 * np.max(size))


@pytest.mark.parametrize("name", LEARNERS)
def test_evaluation(name, device, watched):
    host, ours = LEARNERS[name](), LEARNERS[name]().to(device)
    with watched() as log:
        found = evaluate(ours, map(device.put, episodes(name)), [0, 2])
    for steps, values in evaluate(host, episodes(name), [0, 2]).items():
        assert type(found[steps]) is np.ndarray
        np.testing.assert_allclose(found[steps], values, rtol=1e-3, atol=1e-3)
    assert [line.split(",")[0] for line in log] in (["synchronisation: get"] * 2, [])


def test_evaluation_waits_at_its_end_only(device, pytestconfig, watched):
    if pytestconfig.getoption("--device") == "gpu":
        pytest.skip("a GPU raises when it is waited for")
    with watched() as log:
        evaluate(LEARNERS["MAML, conv4"]().to(device), map(device.put, episodes("conv4")), [1])
    assert len(log) == 1


def test_training_loop_waits_for_blocks(device, pytestconfig, watched):
    if pytestconfig.getoption("--device") == "gpu":
        pytest.skip("a GPU raises when it is waited for")
    learner = LEARNERS["MAML, sinusoid"]().to(device)
    batches = [device.put(e) for e in episodes("sinusoid", 40)]
    with watched() as log:
        found = fit(learner, batches, 40, validations=1, device=device)
    assert found.iterations == 40 and len(log) == 2     # the losses of two blocks
    assert all("synchronisation: get" in line for line in log)


def test_episodes_are_the_hosts(device, get, watched):
    host = EpisodeSampler(IMAGES, 3, 1, 2, tasks=4)
    ours = EpisodeSampler(device.put(IMAGES), 3, 1, 2, tasks=4)
    rng = np.random.default_rng(4)
    with watched() as log:
        found = ours.sample(rng)
    assert log == [] and all(map(on_gpu, found))
    for a, b in zip(get(found), host.sample(np.random.default_rng(4))):
        assert a.dtype == b.dtype and np.array_equal(a, b)


def test_images_go_over_once_as_bytes(device, watched, monkeypatch):
    few = ImageSet(np.tile(IMAGES, (2, 3, 1, 1)), [f"class {k}" for k in range(16)], "noise")
    monkeypatch.setattr(data, "glyph_splits", lambda seed: {"train": few, "test": few})
    tasks = data.load(Settings("glyphs", ways=3), device)
    for part in (tasks.train, tasks.val, tasks.test):
        assert on_gpu(part.images) and part.images.dtype == np.uint8

    put, sent = device.put, []
    monkeypatch.setattr(device, "put", lambda a: sent.append(a) or put(a))
    drawn = data.stream(tasks.train, np.random.default_rng(0), 20, device)
    with watched() as log:
        found = [next(drawn) for _ in range(3)]
    assert log == [] and all(on_gpu(a) for episode in found for a in episode)
    assert sent and all(on_gpu(a) for episode in sent for a in episode)     # they were there


def test_a_checkpoint_is_the_hosts(device, tmp_path):
    learner = LEARNERS["MAML, sinusoid"]()
    for name, theta in (("host", learner.theta), ("device", learner.to(device).theta)):
        checkpoint.save(tmp_path / name, Checkpoint(theta, "maml", "sinusoid", 0, 5, None, 10))
    assert (tmp_path / "host").read_bytes() == (tmp_path / "device").read_bytes()
    assert type(checkpoint.load(tmp_path / "device").theta) is np.ndarray
