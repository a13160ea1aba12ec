"""Compiled functions on a device: the numbers of the functions themselves, on buffers there.

Read next: test_batched.py.
"""
import re
import sys
import tracemalloc
import types

import numpy as np
import pytest

from minimeta import compile, grad, hessian, hvp, jvp, value_and_grad
from minimeta.autodiff.tree import flatten
from minimeta.compiler import arrays, buffers
from minimeta.device import GPU, on_gpu, to_host
from tests.compiler.test_random_programs import SHAPES, program

from .log import counted
from .standin import Array
from .test_meta import LEARNERS, episodes

X = np.array([[0.3, -0.5, 0.8], [1.5, 0.1, -2.0]])
W = np.array([[0.2, -1.0], [0.7, 0.4], [-0.3, 0.9]])


def same(a, b):
    """Whether two results are alike: structure, types, dtypes, where they lie, and every bit; on a
    GPU, whose libraries may choose by where memory begins, up to rounding."""
    a, b = flatten(a)[0], flatten(b)[0]
    return len(a) == len(b) and all(
        type(x) is type(y) and getattr(x, "dtype", 0) == getattr(y, "dtype", 0)
        and _equal(to_host(x), to_host(y), on_gpu(x) and type(x) is not Array)
        for x, y in zip(a, b))


def _equal(x, y, rounded):
    if np.asarray(x).dtype.kind not in "fc" or np.shape(x) != np.shape(y):
        return np.array_equal(x, y)
    if not rounded:
        return np.array_equal(x, y, equal_nan=True)
    bound = 1e3 * np.finfo(x.dtype).eps
    return np.allclose(x, y, bound, bound * np.max(np.abs(y), initial=0), equal_nan=True)


def test_same_sees_a_difference(put):
    x = put(X)
    assert same([x, 1.0], [put(X), 1.0]) and not same([x], [x, x]) and not same(x, X)
    assert not same(x, 1.01 * x) and not same(x, put(X.astype(np.float32)))
    assert not same(x, x[:1]) and not same(1.0, 2.0)
    assert _equal(X, X * (1 + 1e-15), True) and not _equal(X, X * (1 + 1e-15), False)
    assert not _equal(X, X * 1.01, True)


def programs(compiled):
    return sum(len(kind.traces) for kind in compiled.kinds.values())


def energy(x, w):
    return np.sum(np.tanh(x @ w) ** 3) + np.sum(np.exp(x) * x)


CASES = {
    "gradient": (grad(energy), X, W),
    "value and gradient": (value_and_grad(energy), X, W),
    "Hessian": (hessian(energy), X, W),
    "Hessian by blocks": (hessian(lambda x: np.sum(np.tanh(x) ** 3 * x, axis=-1), batched=True),
                          X[0]),
    "hvp": (lambda x, v, w: hvp(lambda x: energy(x, w), x, v), X, 2 * X, W),
    "jvp": (lambda x, v: jvp(np.tanh, (x,), (v,)), X, 2 * X),
    "powers": (lambda x: [np.abs(x) ** p for p in (-1, 0, 0.5, 1, 2, 3)], X),
    "containers": (lambda d, a: {"w": [d["w"] * a, (d["b"], None)], "n": "s"},
                   {"w": X, "b": W}, 0.5),
    "numbers": (lambda x: (np.sum(x), x[0, 0], x.sum() * 2, 3, x.shape, x[1, 1:].mean()), X),
    "an entry, long kept": (lambda x: (np.exp(np.sin(x) + 1)[0, 1] * np.sum(np.cos(np.tan(
        np.sin(x)) + 2) * 3), np.tanh(x) + 1), X),
    "views": (lambda x: (x, x.T, x[0], x[:, ::-1], np.broadcast_to(x, (2, 2, 3))), X),
    "constants": (lambda x: (np.ones_like(x), x * np.arange(3.0, like=x), np.zeros_like(x) + x), X),
    "extremes": (lambda x: (np.max(x, axis=1), np.min(x), np.any(x > 1), np.all(x > -9, 0)), X),
    "an answer": (lambda x, y: (np.array_equal(x, y), np.allclose(x, x + y)), X, -X),
    "einsum": (lambda x, w: np.exp(np.einsum("ij,jk->ik", x, w)) * 2, X, W),
    "joined": (lambda x, w: np.concatenate([np.exp(x), w.T]) * np.stack([x, x])[0, :1], X, W),
    "indices": (lambda x, i: (x[:, i] * 2, np.take(x, [0, 2], axis=1)), X, np.array([2, 0, 0])),
    "float32": (lambda x, a: np.mean(x * a, axis=0) + 1 - a, X.astype(np.float32), 0.1),
    "where": (lambda x: np.where(x > 0, x, 0.0) + np.maximum(x, 0), X),
    "several outputs": (lambda x: (np.split(np.exp(x), 3, axis=1), np.linalg.svd(x)[1]), X),
    "no axes": (lambda x: (np.exp(x) * x + 1, x[()]), np.array(0.5)),
    "an empty array": (lambda x: (np.tanh(x) + 1, np.sum(x)), np.zeros((0, 3))),
    "a branch": (lambda x: x * 2 if np.sum(x) > 0 else -x, X),
}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_the_function(name, exact, put, get):
    f, *args = CASES[name]
    args = put(args)
    compiled, expected = compile(f, exact=exact), f(*args)
    found = [compiled(*args) for _ in range(3)]      # one that is kept is not written to again
    assert programs(compiled) == 1
    for each in found:
        if exact:
            assert same(each, expected)
        for a, b in zip(flatten(each)[0], flatten(expected)[0], strict=True):
            assert type(a) is type(b)
            if on_gpu(a):
                assert a.dtype == b.dtype and a.shape == b.shape
                np.testing.assert_allclose(get(a).astype(complex), get(b).astype(complex),
                                           rtol=1e-5 if a.dtype == np.float32 else 1e-12,
                                           atol=1e-12)


