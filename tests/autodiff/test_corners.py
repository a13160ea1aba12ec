"""Corners of the table: zeros, ties, nan and inf, 0-d and empty arrays, aliasing, bad calls."""
import numpy as np
import pytest

from minimeta import grad, hessian, vjp
from tests.autodiff.samples import ALL
from tests.autodiff.test_rules import weighed
from tests.differences import check_orders

X = np.array([0.3, 0.5, 0.7])
EMPTY = np.zeros((0, 3))


def derivatives(f, x, orders):
    """f(x), f'(x), ... of an elementwise function at a number."""
    found = []
    for _ in range(orders + 1):
        found.append(float(f(x)))
        f = grad(f)
    return found


# ---------------------------------------------------------------- zeros

@pytest.mark.parametrize("p, expected", [
    (0, [1, 0, 0, 0, 0]), (0.0, [1, 0, 0, 0, 0]), (1, [0, 1, 0, 0, 0]), (2, [0, 0, 2, 0, 0]),
    (3.0, [0, 0, 0, 6, 0]), (np.array(2.0), [0, 0, 2, 0, 0]), (np.array(0), [1, 0, 0, 0, 0])],
    ids=str)
def test_powers_at_0_are_smooth(p, expected):
    assert derivatives(lambda x: x ** p, 0.0, 4) == expected
    assert derivatives(lambda x: np.power(x, p), 0.0, 4) == expected


@pytest.mark.parametrize("x", [0.0, np.inf, -np.inf, np.nan, -2.0])
def test_the_power_0_is_constant(x):
    assert derivatives(lambda x: x ** 0, x, 3) == [1, 0, 0, 0]
    assert derivatives(lambda x: x ** np.array(0.0), x, 3) == [1, 0, 0, 0]


def test_powers_of_0():
    assert derivatives(lambda p: 0.0 ** p, 2.0, 3) == [0, 0, 0, 0]
    at = grad(lambda x, p: x ** p, argnums=(0, 1))
    assert at(0.0, 0.0) == (0, 0) and at(0.0, 2.0) == (0, 0) and at(0.0, 1.0) == (1, 0)
    assert np.array_equal(hessian(lambda v: v[0] ** v[1])(np.array([0.0, 3.0])), np.zeros((2, 2)))
    # away from 0**0 a traced exponent of 0 has the derivative 1/x of p x**(p - 1)
    assert grad(grad(lambda x, p: x ** p), argnums=1)(2.0, 0.0) == 0.5


@pytest.mark.parametrize("f", [np.abs, np.fabs, lambda x: np.hypot(x, 0.0),
                               lambda x: np.copysign(x, 1.0), np.square, np.sinc, np.i0])
def test_a_slope_of_0_at_0(f):
    assert grad(f)(np.array(0.0)) == 0


def test_sinc_and_i0_have_every_derivative_at_0():
    assert np.allclose(derivatives(np.sinc, 0.0, 4), [1, 0, -np.pi ** 2 / 3, 0, np.pi ** 4 / 5])
    assert np.allclose(derivatives(np.i0, 0.0, 4), [1, 0, 1 / 2, 0, 3 / 8])
    assert np.isclose(grad(lambda x: np.log(np.i0(x)))(700.0), 1 - 1 / 1400, rtol=1e-6)
    assert np.isclose(grad(np.i0)(1e-9), 5e-10, rtol=1e-12)


@pytest.mark.parametrize("zeros", [[], [1], [1, 3], [0, 1, 2, 3]], ids=str)
@pytest.mark.parametrize("f", [np.prod, np.cumprod, np.multiply.reduce, np.nanprod])
def test_products_with_zeros(f, zeros):
    x = np.array([0.5, -1.5, 0.7, 2.0])
    x[zeros] = 0
    check_orders(lambda x: np.sum(f(x) * np.array([1.0, 2.0, 3.0, 4.0])), x, orders=4)


# ---------------------------------------------------------------- ties

