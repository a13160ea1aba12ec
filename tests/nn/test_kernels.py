"""The loops that Numba compiles, against the same in NumPy; and who is asked for what."""
import inspect
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest

from minimeta.nn import kernels, maps

loops = pytest.importorskip("minimeta.nn.loops", reason="without Numba: pip install minimeta[fast]")
NAMES = [name for name, f in vars(loops).items()
         if hasattr(f, "py_func") and not name.startswith("_")]
LONG = {np.float32: 2e-5, np.float64: 1e-12}


def problem(rng, name, dtype, shape=(3, 4, 5, 7, 2), shared=True):
    """Arguments of a function of maps: images with ties, and signs of all three kinds."""
    tasks, images, height, width, channels = shape
    x = rng.integers(-2, 3, shape).astype(dtype) + rng.choice([0, 0.25], shape).astype(dtype)
    halves = shape[:2] + (height // 2, width // 2, channels)

    def vector():
        return rng.standard_normal((1 if shared else tasks, channels)).astype(dtype)
    sign = np.array([[1, -1]], dtype)[:, :channels] if shared else \
        np.resize(np.array([1, -1, 0, -1, 1], dtype), (tasks, channels))
    h, half = rng.standard_normal(shape).astype(dtype), np.empty(halves, dtype)
    maps.pool(x, sign, half)
    g, whole = rng.standard_normal(halves).astype(dtype), np.empty_like(x)
    return {"moments": (x,), "normalise": (x, vector(), vector(), vector(), True, whole),
            "normalise_back": (h, h[::-1].copy(), x, vector(), vector(), True, whole),
            "pool": (x, sign, np.empty_like(half)),
            "spread": (g, x, vector(), vector(), half, sign, whole),
            "gathered": (h, x, vector(), half, sign, np.empty_like(half)),
            "gather": (x, 2, (1, 2), np.empty(shape[:2] + (3, 5, 3, 3, channels), dtype))}[name]


def outcome(f, args):
    """All that f returns and writes; the array that it writes is its last argument."""
    args = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    returned = f(*args)
    return list(returned or []) + [a for a in args if isinstance(a, np.ndarray)]


def same(one, other, tolerance):
    return all(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)
               for a, b in zip(one, other, strict=True))


def test_both_have_the_same_functions():
    for name in NAMES:
        assert inspect.signature(getattr(loops, name).py_func) == \
            inspect.signature(getattr(maps, name)), name


@pytest.mark.parametrize("dtype", LONG)
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_loops_do_what_numpy_does(rng, name, dtype, shared):
    args = problem(rng, name, dtype, shared=shared)
    one, other = outcome(getattr(loops, name), args), outcome(getattr(maps, name), args)
    assert same(one, other, LONG[dtype])
    assert [a.dtype for a in one] == [a.dtype for a in other]


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_error_is_seen(rng, name):
    """The comparison above, of a loop that changes one of the numbers it makes a little."""
    args = problem(rng, name, np.float32)

    def wrong(*args):
        found = getattr(maps, name)(*args)
        if isinstance(args[-1], np.ndarray) and name != "moments":
            args[-1].flat[-1] += 1e-3
            return found
        return found[0], found[1] * 1.001
    assert not same(outcome(wrong, args), outcome(getattr(maps, name), args), LONG[np.float32])


@pytest.mark.parametrize("name", NAMES)
def test_nan_is_handed_on(rng, name):
    args = list(problem(rng, name, np.float64))
    maps_at = {"normalise_back": 2, "spread": 1, "gathered": 1}.get(name, 0)
    args[maps_at][0, 1, 2, 3, 0] = np.nan
    if name in ("spread", "gathered"):          # the maxima of this map
        maps.pool(args[1], args[-2], args[-3])
    with np.errstate(all="ignore"):
        one, other = outcome(getattr(loops, name), args), outcome(getattr(maps, name), args)
    assert np.isnan(other[{"moments": 0, "normalise_back": 1}.get(name, -1)]).any()
    assert same(one, other, 1e-12)


def test_without_rectify(rng):
    for name in ("normalise", "normalise_back"):
        args = list(problem(rng, name, np.float64))
        args[-2] = False
        assert same(outcome(getattr(loops, name), args), outcome(getattr(maps, name), args), 1e-12)


def test_sums_keep_their_digits(rng):
    """Float32, a million entries a channel: added up in one go they would lose two digits more."""
    x = rng.random((1, 1000, 28, 28, 1)).astype(np.float32) + 100
    mean, squares = loops.moments(x)
    exact = x.astype(float)
    np.testing.assert_allclose(mean[0], exact.mean(), rtol=1e-4)
    np.testing.assert_allclose(squares[0], np.sum((exact - exact.mean()) ** 2), rtol=2e-2)


def test_who_works_depends_on_types_alone(rng, monkeypatch):
    monkeypatch.setattr(kernels, "loops", lambda: loops)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 2)).T
    work, (one, other) = kernels.kernels(a, b)
    assert work is loops and other.flags.c_contiguous
    np.testing.assert_array_equal(other, b)
    for arrays in ((a, b.astype(np.float32)), (a.astype(np.float16),), (np.ma.array(a),),
                   (a.astype(int),)):
        work, found = kernels.kernels(*arrays)
        assert work is maps and all(x is y for x, y in zip(found, arrays))


def test_the_environment_keeps_to_numpy():
    script = ("import minimeta, numpy, sys; from minimeta.nn import kernels; "
              "print(kernels.kernels(numpy.ones(3))[0].__name__, 'numba' in sys.modules)")
    for value, expected in (("0", "minimeta.nn.maps False"), ("1", "minimeta.nn.loops True")):
        found = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                               env={"MINIMETA_NUMBA": value}, check=True)
        assert found.stdout.strip() == expected


def test_importing_minimeta_does_not_import_numba():
    script = "import minimeta, sys; print('numba' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True,
                           check=True)
    assert found.stdout.strip() == "False"


def test_numba_that_cannot_be_imported_is_told(monkeypatch):
    def refuse(name, package):
        raise ImportError("Numba needs NumPy 2.4 or less")
    monkeypatch.delenv("MINIMETA_NUMBA", raising=False)
    monkeypatch.setattr(kernels, "import_module", refuse)
    with pytest.warns(UserWarning, match="NumPy does its work: Numba needs NumPy 2.4 or less"):
        assert kernels.loops.__wrapped__() is None
    monkeypatch.setattr(kernels, "util", types.SimpleNamespace(find_spec=lambda name: None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kernels.loops.__wrapped__() is None


def test_no_place_for_compiled_code(monkeypatch):
    """A package and a home that cannot be written to: the code is compiled each time."""
    import numba
    real = numba.njit

    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)
    monkeypatch.setattr(numba, "njit", njit)
    assert loops.compiled(lambda x: x + 1)(1) == 2
