"""A sample of recomputation.

Read next: ../test_checkpoint.py.
"""
import numpy as np

from minimeta import checkpoint
from minimeta.autodiff import recompute

from .core import A, B

SAMPLES = {recompute._segment: (checkpoint(lambda a, b: np.tanh(a * b) + a), (A, B))}
