"""The workloads in PyTorch, as its users write them: a loop over tasks, or a task axis.

Read next: peer_learn2learn.py.
"""
import torch
from torch.autograd import grad
from torch.nn import functional as F

from . import problems
from .problems import ALPHA, BETA, BIG, BLOCKS, CHAIN, FEW, HIDDEN, IMAGE_ALPHA, MANY, SMALL, flat


def tensor(a):
    return torch.from_numpy(a.copy())


def leaves(weights):
    return [tensor(w).requires_grad_() for w in weights]


def numbers(tensors):
    """The tensors as one vector of NumPy."""
    return flat([t.detach().contiguous().numpy() for t in tensors])


def training(weights, gradient, layout=lambda gs: gs):
    """(step, result): a step of Adam along gradient(weights), and that gradient as a vector."""
    adam = torch.optim.Adam(weights, lr=BETA, fused=True)

    def step():
        for w, g in zip(weights, gradient(weights)):
            w.grad = g
        adam.step()
    return step, lambda: numbers(layout(gradient(weights)))


# ---------------------------------------------------------------- networks of linear layers

def perceptron(weights, x, activation=torch.relu):
    """Outputs (N, out) of x (N, d), or (T, N, out) of weights and x with a task axis."""
    product = torch.baddbmm if x.dim() == 3 else torch.addmm
    for k in range(0, len(weights), 2):
        x = product(weights[k + 1], x, weights[k])
        x = activation(x) if k + 2 < len(weights) else x
    return x


def descend(loss, weights, steps, alpha, order):
    """The weights after `steps` of gradient descent on loss(weights)."""
    for _ in range(steps):
        gs = grad(loss(weights), weights, create_graph=order == 2)
        weights = [w - alpha * g for w, g in zip(weights, gs)]
    return weights


def sinusoid(steps=1, order=2):
    weights = leaves(problems.perceptron((1, *HIDDEN, 1)))
    xs, ys, xq, yq = map(tensor, problems.sinusoids())

    def loop(weights):
        total = 0
        for x, y, u, v in zip(xs, ys, xq, yq):
            phi = descend(lambda w: F.mse_loss(perceptron(w, x), y), weights, steps, ALPHA, order)
            total = total + F.mse_loss(perceptron(phi, u), v)
        return grad(total / len(xs), weights)

    def total(phi, x, y):
        return (perceptron(phi, x) - y).square().mean(dim=(-2, -1)).sum()

    def task_axis(weights):
        phi = [w.expand(len(xs), *(w.shape if w.dim() == 2 else (1, len(w)))) for w in weights]
        phi = descend(lambda w: total(w, xs, ys), phi, steps, ALPHA, order)
        return grad(total(phi, xq, yq) / len(xs), weights)
    return {"loop": training(weights, loop), "task axis": training(weights, task_axis)}


def reptile(steps=5):
    weights = [tensor(w) for w in problems.perceptron((1, *HIDDEN, 1))]
    xs, ys = map(tensor, problems.sinusoids()[:2])

    def path(weights, loss):
        for _ in range(steps):
            gs = grad(loss(weights), weights)
            weights = [(w - ALPHA * g).detach().requires_grad_() for w, g in zip(weights, gs)]
        return weights

    def loop(weights):
        start = [w.clone().requires_grad_() for w in weights]
        ends = [path(start, lambda w, x=x, y=y: F.mse_loss(perceptron(w, x), y))
                for x, y in zip(xs, ys)]
        return [w - torch.stack(es).mean(0).detach() for w, es in zip(weights, zip(*ends))]

    def task_axis(weights):
        phi = [w.expand(len(xs), *(w.shape if w.dim() == 2 else (1, len(w)))).clone()
               .requires_grad_() for w in weights]
        phi = path(phi, lambda w: (perceptron(w, xs) - ys).square().mean(dim=(-2, -1)).sum())
        return [w - p.mean(0).detach().reshape(w.shape) for w, p in zip(weights, phi)]

    def moving(direction):
        def step():
            for w, d in zip(weights, direction(weights)):
                w.sub_(d, alpha=BETA)
        return step, lambda: numbers(direction(weights))
    return {"loop": moving(loop), "task axis": moving(task_axis)}


def classifier(network):
    weights, direction, x, labels = problems.classifier(network)
    x, labels = tensor(x), tensor(labels)
    return leaves(weights), list(map(tensor, direction)), \
        lambda w: F.cross_entropy(perceptron(w, x, torch.tanh), labels)


