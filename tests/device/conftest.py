"""Fixtures that give the tests here one of two devices: `pytest --device standin` or `gpu`."""
import contextlib
import importlib

import pytest

import minimeta

from . import log, special


@pytest.fixture
def device(pytestconfig, monkeypatch):
    """The minimeta.Device that the tests run on."""
    if pytestconfig.getoption("--device") == "standin":
        special.install(monkeypatch)
    return minimeta.device("gpu")


@pytest.fixture
def put(device):
    """put(a): arrays (or containers of them) on the device."""
    return device.put


@pytest.fixture
def get(device):
    """get(a): arrays (or containers of them) as NumPy's."""
    return device.get


@pytest.fixture
def watched(pytestconfig):
    """with watched() as log: ...  log stays empty; on a GPU, CuPy itself raises at a wait."""
    if pytestconfig.getoption("--device") == "standin":
        return log.watched

    @contextlib.contextmanager
    def forbidden():
        with importlib.import_module("cupyx").allow_synchronize(False):
            yield []
    return forbidden
