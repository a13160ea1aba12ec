"""Never silently stale: whatever a compiled function reads besides its arguments."""
import collections
import dataclasses
import functools
import pickle
import random
import types
from typing import NamedTuple

import numpy as np
import pytest

from minimeta import compile, grad, primitive
from minimeta.compiler.capture import Capture

X = np.array([0.5, -1.0, 2.0])
LIST, DICT = [np.ones(3), 2.0], {"w": np.ones(3), "a": 2.0}
SCALE, ARRAY = 2.0, np.ones(3)


class Thing:
    """An object with an array, a number and a method; the class holds an array too."""
    shared = np.ones(3)

    def __init__(self):
        self.w, self.scale, self.unread = np.ones(3), 2.0, np.ones(3)

    def __call__(self, x):
        return x * self.w * self.scale

    def method(self, x):
        return np.sum(self(x) * self.shared)


class Pair(NamedTuple):
    w: np.ndarray
    scale: float


def programs(compiled):
    return sum(len(kind.traces) for kind in compiled.kinds.values())


def follows(f, *changes, traces=None):
    """Whether the compiled f follows f through changes of what it reads."""
    compiled = compile(f)
    ok = np.array_equal(compiled(X), f(X))
    for change in changes:
        change()
        ok = ok and all(np.allclose(compiled(X), f(X), rtol=1e-14) for _ in range(2))
    return ok and (traces is None or programs(compiled) == traces)


class Stale:
    """Planted: a compiled function that reads what it captures once."""

    def __init__(self, f):
        self.y = f(X)

    def __call__(self, x):
        return self.y


def test_a_stale_function_is_found(monkeypatch):
    w = np.ones(3)
    assert follows(lambda x: x * w, lambda: w.__setitem__(0, 5))
    monkeypatch.setitem(globals(), "compile", Stale)
    assert not follows(lambda x: x * w, lambda: w.__setitem__(0, 7))


def test_a_captured_array_is_read_at_each_call():
    w = np.ones(3)
    assert follows(lambda x: x * w, lambda: w.__setitem__(0, 5), traces=1)
    assert follows(lambda x: x * (w * 2 + 1), lambda: w.__setitem__(0, 6), traces=1)
    assert follows(lambda x: x * w[1:2], lambda: w.__setitem__(1, 6), traces=1)
    assert follows(lambda x: grad(lambda v: np.sum(v * x * w ** 2))(w),
                   lambda: w.__setitem__(0, 7), traces=1)


def test_a_branch_on_a_captured_array_is_a_guard():
    w = np.ones(3)
    assert follows(lambda x: x * 2 if w[0] > 0 else x, lambda: w.__setitem__(0, -1), traces=2)
    with pytest.raises(TypeError, match="float"):
        compile(lambda x: x * float(w[0]))(X)


def test_rebinding_a_closure():
    w, scale, flag = np.ones(3), 2.0, True

    def f(x):
        return x * w * scale if flag else x

    def new_array():
        nonlocal w
        w = np.arange(3.0)

    def other_shape():
        nonlocal w
        w = np.ones((2, 1))

    def new_number():
        nonlocal scale
        scale = 3.0

    def other_flag():
        nonlocal flag
        flag = False
    assert follows(f, new_array, traces=1)
    assert follows(f, other_shape, new_array, new_number, other_flag)


def test_globals(monkeypatch):
    def f(x):
        return x * ARRAY * SCALE + helper(x)
    assert follows(f, lambda: ARRAY.__setitem__(0, 4), traces=1)
    assert follows(f, lambda: monkeypatch.setitem(globals(), "ARRAY", np.arange(3.0)),
                   lambda: monkeypatch.setitem(globals(), "SCALE", 5.0),
                   lambda: monkeypatch.setitem(globals(), "helper", lambda x: -x))


def helper(x):
    return ARRAY + SCALE


