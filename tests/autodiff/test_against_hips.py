"""Every sample that HIPS autograd can differentiate as well: both gradients, at orders 1 and 2."""
import warnings

import numpy as np
import pytest

from minimeta import defvjp, grad
from minimeta.autodiff.table import RULES
from tests.autodiff import hips
from tests.autodiff.samples import ALL
from tests.autodiff.samples.core import A
from tests.autodiff.test_rules import weighed

# what autograd has not, or answers with an error
CANNOT = (hips.Lacking, NotImplementedError, TypeError, ValueError, AttributeError,
          AssertionError, KeyError, IndexError)
# autograd is wrong there, as central differences in test_rules.py show: it ignores where= and
# mean=, does not sum over what np.where or np.tril broadcast, divides by zeros in prod and sinc
WRONG_THERE = {"where", "tril of a vector", "array_split, overlapping", "full_like", "prod",
               "prod, all", "prod, where", "sum, where", "mean, where", "std, where",
               "var, correction", "sinc"}


def second(grad, f, x):
    """The gradient of a weighted sum of the gradient."""
    v = np.linspace(-1, 1.5, x.size).reshape(x.shape)
    return grad(lambda x: np.sum(grad(f)(x) * v))(x)


def compare(f, operands, order):
    """How many operands agree; an operand that autograd cannot do is left out."""
    agreed = 0
    for i, x in enumerate(operands):
        of = weighed(f, operands, i)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                judge = hips.grad(of)(x) if order == 1 else second(hips.grad, of, x)
        except CANNOT:
            continue
        ours = grad(of)(x) if order == 1 else second(grad, of, x)
        scale = max(np.max(np.abs(judge)), 1e-3)
        np.testing.assert_allclose(ours, judge, rtol=1e-9, atol=1e-11 * scale)
        agreed += 1
    return agreed


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", sorted(ALL.keys() - WRONG_THERE))
def test_sample(name, order):
    if not compare(*ALL[name], order):
        pytest.skip("autograd does not have it")


@pytest.mark.parametrize("order", [1, 2])
def test_the_judge_hears_most_of_what_both_have(order):
    heard = [name for name in ALL.keys() - WRONG_THERE if compare(*ALL[name], order)]
    assert len(heard) >= 115
    assert {"add", "power", "tanh", "sum", "max", "matmul", "einsum", "concat", "split",
            "logaddexp", "index, mixed"} & ALL.keys() <= set(heard)


@pytest.mark.parametrize("vjp, order", [
    (lambda g, y, x: g * (1 + y * y), 1),
    (lambda g, y, x: g * (1 - y.value ** 2 if hasattr(y, "value") else 1 - y * y), 2)])
def test_a_wrong_rule_is_caught(monkeypatch, vjp, order):
    """A flipped sign, and a rule that is right at order 1 but hides y from order 2."""
    monkeypatch.setitem(RULES, np.tanh, RULES[np.tanh])       # put back afterwards
    defvjp(np.tanh, vjp)
    if order == 2:
        assert compare(np.tanh, (A,), 1) == 1
    with pytest.raises(AssertionError):
        compare(np.tanh, (A,), order)