@pytest.mark.parametrize("f, expected", [
    (np.max, [0.5, 0, 0.5, 0]), (np.amax, [0.5, 0, 0.5, 0]), (np.min, [0, 0.5, 0, 0.5]),
    (np.ptp, [0.5, -0.5, 0.5, -0.5]), (np.median, [0.25] * 4), (np.nanmax, [0.5, 0, 0.5, 0]),
    (lambda x: np.sort(x)[-1], [0.5, 0, 0.5, 0]), (lambda x: np.sort(x)[0], [0, 0.5, 0, 0.5]),
    (lambda x: np.quantile(x, 1.0), [0.5, 0, 0.5, 0]),
    (lambda x: np.maximum(x, 2.0)[0], [0.5, 0, 0, 0]), (lambda x: np.clip(x, 2, 3)[0],
                                                         [0.5, 0, 0, 0]),
    (lambda x: np.fmax(x, 2.0)[0], [0.5, 0, 0, 0]), (lambda x: np.fmin(x, 1.0)[1], [0, 0.5, 0, 0]),
    (lambda x: np.maximum.reduce(x), [0.5, 0, 0.5, 0])])
def test_ties_share_the_cotangent(f, expected):
    assert grad(f)(np.array([2.0, 1.0, 2.0, 1.0])).tolist() == expected


def test_sorted_rows_share_their_own_ties_only():
    x = np.array([[1.0, 1.0], [1.0, 2.0]])
    weights = np.array([[1.0, 3.0], [5.0, 7.0]])
    assert grad(lambda x: np.sum(np.sort(x) * weights))(x).tolist() == [[2, 2], [5, 7]]
    assert grad(lambda x: np.sum(np.sort(x, axis=0) * weights))(x).tolist() == [[3, 3], [3, 7]]


# ---------------------------------------------------------------- nan and inf

@pytest.mark.parametrize("f", [np.sum, np.mean, np.max, np.min, np.prod, np.var, np.median,
                               lambda x: np.sort(x)[2] * x[0], lambda x: np.quantile(x, 0.5)])
def test_nan_passes_as_in_numpy(f):
    x = np.array([1.0, np.nan, 3.0])
    with np.errstate(all="ignore"):
        y, pullback = vjp(f, x)
        assert np.array_equal(y, f(x), equal_nan=True)
        pullback(1.0)


@pytest.mark.parametrize("f", [np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanvar, np.nanprod,
                               np.nanmedian, lambda x: np.sum(np.nan_to_num(x)),
                               lambda x: np.sum(np.fmax(x, 0.0)), lambda x: np.nancumsum(x)[-1]])
def test_nan_has_a_derivative_of_0_where_it_is_passed_over(f):
    g = grad(f)(np.array([1.0, np.nan, 3.0]))
    assert np.isfinite(g).all() and g[1] == 0 and np.any(g != 0)


def test_infinities():
    low = np.array([-np.inf, 0.0, 1.0])
    soft = np.exp([0.0, 1.0]) / np.exp([0.0, 1.0]).sum()
    assert np.allclose(grad(np.logaddexp.reduce)(low), [0, *soft])
    assert np.isfinite(hessian(np.logaddexp.reduce)(low)).all()
    assert grad(lambda x: np.sum(np.logaddexp(x, 0.0)))(low)[0] == 0
    assert grad(np.logaddexp.reduce)(np.array([1000.0, 0.0])).tolist() == [1, 0]
    with np.errstate(divide="ignore"):
        y, _ = vjp(np.logaddexp.reduce, np.array([-np.inf, -np.inf]))
        assert y == -np.inf and np.modf(np.inf)[0] == vjp(lambda x: np.modf(x)[0], np.inf)[0]


# ---------------------------------------------------------------- 0-d and empty arrays

@pytest.mark.parametrize("f", [
    np.sum, np.prod, np.max, np.mean, np.var, np.cumsum, np.cumprod, np.ravel, np.sort, np.median,
    np.exp, np.sinc, np.i0, np.nansum, np.nanmax, np.copy, np.squeeze, np.transpose, np.atleast_3d,
    lambda x: np.clip(x, 0, 1), lambda x: np.repeat(x, 3), lambda x: np.tile(x, 2),
    lambda x: np.concatenate([x, x], axis=None), lambda x: np.stack([x, x]), lambda x: x[()],
    lambda x: x[None], lambda x: np.append(x, x), lambda x: np.where(x > 0, x, 2 * x),
    lambda x: np.broadcast_to(x, (2, 2)), lambda x: np.linspace(x, 2, 3), np.diagflat,
    lambda x: np.full_like(x, x), lambda x: np.expand_dims(x, 0), lambda x: np.resize(x, 2)])
