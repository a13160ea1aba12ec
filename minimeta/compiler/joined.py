"""Parts of a joined array are written where they belong, so that joining them takes no call.

The gradient of a network is one vector, put together from those of its weights.

Read next: buffers.py.
"""
import numpy as np

from .arrays import cast
from .buffers import takes_out
from .builder import without_dead
from .program import Call, Program, Value, address, each, is_view

_LEFT = 2               # parts that may have to be copied after all
_LARGE = 1 << 16        # bytes of a result whose parts are worth a view made anew
# functions that give the same bits wherever their result lies, gaps between its rows or not
_ANYWHERE = {np.add, np.subtract, np.multiply, np.divide, np.negative, np.square, np.sqrt,
             np.maximum, np.minimum, np.matmul, np.concatenate}


def joined(*parts):
    """What stands where parts that lie in place already were joined."""


def join(program):
    """The program, its values moved to where they are joined."""
    if program.device is not None:
        return program
    moves = _Moves(program)
    calls = []
    for call in reversed(program.calls):        # what is joined twice goes straight to the end
        calls += [call, *moves.join(call)]      # from the last call to the first
    return without_dead(Program(program.inputs, calls[::-1], program.outputs))


class _Moves:
    """The values of a program, on their way to where they are joined.

    readers: id(root) -> the calls that read it, or a view of it; views: id(root) -> its views;
    outputs: ids of what is returned, or seen through what is returned.
    """

    def __init__(self, program):
        self.readers, self.views, self.outputs = {}, {}, set()
        each(program.outputs, lambda a: self.outputs.add(id(a)))
        for call in program.calls:
            if call.out.root is not call.out:
                self.views.setdefault(id(call.out.root), []).append(call.out)
            if not is_view(call):
                for a in call.operands():
                    self.readers.setdefault(id(a.root), []).append(call)
            elif id(call.out) in self.outputs:
                self.outputs.add(id(call.out.root))

    def join(self, call):
        """Move what `call` joins; the calls that copy the rest."""
        whole, regions, moved, left = call.out, _regions(call), {}, []
        is_output = id(whole.root) in self.outputs
        if regions is None or is_output and whole.root.array.nbytes < _LARGE:
            return []
        for part, region in zip(call.args[0], regions):
            home = None if id(part.root) in moved else self._home(part, region, call, is_output)
            if home is None:
                left.append((part, region))
            else:
                moved[id(part.root)] = part.root, home
        if not moved or len(left) > _LEFT:
            return []
        for root, home in moved.values():
            self._move(root, home, whole.root)
        copies = [_copy(part, region, whole.root) for part, region in left]
        call.args, call.kwargs = tuple(root for root, _ in moved.values()), {}
        call.args += tuple(copy.out for copy in copies)
        call.fn, call.joined = joined, True
        return copies

    def _home(self, part, region, call, is_output):
        """Where the array that `part` is, or sees whole, would lie; None if it must stay."""
        root = part.root
        a, b = root.array, part.array
        if root.call is None or id(root) in self.outputs or not takes_out(root.call) \
                or not a.flags.c_contiguous or not b.flags.c_contiguous \
                or (a.nbytes, a.dtype) != (b.nbytes, region.dtype) or address(a) != address(b):
            return None
        home = region.reshape(a.shape)
        if not np.may_share_memory(home, region):
            return None
        alone = self.readers[id(root)] == [call]
        if home.flags.c_contiguous and (alone or not is_output):
            return home
        fits = root.call.fn in _ANYWHERE and (root.call.fn is not np.matmul
                                              or _same_matrices(a, home))
        return home if alone and fits else None

    def _move(self, root, home, whole):
        for value in self.views.get(id(root), []) if home.flags.c_contiguous else []:
            if isinstance(value.array, np.ndarray):
                value.array = np.ndarray(value.shape, value.dtype, home,
                                         address(value.array) - address(root.array),
                                         value.array.strides)
            value.root = whole
        self.views.setdefault(id(whole), []).append(root)
        root.array, root.root, root.call.joined = home, whole, True


def _regions(call):
    """Where the parts lie in what `call` joins, if it does and knows how."""
    if call.fn not in (np.concatenate, np.stack) or call.kwargs.keys() - {"axis"} \
            or type(call.out.array) is not np.ndarray or not call.out.array.size:
        return None
    parts, whole = call.args[0], call.out.array
    axis = call.kwargs.get("axis", *(call.args[1:] or (0,)))
    if type(parts) not in (tuple, list) or type(axis) is not int or not all(
            type(a) is Value and type(a.array) is np.ndarray for a in parts) \
            or call.out.root is call.out and not whole.flags.c_contiguous:
        return None
    if call.fn is np.stack:
        return list(np.moveaxis(whole, axis, 0))
    ends = np.cumsum([a.shape[axis] for a in parts])
    return np.split(whole, ends[:-1], axis)


def _same_matrices(a, b):
    """Whether the last two axes lie alike in memory: BLAS then does the same with them."""
    return all(n == 1 or s == t for n, s, t in zip(a.shape[-2:], a.strides[-2:], b.strides[-2:]))


def _copy(part, region, whole):
    copy = Call(cast, (part, region.dtype), {})
    copy.out, copy.joined = Value(region, copy, root=whole), True
    return copy
