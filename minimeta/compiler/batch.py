"""Calls of one function on many small arrays become one call on their stack.

The stacks cost nothing: joined.py lets each array be written into its row.  A group of calls may
become one if none needs what another makes; its rows are then in the order of the program.

Read next: chains.py.
"""
import operator
from collections import Counter

import numpy as np

from .builder import frozen, without_dead
from .program import Call, Program, Value, each

_MANY = 4               # calls that are worth one on their stack
_SMALL = 1 << 12        # bytes of a result: of larger ones a call takes longer than calling it
# functions that do with each number what they would do with it alone
_ALONE = {np.add, np.subtract, np.multiply, np.divide, np.negative, np.square, np.sqrt,
          np.maximum, np.minimum}


def batch(program):
    """The program, with a call for each group of small ones that are alike."""
    if program.device is not None:
        return program
    groups = _Groups(program)
    while (found := groups.largest()) is not None:
        groups.merge(*found)
    return groups.program() if groups.merged else program


class _Groups:
    """Calls by number, and groups of them, which have numbers from len(calls) on.

    needs: number -> those of the calls and groups whose results it uses; row: id(value) -> (stack,
    row), a stack being ("out", group) or ("in", group, operand).
    """

    def __init__(self, program):
        self.whole, self.calls, self.merged, self.row = program, program.calls, {}, {}
        self.number = {id(call.out): i for i, call in enumerate(self.calls)}
        self.needs = {i: {self.number[id(a)] for a in call.operands() if id(a) in self.number}
                      for i, call in enumerate(self.calls)}
        self.group, self.refused = {}, set()
        self.fixed = {id(call.out.root) for call in self.calls if call.out.root is not call.out}
        each(program.outputs, lambda a: self.fixed.add(id(a)))
        self.often = Counter((call.fn, j, id(a)) for call in self.calls if call.fn in _ALONE
                             for j, a in enumerate(call.args))

    # ------------------------------------------------------------ which calls are alike

    def largest(self):
        """(kind, numbers) of the largest group of calls that may become one; None if none may."""
        kinds, found = {}, None
        for i, call in enumerate(self.calls):
            if i not in self.group and (kind := self._kind(call)) not in self.refused and kind:
                kinds.setdefault(kind, []).append(i)
        kinds = {kind: numbers for kind, numbers in kinds.items() if len(numbers) >= _MANY}
        before = self._before() if kinds else None
        for kind, numbers in kinds.items():
            for run in self._runs(kind, numbers, before):
                if len(run) >= max(_MANY, len(found[1]) + 1 if found else 0):
                    found = kind, run
        return found

    def _kind(self, call):
        """What calls of one group have in common, with a word on each operand; or None."""
        out = call.out
        if call.fn not in _ALONE or call.kwargs or not self._free(out) \
                or out.array.nbytes > _SMALL or not out.ndim:
            return None
        words = []
        for j, a in enumerate(call.args):
            if j and a is call.args[0] and type(a) is Value:
                words.append("again")
            elif id(a) in self.row:
                words.append(("rows", self.row[id(a)][0]))
            elif type(a) is Value and self.often[call.fn, j, id(a)] < _MANY and self._free(a) \
                    and a.call is not None and _is_ufunc(a.call.fn) and a.shape == out.shape \
                    and a.dtype == out.dtype:
                words.append("new")
            else:
                words.append(("same", frozen(a)))
        return call.fn, out.shape, out.dtype, tuple(words)

    def _free(self, value):
        """Whether a value may lie in a row: no output, and no view is taken of it."""
        return id(value) not in self.fixed and value.root is value \
            and type(value.array) is np.ndarray and value.array.flags.c_contiguous

    def _runs(self, kind, numbers, before):
        """Numbers in pieces without one that needs another, with operands in adjacent rows."""
        run, mask, seen = [], 0, set()
        for i in numbers:
            args, last = self.calls[i].args, self.calls[run[-1]].args if run else None
            fits = not before[i] & mask and all(
                id(a) not in seen if word == "new"
                else last is None or self.row[id(a)][1] == self.row[id(b)][1] + 1
                if word[0] == "rows" else True
                for word, a, b in zip(kind[3], args, last or args))
            if not fits:
                yield run
                run, mask, seen = [], 0, set()
            run.append(i)
            mask |= 1 << i
            seen |= {id(a) for word, a in zip(kind[3], args) if word == "new"}
        yield run

    # ------------------------------------------------------------ what needs what

    def _before(self):
        """number -> the bits of all calls that it needs, directly or not."""
        before = {}
        for i in self._order():
            bits = 0
            for j in self.needs[i]:
                bits |= before[j] | self._bits(j)
            before[i] = bits
        for i, group in self.group.items():
            before[i] = before[group]
        return before

    def _bits(self, i):
        return 1 << i if i < len(self.calls) else sum(1 << k for k in self.merged[i][1])

    def _order(self):
        """Numbers, what is needed first, else in the order of the program."""
        order, done = [], set()
        for i in range(len(self.calls)):
            stack = [self.group.get(i, i)]
            while stack:
                missing = [j for j in sorted(self.needs[stack[-1]], reverse=True) if j not in done]
                if missing:
                    stack += missing
                elif (top := stack.pop()) not in done:
                    done.add(top)
                    order.append(top)
        return order

    def merge(self, kind, numbers):
        """Make the calls one, unless they would then need what they make themselves."""
        new, needs = len(self.calls) + len(self.merged), set()
        for i in numbers:
            needs |= self.needs[i]
        stacks = {word[1] for word in kind[3] if word[0] == "rows" and word[1][0] == "in"}
        needs |= {self.group.get(self.number[key], self.number[key])
                  for key, (stack, _) in self.row.items() if stack in stacks}
        before = self._before()
        if any((before[j] | self._bits(j)) >> i & 1 for j in needs for i in numbers):
            return self.refused.add(kind)
        self.merged[new], self.needs[new] = (kind, numbers), needs
        for r, i in enumerate(numbers):
            self.group[i] = new
            self.row[id(self.calls[i].out)] = ("out", new), r
            for j, word in enumerate(kind[3]):
                if word == "new":
                    self.row[id(self.calls[i].args[j])] = ("in", new, j), r
        self.needs = {i: {self.group.get(j, j) for j in found} for i, found in self.needs.items()}
        return None

    # ------------------------------------------------------------ the program with groups

    def program(self):
        """The program with a call for each group."""
        self.made, self.instead, self.new = {}, {}, []
        for i in self._order():
            if i in self.merged:
                self._emit(i, *self.merged[i])
            else:
                call = self.calls[i]
                call.args, call.kwargs = self._now(call.args), self._now(call.kwargs)
                self.new.append(call)
        return without_dead(Program(self.whole.inputs, self.new, self.whole.outputs))

    def _now(self, tree):
        return each(tree, lambda a: self.instead.get(id(a), a))

    def _emit(self, group, kind, numbers):
        calls, args = [self.calls[i] for i in numbers], []
        for j, word in enumerate(kind[3]):
            column = [call.args[j] for call in calls]
            if word == "again":
                args.append(args[0])
            elif word == "new":
                args.append(self._stack("in", group, j))
            elif word[0] == "rows":
                whole, first = self._stack(*word[1]), self.row[id(column[0])][1]
                args.append(whole if len(whole.array) == len(column) else self._call(
                    operator.getitem, whole, slice(first, first + len(column))))
            else:
                args.append(self._now(column[0]))
        out = self.made["out", group] = self._call(kind[0], *args)
        for r, call in enumerate(calls):
            self.instead[id(call.out)] = self._call(operator.getitem, out, r)

    def _stack(self, *key):
        """The stack of that name; of operands, made when the first group needs it."""
        if key not in self.made:
            _, group, j = key
            rows = [self._now(self.calls[i].args[j]) for i in self.merged[group][1]]
            self.made[key] = self._call(np.stack, rows)
        return self.made[key]

    def _call(self, fn, *args):
        """A new call's value."""
        call = Call(fn, args, {})
        array = fn(*each(args, lambda a: a.array if type(a) is Value else a))
        call.out = Value(array, call, root=args[0].root if fn is operator.getitem else None)
        self.new.append(call)
        return call.out


def _is_ufunc(fn):
    return isinstance(fn, np.ufunc)
