"""What CuPy lacks: a line says so, and the table of what it lacks is right.

Read next: test_standin.py.
"""
import importlib

import numpy as np
import pytest
import scipy.special

from minimeta import grad
from minimeta.device import LACKING, on_gpu
from tests.autodiff.test_rules import SAMPLES

from .surface import table

CALLS = {"numpy.spacing": np.spacing, "numpy.einsum_path": lambda x: np.einsum_path("i,i", x, x),
         "scipy.special.jv": lambda x: scipy.special.jv(2, x),
         "scipy.special.iv": lambda x: scipy.special.iv(2, x)}


@pytest.mark.parametrize("name", LACKING)
def test_what_is_lacking_is_said_in_a_line(name, put):
    if name in CALLS:
        f, operands = CALLS[name], (np.array([0.3, -0.5, 0.8]),)
    else:
        f, operands = next(sample for fn, sample in SAMPLES.items()
                           if fn.__name__.strip("_") == name.rpartition(".")[2])
    x, *rest = put(operands)
    assert on_gpu(x)
    with pytest.raises(NotImplementedError, match=f"CuPy has no {name}: use ") as caught:
        grad(lambda x: np.sum(f(x, *rest)))(x)
    assert "\n" not in str(caught.value)


def test_the_table_names_nothing_that_cupy_has():
    for name in LACKING:
        assert name.removeprefix("numpy.").removeprefix("scipy.") not in table()


def test_cupy_itself_lacks_them():
    cupy = pytest.importorskip("cupy")
    for name in LACKING:
        home, _, fn = name.rpartition(".")
        if home in ("numpy", "scipy.special"):      # cupyx's linalg needs the CUDA libraries
            module = cupy if home == "numpy" else importlib.import_module("cupyx." + home)
            assert not hasattr(module, fn), name