def test_0_d_stays_0_d(f):
    x = np.array(0.4)
    with np.errstate(all="ignore"):
        y, pullback = vjp(lambda x: f(x) if f is not np.sort else np.sort(x, axis=None), x)
        plain = f(x) if f is not np.sort else np.sort(x, axis=None)
        assert np.shape(y) == np.shape(plain) and np.allclose(y, plain)
        g, = pullback(np.ones_like(y))
    assert type(g) is np.ndarray and g.shape == () and g.dtype == x.dtype


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("fn", [np.sum, np.prod, np.max, np.min, np.ptp, np.cumsum, np.cumprod,
                                np.nansum, np.nanprod, np.nanmax, np.add.reduce],
                         ids=lambda fn: fn.__name__)
def test_the_axis_of_a_number(fn, axis):
    """NumPy takes axis=0 of a 0-d array."""
    y, pullback = vjp(lambda x: fn(x, axis=axis), np.array(0.4))
    assert y.tolist() == fn(np.array(0.4), axis=axis).tolist()
    assert pullback(np.ones_like(y))[0] == (0 if fn is np.ptp else 1)


def test_keywords_of_ufuncs_that_change_nothing():
    assert grad(lambda x: np.sum(np.multiply(x, x, where=True, out=None)))(X).tolist() == [
        0.6, 1.0, 1.4]


def test_piecewise_of_a_number_and_complex_nan_to_num():
    f = lambda x: np.piecewise(x, x < 0.5, [np.exp, lambda x: 3 * x])  # noqa: E731
    assert grad(f)(np.array(0.7)) == 3 and grad(f)(np.array(0.1)) == np.exp(0.1)
    z = np.array([1 + 2j, complex(np.nan, 1), complex(3, np.inf)])
    y, pullback = vjp(lambda z: np.nan_to_num(z, posinf=9.0), z)
    assert np.array_equal(y, np.nan_to_num(z, posinf=9.0))
    assert pullback(np.ones(3, complex))[0].tolist() == [1, 0, 1]


@pytest.mark.parametrize("f", [
    np.sum, np.prod, np.cumsum, np.cumprod, np.sort, np.ravel, np.exp, np.nansum, np.unique,
    lambda x: np.sum(x, axis=0), lambda x: np.prod(x, axis=0), lambda x: np.max(x, axis=1),
    lambda x: np.concatenate([x, x]), lambda x: np.stack([x, x]), lambda x: x[:, 1], np.transpose,
    lambda x: np.max(x, initial=0.5), lambda x: np.add.reduce(x), lambda x: np.logaddexp.reduce(x),
    lambda x: np.multiply.reduce(x), lambda x: np.repeat(x, 2, 0), lambda x: np.tile(x, 2),
    lambda x: np.pad(x, 1), lambda x: np.diff(x), lambda x: np.split(x, 3, 1)[0], np.diagflat,
    lambda x: np.where(x > 0, x, 1), lambda x: np.sort(x, axis=0), lambda x: np.append(x, x),
    lambda x: np.take(x, [], 0), lambda x: x[[]], np.flip, np.tril,
    lambda x: np.roll(x, 1)])
def test_empty(f):
    with np.errstate(divide="ignore"):
        y, pullback = vjp(f, EMPTY)
        plain, (g,) = f(EMPTY), pullback(np.ones_like(y))
    assert np.shape(y) == plain.shape and np.array_equal(y, plain) and y.dtype == plain.dtype
    assert g.shape == (0, 3)


@pytest.mark.parametrize("f", [np.max, np.min, np.ptp, lambda x: np.max(x, axis=0),
                               lambda x: np.maximum.reduce(x), lambda x: np.hypot(x, [1, 2])])
def test_what_numpy_refuses_is_refused(f):
    with pytest.raises(ValueError) as plain:
        f(EMPTY)
    with pytest.raises(ValueError) as traced:
        vjp(f, EMPTY)
    assert str(traced.value) == str(plain.value)


# ---------------------------------------------------------------- aliasing

