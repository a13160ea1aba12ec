"""Small calls that become one, and parts that are written where they are joined."""
import re

import numpy as np
import pytest

from minimeta import compile, grad, hvp
from minimeta.compiler import batch, chains, joined
from tests.compiler.test_rewrites import calls

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 5, 4))
V = RNG.standard_normal(10)


def chain(x, n=12):
    y = x
    for _ in range(n):
        y = np.tanh(y) * x
    return np.sum(y)


# ---------------------------------------------------------------- calls of one function

def test_squares_in_a_chain_are_one_call():
    """Forwards and back twelve times: two calls each, and a handful of calls on stacks."""
    assert len(calls(grad(chain), V)) <= 4 * 12 + 8
    assert calls(grad(chain), V, exact=True).count("add") == 12       # in the order they were in
    compiled = compile(grad(chain))
    compiled(V)
    assert re.search(r"multiply\(\w+, \w+, \w+\) +# float64 \(12, 10\)", str(compiled))
    assert "stack(" not in str(compiled)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("order", [1, 2])
def test_chains_of_any_length(exact, order):
    for n in (1, 3, 4, 5, 9):
        f = grad(lambda x: chain(x, n)) if order == 1 else lambda x: hvp(
            lambda x: chain(x, n), x, x[::-1])
        calls(f, V, exact=exact)


def test_calls_that_need_each_other_stay():
    def f(x):
        for _ in range(8):
            x = x * V
        return x
    assert calls(f, V, exact=True) == ["multiply"] * 8


def test_large_arrays_stay():
    def f(x):
        parts = [np.tanh(x + i) for i in range(6)]
        return np.stack([np.exp(a * a) for a in parts])
    assert calls(f, V, exact=True).count("multiply") == 1
    assert calls(f, np.ones((30, 30)), exact=True).count("multiply") == 6


def test_rows_that_are_returned_or_seen_elsewhere():
    def f(x):
        parts = [np.tanh(x + i) for i in range(6)]
        squares = [a * a for a in parts]
        return squares[2], np.exp(squares[3][::-1]), parts[1], sum(np.exp(a) for a in squares)
    compiled = compile(f, exact=True)
    for scale in (1.0, -0.5):
        found = compiled(scale * V)
        kept = [a.copy() for a in found]
        compiled(V + 1)
        for a, b, c in zip(found, kept, f(scale * V)):
            assert np.array_equal(a, b) and np.array_equal(a, c)


OPERATIONS = [lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * a,
              lambda a, b: np.tanh(a), lambda a, b: a * 0.5, lambda a, b: np.maximum(a, b),
              lambda a, b: -a, lambda a, b: 1 - b]


def tangle(seed, steps=60):
    """Many small calls of few kinds, each on two of the latest values; some are joined."""
    def f(x, y):
        rng = np.random.default_rng(seed)
        kinds = rng.choice(len(OPERATIONS), 4, replace=False)
        values = [x, y, np.sin(x), np.cos(y)]
        for _ in range(steps):
            a, b = (values[-1 - int(rng.integers(min(16, len(values))))] for _ in range(2))
            values.append(OPERATIONS[kinds[rng.integers(4)]](a, b))
            if rng.random() < 0.05:
                whole = np.concatenate([values[-2], values[-1], a]) if rng.random() < 0.5 \
                    else np.stack([values[-2][:2], b[:2]], axis=-1)
                values.append(np.reshape(whole, (-1,))[:len(x)] * 0.5 if whole.size >= len(x)
                              else np.sin(x))
        total = values[0]
        for a in values[1:]:
            total = total + a
        return values[-1], total, np.concatenate(values[-5:])
    return f


def check_tangle(seed):
    f = tangle(seed)
    x, y = np.random.default_rng(seed).standard_normal((2, 7)).astype(np.float32)
    exact, quick = compile(f, exact=True), compile(f)
    for scale in (1, 0.5):
        with np.errstate(all="ignore"):
            expected = f(scale * x, y)
            for a, b, c in zip(expected, exact(scale * x, y), quick(scale * x, y)):
                assert np.array_equal(a, b, equal_nan=True)
                with np.errstate(all="ignore"):
                    np.testing.assert_allclose(c, a, rtol=1e-3, atol=1e-4 * np.abs(
                        a[np.isfinite(a)]).max(initial=1))


@pytest.mark.parametrize("seed", range(40))
def test_tangles(seed):
    check_tangle(seed)


def caught(seeds=range(12)):
    """In how many tangles something is wrong."""
    count = 0
    for seed in seeds:
        try:
            check_tangle(seed)
        except Exception:
            count += 1
    return count


