"""MAML's meta-gradient against the explicit product of (I - alpha H), and central differences."""
import numpy as np
import pytest

from minimeta import FOMAML, MAML, grad, hessian, stop_gradient
from minimeta.meta import adapt, maml, per_task
from minimeta.nn import mean_squared_error, mlp
from minimeta.tasks import Episode, SinusoidSampler
from tests.differences import slope

ALPHA = 0.05


@pytest.fixture(scope="module")
def problem():
    """A smooth network in float64, its loss, weights, and two tasks with different support sets."""
    model = mlp([1, 6, 5, 1], activation=np.tanh, dtype=np.float64)
    rng = np.random.default_rng(3)
    theta = model.init(rng) + 0.1 * rng.standard_normal(model.init(rng).shape)
    episode = Episode(*(a.astype(np.float64) for a in SinusoidSampler(shots=7, queries=8, tasks=2)
                        .sample(rng)))

    def loss(w, x, y):
        return mean_squared_error(model.apply(w, x), y)
    return loss, theta, episode


def explicit_product(loss, theta, episode, alpha, steps, reverse=False):
    """mean_i (I - alpha H(phi_0)) ... (I - alpha H(phi_{K-1})) grad L_Q(phi_K), by matrices."""
    total = 0
    for xs, ys, xq, yq in zip(*episode):
        phi, factors = theta, []
        for _ in range(steps):
            support = lambda w: loss(w, xs, ys)  # noqa: E731
            factors.append(np.eye(theta.size) - alpha * hessian(support)(phi))
            phi = phi - alpha * grad(support)(phi)
        g = grad(lambda w: loss(w, xq, yq))(phi)
        for factor in factors if reverse else reversed(factors):
            g = factor @ g
        total = total + g / len(episode.xs)
    return total


