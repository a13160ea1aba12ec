"""Choosing a device: what is said when there is no GPU, and that nothing waits for one in vain."""
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import minimeta
from minimeta.cli.main import main
from minimeta.device import CPU, Device, DeviceError, on_gpu, to_host
from minimeta.run.train import fit
from tests.device.standin import StandIn

COMMANDS = [["compare"], ["verify"], ["check", "planted.py:f", "--shape", "x=3"], ["bench"]]


def test_the_cpu_moves_nothing():
    a = np.arange(3.0)
    assert minimeta.device("cpu") is CPU and CPU.put({"a": [a]})["a"][0] is a and CPU.get(a) is a
    assert minimeta.device(CPU) is CPU and "cpu" in repr(CPU)


def test_an_unknown_device_is_refused():
    with pytest.raises(ValueError, match="'cpu' or 'gpu'"):
        minimeta.device("tpu")


def fake_cupy(**parts):
    def no_device():
        raise RuntimeError("cudaErrorInsufficientDriver: the driver\nis too old")
    return SimpleNamespace(**{"__version__": "14", "is_available": lambda: False,
                              "cuda": SimpleNamespace(Device=no_device)} | parts)


@pytest.mark.parametrize("cupy, says", [
    (None, "CuPy is not installed"), (fake_cupy(), "finds no NVIDIA device"),
    (fake_cupy(is_available=lambda: True, cuda=SimpleNamespace(
        runtime=SimpleNamespace(getDeviceProperties=None),
        Device=fake_cupy().cuda.Device)), "the driver is too old")])
def test_a_gpu_that_is_not_there_is_one_line_with_the_cure(monkeypatch, cupy, says):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(DeviceError, match=says) as caught:
        minimeta.device("gpu")
    text = str(caught.value)
    assert "minimeta[cuda13]" in text and "driver" in text and "\n" not in text
    for command in COMMANDS:
        done = CliRunner().invoke(main, [*command, "--device", "gpu"])
        assert done.exit_code == 2 and done.output == f"minimeta: {text}\n"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_mistyped_device_is_told(command):
    done = CliRunner().invoke(main, [*command, "--device", "gpus"])
    assert done.exit_code == 2 and "did you mean gpu?" in done.output


def test_every_command_takes_a_device():
    assert {name for name, *_ in COMMANDS} == set(main.commands)


def test_the_extras_bring_the_libraries_of_cuda():
    text = Path(__file__).parents[1].joinpath("setup.cfg").read_text()
    for version in ("12", "13"):
        assert f"cuda{version} =\n    cupy-cuda{version}x[ctk]>=14\n" in text


def test_the_device_tests_on_a_gpu_that_is_not_there_are_one_line():
    code = ("import sys, pytest; sys.modules['cupy'] = None; "
            "sys.exit(pytest.main(['tests/device', '--device', 'gpu']))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          cwd=Path(__file__).parents[1])
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "CuPy is not installed" in done.stderr and done.stderr.strip().count("\n") == 0


def test_only_numpys_arrays_move():
    class Foreign:
        dtype = "float32"
    foreign, device = Foreign(), StandIn()
    moved = device.put({"a": np.ones(2), "b": (foreign, 2.0, np.float32(1))})
    assert on_gpu(moved["a"]) and on_gpu(moved["b"][2]) and moved["b"][:2] == (foreign, 2.0)
    assert device.put(moved["a"]) is moved["a"] and "stand-in" in repr(device)
    assert device.held(lambda: None) == 0


def test_importing_minimeta_does_not_look_for_a_gpu():
    code = "import sys, minimeta, minimeta.cli.main; print('cupy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_containers_keep_their_form():
    from minimeta.optim import AdamState
    state = AdamState(3, np.zeros(2), np.ones(2))
    found = to_host({"a": (state, [1.5])})
    assert type(found["a"][0]) is AdamState and found["a"][0].step == 3 and found["a"][1] == [1.5]


class Slow(Device):
    """A device that is waited for after three steps, and counts how often."""
    name, block = "gpu", 3

    def __init__(self):
        self.waits = 0

    def get(self, a):
        self.waits += 1
        return a


class Learner:
    def __init__(self, losses):
        self.losses = iter(losses)

    def meta_train_step(self, episode):
        return np.asarray(next(self.losses))


def test_training_waits_for_a_block_of_steps_and_before_each_look():
    device, seen = Slow(), []
    found = fit(Learner(range(8)), range(8), 8, lambda: seen.append(device.waits) or 0.0, 2,
                device=device)
    assert device.waits == 4 and seen == [0, 2, 4]     # after steps 3, 4 (a look), 7 and 8
    assert found.iterations == 8 and len(found.seconds) == 8


def test_a_loss_that_is_not_finite_is_told_with_its_own_step():
    with pytest.raises(FloatingPointError, match="step 2"):
        fit(Learner([1.0, np.nan, 1.0, 1.0]), range(4), 4, device=Slow())