def check_random(seed, device):
    dtype = np.float64 if seed % 2 else np.float32
    rng, loss = np.random.default_rng(seed), program(seed)
    parts = device.put([rng.standard_normal(shape).astype(dtype) for shape in SHAPES])

    def f(parts):
        return loss(parts, list)

    def step(parts):
        value, g = value_and_grad(f)(parts)
        return value, g, [p - 0.1 * d for p, d in zip(parts, g)]
    compiled = compile(step, exact=True)
    for scale in (1.0, -0.5, 0.1):
        moved = [scale * p for p in parts]
        assert same(compiled(moved), step(moved))
    assert compiled.kinds


@pytest.mark.parametrize("seed", range(20))
def test_random_programs(seed, device):
    check_random(seed, device)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20, 300))
def test_random_programs_at_length(seed, device):
    check_random(seed, device)


def test_a_buffer_that_is_free_too_early_is_caught(device, monkeypatch):
    last_uses = buffers._last_uses
    monkeypatch.setattr(buffers, "_last_uses", lambda program: {
        key: max(i - 2, 0) for key, i in last_uses(program).items()})
    caught = 0
    for seed in range(6):
        try:
            check_random(seed, device)
        except AssertionError:
            caught += 1
    assert caught > 2


def test_what_pays_on_a_cpu_alone_is_left_out(put):
    """Numbers that become arrays, masks that become numbers; squares are squares if asked."""
    def f(x):
        mask = x > 0
        return np.maximum(x, 0) * 3.0 + mask * x + mask * (x + 1.0), x ** 2
    for exact in (True, False):
        compiled = compile(f, exact=exact)
        found, text = compiled(put(X)), str(compiled)
        np.testing.assert_allclose(to_host(found[0]), f(X)[0], rtol=1e-12)
        assert re.search(r"maximum\(\w+, 0,", text) and "3.0" in text and "copyto" not in text
        assert ("square" in text) == (not exact) == ("power" not in text)


# ---------------------------------------------------------------- learners

@pytest.mark.parametrize("name", LEARNERS)
def test_steps(name, device, get, watched, pytestconfig):
    """From the third on they wait for nothing, and call less than they do as they are."""
    eager, exact, fast = (LEARNERS[name]().to(device) for _ in range(3))
    exact.compiled(exact=True), fast.compiled()
    for k, episode in enumerate(map(device.put, episodes(name, 4))):
        with counted() as all_calls:
            loss = eager.meta_train_step(episode)
        for learner in (exact, fast):
            if k < 2:
                found = learner.meta_train_step(episode)
            else:
                with watched() as log, counted() as calls:
                    found = learner.meta_train_step(episode)
                assert log == []
                if pytestconfig.getoption("--device") == "standin":
                    assert len(calls) < len(all_calls)
            assert on_gpu(found) and on_gpu(learner.theta)
            np.testing.assert_allclose(get(found), get(loss), rtol=1e-4)
            if learner is exact and pytestconfig.getoption("--device") == "standin":
                assert same(found, loss) and same(learner.theta, eager.theta)
    assert programs(exact._compiled) == programs(fast._compiled) == 1


