"""The workloads in JAX, compiled by jit and with vmap over tasks; convolutions, task by task.

Grouped convolutions, which vmap over tasks makes, take JAX seconds on a CPU.

Read next: peer_hips.py.
"""
import jax
import jax.flatten_util
import jax.numpy as jnp

from . import problems
from .problems import ALPHA, BETA, BIG, BLOCKS, CHAIN, FEW, HIDDEN, IMAGE_ALPHA, MANY, SMALL, flat


def arrays(a):
    return jax.tree.map(jnp.asarray, a)


def adam(weights, gradients, state):
    t, means, squares = state
    t = t + 1
    means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients)]
    squares = [0.999 * v + 0.001 * g * g for v, g in zip(squares, gradients)]
    size = BETA * jnp.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    weights = [w - size * m / (jnp.sqrt(v) + 1e-8)
               for w, m, v in zip(weights, means, squares)]
    return weights, (t, means, squares)


def training(weights, gradient, data):
    """(step, result) of gradient(weights, data), compiled together with a step of Adam."""
    weights, data = arrays(weights), arrays(data)
    zeros = [jnp.zeros_like(w) for w in weights]
    state = jnp.zeros((), jnp.float32), zeros, zeros

    @jax.jit
    def moved(weights, state, data):
        return adam(weights, gradient(weights, data), state)
    compiled = jax.jit(gradient)
    return (lambda: jax.block_until_ready(moved(weights, state, data)),
            lambda: flat(compiled(weights, data)))


def evaluated(f, *args):
    """(step, result) of f(*args), compiled."""
    compiled, args = jax.jit(f), arrays(args)
    return (lambda: jax.block_until_ready(compiled(*args)),
            lambda: flat(jax.tree.leaves(compiled(*args))))


def perceptron(weights, x, activation=jax.nn.relu):
    for k in range(0, len(weights), 2):
        x = x @ weights[k] + weights[k + 1]
        x = activation(x) if k + 2 < len(weights) else x
    return x


def cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


def descend(loss, weights, x, y, steps, alpha, order):
    for _ in range(steps):
        gradients = jax.grad(loss)(weights, x, y)
        if order == 1:
            gradients = jax.lax.stop_gradient(gradients)
        weights = [w - alpha * g for w, g in zip(weights, gradients)]
    return weights


def squares(weights, x, y):
    return jnp.mean((perceptron(weights, x) - y) ** 2)


def sinusoid(steps=1, order=2):
    def task(weights, xs, ys, xq, yq):
        return squares(descend(squares, weights, xs, ys, steps, ALPHA, order), xq, yq)

    def objective(weights, data):
        return jnp.mean(jax.vmap(task, (None, 0, 0, 0, 0))(weights, *data))
    return {"jit": training(problems.perceptron((1, *HIDDEN, 1)), jax.grad(objective),
                            problems.sinusoids())}


def reptile(steps=5):
    def direction(weights, data):
        ends = jax.vmap(lambda x, y: descend(squares, weights, x, y, steps, ALPHA, 1))(*data)
        return [w - jnp.mean(e, axis=0) for w, e in zip(weights, ends)]

    def moved(weights, data):
        return [w - BETA * d for w, d in zip(weights, direction(weights, data))]
    args = problems.perceptron((1, *HIDDEN, 1)), problems.sinusoids()[:2]
    return {"jit": (evaluated(moved, *args)[0], evaluated(direction, *args)[1])}


def hvp(network):
    weights, direction, x, labels = problems.classifier(network)

    def loss(weights):
        return cross_entropy(perceptron(weights, x, jnp.tanh), labels)
    return {"jit": evaluated(lambda w, v: jax.jvp(jax.grad(loss), (w,), (v,))[1], weights,
                             direction)}


def hessian(network):
    weights, _, x, labels = problems.classifier(network)
    theta, unravel = jax.flatten_util.ravel_pytree(arrays(weights))
    return {"jit": evaluated(jax.hessian(
        lambda t: cross_entropy(perceptron(unravel(t), x, jnp.tanh), labels)), theta)}


def embed(weights, x):
    for k in range(0, 3 * BLOCKS, 3):
        kernel, gamma, beta = weights[k:k + 3]
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME",
                                         dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = (x - jnp.mean(x, (0, 1, 2))) / jnp.sqrt(jnp.var(x, (0, 1, 2)) + problems.EPS)
        x = jax.nn.relu(x * gamma + beta)
        n, height, width, channels = x.shape
        x = x[:, :height // 2 * 2, :width // 2 * 2]
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))
    return x.reshape(len(x), -1)


def image_maml(steps=1, order=2):
    def loss(weights, x, y):
        return cross_entropy(embed(weights, x) @ weights[-2] + weights[-1], y)

    @jax.jit
    def gradient(weights, xs, ys, xq, yq):
        return jax.grad(lambda w: loss(descend(loss, w, xs, ys, steps, IMAGE_ALPHA, order),
                                       xq, yq))(weights)
    weights = arrays(problems.conv4_weights(problems.WAYS))
    tasks = list(zip(*arrays(problems.meta_images())))
    zeros = [jnp.zeros_like(w) for w in weights]
    state, compiled = (jnp.zeros((), jnp.float32), zeros, zeros), jax.jit(adam)

    def total():
        each = [gradient(weights, *task) for task in tasks]
        return [sum(parts) / len(tasks) for parts in zip(*each)]
    return {"jit": (lambda: jax.block_until_ready(compiled(weights, total(), state)),
                    lambda: flat(total()))}


def prototypical(ways, shots, queries):
    xs, _, xq, yq = (a[0] for a in problems.episode(1, ways, shots, queries))

    def loss(weights, data):
        z, count = embed(weights, data[0]), ways * shots
        prototypes, z = z[:count].reshape(ways, shots, -1).mean(1), z[count:]
        distances = jnp.sum(z * z, 1, keepdims=True) - 2 * z @ prototypes.T \
            + jnp.sum(prototypes * prototypes, 1)
        return cross_entropy(-distances, data[1])
    return {"jit": training(problems.conv4_weights(), jax.grad(loss),
                            (problems.np.concatenate([xs, xq]), yq))}


def embedding(ways, shots, queries):
    xs, _, xq, _ = (a[0] for a in problems.episode(1, ways, shots, queries))
    return {"jit": evaluated(embed, problems.conv4_weights(),
                             problems.np.concatenate([xs, xq]))}


def chain(order):
    def f(x):
        y = x
        for _ in range(CHAIN):
            y = jnp.tanh(y)
            y = y * x
        return jnp.sum(y)
    g = jax.grad(f) if order == 1 else jax.grad(lambda x: jnp.sum(jax.grad(f)(x)))
    return {"jit": evaluated(g, problems.chain_point())}


WORKLOADS = {
    "W1": sinusoid,
    "W1_5": lambda: sinusoid(steps=5),
    "W2": lambda: sinusoid(order=1),
    "W2_reptile": reptile,
    "W3": lambda: hvp(SMALL),
    "W3_big": lambda: hvp(BIG),
    "W3_full": lambda: hessian(SMALL),
    "W4_1st": lambda: image_maml(order=1),
    "W4": image_maml,
    "W4_5": lambda: image_maml(steps=5),
    "W5a": lambda: prototypical(*MANY),
    "W5b": lambda: prototypical(*FEW),
    "W6": lambda: embedding(*MANY),
    "W7": lambda: chain(1),
    "W7_2": lambda: chain(2),
}
