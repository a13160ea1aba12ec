"""A3.  The meta-gradient costs a small constant times a gradient, whatever the number of weights.

For P weights and K steps, in multiply-adds,
    a gradient O(P),   FOMAML K + 1 gradients,   MAML K Hessian-vector products more, at most,
and a Hessian-vector product is O(P) as a gradient is: never O(P^2), which is the cost of the
Hessian as a matrix, the counterexample.  Memory is another matter: the graph of all K steps is
kept, O(K P), unless steps are computed again (minimeta.checkpoint).

Proof.  The product of A1, read from the right, is K products H v.  H v is the gradient of
<grad L, v>, and a gradient costs a small constant times its function, since every rule costs a
small constant times the call that it belongs to; twice so for H v.  []

Here nothing is timed.  The graph that the engine records is walked, and the multiply-adds of its
calls are counted: exact numbers, on any machine.

Source: Griewank and Walther 2008, "Evaluating Derivatives", section 3; Pearlmutter 1994.

Read next: quadratics.py.
"""
import numpy as np

from ..autodiff import Traced, grad, hessian, hvp
from ..nn import mean_squared_error, mlp
from .descent import descend
from .maml_gradient import unrolled
from .theorem import Picture, Theorem, counterexample, gap, slope

# calls that move or repeat numbers and compute none
MOVES = {"identity", "item", "reshaped", "ravel", "squeeze", "expand_dims", "transpose", "swapaxes",
         "moveaxis", "flip", "roll", "join", "concatenate", "spread_to", "broadcast_to", "pieces",
         "joined", "_getitem", "scatter", "astype", "positive"}
# products of matrices, and the axis of their first operand that is summed over
PRODUCTS = {"matmul": -1, "affine": -1, "times_transposed": -1, "transposed_times": -2}
ALPHA = 0.01
WIDTHS = 64, 128, 256, 512         # P from 4,000 to 265,000
SMALL = 4, 6, 8, 12                # P from 30 to 200, for Hessians


def graph(f, theta):
    """The nodes of the graph of f(theta), an array, back to theta (P,)."""
    kept = []

    def watched(t):
        kept.append(f(t))
        return np.sum(kept[0])
    grad(watched)(theta)
    stack, found = [y for y in kept if type(y) is Traced], {}
    while stack:
        node = stack.pop()
        if node.order not in found:
            found[node.order] = node
            stack += [a for a in node.args if type(a) is Traced]
    return list(found.values())


def multiply_adds(f, theta) -> int:
    """The number of multiply-adds in the calls of f, a function of theta (P,).

    A product of matrices counts its output times the inner dimension, a call that only moves
    numbers counts nothing, and any other its largest operand or output.
    """
    return sum(map(_cost, graph(f, theta)))


def _cost(node):
    if node.fn.__name__ in MOVES:
        return 0
    if node.fn.__name__ in PRODUCTS:
        return int(np.size(node.value)) * np.shape(node.args[0])[PRODUCTS[node.fn.__name__]]
    return max(_size(node.value), *map(_size, node.args))


def _size(a):
    return sum(map(_size, a)) if isinstance(a, tuple) else int(np.size(getattr(a, "value", a)))


def kept_bytes(f, theta) -> int:
    """Bytes of the arrays in the graph of f at theta (P,): what a derivative of f has to keep."""
    arrays = [node.value for node in graph(f, theta) if not isinstance(node.value, tuple)]
    return sum(a.nbytes for a in arrays if getattr(a, "base", None) is None)     # no views


def jobs(loss, steps, alpha=ALPHA):
    """What is counted, by name: functions of theta (P,) for one loss, support and query alike."""
    return {"gradient": grad(loss),
            "H v": lambda t: hvp(loss, t, np.ones(t.shape)),
            "FOMAML": lambda t: grad(loss)(descend([loss] * steps, t, alpha)[-1]),
            "MAML": lambda t: unrolled(loss, loss, t, alpha, steps)}


def network(rng, width, points=8):
    """(loss, theta (P,)): a tanh network of two hidden layers on random points; P ~ width^2."""
    model = mlp([1, width, width, 1], activation=np.tanh, dtype=np.float64)
    x, y = rng.standard_normal((2, points, 1))
    return (lambda w: mean_squared_error(model.apply(w, x), y)), model.init(rng)


def growth(sizes, counts) -> float:
    """The slope of log counts against log sizes."""
    return float(np.polyfit(np.log(sizes), np.log(counts), 1)[0])


def verify(rng, loss=None, theta=None):
    """Findings on networks of growing width, with K = 2, and of growing K."""
    problems = [network(rng, width) for width in WIDTHS]
    sizes = [theta.size for _, theta in problems]
    counts = {name: [multiply_adds(jobs(loss, 2)[name], theta) for loss, theta in problems]
              for name in ("gradient", "H v", "FOMAML", "MAML")}
    found = [slope(f"{name}: multiply-adds against P", growth(sizes, n), 1, 0.02)
             for name, n in counts.items()]
    loss, theta = problems[0]
    for name in ("FOMAML", "MAML"):
        n = [multiply_adds(jobs(loss, steps)[name], theta) for steps in (1, 2, 3, 4)]
        found.append(gap(f"{name}: multiply-adds are affine in K", np.diff(n, 2), np.zeros(2),
                         1e-12, scale=n[0]))
    kept = [kept_bytes(lambda t: descend([loss] * k, t, ALPHA)[-1], theta) for k in (1, 2, 3, 4)]
    found.append(gap("bytes kept are affine in K", np.diff(kept, 2), np.zeros(2), 1e-12, kept[0]))
    ratio = counts["H v"][-1] / counts["gradient"][-1]
    more = (counts["MAML"][-1] - counts["FOMAML"][-1]) / (2 * counts["H v"][-1])
    found += [gap(f"H v is {ratio:.2f} gradients, beyond 6", max(ratio - 6, 0), 0.0, 1e-12, 6),
              gap(f"MAML less FOMAML is {more:.2f} H v a step, beyond 1", max(more - 1, 0), 0.0,
                  1e-12, 1)]
    small = [network(rng, width, points=2) for width in SMALL]
    whole = growth([t.size for _, t in small],
                   [multiply_adds(hessian(loss), t) for loss, t in small])
    found.append(counterexample("the Hessian as a matrix: slope against P", whole, 1.8))
    return found


def picture(rng):
    """Multiply-adds against P: of a gradient, FOMAML and MAML of two steps, and of the Hessian."""
    problems, lines = [network(rng, width, points=2) for width in SMALL + WIDTHS], []
    for name in ("gradient", "FOMAML", "MAML"):
        lines.append((f"{name}: slope 1", problems, lambda loss, name=name: jobs(loss, 2)[name]))
    lines.append(("the Hessian as a matrix: slope 2", problems[:len(SMALL)], hessian))
    return Picture("loglog", "What MAML costs", "weights P", "multiply-adds", lines=tuple(
        (label, np.array([theta.size for _, theta in some]),
         np.array([multiply_adds(job(loss), theta) for loss, theta in some]))
        for label, some, job in lines), note="K = 2 steps; counted, not timed")


THEOREMS = [Theorem(
    "A3", "MAML's cost",
    "MAML costs O(K P) multiply-adds: K Hessian-vector products, each a few gradients; "
    "never O(P^2)",
    __name__, verify, picture=picture)]
