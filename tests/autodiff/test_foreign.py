"""Arrays of other libraries, and other objects, in an operation with a traced array."""
import decimal
import fractions
import warnings

import numpy as np
import pytest
from scipy import sparse

from minimeta import defvjp, grad, primitive, vjp
from minimeta.autodiff import Traced, foreign

X = np.array([0.3, -0.5, 0.8])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")                     # that matrices should not be used
    MATRIX = np.matrix(np.eye(3) * 2)
MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])


class Series:
    """Stands for pandas', whose arithmetic makes ndarrays of its operands."""
    __module__ = "pandas.core.series"

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __rmul__(self, other):
        return np.asarray(other) * self.values

    __mul__ = __rmul__


class Labelled:
    """Stands for xarray's: it holds any array, and has the first word (NEP 13)."""

    def __init__(self, data, label):
        self.data, self.label = data, label

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        inputs = [a.data if type(a) is Labelled else a for a in inputs]
        return Labelled(getattr(ufunc, method)(*inputs, **kwargs), self.label)

    def __mul__(self, other):
        return np.multiply(self, other)

    def __rmul__(self, other):
        return np.multiply(other, self)


@pytest.mark.parametrize("f", [
    lambda x: x * MATRIX, lambda x: MATRIX * x, lambda x: MATRIX @ x, lambda x: x @ MATRIX,
    lambda x: np.add(x, MATRIX), lambda x: np.dot(x, MATRIX), lambda x: x + MASKED,
    lambda x: np.multiply(x, MASKED), lambda x: x / sparse.eye_array(3), lambda x: x * Series(X),
    lambda x: x @ sparse.csr_array(np.eye(3)), lambda x: sparse.csr_array(np.eye(3)) @ x,
    lambda x: sparse.csr_matrix(np.eye(3)) * x, lambda x: x ** fractions.Fraction(1, 2),
    lambda x: decimal.Decimal(2) * x, lambda x: x - object()], ids=range(16))
def test_operators_with_another_meaning_are_refused(f):
    with pytest.raises(TypeError, match="a traced array (met a|is not an ndarray, which) .*: use "):
        grad(lambda x: np.sum(f(x)))(X)


@pytest.mark.parametrize("x, cure", [
    (MATRIX, "np.asarray"), (MASKED, "np.where"), (sparse.eye_array(3), "toarray"),
    (Series(X), "to_numpy"), (Labelled(X, "a"), "np.asarray")])
def test_what_is_no_array_of_numpys_is_no_input(x, cure):
    with pytest.raises(TypeError, match=f"cannot differentiate .*{cure}"):
        grad(lambda x: np.sum(x * x))(x)


def test_numpy_would_mean_something_else():
    """What the operators above would silently have been."""
    plain = np.arange(9.0).reshape(3, 3)
    assert not np.array_equal(plain * MATRIX, np.multiply(plain, MATRIX))
    assert (X * sparse.csr_matrix(np.eye(3))).shape == (3,)
    assert np.multiply(X, sparse.csr_matrix(np.eye(3))).dtype == object


def test_an_array_that_has_the_first_word():
    def f(x):
        for y in (x * Labelled(X, "a"), Labelled(X, "a") * x, np.multiply(x, Labelled(X, "a"))):
            assert type(y) is Labelled and y.label == "a" and type(y.data) is Traced
        return np.sum((x * y).data)
    assert np.allclose(grad(f)(X), 2 * X * X)


def test_what_is_at_home():
    class Rows(np.ndarray):
        pass
    for other in (np.float16(2), np.longdouble(2), np.uint8(2), 2 ** 70, X.view(Rows), [1, 2, 3],
                  (1.0, 2, 3)):
        y, pullback = vjp(lambda x: x * other, X)
        assert np.array_equal(y, X * other) and pullback(np.ones(3))[0].shape == (3,)


def test_a_sparse_product_as_a_primitive():
    """What the error for sparse arrays says to write."""
    @primitive
    def times(x, S=None):
        return S @ x
    defvjp(times, lambda g, y, x, S: times(g, S=S.T))
    S = sparse.random_array((4, 3), density=0.5, rng=np.random.default_rng(0))
    dense = S.toarray()
    f = lambda x: np.sum(np.sin(times(x, S=S)))  # noqa: E731
    assert np.allclose(grad(f)(X), dense.T @ np.cos(dense @ X))
    assert np.allclose(grad(lambda x: grad(f)(x) @ X)(X),
                       -dense.T @ (np.sin(dense @ X) * (dense @ X)))


def test_a_kind_that_is_let_in_is_found(monkeypatch):
    monkeypatch.setattr(foreign, "_cure", lambda kind: None)
    with pytest.raises(AssertionError):
        assert np.array_equal(vjp(lambda x: x * MATRIX, np.ones((3, 3)))[0], np.ones(9) * 2)
    foreign.KNOWN.discard(np.matrix)
