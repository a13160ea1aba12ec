"""MAML, first-order MAML and Reptile on sinusoids in learn2learn, through its public interface.

    learner = MAML(model, lr).clone();  learner.adapt(loss)

It needs PyTorch and a build by `python setup.py build_ext bdist_wheel` from its source: the C files
that it ships are too old for Python 3.11.

Read next: peer_jax.py.
"""
import torch
from learn2learn.algorithms import MAML
from torch import nn
from torch.nn.functional import mse_loss

from . import problems
from .problems import ALPHA, BETA, HIDDEN, flat


def network():
    """The network, with the weights that all have; PyTorch's are (outputs, inputs)."""
    layers = [nn.Linear(1, HIDDEN[0]), nn.ReLU(), nn.Linear(*HIDDEN), nn.ReLU(),
              nn.Linear(HIDDEN[1], 1)]
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for p, w in zip(model.parameters(), problems.perceptron((1, *HIDDEN, 1))):
            p.copy_(torch.from_numpy(w.T if w.ndim == 2 else w))
    return model


def gradient(model):
    """What backward has left in the parameters, as one vector."""
    return flat([(p.grad.T if p.grad.dim() == 2 else p.grad).numpy() for p in model.parameters()])


def training(maml, accumulate, update):
    """(step, result): `accumulate` leaves a gradient in the parameters, `update` goes along it."""
    def step():
        maml.zero_grad()
        accumulate()
        update.step()

    def result():
        maml.zero_grad()
        accumulate()
        return gradient(maml.module)
    return {"": (step, result)}


def sinusoid(steps=1, order=2):
    maml = MAML(network(), lr=ALPHA, first_order=order == 1)
    tasks = list(zip(*map(torch.from_numpy, problems.sinusoids())))

    def accumulate():
        total = 0.0
        for x, y, u, v in tasks:
            learner = maml.clone()
            for _ in range(steps):
                learner.adapt(mse_loss(learner(x), y))
            total = total + mse_loss(learner(u), v)
        (total / len(tasks)).backward()
    return training(maml, accumulate, torch.optim.Adam(maml.parameters(), BETA))


def reptile(steps=5):
    maml = MAML(network(), lr=ALPHA, first_order=True)
    tasks = list(zip(*map(torch.from_numpy, problems.sinusoids()[:2])))

    def accumulate():
        parameters = list(maml.parameters())
        for p in parameters:
            p.grad = torch.zeros_like(p)
        for x, y in tasks:
            learner = maml.clone()
            for _ in range(steps):
                learner.adapt(mse_loss(learner(x), y))
            with torch.no_grad():
                for p, q in zip(parameters, learner.parameters()):
                    p.grad += (p - q) / len(tasks)
    return training(maml, accumulate, torch.optim.SGD(maml.parameters(), BETA))


WORKLOADS = {"W1": sinusoid, "W1_5": lambda: sinusoid(steps=5), "W2": lambda: sinusoid(order=1),
             "W2_reptile": reptile}


def threads(n):
    torch.set_num_threads(n)
