"""The derivatives of a function, as functions: built on one backward pass each.

Read next: recompute.py.
"""
import functools

import numpy as np

from .. import pieces
from .diff import Level, backward, lower
from .rules.ravel import ravel
from .table import fit
from .trace import Traced, raw
from .tree import flatten, leaves_like, tree_map

# rows of a Hessian in one sweep, at most: larger arrays leave the cache, smaller ones are more
# calls. For 1,893 weights, on two threads, up to 64, 80, 96, 120 and 160 rows took 1.08, 1.03,
# 1.03, 1 and 1.03 of the time
BLOCK = 128


def vjp(f, *args, has_aux=False):
    """(y, pullback) of f at args, both any containers of arrays; pullback(g) is a tuple.

    pullback takes a cotangent like y and returns one like each argument.  With has_aux, f returns
    (y, aux), and the result is (y, pullback, aux).
    """
    level = Level()
    leaves, rebuild = flatten(args)
    inputs = [level.enter(x) for x in leaves]
    out = f(*rebuild(inputs))
    out, aux = split(out) if has_aux else (out, None)
    outputs, rebuild_out = flatten(out)

    def pullback(g):
        """The cotangents of the arguments, a tuple, from one like the output."""
        cotangents = leaves_like(g, out)
        for i, (y, c) in enumerate(zip(outputs, cotangents)):
            if np.shape(c) != np.shape(y):
                raise ValueError(f"the cotangent has shape {np.shape(c)}, the output "
                                 f"{np.shape(y)}")
            if np.iscomplexobj(raw(c)) and not np.iscomplexobj(raw(y)):
                raise TypeError("the cotangent is complex and the output real: pass np.real of it")
            cotangents[i] = fit(c if hasattr(c, "dtype") else np.asarray(c), raw(y)) \
                if hasattr(y, "dtype") else c
        found = backward(outputs, cotangents, inputs, level.bit)
        return rebuild(own(found, inputs, cotangents))

    def plain_copy(y):
        y = lower(y, ~level.bit)
        return y.copy() if hasattr(y, "nbytes") and type(y) is not Traced else y
    y = rebuild_out([plain_copy(y) for y in outputs])
    return (y, pullback, tree_map(plain_copy, aux)) if has_aux else (y, pullback)


def value_and_grad(f, argnums=0, has_aux=False):
    """The function that returns (f, gradient of f) with respect to argument `argnums`.

    f returns a real number, or (number, aux) with has_aux, and then the result is
    ((number, aux), gradient).  argnums is an int, or a tuple of ints, which gives a tuple of
    gradients.  Arguments may be nested containers of arrays; the gradient has their structure.
    In complex x + iy it is df/dx - i df/dy: its conjugate points uphill.
    """
    check_call(f, argnums)
    return named(f, lambda *args, **kwargs: _value_and_grad(f, argnums, has_aux, args, kwargs))


def _value_and_grad(f, argnums, has_aux, args, kwargs):
    chosen = positions(argnums, args)
    level, args = Level(), list(args)
    leaves, rebuild = flatten(tuple([args[i] for i in chosen]))
    inputs = [level.enter(x) for x in leaves]
    for i, x in zip(chosen, rebuild(inputs)):
        args[i] = x
    y = f(*args, **kwargs)
    y, aux = split(y) if has_aux else (y, None)
    _check_scalar(y, f)
    outputs, y = [y], lower(y, ~level.bit)
    if has_aux:
        y = y, tree_map(lambda a: lower(a, ~level.bit), aux)
        aux = None
    found = backward(outputs, [np.ones_like(raw(outputs[0]))], inputs, level.bit, last=True)
    found = rebuild(own(found, inputs, ()))
    return y, found if isinstance(argnums, tuple) else found[0]


def named(f, run):
    """run, with f's name, documentation and signature (functools.wraps takes longer)."""
    run.__name__, run.__doc__ = getattr(f, "__name__", "f"), getattr(f, "__doc__", None)
    run.__wrapped__ = f
    return run


