"""`--device gpu` of every command; what they write does not depend on where it was computed.

Read next: test_batched.py.
"""
import json
import sys

import matplotlib.image
import numpy as np
import pytest
from click.testing import CliRunner

from minimeta.cli.main import main
from minimeta.run import checkpoint
from minimeta.tasks import ImageSet

LOSS = '''\
import numpy as np

def loss(w, x):
    return np.sum(np.tanh(x @ w) ** 2)

def wrong(w, x):
    return x.T @ np.tanh(x @ w)

def constant(w, x):
    return np.sum(np.tanh(x @ w) * np.arange(5))

def of_vector(w):
    return np.sum(np.tanh(w) ** 3) + np.sum(w * w)

def of_host(w):
    return np.sum(np.tanh(w) * np.arange(3.0))

def batch():
    return loss, (np.linspace(-1, 1, 3), np.linspace(0, 1, 15).reshape(5, 3)), {"order": 1}
'''
SHAPES = ["--shape", "w=3", "--shape", "x=5,3"]


@pytest.fixture(autouse=True)
def here(device, tmp_path, monkeypatch):
    """Run in a folder of its own, with a loss and a few glyphs in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "planted_loss.py").write_text(LOSS)
    few = ImageSet(np.random.default_rng(0).integers(0, 255, (12, 20, 28, 28), np.uint8),
                   list("abcdefghijkl"), "noise")
    from minimeta.run import data
    monkeypatch.setattr(data, "glyph_splits", lambda seed: {"train": few, "test": few})
    yield tmp_path
    sys.modules.pop("planted_loss", None)


def run(*arguments, device="gpu"):
    return CliRunner().invoke(main, [*map(str, arguments), "--device", device])


# ---------------------------------------------------------------- check

@pytest.mark.parametrize("arguments, code", [
    (["planted_loss.py:loss", *SHAPES], 0), (["--case", "planted_loss.py:batch"], 0),
    (["planted_loss.py:loss", *SHAPES, "--dtype", "float32", "--order", "1"], 0),
    (["planted_loss.py:loss", *SHAPES, "--df", "planted_loss.py:wrong", "--argnums", "w"], 1)])
def test_check(arguments, code):
    device, host = (json.loads(run("check", *arguments, "--json", device=name).stdout)
                    for name in ("gpu", "cpu"))
    assert run("check", *arguments).exit_code == code
    assert device["verdict"] == host["verdict"] == ("OK", "WRONG")[code]
    for ours, judge in zip(device["rows"], host["rows"], strict=True):
        assert (ours["order"], ours["argument"]) == (judge["order"], judge["argument"])


def test_check_says_where_and_what_does_not_mix(device):
    assert f", on {device.about}"[:12] in run("check", "planted_loss.py:loss", *SHAPES).stdout
    done = run("check", "planted_loss.py:constant", *SHAPES)
    assert done.exit_code == 2 and "np.asarray(a, like=x)" in done.output
    assert done.output.count("\n") == 1


# ---------------------------------------------------------------- verify

@pytest.mark.parametrize("names, options", [
    (["A1", "B0"], []), (["A1"], ["--loss", "planted_loss.py:of_vector"]),
    pytest.param([], [], marks=pytest.mark.nightly)])
def test_verify(names, options, device):
    done = run("verify", *names, *options)
    assert done.exit_code == 0 and f" on {device.about}, around [" in done.output
    found = json.loads(run("verify", *names, *options, "--json").stdout)
    assert found["passed"] and len(found["theorems"]) == (len(names) or 8)


@pytest.mark.parametrize("arguments, says", [
    (["B2"], "nor on a GPU"), (["--loss", "planted_loss.py:of_host"], "np.asarray(a, like=x)")])
def test_what_cannot_be_verified_there_is_one_line(arguments, says):
    done = run("verify", *arguments)
    assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1


# ---------------------------------------------------------------- compare

def pictures(folder):
    return {path.name: matplotlib.image.imread(path) for path in (folder / "figures").iterdir()}


@pytest.mark.parametrize("data, options", [
    ("sinusoid", ["--methods", "maml,matching"]),
    ("glyphs", ["--ways", 3, "--filters", 2, "--methods", "prototypical"]),
    pytest.param("sinusoid", [], marks=pytest.mark.nightly),
    pytest.param("glyphs", ["--ways", 3, "--filters", 2], marks=pytest.mark.nightly)])
def test_compare_writes_the_same(data, options, here):
    for name in ("gpu", "cpu"):
        done = run("compare", "--data", data, "--iterations", 3, "--test-episodes", 4, *options,
                   "--out", name, device=name)
        assert done.exit_code == 0, done.output
    device, host = here / "gpu" / data, here / "cpu" / data

    files = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
             for folder in (device, host)]
    assert files[0] == files[1] and len(files[0]) > 7

    for path in (device / "weights").iterdir():
        ours, judge = checkpoint.load(path), checkpoint.load(host / "weights" / path.name)
        assert type(ours.theta) is np.ndarray and ours._replace(theta=0) == judge._replace(theta=0)
        np.testing.assert_allclose(ours.theta, judge.theta, atol=2e-3)
        x = np.zeros((1, 10, 1) if data == "sinusoid" else (1, 3, 28, 28, 1), np.float32)
        labels = x if data == "sinusoid" else np.arange(3)[None]
        assert type(ours.learner().predict(x, labels, x, 1)) is np.ndarray

    ours, judge = pictures(device), pictures(host)
    for name in ours.keys() - {"learning-curves.png"}:              # those are over time
        assert ours[name].shape == judge[name].shape and ours[name].std() > 0.01
        assert np.mean(np.abs(ours[name] - judge[name])) < 0.02

    tables = [json.loads((folder / "table.json").read_text()) for folder in (device, host)]
    assert [table["settings"].pop("device") for table in tables] == ["gpu", "cpu"]
    assert tables[0]["settings"] == tables[1]["settings"]


# ---------------------------------------------------------------- bench

def test_bench():
    found = json.loads(run("bench", "--quick", "--only", "sinusoid", "--json").stdout)
    cells = found["rows"][0]["cells"]
    assert [cell["who"] for cell in cells][:2] == ["minimeta, CPU", "minimeta, GPU"]
    assert all(cell["seconds"] > 0 for cell in cells[:2])
