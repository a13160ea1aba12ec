"""Weights come back as they were written, and nothing else is taken for them."""
import io

import numpy as np
import pytest

from minimeta.run import checkpoint
from minimeta.run.checkpoint import Checkpoint, CheckpointError
from minimeta.run.methods import build


@pytest.fixture
def saved(tmp_path):
    learner = build("maml", "glyphs", seed=3, ways=4, filters=4)
    learner.theta = learner.theta + 1
    made = Checkpoint(learner.theta, "maml", "glyphs", 3, 4, 4, 17)
    path = tmp_path / "deep" / "maml.npz"
    checkpoint.save(path, made)
    return path, made


def test_weights_and_settings_come_back(saved, rng):
    path, made = saved
    found = checkpoint.load(path)
    assert found._replace(theta=None) == made._replace(theta=None)
    assert found.theta.dtype == made.theta.dtype and np.array_equal(found.theta, made.theta)
    learner = found.learner()
    xs, xq = (rng.random((1, n, 28, 28, 1), dtype=np.float32) for n in (4, 6))
    assert learner.predict(xs, np.arange(4)[None], xq).shape == (1, 6, 4)
    assert np.array_equal(learner.theta, made.theta)
    assert [p.name for p in path.parent.iterdir()] == ["maml.npz"]


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("content", [
    b"", b"not a zip", npz(), npz(theta=np.zeros(3)), npz(theta=np.zeros(3), about=np.array("{")),
    npz(theta=np.zeros(3), about=np.array("[]")), npz(theta=np.zeros(3), about=np.zeros(3)),
    npz(theta=np.zeros(3), about=np.array('{"format": "other"}')),
    npz(theta=np.zeros(3), about=np.array('{"format": "minimeta-weights-1"}')),
    npz(theta=np.zeros(3), about=np.array({}, dtype=object)),
    npz(theta=np.zeros(3), about=np.array(
        '{"format": "minimeta-weights-1", "method": "x", "data": "glyphs", "seed": 0, "ways": 5,'
        ' "filters": 4, "iterations": 1}')),
])
def test_foreign_files_are_refused_by_name(tmp_path, content):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="weights.npz") as refused:
        checkpoint.load(path)
    assert "\n" not in str(refused.value)


def test_damage_is_seen(saved):
    path, _ = saved
    whole = path.read_bytes()
    for damaged in (whole[:len(whole) // 2],
                    whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:]):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            checkpoint.load(path)


def test_weights_that_do_not_fit_are_refused(saved):
    with pytest.raises(CheckpointError, match="do not fit"):
        saved[1]._replace(filters=5).learner()


def test_a_missing_file_is_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        checkpoint.load(tmp_path / "none.npz")
