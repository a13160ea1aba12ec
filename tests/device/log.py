"""A log of what slows a GPU down unseen: waiting for it, and sending it index arrays.

Read next: standin.py.
"""
import contextlib
import sys

_open = []           # the logs that are being written


@contextlib.contextmanager
def watched():
    """with watched() as log: ...  Then log is a list of "what, file:line", in order."""
    log = []
    _open.append(log)
    try:
        yield log
    finally:
        _open[:] = [other for other in _open if other is not log]


def note(what):
    """Write into all open logs what happened, and the line of minimeta or of a test that did it."""
    if not _open:
        return
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.endswith(("/standin.py", "/log.py")) \
            or "/numpy/" in frame.f_code.co_filename:
        frame = frame.f_back
    place = "/".join(frame.f_code.co_filename.split("/")[-2:])
    for log in _open:
        log.append(f"{what}, {place}:{frame.f_lineno}")