def error(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@pytest.mark.parametrize("steps", [1, 3])
def test_meta_gradient_is_the_product(problem, steps):
    loss, theta, episode = problem
    ours = grad(maml, argnums=1)(loss, theta, episode, ALPHA, steps)
    assert error(ours, explicit_product(loss, theta, episode, ALPHA, steps)) < 1e-12


def test_the_step_size_may_be_learned(problem):
    loss, theta, episode = problem
    for alpha in (0.05, np.linspace(0.01, 0.1, theta.size)):
        ours = grad(maml, argnums=3)(loss, theta, episode, alpha, 2)
        judge = [slope(lambda a: maml(loss, theta, episode, a, 2), alpha, v)
                 for v in (np.eye(np.size(alpha)) if np.ndim(alpha) else [1.0])]
        assert np.shape(ours) == np.shape(alpha)
        assert error(np.ravel(ours), np.array(judge)) < 1e-7


def test_meta_gradient_against_central_differences(problem):
    loss, theta, episode = problem
    ours = grad(maml, argnums=1)(loss, theta, episode, ALPHA, 3)
    rng = np.random.default_rng(0)
    judge = np.array([slope(lambda t: maml(loss, t, episode, ALPHA, 3), theta, v)
                      for v in np.eye(theta.size)])
    assert error(ours, judge) < 1e-8
    v = rng.standard_normal(theta.size)
    assert slope(lambda t: maml(loss, t, episode, ALPHA, 3), theta, v) == pytest.approx(
        ours @ v, rel=1e-8)


def test_fomaml_differs_and_is_the_query_gradient(problem):
    loss, theta, episode = problem
    exact = grad(maml, argnums=1)(loss, theta, episode, ALPHA, 3)
    first = grad(maml, argnums=1)(loss, theta, episode, ALPHA, 3, order=1)
    phi = adapt(loss, theta, episode.xs, episode.ys, ALPHA, 3)
    queries = [grad(lambda w: loss(w, xq, yq))(p) for p, xq, yq in zip(phi, *episode[2:])]
    assert error(first, np.mean(queries, axis=0)) < 1e-12
    assert error(first, exact) > 0.05


def test_a_reversed_product_is_caught(problem):
    loss, theta, episode = problem
    ours = grad(maml, argnums=1)(loss, theta, episode, ALPHA, 3)
    assert error(ours, explicit_product(loss, theta, episode, ALPHA, 3, reverse=True)) > 1e-6


def test_second_derivatives_of_the_meta_objective(problem):
    """Order 3 of the loss inside order 2 of the meta-objective."""
    loss, theta, episode = problem
    v = np.random.default_rng(1).standard_normal(theta.size)

    def directional(t):
        return np.sum(grad(maml, argnums=1)(loss, t, episode, ALPHA, 2) * v)
    assert np.sum(grad(directional)(theta) * v) == pytest.approx(
        slope(directional, theta, v), rel=1e-7)


def test_adapt_is_gradient_descent(problem):
    loss, theta, episode = problem
    phi = adapt(loss, theta, episode.xs, episode.ys, ALPHA, 2)
    for i, (xs, ys) in enumerate(zip(episode.xs, episode.ys)):
        w = theta
        for _ in range(2):
            w = w - ALPHA * grad(loss)(w, xs, ys)
        assert error(phi[i], w) < 1e-14


def test_a_loss_averaged_over_tasks_is_refused(problem):
    loss, theta, episode = problem
    with pytest.raises(ValueError, match=r"axis=-1.*per_task"):
        adapt(lambda *a: np.mean(loss(*a)), theta, episode.xs, episode.ys, ALPHA, 1)
    single = per_task(lambda w, x, y: np.mean(loss(w, x, y)))
    assert np.allclose(adapt(single, theta, episode.xs, episode.ys, ALPHA, 2),
                       adapt(loss, theta, episode.xs, episode.ys, ALPHA, 2), rtol=1e-13)


def test_stop_gradient_makes_adaptation_constant(problem):
    loss, theta, episode = problem

    def of(t):
        return np.sum(stop_gradient(adapt(loss, t, episode.xs, episode.ys, ALPHA, 1)) ** 2)
    assert not grad(of)(theta).any()


@pytest.mark.parametrize("learner", [MAML, FOMAML])
def test_training_lowers_the_loss_after_adaptation(learner):
    model = mlp([1, 40, 40, 1])
    sampler, rng = SinusoidSampler(shots=10, queries=10, tasks=25), np.random.default_rng(0)
    method = learner(model, inner_lr=0.01, inner_steps=1, outer_lr=1e-2, loss=mean_squared_error,
                     clip=1.0)
    test = sampler.sample(np.random.default_rng(1), tasks=200)
    before = method.adapt_and_evaluate(test, steps=5).loss
    assert before.shape == (200,)
    for _ in range(300):
        method.meta_train_step(sampler.sample(rng))
    assert np.median(method.adapt_and_evaluate(test, steps=5).loss) < 0.6 * np.median(before)
    assert method.theta.dtype == np.float32
    assert method.adapt_and_evaluate(test, steps=0).loss.mean() > method.adapt_and_evaluate(
        test, steps=5).loss.mean()
    assert method.adapt(test.xs[0], test.ys[0]).shape == method.theta.shape


def test_tasks_as_a_list_are_the_same_step():
    model = mlp([1, 8, 1])
    episode = SinusoidSampler(shots=5, queries=5, tasks=3).sample(np.random.default_rng(0))
    a, b = (MAML(model, inner_lr=0.01, loss=mean_squared_error) for _ in range(2))
    assert a.meta_train_step(episode) == b.meta_train_step(list(zip(*episode)))
    assert np.array_equal(a.theta, b.theta)
    assert a.meta_train_step(tuple(zip(*episode))) == b.meta_train_step(tuple(episode))
    with pytest.raises(ValueError, match="same shapes"):
        a.meta_train_step([(1, 2)])
    with pytest.raises(ValueError, match="order=3"):
        MAML(model, order=3)
