"""Who works on the pieces of a map: maps.py in NumPy, or loops.py, where Numba is installed.

`pip install "minimeta[fast]"` brings Numba.  The results are the same but for rounding.
MINIMETA_NUMBA=0 in the environment keeps to NumPy.

Read next: maps.py.
"""
import functools
import os
import warnings
from importlib import import_module, util

import numpy as np

from . import maps


def kernels(*arrays):
    """(maps or loops, the arrays as it takes them): which one depends on types alone."""
    dtype = arrays[0].dtype
    if loops() and dtype.char in "fd" and all(
            type(a) is np.ndarray and a.dtype is dtype for a in arrays):
        return loops(), [np.ascontiguousarray(a) for a in arrays]
    return maps, arrays


@functools.cache
def loops():
    """The module loops; None without Numba, or if the environment says so."""
    if os.environ.get("MINIMETA_NUMBA", "1") == "0" or not util.find_spec("numba"):
        return None
    try:
        return import_module(".loops", __package__)
    except ImportError as error:        # it takes some versions of NumPy and Python alone
        warnings.warn(f"Numba cannot be used, NumPy does its work: {error}; "
                      "MINIMETA_NUMBA=0 says so in silence", stacklevel=3)
        return None
