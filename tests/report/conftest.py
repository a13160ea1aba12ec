"""One tiny comparison of each kind, for tables and figures."""
import sys

import numpy as np
import pytest

import minimeta.run
from minimeta.run import Settings, compare
from minimeta.tasks import ImageSet

assert minimeta.run
DATA = sys.modules["minimeta.run.data"]


@pytest.fixture(scope="session")
def sinusoid():
    return compare(Settings("sinusoid", iterations=20, test_episodes=40))


@pytest.fixture(scope="session")
def images():
    """Three ways of two shots, on random images: MAML, Matching and the refused baseline."""
    rng = np.random.default_rng(0)
    few = ImageSet(rng.integers(0, 255, (12, 20, 28, 28), np.uint8), list("abcdefghijkl"), "noise")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DATA, "glyph_splits", lambda seed: {"train": few, "test": few})
        return compare(Settings("glyphs", ("maml", "matching", "joint"), iterations=2, filters=2,
                                test_episodes=3, ways=3, shots=2))