def split(pair):
    """(y, aux) of a function that returns both."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError("with has_aux=True the function returns a pair, (output, aux)")
    return pair


def own(found, inputs, others):
    """Cotangents as the caller may keep and change them: of input shape, aliasing nothing."""
    taken, owned = {id(g) for g in others}, []
    for c, x in zip(found, inputs):
        if c is None:
            c = np.zeros_like(x.value)
        elif type(c) is not Traced:
            if c.shape == () and not isinstance(x.value, np.generic):     # never a NumPy scalar
                c = np.copy(c)
            if getattr(c, "base", None) is not None or id(c) in taken:
                c = c.copy()
        taken.add(id(c))
        owned.append(c)
    return owned


def check_call(f, argnums):
    """Raise where grad(f(x)) or grad(f, x) stands for grad(f)(x)."""
    if not callable(f):
        raise TypeError(f"a derivative is taken of a function, not of a {type(f).__name__}: write "
                        "grad(f)(x), not grad(f(x))")
    for i in argnums if isinstance(argnums, tuple) else (argnums,):
        if not isinstance(i, (int, np.integer)):
            raise TypeError(f"argnums is an int or a tuple of ints, not {type(argnums).__name__}: "
                            "write grad(f, argnums=(0, 1))(x, y)")


def positions(argnums, args):
    """argnums as a tuple of indices into args."""
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    for i in chosen:
        if not -len(args) <= i < len(args):
            raise ValueError(f"argnums={argnums}, but {len(args)} positional arguments: pass what "
                             "is differentiated by position")
    chosen = tuple(i % len(args) for i in chosen)
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"argnums={argnums} names an argument twice")
    return chosen


def _check_scalar(y, f):
    name = getattr(f, "__name__", "the function")
    if isinstance(y, (tuple, list, dict)) or y is None:
        raise TypeError(f"{name} returned {type(y).__name__}, not a number: grad needs a scalar "
                        "loss (has_aux=True for a loss and more; vjp for several outputs)")
    plain = raw(y)
    if np.shape(plain) != ():
        raise TypeError(f"{name} returned shape {np.shape(y)}, not a scalar: sum it, or use "
                        "minimeta.jacobian (all derivatives) or minimeta.vjp (a product)")
    if np.iscomplexobj(plain):
        raise TypeError(f"{name} returned a complex number: grad needs a real one; take np.real "
                        "or np.abs of it, or use minimeta.vjp")


def grad(f, argnums=0, has_aux=False):
    """The gradient of f, a real-valued function, with respect to argument `argnums`.

    With has_aux, f returns (number, aux), and the result is (gradient, aux).
    """
    check_call(f, argnums)

    def run(*args, **kwargs):
        y, g = _value_and_grad(f, argnums, has_aux, args, kwargs)
        return (g, y[1]) if has_aux else g
    return named(f, run)


def jvp(f, args, tangents):
    """(y, tangent): f at args, and its derivative along tangents (both tuples, one an argument).

    Reverse mode twice: u -> J'u is linear, and the transpose of it is J.
    """
    if not isinstance(args, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp takes tuples: jvp(f, (x,), (v,))")
    given = leaves_like(tuple(tangents), tuple(args), "the tangent")
    for x, v in zip(flatten(tuple(args))[0], given):
        if np.shape(x) != np.shape(v):
            raise ValueError(f"the tangent has shape {np.shape(v)}, its argument {np.shape(x)}")
    y, pullback = vjp(f, *args)
    zero = tree_map(_zero_like, y)
    _, transpose = vjp(pullback, zero)
    return y, transpose(tuple(tangents))[0]


def _zero_like(y):
    """The cotangent 0 of an output y: a float, if y is an integer."""
    y = raw(y) if hasattr(y, "dtype") else np.asarray(y)
    return np.zeros_like(y, dtype=None if y.dtype.kind in "fc" else float)


def hvp(f, x, v=None):
    """Hessian-vector product H v of f, a real-valued function of x; v has the structure of x.

    H is symmetric: it is the pullback of the gradient (Pearlmutter 1994), two gradients' work and
    no matrix.  Without v: H as a scipy.sparse.linalg.LinearOperator (P, P) on the vector ravel(x),
    for cg, eigsh and their like; the gradient is recorded once, a product is a backward pass.
    """
    _, pullback = vjp(grad(f), x)
    return _operator(pullback, x) if v is None else pullback(v)[0]


def _operator(pullback, x):
    """v -> H v on ravelled vectors, in SciPy's words."""
    from scipy.sparse.linalg import LinearOperator
    theta, unravel = ravel(x)
    if theta.dtype.kind == "c":
        raise TypeError("hvp(f, x) without v is for real x: the Hessian of a function of complex "
                        "numbers is not linear over them; pass v, or split x in its parts")

    def product(v):
        return ravel(pullback(unravel(v.reshape(-1)))[0])[0]
    return LinearOperator((theta.size,) * 2, matvec=product, rmatvec=product, dtype=theta.dtype)


