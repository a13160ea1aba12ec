"""Every rule of the table, at orders 1 to 3, against central differences."""
import numpy as np
import pytest

from minimeta import grad
from minimeta.autodiff.diff import identity
from minimeta.autodiff.table import RULES
from minimeta.autodiff.trace import item
from tests.autodiff.samples import ALL, SAMPLES
from tests.autodiff.samples.core import A, draw
from tests.differences import check_orders

NOT_SAMPLED = {identity, item}      # the engine's own bookkeeping, exercised by every test


def engines_own():
    return {fn for fn in RULES if (getattr(fn, "__module__", "") or "numpy").split(".")[0] in
            ("numpy",) or fn.__module__.startswith(("minimeta.autodiff", "minimeta.scipy"))}


def test_no_rule_without_a_sample():
    assert engines_own() - set(SAMPLES) - NOT_SAMPLED == set()


def weighed(f, operands, i):
    """A sample as a function of operand i alone, to a number: orders differ in every entry."""
    def of(x):
        y = f(*operands[:i], x, *operands[i + 1:])
        return np.sum(np.sin(y) * np.linspace(0.5, 1.5, y.size).reshape(y.shape))
    return of


@pytest.mark.parametrize("name", ALL)
def test_sample(name):
    f, operands = ALL[name]
    for i, x in enumerate(operands):
        check_orders(weighed(f, operands, i), x)


@pytest.mark.parametrize("shapes", [((3, 4), (4,)), ((3, 1), (1, 4)), ((), (3, 4)),
                                    ((2, 1, 4), (3, 1))], ids=str)
@pytest.mark.parametrize("fn", [np.add, np.multiply, np.divide, np.power, np.maximum])
def test_broadcasting(fn, shapes):
    a, b = (np.asarray(draw(*s)) for s in shapes)
    check_orders(lambda a: np.sum(np.sin(fn(a, b))), a + 0.01)
    check_orders(lambda b: np.sum(np.sin(fn(a, b))), b + 0.01)


@pytest.mark.parametrize("shapes", [((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 3)), ((2, 3, 4), (4,)),
                                    ((4,), (2, 4, 3)), ((2, 3, 4), (2, 4, 3)),
                                    ((5, 1, 3, 4), (2, 4, 3))], ids=str)
def test_matmul(shapes):
    a, b = (draw(*s) for s in shapes)
    check_orders(lambda a: np.sum(np.sin(a @ b)), a)
    check_orders(lambda b: np.sum(np.sin(a @ b)), b)


@pytest.mark.parametrize("f", [
    lambda x: np.mean(x, axis=(0, 2)), lambda x: np.var(x, axis=1, ddof=1), lambda x: x.std(),
    lambda x: np.stack([x, 2 * x], axis=1), lambda x: np.dot(x, x[0].T), lambda x: np.vdot(x, x),
    lambda x: np.inner(x[0], x[0]), lambda x: np.outer(x[0], x[1]), lambda x: np.trace(x),
    lambda x: np.repeat(x, 2, axis=1), lambda x: np.take(x, [0, 0, 1], axis=2),
    lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1),
    lambda x: np.clip(x, 0.5, None), lambda x: np.add.reduce(x), lambda x: np.multiply.outer(x, x),
    lambda x: x[0].mT @ x.T[0], lambda x: np.concatenate([x, x], axis=None),
    lambda x: x[..., None, 0],
    lambda x: x[x > 0.5], lambda x: 2 ** x - x ** 2 + (1 / x) * (-x), lambda x: abs(x) % 0.7],
    ids=range(21))
def test_composition(f):
    check_orders(lambda x: np.sum(np.sin(f(x))), draw(2, 3, 4))


def test_conventions_at_corners():
    half = grad(lambda x: np.sum(np.maximum(x, 0.0)))(np.zeros(2))
    assert half.tolist() == [0.5, 0.5]
    assert grad(np.abs)(0.0) == 0
    assert grad(np.max)(np.array([1.0, 1.0, 0.0])).tolist() == [0.5, 0.5, 0]
    square = grad(grad(grad(lambda x: x ** 2)))
    assert grad(lambda x: x ** 2)(0.0) == square(0.0) == 0
    assert grad(grad(lambda x: x ** 2))(0.0) == 2
    assert grad(lambda x: x ** 0)(0.0) == 0
    assert grad(lambda p: 0.0 ** p)(2.0) == 0
    with np.errstate(divide="ignore"):
        assert grad(np.sqrt)(0.0) == np.inf and grad(lambda x: x ** 0.5)(0.0) == np.inf


def test_a_wrong_rule_is_caught():
    from minimeta import defvjp, primitive

    @primitive
    def twice(x):
        return 2 * x
    defvjp(twice, lambda g, y, x: g * 2.001)
    with pytest.raises(AssertionError):
        check_orders(lambda x: np.sum(np.sin(twice(x))), A)
