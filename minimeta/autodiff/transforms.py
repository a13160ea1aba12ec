"""The derivatives of a function, as functions: built on one backward pass each.

Read next: rules/, the calculus itself.
"""
import functools

import numpy as np

from .diff import Level, backward, lower, own, vjp
from .trace import Traced, raw
from .tree import flatten, tree_map


def value_and_grad(f, argnums=0, has_aux=False):
    """The function that returns (f, gradient of f) with respect to argument `argnums`.

    f returns a real number, or (number, aux) with has_aux, and then the result is
    ((number, aux), gradient).  argnums is an int, or a tuple of ints, which gives a tuple of
    gradients.  Arguments may be nested containers of arrays; the gradient has their structure.
    """
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)

    @functools.wraps(f)
    def run(*args, **kwargs):
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise ValueError(f"argnums={argnums}, but {len(args)} positional arguments")
        level, args = Level(), list(args)
        leaves, rebuild = flatten(tuple(args[i] for i in chosen))
        inputs = [level.enter(x) for x in leaves]
        for i, x in zip(chosen, rebuild(inputs)):
            args[i] = x
        y = f(*args, **kwargs)
        y, aux = y if has_aux else (y, None)
        _check_scalar(y, f)
        found = backward([y], [np.ones_like(raw(y))], inputs, level.bit)
        found = rebuild(own(found, inputs, ()))
        y = lower(y, ~level.bit)
        if has_aux:
            y = y, tree_map(lambda a: lower(a, ~level.bit), aux)
        return y, found if isinstance(argnums, tuple) else found[0]
    return run


def _check_scalar(y, f):
    name = getattr(f, "__name__", "the function")
    if isinstance(y, (tuple, list, dict)) or y is None:
        raise TypeError(f"{name} returned {type(y).__name__}, not a number: grad needs a scalar "
                        "loss (has_aux=True for a loss and more; vjp for several outputs)")
    if np.shape(y) != ():
        raise TypeError(f"{name} returned shape {np.shape(y)}, not a scalar: sum it, or use "
                        "minimeta.jacobian (all derivatives) or minimeta.vjp (a product)")
    if np.iscomplexobj(raw(y)):
        raise TypeError(f"{name} returned a complex number: grad needs a real one; take np.real "
                        "or np.abs of it, or use minimeta.vjp")


def grad(f, argnums=0, has_aux=False):
    """The gradient of f, a real-valued function, with respect to argument `argnums`.

    With has_aux, f returns (number, aux), and the result is (gradient, aux).
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def run(*args, **kwargs):
        y, g = both(*args, **kwargs)
        return (g, y[1]) if has_aux else g
    return run


def jvp(f, args, tangents):
    """(y, tangent): f at args, and its derivative along tangents (both tuples, one an argument).

    Reverse mode twice: u -> J'u is linear, and the transpose of it is J.
    """
    if not isinstance(args, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp takes tuples: jvp(f, (x,), (v,))")
    y, pullback = vjp(f, *args)
    zero = tree_map(np.zeros_like, y)
    _, transpose = vjp(pullback, zero)
    return y, transpose(tuple(tangents))[0]


def hvp(f, x, v):
    """Hessian-vector product H v of f, a real-valued function of x; v has the structure of x.

    The gradient of <grad f(x), v> (Pearlmutter 1994): two gradients' work, no matrix.
    """
    directions, _ = flatten(v)

    def slope(x):
        return sum(np.sum(g * d) for g, d in zip(flatten(grad(f)(x))[0], directions))
    return grad(slope)(x)


def jacobian(f, argnums=0):
    """The Jacobian of f, array to array: shape (*output, *input), one backward pass a row."""
    def run(*args, **kwargs):
        def of(x):
            return f(*args[:argnums], x, *args[argnums + 1:], **kwargs)
        y, pullback = vjp(of, args[argnums])
        shape, rows = np.shape(y), []
        for i in range(int(np.prod(shape))):
            one = np.zeros_like(raw(y)).reshape(-1)
            one[i] = 1
            rows.append(pullback(one.reshape(shape))[0])
        if not rows:
            return np.zeros_like(raw(args[argnums]), shape=shape + np.shape(args[argnums]))
        return np.reshape(np.stack(rows), shape + np.shape(args[argnums]))
    return functools.wraps(f)(run)


def hessian(f, argnums=0):
    """The Hessian of f, a real-valued function of an array x: shape (*x, *x)."""
    return jacobian(grad(f, argnums), argnums)


def elementwise_grad(f, argnums=0):
    """The derivative of f, an elementwise function, at each entry of its argument."""
    return grad(functools.wraps(f)(lambda *args, **kwargs: np.sum(f(*args, **kwargs))), argnums)


def stop_gradient(x):
    """The value of x (any container of arrays) as a constant of every derivative."""
    return tree_map(lambda a: a.value.copy() if type(a) is Traced else a, x)
