"""Planted faults: each of the fifteen properties finds one.

Read next: test_never_silent.py.
"""
import numpy as np
import pytest

from minimeta import defvjp, grad, primitive, stop_gradient
from minimeta.autodiff import diff, surface, trace, transforms
from minimeta.autodiff.table import RULES
from tests.autodiff.programs import Program, number
from tests.autodiff.test_properties import (U, V, adjoint, chain, dtype_kept, inputs_untouched,
                                            linearity, long_chain, memory_freed, mutation,
                                            no_float64, product, purity, reuse, symmetry,
                                            unbroadcasting)
from tests.differences import check_orders

X = np.array([0.3, -0.5, 0.8])


def faulty(rule, value=np.tanh):
    @primitive
    def planted(x):
        return value(x)
    defvjp(planted, rule)
    return planted


wrong = faulty(lambda g, y, x: g * (1 - y * y) * 1.01)
nonlinear = faulty(lambda g, y, x: g * np.abs(g) * (1 - y * y))
constant = faulty(lambda g, y, x: g * stop_gradient(1 - y * y + 0 * x))
crossed = faulty(lambda g, y, x: g[::-1] * (1 - y * y))
skewed = faulty(lambda g, y, x: g * (1 - y * y) + 0.01 * x[::-1] * g[0])
wide = faulty(lambda g, y, x: g * (1 - y * y), lambda x: np.tanh(x.astype(np.float64)))
inner_wide = faulty(lambda g, y, x: (g * np.ones(3)) * (1 - y * y))
leak = []
leaking = faulty(lambda g, y, x: (leak.append(g), g * (1 - y * y))[1])


PLANTED = {
    "linearity": lambda: linearity(lambda x: number(nonlinear(x)), lambda x: number(x), X),
    "product": lambda: product(lambda x: number(nonlinear(x)), lambda x: number(x * x), X),
    "adjoint": lambda: adjoint(nonlinear, X, V, U),
    "symmetry": lambda: symmetry(lambda x: number(skewed(x * x)), X, V, U, X),
    "reuse": lambda: reuse(nonlinear, X, 3),
    "order, wrong": lambda: check_orders(lambda x: number(wrong(x)), X),
    "order, constant": lambda: check_orders(lambda x: number(constant(x)), X),
    "order, crossed": lambda: check_orders(lambda x: number(crossed(x)), X),
    "chain": lambda: chain(Program((("tanh", 0),)), nonlinear, X),
    "dtype": lambda: dtype_kept(lambda x: number(wide(x)), X),
    "no float64": lambda: no_float64(lambda x: number(inner_wide(x) * x), X),
    "memory": lambda: memory_freed(lambda x: grad(lambda z: number(leaking(z)))(x) @ x, X),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name):
    with pytest.raises(AssertionError):
        PLANTED[name]()
    leak.clear()


class OneBit(diff.Level):
    """Levels that cannot be told from each other."""
    __slots__ = ()
    bit = property(lambda self: 1, lambda self, bit: None)

    def __del__(self):
        pass


def mean_instead_of_sum(c, v, fit=diff.fit):
    repeated = np.size(c) / max(np.size(v), 1)
    return fit(c, v) / (repeated if np.ndim(c) > np.ndim(v) else 1)


BROKEN = {
    "purity": ((diff, transforms), "Level", OneBit, lambda: purity(
        lambda x: number(x * x), lambda x: number(np.tanh(x) * x), X)),
    "unbroadcasting": ((diff,), "fit", mean_instead_of_sum, lambda: unbroadcasting(np.sin, X, 3)),
    "aliasing": ((transforms,), "own", lambda found, *_: found, lambda: inputs_untouched(
        lambda x, y: x + y, X.copy(), V.copy())),
    "mutation": ((trace, surface), "keep", lambda a: a, lambda: mutation(
        lambda x, y: x * y, X, V)),
}


def test_a_fault_in_a_long_chain_is_found(monkeypatch):
    monkeypatch.setitem(RULES, np.sin, RULES[wrong._primitive])
    with pytest.raises(AssertionError):
        long_chain(1000, 1)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_is_found(name, monkeypatch):
    modules, attribute, fault, check = BROKEN[name]
    check()
    for module in modules:
        monkeypatch.setattr(module, attribute, fault)
    with pytest.raises(AssertionError):
        check()
