"""Gradient descent as a path, against closed forms."""
import numpy as np
from hypothesis import given

from minimeta import grad
from minimeta.theory.descent import curvature, descend, starting_point, step_size
from minimeta.theory.losses import smooth_losses
from tests.theory.problems import close, problems, walk


@given(problems())
def test_descend(problem):
    losses = [problem.loss_s, problem.loss_q, problem.loss_s][:problem.steps]
    path = descend(losses, problem.theta, problem.alpha)
    assert len(path) == len(losses) + 1 and path[0] is problem.theta
    assert close(path, walk(losses, problem.theta, problem.alpha), scale=10)


def test_differentiable_in_the_step_size(rng):
    losses, theta = smooth_losses(rng, 3, 2), rng.standard_normal(3)
    slope = grad(lambda a: np.sum(descend(losses, theta, a)[-1]))(0.0)
    assert np.isclose(slope, -sum(np.sum(loss.gradient(theta)) for loss in losses))


@given(problems())
def test_curvature_and_step_size(problem):
    largest = np.max(np.abs(np.linalg.eigvalsh(problem.loss_s.hessian(problem.theta))))
    assert np.isclose(curvature(problem.loss_s, problem.theta), largest, rtol=1e-12)
    assert np.isclose(step_size(problem.loss_s, problem.theta, 0.3), 0.3 / largest, rtol=1e-12)


def test_curvature_is_absolute_and_a_plane_has_none():
    assert curvature(lambda t: np.sum(t * t * np.array([1.0, -3.0])), np.ones(2)) == 6
    assert step_size(np.sum, np.ones(2), 0.3) == 0.3


def test_starting_point(rng):
    assert starting_point(rng).shape == (5,) and starting_point(rng, dim=3).shape == (3,)
    assert not np.array_equal(starting_point(rng), starting_point(rng))
    given_ = starting_point(rng, [1, 2])
    assert given_.dtype == np.float64 and given_.tolist() == [1, 2]