@pytest.mark.parametrize("f, changes", [
    (lambda x: x * LIST[0] * LIST[1], [lambda: LIST.__setitem__(0, np.arange(3.0)),
                                       lambda: LIST.__setitem__(1, 3.0),
                                       lambda: LIST[0].__setitem__(1, 9)]),
    (lambda x: x * len(LIST), [lambda: LIST.append(1), lambda: LIST.pop()]),
    (lambda x: x * DICT["w"] * DICT["a"], [lambda: DICT["w"].__setitem__(0, 3),
                                           lambda: DICT.__setitem__("a", 4.0)]),
    (lambda x: x * len(DICT), [lambda: DICT.__setitem__("new", 1), lambda: DICT.pop("new")]),
], ids=["list", "length of a list", "dict", "length of a dict"])
def test_containers(f, changes):
    assert follows(f, *changes)


def test_other_kinds_of_arrays(tmp_path):
    mapped = np.memmap(tmp_path / "w", float, "w+", shape=3)
    words = np.array(["a", "b"])
    assert follows(lambda x: np.asarray(mapped) * x + mapped * 2, lambda: mapped.fill(3))
    assert follows(lambda x: x if words[0] == "a" else -x, lambda: words.fill("c"))


@pytest.mark.parametrize("make", [
    collections.OrderedDict, lambda **items: collections.defaultdict(None, items),
    lambda **items: vars(types.SimpleNamespace(**items))], ids=["ordered", "default", "vars"])
def test_other_dicts_captured_and_passed(make):
    d = make(w=np.ones(3), a=2.0)
    compiled = compile(lambda x, d: x * d["w"] * d["a"])
    assert follows(lambda x: x * d["w"] * d["a"], lambda: d["w"].__setitem__(0, 3), traces=1)
    assert follows(lambda x: x * d["w"] * d["a"], lambda: d.__setitem__("a", 4.0))
    for a in (1.0, 2.0):
        d["w"], d["a"] = np.full(3, a), a
        assert np.array_equal(compiled(X, d), X * d["w"] * d["a"])


def test_sets_namespaces_and_deques():
    names, space = {"twice"}, types.SimpleNamespace(w=np.ones(3), a=2.0)
    assert follows(lambda x: x * 2 if "twice" in names else x, lambda: names.discard("twice"))
    assert follows(lambda x: x * space.w * space.a, lambda: space.w.__setitem__(0, 3),
                   lambda: setattr(space, "a", 3.0))
    queue = collections.deque([np.ones(3)])
    with pytest.raises(TypeError, match="list"):
        compile(lambda x: x * queue[0])(X)


def test_objects_and_methods():
    thing = Thing()
    for f in (thing, thing.method, lambda x: thing.method(x), lambda x: x * thing.w,
              functools.partial(Thing.method, thing)):
        assert follows(f, lambda: thing.w.__setitem__(0, 3), traces=1)
        assert follows(f, lambda: setattr(thing, "w", np.arange(3.0)), traces=1)
        assert follows(f, lambda: setattr(thing, "scale", thing.scale + 1))
        assert follows(f, lambda: setattr(thing, "unread", np.zeros(3)), traces=1)
        assert follows(f, lambda: Thing.shared.__setitem__(0, Thing.shared[0] + 1))


def test_an_object_among_the_arguments():
    thing = Thing()
    compiled = compile(lambda x, things: x * things[0].scale + things[0].w + things[0](x))

    def check():
        assert np.array_equal(compiled(X, [thing]), X * thing.scale + thing.w + thing(X))
    check()
    thing.scale = 3.0
    check()
    thing.w[0] = 7
    check()
    thing.w = np.arange(3.0)
    check()
    thing = Thing()
    check()


def test_an_object_with_slots():
    @dataclasses.dataclass(slots=True)
    class Slotted:
        w: np.ndarray
        scale: float = 2.0
    thing = Slotted(np.ones(3))
    assert follows(lambda x: x * thing.w * thing.scale, lambda: thing.w.__setitem__(0, 3),
                   lambda: setattr(thing, "w", np.arange(3.0)),
                   lambda: setattr(thing, "scale", 3.0))


def test_a_compiled_function_inside_another():
    w = np.ones(3)
    inner = compile(lambda x: x * w)
    outer = compile(lambda x: inner(x) + 1)
    for i in range(4):
        w[0] = i
        assert np.array_equal(outer(X), X * w + 1) and np.array_equal(inner(X), X * w)
    assert programs(outer) == programs(inner) == 1