def test_rows_in_another_order_are_caught(monkeypatch):
    call = batch._Groups._call
    monkeypatch.setattr(batch._Groups, "_call", lambda self, fn, *args: call(
        self, fn, *((args[0][::-1],) if fn is np.stack else args)))
    assert caught() > 2


def test_a_part_that_is_written_to_the_wrong_place_is_caught(monkeypatch):
    regions = joined._regions
    monkeypatch.setattr(joined, "_regions", lambda call: regions(call) and regions(call)[::-1])
    assert caught() > 2


# ---------------------------------------------------------------- sums

def test_a_chain_of_sums_is_one_sum():
    def f(x):
        return sum(np.tanh(x + i) * np.cos(x * i) for i in range(9))
    assert calls(f, V).count("add_reduce") == 1
    assert calls(f, V, exact=True).count("add_reduce") == 0


def test_a_partial_sum_that_is_used_stays():
    def f(x):
        rows = [np.tanh(x + i) * np.cos(x * i) for i in range(9)]
        first = rows[0] + rows[1] + rows[2]
        return first * np.sin(first + rows[3] + rows[4] + rows[5] + rows[6] + rows[7] + rows[8])
    calls(f, V)


def test_a_row_that_is_added_twice():
    def f(x):
        rows = [np.tanh(x + i) * np.cos(x * i) for i in range(9)]
        return sum(rows) + rows[3]
    assert calls(f, V).count("add_reduce") == 1


def test_a_summand_that_is_lost_is_caught(monkeypatch):
    shortened = chains._shortened

    def wrong(call, uses):
        new = shortened(call, uses)
        call.args = call.args[1:] * 2 if new else call.args
        return new
    monkeypatch.setattr(chains, "_shortened", wrong)
    with pytest.raises(AssertionError):
        test_a_chain_of_sums_is_one_sum()


# ---------------------------------------------------------------- what is joined

JOINED = {
    "a vector of all": (lambda x, y: np.concatenate([np.ravel(np.exp(x)), np.ravel(np.sin(y))]),
                        ["exp", "sin", "concatenate"]),
    "along the last axis": (lambda x, y: np.tanh(np.concatenate([x + 1, x @ y.T], axis=-1)),
                            ["add", "matmul", "copyto", "tanh"]),
    "between gaps, of what may round otherwise there": (
        lambda x, y: np.tanh(np.concatenate([np.exp(x), np.exp(y)], axis=1)),
        ["exp", "exp", "concatenate", "tanh"]),
    "a part that is used elsewhere": (
        lambda x, y: (lambda z: np.tanh(np.concatenate([z, y * 2])) * np.sum(z.T))(np.exp(x)),
        ["exp", "multiply", "tanh", "add_reduce", "multiply"]),
    "a part twice": (lambda x, y: (lambda z: np.tanh(np.concatenate([z, z, z + y])))(np.exp(x)),
                     ["exp", "add", "copyto", "tanh"]),
    "an argument": (lambda x, y: np.tanh(np.concatenate([x, np.exp(y)])),
                    ["exp", "copyto", "tanh"]),
    "only arguments": (lambda x, y: np.tanh(np.concatenate([x, y])), ["concatenate", "tanh"]),
    "joined twice": (lambda x, y: np.tanh(np.concatenate([np.stack([x * 2, y * 2]),
                                                          np.exp(x)[None]])),
                     ["multiply", "multiply", "exp", "tanh"]),
    "of two types": (lambda x, y: np.tanh(np.concatenate([x * 2, np.exp(y.astype(np.float32))])),
                     ["multiply", "copyto", "exp", "copyto", "tanh"]),
}


@pytest.mark.parametrize("name", JOINED)
def test_joined(name):
    f, expected = JOINED[name]
    assert calls(f, X, Y, exact=True) == expected
    calls(f, np.asfortranarray(X), Y[::-1], exact=True)


def test_parts_of_a_large_result_are_written_into_it():
    def f(x):
        return np.concatenate([np.ravel(x @ x), np.ravel(np.exp(x) * 2), x[0]])
    x = RNG.standard_normal((100, 100))
    compiled = compile(f, exact=True)
    first = compiled(x)
    kept = first.copy()
    compiled(x + 1)
    assert np.array_equal(first, kept) and np.array_equal(first, f(x)) and first.base is None
    assert "empty(" in str(compiled) and "concatenate" not in str(compiled)


def test_a_constant_that_is_repeated_is_kept_once():
    row = np.broadcast_to(V, (1000, 10))
    compiled = compile(lambda x: np.cumsum(x * row, axis=0))
    x = RNG.standard_normal((1000, 10))
    assert np.array_equal(compiled(x), np.cumsum(x * row, axis=0))
    constants = list(compiled.kinds.values())[0].traces[0].source.constants.values()
    assert all(a.strides[0] == 0 for a in constants if np.shape(a) == row.shape)
