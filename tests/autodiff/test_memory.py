"""Freed memory is kept: large arrays, made again and again, cost no page faults."""
import os
import subprocess
import sys

import pytest

CODE = """
import resource
import numpy as np
import minimeta.autodiff.memory as memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        np.empty(1 << 26, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(memory.keep_memory(), faults())
"""


def told_and_faults(**environment):
    out = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True,
                         env={**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0", **environment})
    told, faults = out.stdout.split()
    return told == "True", int(faults)


def test_no_faults_where_glibc_is_told():
    told, faults = told_and_faults()
    if not told:
        pytest.skip("the allocator is not glibc's")
    assert faults < 1000


def test_the_environment_has_the_last_word():
    told, faults = told_and_faults(MALLOC_TRIM_THRESHOLD_="131072")
    assert not told
    if sys.platform == "linux" and told_and_faults()[0]:
        assert faults > 10000, "the test would not see them"
