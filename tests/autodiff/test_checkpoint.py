"""checkpoint: the same derivatives at every order, with less memory, and no silent surprises."""
import threading

import numpy as np
import pytest

from minimeta import (MAML, checkpoint, grad, hessian, hvp, jacobian, jvp, ravel, value_and_grad,
                      vjp)
from minimeta.autodiff import Traced
from minimeta.meta import adapt, maml
from minimeta.nn import mean_squared_error, mlp
from minimeta.run.memory import peak_megabytes
from minimeta.tasks import SinusoidSampler
from tests.differences import check_orders

X = np.array([0.3, -0.5, 0.8])
TREE = {"w": X, "b": [np.array(0.5), (np.ones(2) + 0.1,)]}


def f(p, scale=1.0, *, mode="sin"):
    y = getattr(np, mode)(p["w"] * scale) * p["b"][0] * np.sum(p["b"][1][0] ** 2)
    return {"y": y, "n": 3, "mean": np.mean(p["w"]), "none": None, "label": np.arange(2)}


def loss(f):
    def of(p):
        out = f(p, scale=2.0, mode="tanh")
        assert out["n"] == 3 and out["none"] is None and out["label"].tolist() == [0, 1]
        return np.sum(out["y"] ** 2) * out["mean"] * out["n"]
    return of


def test_containers_keywords_and_every_order():
    theta, unravel = ravel(TREE)
    plain, again = ((lambda t, f=f: loss(f)(unravel(t))) for f in (f, checkpoint(f)))
    for derivative in (grad, hessian, lambda f: jacobian(hessian(f)),
                       lambda f: grad(lambda t: np.sum(jacobian(hessian(f))(t) ** 2))):
        assert np.allclose(derivative(again)(theta), derivative(plain)(theta), rtol=1e-12)
    check_orders(again, theta)
    assert type(checkpoint(f)(TREE)["y"]) is np.ndarray         # plain in, plain out
    assert checkpoint(f).__name__ == "f"


def test_nested_and_in_loops():
    def step(x, k):
        return np.sin(np.exp(-x) * (k + 1)) + x

    def segment(x, ks):
        for k in ks:
            x = checkpoint(step)(x, k)
        return x

    def chain(x):
        for k in range(0, 6, 2):
            x = checkpoint(segment)(x, [k, k + 1])
        return np.sum(x)

    def plain(x):
        for k in range(6):
            x = step(x, k)
        return np.sum(x)
    for derivative in (grad, hessian, lambda f: jacobian(hessian(f))):
        assert np.allclose(derivative(chain)(X), derivative(plain)(X), rtol=1e-12)
    v = np.array([1.0, 2.0, -1.0])
    assert np.allclose(jvp(chain, (X,), (v,))[1], jvp(plain, (X,), (v,))[1])


def test_an_inner_gradient_inside_and_outside():
    inside = checkpoint(lambda x, y: grad(lambda z: np.sum(z ** 3 * y))(x))
    outer = grad(lambda x: np.sum(inside(x, 2.0) ** 2))
    assert np.allclose(outer(X), 2 * (6 * X ** 2) * 12 * X)
    both = grad(lambda y: np.sum(grad(lambda x: np.sum(inside(x, y)))(X)))
    assert both(2.0) == pytest.approx(6 * np.sum(X))


def test_dtypes_and_unused_arguments():
    x = X.astype(np.float32)
    c = checkpoint(lambda a, b, n: (a * 2 + n, np.sum(b)))
    g, h = grad(lambda a, b: np.sum(c(a, b, 3)[0]), argnums=(0, 1))(x, X)
    assert g.dtype == np.float32 and g.tolist() == [2, 2, 2] and h.tolist() == [0, 0, 0]
    assert grad(lambda x: np.sum(checkpoint(lambda x: X)(x)))(X).tolist() == [0, 0, 0]
    z = X + 0.5j
    square = checkpoint(lambda z: z * z)
    assert np.allclose(grad(lambda z: np.sum(np.real(square(z))))(z), 2 * z)


def test_f_is_run_again_and_stores_nothing():
    runs = []

    def counted(x):
        runs.append(type(x) is Traced)
        return np.sin(x)
    y, pullback = vjp(checkpoint(counted), X)
    assert runs == [False]                                      # nothing recorded
    assert np.allclose(pullback(np.ones(3))[0], np.cos(X))
    assert runs == [False, True]


def test_in_threads():
    chain = checkpoint(lambda x, i: np.sin(x) ** 2 * i)
    results = {}

    def work(i):
        results[i] = [grad(grad(lambda x: chain(x, i)))(0.3) for _ in range(20)]
    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert all(np.allclose(results[i], 2 * i * np.cos(0.6)) for i in range(6))


