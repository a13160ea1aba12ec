"""A plugin of pytest that puts modules called autograd in front, made of minimeta's functions.

autograd.numpy is NumPy itself, but for np.array, r_ and c_: NumPy does not say when these meet a
traced array, so code for minimeta says np.stack and np.concatenate.  Here the names do, and a test
that relies on it is marked.

Read next: expected.py.
"""
import builtins
import importlib
import sys
import types

import numpy as np
import pytest

import minimeta
from minimeta.autodiff import Traced
from minimeta.autodiff.trace import raw

from . import checks, operators

spelled = []            # names of those three functions, as they meet traced arrays


@pytest.fixture(autouse=True)
def _mark_spelling(record_property):
    spelled.clear()
    yield
    for name in sorted(set(spelled)):
        record_property("spelled", name)


class Numpy(types.ModuleType):
    """NumPy, with three names spelled for traced arrays."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def array(a, *args, **kwargs):
        if not _has_traced(a):
            return np.array(a, *args, **kwargs)
        spelled.append("np.array")
        return a if type(a) is Traced else np.stack([Numpy.array(b) for b in a])


class Joined:
    """np.r_ and np.c_ of traced arrays."""

    def __init__(self, name, join):
        self._name, self._join = name, join

    def __getitem__(self, items):
        items = items if isinstance(items, tuple) else (items,)
        if not _has_traced(items):
            return getattr(np, self._name)[items]
        spelled.append(f"np.{self._name}")
        return self._join([np.r_[a] if isinstance(a, slice) else a for a in items])


def _has_traced(a):
    return any(map(_has_traced, a)) if isinstance(a, (list, tuple)) else type(a) is Traced


class Names(types.ModuleType):
    """Names of minimeta.scipy, and SciPy's own for what it lacks."""

    def __init__(self, name, ours, theirs):
        super().__init__(name)
        self.__path__, self._ours, self._theirs = [], ours, theirs

    def __getattr__(self, name):
        theirs = getattr(self._theirs, name)
        try:
            ours = getattr(self._ours, name)
        except AttributeError:
            return theirs
        functions = isinstance(ours, (types.FunctionType, np.ufunc))
        return ours if functions else Names(f"{self.__name__}.{name}", ours, theirs)


def internal(*args, **kwargs):
    raise NotImplementedError("this name is of autograd's inside")


def module(name, /, made=None, **names):
    """Put a module of these names in sys.modules, and in its parent."""
    made = made or types.ModuleType(name)
    made.__path__ = []
    vars(made).update(names)
    sys.modules[name] = made
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, made)
    return made


def install():
    """autograd and its modules."""
    derivatives = {k: v for k, v in vars(operators).items() if not k.startswith("_")}
    containers = {k: getattr(builtins, k) for k in ("list", "dict", "tuple", "type")}
    containers["isinstance"] = lambda x, kind: isinstance(raw(x), kind)
    primitive = minimeta.primitive
    module("autograd", checkpoint=minimeta.checkpoint, **derivatives, **containers)
    module("autograd.builtins", **containers)
    module("autograd.extend", primitive=primitive, defvjp=operators.define,
           defjvp=lambda *args, **kwargs: None)
    module("autograd.tracer", primitive=primitive, isbox=lambda x: type(x) is Traced)
    module("autograd.core", make_vjp=operators.pullback, make_jvp=operators.tangent,
           primitive_vjps={}, vspace=internal, primitive=internal)
    module("autograd.wrap_util", unary_to_nary=operators.of_argument)
    module("autograd.util", quick_grad_check=checks.quick_grad_check)
    module("autograd.test_util", **vars(checks))
    module("autograd.misc", flatten=minimeta.ravel, const_graph=internal)
    module("autograd.numpy", Numpy("autograd.numpy"),
           r_=Joined("r_", lambda items: np.concatenate([np.atleast_1d(a) for a in items])),
           c_=Joined("c_", np.column_stack))
    sys.modules["autograd.numpy.random"] = np.random
    module("autograd.scipy")
    for name in ("integrate", "linalg", "signal", "special", "stats"):
        theirs = importlib.import_module(f"scipy.{name}")
        ours = getattr(minimeta.scipy, name, theirs)
        stats = module(f"autograd.scipy.{name}", Names(f"scipy.{name}", ours, theirs))
    module("autograd.scipy.stats.multivariate_normal", stats.multivariate_normal)


install()