def test_a_compiled_method():
    class Model(Thing):
        @compile
        def predict(self, x):
            return np.tanh(x) * self.w * self.scale
    a, b = Model(), Model()
    b.w = np.arange(3.0)
    for change in (1, 2):
        for model in (a, b, a):
            assert np.array_equal(model.predict(X), np.tanh(X) * model.w * model.scale)
        a.w[0], a.scale = change, change + 1.0


def test_a_pickled_one_is_compiled_where_it_is_read():
    compiled = compile(helper)
    compiled(X)
    again = pickle.loads(pickle.dumps(compiled))
    assert np.array_equal(again(X), helper(X)) and again.f is helper


def test_named_tuples_defaults_and_modules():
    pair, module = Pair(np.ones(3), 2.0), types.ModuleType("settings")
    module.w, module.scale = np.ones(3), 2.0

    def f(x, w=np.ones(3), *, a=[2.0]):
        return x * w * a[0]
    assert follows(lambda x: x * pair.w * pair.scale, lambda: pair.w.__setitem__(0, 3), traces=1)
    assert follows(f, lambda: f.__defaults__[0].__setitem__(0, 3), traces=1)
    assert follows(f, lambda: f.__kwdefaults__["a"].__setitem__(0, 3.0))
    assert follows(lambda x: x * module.w * module.scale, lambda: module.w.__setitem__(0, 3),
                   lambda: setattr(module, "w", np.arange(3.0)),
                   lambda: setattr(module, "scale", 3.0))


def test_a_primitive_that_captures_an_array():
    w = np.ones(3)

    @primitive
    def mine(x):
        return x * w
    assert follows(mine, lambda: w.__setitem__(0, 5))


def test_functions_that_call_each_other():
    w = np.ones(3)

    def even(x, n):
        return x * w if n == 0 else odd(x, n - 1)

    def odd(x, n):
        return even(x, n - 1) + w
    assert follows(lambda x: even(x, 4), lambda: w.__setitem__(0, 5), traces=1)


# ---------------------------------------------------------------- what raises

def test_writing_to_what_is_captured_raises():
    count, thing = 0, Thing()

    def counts(x):
        nonlocal count
        count += 1
        return x

    def appends(x):
        LIST.append(1)
        return x * LIST[0]

    def sets(x):
        thing.scale += 1
        return x

    def trains(x):
        thing.w = thing.w - x
        return np.sum(x)

    def keeps(x):
        DICT["w"] = x
        return x
    for f in (counts, appends, sets, trains, keeps):
        w = DICT["w"]
        with pytest.raises(TypeError, match="return the new value"):
            compile(f)(X)
        DICT["w"] = w
    w = ARRAY.copy()

    def writes(x):
        ARRAY[0] = 5
        return x
    with pytest.raises(TypeError, match="use the returned array"):
        compile(writes)(X)
    assert np.array_equal(ARRAY, w)


def test_random_numbers_raise():
    rng, old, python = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)

    class Sampler:
        rng = np.random.default_rng(1)

        def __init__(self):
            self.own = np.random.default_rng(2)

        def draw(self, x):
            return x + self.own.random(3)

        def from_class(self, x):
            return x + self.rng.random(3)
    for f in (lambda x: x + rng.random(3), lambda x: x + old.rand(3),
              lambda x: x * python.random(), lambda x: x * random.random(),
              lambda x: x + np.random.rand(3), Sampler().draw, Sampler().from_class,
              lambda x, rng=rng: x + rng.normal(size=3)):
        with pytest.raises(TypeError, match="random numbers"):
            compile(f)(X)
    with pytest.raises(TypeError, match="random numbers"):
        compile(lambda x, rng: x + rng.random(3))(X, rng)


def test_iterators_raise():
    numbers = iter([1, 2, 3])
    with pytest.raises(TypeError, match="iterator"):
        compile(lambda x: x * next(numbers))(X)
    with pytest.raises(TypeError, match="iterator"):
        compile(lambda x, n: x * next(n))(X, numbers)


def test_nothing_is_compared_twice_and_arrays_are_no_guards():
    w = np.ones(3)

    def f(x):
        return x * w * ARRAY + helper(x)
    capture = Capture(f)
    places = [(id(holder), key) for _, holder, key, _ in capture.guards]
    assert len(set(places)) == len(places) and len(capture.slots) == 2
    assert not any(type(held) is np.ndarray for *_, held in capture.guards)
