"""The table of rules: which derivative belongs to which function.

Read next: guard.py.
"""
import functools
import inspect
import sys

import numpy as np


class Rule:
    """Derivatives of one function: vjps[i](g, y, *operands, **static) for operand i."""
    __slots__ = ("vjps", "each", "together", "reads", "bind")

    def __init__(self, fn, vjps, each, together):
        self.vjps, self.each, self.together = vjps, each, together
        # a rule written as `lambda g, *_` or `lambda g, y, *_` never looks at the operands
        self.reads = any(_arguments(v) > 2 for v in (*vjps, each, together))
        self.bind = _binder(fn, None if each or together else len(vjps))

    def vjp(self, i):
        if self.each is not None:
            return functools.partial(self.each, i)
        return self.vjps[i] if i < len(self.vjps) else None


def _arguments(rule):
    """How many named arguments a rule takes; one without *operands must take them all."""
    code = getattr(rule, "__code__", None)
    if rule is not None and not callable(rule):
        raise TypeError(f"a rule is a function of (g, y, *operands), or None, not {rule!r}")
    if code is None:                        # None, or a callable that does not say
        return 0 if rule is None else 3
    if code.co_argcount < 3 and not code.co_flags & inspect.CO_VARARGS:
        raise TypeError("a rule is called with (g, y, *operands): write lambda g, y, *_: ... if it "
                        "does not look at the operands")
    return code.co_argcount or 3            # lambda *a: rule(*a) may look at everything


RULES = {}        # primitive -> Rule
FUNCTIONS = {}    # NumPy function without a rule -> what a traced array does when it is called
QUICK = {}        # NumPy function -> the same on NumPy's own arrays, without its Python layers
PLAIN = set()     # functions without a derivative: called on the plain values
REDUCTIONS = {}   # (ufunc, "reduce" or "accumulate") -> the function of the same meaning
WRITERS = {}      # functions that write into an argument -> what to use instead


def defvjp(fn, *vjps, argnums=None, each=None, together=None):
    """Add the derivative rule of `fn`, one function per operand.

    Each takes (g, y, *operands, **static): the cotangent, the output, the operands as they were
    passed, and the keyword arguments; it returns the operand's cotangent, up to broadcasting,
    which the engine undoes.  Written in differentiable operations, it is differentiable itself.
    None stands for "no derivative": asking for it raises.  `argnums` tells which operands the
    rules belong to (by default the first ones); `each(i, g, y, *operands)` serves any number, and
    `together(g, y, *operands)` returns the cotangents of all operands at once, a sequence.
    """
    if argnums is not None:
        if len(argnums) != len(vjps):
            raise ValueError(f"argnums={argnums} names {len(argnums)} operands for {len(vjps)} "
                             "rules")
        rules = dict(zip(argnums, vjps))
        vjps = tuple(rules.get(i) for i in range(max(argnums) + 1))
    fn = getattr(fn, "_primitive", fn)
    RULES[fn] = Rule(fn, vjps, each, together)
    FUNCTIONS.pop(fn, None)


def compose(*functions):
    """Decorator: NumPy's `functions` are, on traced arrays, this composition of others.

    None stands for a function that this NumPy lacks.
    """
    def register(composition):
        for function in functions:
            if function is not None:
                FUNCTIONS[function] = composition
        return composition
    return register


def no_rule(fn):
    home = getattr(fn, "__module__", None)
    if home is None:                        # ufuncs do not say where they are from
        homes = (m for m in ("numpy", "scipy.special")
                 if getattr(sys.modules.get(m), fn.__name__, None) is fn)
        home = next(homes, "numpy")
    name = f"{home}.{fn.__name__}"
    if fn in WRITERS:
        return TypeError(f"{name} writes into an array, which a derivative cannot follow: "
                         f"use {WRITERS[fn]}")
    return NotImplementedError(
        f"no derivative rule for {name}: write it over NumPy functions that have one, "
        f"or add a rule with minimeta.defvjp({name}, ...)")


def bad_rule(fn, i, c, shape):
    found = f"shape {c.shape}" if hasattr(c, "shape") else f"a {type(c).__name__}"
    return ValueError(f"the derivative rule of {fn.__name__} for operand {i} returned {found}, and "
                      f"an array of the operand's shape {shape} is wanted")


def fit(c, v):
    """The cotangent c summed over what was broadcast, in the shape and dtype of v."""
    shape = v.shape
    if c.shape != shape:
        lead = c.ndim - len(shape)
        if lead < 0 or any([n != m and n != 1 for n, m in zip(shape, c.shape[lead:])]):
            c = np.broadcast_to(c, shape)
        else:
            axes = tuple(range(lead)) + tuple([i + lead for i, n in enumerate(shape)
                                               if n == 1 and c.shape[i + lead] != 1])
            c = (np.add.reduce(c, axes) if type(c) is np.ndarray
                 else np.sum(c, axis=axes)).reshape(shape)
    if c.dtype != v.dtype:
        if c.dtype.kind == "c" and v.dtype.kind != "c":
            c = np.real(c)
        c = c.astype(v.dtype)
    return c


def as_output(fn, value):
    """What a primitive returned: an array, or a tuple of arrays."""
    if hasattr(value, "dtype") or isinstance(value, tuple):
        return value
    if isinstance(value, (bool, int, float, complex)):
        return np.asarray(value)
    raise TypeError(f"the primitive {fn.__name__} returned a {type(value).__name__}: return an "
                    "array, or a tuple of arrays")


def writes(name):
    return TypeError(f"{name}: a traced array cannot be written into an existing one (out=, "
                     "where=, +=, ufunc.at): use the returned array, x = x + y, or np.where")


def _binder(fn, operands):
    """How positional and keyword arguments of `fn` become (operands, static keywords)."""
    if operands is None or isinstance(fn, np.ufunc):
        return lambda args, kwargs: (args, kwargs)
    try:
        names = list(inspect.signature(fn).parameters)
    except ValueError:       # a builtin that hides its signature takes its operands by position
        return lambda args, kwargs: (args, kwargs)

    def bind(args, kwargs):
        if len(args) > operands:
            kwargs = {**dict(zip(names[operands:], args[operands:])), **kwargs}
            args = args[:operands]
        elif len(args) < operands and kwargs:
            kwargs = dict(kwargs)
            for name in names[len(args):operands]:
                if name not in kwargs:
                    break
                args = (*args, kwargs.pop(name))
        return args, kwargs
    return bind
