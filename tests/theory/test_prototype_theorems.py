"""The entries of the table for C1 to C11."""
import importlib

import numpy as np

from minimeta.theory.prototype_theorems import THEOREMS
from minimeta.theory.theorem import Finding, Picture

PICTURES = {"C1", "C3", "C5", "C8", "C11"}


def test_entries_lead_to_their_files():
    assert [t.key for t in THEOREMS] == [f"C{i}" for i in range(1, 12)]
    for theorem in THEOREMS:
        module = importlib.import_module(theorem.module)
        assert module.__doc__.startswith(f"{theorem.key}. ") and not theorem.generic
        assert theorem.verify is module.verify
        assert (theorem.picture is not None) == (theorem.key in PICTURES)
    for field in ("title", "statement", "module"):
        assert len({getattr(t, field) for t in THEOREMS}) == 11


def test_all_findings_pass_and_each_theorem_has_a_counterexample():
    for theorem in THEOREMS:
        found = theorem.verify(np.random.default_rng(7))
        assert all(isinstance(f, Finding) and f.passed for f in found)
        assert {"gap", "counterexample"} <= {f.kind for f in found}


def test_pictures_are_plain_data():
    for theorem in THEOREMS:
        if theorem.picture:
            drawn = theorem.picture(np.random.default_rng(0))
            assert isinstance(drawn, Picture) and drawn.title and drawn.xlabel and drawn.ylabel
            for label, x, y in (*drawn.lines, *drawn.points):
                assert label and np.shape(x) == np.shape(y) and np.ndim(x) == 1
