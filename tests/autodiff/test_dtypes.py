"""Every sample in both dtypes: values are NumPy's, gradients keep the dtype of their operand.

Float32 gradients of each order are compared with the float64 ones, which test_rules.py checks.
"""
import numpy as np
import pytest
from scipy import special

from minimeta import defvjp, grad, primitive, vjp
from minimeta.autodiff.rules.ufuncs import one_minus_square, scaled
from minimeta.autodiff.table import RULES
from tests.autodiff.samples import ALL, SAMPLES
from tests.autodiff.samples.core import A, drawer
from tests.autodiff.test_rules import weighed
from tests.differences import check_orders


def agree(ours, judge, rtol):
    """Arrays of one shape, dtype and, to rtol of the largest entry, value."""
    assert np.shape(ours) == np.shape(judge)
    assert np.asarray(ours).dtype == np.asarray(judge).dtype
    scale = max(np.max(np.abs(judge), initial=0), 1e-3)
    np.testing.assert_allclose(ours, judge, rtol=rtol, atol=rtol * scale)


def gradients(f, operands, orders):
    """All gradients of a sample, of order k the gradient of a weighted sum of order k - 1."""
    for i, x in enumerate(operands):
        of = weighed(f, operands, i)
        for order in range(orders):
            if order:
                def of(x, of=of):
                    g = grad(of)(x)
                    weights = np.linspace(-1, 1.5, g.size).reshape(g.shape).astype(g.dtype)
                    return np.sum(g * weights)
            yield grad(of)(x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ALL)
def test_the_traced_value_is_the_plain_one(name, dtype):
    f, operands = ALL[name]
    operands = [np.asarray(x, dtype) for x in operands]
    agree(vjp(f, *operands)[0], f(*operands), 1e-12 if dtype == np.float64 else 1e-5)


def check_float32(f, operands, orders, rtol=2e-3):
    narrow = [np.asarray(x, np.float32) for x in operands]
    for ours, judge in zip(gradients(f, narrow, orders), gradients(f, operands, orders)):
        agree(ours, np.asarray(judge, np.float32), rtol)


@pytest.mark.parametrize("name", ALL)
def test_float32_gradients(name):
    check_float32(*ALL[name], orders=2)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ALL)
def test_float32_gradients_of_order_3(name):
    check_float32(*ALL[name], orders=3, rtol=2e-2)


# ---------------------------------------------------------------- broadcasting

SHAPES = [((3, 4), (4,)), ((3, 1), (1, 4)), ((), (3, 4)), ((2, 1, 4), (3, 1))]
BINARY = [fn for fn in SAMPLES if isinstance(fn, np.ufunc) and fn.nin == 2 and not fn.signature
          and fn not in (np.ldexp, np.heaviside)]


@pytest.mark.nightly
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("fn", BINARY, ids=lambda fn: fn.__name__)
def test_broadcasting(fn, shapes):
    a, b = (np.asarray(drawer(5)(*shape)) + shift for shape, shift in zip(shapes, (0, 0.037)))
    if fn in (special.yn, special.kn):
        a = np.rint(a)                  # of a whole order
    f, operands = fn, (a, b)
    if RULES[fn].vjps[0] is None:       # the order of a Bessel function, a parameter
        with pytest.raises(NotImplementedError, match="operand 0 .*defvjp"):
            grad(weighed(fn, operands, 0))(a)
        f, operands = lambda x: fn(a.astype(x.dtype), x), (b,)
    for i, x in enumerate(operands):
        check_orders(weighed(f, operands, i), x, step=1e-4)      # kinks are near
    check_float32(f, operands, orders=3, rtol=2e-2)


def test_a_rule_that_widens_or_is_imprecise_is_caught():
    @primitive
    def planted(x):
        return np.sin(x)
    defvjp(planted, lambda g, y, x: g * np.cos(x) * (1.001 if x.dtype == np.float32 else 1.0))
    with pytest.raises(AssertionError):
        check_float32(planted, (A,), 1, rtol=1e-4)
    with pytest.raises(AssertionError):
        agree(np.sin(A), np.sin(A).astype(np.float32), 1e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, np.complex128])
def test_slopes_of_plain_arrays_have_the_bits_of_the_formulas(dtype):
    y = np.tanh(np.linspace(-3, 3, 12)).astype(dtype).reshape(3, 4)
    for y in (y, y.T, y[::2], y[0, 0]):
        for found, wanted in ((one_minus_square(y), 1 - y * y), (scaled(-2, y), -2 * y)):
            assert type(found) is type(wanted) and found.dtype == wanted.dtype
            assert np.array_equal(found, wanted) and found.strides == wanted.strides
