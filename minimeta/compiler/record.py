"""The tape: every call on a recorded array, with the arrays that it had and made.

Read next: capture.py.
"""
import operator

import numpy as np

from ..device import on_gpu
from .arrays import Fresh, Number, Recorded, plain
from .program import Call, Guard, Unfit, Value, each, ghost, on_device, shares

# functions whose result has a shape that follows from those of the operands
_SHAPED = {np.reshape, np.transpose, np.swapaxes, np.expand_dims, np.squeeze, np.ravel,
           np.broadcast_to, np.moveaxis, np.sum, np.prod, np.max, np.min, np.any, np.all, np.mean,
           np.concatenate, np.stack, np.take, np.take_along_axis, np.einsum, np.flip, np.roll,
           np.argmax, np.argmin, np.argsort, np.sort, np.cumsum, np.clip, np.real, np.imag, np.copy}


# functions that take indices, which may lie on the host where the array does not
_INDEXED = {operator.getitem, np.take, np.take_along_axis, np.delete}


class Tape:
    """The calls of one trace, in order.

    device is None, or the minimeta.Device where the program will run: arrays are the host's all the
    same while f is traced, and NumPy's scalars and Python's numbers stay on the host for good.
    """

    def __init__(self, device=None):
        self.inputs, self.calls, self.device = [], [], device

    def input(self, a):
        """`a`, an array or a Python number, as an argument of the program."""
        value = Value(a, slot=len(self.inputs))
        self.inputs.append(value)
        return wrap(self, value, a)

    def call(self, fn, *args, **kwargs):
        """fn of recorded and plain arguments, noted down."""
        given = args, kwargs
        if self.device is not None:
            self._refuse(fn, given)
        args, kwargs = self.note(given)
        call = Call(fn, args, kwargs)
        made = fn(*plain(given[0]), **plain(given[1]))
        if not isinstance(made, (np.ndarray, np.generic, tuple, list, bool, int, float, complex)):
            raise TypeError(f"{fn.__name__} returned {type(made).__name__} inside a compiled "
                            "function: leave it out, or call it before")
        if self.device is not None and on_device(_leaves((args, kwargs))) \
                and isinstance(made, (np.generic, bool, int, float, complex)):
            made = np.asarray(made)         # there arrays without axes are arrays
        root = next((a.value.root for a in _recorded(given) if shares(made, a.array)), None)
        whole = tuple(made) if isinstance(made, list) else made
        call.out = Value(whole if root is None else None, call, root=root)
        call.out.array = ghost(whole, call.out)
        self.calls.append(call)
        out = wrap(self, call.out, whole)
        if _shape_may_change(fn, args):
            self.guard(shapes, out)
        if isinstance(made, (tuple, list)):
            parts = [self.call(operator.getitem, out, i) for i in range(len(made))]
            return made._make(parts) if hasattr(made, "_make") else type(made)(parts)
        return self.guard(bool, out) if type(made) is bool else out

    def note(self, tree):
        """Arguments as the program holds them; a plain array may change later, so it is copied."""
        def leaf(a):
            if type(a) in (Recorded, Number):
                return a.value
            if isinstance(a, np.ndarray):
                return Value(_copied(a))
            return a
        return each(tree, leaf)

    def _refuse(self, fn, given):
        """Leave it to f where arrays of the host and of the device meet, but for indices, and
        where there is one on the device that the program would hold for good."""
        def host(a):
            if type(a) is np.ndarray:
                raise Unfit(f"{fn.__name__} of arrays on the GPU and on the host")

        def stray(a):
            if type(a) not in (Recorded, Number, Fresh) and on_gpu(a) and hasattr(a, "dtype"):
                raise Unfit("it makes an array on the GPU by itself, or captures one out of reach: "
                            "pass it, or make it with like=, as in np.ones(3, like=x)")
        each(given, stray)
        if fn not in _INDEXED:
            each(given[0], host)

    def guard(self, what, recorded):
        """what(array), which the program will check again."""
        answer = what(recorded.array)
        call = Call(Guard(what, answer), (recorded.value,), {})
        call.out = Value(None, call)
        self.calls.append(call)
        return answer


def _copied(a):
    """A copy of an array, of what is repeated along an axis once."""
    once = a[tuple(slice(0, 1) if step == 0 else slice(None) for step in a.strides)]
    return np.array(a) if once.shape == a.shape else np.broadcast_to(np.array(once), a.shape)


def shapes(a):
    """The shape of an array, or the shapes of several."""
    return [np.shape(part) for part in a] if isinstance(a, (tuple, list)) else np.shape(a)


def _shape_may_change(fn, args):
    """Whether the shape of a result may depend on what the operands hold."""
    if isinstance(fn, np.ufunc) or isinstance(getattr(fn, "__self__", None), np.ufunc) \
            or fn in _SHAPED or fn is np.where and len(args) == 3:
        return False
    if fn is operator.getitem:
        return any(getattr(a, "dtype", None) == bool for a in _leaves(args[1]))
    return not getattr(fn, "__module__", "").startswith(("_operator", "minimeta"))


def _leaves(tree):
    found = []
    each(tree, lambda a: found.append(a.array if type(a) is Value else a))
    return found


def wrap(tape, value, array):
    return (Number if type(array) in (int, float, complex) else Recorded)(tape, value, array)


def _recorded(tree):
    found = []
    each(tree, lambda a: found.append(a) if type(a) in (Recorded, Number) else None)
    return found
