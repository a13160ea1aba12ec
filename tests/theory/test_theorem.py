"""Findings: what passes, and that nothing passes by accident."""
import dataclasses

import numpy as np
import pytest

from minimeta.theory.theorem import (Finding, Picture, Theorem, counterexample, difference, gap,
                                     slope)


def test_difference_is_relative_to_the_largest_entry_of_both():
    left, right = np.array([1.0, -8.0, 3.0]), np.array([1.0, -8.0, 2.0])
    assert difference(left, right) == difference(right, left) == 1 / 8
    assert difference(np.array([2.0]), np.array([4.0])) == difference([4.0], [2.0]) == 0.5
    assert difference(np.array([-4.0]), np.array([2.0])) == 1.5
    assert difference(3.0, 1.0) == 2 / 3
    assert difference(left, right, scale=0.5) == 2
    assert difference(left, right, scale=4) == 0.25


def test_difference_of_nothing_and_of_zeros():
    assert difference(np.zeros(2), np.zeros(2)) == difference(np.zeros(0), np.zeros(0)) == 0
    assert difference(np.zeros(2), np.zeros(2), scale=0) == 0
    assert np.isnan(difference(np.array([np.nan]), np.array([1.0])))


def test_sides_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\).*one shape"):
        difference(np.zeros(2), np.zeros(1))


def test_gap():
    found = gap("x", [1.0], [1.25], 0.2)
    assert (found.kind, found.found, found.expected, found.limit) == ("gap", 0.2, 0.0, 0.2)
    assert found.passed
    assert not gap("x", [1.0], [1.25], 0.19).passed
    assert gap("x", [1.0], [1.25], 0.1, scale=2.5).passed
    assert not gap("x", [np.nan], [1.0], 1e9).passed
    assert not gap("x", [np.inf], [1.0], 1e9).passed


def test_slope():
    found = slope("x", 2.5, 2, 0.5)
    assert (found.kind, found.found, found.expected, found.limit) == ("slope", 2.5, 2.0, 0.5)
    assert found.passed and slope("x", 1.5, 2, 0.5).passed
    assert not slope("x", 1.4, 2, 0.5).passed and not slope("x", 2.6, 2, 0.5).passed
    assert not slope("x", np.nan, 2, 0.5).passed and not slope("x", np.inf, 2, 0.5).passed


def test_counterexample():
    found = counterexample("x", 0.5, 0.5)
    assert (found.kind, found.found, found.expected, found.limit) == (
        "counterexample", 0.5, 0.5, 0.5)
    assert found.passed and counterexample("x", 7, 0.5).passed
    assert not counterexample("x", 0.49, 0.5).passed
    assert not counterexample("x", np.nan, 0.5).passed
    assert not counterexample("x", np.inf, 0.5).passed


def test_findings_are_frozen_and_plain():
    found = gap("x", np.float64(1), np.float64(1), np.float64(0.5))
    assert type(found.found) is type(found.limit) is float and type(found.passed) is bool
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.found = 0.0
    assert Finding("x", "gap", 0.0, 0.0, 0.0).passed


def test_defaults():
    assert Picture("plane", "t", "x", "y").lines == Picture("plane", "t", "x", "y").points == ()
    theorem = Theorem("A1", "t", "s", "m", print)
    assert not theorem.generic and theorem.picture is None