def test_an_argument_that_is_written_to_is_harmless_and_a_captured_one_is_detected():
    c = np.array([2.0, 3.0, 4.0])
    y, pullback = vjp(lambda x: checkpoint(lambda x, c: x * x * c)(x, c), X)
    y, captured = vjp(checkpoint(lambda x: x * x * c), X)
    c[1] = 50
    assert np.allclose(pullback(np.ones(3))[0], 2 * X * [2, 3, 4])
    with pytest.raises(RuntimeError, match="another result"):
        captured(np.ones(3))


def test_writing_inside_f_is_guarded_when_it_runs_again():
    def reuses_a_buffer(x):
        buffer, y = np.ones(3), 0.0
        for k in range(3):
            buffer[:] = k + 1
            y = y + x * buffer * x
        return y
    assert np.allclose(grad(lambda x: np.sum(checkpoint(reuses_a_buffer)(x)))(X), 12 * X)


def test_randomness_is_detected():
    rng = np.random.default_rng(0)
    dropout = checkpoint(lambda x: x * (rng.random(3) > 0.5) * rng.random())
    with pytest.raises(RuntimeError, match="another result"):
        grad(lambda x: np.sum(dropout(x)))(X)


def test_nan_and_inf_are_the_same_again():
    with np.errstate(all="ignore"):
        g = grad(lambda x: np.sum(checkpoint(lambda x: np.log(x) / 0.0)(x)))(X)
    assert not np.isfinite(g).any()


def test_a_captured_traced_array_raises():
    with pytest.raises(TypeError, match="pass it to f"):
        grad(lambda a: np.sum(checkpoint(lambda x: a * x)(a)))(X)


def test_an_exception_leaves_no_state():
    def broken(x):
        if type(x) is Traced:
            raise KeyError("the second time")
        return np.sin(x)
    for _ in range(2):
        with pytest.raises(KeyError):
            grad(checkpoint(broken))(0.3)
    assert grad(checkpoint(np.sin))(0.3) == np.cos(0.3)


# ---------------------------------------------------------------- the inner loop

@pytest.fixture(scope="module")
def problem():
    model = mlp([1, 20, 20, 1], activation=np.tanh)
    rng = np.random.default_rng(0)
    episode = SinusoidSampler(tasks=10).sample(rng)
    return (lambda w, x, y: mean_squared_error(model.apply(w, x), y)), model.init(rng), episode


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 9])
def test_the_meta_gradient_is_the_same(problem, steps, order):
    task_loss, theta, episode = problem
    plain, again = (value_and_grad(maml, argnums=1)(task_loss, theta, episode, 0.01, steps, order,
                                                    checkpoint=c) for c in (False, True))
    assert np.allclose(plain[0], again[0], rtol=1e-6)
    assert np.allclose(plain[1], again[1], rtol=1e-5, atol=1e-7)
    assert again[1].dtype == np.float32


def test_alpha_and_a_third_order():
    quartic = lambda w, x, y: np.sum(w ** 4, axis=-1) / 4  # noqa: E731
    xs = ys = np.zeros((2, 1))

    def of(alpha, c):
        return np.sum(adapt(quartic, X, xs, ys, alpha, 4, checkpoint=c) ** 2)
    for derivative in (grad, lambda f: grad(grad(f)), lambda f: grad(grad(grad(f)))):
        plain, again = (derivative(lambda a, c=c: of(a, c))(0.1) for c in (False, True))
        assert np.allclose(plain, again, rtol=1e-12)


@pytest.mark.parametrize("derivative", [
    pytest.param(grad, id="gradient"),
    pytest.param(lambda f: lambda x: hvp(f, x, x), id="Hessian product",
                 marks=pytest.mark.nightly)])
def test_memory_grows_as_the_root_of_the_steps(problem, derivative):
    task_loss, theta, episode = problem

    def peak(steps, c):
        run = derivative(lambda t: maml(task_loss, t, episode, 0.01, steps, checkpoint=c))
        return peak_megabytes(lambda: run(theta))
    stored, rerun = ([peak(steps, c) for steps in (4, 16, 64)] for c in (False, True))
    # 4 times the steps: 4 times the memory, and twice
    assert stored[2] / stored[1] > 3.5
    assert rerun[1] / rerun[0] < 2.5 and rerun[2] / rerun[1] < 2.5
    assert rerun[2] < stored[2] / 4


def test_the_learner_has_the_option(problem):
    _, _, episode = problem
    losses = []
    for c in (False, True):
        learner = MAML(mlp([1, 20, 20, 1]), 0.01, 4, loss=mean_squared_error, checkpoint=c)
        losses.append([learner.meta_train_step(episode) for _ in range(3)])
    assert np.allclose(*losses, rtol=1e-5)
