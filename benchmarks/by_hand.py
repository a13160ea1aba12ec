"""Sinusoid MAML, FOMAML and Reptile by hand: derivatives worked out on paper, buffers made once.

The network is y = relu(relu(x a + b) C + d) e + f, a task a row; a bar is a cotangent, a dot a
derivative along a direction:

    y' = 2 (y - t) / n          e' = h2^T y'    f' = sum y'     s2' = (y' e^T) [s2 > 0]
    C' = h1^T s2'               d' = sum s2'    s1' = (s2' C^T) [s1 > 0]
    a' = x^T s1'                b' = sum s1'

and the meta-gradient is mean_i (I - alpha H_i) v_i with v_i = grad L_i(phi_i; query), whose H_i v_i
is the derivative of the lines above along v_i (Pearlmutter 1994).

Read next: workloads.py.
"""
import numpy as np

from .workloads import ALPHA, BETA, HIDDEN, POINTS, TASKS

SHAPES = [(1, HIDDEN[0]), (1, HIDDEN[0]), HIDDEN, (1, HIDDEN[1]), (HIDDEN[1], 1), (1, 1)]


def pieces(theta):
    """The six weights, views of theta (..., P)."""
    found, start = [], 0
    for rows, columns in SHAPES:
        part = theta[..., start:start + rows * columns]
        found.append(part.reshape(theta.shape[:-1] + (rows, columns)))
        start += rows * columns
    return found


def turned(x):
    return np.swapaxes(x, -1, -2)


class Pass:
    """One forward and backward pass of all tasks, and what a derivative along v needs of it."""

    def __init__(self):
        def wide():
            return np.empty((TASKS, POINTS, HIDDEN[0]), np.float32)
        self.h1, self.h2, self.s1, self.s2 = wide(), wide(), wide(), wide()
        self.on1, self.on2 = self.h1 > 0, self.h2 > 0
        self.r1, self.r2, self.q1, self.q2, self.spare = (wide() for _ in range(5))
        self.y, self.ydot = np.empty((2, TASKS, POINTS, 1), np.float32)
        self.ones = np.ones((1, POINTS), np.float32)

    def product(self, x, w, out):
        """x w, as one product if all tasks share w."""
        if w.ndim == 2:
            np.matmul(x.reshape(-1, x.shape[-1]), w, out=out.reshape(-1, w.shape[-1]))
        else:
            np.matmul(x, w, out=out)

    def gradient(self, weights, x, t, out):
        """The gradients (T, ...) of the tasks' losses, written to `out`; the residuals stay."""
        a, b, c, d, e, f = weights
        h1, h2, on1, on2, y = self.h1, self.h2, self.on1, self.on2, self.y
        np.multiply(x, a, out=h1)
        h1 += b
        np.greater(h1, 0, out=on1)
        h1 *= on1
        self.product(h1, c, h2)
        h2 += d
        np.greater(h2, 0, out=on2)
        h2 *= on2
        self.product(h2, e, y)
        y += f
        y -= t
        loss = float(np.vdot(y, y)) / POINTS
        y *= 2 / POINTS
        np.multiply(y, turned(e), out=self.s2)
        self.s2 *= on2
        self.product(self.s2, turned(c), self.s1)
        self.s1 *= on1
        for factor, s, matrix, bias in ((h2, y, out[4], out[5]), (h1, self.s2, out[2], out[3]),
                                        (x, self.s1, out[0], out[1])):
            np.matmul(turned(factor), s, out=matrix)
            np.matmul(self.ones, s, out=bias)
        return loss

    def hessian_product(self, weights, x, v, out):
        """sum_i H_i v_i at weights that all tasks share, written to `out`; v is (T, ...)."""
        _, _, c, _, e, _ = weights
        va, vb, vc, vd, ve, vf = v
        r1, r2, q1, q2, spare, ydot = self.r1, self.r2, self.q1, self.q2, self.spare, self.ydot
        np.multiply(x, va, out=r1)
        r1 += vb
        r1 *= self.on1
        self.product(r1, c, r2)
        np.matmul(self.h1, vc, out=spare)
        r2 += spare
        r2 += vd
        r2 *= self.on2
        self.product(r2, e, ydot)
        ydot += self.h2 @ ve
        ydot += vf
        ydot *= 2 / POINTS
        np.multiply(ydot, turned(e), out=q2)
        np.multiply(self.y, turned(ve), out=spare)
        q2 += spare
        q2 *= self.on2
        self.product(q2, turned(c), q1)
        np.matmul(self.s2, turned(vc), out=spare)
        q1 += spare
        q1 *= self.on1
        for pairs, s, matrix, bias in (
                (((self.h2, ydot), (r2, self.y)), ydot, out[4], out[5]),
                (((self.h1, q2), (r1, self.s2)), q2, out[2], out[3]), (((x, q1),), q1, *out[:2])):
            rows = [(p.reshape(-1, p.shape[-1]).T, q.reshape(-1, q.shape[-1])) for p, q in pairs]
            np.matmul(*rows[0], out=matrix)
            for more in rows[1:]:
                matrix += more[0] @ more[1]
            np.add.reduce(s.reshape(-1, s.shape[-1]), axis=0, out=bias[0])


