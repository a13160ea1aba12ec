"""MAML in eight lines, from `grad` alone: sine waves from ten points each.

Read next: minimeta/meta/adapt.py, the same lines as the library has them.
"""
import numpy as np

from minimeta import grad
from minimeta.nn import mean_squared_error, mlp
from minimeta.optim import Adam
from minimeta.tasks import SinusoidSampler

model, sampler = mlp([1, 40, 40, 1]), SinusoidSampler(shots=10, queries=10, tasks=25)


def loss(w, x, y):
    """Losses (T,) of weights w (T, P) on points x, y (T, N, 1)."""
    return mean_squared_error(model.apply(w, x), y)


def adapt(theta, x, y, alpha=0.01, steps=1):
    """Weights (T, P): phi <- phi - alpha grad L(phi), one row a task."""
    phi = np.broadcast_to(theta, (len(x), theta.size))
    for _ in range(steps):
        phi = phi - alpha * grad(lambda w: np.sum(loss(w, x, y)))(phi)
    return phi


def meta_loss(theta, xs, ys, xq, yq):
    """F(theta) = mean_i L_i(phi_i; query)."""
    return np.mean(loss(adapt(theta, xs, ys), xq, yq))


meta_gradient = grad(meta_loss)
rng, adam = np.random.default_rng(0), Adam(0.002)
theta = model.init(rng)
state = adam.init(theta)
for step in range(1000):
    theta, state = adam.update(theta, meta_gradient(theta, *sampler.sample(rng)), state)

xs, ys, xq, yq = sampler.sample(np.random.default_rng(1), tasks=500)
errors = {k: float(np.mean(loss(adapt(theta, xs, ys, steps=k), xq, yq))) for k in (0, 1, 5, 10)}
print("mean squared error after k gradient steps:", errors)
assert errors[1] < errors[0] / 3 and errors[10] < errors[1] < 1
