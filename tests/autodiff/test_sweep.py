"""Every function of NumPy that dispatches: it has a rule, is a composition, is plain, or raises.

A function is found by what it does: it calls the protocols of a duck array.  A traced array that
meets one without a derivative raises an error that names it; nothing falls through.
"""
import numpy as np
import pytest

from minimeta import grad, vjp
from minimeta.autodiff.table import FUNCTIONS, PLAIN, RULES, WRITERS
from minimeta.autodiff.trace import Traced
from tests.autodiff.samples import ALL

# no derivative: integers, bits, dates, files, histograms of several axes; or deprecated
RAISES = """
    bitwise_and bitwise_or bitwise_xor bitwise_count invert left_shift right_shift gcd lcm isnat
    packbits unpackbits busday_count busday_offset is_busday datetime_as_string
    save savetxt savez savez_compressed
    histogram2d histogramdd in1d trapz""".split()


def dispatching():
    """Name -> function, of NumPy's ufuncs and of its functions that answer NEP 18."""
    found = {}
    for home in (np, np.linalg, np.fft):
        for fn in (getattr(home, name) for name in dir(home)):
            if isinstance(fn, np.ufunc) or type(fn) is type(np.sum):
                module = fn.__module__ if type(fn) is type(np.sum) else home.__name__
                found[f"{module}.{fn.__name__}".removeprefix("numpy.")] = fn
    return found


def handled():
    """The names of those that the table knows."""
    return {name for name, fn in ALL_OF_NUMPY.items()
            if fn in RULES or fn in FUNCTIONS or fn in PLAIN or fn in WRITERS}


ALL_OF_NUMPY = dispatching()
MUST_RAISE = sorted(set(RAISES) & ALL_OF_NUMPY.keys() - handled())
X = np.array([0.3, 0.5, 0.7])


def test_no_function_is_forgotten():
    assert ALL_OF_NUMPY.keys() - handled() - set(RAISES) == set()


def test_a_forgotten_function_is_found(monkeypatch):
    monkeypatch.delitem(FUNCTIONS, np.tile)
    monkeypatch.delitem(RULES, np.tanh)
    assert ALL_OF_NUMPY.keys() - handled() - set(RAISES) == {"tile", "tanh"}
    with pytest.raises(NotImplementedError, match=r"numpy\.tile\b.*defvjp"):
        grad(lambda x: np.sum(np.tile(x, 2)))(X)


def test_the_sweep_sees_what_dispatches():
    class Duck:
        def __array_function__(self, func, types, args, kwargs):
            return "quack"
    assert np.sum(Duck()) == "quack" and len(ALL_OF_NUMPY) > 300
    assert {"sum", "matmul", "linalg.norm", "fft.fft", "frexp", "cumsum"} <= ALL_OF_NUMPY.keys()


def call_with(fn, x):
    """fn(x, x, ...) with as many arguments as it takes."""
    for n in range(1, 6):
        try:
            return fn(*[x] * n)
        except TypeError as error:
            said = str(error)
            if "derivative" in said or "traced" in said:
                raise
    raise AssertionError(f"no call of {fn} was accepted: {said}")


@pytest.mark.parametrize("name", MUST_RAISE)
def test_without_a_derivative_it_raises_and_is_named(name):
    fn = ALL_OF_NUMPY[name]
    with pytest.raises(NotImplementedError, match=rf"\bnumpy\.{name}\b.*defvjp"):
        grad(lambda x: np.sum(call_with(fn, x)))(X)


@pytest.mark.parametrize("fn", WRITERS, ids=lambda fn: fn.__name__)
def test_writers_raise_with_the_cure(fn):
    with pytest.raises(TypeError, match="writes into an array.*use np.where"):
        grad(lambda x: np.sum(call_with(fn, x)))(X)


# ---------------------------------------------------------------- what is handled is sampled

def unsampled(monkeypatch):
    """The compositions that no sample calls."""
    called = set()

    def spy(fn, handler):
        def handle(*args, **kwargs):
            called.add(fn)
            return handler(*args, **kwargs)
        return handle
    compositions = {fn for fn in FUNCTIONS if fn not in PLAIN}
    for fn in compositions:
        monkeypatch.setitem(FUNCTIONS, fn, spy(fn, FUNCTIONS[fn]))
    for f, operands in ALL.values():
        vjp(f, *operands)
    return {fn.__name__ for fn in compositions - called}


def test_no_composition_without_a_sample(monkeypatch):
    assert unsampled(monkeypatch) == set()


def test_a_composition_without_a_sample_is_found(monkeypatch):
    monkeypatch.setitem(FUNCTIONS, np.histogram2d, lambda x, y: x)
    assert "histogram2d" in unsampled(monkeypatch)


@pytest.mark.parametrize("f", [
    np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.sign, np.signbit,
    np.isnan, np.argsort, np.argmax, np.zeros_like, np.ones_like, lambda x: x.round(1),
    lambda x: x // 2, lambda x: divmod(x, 0.2)[0], lambda x: x > 0.5, lambda x: np.modf(x)[1],
    lambda x: np.logical_and(x > 0.4, x), lambda x: np.logical_or.reduce(x), np.flatnonzero,
    lambda x: np.floor_divide(x, 0.2), lambda x: np.where(x)[0], lambda x: np.digitize(x, [0.4]),
    lambda x: np.searchsorted(x, 0.4), lambda x: np.heaviside(x, 0.5), lambda x: np.shape(x)[0]])
def test_constant_between_jumps(f):
    """A zero derivative, not an error."""
    assert grad(lambda x: np.sum(f(x) * 1.0))(X).tolist() == [0, 0, 0]


def test_plain_results():
    def f(x):
        assert np.allclose(x, X) and np.array_equal(x, X) and np.array_equiv(x, X)
        assert np.shape(x) == (3,) and np.ndim(x) == 1 and np.size(x) == 3
        assert np.argsort(x).tolist() == [0, 1, 2] and np.lexsort((x,)).tolist() == [0, 1, 2]
        assert np.isin(x, [0.3]).tolist() == [True, False, False] and np.count_nonzero(x) == 3
        assert np.argwhere(x > 0.4).tolist() == [[1], [2]] and x.argmax() == 2 and x.any()
        assert np.empty_like(x).shape == (3,) and type(np.zeros_like(x)) is np.ndarray
        assert np.iscomplexobj(x) is False and np.result_type(x) == float
        return x[0]
    assert grad(f)(X).tolist() == [1, 0, 0]


# ---------------------------------------------------------------- methods

LACKING = """base ctypes data flags strides device to_device newbyteorder getfield dump dumps tofile
             tobytes tostring itemset ptp""".split()


def test_methods_of_arrays():
    public = {name for name in dir(np.ndarray) if not name.startswith("_")}
    assert public - set(dir(Traced)) <= set(LACKING)


@pytest.mark.parametrize("name", "byteswap fill partition put resize setfield setflags sort view"
                         .split())
def test_methods_that_work_in_place_raise(name):
    with pytest.raises(TypeError, match=rf"x\.{name}\(\)"):
        grad(lambda x: getattr(x, name)())(X)
