"""B6: the limit of Reptile's fixed points, its rate, and what happens beyond 2 / lambda_max."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimeta.theory.losses import Quadratic, quadratic_losses
from minimeta.theory.many_steps import (TINY, distance_to_solutions, gaps, nearest_point,
                                        range_projection, rate, verify)
from minimeta.theory.quadratics import weighted_optimum
from minimeta.theory.theorem import difference
from tests.theory.problems import caught, close, generators, plant, verified


@given(generators, st.integers(1, 5), st.integers(1, 5))
def test_projections(rng, dim, rank):
    rank = min(rank, dim)
    H = quadratic_losses(rng, dim, 1, rank)[0].H
    P = range_projection(H)
    assert close(P, P.T) and close(P @ P, P) and close(P @ H, H, scale=1)
    assert np.trace(P) == pytest.approx(rank)
    assert close(range_projection(-H), P, ulps=1e6) and close(range_projection(1e-20 * H), P, 1e6)


def test_what_counts_as_zero():
    assert range_projection(np.diag([1.0, 1e-8])).tolist() == np.eye(2).tolist()
    assert range_projection(np.diag([100.0, 0.9e-7])).tolist() == np.diag([1, 0]).tolist()
    assert range_projection(np.diag([1.0, TINY])).tolist() == np.diag([1, 0]).tolist()
    assert rate([Quadratic(np.diag([1e6, 1e-4]), np.zeros(2))], 1e-6) == 0
    assert rate([Quadratic(np.diag([1.0, TINY]), np.zeros(2))], 1.0) == 0


@given(generators, st.integers(1, 4))
@settings(max_examples=30)
def test_the_nearest_point_has_the_least_summed_squared_distance(rng, rank):
    tasks = quadratic_losses(rng, 4, 3, rank)

    def total(theta):
        return sum(distance_to_solutions(task, theta) ** 2 for task in tasks)
    at = nearest_point(tasks)
    for _ in range(5):
        v = rng.standard_normal(4)
        assert total(at + 0.1 * v) >= total(at) - 1e-12
        assert abs(total(at + 1e-3 * v) - total(at - 1e-3 * v)) < 1e-9
    if rank == 4:
        assert close(at, np.mean([task.a for task in tasks], axis=0))


def test_distances_by_hand():
    line = Quadratic(np.diag([0.0, 2.0]), np.array([5.0, 1.0]))         # solutions: y = 1
    assert distance_to_solutions(line, np.array([7.0, 4.0])) == pytest.approx(3)
    other = Quadratic(np.diag([3.0, 0.0]), np.array([-2.0, 9.0]))       # solutions: x = -2
    assert nearest_point([line, other]) == pytest.approx([-2, 1])
    assert nearest_point([line]) == pytest.approx([0, 1])               # many: of least norm
    assert rate([line, other], 0.4) == pytest.approx(0.2)
    assert rate([line], 0.9) == pytest.approx(0.8) and rate([line], 0.1) == pytest.approx(0.8)


@given(generators, st.sampled_from([None, 2]))
@settings(max_examples=25)
def test_fixed_points_go_to_the_nearest_point_at_the_stated_rate(rng, rank):
    tasks = quadratic_losses(rng, 4, 3, rank)
    found = gaps(tasks, 0.8, (3, 20, 300))
    assert found[0] == pytest.approx(np.linalg.norm(
        weighted_optimum("Reptile", tasks, 0.8, 3) - nearest_point(tasks)))
    assert found[1] < found[0] and found[2] < 1e-9
    late = round(np.log(1e-8) / np.log(rate(tasks, 0.8)))
    near = gaps(tasks, 0.8, (late, late + 5))
    assert np.log(near[1] / near[0]) / 5 == pytest.approx(np.log(rate(tasks, 0.8)), abs=0.1)


def test_beyond_two_over_the_largest_curvature_it_goes_elsewhere():
    tasks = [Quadratic(np.array([[1.0]]), np.zeros(1)), Quadratic(np.array([[0.5]]), np.ones(1))]
    assert nearest_point(tasks) == pytest.approx([0.5])
    assert weighted_optimum("Reptile", tasks, 1.9, 300) == pytest.approx([0.5], abs=1e-9)
    assert abs(weighted_optimum("Reptile", tasks, 2.5, 21)) < 1e-3    # the steep task's optimum


def test_verify(rng):
    found = verify(rng)
    verified(found, gaps=5, slopes=2, counterexamples=2, loosest=1e-9)
    assert all(f.limit <= 0.1 for f in found if f.kind == "slope")
    own = np.random.default_rng(0)
    slopes = [f for f in found if f.kind == "slope"]
    for beyond, share, rank in zip((f for f in found if f.kind == "counterexample"), slopes,
                                   (None, 2)):
        tasks = quadratic_losses(own, 4, 3, rank)
        late = round(np.log(1e-8) / share.expected)
        near = gaps(tasks, 0.8, (late, late + 5))
        assert share.expected == pytest.approx(np.log(rate(tasks, 0.8)))
        assert share.found == pytest.approx(np.log(near[1] / near[0]) / 5)
        alpha = 2.5 / max(np.linalg.eigvalsh(task.H)[-1] for task in tasks)
        assert beyond.found == pytest.approx(difference(
            weighted_optimum("Reptile", tasks, alpha, 21), nearest_point(tasks)))


def test_how_far_reptile_would_go_from_its_limit(monkeypatch, rng):
    plant(monkeypatch, verify, "meta_direction", lambda *args: np.full(4, 1e-3))
    assert [f.found for f in verify(rng) if "stays" in f.name] == [1e-3, 1e-3]


@pytest.mark.parametrize("name, wrong", [
    ("nearest_point", lambda tasks: weighted_optimum("MAML", tasks, 0.8, 1)),
    ("nearest_point", lambda tasks: np.mean([task.a for task in tasks], axis=0)),
    ("weighted_optimum", lambda m, tasks, alpha, k: weighted_optimum("FOMAML", tasks, alpha, 3)),
    ("weighted_optimum", lambda m, tasks, alpha, k: weighted_optimum(m, tasks, alpha, min(k, 9))),
    ("rate", lambda tasks, alpha: 1.2 * rate(tasks, alpha)),
    ("range_projection", lambda H: np.eye(len(H)))])
def test_a_planted_mistake_is_caught(monkeypatch, rng, name, wrong):
    plant(monkeypatch, verify, name, wrong)
    assert caught([f for f in verify(rng) if f.kind != "counterexample"])
