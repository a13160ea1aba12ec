"""The benchmarks time what they say: by hand, compiled and eager agree."""
import numpy as np
import pytest

from benchmarks.by_hand import BY_HAND
from benchmarks.replay import calls
from benchmarks.workloads import WORKLOADS
from minimeta import compile
from minimeta.autodiff.tree import flatten

QUICK = [name for name in WORKLOADS if name != "W3_big"]


@pytest.mark.parametrize("name", QUICK)
def test_compiled_is_eager(name):
    f, args, *_ = WORKLOADS[name](dtype=np.float64)
    compiled = compile(f)
    for a, b in zip(flatten(compiled(*args))[0], flatten(f(*args))[0]):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.max(np.abs(b)))
    assert calls(compiled) > 10


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand_is_eager(name):
    f, args, *_ = WORKLOADS[name]()
    hand = BY_HAND[name](*args)
    loss, theta, *_ = f(*args)
    assert hand() == pytest.approx(float(loss), rel=1e-5)
    np.testing.assert_allclose(hand.theta - args[0], theta - args[0], rtol=1e-2, atol=1e-8)


def test_the_gradient_by_hand():
    f, args, *_ = WORKLOADS["W1"]()
    hand = BY_HAND["W1"](*args)
    hand.gradient()
    g = f(*args)[2].m / 0.1                       # the first mean is a tenth of the gradient
    np.testing.assert_allclose(hand.g, g, atol=1e-6 * np.abs(g).max())
    hand.second_order = False
    hand.gradient()
    assert np.abs(hand.g - g).max() > 1e-4 * np.abs(g).max()      # the test sees the Hessian
