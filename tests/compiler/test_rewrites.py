"""Each rule of the compiler alone: it applies where it should, only there, and changes nothing."""
import re
import tracemalloc

import numpy as np
import pytest

from minimeta import compile, grad
from minimeta.autodiff.rules.shapes import scatter
from minimeta.compiler.builder import Builder, frozen
from minimeta.compiler.exact import EXACT
from minimeta.compiler.fast import FAST, SUMS
from minimeta.compiler.program import Value
from tests.device import special
from tests.device.standin import StandIn

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 5, 4))
A, B = RNG.standard_normal((3, 5, 4)), RNG.standard_normal((3, 4, 6))
COLUMN, ROW = RNG.standard_normal((3, 5, 1)), RNG.standard_normal((3, 1, 4))
W = RNG.standard_normal((4, 6))
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.0])


def calls(f, *args, exact=False):
    """Names of the calls of the program of f, after a check that it gives what f does."""
    compiled = compile(f, exact=exact)
    for _ in range(2):
        found, expected = compiled(*args), f(*args)
        if exact:
            np.testing.assert_array_equal(found, expected)
            signs = np.isnan(expected) | (np.signbit(found) == np.signbit(expected))
            assert signs.all()
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
    kind, = compiled.kinds.values()
    lines = kind.traces[0].source.lines
    return [re.sub(r"\d+$", "", re.match(r"(?:\w+ = )?([\w.]+)", line).group(1))
            for line in lines if not line.startswith(("copyto(in", "del "))]


EXACT_RULES = {
    "times one": (lambda x: x * 1, [SPECIAL], []),
    "times an array of ones": (lambda x: x * np.ones(7), [SPECIAL], []),
    "times minus one": (lambda x: x * -1.0, [SPECIAL], ["negative"]),
    "full of one number": (lambda x: x * np.full(7, 3.0) + 1, [SPECIAL], ["multiply", "add"]),
    "over one": (lambda x: np.exp(x / 1), [SPECIAL], ["exp"]),
    "over a power of two": (lambda x: x / 4, [SPECIAL], ["multiply"]),
    "over three": (lambda x: x / 3, [SPECIAL], ["divide"]),
    "minus minus": (lambda x: -(-x), [SPECIAL], []),
    "minus a multiple": (lambda x: -(x * 3.0), [SPECIAL], ["multiply"]),
    "a multiple of minus": (lambda x: -x * 3.0, [SPECIAL], ["multiply"]),
    "plus minus": (lambda x: x + (-SPECIAL[::-1] * 1) + -np.exp(x), [SPECIAL],
                   ["subtract", "exp", "subtract"]),
    "minus minus y": (lambda x, y: x - (-y), [X, Y], ["add"]),
    "minus zero": (lambda x: np.exp(x - 0.0), [SPECIAL], ["exp"]),
    "plus zero stays": (lambda x: x + 0.0, [SPECIAL], ["add"]),
    "minus minus zero stays": (lambda x: x - -0.0, [SPECIAL], ["subtract"]),
    "square": (lambda x: x ** 2, [SPECIAL], ["square"]),
    "square root": (lambda x: np.abs(x) ** 0.5, [SPECIAL], ["absolute", "sqrt"]),
    "a mask used twice": (lambda x, y: (lambda m: x * m + y * m)(x > 0),
                          [SPECIAL, X[0, 0] * SPECIAL],
                          ["greater", "copyto", "multiply", "multiply", "add"]),
    "a mask used once": (lambda x: x * (x > 0), [SPECIAL], ["greater", "multiply"]),
    "a mask that is broadcast": (lambda x, y: (lambda m: y * m + np.exp(y) * m)(x > 0),
                                 [SPECIAL, np.full((2, 7), 3.0)],
                                 ["greater", "multiply", "exp", "multiply", "add"]),
    "cube": (lambda x: x ** 3, [X], ["power"]),
    "the same twice": (lambda x: np.exp(x) * np.exp(x), [X], ["exp", "multiply"]),
    "0.0 is not -0.0": (lambda x: np.copysign(x, 0.0) - np.copysign(x, -0.0), [X],
                        ["copysign", "copysign", "subtract"]),
    "not used": (lambda x: (np.exp(x), np.sin(x))[1], [X], ["sin"]),
    "constants": (lambda x: x + np.exp(np.ones_like(x)) @ np.ones((4, 4)), [X], ["add"]),
    "a view of a view": (lambda x: np.exp(x).T.T.reshape(4, 5).reshape(5, 4) * 2, [X],
                         ["exp", "multiply"]),
    "the same view twice": (lambda x: np.exp(np.reshape(x * 3, (4, 5)))
                            + np.exp(np.reshape(x * 3, -1).reshape(4, 5)), [X],
                            ["multiply", "exp", "add"]),
    "broadcast to its shape": (lambda x: np.exp(np.broadcast_to(x, (5, 4))), [X], ["exp"]),
    "repeated where that needs no call": (
        lambda x, y: (lambda r: (r / (x - r) + r) * (r * x))(np.broadcast_to(y, (5, 4))),
        [X, Y[0]], ["subtract", "divide", "add", "multiply", "multiply"]),
    "repeated where nothing else has the shape": (
        lambda x, y: np.broadcast_to(y, (5, 4)) * x, [X[:1], Y[0]], ["multiply"]),
    "scattered everywhere": (lambda x: np.exp(scatter(np.exp(x)[:, None], index=(
        slice(None), None), shape=(5, 4))), [X], ["exp", "exp"]),
    "scattered somewhere": (lambda x: scatter(x, index=(slice(1, 6),), shape=(7, 4)), [X],
                            ["scatter"]),
}


