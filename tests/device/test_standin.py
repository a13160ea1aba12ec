"""The stand-in itself: each slip that a GPU would punish is caught; its table is CuPy's own."""
import importlib
import pickle
import sys

import numpy as np
import pytest
import scipy.special

from minimeta import defvjp, grad, primitive
from minimeta.device import on_gpu, to_host

from . import special
from .log import watched
from .standin import Array, StandIn
from .surface import signature, survey, table
from .waits import ALWAYS, SCIENCE, SOMETIMES

put = StandIn().put
X = put(np.array([0.3, -0.5, 0.8]))


def through(rule):
    """A gradient that runs this rule on a device array."""
    @primitive
    def planted(x):
        return x * 2
    defvjp(planted, rule)
    return grad(lambda x: np.sum(planted(x)))(X)


# ---------------------------------------------------------------- slips that raise

@pytest.mark.parametrize("rule", [
    lambda g, y, x: g * np.array([2.0, 2.0, 2.0]),                  # a constant of NumPy's
    lambda g, y, x: g * np.ones(3) * 2,
    lambda g, y, x: g * np.array(2.0),                              # also of no axes
    lambda g, y, x: np.where(np.array([True, True, True]), g * 2, 0),
    lambda g, y, x: np.asarray(g) * 2,                              # a conversion
    lambda g, y, x: np.multiply(np.array(g), 2),
    lambda g, y, x: np.concatenate([g[:1], np.zeros(2)]),           # zeros of the host
    lambda g, y, x: np.reshape(g * 2, shape=(3,)),                  # CuPy's name is newshape
    lambda g, y, x: np.sum(np.stack([g, g]), axis=0, initial=0.0),  # an argument that it lacks
    lambda g, y, x: np.maximum.reduce(np.stack([g, g])),
    lambda g, y, x: np.vecdot(g, g) + g,                            # a function that it lacks
    lambda g, y, x: np.block([g]),
    lambda g, y, x: np.einsum("ij,j->i", np.eye(3), g),
], ids=range(13))
def test_a_slip_in_a_rule_raises(rule):
    with pytest.raises((TypeError, NotImplementedError)):
        through(rule)


@pytest.mark.parametrize("forward", [
    lambda x: np.sum(x + np.zeros(3)), lambda x: np.sum(x @ np.eye(3)),
    lambda x: np.sum(np.stack([x, np.ones(3)])), lambda x: np.sum(np.maximum(x, np.zeros(3)))])
def test_an_array_of_the_host_in_a_loss_raises(forward):
    for run in (forward, grad(forward)):
        with pytest.raises(TypeError):
            run(X)


@pytest.mark.parametrize("write", [
    lambda out: out.__setitem__(0, np.array(1.0)), lambda out: out.__setitem__(slice(2), [1, 2]),
    lambda out: out.__setitem__(slice(2), np.ones(2)), lambda out: out.fill(np.ones(1)),
    lambda out: np.add.at(out, (put(np.array([0])),), 1.0),         # an index that is a tuple
    lambda out: np.add.at(out.astype(complex), put(np.array([0])), 1.0),
    lambda out: np.multiply.at(out, put(np.array([0])), 2.0),
    lambda out: np.exp(X, out=np.zeros(3)), lambda out: np.copyto(out, np.ones(3)),
    lambda out: out.__iadd__(np.ones(3))], ids=range(10))
def test_writing_from_the_host_raises(write):
    with pytest.raises((TypeError, NotImplementedError)):
        write(X.copy())


@pytest.mark.parametrize("name", "at itemset tostring ctypes newbyteorder setflags".split())
def test_what_cupys_arrays_lack_is_lacking(name):
    assert not hasattr(X, name)
    with pytest.raises(TypeError):
        range(put(np.array(3)))                                     # no __index__


def test_its_attributes_are_all_cupys():
    ours = {name for name in vars(Array) if not name.startswith("_")}
    assert {"ndarray." + name for name in ours} <= table().keys()


# ---------------------------------------------------------------- slips that are logged

@pytest.mark.parametrize("rule, what", [
    (lambda g, y, x: g * 2 * float(x[0] ** 0), "float"),
    (lambda g, y, x: g * 2 if x[0] > 0 else g, "bool"),
    (lambda g, y, x: g * 2 * int(x[0] ** 0), "int"),
    (lambda g, y, x: g * 2 * (x[0] ** 0).item(), "item"),
    (lambda g, y, x: g * sum(np.ones_like(x).tolist()), "tolist"),
    (lambda g, y, x: g * 2 * to_host(x)[0] ** 0, "get"),
    (lambda g, y, x: np.stack([2 * row for row in g]), "iteration"),
    (lambda g, y, x: g * 2 if np.any(x > 0) else g, "bool"),
    (lambda g, y, x: g[x > -9] * 2, "boolean index"),
    (lambda g, y, x: g * np.nonzero(x)[0].size, "np.nonzero"),
    (lambda g, y, x: g * (2 if 0.3 in x else 1), "iteration"),
    (lambda g, y, x: g * len(f"{x}") ** 0, "format"),
    (lambda g, y, x: g[np.array([0, 1, 2])] * 2, "host index"),
    (lambda g, y, x: g[[0, 1, 2]] * 2, "host index"),
    (lambda g, y, x: np.take(g, [0, 1, 2]) * 2, "host index")])
def test_a_slip_in_a_rule_is_logged_with_its_line(rule, what):
    with watched() as log:
        through(rule)
    assert any(what in line and ("test_standin.py" in line or what == "get") for line in log), log


