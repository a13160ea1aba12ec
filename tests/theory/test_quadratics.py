"""A4 and A5: optima and fixed points against Newton's method, and the three numbers."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta import grad, hessian
from minimeta.theory import quadratics
from minimeta.theory.losses import quadratic_losses, smooth_losses
from minimeta.theory.quadratics import (METHODS, fixed_point, linearised, meta_direction, picture,
                                        two_parabolas, verify_fixed_points, verify_optimum, weight,
                                        weighted_optimum)
from minimeta.theory.theorem import difference
from tests.theory.problems import caught, close, generators, plant, verified, walk

methods = st.sampled_from(METHODS)


def by_hand(method, H, alpha, steps):
    """M from the eigenvalues of H: h r^2K, h r^K, 1 - r^K with r = 1 - alpha h."""
    h, U = np.linalg.eigh(H)
    r = 1 - alpha * h
    m = {"MAML": h * r ** (2 * steps), "FOMAML": h * r ** steps, "Reptile": 1 - r ** steps}[method]
    return (U * m) @ U.T


@given(methods, st.integers(1, 4), st.integers(0, 4), generators)
def test_weights(method, dim, steps, rng):
    H = quadratic_losses(rng, dim, 1)[0].H
    assert close(weight(method, H, 0.4, steps), by_hand(method, H, 0.4, steps), scale=1)


@given(methods, st.integers(1, 4), st.integers(1, 4), generators)
@settings(max_examples=30)
def test_the_direction_vanishes_at_the_weighted_mean(method, dim, steps, rng):
    tasks = quadratic_losses(rng, dim, 3)
    at = weighted_optimum(method, tasks, 0.4, steps)
    assert close(meta_direction(method, tasks, at, 0.4, steps), np.zeros(dim), scale=1)
    away = meta_direction(method, tasks, at + 1, 0.4, steps)
    claimed = np.mean([weight(method, t.H, 0.4, steps) for t in tasks], axis=0) @ np.ones(dim)
    assert close(away, claimed, scale=1)
    start = rng.standard_normal(dim)
    assert close(fixed_point(method, tasks, start, 0.4, steps), at, ulps=5000)


@given(generators, st.integers(0, 3))
@settings(max_examples=20)
def test_directions_by_closed_forms(rng, steps):
    tasks, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    paths = [walk([task] * steps, theta, 0.3) for task in tasks]
    last = [task.gradient(p[-1]) for task, p in zip(tasks, paths)]
    assert close(meta_direction("FOMAML", tasks, theta, 0.3, steps), np.mean(last, axis=0), scale=1)
    assert close(meta_direction("Reptile", tasks, theta, 0.3, steps),
                 theta - np.mean([p[-1] for p in paths], axis=0), scale=1)

    def objective(t):
        return np.mean([task(walk([task] * steps, t, 0.3)[-1]) for task in tasks])
    assert close(meta_direction("MAML", tasks, theta, 0.3, steps) @ np.ones(3),
                 objective(theta + 1e-30j).imag / 1e-30, scale=1)


@pytest.mark.parametrize("method, steps, value", [
    ("MAML", 1, 0.8), ("FOMAML", 1, 0.5), ("Reptile", 2, 0.36 / 1.32), ("MAML", 0, 0.2),
    ("Reptile", 1, 0.2)])
def test_the_numbers(method, steps, value):
    tasks = two_parabolas()
    assert weighted_optimum(method, tasks, 0.2, steps) == pytest.approx(value, rel=1e-14)
    assert fixed_point(method, tasks, np.array([0.3]), 0.2, steps) == pytest.approx(value)


def test_equal_curvatures_give_the_mean_of_the_optima(rng):
    tasks = [quadratics.Quadratic(np.diag([0.5, 1.0]), a) for a in rng.standard_normal((3, 2))]
    mean = np.mean([task.a for task in tasks], axis=0)
    assert all(close(weighted_optimum(m, tasks, 0.3, 2), mean) for m in METHODS)


def test_a_linearised_loss_is_not_the_loss(rng):
    tasks, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    bowls = [(hessian(t)(theta), theta - np.linalg.solve(hessian(t)(theta), grad(t)(theta)))
             for t in tasks]
    M = [by_hand("FOMAML", H, 0.1, 2) for H, _ in bowls]
    claimed = np.linalg.solve(M[0] + M[1], M[0] @ bowls[0][1] + M[1] @ bowls[1][1])
    assert close(linearised(tasks, theta, 0.1, 2, "FOMAML"), claimed, ulps=5000)
    exact = quadratic_losses(rng, 3, 2)
    assert close(linearised(exact, theta, 0.1, 1), weighted_optimum("MAML", exact, 0.1, 1),
                 ulps=5000)
    assert not close(linearised(tasks, theta, 0.1, 1), fixed_point("MAML", tasks, theta, 0.1, 1),
                     ulps=1e10)


def test_newtons_method_on_losses_that_are_not_quadratic(rng):
    tasks, start = smooth_losses(rng, 2, 3), np.zeros(2)
    for method in METHODS:
        at = fixed_point(method, tasks, start, 0.1, 2)
        assert close(meta_direction(method, tasks, at, 0.1, 2), np.zeros(2), scale=1)
    one = fixed_point("FOMAML", tasks, start, 0.1, 2, iterations=1)
    assert not close(one, fixed_point("FOMAML", tasks, start, 0.1, 2), ulps=1e8)
    assert np.array_equal(fixed_point("FOMAML", tasks, start, 0.1, 2, iterations=0), start)


@pytest.mark.parametrize("unit", [1e-10, 1e10])
def test_newtons_method_has_no_scale_of_its_own(rng, unit):
    """The same losses in another unit of theta, of the same curvature."""
    tasks, start = smooth_losses(rng, 2, 2), rng.standard_normal(2)
    other = [lambda t, task=task: unit ** 2 * task(t / unit) for task in tasks]
    assert np.allclose(fixed_point("FOMAML", other, unit * start, 0.1, 2),
                       unit * fixed_point("FOMAML", tasks, start, 0.1, 2), rtol=1e-12, atol=0)


def test_newtons_method_stops_when_nothing_moves(monkeypatch, rng):
    calls = []

    def counted(*args):
        calls.append(args)
        return meta_direction(*args)
    plant(monkeypatch, fixed_point, "meta_direction", counted)
    fixed_point("FOMAML", quadratic_losses(rng, 2, 2), np.zeros(2), 0.1, 1)
    assert len(calls) <= 6                    # two or three iterations, a direction and a Jacobian


@pytest.mark.parametrize("f", [lambda m: weight(m, np.eye(1), 0.1, 1),
                               lambda m: meta_direction(m, two_parabolas(), np.ones(1), 0.1, 1)])
def test_an_unknown_method_is_refused(f):
    with pytest.raises(ValueError, match="method='SGD': one of MAML, FOMAML, Reptile"):
        f("SGD")


def test_verify(rng):
    found = verify_optimum(rng)
    verified(found, gaps=5, counterexamples=1, loosest=1e-11)
    own = np.random.default_rng(0)
    quadratic_losses(own, 4, 3)
    start, curved = own.standard_normal(4), smooth_losses(own, 4, 3)
    assert found[-1].found == pytest.approx(difference(
        fixed_point("MAML", curved, start, 0.1, 1), linearised(curved, start, 0.1, 1)))

    found = verify_fixed_points(np.random.default_rng(0))
    verified(found, gaps=12, counterexamples=2, loosest=1e-11)
    assert [f.name.partition(":")[0] for f in found[3:12]] == [
        f"{method}, K = {steps}" for method in METHODS for steps in (1, 2, 3)]
    tasks = quadratic_losses(np.random.default_rng(0), 4, 3)
    maml, *others = (weighted_optimum(method, tasks, 0.4, 2) for method in METHODS)
    assert [f.found for f in found[12:]] == pytest.approx([difference(o, maml) for o in others])


@pytest.mark.parametrize("name, wrong", [
    ("weight", lambda m, H, alpha, steps: weight(m, H, -alpha, steps)),
    ("weight", lambda m, H, alpha, steps: weight(m, H, alpha, steps + 1)),
    ("weight", lambda m, H, alpha, steps: weight("FOMAML", H, alpha, steps)),
    ("unrolled", lambda s, q, theta, alpha, steps: grad(q)(
        theta - alpha * grad(s)(theta)))])                                # FOMAML passed as MAML
@pytest.mark.parametrize("verify", [verify_optimum, verify_fixed_points])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong, verify):
    plant(monkeypatch, verify, name, wrong)
    assert caught(verify(rng))


def test_picture(rng):
    drawn = picture(rng)
    assert drawn.kind == "plane" and [len(x) for _, x, _ in drawn.lines] == [141, 141]
    assert [float(x[0]) for _, x, _ in drawn.points] == pytest.approx([0.8, 0.5, 3 / 11])
    (_, x, before), (_, _, after) = drawn.lines
    assert (x[0], x[-1]) == (-0.2, 1.2)
    assert before == pytest.approx((4 * x ** 2 + (x - 1) ** 2) / 4)
    assert after == pytest.approx((4 * (0.2 * x) ** 2 + (0.8 * (x - 1)) ** 2) / 4)
    assert x[np.argmin(after)] == pytest.approx(0.8) and x[np.argmin(before)] == pytest.approx(0.2)
    heights = [float(y[0]) for _, _, y in drawn.points]
    assert heights == pytest.approx([(0.16 * p ** 2 + 0.64 * (p - 1) ** 2) / 4
                                     for p in (0.8, 0.5, 3 / 11)])