class Adam:
    """Adam in place (Kingma and Ba 2015)."""

    def __init__(self, theta):
        self.m, self.v, self.spare = np.zeros((3, theta.size), np.float32)
        self.t = 0

    def update(self, theta, g):
        m, v, spare, self.t = self.m, self.v, self.spare, self.t + 1
        for mean, decay in ((m, 0.9), (v, 0.999)):
            mean *= decay
            np.multiply(g, 1 - decay, out=spare)
            if mean is v:
                spare *= g
            mean += spare
        scale = (1 - 0.999 ** self.t) ** 0.5
        np.sqrt(v, out=spare)
        spare += 1e-8 * scale
        np.divide(m, spare, out=spare)
        spare *= BETA * scale / (1 - 0.9 ** self.t)
        theta -= spare


class Maml:
    """A meta-step on the weights theta (P,), changed in place; returns the loss."""

    def __init__(self, theta, state, episode, second_order=True):
        self.theta, self.episode = theta.copy(), episode
        self.adam, self.second_order = Adam(theta), second_order
        self.support, self.query = Pass(), Pass()
        self.phi, self.v = np.empty((2, TASKS, theta.size), np.float32)
        self.g, self.hv = np.empty((2, theta.size), np.float32)
        self.mean = np.full(TASKS, 1 / TASKS, np.float32)
        self.views = [pieces(a) for a in (self.theta, self.phi, self.v, self.hv)]

    def gradient(self):
        """The loss; the meta-gradient is left in g."""
        xs, ys, xq, yq = self.episode
        theta, phi, v, hv = self.views
        self.support.gradient(theta, xs, ys, phi)
        self.phi *= -ALPHA
        self.phi += self.theta
        loss = self.query.gradient(phi, xq, yq, v)
        np.matmul(self.mean, self.v, out=self.g)
        if self.second_order:
            self.support.hessian_product(theta, xs, v, hv)
            self.hv *= -ALPHA / TASKS
            self.g += self.hv
        return loss / TASKS

    def __call__(self):
        loss = self.gradient()
        self.adam.update(self.theta, self.g)
        return loss


class Reptile:
    """A meta-step on the weights theta (P,), changed in place; returns the loss."""

    def __init__(self, theta, episode, steps=5):
        self.theta, self.episode, self.steps, self.run = theta.copy(), episode, steps, Pass()
        self.phi, self.g = np.empty((2, TASKS, theta.size), np.float32)
        self.direction = np.empty(theta.size, np.float32)
        self.mean = np.full(TASKS, 1 / TASKS, np.float32)
        self.views = [pieces(a) for a in (self.theta, self.phi, self.g)]

    def __call__(self):
        theta, phi, g = self.views
        xs, ys = self.episode[:2]
        loss = self.run.gradient(theta, xs, ys, phi)
        self.phi *= -ALPHA
        self.phi += self.theta
        for _ in range(self.steps - 1):
            self.run.gradient(phi, xs, ys, g)
            self.g *= ALPHA
            self.phi -= self.g
        np.matmul(self.mean, self.phi, out=self.direction)
        np.subtract(self.theta, self.direction, out=self.direction)
        self.direction *= BETA
        self.theta -= self.direction
        return loss / TASKS


BY_HAND = {
    "W1": Maml,
    "W2": lambda *args: Maml(*args, second_order=False),
    "W2_reptile": Reptile,
}
