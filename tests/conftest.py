"""Hypothesis profile, the options --nightly and --device, a seeded generator."""
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import minimeta
from minimeta.device import DeviceError

settings.register_profile("ci", deadline=None, derandomize=True, database=None, max_examples=60,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_addoption(parser):
    parser.addoption("--nightly", action="store_true",
                     help="also the tests marked nightly: all orders, dtypes and devices")
    parser.addoption("--device", choices=["standin", "gpu"], default="standin",
                     help="what tests/device runs on: a stand-in for CuPy's arrays, or a GPU")


def pytest_configure(config):
    """One line, and no tests, where a GPU is asked for and there is none."""
    if config.getoption("--device") == "gpu":
        try:
            minimeta.device("gpu")
        except DeviceError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config, items):
    """Tests marked nightly are for --nightly alone."""
    nightly = [item for item in items if item.get_closest_marker("nightly")]
    if nightly and not config.getoption("--nightly"):
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in set(nightly)]
