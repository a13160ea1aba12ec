"""Large work in pieces that stay in the processor's cache, on as many threads as BLAS has.

NumPy lets other threads run while it computes, so threads of Python share out the pieces.

Read next: nn/conv.py, or nn/layers.py.
"""
import functools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

PIECE = 1 << 21         # bytes that a piece reads and writes: a usual cache
PARALLEL = 2            # pieces, from which on starting threads costs less than it saves
WHOLE = slice(None)


def strands_of(x, image_bytes, sums=False):
    """The work on x (tasks, images, ...) as lists of pieces, each a pair of slices.

    A piece is a task's images, or some of them, or those of several small tasks.  Strands run in
    any order and at once, the pieces of one strand one after the other.  sums: the pieces of a
    task are in one strand, which adds them up, unless there is one task only.
    """
    tasks, images = x.shape[:2]
    if type(x) is not np.ndarray:        # a device wants one large piece
        return [[(WHOLE, WHOLE)]]
    most = max(1, PIECE // image_bytes)
    if images <= most:
        step = most // max(1, images)
        return [[(slice(t, t + step), slice(None))] for t in range(0, tasks, step)]
    step = -(-images // -(-images // most))
    strands = [[(slice(t, t + 1), slice(n, n + step)) for n in range(0, images, step)]
               for t in range(tasks)]
    if sums and tasks == 1:
        workers = min(_workers(), len(strands[0]))
        return [strands[0][k::workers] for k in range(workers)]
    return strands if sums else [[piece] for strand in strands for piece in strand]


def tasks_first(x, lead, axes):
    """x (..., and that many axes), broadcast to the leading axes `lead`, which become one."""
    shape = x.shape[x.ndim - axes:]
    if x.shape[:x.ndim - axes] != lead:
        x = np.broadcast_to(x, lead + shape)
    return x.reshape((-1,) + shape) if len(lead) != 1 else x


def cut(x, *slices):
    """x[slices]; x itself where they take all of it, which spares a device a call."""
    return x if all(s == WHOLE for s in slices) else x[slices]


def of_tasks(a, t):
    """The rows of a that are those tasks'; a single row is everybody's."""
    return a if len(a) == 1 else cut(a, t)


def run(piece, strands):
    """Call piece(strand, tasks, images) for all pieces, on several threads if it pays.

    BLAS keeps to one thread each time: its own would wait for each other after every piece, very
    long if the machine is busy.
    """
    todo = enumerate(strands)

    def work():
        for k, strand in todo:
            for t, n in strand:
                piece(k, t, n)

    controls = _blas()
    if controls is None or not _turn.acquire(blocking=False):
        return work()
    try:
        helpers = _workers() - 1 if sum(map(len, strands)) >= PARALLEL else 0
        with controls.limit(limits=1):
            futures = [_pool(helpers).submit(work) for _ in range(helpers)]
            try:
                work()
            finally:
                for future in futures:      # one that has not begun has nothing left to do
                    future.cancel() or future.result()
    finally:
        _turn.release()


def each_piece(work, strands):
    """What work(tasks, images) returns for every piece, a tuple of arrays: each joined in order."""
    found = [None] * len(strands)

    def piece(k, t, n):
        found[k] = work(t, n)
    run(piece, strands)
    return found[0] if len(found) == 1 else [np.concatenate(parts) for parts in zip(*found)]


def buffer(name, like, shape):
    """This thread's scratch memory of that name, with whatever was left there.

    Fresh memory would cost page faults.
    """
    if type(like) is not np.ndarray:
        return np.empty_like(like, shape=shape, order="C")
    kept = _scratch.__dict__
    found = kept.get(name)
    if found is not None and found.shape == shape and found.dtype == like.dtype:
        return found
    whole, size = kept.get((name, "whole")), math.prod(shape) * like.itemsize
    if whole is None or whole.size < size:
        whole = kept[name, "whole"] = np.empty(size, np.uint8)
    found = kept[name] = whole[:size].view(like.dtype).reshape(shape)
    return found


_scratch = threading.local()
_turn = threading.Lock()      # one call at a time sets the number of BLAS threads


@functools.cache
def _pool(threads):
    return ThreadPoolExecutor(threads, thread_name_prefix="pieces")


if hasattr(os, "register_at_fork"):      # threads do not survive in a forked child
    os.register_at_fork(after_in_child=_pool.cache_clear)


@functools.cache
def _blas():
    """The control of NumPy's BLAS threads; None without threadpoolctl, or another BLAS."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    controls = threadpoolctl.ThreadpoolController().select(user_api="blas")
    return controls if controls.lib_controllers else None


def _workers():
    """As many threads as BLAS is allowed: whoever limits BLAS limits these threads too."""
    controls = _blas()
    if controls is None:
        return 1
    return min(min(c.num_threads for c in controls.lib_controllers), os.cpu_count() or 1)
