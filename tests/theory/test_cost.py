"""A3: counts of multiply-adds that are known, and their growth."""
import numpy as np
import pytest

from minimeta import grad, hvp, stop_gradient
from minimeta.autodiff.rules.linalg import times_transposed, transposed_times
from minimeta.nn.layers import affine
from minimeta.theory.cost import (SMALL, WIDTHS, graph, growth, jobs, kept_bytes, multiply_adds,
                                  network, picture, verify)
from minimeta.theory.losses import smooth_loss
from tests.theory.problems import caught, close, plant, verified


@pytest.mark.parametrize("f, count", [
    (lambda t: t * t, 6), (lambda t: t + 1.0, 6), (np.tanh, 6), (np.sum, 6),
    (lambda t: np.reshape(t, (2, 3)), 0), (lambda t: t[2:], 0), (lambda t: t[:1] * t, 6),
    (lambda t: np.reshape(t, (2, 3)) @ np.ones((3, 4)), 24),
    (lambda t: np.ones((5, 2)) @ np.reshape(t, (2, 3)), 30),
    (lambda t: np.reshape(t, (2, 3)) @ np.ones(3), 6), (lambda t: t @ t, 6),
    (lambda t: affine(np.reshape(t, (1, 2, 3)), np.ones((3, 4)), np.ones(4)), 24),
    (lambda t: times_transposed(np.reshape(t, (1, 2, 3)), np.ones((1, 5, 3))), 30),
    (lambda t: transposed_times(np.reshape(t, (1, 2, 3)), np.ones((1, 2, 5))), 30),
    (lambda t: np.ones((7, 1)) * t, 42), (lambda t: np.concatenate([t, t]), 0),
    (lambda t: np.sum(np.exp(t) * t), 18), (lambda t: t, 0), (lambda t: np.ones(3), 0),
    (lambda t: stop_gradient(t) * 2, 0), (lambda t: [np.exp(t), np.tanh(t)][0], 6)])
def test_known_counts(f, count):
    assert multiply_adds(f, np.arange(1.0, 7)) == count


def test_the_graph_holds_each_node_once():
    nodes = graph(lambda t: np.exp(t) + np.exp(t) * 2, np.ones(3))
    assert sorted(n.fn.__name__ for n in nodes) == ["add", "exp", "exp", "identity", "multiply"]
    shared = graph(lambda t: (lambda e: e + e * 2)(np.exp(t)), np.ones(3))
    assert sorted(n.fn.__name__ for n in shared) == ["add", "exp", "identity", "multiply"]
    assert graph(lambda t: np.ones(3), np.ones(3)) == []


def test_bytes_kept():
    theta = np.ones(10)
    assert kept_bytes(np.exp, theta) == 160                       # theta and its exponential
    assert kept_bytes(lambda t: np.reshape(np.exp(t), (2, 5)), theta) == 160     # no views
    assert kept_bytes(lambda t: np.linalg.svd(np.ones((2, 2)))[1] * np.sum(t), theta) == 80 + 8 + 16


def test_the_jobs_compute_what_they_are_called(rng):
    loss, theta = smooth_loss(rng, 3), rng.standard_normal(3)
    phi = theta - 0.2 * loss.gradient(theta)
    run = jobs(loss, 1, alpha=0.2)
    assert close(run["gradient"](theta), loss.gradient(theta))
    assert close(run["H v"](theta), loss.hessian(theta) @ np.ones(3))
    assert close(run["FOMAML"](theta), loss.gradient(phi))
    assert close(run["MAML"](theta), loss.gradient(phi) - 0.2 * loss.hessian(theta) @ (
        loss.gradient(phi)))


@pytest.mark.parametrize("width, size", [(4, 33), (64, 4353), (512, 264193)])
def test_networks(rng, width, size):
    loss, theta = network(rng, width)
    assert theta.shape == (size,) and np.shape(loss(theta)) == () and loss(theta) > 0


def test_the_number_of_points_scales_the_count(rng):
    eight, two = (network(rng, 64, *points) for points in ((), (2,)))
    ratio = multiply_adds(*eight) / multiply_adds(*two)
    assert 3.9 < ratio < 4.05