def hvp(network):
    weights, direction, loss = classifier(network)

    def double():
        return grad(grad(loss(weights), weights, create_graph=True), weights, direction)

    def forward():
        return torch.func.jvp(torch.func.grad(loss), ([w.detach() for w in weights],),
                              (direction,))[1]
    return {"double backward": (double, lambda: numbers(double())),
            "forward over reverse": (forward, lambda: numbers(forward()))}


def hessian(network):
    weights, _, loss = classifier(network)
    shapes, theta = [w.shape for w in weights], torch.cat([w.detach().ravel() for w in weights])

    def of(theta):
        parts = theta.split([s.numel() for s in shapes])
        return loss([p.reshape(s) for p, s in zip(parts, shapes)])

    def matrix():
        return torch.func.hessian(of)(theta)
    return {"torch.func": (matrix, lambda: numbers([matrix()]))}


# ---------------------------------------------------------------- images

def channels_first(weights):
    """Kernels as PyTorch has them, (O, C, 3, 3)."""
    return [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w for w in weights]


def channels_last(gradients):
    return [g.permute(2, 3, 1, 0) if g.dim() == 4 else g for g in gradients]


def images(a):
    """(..., C, H, W) of (..., H, W, C)."""
    return tensor(a).movedim(-1, -3).contiguous()


def embed(weights, x):
    for k in range(0, 3 * BLOCKS, 3):
        kernel, gamma, beta = weights[k:k + 3]
        x = F.batch_norm(F.conv2d(x, kernel, padding=1), None, None, gamma, beta, True,
                         eps=problems.EPS)
        x = F.max_pool2d(F.relu(x), 2)
    return x.flatten(1)


def image_maml(steps=1, order=2):
    weights = leaves(channels_first(problems.conv4_weights(problems.WAYS)))
    xs, ys, xq, yq = problems.meta_images()
    tasks = list(zip(images(xs), tensor(ys), images(xq), tensor(yq)))

    def loss(w, x, y):
        return F.cross_entropy(torch.addmm(w[-1], embed(w, x), w[-2]), y)

    def loop(weights):
        total = None
        for x, y, u, v in tasks:
            phi = descend(lambda w: loss(w, x, y), weights, steps, IMAGE_ALPHA, order)
            gs = grad(loss(phi, u, v) / len(tasks), weights)
            total = gs if total is None else [a + g for a, g in zip(total, gs)]
        return total
    return {"loop": training(weights, loop, channels_last)}


def formats(weights, x):
    """{layout: (weights, images)}: PyTorch's two memory layouts."""
    def last(a):
        return a.to(memory_format=torch.channels_last) if a.dim() == 4 else a
    return {"": (weights, x),
            "channels last": ([last(w.detach()).requires_grad_() for w in weights], last(x))}


def prototypical(ways, shots, queries):
    xs, _, xq, yq = (a[0] for a in problems.episode(1, ways, shots, queries))
    x, labels, count = images(problems.np.concatenate([xs, xq])), tensor(yq), len(xs)

    def loss(weights, x):
        z = embed(weights, x)
        prototypes, z = z[:count].reshape(ways, shots, -1).mean(1), z[count:]
        distances = z.square().sum(1, keepdim=True) - 2 * z @ prototypes.T \
            + prototypes.square().sum(1)
        return F.cross_entropy(-distances, labels)
    return {name: training(weights, lambda w, x=x: grad(loss(w, x), w), channels_last)
            for name, (weights, x) in
            formats(leaves(channels_first(problems.conv4_weights())), x).items()}


def embedding(ways, shots, queries):
    xs, _, xq, _ = (a[0] for a in problems.episode(1, ways, shots, queries))
    x = images(problems.np.concatenate([xs, xq]))

    def made(weights, x):
        def step():
            with torch.no_grad():
                return embed(weights, x)
        return step, lambda: numbers([step()])
    weights = leaves(channels_first(problems.conv4_weights()))
    return {name: made(*pair) for name, pair in formats(weights, x).items()}


# ---------------------------------------------------------------- elementwise operations

def chain(order):
    x = tensor(problems.chain_point()).requires_grad_()

    def f():
        y = x
        for _ in range(CHAIN):
            y = torch.tanh(y)
            y = y * x
        return y.sum()

    def derivative():
        g, = grad(f(), x, create_graph=order == 2)
        return grad(g.sum(), x) if order == 2 else (g,)
    return {"": (derivative, lambda: numbers(derivative()))}


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


def threads(n):
    torch.set_num_threads(n)