@pytest.mark.parametrize("name", ALL)
def test_gradients_alias_nothing(name):
    f, operands = ALL[name]
    operands = [np.array(x) for x in operands]
    before = [x.copy() for x in operands]
    _, pullback = vjp(f, *operands)
    found = list(pullback(np.ones_like(f(*operands))))
    found += [grad(weighed(f, operands, i))(x) for i, x in enumerate(operands)]
    for i, g in enumerate(found):
        assert not any(np.shares_memory(g, other) for other in operands + found[:i])
        g[...] = 99                     # writable
    assert all(np.array_equal(x, y) for x, y in zip(operands, before))


# ---------------------------------------------------------------- bad calls

@pytest.mark.parametrize("f, error, match", [
    (lambda x: np.sum(x, out=np.empty(())), TypeError, "sum: .*returned array"),
    (lambda x: np.clip(x, 0, 1, out=np.empty(3)), TypeError, "clip: .*returned array"),
    (lambda x: x.cumsum(out=np.empty(3)), TypeError, "cumsum: .*returned array"),
    (lambda x: np.mean(X, out=x), TypeError, "mean: .*returned array"),
    (lambda x: np.max(x, where=X > 1), ValueError, "needs initial="),
    (lambda x: np.add.reduceat(x, [0, 1]), TypeError, "add.reduceat: "),
    (lambda x: np.exp(x, where=X > 0.4), TypeError, "where="),
    (lambda x: np.pad(x, 1, constant_values=x[0]), TypeError, "np.concatenate"),
    (lambda x: np.pad(x, 1, "median"), NotImplementedError, "'median'.*np.concatenate"),
    (lambda x: np.pad(x, 1, "reflect", reflect_type="odd"), NotImplementedError, "np.flip"),
    (lambda x: np.quantile(x, 0.5, method="weibull"), NotImplementedError, "weibull.*linear"),
    (lambda x: np.interp(x, X, X, period=1.0), NotImplementedError, "np.remainder"),
    (lambda x: np.unique(x, axis=0), NotImplementedError, "axis"),
    (lambda x: np.nan_to_num(x, copy=False), TypeError, "returned one"),
    (lambda x: np.hypot.reduce(x, where=X > 1), NotImplementedError, "hypot.reduce"),
    (lambda x: np.stack([x, x[:2]]), ValueError, "same shape"),
    (lambda x: np.split(x, 2), ValueError, "equal division"),
    (lambda x: np.take(x, 3), IndexError, "out of bounds"),
    (lambda x: np.sum(x, axis=1), ValueError, "axis 1"),
    (lambda x: np.rot90(x), ValueError, "two axes"),
    (lambda x: np.gradient(x[:1]), ValueError, "too small"),
    (lambda x: np.average(x, weights=X[:2]), TypeError, "axis must"),
    (lambda x: np.asarray(x), TypeError, "np.stack"),
    (lambda x: np.ones(3) @ np.asarray([x[0]] * 3), TypeError, "np.stack")])
def test_a_bad_call_says_so(f, error, match):
    with pytest.raises(error, match=match):
        grad(lambda x: np.sum(f(x)))(X)


def test_the_deviation_of_equal_numbers_has_the_derivative_0():
    for f in (np.std, lambda x: np.sum(np.std(x, axis=0)), np.nanstd, lambda x: np.std(x, ddof=1)):
        for x in (np.full((3, 2), 0.3), np.array([[0.3, 0.3]] * 2 + [[0.7, 0.3]])):
            assert np.isfinite(grad(f)(x)).all()
            assert not grad(f)(np.full((3, 2), 0.25)).any()
    assert grad(np.std)(0.5) == 0 and grad(grad(np.std))(0.5) == 0
    assert grad(np.std)(np.float32(0.5)).dtype == np.float32


@pytest.mark.parametrize("f", [
    lambda x: np.sum(np.linspace(x, 2 * x, 3)), lambda x: np.sum(np.geomspace(x, 2.0, 3)),
    lambda x: np.sum(np.logspace(0.0, x, 3)), np.i0])
def test_of_a_number(f):
    check_orders(lambda x: f(x * 1.5), 0.4, orders=2)


@pytest.mark.parametrize("f", [np.sum, np.prod, np.max, np.sort])
def test_integers_raise(f):
    with pytest.raises(TypeError, match="astype"):
        grad(f)(np.arange(3))
