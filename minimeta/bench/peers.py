"""The same gradients by PyTorch and by JAX, where they are installed: vectorised over tasks.

A Peer says how a library spells the few operations that the networks need; the networks and the
losses are written once, for both.  Nothing here is imported before it is asked for.

Read next: ../cli/bench.py.
"""
from __future__ import annotations

import importlib
import math

from ..nn.conv4 import BLOCKS


class Missing(Exception):
    """A library that cannot take part, and why."""


def _import(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Missing("not installed") from None


class Peer:
    """A library on the CPU or a GPU; images are (N, C, H, W) inside, kernels (O, C, kh, kw)."""

    def contest(self, problem):
        """(step, wait, get): the gradient of the problem, waiting for it, and NumPy's array."""
        theta, xs, ys, xq, yq = map(self.put, (problem.theta, *problem.episode))
        loss = task_loss(self, problem)
        if problem.kind == "hvp":
            v = self.put(problem.v)

            def f(theta):
                return self.grad(lambda t: (self.grad(loss)(t, xs, ys) * v).sum())(theta)
        elif problem.kind == "protonet":
            ways = int(problem.episode.ys.max()) + 1
            f = self.grad(lambda theta: prototypical(
                self, problem.network, theta, xs[0], xq[0], yq[0], ways))
        else:
            def adapted(theta, xs, ys, xq, yq):
                return loss(theta - problem.alpha * self.grad(loss)(theta, xs, ys), xq, yq)
            f = self.grad(lambda theta: self.vmap(adapted)(theta, xs, ys, xq, yq).mean())
        f = self.compile(f)
        return (lambda: f(theta)), self.wait, self.get


class Torch(Peer):
    def __init__(self, where):
        self.torch = _import("torch")
        if where == "gpu" and not self.torch.cuda.is_available():
            raise Missing("finds no GPU")
        self.where, self.device = where, "cuda" if where == "gpu" else "cpu"
        self.torch.backends.cuda.matmul.allow_tf32 = False      # all of float32, as CuPy has it
        self.torch.backends.cudnn.allow_tf32 = False
        self.grad = self.torch.func.grad
        self.functional = importlib.import_module("torch.nn.functional")
        self.relu, self.log_softmax = self.torch.relu, self.functional.log_softmax

    def put(self, a):
        return None if a is None else self.torch.as_tensor(a, device=self.device)

    def get(self, a):
        return a.detach().cpu().numpy()

    def wait(self, _):
        if self.where == "gpu":
            self.torch.cuda.synchronize()

    def compile(self, f):
        return f

    def vmap(self, f):
        return self.torch.vmap(f, in_dims=(None, 0, 0, 0, 0))

    def conv(self, x, w):
        return self.functional.conv2d(x, w.permute(3, 2, 0, 1), padding=1)

    def pool(self, x):
        return self.functional.max_pool2d(x, 2)

    def channels_first(self, x):
        return x.permute(0, 3, 1, 2)

    def pick(self, logp, labels):
        return logp.gather(1, labels[:, None])


class Jax(Peer):
    def __init__(self, where):
        self.jax = _import("jax")
        self.where = where
        self.jax.config.update("jax_default_matmul_precision", "highest")       # no TF32
        try:
            self.device = self.jax.devices("cuda" if where == "gpu" else "cpu")[0]
        except RuntimeError:
            raise Missing("finds no GPU") from None
        self.grad = self.jax.grad
        self.relu, self.log_softmax = self.jax.nn.relu, self.jax.nn.log_softmax

    def put(self, a):
        return None if a is None else self.jax.device_put(a, self.device)

    def get(self, a):
        return self.jax.device_get(a)

    def wait(self, a):
        a.block_until_ready()

    def compile(self, f):
        return self.jax.jit(f)

    def vmap(self, f):
        return self.jax.vmap(f, in_axes=(None, 0, 0, 0, 0))

    def conv(self, x, w):
        return self.jax.lax.conv_general_dilated(x, w, (1, 1), "SAME",
                                                 dimension_numbers=("NCHW", "HWIO", "NCHW"))

    def pool(self, x):
        n, c, h, w = x.shape
        x = x[:, :, :h // 2 * 2, :w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
        return x.max(axis=(3, 5))

    def channels_first(self, x):
        return x.transpose(0, 3, 1, 2)

    def pick(self, logp, labels):
        return self.jax.numpy.take_along_axis(logp, labels[:, None], 1)


PEERS = {"PyTorch": Torch, "JAX": Jax}


# ---------------------------------------------------------------- networks, in either library

def pieces(theta, shapes):
    """theta (P,), cut into arrays of the shapes."""
    start = 0
    for shape in shapes:
        size = math.prod(shape)
        yield theta[start:start + size].reshape(shape)
        start += size


def outputs(lib, network, theta, x):
    """Outputs (N, ...) of inputs x (N, ...), minimeta's networks."""
    kind, *sizes = network
    if kind == "mlp":
        sizes = sizes[0]
        shapes = [s for pair in zip(sizes, sizes[1:]) for s in (pair, pair[1:])]
        weights = list(pieces(theta, shapes))
        for k in range(0, len(weights), 2):
            x = x @ weights[k] + weights[k + 1]
            x = lib.relu(x) if k + 2 < len(weights) else x
        return x
    filters, ways = sizes
    widths = [1] + [filters] * BLOCKS
    shapes = [s for c, o in zip(widths, widths[1:]) for s in ((3, 3, c, o), (o,), (o,))]
    parts = pieces(theta, shapes + ([] if ways is None else [(filters, ways), (ways,)]))
    x = lib.channels_first(x)
    for _ in range(BLOCKS):
        x = lib.conv(x, next(parts))
        mean = x.mean((0, 2, 3), keepdims=True)
        var = ((x - mean) ** 2).mean((0, 2, 3), keepdims=True)
        gamma, beta = (next(parts).reshape(1, -1, 1, 1) for _ in range(2))
        x = lib.pool(lib.relu(gamma * (x - mean) / (var + 1e-5) ** 0.5 + beta))
    x = x.reshape(x.shape[0], -1)
    return x if ways is None else x @ next(parts) + next(parts)


def task_loss(lib, problem):
    """The loss of one task: (theta (P,), x (N, ...), y (N, ...)) -> number."""
    def loss(theta, x, y):
        z = outputs(lib, problem.network, theta, x)
        if problem.episode.ys.dtype.kind == "f":
            return ((z - y) ** 2).mean()
        return -lib.pick(lib.log_softmax(z, -1), y).mean()
    return loss


def prototypical(lib, network, theta, xs, xq, yq, ways):
    """-log p(y | x), the mean over queries; the support set is class after class."""
    support = outputs(lib, network, theta, xs)
    c = support.reshape(ways, -1, support.shape[-1]).mean(1)
    z = outputs(lib, network, theta, xq)
    squares = (z ** 2).sum(-1)[:, None] - 2 * z @ c.T + (c ** 2).sum(-1)
    return -lib.pick(lib.log_softmax(-squares, -1), yq).mean()
