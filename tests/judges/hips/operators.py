"""autograd's names of derivatives, in terms of minimeta's.

Read next: checks.py.
"""
import functools
import inspect

import numpy as np

import minimeta


def of_argument(operator):
    """Turn operator(f, x) into operator(f, argnum)(*args); a tuple or list argnum gives tuples."""
    @functools.wraps(operator)
    def with_argnum(f, argnum=0, *options, **keywords):
        def run(*args, **kwargs):
            @functools.wraps(f, updated=())
            def of_x(x):
                new = dict(zip(argnum, x)) if isinstance(argnum, (tuple, list)) else {argnum: x}
                return f(*[new.get(i, a) for i, a in enumerate(args)], **kwargs)
            many = isinstance(argnum, (tuple, list))
            x = tuple(args[i] for i in argnum) if many else args[argnum]
            return operator(of_x, x, *options, **keywords)
        run.__name__ = f"{operator.__name__}_of_{name(f)}_wrt_argnum_{argnum}"
        return run
    return with_argnum


def name(f):
    return getattr(f, "__name__", "[unknown name]")


def pullback(f, x):
    """(x's cotangent of a cotangent, f(x))."""
    y, back = minimeta.vjp(f, x)
    return (lambda g: back(g)[0]), y


def tangent(f, x):
    """v -> (f(x), J v)."""
    return lambda v: minimeta.jvp(f, (x,), (v,))


make_vjp, make_jvp = of_argument(pullback), of_argument(tangent)


def _entry(f):
    """f of one entry, of whatever shape, as a number."""
    @functools.wraps(f, updated=())
    def number(x):
        y = f(x)
        return np.reshape(y, ()) if np.size(y) == 1 else y
    return number


@of_argument
def grad(f, x):
    """The gradient; autograd takes an array of one entry for a number."""
    return minimeta.grad(_entry(f))(x)


@of_argument
def value_and_grad(f, x):
    return minimeta.value_and_grad(f)(x)


@of_argument
def grad_and_aux(f, x):
    return minimeta.grad(f, has_aux=True)(x)


@of_argument
def elementwise_grad(f, x):
    return minimeta.elementwise_grad(f)(x)


@of_argument
def deriv(f, x):
    return minimeta.jvp(f, (x,), (np.ones_like(x),))[1]


@of_argument
def jacobian(f, x):
    return minimeta.jacobian(f)(x)


@of_argument
def hessian(f, x):
    return minimeta.jacobian(minimeta.jacobian(f))(x)


@of_argument
def holomorphic_grad(f, x):
    return minimeta.grad(lambda x: np.real(f(x)))(x)


@of_argument
def make_hvp(f, x):
    """(v -> H v, the gradient)."""
    return pullback(minimeta.grad(f), x)


def hessian_tensor_product(f, argnum=0):
    """H v of (*args, v)."""
    return lambda *args: make_hvp(f, argnum)(*args[:-1])[0](args[-1])


def tensor_jacobian_product(f, argnum=0):
    """v J of (*args, v), where v may have fewer axes than f."""
    return jacobian(lambda *args: np.tensordot(args[-1], f(*args[:-1]), np.ndim(args[-1])), argnum)


def _half_square(y):
    return 0.5 * np.sum(y * y, axis=-1)


def make_ggnvp(f, g=_half_square, f_argnum=0):
    """v -> J' H J v, with J of f and H of g at f(x)."""
    @of_argument
    def product(f, x):
        back, y = pullback(f, x)
        return lambda v: back(minimeta.hvp(g, y, tangent(f, x)(v)[1]))
    return product(f, f_argnum)


def grad_named(f, argname):
    return grad(f, list(inspect.signature(f).parameters).index(argname))


def multigrad_dict(f):
    """Arguments -> {name: gradient}."""
    def run(*args, **kwargs):
        bound = inspect.signature(f).bind(*args, **kwargs)
        bound.apply_defaults()
        return minimeta.grad(lambda named: f(**named))(dict(bound.arguments))
    return run


def define(f, *makers, argnums=None):
    """Their rule, maker(y, *operands)(g), as ours; None is a derivative of zero."""
    rules = [(lambda *_: None) if maker is None else
             (lambda g, y, *xs, _maker=maker, **static: _maker(y, *xs, **static)(g))
             for maker in makers]
    minimeta.defvjp(f, *rules, argnums=argnums)