@pytest.mark.parametrize("name", EXACT_RULES)
def test_exact_rule(name):
    f, args, expected = EXACT_RULES[name]
    with np.errstate(all="ignore"):
        assert calls(f, *args, exact=True) == expected


def repeated_through(x):
    """Each function that is computed once for all rows, of x repeated."""
    y = np.broadcast_to(x, (3, *x.shape))
    y = np.tanh(np.exp(y) + np.square(y) - np.negative(y) * np.maximum(y, 0.5 * y))
    y = np.where(np.greater(y, 0.1 * y), y, y / (2 + np.abs(x)))
    return y / np.sum(y, axis=-1, keepdims=True) + np.max(y, axis=(1, 2), keepdims=True)


FAST_RULES = {
    "numbers repeated": (grad(lambda x: np.sum(x) ** 2), [X], ["add_reduce", "power", "multiply"]),
    "a multiple of a multiple": (lambda x: x * 3.0 * 5.0, [X], ["multiply"]),
    "a multiple of a quotient": (lambda x: x / 3.0 * 6.0, [X], ["multiply"]),
    "the larger of x and a number": (lambda x: np.maximum(x, 0) + np.minimum(0.5, x), [X],
                                     ["maximum", "minimum", "add"]),
    "over a number": (lambda x: x / 3, [X], ["multiply"]),
    "one over x stays": (lambda x: 3 / x * 2, [X], ["divide", "multiply"]),
    "plus zero": (lambda x: np.exp(x + 0.0), [X], ["exp"]),
    "an outer product": (lambda a, b: a @ b, [COLUMN, ROW], ["multiply"]),
    "an inner product stays": (lambda a, b: a @ b, [ROW, A.swapaxes(1, 2).copy()], ["matmul"]),
    "one matrix for all tasks": (lambda a, w: np.exp(a @ w), [A, W], ["matmul", "exp"]),
    "a matrix repeated for all tasks": (lambda a, w: np.exp(a) @ np.broadcast_to(w, (3, 4, 6)),
                                        [A, W], ["exp", "matmul", "reshape"]),
    "the transpose of a product": (lambda a, b: np.exp(np.swapaxes(a @ b, 1, 2)), [A, B],
                                   ["matmul", "exp"]),
    "a sum of a sum": (lambda a: np.sum(np.sum(a, axis=1), axis=0), [A], ["matmul", "reshape"]),
    "a sum of products": (lambda a, b: np.sum(np.swapaxes(a, 1, 2) @ b, axis=0),
                          [A, RNG.standard_normal((3, 5, 2))], ["matmul"]),
    "a sum of what is joined": (lambda a, b: np.sum(np.concatenate(
        [np.reshape(np.swapaxes(a, 1, 2) @ b, (3, 8)), np.sum(a, axis=1)], axis=-1), axis=0),
        [A, RNG.standard_normal((3, 5, 2))], ["matmul", "matmul", "concatenate"]),
    "a sum of rows": (lambda a: np.exp(np.sum(np.exp(a), axis=1)), [A],
                      ["exp", "matmul", "exp"]),
    "a weighted sum of rows": (lambda a, w: np.exp(np.sum(np.exp(a) * np.exp(w), axis=1)),
                               [A, COLUMN], ["exp", "exp", "matmul", "exp"]),
    "the same for all": (lambda x: np.exp(repeated_through(x)), [X], None),
    "a product of the same for all": (lambda x: np.tanh(np.broadcast_to(x, (3, 5, 4)) @ (
        np.broadcast_to(W, (3, 4, 6)))), [X], ["matmul", "tanh"]),
    "the same for some": (lambda x, a: np.exp(np.broadcast_to(x, (3, 5, 4)) * a), [X, A],
                          ["multiply", "exp"]),
    "a sum of all stays": (lambda a: np.sum(a), [A], ["add_reduce", "number"]),
}


