"""The strategies give what they promise: points at which derivatives can be checked."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from minimeta.check import check_grads
from minimeta.testing import arrays, numbers, shapes

ROOT = Path(__file__).resolve().parent.parent


def on_lattice(a):
    """Whether all numbers are odd multiples of 1 / 1024 below 2 in size."""
    parts = np.asarray(a).astype(np.complex128).reshape(-1).view(np.float64)
    parts = parts if np.iscomplexobj(a) else parts[::2]
    return bool(np.all(np.abs(parts) < 2) and np.all(parts * 1024 % 2 == 1))


@pytest.mark.parametrize("a", [0.0, 1 / 512, 1e-9, 2.5, np.inf, np.nan, 1 / 1024 + 2j])
def test_a_number_off_the_lattice_is_found(a):
    assert not on_lattice(a)


@given(numbers(), numbers(positive=True))
def test_numbers(any_number, positive_number):
    assert on_lattice([any_number, positive_number]) and positive_number > 0


@given(st.data(), st.sampled_from(["f2", "f4", "f8", "c8", "c16"]))
def test_arrays(data, dtype):
    a = data.draw(arrays((3, 2), dtype))
    assert a.shape == (3, 2) and a.dtype == dtype and on_lattice(a)


@given(arrays(shapes(1, 2, 2, 3)), arrays(()), arrays(4))
def test_shapes_may_be_drawn_a_tuple_or_a_number(drawn, number, row):
    assert 1 <= drawn.ndim <= 2 and set(drawn.shape) <= {2, 3}
    assert number.shape == () and isinstance(number, np.ndarray) and row.shape == (4,)


@given(arrays((3, 4), unique=True))
def test_unique_arrays_have_no_ties_in_size(a):
    assert len(set(np.abs(a).reshape(-1))) == a.size


def test_without_unique_there_are_ties():
    find(arrays(3), lambda a: len(set(a)) < 3)


@given(arrays(5, positive=True), arrays(2, "c16", positive=True))
def test_positive_arrays(a, z):
    assert (a > 0).all() and (z.real > 0).all() and (z.imag > 0).all()


def test_arrays_shrink_to_the_simplest():
    assert find(arrays(2), lambda a: True).tolist() == [1 / 1024, 1 / 1024]
    assert find(arrays(2), lambda a: a[1] > 1).tolist()[0] == 1 / 1024


@pytest.mark.parametrize("options, error, message", [
    ({"shape": 3, "dtype": int}, TypeError, "int64 has no derivatives"),
    ({"shape": (33, 32), "unique": True}, ValueError, "1056 numbers, and 1024 differ in size"),
    ({"shape": 513, "dtype": "c16", "unique": True}, ValueError, "unique=False"),
])
def test_a_mistake_is_named(options, error, message):
    with pytest.raises(error, match=message):
        arrays(**options)


@settings(max_examples=20)
@given(arrays((2, 3), unique=True))
def test_corners_are_never_met(a):
    """With free floats, ties and zeros would make these inconclusive."""
    for f in (np.max, lambda a: np.sum(np.abs(a)), lambda a: np.max(a) - np.min(a)):
        report = check_grads(f, a, order=1)
        assert report, report


@settings(max_examples=20)
@given(arrays((2, 3)))
def test_a_wrong_gradient_is_found_at_every_point(a):
    report = check_grads(lambda a: np.sum(a ** 2), a, df=lambda a: 2.001 * a, order=1)
    assert report.verdict == "WRONG"


def test_hypothesis_is_named_where_it_is_missing():
    code = ("import sys; sys.modules['hypothesis'] = None\n"
            "try:\n    import minimeta.testing\n"
            "except ModuleNotFoundError as error:\n    print(error)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == ("minimeta.testing needs Hypothesis: pip install hypothesis, or "
                           "minimeta[test]\n"), done.stderr
