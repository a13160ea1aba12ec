"""Importing the tasks is cheap, and exports what it says."""

import subprocess
import sys

import minimeta.tasks


def test_import_brings_no_heavy_library():
    heavy = "PIL", "rich", "cupy", "matplotlib", "click", "scipy"
    code = f"import sys, minimeta.tasks; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_exported_name_is_there():
    assert all(hasattr(minimeta.tasks, name) for name in minimeta.tasks.__all__)
