"""A real Ctrl-C in a process of its own."""
import os
import signal
import subprocess
import sys

import pytest


def listen():
    """Jobs in a shell's background are started deaf to Ctrl-C, and so are their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_writes_what_is_finished(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "minimeta", "compare", "--data", "sinusoid", "--methods",
         "maml,fomaml", "--iterations", "200", "--test-episodes", "20", "--out", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=listen)
    line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "MAML finished" in line and process.returncode == 130, (line, errors)
    assert "interrupted" in errors and "Traceback" not in errors
    assert (tmp_path / "sinusoid" / "weights" / "maml.npz").exists()
