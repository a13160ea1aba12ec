"""autograd.test_util's names: derivatives against central differences along random directions.

Read next: modules.py.
"""
import itertools

import numpy as np

from minimeta.autodiff.tree import flatten, leaves_like, tree_map

from .operators import name, of_argument, pullback, tangent

STEP = 1e-6
TOLERANCE = 1e-6


def scalar_close(a, b):
    return abs(a - b) < TOLERANCE or abs(a - b) < TOLERANCE * abs(a + b)


def _random_like(x):
    """A random direction in the space of x, complex where x is."""
    def draw(x):
        v = np.random.randn(*np.shape(x))
        return v + 1j * np.random.randn(*np.shape(x)) if np.iscomplexobj(x) else np.asarray(v)
    return tree_map(draw, x)


def _inner(x, y):
    """The real inner product of two trees."""
    return sum(float(np.sum(np.real(np.conj(a) * b)))
               for a, b in zip(flatten(x)[0], leaves_like(y, x)))


def _step(x, v, h):
    return flatten(x)[1]([a + h * b for a, b in zip(flatten(x)[0], leaves_like(v, x))])


def _slope(f, x, v):
    """df(x + t v) / dt at 0."""
    above, below = f(_step(x, v, STEP / 2)), f(_step(x, v, -STEP / 2))
    return tree_map(lambda d: d / STEP, _step(above, below, -1.0))


def _spaces(x):
    """What two values must share: structure, shapes, real or complex."""
    leaves = flatten(x)[0]
    return [(np.shape(a), np.iscomplexobj(a)) for a in leaves]


def check_vjp(f, x):
    back, y = pullback(f, x)
    v, g = _random_like(x), _random_like(y)
    c = tree_map(np.conj, back(tree_map(np.conj, g)))
    assert _spaces(c) == _spaces(x), f"a cotangent like {_spaces(c)} of an input like {_spaces(x)}"
    exact, numeric = _inner(v, c), _inner(g, _slope(f, x, v))
    assert scalar_close(exact, numeric), (
        f"Derivative (VJP) check of {name(f)} failed at {x}: {exact}, differences {numeric}")


def check_jvp(f, x):
    v = _random_like(x)
    check_equivalent(tangent(f, x)(v)[1], _slope(f, x, v))


def check_equivalent(x, y):
    assert _spaces(x) == _spaces(y), (_spaces(x), _spaces(y))
    v = _random_like(x)
    assert scalar_close(_inner(v, x), _inner(v, y)), (x, y)


@of_argument
def check_grads(f, x, modes=("fwd", "rev"), order=2):
    """Products with J and with its transpose, and the derivatives of these products."""
    for mode in modes:
        if mode == "fwd":
            check_jvp(f, x)
            v = _random_like(x)

            def product(x, v):
                return tangent(f, x)(v)[1]
            product.__name__ = f"jvp_{name(f)}"
        else:
            check_vjp(f, x)
            v = _random_like(f(x))

            def product(x, v):
                return pullback(f, x)[0](v)
            product.__name__ = f"vjp_{name(f)}"
        if order > 1:
            check_grads(product, (0, 1), modes, order - 1)(x, v)


def combo_check(f, *check_args, **check_kwargs):
    """check_grads at every combination of arguments and options."""
    def run(*args, **kwargs):
        for values in itertools.product(*args, *kwargs.values()):
            xs, options = values[:len(args)], dict(zip(kwargs, values[len(args):]))
            check_grads(f, *check_args, **check_kwargs)(*xs, **options)
    return run


def quick_grad_check(f, x, extra_args=(), kwargs=None, **_):
    check_grads(lambda x: f(x, *extra_args, **(kwargs or {})), modes=["rev"], order=1)(x)
