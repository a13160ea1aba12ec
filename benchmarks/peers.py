"""Gradient checkers, each given a planted case in its own way: did it pass, or object?

Each is called with its own defaults.  A judge is a function of a Case that returns "passed",
"objected", or "undecided"; ours also returns the resolution that its report states.

Read next: checkers.py.
"""
import os
import warnings

import numpy as np

from minimeta import defvjp, primitive
from minimeta.check import check_grads

PASSED, OBJECTED, UNDECIDED = "passed", "objected", "undecided"
VERDICTS = {"OK": PASSED, "WRONG": OBJECTED, "INCONCLUSIVE": UNDECIDED}
SCIPY_LIMIT = 1e-6              # about 64 sqrt(eps) of float64: the forward difference's own error


def ours(case):
    """(verdict, resolution at the order of the planted error) of minimeta.check_grads."""
    df, more = case.df, {}
    if case.order == 2 and case.by_rule:
        df = primitive(lambda x: case.df(x))
        defvjp(df, lambda g, y, x: case.hessian(x).T @ g)
    elif case.order == 2:
        more["hvp"] = case.hvp
    report = check_grads(case.f, case.x, df=df, order=case.order, **more)
    found = [row.resolution for row in report.rows if row.order == case.order]
    return VERDICTS[report.verdict], max(found, default=np.inf)


def torch():
    """torch.autograd.gradcheck, and at order 2 gradgradcheck; or None without PyTorch."""
    import torch as library
    from torch.autograd import Function, gradcheck, gradgradcheck

    def judge(case):
        class Slope(Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return library.from_numpy(case.df(x.detach().numpy()))

            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return library.from_numpy(case.hessian(x.detach().numpy())).T @ g

        class Value(Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return library.as_tensor(case.f(x.detach().numpy()))

            @staticmethod
            def backward(ctx, g):
                return g * Slope.apply(*ctx.saved_tensors)
        x = library.tensor(case.x, requires_grad=True)
        passed = gradcheck(Value.apply, (x,), raise_exception=False)
        if case.order == 2:
            passed = passed and gradgradcheck(Value.apply, (x,), raise_exception=False)
        return PASSED if passed else OBJECTED
    return judge


def jax():
    """jax.test_util.check_grads, forward and reverse, with 64 bits switched on."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax as library
    from jax.test_util import check_grads as check
    library.config.update("jax_enable_x64", True)

    now = []                        # the case: functions of its own would be compiled anew

    def host(name):
        return lambda x: np.asarray(getattr(now[0], name)(np.asarray(x)), now[0].x.dtype)
    hosts = {name: host(name) for name in ("f", "df", "hessian")}

    def call(name, x, shape):
        out = library.ShapeDtypeStruct(shape, x.dtype)
        return library.pure_callback(hosts[name], out, x)

    @library.custom_jvp
    def slope(x):
        return call("df", x, x.shape)

    @library.custom_jvp
    def value(x):
        return call("f", x, ())
    slope.defjvp(lambda x, t: (slope(*x), call("hessian", x[0], 2 * x[0].shape) @ t[0]))
    value.defjvp(lambda x, t: (value(*x), slope(*x) @ t[0]))

    def judge(case):
        now[:] = [case]
        return _raises(lambda: check(value, (library.numpy.asarray(case.x),), case.order))
    return judge


def autograd():
    """autograd.test_util.check_grads (HIPS), forward and reverse."""
    from autograd import numpy as anp
    from autograd.extend import defjvp, primitive as recorded
    from autograd.extend import defvjp as rule
    from autograd.test_util import check_grads as check

    def judge(case):
        value, slope = recorded(lambda x: case.f(x)), recorded(lambda x: case.df(x))
        hessian = recorded(lambda x: case.hessian(x))
        rule(value, lambda y, x: lambda g: g * slope(x))
        rule(slope, lambda y, x: lambda g: anp.dot(hessian(x).T, g))
        defjvp(value, lambda t, y, x: anp.dot(slope(x), t))
        defjvp(slope, lambda t, y, x: anp.dot(hessian(x), t))
        np.random.seed(0)           # its directions come from the global generator
        return _raises(lambda: check(value, order=case.order)(case.x))
    return judge


def scipy():
    """scipy.optimize.check_grad, order 1: passed at most SCIPY_LIMIT * max(1, |gradient|)."""
    from scipy.optimize import check_grad

    def judge(case):
        if case.order == 2:
            return None
        dtype, size = case.x.dtype, np.linalg.norm(case.df(case.x).astype(float))
        # it works in float64 alone: a float32 function is called with what it asks for, rounded
        error = check_grad(lambda x: float(case.f(x.astype(dtype))),
                           lambda x: case.df(x.astype(dtype)).astype(float), case.x.astype(float))
        return PASSED if error <= SCIPY_LIMIT * max(1, size) else OBJECTED
    return judge


def _raises(run):
    try:
        run()
    except AssertionError:          # what both say of a wrong gradient
        return OBJECTED
    return PASSED


PEERS = {"torch": torch, "jax": jax, "autograd": autograd, "scipy": scipy}


def installed():
    """({name: judge}, names that are missing)."""
    found, missing = {}, []
    for name, load in PEERS.items():
        try:
            found[name] = load()
        except ImportError:
            missing.append(name)
    return found, missing


def quiet(judge, case):
    """The judge's word, without its warnings (about float32); "crashed" if it raised."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return judge(case)
        except Exception as error:      # whatever a library raises: it is counted, and shown
            return f"crashed: {type(error).__name__}: {error}".splitlines()[0]
