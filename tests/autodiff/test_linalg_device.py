"""Linear algebra and Fourier transforms on a stand-in for device arrays: nothing falls back.

The stand-in refuses host arrays, is never looked at, and lacks the functions that CuPy lacks.
"""
import numpy as np
import pytest

from minimeta import grad
from tests.nn import test_device
from tests.nn.test_device import Device

LACKING = {getattr(home, name) for home, names in (
    (np, "vecdot matvec vecmat einsum_path matrix_transpose"),
    (np.linalg, "multi_dot vector_norm matrix_norm svdvals trace diagonal outer tensordot matmul "
                "vecdot cross matrix_transpose")) for name in names.split() if hasattr(home, name)}
X = np.random.default_rng(0).standard_normal((3, 3))
X = X @ X.T + 3 * np.eye(3)
CALLS = {
    "inv": np.linalg.inv, "det": np.linalg.det, "slogdet": lambda a: np.linalg.slogdet(a)[1],
    "solve": lambda a: np.linalg.solve(a, a[0]), "pinv": lambda a: np.linalg.pinv(a[:2]),
    "pinv, hermitian": lambda a: np.linalg.pinv(a, hermitian=True),
    "tensorsolve": lambda a: np.linalg.tensorsolve(np.reshape(a, (3, 3, 1)), a[0]),
    "tensorinv": lambda a: np.linalg.tensorinv(a, 1),
    "cholesky": np.linalg.cholesky, "upper": lambda a: np.linalg.cholesky(a, upper=True),
    "qr": lambda a: sum(np.linalg.qr(a)), "wide qr": lambda a: np.linalg.qr(a[:2])[1],
    "eigh": lambda a: np.linalg.eigh(a)[1], "eigvalsh": np.linalg.eigvalsh,
    "wide svd": lambda a: np.linalg.svd(a[:2], full_matrices=False)[2],
    "tall svd": lambda a: np.linalg.svd(a[:, :2], full_matrices=False)[0],
    "svdvals": np.linalg.svdvals, "cond": np.linalg.cond, "cond, 1": lambda a: np.linalg.cond(a, 1),
    "norm": np.linalg.norm, "norm, 3": lambda a: np.linalg.norm(a, 3, axis=0),
    "norm, nuc": lambda a: np.linalg.norm(a, "nuc"), "norm, 1": lambda a: np.linalg.norm(a, 1),
    "norm, inf": lambda a: np.linalg.norm(a, np.inf, axis=1),
    "vector_norm": lambda a: np.linalg.vector_norm(a, axis=0, ord=4),
    "matrix_norm": np.linalg.matrix_norm, "trace": np.linalg.trace,
    "multi_dot": lambda a: np.linalg.multi_dot([a, a, a[0]]),
    "matrix_power": lambda a: np.linalg.matrix_power(a, -3),
    "kron": lambda a: np.kron(a, a), "cross": lambda a: np.cross(a, a[0]),
    "tensordot": lambda a: np.tensordot(a, a, ([1], [0])), "vecdot": lambda a: np.vecdot(a, a),
    "einsum": lambda a: np.einsum("ij,jk,kl->il", a, a, a),
    "a diagonal": lambda a: np.einsum("ii->i", a), "a sum": lambda a: np.einsum("ij->j", a),
    "fft2": lambda a: np.real(np.fft.fft2(a)), "rfft": lambda a: np.abs(np.fft.rfft(a)),
    "irfft": lambda a: np.fft.irfft(np.fft.rfft(a, 5), 4),
    "irfftn": lambda a: np.fft.irfftn(np.fft.rfftn(a, axes=(1, 0)), axes=(1, 0)),
    "hfft": np.fft.hfft, "fftshift": np.fft.fftshift}


def wrap(a):
    """What came out, on the device; results of several arrays as plain tuples."""
    if isinstance(a, (np.ndarray, np.generic)):
        return Device(np.asarray(a))
    return tuple(map(wrap, a)) if isinstance(a, (tuple, list)) else a


@pytest.fixture(autouse=True)
def as_poor_as_cupy(monkeypatch):
    of_functions, of_ufuncs = Device.__array_function__, Device.__array_ufunc__

    def array_function(self, func, *rest):
        assert func not in LACKING, f"{func.__name__} is not on the device"
        return of_functions(self, func, *rest)

    def array_ufunc(self, ufunc, *rest, **kwargs):
        assert ufunc not in LACKING, f"{ufunc.__name__} is not on the device"
        return of_ufuncs(self, ufunc, *rest, **kwargs)
    monkeypatch.setattr(test_device, "wrap", wrap)
    monkeypatch.setattr(Device, "__array_function__", array_function)
    monkeypatch.setattr(Device, "__array_ufunc__", array_ufunc)


@pytest.mark.parametrize("name", CALLS)
def test_gradients_of_orders_1_and_2(name):
    def loss(x):
        return np.sum(np.sin(CALLS[name](x)))

    def second(x):
        return grad(lambda x: np.sum(grad(loss)(x) * x))(x)
    for f in (grad(loss), second):
        np.testing.assert_allclose(f(Device(X)).a, f(X), rtol=1e-9, atol=1e-11)


def test_a_host_array_and_a_missing_function_are_found():
    with pytest.raises(TypeError, match="no implementation found"):
        grad(lambda x: np.sum(np.linalg.solve(x, np.eye(3))))(Device(X))
    with pytest.raises(AssertionError, match="not on the device"):
        np.linalg.svdvals(Device(X))