def test_growth():
    n = np.array([10, 100, 1000])
    assert growth(n, 3 * n ** 2) == pytest.approx(2)


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "loglog" and [len(x) for _, x, _ in drawn.lines] == [8, 8, 8, 4]
    for (label, x, y), expected, limit in zip(drawn.lines, (1, 1, 1, 2), (0.03, 0.03, 0.03, 0.1)):
        assert f"slope {expected}" in label and abs(growth(x[-4:], y[-4:]) - expected) < limit
    gradient, fomaml, maml, hessian = (y for _, _, y in drawn.lines)
    assert (gradient < fomaml).all() and (fomaml < maml).all() and maml[3] < hessian[3]
    problem = network(rng, 4, points=2)
    for (_, x, y), name in zip(drawn.lines, ("gradient", "FOMAML", "MAML")):
        assert x[0] == 33 and y[0] == multiply_adds(jobs(problem[0], 2)[name], problem[1])


def test_sizes_span_two_decades():
    assert (WIDTHS, SMALL) == ((64, 128, 256, 512), (4, 6, 8, 12))


def test_memory_grows_with_steps_and_hv_is_a_few_gradients(rng):
    loss, theta = network(rng, 32)
    count = {name: multiply_adds(f, theta) for name, f in jobs(loss, 3).items()}
    assert count["gradient"] < count["H v"] < 4 * count["gradient"]
    assert 4 * count["gradient"] <= count["FOMAML"] < 5 * count["gradient"]
    assert count["FOMAML"] < count["MAML"] < count["FOMAML"] + 3 * count["H v"]
    kept = [kept_bytes(lambda t, k=k: grad(loss)(t) * k if k else t, theta) for k in (0, 1)]
    assert kept[0] < kept[1]


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=5, slopes=4, counterexamples=1)
    assert [f.limit for f in found if f.kind == "slope"] == [0.02] * 4
    ratio, more = [f.name for f in found if ", beyond" in f.name]
    assert 1 < float(ratio.removeprefix("H v is ").removesuffix(" gradients, beyond 6")) < 4
    assert 0.7 < float(more.removeprefix("MAML less FOMAML is ").partition(" H v")[0]) < 0.9


@pytest.mark.parametrize("name, times", [("H v", 3), ("MAML", 1.5)])
def test_costs_beyond_the_bounds_are_caught(monkeypatch, rng, name, times):
    def dearer(loss, steps, alpha=0.01):
        own = jobs(loss, steps)
        return own | {name: lambda t: sum(own[name](t) for _ in range(round(2 * times)))}
    plant(monkeypatch, verify, "jobs", dearer)
    plant(monkeypatch, verify, "WIDTHS", (64, 128))
    assert [f.name for f in verify(rng) if "beyond" in f.name and not f.passed]


def test_how_far_costs_are_beyond_their_bounds(monkeypatch, rng):
    """H v as 6 gradients and MAML as 18 beyond FOMAML: a little more than 6, and than 1.5 each."""
    def dearer(loss, steps, alpha=0.01):
        own = jobs(loss, steps)

        def times(n):
            return lambda t: sum(own["gradient"](t) for _ in range(n))
        return own | {"H v": times(6), "MAML": lambda t: own["FOMAML"](t) + times(18)(t)}
    plant(monkeypatch, verify, "jobs", dearer)
    plant(monkeypatch, verify, "WIDTHS", (16, 32))
    ratio, more = (f for f in verify(rng) if ", beyond" in f.name)
    loss, theta = network(rng, 32)
    count = {name: multiply_adds(f, theta) for name, f in dearer(loss, 2).items()}
    assert not ratio.passed and not more.passed
    assert 0 < ratio.found == pytest.approx((count["H v"] / count["gradient"] - 6) / 6)
    assert 0.4 < more.found == pytest.approx(
        (count["MAML"] - count["FOMAML"]) / (2 * count["H v"]) - 1)


def explicit_hessian(f, x, v):
    return np.stack([hvp(f, x, e) for e in np.eye(x.size)]) @ v


@pytest.mark.parametrize("name, wrong", [
    ("WIDTHS", (2, 4, 6)),                    # the ends of the networks weigh too much there
    ("growth", lambda sizes, counts: 0.97 * growth(sizes, counts)),
    ("hessian", lambda loss: lambda t: hvp(loss, t, t)),
    ("kept_bytes", lambda f, theta: multiply_adds(f, theta) ** 2)])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught(verify(rng))


def test_a_hessian_as_a_matrix_is_caught(monkeypatch, rng):
    """MAML through a matrix: "O(n^2) a step"."""
    plant(monkeypatch, verify, "WIDTHS", SMALL)
    plant(monkeypatch, verify, "hvp", explicit_hessian)
    assert [f for f in verify(rng) if f.name.startswith("H v: mult") and f.found > 1.5]
