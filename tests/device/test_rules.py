"""Every sample of every rule: the device's derivatives equal the host's, and nothing waits."""
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


def gradients(name, order, put, dtype=np.float64):
    """(host's, device's) functions for each operand of a sample, which take their derivative."""
    f, operands = ALL[name]
    operands = [np.asarray(x, dtype) for x in operands]
    for i in range(len(operands)):
        def gradient(f, operands, i=i):
            def loss(x):
                y = f(*operands[:i], x, *operands[i + 1:])
                return np.sum(np.sin(np.ravel(y)) ** 2)
            return lambda: grad(of_order(loss, order - 1))(operands[i])
        yield gradient(f, operands), gradient(moved(f, put), put(operands))


def compare(name, order, put, get, dtype=np.float64, rtol=1e-10):
    """The device's derivatives of a sample against the host's."""
    for on_host, on_device in gradients(name, order, put, dtype):
        host, device = on_host(), get(on_device())
        assert type(device) is np.ndarray and device.dtype == host.dtype == dtype
        scale = np.max(np.abs(host), initial=1e-300)
        np.testing.assert_allclose(device, host, rtol=rtol, atol=rtol * scale)


# they mix lists or arrays of the host into arrays of the device
HOST = {"concatenate, lists", "hstack, vectors", "block, depths"}
# name -> the first order at which they need what CuPy lacks
LACKING = {"jv": 1, "iv": 1, "j1": 1, "i1": 1, "j0": 2, "i0": 2, "yv": 1, "ive": 1,
           "erfi": 1, "dawsn": 1, "i1e": 1, "i0e": 2, "k0": 2, "k1": 1, "kn": 1, "kv": 1,
           "stdtr": 1, "unique_all": 1, "unique_inverse": 1, "_solve_banded": 1,
           "_solve_sylvester": 1, "_sqrtm": 1}
# the shape of the result, or what is to be computed, is in the numbers; or the index is the host's
WAITING = {"index, boolean", "index, boolean and integer", "index, boolean axis",
           "index, a plain boolean", "extract", "piecewise", "piecewise, one", "unique",
           "linalg.lstsq", "scatter", "polydiv", "polyfit", "polyfit, weights", "polymul",
           "polyval, of a polynomial", "roots", "poly, pairs", "cov, weights",
           "real_if_close", "_expm",
           "histogram", "histogram, density", "histogram_bin_edges", "union1d", "intersect1d",
           "setdiff1d", "setxor1d", "trim_zeros"}
if np.lib.NumpyVersion(np.__version__) >= "2.5.0":         # eigenvalues are complex, real or not
    WAITING.add("poly of a matrix")


def check(name, order, *rest, **options):
    if name in HOST or order >= LACKING.get(name, 99):
        with pytest.raises((TypeError, NotImplementedError)) as caught:
            compare(name, order, *rest, **options)
        assert name in HOST or "CuPy has no" in str(caught.value)
    else:
        compare(name, order, *rest, **options)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ALL)
def test_sample(name, order, put, get):
    check(name, order, put, get)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ALL)
def test_third_order(name, put, get):
    check(name, 3, put, get, rtol=1e-8)


# these compute in float64, whatever comes in
FLOAT64 = {"astype", "astype, again", "ufunc, dtype", "interp", "geomspace", "bincount"}


@pytest.mark.nightly
@pytest.mark.parametrize("name", ALL)
def test_float32(name, put, get):
    if name not in FLOAT64:
        check(name, 1, put, get, dtype=np.float32, rtol=3e-4)


@pytest.mark.parametrize("name", sorted(ALL.keys() - WAITING - HOST - LACKING.keys()))
def test_nothing_waits(name, put, watched):
    for _, on_device in gradients(name, 2, put):
        with watched() as log:
            on_device()
        assert log == []


def test_what_has_to_wait_is_logged(put, watched, pytestconfig):
    if pytestconfig.getoption("--device") == "gpu":
        pytest.skip("a GPU raises")
    for name in WAITING - {"scatter"}:
        (_, on_device), *_ = gradients(name, 1, put)
        with watched() as log:
            on_device()
        assert any("synchronisation" in line for line in log), name