def test_labels_out_of_range_give_nan(device, get):
    learner = LEARNERS["MAML, conv4"]().to(device).compiled()
    episode = episodes("conv4", 1)[0]
    assert np.isfinite(get(learner.meta_train_step(device.put(episode))))
    assert np.isnan(get(learner.meta_train_step(device.put(episode._replace(yq=episode.yq + 1)))))


# ---------------------------------------------------------------- memory

def chain(x):
    for _ in range(5):
        x = np.tanh(x * 1.5) + 0.5
    return x


def test_a_call_allocates_its_results_alone(device, pytestconfig, monkeypatch):
    x, blocks, empty = device.put(np.ones(100_000)), [], GPU.empty
    monkeypatch.setattr(GPU, "empty", lambda self, n: blocks.append(n) or empty(self, n))
    peaks = []
    for f in (compile(chain), chain):
        for _ in range(2):
            f(x)
        made = len(blocks)
        if pytestconfig.getoption("--device") == "gpu":
            assert f is chain or device.held(lambda: f(x)) <= 2 * x.nbytes
            continue
        tracemalloc.start()
        f(x)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(blocks) == made > 0
    if peaks:
        assert peaks[0] < 1.1 * x.nbytes and peaks[1] > 1.9 * x.nbytes      # the second is caught


def test_lanes_share_no_buffers(device, monkeypatch):
    """What one stream has been sent may still be running when another one starts."""
    f, x = compile(chain), device.put(X)
    f(x)
    (trace, ), = (kind.traces for kind in f.kinds.values())
    first, = trace.idle.values()
    monkeypatch.setattr(GPU, "lane", lambda self: (0, 12345))
    f(x)
    assert len(trace.idle) == 2 and len(first) == len(trace.idle[0, 12345]) == 1
    assert first[0] is not trace.idle[0, 12345][0]
    f.free()
    assert not trace.idle


# ---------------------------------------------------------------- what a program depends on

def test_a_new_shape_traces_anew_and_so_does_the_host(put):
    f = compile(lambda x: np.exp(x) * 2, exact=True)
    for x in (X, X[:1], X.astype(np.float32)):
        assert same(f(put(x)), np.exp(put(x)) * 2) and same(f(x), np.exp(x) * 2)
    assert programs(f) == 6


def test_any_order_of_memory_is_the_same(put):
    f, x = compile(lambda x: (np.exp(x[0]), x.reshape(-1) * 2), exact=True), put(X)
    for a in (x, put(X.T.copy()).T, put(np.tile(X, 2))[:, ::2][:, :3], x[:, ::-1]):
        assert same(f(a), (np.exp(a[0]), a.reshape(-1) * 2))
    assert programs(f) == 1


def test_captured_arrays_are_read_at_each_call(put):
    box = types.SimpleNamespace(scale=put(np.ones(3)))
    held = put(np.ones(3))
    f, x = compile(lambda x: x * box.scale + held, exact=True), put(X)
    assert same(f(x), x + 1)
    held.fill(5.0)
    box.scale = put(np.full(3, 2.0))
    assert same(f(x), x * 2 + 5) and programs(f) == 1
    box.scale = put(np.ones((2, 1)))
    assert same(f(x), x + 5) and programs(f) == 2
    g = compile(lambda a: held * a, exact=True)                # no argument is on the device
    assert same(g(2.0), held * 2.0) and same(g(3.0), held * 3.0) and programs(g) == 1


def test_guards_hold_on_the_device(put):
    f = compile(lambda x: x * 2 if np.sum(x) > 0 else -x, exact=True)
    for x in (put(X), put(-X), put(X)):
        assert same(f(x), CASES["a branch"][0](x))
    assert programs(f) == 2
    n = compile(lambda x, n: x[:int(n)], exact=True)
    for k in (1, 2, 1):
        assert same(n(put(X), put(np.array(k))), put(X)[:k])


# ---------------------------------------------------------------- what is refused

