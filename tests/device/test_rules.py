"""Every sample of every rule: the device's derivatives equal the host's."""
import types

import numpy as np
import pytest

from minimeta import grad
from tests.autodiff.samples import ALL




def moved(f, put):
    """f, with the arrays of its module that it names, and those it holds, on the device."""
    if not isinstance(f, types.FunctionType):
        return f
    names = {name: put(f.__globals__[name]) for name in f.__code__.co_names
             if isinstance(f.__globals__.get(name), np.ndarray)}
    return types.FunctionType(f.__code__, f.__globals__ | names, f.__name__, f.__defaults__,
                              f.__closure__)


def of_order(loss, order):
    """The derivative of a loss, of that order, contracted with sin of its argument each time."""
    for _ in range(order):
        loss = (lambda x, f=loss: np.sum(grad(f)(x) * np.cos(x)))
    return loss


def host_and_device(name, order, put, get, dtype=np.float64):
    """Pairs (host's, device's) of derivatives of a sample, one for each operand."""
    f, operands = ALL[name]
    operands = [np.asarray(x, dtype) for x in operands]

    def loss(f, x, rest, i):
        y = f(*rest[:i], x, *rest[i + 1:])
        return np.sum(np.sin(np.ravel(y)) ** 2)
    for i in range(len(operands)):
        found = []
        for call, rest in ((f, operands), (moved(f, put), put(operands))):
            g = grad(of_order(lambda x: loss(call, x, rest, i), order - 1))
            found.append(get(g(rest[i])))
        yield found


def close(pair, rtol=1e-10):
    host, device = pair
    assert type(device) is np.ndarray and device.dtype == host.dtype
    scale = np.max(np.abs(host), initial=1e-300)
    np.testing.assert_allclose(device, host, rtol=rtol, atol=rtol * scale)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ALL)
def test_sample(name, order, put, get):
    for pair in host_and_device(name, order, put, get):
        close(pair)
