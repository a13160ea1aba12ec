"""Every rule of the table compiles: gradients of each sample, to order 2, are those of eager."""
import numpy as np
import pytest

from minimeta import compile, grad, hvp
from tests.autodiff.samples import SAMPLES


def of(sample, i):
    """(loss of operand i alone, that operand) of a sample."""
    f, operands = sample

    def loss(x):
        y = f(*operands[:i], x, *operands[i + 1:])
        return np.sum(np.sin(y) * np.linspace(0.5, 1.5, y.size).reshape(y.shape))
    return loss, operands[i]


@pytest.mark.parametrize("fn", SAMPLES, ids=lambda f: f.__name__)
def test_rule(fn):
    for i in range(len(SAMPLES[fn][1])):
        loss, x = of(SAMPLES[fn], i)
        v = np.linspace(-1, 1, x.size).reshape(x.shape)

        def both(x, v):
            return grad(loss)(x), hvp(loss, x, v)
        exact, fast = compile(both, exact=True), compile(both)
        for x in (x, x * 0.99):
            expected = both(x, v)
            for a, b, c in zip(expected, exact(x, v), fast(x, v)):
                np.testing.assert_array_equal(b, a)
                np.testing.assert_allclose(c, a, rtol=1e-10, atol=1e-10)
