"""What the tests of nn share: derivatives against differences, and tasks that do not interact."""
import numpy as np
import pytest

from minimeta.autodiff import grad
from minimeta.nn import kernels


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def _use(name, monkeypatch):
    if name == "NumPy":
        monkeypatch.setattr(kernels, "loops", lambda: None)
    elif kernels.loops() is None:
        pytest.skip("without Numba: pip install minimeta[fast]")


@pytest.fixture(params=["NumPy", "Numba"])
def both_kernels(request, monkeypatch):
    """The test runs twice: pieces of maps are NumPy's work, and Numba's."""
    _use(request.param, monkeypatch)


@pytest.fixture(params=["NumPy", pytest.param("Numba", marks=pytest.mark.nightly)])
def numpy_kernels(request, monkeypatch):
    """NumPy's alone, of functions that do little besides products; nightly, Numba's too."""
    _use(request.param, monkeypatch)


def _check_orders(f, x, orders=3, tol=1e-7, h=3e-4):
    """Each order k of f's derivative is compared with differences of order k - 1, along lines."""
    rng = np.random.default_rng(1)
    for order in range(1, orders + 1):
        v = rng.standard_normal(x.shape)
        along = float(np.sum(grad(f)(x) * v))
        steps = [f(x + k * h * v) for k in (-2, -1, 1, 2)]
        differences = (steps[0] - 8 * steps[1] + 8 * steps[2] - steps[3]) / (12 * h)
        scale = max(1.0, abs(along), *map(abs, steps))
        assert abs(along - differences) <= tol * scale, f"order {order}: {along}, {differences}"
        f = (lambda x, f=f, v=v: np.sum(grad(f)(x) * v))


@pytest.fixture
def check_orders():
    return _check_orders


def _check_tasks(f, *args, rtol=1e-12):
    """f of arguments (T, ...) treats tasks one by one: values, and gradients of the sum."""
    def both(args):
        def total(*args):
            return np.sum(f(*args))
        floats = tuple(i for i, a in enumerate(args) if a.dtype.kind == "f")
        return [f(*args), *grad(total, floats)(*args)]
    before = both(args)
    for i in range(len(args[0])):
        alone = both([a[i] for a in args])
        for whole, part in zip(before, alone):
            np.testing.assert_allclose(whole[i], part, rtol=rtol, atol=rtol)
        for k, a in enumerate(args):
            if a.dtype.kind != "f":
                continue
            disturbed = a.copy()
            disturbed[i] = a[i] * 1.5 + 0.1
            after = both(args[:k] + (disturbed,) + args[k + 1:])
            others = np.arange(len(a)) != i
            assert not np.array_equal(before[0][i], after[0][i])
            for x, y in zip(before, after):
                np.testing.assert_array_equal(x[others], y[others])


@pytest.fixture
def check_tasks():
    return _check_tasks
