"""HIPS autograd's own tests, run on minimeta: `python -m tests.judges.hips`.

Their tests import autograd; here those names lead to minimeta's functions, and autograd.numpy is
plain NumPy.  Nothing of theirs is kept: the tests come from the published source distribution.

Read next: operators.py.
"""
