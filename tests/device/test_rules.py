"""Every sample of every rule: the device's derivatives equal the host's."""
import numpy as np
import pytest

from minimeta import grad
from tests.autodiff.samples import ALL




def of_order(loss, order):
    """The derivative of a loss, of that order, contracted with sin of its argument each time."""
    for _ in range(order):
        loss = (lambda x, f=loss: np.sum(grad(f)(x) * np.cos(x)))
    return loss


def host_and_device(name, order, put, get, dtype=np.float64):
    """Pairs (host's, device's) of derivatives of a sample, one for each operand."""
    f, operands = ALL[name]
    operands = [np.asarray(x, dtype) for x in operands]
    moved = [put(x) for x in operands]

    def loss(x, rest, i):
        y = f(*rest[:i], x, *rest[i + 1:])
        return np.sum(np.sin(np.ravel(y)) ** 2)
    for i in range(len(operands)):
        found = []
        for rest in (operands, moved):
            g = grad(of_order(lambda x: loss(x, rest, i), order - 1))
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
