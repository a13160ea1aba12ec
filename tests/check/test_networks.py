"""Networks, smooth ones and ones with kinks by the hundred: right gradients are not called wrong,
wrong ones are found and named, in many numbers and in few calls."""
import numpy as np
import pytest

from minimeta import check_grads, grad, hvp
from minimeta.check.lines import _median, hidden

UNITS = {"relu": lambda v: np.maximum(v, 0), "leaky": lambda v: np.where(v > 0, v, 0.125 * v),
         "abs": np.abs, "maxout": lambda v: np.maximum(v, np.roll(v, 1, axis=1)), "tanh": np.tanh}


def network(unit, seed, dtype, sizes=None):
    """(loss, weights): the mean squared error of a network with two hidden layers."""
    rng, f = np.random.default_rng(seed), UNITS[unit]
    sizes = sizes or [int(n) for n in rng.integers((2, 4, 3, 1), (20, 40, 20, 6))]
    weights = {}
    for k, (a, b) in enumerate(zip(sizes, sizes[1:])):
        weights[f"W{k}"] = ((2 / a) ** 0.5 * rng.standard_normal((a, b))).astype(dtype)
        weights[f"b{k}"] = (0.1 * rng.standard_normal(b)).astype(dtype)
    points = rng.integers(4, 40)
    x, y = (rng.standard_normal((points, n)).astype(dtype) for n in (sizes[0], sizes[-1]))

    def loss(w):
        h = f(f(x @ w["W0"] + w["b0"]) @ w["W1"] + w["b1"])
        return np.mean((h @ w["W2"] + w["b2"] - y) ** 2)
    return loss, weights


def alarms(seeds, dtypes=("float32", "float64")):
    """The reports that call a right derivative wrong."""
    found = []
    for seed in seeds:
        for dtype in dtypes:
            unit = list(UNITS)[seed % len(UNITS)]
            report = check_grads(*network(unit, seed, dtype), order=2)
            if report.verdict == "WRONG" or unit == "tanh" and report.verdict != "OK":
                found.append(f"{seed} {dtype} {unit}\n{report}")
    return found


def test_a_right_gradient_of_a_network_is_not_called_wrong():
    assert not alarms((0, 1, 3, 4, 51, 83), ["float32"])


@pytest.mark.nightly
def test_right_gradients_of_many_networks_are_not_called_wrong():
    assert not alarms(range(100))


@pytest.mark.parametrize("unit", UNITS)
def test_a_wrong_entry_of_a_network_is_named_at_the_resolution_that_is_stated(unit):
    loss, weights = network(unit, 7, "float64", (8, 40, 6, 2))
    right = grad(loss)
    stated = {r.argument: r.resolution for r in check_grads(loss, weights, order=1).rows}

    def df(w):
        g = right(w)
        g["W0"] = g["W0"].copy()
        g["W0"][5, 17] += 1.05 * stated["w['W0']"]
        return g
    report = check_grads(loss, weights, order=1, df=df)
    row, = (r for r in report.rows if r.verdict == "WRONG")
    assert (row.argument, row.entry) == ("w['W0']", "[5, 17]")


def test_a_wrong_entry_of_the_hessian_is_named_at_the_resolution_that_is_stated():
    loss, weights = network("tanh", 3, "float64", (8, 40, 6, 2))
    rows = check_grads(loss, weights, df=grad(loss), hvp=lambda w, v: hvp(loss, w, v)).rows
    off = 1.05 * next(r.resolution for r in rows if r.order == 2 and r.argument == "w['W1']")

    def wrong(w, v):
        H = {k: a.copy() for k, a in hvp(loss, w, v).items()}
        H["W0"][2, 30] += off * v["W1"][11, 4]
        return H
    row, = (r for r in check_grads(loss, weights, df=grad(loss), hvp=wrong).rows
            if r.verdict == "WRONG")
    assert (row.argument, row.entry) == ("w['W1']", "[11, 4] by w['W0'][2, 30]")


def test_a_gradient_that_is_all_wrong_is_seen_in_few_calls():
    loss, weights = network("tanh", 3, "float64", (20, 60, 6, 2))
    calls = []

    def counted(w):
        calls.append(1)
        return loss(w)
    report = check_grads(counted, weights, order=1, df=lambda w: {
        k: 2 * g for k, g in grad(loss)(w).items()})
    assert {r.verdict for r in report.rows} == {"WRONG"}
    assert report.rows[0].reason == "about 1200 of 1200 entries are wrong"
    assert len(calls) < 45 * sum(w.size for w in weights.values())


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-3, 1])
def test_a_kink_close_by_is_reported_among_many_numbers(size, rng):
    x = rng.choice((-1, 1), 300) * rng.uniform(0.3, 1.5, 300) * size

    def f(x):
        return np.sum(np.maximum(x, 0)) + np.sum(np.sin(x))
    assert check_grads(f, x, order=1).verdict == ("INCONCLUSIVE" if size < 1e-8 else "OK")
    for distance in (0, -1e-12, 1e-9)[:1 if size < 1e-8 else 3]:
        x[3] = distance
        row, = check_grads(f, x, order=1).rows
        assert row.verdict == "INCONCLUSIVE" and row.reason.startswith("kink")
        assert row.entry == "[3]" or size < 1e-8


def test_a_large_error_is_wrong_among_kinks_and_a_small_one_is_not_blamed():
    x = np.concatenate([np.zeros(1), np.linspace(0.5, 1, 3)])

    def f(x):
        return np.stack([np.maximum(x[0], 0), x[0] + np.sum(np.sin(x))])

    def claim(off):
        e = np.eye(4)[0]
        return lambda x: np.stack([e * (x[0] > 0), np.cos(x) + e + off * e * (x[0] == 0)])
    assert check_grads(f, x, df=claim(100), order=1).verdict == "WRONG"
    assert check_grads(f, x, df=claim(0.5), order=1).verdict == "INCONCLUSIVE"


# ---------------------------------------------------------------- what it stands on

def test_a_hidden_kink_is_measured_and_a_smooth_function_has_none():
    t = 2.0 ** -np.arange(4, 12)[None, :, None]

    def left(p):
        return hidden(np.full(1, p(0.0)), p(t), p(-t), t)[0, :, 0]
    assert np.allclose(left(lambda t: 3 * np.maximum(t, 0) + t ** 2 + t ** 4)[2:], 3, atol=1e-9)
    assert np.max(left(lambda t: np.exp(t))[4:]) < 1e-6


def test_the_median_of_five(rng):
    a = rng.integers(0, 6, (5, 1000)).astype(float)
    assert np.array_equal(_median(*a), np.median(a, axis=0))
    a[2, 7] = np.nan
    assert np.isnan(_median(*a)[7]) and np.sum(np.isnan(_median(*a))) == 1