def test_the_log_is_quiet_outside_and_where_nothing_waits():
    bool(X[0] > 0)
    with watched() as log:
        np.sum(np.exp(X)[1:] * 2) - np.float64(1) + X[put(np.array([0]))]
    bool(X[0] > 0)
    assert log == []


def test_logs_nest():
    with watched() as outer:
        with watched() as inner:
            float(X[0])
        float(X[0])
    assert len(inner) == 1 and len(outer) == 2


# functions of CuPy that look at numbers inside -> a call that does, and one that does not
INSIDE = [
    (lambda x: np.nanmax(x), np.max), (lambda x: np.nanmin(x), np.min),
    (lambda x: np.average(x, weights=x), np.average),
    (lambda x: np.linspace(x, 2.0), lambda x: np.linspace(0.0, 1.0)),
    (lambda x: np.array_equal(x, x, equal_nan=True), lambda x: np.array_equal(x, x)),
    (lambda x: np.gradient(x, x), lambda x: np.gradient(x, 0.1)),
    (lambda x: np.quantile(x, np.abs(x)), lambda x: np.quantile(x, 0.5)),
    (lambda x: np.percentile(x, np.abs(x)), lambda x: np.percentile(x, 50)),
    (lambda x: np.where(x > 0), lambda x: np.where(x > 0, x, 0)),
    (lambda x: np.linalg.cond(np.diag(x)), lambda x: np.linalg.svd(np.diag(x))),
    (lambda x: np.isin(x, x), np.isnan)]


@pytest.mark.parametrize("waiting, quiet", INSIDE, ids=range(len(INSIDE)))
def test_waits_inside_of_cupy_are_logged(waiting, quiet):
    with watched() as log:
        quiet(X)
    assert log == []
    with watched() as log:
        waiting(X)
    assert len(log) >= 1 and all("synchronisation: np." in line for line in log)


def test_what_waits_is_in_the_table():
    assert ALWAYS <= table().keys()
    assert SOMETIMES.keys() <= table().keys()


# ---------------------------------------------------------------- as CuPy does it

def test_reductions_give_arrays():
    for y in (np.sum(X), X.sum(), np.max(X), X[0], np.array_equal(X, X), np.add.reduce(X)):
        assert type(y) is Array and y.shape == ()


def test_an_index_beyond_the_end_wraps():
    index = put(np.array([3, -4, 1]))
    assert X[index].get().tolist() == [0.3, 0.8, -0.5]
    table = put(np.arange(6.0).reshape(2, 3))
    assert table[..., index].get().tolist() == [[0, 2, 1], [3, 5, 4]]
    assert table[None, index, 1].get().tolist() == [[4, 1, 4]]
    with pytest.raises(IndexError):
        X[3]


def test_scalars_and_comparisons_with_arrays_without_axes_are_fine():
    assert (X * np.float32(2)).dtype == np.float64 and (2 * X - 1j).dtype == complex
    assert (X > np.array(0.0)).get().tolist() == [True, False, True]


def test_creation_with_like():
    for y in (np.arange(3, like=X), np.asarray([1, 2], like=X), np.tri(2, like=X)):
        assert on_gpu(y)
    with pytest.raises(TypeError, match="device"):
        np.eye(3, like=X)               # NumPy passes device= on, which CuPy's eye has not


def test_it_counts_as_an_array_on_a_gpu():
    assert on_gpu(X) and type(to_host({"x": [X]})["x"][0]) is np.ndarray


def test_scipys_functions(monkeypatch):
    special.install(monkeypatch)
    assert on_gpu(scipy.special.erf(X)) and not hasattr(sys.modules["cupyx.scipy.special"], "jv")
    with pytest.raises(TypeError):
        scipy.special.jv(2, X)
    with pytest.raises(TypeError, match="device arrays"):
        sys.modules["cupyx.scipy.special"].erf(np.ones(2))


def test_scipys_functions_are_as_narrow_as_cupys(monkeypatch):
    special.install(monkeypatch)
    linalg, matrix = sys.modules["cupyx.scipy.linalg"], put(np.eye(3))
    with watched() as log:
        linalg.expm(matrix)
    assert len(log) == 1 and "expm" in SCIENCE
    with pytest.raises(ValueError, match="a stack"):
        linalg.expm(put(np.zeros((2, 3, 3))))
    with pytest.raises(ValueError, match="batch"):
        linalg.solve_triangular(matrix, put(np.ones((2, 3, 1))))


def test_copies_and_pickle():
    assert np.array_equal(pickle.loads(pickle.dumps(X.a)), X.get())
    y = X.copy()
    y[0] = 7
    assert float(X[0]) == 0.3


# ---------------------------------------------------------------- the table

def test_the_table_is_cupys():
    cupy = pytest.importorskip("cupy")
    if not cupy.__version__.startswith("14."):
        pytest.skip(f"the table is of CuPy 14, this is {cupy.__version__}")
    found = survey(importlib.import_module("cupy"))
    both = found.keys() & table().keys()        # NumPy's functions differ from version to version
    assert {name: found[name] for name in both} == {name: table()[name] for name in both}
    assert not any(name.startswith(("ndarray.", "special.")) for name in found.keys() ^ both)
    assert len(both) > 0.9 * len(table())


def test_the_table_can_be_read():
    assert len(table()) > 400 and "vecdot" not in table() and "linalg.inv" in table()
    for name, arguments in table().items():
        if arguments not in ("ufunc", "attribute", "function"):
            signature(name)