def test_a_constant_left_on_the_host_is_caught(put):
    """By the array that it meets: the program moves its constants, once."""
    f, x = compile(lambda x: np.exp(x) * np.arange(3.0, like=x)), put(X)
    expected = f(x)
    (trace, ), = (kind.traces for kind in f.kinds.values())
    assert any(isinstance(a, np.ndarray) for a in trace.source.constants.values())
    assert same(trace.rebuild(trace.source.make()(x)), expected)
    trace.source.device = types.SimpleNamespace(
        empty=trace.source.device.empty, place=trace.source.device.place, put=lambda a: a)
    with pytest.raises(TypeError, match="nsupported type"):
        trace.source.make()(x)


@pytest.mark.parametrize("f", [lambda x: x * np.ones(3), lambda x: np.where(x > 0, x, np.ones(3)),
                               lambda x: np.concatenate([x, np.ones((1, 3))]),
                               lambda x: np.sum(x * HOST)])
def test_what_does_not_mix_raises_what_it_raises_without(f, put):
    compiled = compile(f)
    for _ in range(2):
        with pytest.raises(TypeError) as told:
            f(put(X))
        with pytest.raises(TypeError) as ours:
            compiled(put(X))
        assert str(told.value) == str(ours.value)
    assert not programs(compiled)


HOST = np.ones(3)


def test_arguments_of_both_kinds_run_as_they_are(put):
    f = compile(lambda x, y: (x * 2, y * 2), exact=True)
    assert same(f(put(X), X), (put(X) * 2, X * 2)) and not f.kinds


def test_where_no_program_fits_the_function_runs_and_says_so(put):
    f = compile(lambda x: (np.exp(x), np.ones(3)), exact=True)
    with pytest.warns(UserWarning, match="not compiled for the GPU: it returns an array of the h"):
        found = f(put(X))
    for found in (found, f(put(X))):                    # and no second warning: it is an error
        assert same(found, (np.exp(put(X)), np.ones(3)))
    assert not programs(f)


def test_a_call_that_is_refused_in_the_replay_runs_as_it_is(put, monkeypatch):
    f, x = compile(lambda x: np.exp(x) * 2, exact=True), put(X)
    monkeypatch.setitem(sys.modules, "cupy.lib.stride_tricks", types.SimpleNamespace())
    with pytest.warns(UserWarning, match="not compiled for the GPU: AttributeError"):
        assert same(f(x), np.exp(x) * 2)


@pytest.mark.parametrize("f, says", [
    (lambda x: x * float(np.sum(x)), "float"), (lambda x: x * to_host(x)[0, 0], "get")])
def test_a_look_at_numbers_raises(f, says, put):
    with pytest.raises(TypeError, match=says):
        compile(f)(put(X))


class Box:
    """What a class holds is out of reach of a copy of the function."""


@pytest.mark.parametrize("f", [lambda x: x * Box.scale, lambda x: Box.scale * x,
                               lambda x: x + Box.put([np.ones(3)])[0]])
def test_what_would_be_stale_runs_as_it_is(f, put, monkeypatch):
    monkeypatch.setattr(Box, "scale", put(np.ones(3)), raising=False)
    monkeypatch.setattr(Box, "put", staticmethod(put), raising=False)
    compiled, x = compile(f), put(X)
    with pytest.warns(UserWarning, match="by itself, or captures one out of reach"):
        assert same(compiled(x), f(x))
    Box.scale.fill(5.0)
    assert same(compiled(x), f(x)) and not programs(compiled)


def test_what_calls_cupy_itself_runs_as_it_is(put):
    def tanh(x):
        """As CuPy's functions do."""
        if "cupy" not in type(x).__module__:
            raise TypeError(f"Unsupported type {type(x)}")
        return np.tanh(x)
    compiled, x = compile(lambda x: tanh(x) * 2), put(X)
    with pytest.warns(UserWarning, match="it calls CuPy itself"):
        assert same(compiled(x), np.tanh(x) * 2)


def test_constants_of_a_trace_stay_arrays():
    """As on a device, where a sum over all axes has shape ()."""
    ones = arrays.fresh(np.ones((2, 3)))
    for a in (ones * 2, np.sum(ones), np.tanh(np.sum(ones)), np.broadcast_to(np.sum(ones), (4,)),
              np.concatenate([ones, ones]), np.max(ones, axis=0), ones[0]):
        assert type(a) is arrays.Fresh and on_gpu(a)
    ones[0] = 5
    assert type(ones.get()) is np.ndarray and ones.get()[0, 0] == 5