def jacobian(f, argnums=0, holomorphic=False):
    """The Jacobian of f, array to array: shape (*output, *input), one backward pass an output.

    For containers of arrays, the output's container of the input's containers; a tuple argnums
    gives a tuple.  A complex output of complex numbers has a Jacobian only where f is holomorphic,
    which holomorphic=True asserts; of real numbers it takes two passes, d Re f + i d Im f.
    """
    check_call(f, argnums)

    @functools.wraps(f)
    def run(*args, **kwargs):
        chosen = positions(argnums, args)

        def of(*xs):
            new = dict(zip(chosen, xs))
            return f(*[new.get(i, a) for i, a in enumerate(args)], **kwargs)
        xs = tuple(args[i] for i in chosen)
        y, pullback = vjp(of, *xs)
        (inputs, like_xs), (outputs, like_y) = flatten(xs), flatten(y)

        def rows(k, unit):
            """[the cotangents of the inputs, a list] for each entry of output k."""
            found = []
            for i in range(np.size(outputs[k])):
                seeds = [np.zeros_like(raw(o)) for o in outputs]
                seeds[k].reshape(-1)[i] = unit
                found.append(flatten(pullback(like_y(seeds)))[0])
            return found

        def block(k):
            """Derivatives of output k, like xs."""
            two = np.iscomplexobj(outputs[k])
            if two and any(map(np.iscomplexobj, inputs)) and not holomorphic:
                raise TypeError("the Jacobian of a complex function of complex numbers: pass "
                                "holomorphic=True if f is holomorphic, or use minimeta.vjp or jvp")
            real, imaginary, blocks = rows(k, 1), rows(k, -1j) if two else [], []
            for j, x in enumerate(inputs):
                parts = [row[j] for row in real]
                if two and not np.iscomplexobj(x):
                    parts = [a + 1j * row[j] for a, row in zip(parts, imaginary)]
                shape = np.shape(outputs[k]) + np.shape(x)
                blocks.append(np.reshape(np.stack(parts), shape) if parts
                              else np.zeros_like(raw(x), shape=shape))
            blocks = like_xs(blocks)
            return blocks if isinstance(argnums, tuple) else blocks[0]
        return like_y([block(k) for k in range(len(outputs))])
    return run


def hessian(f, argnums=0, batched=False):
    """The Hessian of f, a real-valued function of an array x: shape (*x, *x).

    batched=True is for an f that acts on the last axis, as NumPy's gufuncs do: it maps x (P,) to a
    number and (B, P) to B of them.  Then one sweep over copies of x takes BLOCK rows.
    """
    return _batched_hessian(f, argnums) if batched else jacobian(grad(f, argnums), argnums)


def _batched_hessian(f, argnums):
    @functools.wraps(f)
    def run(*args, **kwargs):
        check_call(f, argnums)
        (at,) = positions(argnums, args)
        x = args[at]
        if np.ndim(x) != 1:
            raise ValueError(f"hessian(batched=True) of x with shape {np.shape(x)}: x is a vector "
                             "(P,); use minimeta.ravel, or batched=False")
        size = len(x)
        sweeps = -(-size // BLOCK)
        sweeps += sweeps % 2 if sweeps > 1 else 0           # as many for each of two threads
        n = -(-size // max(1, sweeps))                      # rows of a sweep

        def total(xs):
            y = f(*args[:at], xs, *args[at + 1:], **kwargs)
            if np.shape(y) != (n,):
                raise ValueError(f"hessian(batched=True): f of {n} vectors returned shape "
                                 f"{np.shape(y)}, not {(n,)}: reduce over the last axes only "
                                 "(axis=-1), or use batched=False")
            return np.sum(y)
        if not size:
            return np.zeros_like(raw(x), shape=(0, 0))
        _check_alone(lambda x: f(*args[:at], x, *args[at + 1:], **kwargs), raw(x))
        g, pullback = vjp(grad(total), np.broadcast_to(x, (n, size)))

        def rows(start):
            """Rows of the Hessian from `start` on."""
            v = np.zeros_like(raw(x), shape=(n, size))
            v.reshape(-1)[start::size + 1] = 1                # row i has its 1 at start + i
            return pullback(v)[0][:size - start]
        starts = range(0, size, n)
        if type(g) is not np.ndarray:         # a device's, or recorded, which has an order
            return np.concatenate([rows(start) for start in starts])
        h = np.empty((size, size), g.dtype)

        def piece(_, start, stop):
            h[start:stop] = rows(start)
        pieces.run(piece, [[(start, start + n)] for start in starts])
        return h
    return run


def _check_alone(f, x):
    """Raise where f of the vector x is another number beside a second vector, near x.

    On a GPU, where looking would stop the pipeline, nobody looks.
    """
    if not isinstance(x, np.ndarray):
        return
    alone, together = raw(f(x)), raw(f(np.stack([x, x + (0.7 - x) / 16])))
    eps = float(np.finfo(x.dtype).eps)
    if np.shape(alone) != () or np.shape(together) != (2,) or not np.allclose(
            together[0], alone, rtol=eps ** 0.5, atol=eps, equal_nan=True):
        raise ValueError("hessian(batched=True): f of a vector is another number when the vector "
                         "is among others: reduce over the last axes only (axis=-1), or use "
                         "batched=False")


def elementwise_grad(f, argnums=0):
    """The derivative of f, an elementwise function, at each entry of its argument."""
    return grad(functools.wraps(f)(lambda *args, **kwargs: np.sum(f(*args, **kwargs))), argnums)


def stop_gradient(x):
    """The value of x (any container of arrays) as a constant of every derivative."""
    return tree_map(lambda a: a.value.copy() if type(a) is Traced else a, x)
