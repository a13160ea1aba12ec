"""How a function of SciPy gets a counterpart: SciPy's on plain arrays, ours on traced ones.

Read next: special.py.
"""
import functools

from ..autodiff import Traced


def mirror(theirs):
    """Decorator: `theirs`, with this composition or primitive in its place on traced arrays."""
    def register(ours):
        @functools.wraps(theirs, assigned=("__name__", "__doc__"), updated=())
        def either(*args, **kwargs):
            traced = _has_traced((args, kwargs))
            return (ours if traced else theirs)(*args, **kwargs)
        either.__module__ = ours.__module__
        return either
    return register


def _has_traced(tree):
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, (list, tuple)):
        return type(tree) is Traced
    return any(map(_has_traced, tree))


def absent(module, name):
    """The error for a name that a counterpart of SciPy's `module` does not have."""
    return AttributeError(f"minimeta.scipy.{module} has no {name!r}: write it over NumPy functions,"
                          " or make it a minimeta.primitive with a rule, minimeta.defvjp")
