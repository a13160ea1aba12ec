"""What the tests of theorems share: numbers from a lattice, and what `verify` must find.

Numbers are odd multiples of 1/1024: never 0, exact, and they shrink well.
"""
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

EPS = np.finfo(np.float64).eps
REAL = st.integers(-1024, 1023).map(lambda i: (2 * i + 1) / 1024)
POSITIVE = st.integers(100, 1023).map(lambda i: (2 * i + 1) / 1024)
UNIT = st.integers(50, 460).map(lambda i: (2 * i + 1) / 1024)


def numbers(*shape, elements=REAL):
    """Arrays of lattice numbers."""
    return arrays(np.float64, shape, elements=elements)


def weights(n):
    """Positive weights (n,) that sum to 1."""
    return arrays(np.float64, (n,), elements=st.integers(1, 16).map(float)).map(
        lambda w: w / np.sum(w))


def check(verify, gaps, counterexamples, slopes=()):
    """Every finding passes, for a few seeds; limits and counterexamples are as recorded.

    gaps: the limits of all gaps, in order.  counterexamples: (found, least) for seed 0, in order.
    slopes: (expected, limit), in order.
    """
    found = verify(np.random.default_rng(0))
    assert [f.name for f in found if not f.passed] == []
    assert len({f.name for f in found}) == len(found)
    assert [f.limit for f in found if f.kind == "gap"] == pytest.approx(gaps, abs=1e-30)
    assert [(f.expected, f.limit) for f in found if f.kind == "slope"] == list(slopes)
    shown = [(f.found, f.limit) for f in found if f.kind == "counterexample"]
    assert [seen for seen, _ in shown] == pytest.approx([s for s, _ in counterexamples], rel=2e-3)
    assert [limit for _, limit in shown] == [least for _, least in counterexamples]
    for seed in range(1, 4):
        assert all(f.passed for f in verify(np.random.default_rng(seed)))


def caught(verify, monkeypatch, module, **mutants):
    """Whether verify fails once functions of the module are replaced by mutants."""
    for name, mutant in mutants.items():
        assert hasattr(module, name)
        monkeypatch.setattr(module, name, mutant)
    return any(not f.passed for f in verify(np.random.default_rng(0)))