@pytest.mark.parametrize("name", FAST_RULES)
def test_fast_rule(name):
    f, args, expected = FAST_RULES[name]
    found = calls(f, *args)
    assert expected is None or [n for n in expected if n != "reshape"] == [
        n for n in found if n not in ("reshape", "in", "getitem", "swapaxes")]


def test_what_is_the_same_for_all_is_computed_once():
    compiled = compile(lambda x: np.exp(repeated_through(x)))
    np.testing.assert_allclose(compiled(X), compiled.f(X))
    assert not re.search(r"float64 \(3, ", re.sub(r".* broadcast_to.*", "", str(compiled)))


def test_a_number_becomes_an_array_where_numpy_is_faster_with_two():
    small, large = X, np.ones((1 << 17) + 1)
    for x, expected in ((small, r"maximum\(in0_?, c0"), (large, r"maximum\(in0_?, 0,")):
        f = compile(lambda x: np.exp(np.maximum(x, 0)))
        assert np.array_equal(f(x), np.exp(np.maximum(x, 0))) and re.search(expected, str(f))
    for c in (np.nan, -np.inf):         # NaN spreads from either side
        f = compile(lambda x: np.maximum(x, c))
        np.testing.assert_array_equal(f(SPECIAL), np.maximum(SPECIAL, c))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_are_not_folded_out_of_range(dtype):
    """x * c * d where cd overflows or vanishes, and x / c where 1/c does."""
    big = float(np.finfo(dtype).max) / 8
    for f, x in ((lambda x: x * big * 16.0, 1 / big), (lambda x: x / big / 16.0, big),
                 (lambda x: x * (1 / big) * (1 / 16), big), (lambda x: x / 2.0 ** -14, 1e-4),
                 (lambda x: x / big * big, 2.0), (lambda x: x / (1 / big), 1 / big)):
        x = np.array([x, 0.5 * x], dtype)
        expected = f(x)
        np.testing.assert_allclose(compile(f)(x), expected, rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_array_equal(compile(f, exact=True)(x), expected)


def test_every_rule_is_reached(monkeypatch):
    """The cases above apply every rule there is, so that a broken one fails here first."""
    reached, tables = set(), (EXACT, FAST, SUMS)
    every = {rule for table in tables for rules in table.values() for rule in rules}
    spied = []
    for table in tables:
        for rules in table.values():
            spied.append((rules, list(rules)))
            rules[:] = [_spy(rule, reached) for rule in rules]
    try:
        with np.errstate(all="ignore"):
            for f, args, _ in EXACT_RULES.values():
                compile(f, exact=True)(*args)
            for f, args, _ in FAST_RULES.values():
                compile(f)(*args)
            special.install(monkeypatch)
            compile(lambda x: x ** 2)(StandIn().put(X))
    finally:
        for rules, before in spied:
            rules[:] = before
    names = {(rule.__module__, rule.__name__) for rule in every - reached}
    assert names <= {("minimeta.compiler.exact", "same"),
                     ("minimeta.compiler.exact", "scalar_of_scalar")}


@pytest.mark.parametrize("turned, kept", [(np.transpose, True), (np.positive, False)])
def test_an_array_of_one_number_is_a_number_where_the_result_lies_as_it_did(turned, kept):
    """Sums of it would round otherwise."""
    compiled = compile(lambda x: np.exp(turned(x) * np.full(turned(X).shape, 3.0)), exact=True)
    assert compiled(X).strides == np.exp(turned(X) * np.full(turned(X).shape, 3.0)).strides
    assert bool(re.search(r"multiply\(.*\bc0\b", str(compiled))) == kept


def _spy(rule, reached):
    def spied(*args, **kwargs):
        value = rule(*args, **kwargs)
        if value is not None:
            reached.add(rule)
        return value
    spied.keywords = rule.keywords
    return spied


def test_a_rule_is_not_asked_about_keywords_it_does_not_know():
    assert calls(lambda x: np.sum(x, axis=0, initial=3.0), X) == ["add_reduce"]
    assert calls(lambda x: np.multiply(x, 1, dtype=np.float32), X) == ["multiply"]


def test_frozen_tells_arguments_apart():
    value, other = Value(X), Value(X)
    different = [0.0, -0.0, 0, False, None, "0", np.float32(0), np.float64(0), np.float64(-0.0),
                 (0,), [0], slice(0), slice(None), {"a": 0}, {"a": 0.0}, value, other, np.exp]
    assert len({frozen(a) for a in different}) == len(different)
    assert frozen((value, [1, {"a": slice(2)}])) == frozen((value, [1, {"a": slice(2)}]))


def test_a_constant_is_kept_once():
    builder = Builder({})
    assert builder.constant(X) is builder.constant(X.copy())
    assert builder.constant(X) is not builder.constant(X.astype(np.float32))
    assert builder.constant(np.zeros(2)) is not builder.constant(-np.zeros(2))


# ---------------------------------------------------------------- memory

def buffers(f, *args):
    compiled = compile(f)
    np.testing.assert_allclose(compiled(*args), f(*args))
    kind, = compiled.kinds.values()
    return kind.traces[0].source.sizes


def test_elementwise_calls_write_over_what_dies():
    def f(x):
        for _ in range(10):
            x = np.tanh(np.sin(x) * 2 + 1)
        return np.sum(x)
    assert sorted(buffers(f, X)) == [8, X.nbytes]


def test_what_is_needed_later_is_not_written_over():
    def f(x):
        y = np.exp(x)
        z = np.sin(y)
        view = y.T
        w = np.cos(z)
        return np.sum(w) + np.sum(view[:2]) + np.sum(z * np.sin(y[::-1]))
    assert len([n for n in buffers(f, X) if n == X.nbytes]) == 3


def test_an_array_and_a_shifted_view_of_it_do_not_share():
    def f(x):
        y = np.exp(x)
        return np.sum(y + y[::-1]) + np.sum(np.sin(x) * np.sin(x)[:, ::-1])
    assert len([n for n in buffers(f, X) if n == X.nbytes]) >= 2


def test_a_replay_allocates_its_results_and_little_else():
    x = np.ones((256, 256))
    compiled = compile(lambda x: (np.tanh(x @ x + 1) * 2, grad(
        lambda x: np.sum(np.tanh(x @ x) ** 2))(x)))
    compiled(x)
    compiled(x)
    tracemalloc.start()
    try:
        compiled(x)
        _, compiled_peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        compiled.f(x)
        eager_peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert compiled_peak < 2 * x.nbytes + 20_000 < 4 * x.nbytes < eager_peak


def test_a_compiled_function_keeps_buffers_and_no_trace():
    x = np.ones((400, 400))

    def f(x):
        for _ in range(50):
            x = np.tanh(x) * 1.5
        return x
    compiled = compile(f)
    tracemalloc.start()
    try:
        compiled(x)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 4 * x.nbytes


def test_large_values_without_a_buffer_are_let_go():
    x = np.ones((300, 300))
    text = str_of(lambda x: np.sum(np.where(np.where(x > 0, x, 1) > 0.5, x, 2)), x)
    assert re.search(r"where.*\n.*greater.*\n *del x", text)


def str_of(f, *args):
    compiled = compile(f)
    np.testing.assert_allclose(compiled(*args), f(*args))
    return str(compiled)


def test_a_trace_keeps_the_layout_of_large_arrays_alone():
    """Rules replace each of 30 calls, and what follows is made anew: in no memory."""
    def f(x):
        for _ in range(15):
            x = np.tanh(x) / 3.0
        return x
    x = np.ones((1 << 17, 2))
    expected = f(x)
    tracemalloc.start()
    try:
        np.testing.assert_allclose(compile(f)(x), expected, rtol=1e-12)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * x.nbytes


def test_views_of_inputs_come_first_and_take_a_call_each():
    """Of one that is so small that it is copied, none; of one with gaps, as they were written."""
    def f(x):
        return np.exp(np.reshape(x[1:], (-1,))[::-1]) * np.exp(x[0])[0]
    large = RNG.standard_normal((300, 300))
    for x, made in ((large, 2), (large[:10].copy(), 0), (large[:, ::-1], 0),
                    (np.asfortranarray(large), 0)):
        text = str_of(f, x)
        assert text.count("ndarray(") == made
        assert "ndarray(" not in text.partition("exp(")[2]
    frozen_one = large.copy()
    frozen_one.flags.writeable = False
    str_of(f, frozen_one)
