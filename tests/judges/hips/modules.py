"""A plugin of pytest that puts modules called autograd in front, made of minimeta's functions.

Read next: expected.py.
"""
import builtins
import importlib
import sys
import types

import numpy as np

import minimeta
from minimeta.autodiff import Traced

from . import checks, operators


class Names(types.ModuleType):
    """A module of minimeta.scipy, and SciPy's own functions for what it lacks."""

    def __init__(self, name):
        super().__init__(f"autograd.scipy.{name}")
        self.__path__ = []
        self._theirs = importlib.import_module(f"scipy.{name}")
        self._ours = getattr(minimeta.scipy, name, self._theirs)

    def __getattr__(self, name):
        try:
            return getattr(self._ours, name)
        except AttributeError:
            return getattr(self._theirs, name)


def module(name, /, **names):
    made = sys.modules[name] = types.ModuleType(name)
    made.__path__ = []
    vars(made).update(names)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, made)
    return made


def install():
    """The modules, in sys.modules."""
    derivatives = {k: v for k, v in vars(operators).items() if not k.startswith("_")}
    containers = {k: getattr(builtins, k) for k in ("list", "dict", "tuple", "isinstance", "type")}
    primitive = minimeta.primitive
    module("autograd", checkpoint=minimeta.checkpoint, **derivatives, **containers)
    module("autograd.builtins", **containers)
    module("autograd.extend", primitive=primitive, defvjp=operators.define,
           defjvp=lambda *args, **kwargs: None)
    module("autograd.tracer", primitive=primitive, isbox=lambda x: type(x) is Traced)
    module("autograd.core", make_vjp=operators.pullback, make_jvp=operators.tangent,
           primitive_vjps={})
    module("autograd.wrap_util", unary_to_nary=operators.of_argument)
    module("autograd.util", quick_grad_check=checks.quick_grad_check)
    module("autograd.test_util", **vars(checks))
    module("autograd.misc", flatten=minimeta.ravel, const_graph=None)
    sys.modules["autograd.numpy"] = sys.modules["autograd"].numpy = np
    sys.modules["autograd.numpy.random"] = np.random
    scipy = module("autograd.scipy")
    for name in ("integrate", "linalg", "signal", "special", "stats"):
        made = Names(name)
        sys.modules[made.__name__] = made
        setattr(scipy, name, made)
    sys.modules["autograd.scipy.stats.multivariate_normal"] = scipy.stats.multivariate_normal


install()
